//! The audit log leaves the installation: batch after batch, each with its seal.
//!
//! Invariants: a batch is what one seal covers, so that a file can be checked without the database
//! (`audit_file.rs`); one batch at a time is in memory; only administrators export, and the log says
//! that they did.

use gantry_ports::store::{AuditEntry, AuditSeal, ReadTx, StoreExt};
use gantry_types::{AuditEntryId, Timestamp};
use serde_json::{Value, json};

use crate::Access;
use crate::actor::Actor;
use crate::error::AccessError;
use crate::permission::{Permission, require};
use crate::seal_audit::read_covered;

/// Entries that are not sealed yet, read at once.
const BATCH: u32 = 1_000;

/// Which time is wanted; a batch that lies partly in it is exported whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditSpan {
    /// From this time on; from the beginning if not given.
    pub from: Option<Timestamp>,
    /// Before this time; to the end if not given.
    pub to: Option<Timestamp>,
}

impl AuditSpan {
    /// Whether something that happened at `at` is wanted.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// Entries with the seal that covers them; the newest ones have none yet.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditBatch {
    /// In the order of their identifiers.
    pub entries: Vec<AuditEntry>,
    /// What covers them.
    pub seal: Option<AuditSeal>,
}

/// How far an export has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditExport {
    span: AuditSpan,
    /// The seal before the next batch.
    last: Option<AuditSeal>,
    /// The last entry that was read of those without a seal.
    unsealed_after: Option<AuditEntryId>,
    is_over: bool,
}

impl AuditExport {
    /// The seal that the first batch follows; `None` when it is the first of all.
    #[must_use]
    pub const fn anchor(&self) -> Option<&AuditSeal> {
        self.last.as_ref()
    }
}

impl Access {
    /// Begins an export of the installation's audit log.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for anybody but administrators, [`AccessError::Invalid`] for a
    /// time that ends before it begins, [`AccessError::Store`].
    pub async fn begin_audit_export(
        &self,
        actor: &Actor,
        span: AuditSpan,
    ) -> Result<AuditExport, AccessError> {
        require(actor, Permission::Administer)?;
        if let (Some(from), Some(to)) = (span.from, span.to)
            && to < from
        {
            return Err(AccessError::invalid("to", "is before `from`; give a later time"));
        }
        let details = json!({ "from": span.from, "to": span.to });
        let entry = actor.house_entry("audit.export", "audit log", details, self.clock.now());
        self.store
            .write::<(), AccessError, _>(move |tx| {
                let entry = entry.clone();
                Box::pin(async move { Ok(tx.audit().append(&entry).await?) })
            })
            .await?;
        let last = match span.from {
            // What a seal covers happened before the seal was made.
            Some(from) => self.store.read().await?.audit().find_seal_before(from).await?,
            None => None,
        };
        Ok(AuditExport { span, last, unsealed_after: None, is_over: false })
    }

    /// The next batch, and how far the export has come with it; `None` after the last.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn next_audit_batch(
        &self,
        export: AuditExport,
    ) -> Result<Option<(AuditBatch, AuditExport)>, AccessError> {
        if export.is_over {
            return Ok(None);
        }
        let snapshot = self.store.read().await?;
        let number = export.last.as_ref().map_or(0, |last| last.number);
        // Once the export is beyond the last seal it stays there: a seal that is made meanwhile
        // covers what was exported already.
        let next = match export.unsealed_after {
            Some(_) => None,
            None => snapshot.audit().find_next_seal(number).await?,
        };
        match next {
            Some(seal) => read_sealed(snapshot.as_ref(), export, seal).await.map(Some),
            None => read_unsealed(snapshot.as_ref(), export).await,
        }
    }
}

async fn read_sealed(
    snapshot: &dyn ReadTx,
    export: AuditExport,
    seal: AuditSeal,
) -> Result<(AuditBatch, AuditExport), AccessError> {
    let entries = read_covered(snapshot, export.last.as_ref(), &seal).await?;
    let reaches_the_end = match (export.span.to, entries.last()) {
        (Some(to), Some(entry)) => to <= entry.at,
        (Some(_), None) | (None, _) => false,
    };
    let next = AuditExport { last: Some(seal.clone()), is_over: reaches_the_end, ..export };
    Ok((AuditBatch { entries, seal: Some(seal) }, next))
}

async fn read_unsealed(
    snapshot: &dyn ReadTx,
    export: AuditExport,
) -> Result<Option<(AuditBatch, AuditExport)>, AccessError> {
    let sealed = export.last.as_ref().map(|last| last.last_id);
    let after = export.unsealed_after.or(sealed);
    let before = export.span.to.unwrap_or(Timestamp::from_micros(i64::MAX));
    let entries = snapshot.audit().list_entries_in_order(after, before, BATCH).await?;
    let Some(end) = entries.last().map(|entry| entry.id) else { return Ok(None) };
    let next = AuditExport { unsealed_after: Some(end), ..export };
    Ok(Some((AuditBatch { entries, seal: None }, next)))
}

/// An entry as a line of a file; everything that is sealed is in it as it is kept.
#[must_use]
pub fn describe_entry(entry: &AuditEntry) -> Value {
    json!({
        "kind": "entry",
        "id": entry.id,
        "organization_id": entry.organization_id,
        "user_id": entry.user_id,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
        "ip": entry.ip,
        "at": entry.at,
    })
}

/// A seal as a line of a file, behind the entries that it covers.
#[must_use]
pub fn describe_seal(seal: &AuditSeal) -> Value {
    json!({
        "kind": "seal",
        "number": seal.number,
        "last_id": seal.last_id,
        "entries": seal.entries,
        "digest": seal.digest,
        "sealed_at": seal.sealed_at,
    })
}

/// The seal that a file's first batch follows, as its first line.
#[must_use]
pub fn describe_anchor(seal: &AuditSeal) -> Value {
    let mut line = describe_seal(seal);
    if let Some(kind) = line.get_mut("kind") {
        *kind = json!("anchor");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_its_beginning_and_not_its_end() {
        let at = Timestamp::from_micros;
        let span = AuditSpan { from: Some(at(5)), to: Some(at(9)) };
        let inside: Vec<i64> = (0..12).filter(|micros| span.contains(at(*micros))).collect();
        assert_eq!(inside, [5, 6, 7, 8]);
        assert!(AuditSpan::default().contains(at(0)));
    }
}
