//! Everything that names somebody who left is erased, once their grace is over.
//!
//! Invariants: it goes in bounded steps that may be repeated; the person's own row comes last, so
//! that a server that stops in between goes on where it was; ledger, payments and audit log stay,
//! and the seals of the audit log still fit.

use std::time::Duration;

use gantry_ports::store::{
    AuditEntry, Departure, ErasedRows, Member, StoreExt, Traces, Tx, User, UserStatus,
};
use gantry_types::{AuditEntryId, OrganizationId, Role, Timestamp};
use serde_json::json;

use crate::Access;
use crate::audit::{AuditDraft, Origin};
use crate::error::AccessError;
use crate::leave::{Homes, lock_homes};
use crate::seal_audit::without_persons;

/// Departures of one round.
const ROUND: u32 = 20;
/// Rows of a table, or entries of the audit log, of one transaction.
const BATCH: u32 = 1_000;
/// How long bytes outlive their rows, so that a backup that was begun before finds them.
const BLOB_DELAY: Duration = Duration::from_hours(48);

impl Access {
    /// Those whose grace is over, with the organizations that go with them.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn list_due_departures(
        &self,
    ) -> Result<Vec<(Departure, Vec<OrganizationId>)>, AccessError> {
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let mut due = Vec::new();
        for departure in snapshot.departures().list_due_departures(now, ROUND).await? {
            let (access, identity) = (snapshot.access(), snapshot.identity());
            let homes = Homes::read(access, identity, departure.user_id).await?;
            due.push((departure, homes.lonely));
        }
        Ok(due)
    }

    /// Erases a person whose grace is over, and what belongs to them alone. No job of theirs may
    /// run any more.
    ///
    /// # Errors
    /// [`AccessError::NotFound`] for somebody who does not leave, [`AccessError::Store`]; what is
    /// left is erased by the next call.
    pub async fn erase_person(&self, departure: &Departure) -> Result<(), AccessError> {
        let snapshot = self.store.read().await?;
        let user = snapshot.access().find_user(departure.user_id).await?;
        let user = user.filter(|user| user.status == UserStatus::Leaving);
        let user = user.ok_or(AccessError::NotFound { what: "departure" })?;
        let homes = Homes::read(snapshot.access(), snapshot.identity(), user.id).await?;
        drop(snapshot);
        for organization_id in &homes.lonely {
            self.erase_rows_of(*organization_id).await?;
        }
        let User { id: user_id, email, .. } = user;
        let traces = Traces { user_id, email, organizations: homes.lonely };
        self.erase_entries(&traces).await?;
        let end = End { traces: traces.clone(), shared: homes.shared, now: self.clock.now() };
        self.change_identity(user_id, move |tx| {
            let end = end.clone();
            Box::pin(async move { end.apply(tx).await })
        })
        .await?;
        // The address may have been noted anew while this went on.
        self.erase_entries(&traces).await
    }

    /// Erases what belongs to an organization, in bounded steps.
    pub(crate) async fn erase_rows_of(
        &self,
        organization_id: OrganizationId,
    ) -> Result<(), AccessError> {
        let delete_after = self.clock.now().plus(BLOB_DELAY);
        let rows = ErasedRows { organization_id, limit: BATCH, delete_after };
        loop {
            let erased = self.store.write::<u64, AccessError, _>(move |tx| {
                Box::pin(async move { Ok(tx.departures().erase_rows(&rows).await?) })
            });
            if erased.await? == 0 {
                return Ok(());
            }
        }
    }

    async fn erase_entries(&self, traces: &Traces) -> Result<(), AccessError> {
        let mut after: Option<AuditEntryId> = None;
        loop {
            let snapshot = self.store.read().await?;
            let found = snapshot.departures().list_entries_about(traces, after, BATCH).await?;
            drop(snapshot);
            let Some(last) = found.last() else { return Ok(()) };
            after = Some(last.id);
            let erased: Vec<AuditEntry> = found.into_iter().filter_map(without_traces).collect();
            self.replace_entries(erased).await?;
        }
    }

    /// Keeps entries of the audit log without what told of persons.
    pub(crate) async fn replace_entries(&self, erased: Vec<AuditEntry>) -> Result<(), AccessError> {
        self.store
            .write::<(), AccessError, _>(move |tx| {
                let erased = erased.clone();
                Box::pin(async move {
                    for entry in &erased {
                        tx.departures().erase_entry(entry.id, &entry.details).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// The entry without what tells of persons, if there is anything.
pub(crate) fn without_traces(entry: AuditEntry) -> Option<AuditEntry> {
    let details = without_persons(&entry.details);
    let is_bare = entry.ip.is_empty() && details == entry.details;
    (!is_bare).then(|| AuditEntry { details, ip: String::new(), ..entry })
}

#[derive(Clone)]
struct End {
    traces: Traces,
    /// Organizations that others stay in.
    shared: Vec<OrganizationId>,
    now: Timestamp,
}

impl End {
    async fn apply(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        let user_id = self.traces.user_id;
        lock_homes(tx, user_id).await?;
        let user = tx.access().lock_user(user_id).await?;
        // They may have chosen to stay a moment ago.
        if user.is_none_or(|user| user.status != UserStatus::Leaving) {
            return Err(AccessError::NotFound { what: "departure" });
        }
        // Somebody who joined meanwhile keeps their organization.
        let homes = Homes::read(tx.access(), tx.identity(), user_id).await?;
        let joined = self.traces.organizations.iter().any(|id| homes.shared.contains(id));
        if joined {
            return Err(AccessError::NotFound { what: "departure" });
        }
        for organization_id in &self.shared {
            hand_over(tx, *organization_id, (&self.traces, self.now)).await?;
        }
        tx.departures().erase_person(&self.traces, self.now).await?;
        let draft = AuditDraft {
            action: "user.erase",
            subject: format!("user {user_id}"),
            details: json!({ "organizations": self.traces.organizations }),
        };
        let origin = Origin { organization_id: None, user_id: None, ip: String::new() };
        Ok(tx.audit().append(&draft.complete(origin, self.now)).await?)
    }
}

/// An organization whose other owners left during the grace gets a new one: the member with the
/// highest role who has been here longest.
async fn hand_over(
    tx: &dyn Tx,
    organization_id: OrganizationId,
    (traces, now): (&Traces, Timestamp),
) -> Result<(), AccessError> {
    let members = tx.identity().list_members(organization_id).await?;
    let stay: Vec<&Member> =
        members.iter().filter(|member| member.user_id != traces.user_id).collect();
    if stay.iter().any(|member| member.role == Role::Owner) {
        return Ok(());
    }
    match stay.iter().min_by_key(|member| (rank(member.role), member.user_id)) {
        Some(heir) => {
            tx.access().set_member(organization_id, heir.user_id, Role::Owner).await?;
            let draft = AuditDraft {
                action: "member.inherit",
                subject: format!("user {}", heir.user_id),
                details: json!({ "before": heir.role, "after": Role::Owner }),
            };
            let organization_id = Some(organization_id);
            let origin = Origin { organization_id, user_id: None, ip: String::new() };
            Ok(tx.audit().append(&draft.complete(origin, now)).await?)
        }
        None => Ok(()),
    }
}

const fn rank(role: Role) -> u8 {
    match role {
        Role::Owner => 0,
        Role::Admin => 1,
        Role::Member => 2,
        Role::Billing => 3,
        Role::Viewer => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_loses_its_persons_once() {
        let entry = AuditEntry {
            id: AuditEntryId::generate(),
            organization_id: None,
            user_id: None,
            action: "member.invite".to_owned(),
            subject: "invitation 1".to_owned(),
            details: json!({ "email": "ada@example.org", "role": "viewer" }),
            ip: "192.0.2.1".to_owned(),
            at: Timestamp::from_micros(5),
        };
        let erased = without_traces(entry.clone()).unwrap();
        assert_eq!(erased.details, json!({ "role": "viewer" }));
        assert_eq!((erased.ip.as_str(), erased.id), ("", entry.id));
        assert_eq!(without_traces(erased), None);
    }
}
