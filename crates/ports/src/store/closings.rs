//! Organizations that their owners close: when it was asked for, and what is erased of them.
//!
//! Invariants: nobody works in an organization that is being closed, and until its time has come an
//! owner may keep it; ledger, payments, invoices and audit log stay, as for people who leave.

use async_trait::async_trait;
use gantry_types::{OrganizationId, Timestamp, UserId};

use super::error::StoreError;

/// An organization whose owner asked for it to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// Which.
    pub organization_id: OrganizationId,
    /// The owner who asked.
    pub asked_by: UserId,
    /// When they asked.
    pub asked_at: Timestamp,
    /// From when on everything is erased; until then an owner may keep it after all.
    pub erase_at: Timestamp,
    /// When its subscription was cancelled at the payment provider.
    pub billing_ended_at: Option<Timestamp>,
    /// When everything was erased.
    pub erased_at: Option<Timestamp>,
}

/// Looks up closings.
#[async_trait]
pub trait ReadClosings: Send + Sync {
    /// The closing of an organization, also one that is over.
    async fn find_closing(
        &self,
        organization: OrganizationId,
    ) -> Result<Option<Closing>, StoreError>;
    /// Closings whose time has come and that are not over, oldest first, at most `limit`.
    async fn list_due_closings(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Closing>, StoreError>;
    /// Closings whose subscriptions were not cancelled yet, oldest first, at most `limit`.
    async fn list_paying_closings(&self, limit: u32) -> Result<Vec<Closing>, StoreError>;
}

/// Changes closings, and erases what is left in the end.
#[async_trait]
pub trait WriteClosings: ReadClosings {
    /// Adds a closing; [`StoreError::AlreadyExists`] when the organization has one.
    async fn insert_closing(&self, closing: &Closing) -> Result<(), StoreError>;
    /// Removes a closing that is not over; [`StoreError::NotFound`] when there is none such.
    async fn delete_closing(&self, organization: OrganizationId) -> Result<(), StoreError>;
    /// Notes that the subscription of an organization that closes was cancelled.
    async fn note_closing_unpaid(
        &self,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Shows everybody out of an organization: sessions move to the personal organizations of their
    /// people, keys are revoked, renewable tokens, codes of programs and invitations removed.
    async fn shut_organization(
        &self,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Ends the memberships of an organization whose rows are erased, overwrites its name, and ends
    /// its closing; [`StoreError::NotFound`] when it has none that is not over.
    async fn erase_closed(
        &self,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}
