//! Seals over the audit log: each batch of entries has a digest that covers the seal before it, so
//! that an entry that was changed, removed or slipped in behind the store's back shows.
//!
//! Invariants: what tells of a person (their address, name, browser, network address) is outside of
//! the digests, so that it can be erased without breaking the chain; only entries that can no longer
//! get a predecessor are sealed, and none of those before them is left out; a seal is never changed.

use std::time::Duration;

use gantry_ports::StoreError;
use gantry_ports::store::{AuditEntry, AuditSeal, ReadTx, StoreExt};
use gantry_types::{AuditEntryId, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Access;
use crate::error::AccessError;

/// Entries in one seal at most.
const BATCH: u32 = 1_000;
/// A transaction that began earlier has committed by then, or never will.
const SETTLED_AFTER: Duration = Duration::from_mins(5);
/// Members of details that tell of a person, or that somebody wrote freely. Those that were added
/// later (`networks`) are names that no line had before, so that older seals still fit.
const PERSONAL: [&str; 6] = ["billing_details", "email", "name", "networks", "user_agent", "why"];

/// What a look at the whole log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditProof {
    /// Every seal fits its entries.
    Whole {
        /// Seals.
        seals: u64,
        /// Entries that they cover.
        entries: u64,
    },
    /// The first seal that does not.
    Broken {
        /// Its number.
        seal: u64,
        /// When it was made.
        sealed_at: Timestamp,
    },
}

