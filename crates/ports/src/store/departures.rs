//! People who leave the installation: when they asked, and what is erased of them.
//!
//! Invariants: what names a person is erased or overwritten, wherever it is; ledger, payments and
//! audit log stay, without what tells who it was; every call removes a bounded number of rows, and
//! may be repeated after a crash.

use async_trait::async_trait;
use gantry_types::{AuditEntryId, OrganizationId, Timestamp, UserId};
use serde_json::Value;

use super::audit::AuditEntry;
use super::error::StoreError;

/// Somebody who asked for their account to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departure {
    /// Who.
    pub user_id: UserId,
    /// When they asked.
    pub asked_at: Timestamp,
    /// From when on everything is erased; until then they may stay after all.
    pub erase_at: Timestamp,
    /// When their subscriptions were cancelled at the payment provider.
    pub billing_ended_at: Option<Timestamp>,
    /// When everything was erased.
    pub erased_at: Option<Timestamp>,
}

/// Where somebody who left may be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traces {
    /// The person.
    pub user_id: UserId,
    /// Their address, in lower case.
    pub email: String,
    /// The organizations that go with them.
    pub organizations: Vec<OrganizationId>,
}

/// Rows of an organization that are to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErasedRows {
    /// Whose.
    pub organization_id: OrganizationId,
    /// At most so many of each table.
    pub limit: u32,
    /// When the bytes that they name may be deleted.
    pub delete_after: Timestamp,
}

/// Looks up departures.
#[async_trait]
pub trait ReadDepartures: Send + Sync {
    /// The departure of a user, also one that is over.
    async fn find_departure(&self, user: UserId) -> Result<Option<Departure>, StoreError>;
    /// Departures whose time has come and that are not over, oldest first, at most `limit`.
    async fn list_due_departures(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Departure>, StoreError>;
    /// Departures whose subscriptions were not cancelled yet, oldest first, at most `limit`.
    async fn list_paying_departures(&self, limit: u32) -> Result<Vec<Departure>, StoreError>;
    /// How many active administrators the installation has beside a user.
    async fn count_other_administrators(&self, user: UserId) -> Result<u64, StoreError>;
    /// Audit entries that may name somebody, in the order of their identifiers after `after`, at
    /// most `limit`.
    async fn list_entries_about(
        &self,
        traces: &Traces,
        after: Option<AuditEntryId>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;
}

/// Changes departures, and erases.
#[async_trait]
pub trait WriteDepartures: ReadDepartures {
    /// Adds a departure; [`StoreError::AlreadyExists`] when the user has one.
    async fn insert_departure(&self, departure: &Departure) -> Result<(), StoreError>;
    /// Removes a departure that is not over; [`StoreError::NotFound`] when there is none such.
    async fn delete_departure(&self, user: UserId) -> Result<(), StoreError>;
    /// Notes that a leaver's subscriptions were cancelled.
    async fn note_billing_ended(&self, user: UserId, now: Timestamp) -> Result<(), StoreError>;
    /// Revokes every key of a user, in every organization; answers how many.
    async fn revoke_keys(&self, user: UserId, now: Timestamp) -> Result<u64, StoreError>;
    /// Erases rows of an organization whose only member leaves, the bytes that they name being
    /// noted to be deleted; answers how many, and 0 when nothing is left.
    async fn erase_rows(&self, rows: &ErasedRows) -> Result<u64, StoreError>;
    /// Takes what tells of a person out of an audit entry: its details become `details`, and its
    /// network address is forgotten. Nothing else of an entry can be changed.
    async fn erase_entry(&self, id: AuditEntryId, details: &Value) -> Result<(), StoreError>;
    /// Erases what is left of a person: ways in, memberships, mails, invitations; overwrites their
    /// row and the names of the organizations that go; ends the departure.
    async fn erase_person(&self, traces: &Traces, now: Timestamp) -> Result<(), StoreError>;
}
