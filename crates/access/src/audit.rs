//! Lines of the audit log: written in the transaction of the change, read by owners and admins.

use gantry_ports::store::{AuditEntry, Page, PageRequest};
use gantry_types::{AuditEntryId, OrganizationId, Timestamp, UserId};
use serde_json::Value;

use crate::Access;
use crate::actor::Actor;
use crate::error::AccessError;
use crate::permission::{Permission, require};

/// A line to be written, without what the transaction adds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AuditDraft {
    /// What was done, such as `api_key.revoke`.
    pub action: &'static str,
    /// To what: the kind and the identifier.
    pub subject: String,
    /// Before and after, without secrets.
    pub details: Value,
}

impl AuditDraft {
    /// The line that somebody causes at `at`.
    pub fn complete(self, origin: Origin, at: Timestamp) -> AuditEntry {
        AuditEntry {
            id: AuditEntryId::generate(),
            organization_id: origin.organization_id,
            user_id: origin.user_id,
            action: self.action.to_owned(),
            subject: self.subject,
            details: self.details,
            ip: origin.ip,
            at,
        }
    }
}

/// Who causes a line before there is an actor.
pub(crate) struct Origin {
    pub organization_id: Option<OrganizationId>,
    pub user_id: Option<UserId>,
    pub ip: String,
}

impl Access {
    /// The audit log of the actor's organization.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] but for owners and admins, [`AccessError::Store`].
    pub async fn list_audit(
        &self,
        actor: &Actor,
        page: &PageRequest<AuditEntryId>,
    ) -> Result<Page<AuditEntry, AuditEntryId>, AccessError> {
        require(actor, Permission::ReadAudit)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.audit().list_entries(Some(actor.organization_id), page).await?)
    }
}