impl Access {
    /// Seals the entries that are not sealed yet; answers how many.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn seal_audit(&self) -> Result<u64, AccessError> {
        let mut sealed = 0;
        loop {
            let seal = self.derive_next_seal().await?;
            let Some(seal) = seal else { return Ok(sealed) };
            let entries = seal.entries;
            let appended = self.store.write::<_, StoreError, _>(move |tx| {
                let seal = seal.clone();
                Box::pin(async move { tx.audit().append_seal(&seal).await })
            });
            match appended.await {
                Ok(()) => sealed += entries,
                // Another server was faster, and goes on.
                Err(StoreError::AlreadyExists { .. }) => return Ok(sealed),
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn derive_next_seal(&self) -> Result<Option<AuditSeal>, AccessError> {
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let last = snapshot.audit().find_last_seal().await?;
        let after = last.as_ref().map(|seal| seal.last_id);
        let far = Timestamp::from_micros(i64::MAX);
        let mut entries = snapshot.audit().list_entries_in_order(after, far, BATCH).await?;
        entries.truncate(count_settled(&entries, now.minus(SETTLED_AFTER)));
        let Some(end) = entries.last() else { return Ok(None) };
        Ok(Some(AuditSeal {
            number: last.as_ref().map_or(1, |seal| seal.number + 1),
            last_id: end.id,
            entries: entries.len() as u64,
            digest: derive_digest(last.as_ref(), &entries),
            sealed_at: now,
        }))
    }

    /// Looks whether the log is as it was when it was sealed.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn prove_audit(&self) -> Result<AuditProof, AccessError> {
        let snapshot = self.store.read().await?;
        let seals = snapshot.audit().list_seals().await?;
        let (mut entries, mut last) = (0, None::<&AuditSeal>);
        for seal in &seals {
            let covered = read_covered(snapshot.as_ref(), last, seal).await?;
            let follows = last.map_or(1, |last| last.number + 1) == seal.number;
            if !follows || seal.digest != derive_digest(last, &covered) {
                let (seal, sealed_at) = (seal.number, seal.sealed_at);
                return Ok(AuditProof::Broken { seal, sealed_at });
            }
            entries += seal.entries;
            last = Some(seal);
        }
        Ok(AuditProof::Whole { seals: seals.len() as u64, entries })
    }
}

/// How many of the first entries are settled. The time of an entry is when its request began, and
/// its identifier is made later, so that the order of times is another than that of identifiers:
/// the first entry that is too young ends the batch, for what is passed over would never be sealed.
fn count_settled(entries: &[AuditEntry], before: Timestamp) -> usize {
    entries.iter().take_while(|entry| entry.at < before).count()
}

/// The entries between the last of one seal and the last of the next.
pub(crate) async fn read_covered(
    snapshot: &dyn ReadTx,
    last: Option<&AuditSeal>,
    seal: &AuditSeal,
) -> Result<Vec<AuditEntry>, AccessError> {
    let after: Option<AuditEntryId> = last.map(|last| last.last_id);
    // One more than it covers, so that one that was slipped in is seen.
    let limit = u32::try_from(seal.entries).unwrap_or(u32::MAX).saturating_add(1);
    let far = Timestamp::from_micros(i64::MAX);
    let mut entries = snapshot.audit().list_entries_in_order(after, far, limit).await?;
    entries.retain(|entry| entry.id <= seal.last_id);
    Ok(entries)
}

/// The digest of a seal over entries, after the seal before.
pub(crate) fn derive_digest(last: Option<&AuditSeal>, entries: &[AuditEntry]) -> String {
    let mut hash = Sha256::new();
    hash.update(last.map_or("gantry audit log, version 1", |seal| seal.digest.as_str()));
    for entry in entries {
        hash.update("\n");
        hash.update(derive_line(entry).to_string());
    }
    hex::encode(hash.finalize())
}

/// What of an entry is sealed; details in the order in which they are kept.
fn derive_line(entry: &AuditEntry) -> Value {
    json!([
        entry.id.to_string(),
        entry.organization_id.map(|id| id.to_string()),
        entry.user_id.map(|id| id.to_string()),
        entry.action,
        entry.subject,
        without_persons(&entry.details),
        entry.at.as_micros(),
    ])
}

/// Details without what tells of a person.
pub(crate) fn without_persons(details: &Value) -> Value {
    match details {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !PERSONAL.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), without_persons(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_persons).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => details.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(details: Value) -> AuditEntry {
        AuditEntry {
            id: AuditEntryId::generate(),
            organization_id: None,
            user_id: None,
            action: "user.change".to_owned(),
            subject: "user 1".to_owned(),
            details,
            ip: "192.0.2.1".to_owned(),
            at: Timestamp::from_micros(5),
        }
    }

    #[test]
    fn an_entry_that_is_too_young_ends_a_batch() {
        let micros = Timestamp::from_micros;
        let count = |times: &[i64]| {
            let entries: Vec<AuditEntry> =
                times.iter().map(|at| AuditEntry { at: micros(*at), ..entry(json!({})) }).collect();
            count_settled(&entries, micros(10))
        };
        assert_eq!(count(&[1, 9, 3]), 3);
        assert_eq!(count(&[1, 10, 3]), 1);
        assert_eq!(count(&[11, 3]), 0);
        assert_eq!(count(&[]), 0);
    }

    #[test]
    fn persons_can_be_erased_and_nothing_else_can() {
        let written = entry(json!({ "role": "viewer", "why": "a word", "after": { "name": "Ada",
                "locale": "en", "networks": ["203.0.113.5/32"] } }));
        let digest = derive_digest(None, std::slice::from_ref(&written));
        let erased = AuditEntry {
            details: json!({ "role": "viewer", "after": { "locale": "en" } }),
            ip: String::new(),
            ..written.clone()
        };
        assert_eq!(derive_digest(None, &[erased]), digest);
        let changes: [fn(&mut AuditEntry); 4] = [
            |entry| entry.action.push('x'),
            |entry| entry.subject.push('x'),
            |entry| entry.details = json!({ "role": "owner", "after": { "locale": "en" } }),
            |entry| entry.at = Timestamp::from_micros(6),
        ];
        for change in changes {
            let mut forged = written.clone();
            change(&mut forged);
            assert_ne!(derive_digest(None, &[forged]), digest);
        }
        assert_ne!(derive_digest(None, &[written.clone(), written]), digest);
    }
}
