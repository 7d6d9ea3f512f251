//! What was added to an account before anybody proved its address ends once whoever reads its mails
//! sets a password: somebody else may have registered it.
//!
//! Invariants: afterwards nothing that was made before opens the account or what its person owns;
//! each thing that ended has its line in the audit log. An administrator's account is none of
//! these: who set the installation up needs no mail to prove it, and a mailbox alone must not take
//! their second factor away.

use gantry_ports::store::{Tx, User};
use gantry_types::{OrganizationId, Timestamp, UserId};
use serde_json::{Value, json};

use crate::audit::{AuditDraft, Origin};
use crate::error::AccessError;
use crate::linked_identities::Way;
use crate::oauth::draft_removal;
use crate::withdraw_invitations::withdraw_invitations;

/// Whether somebody else than the owner of the address may have registered an account.
pub(crate) const fn is_unproven(user: &User) -> bool {
    user.email_verified_at.is_none() && !user.administrator
}

/// An account whose address was not proven until now; its organizations and its user are locked.
pub(crate) struct UnprovenAccount<'a> {
    pub tx: &'a dyn Tx,
    pub user: &'a User,
    /// From where the address was proven.
    pub ip: &'a str,
    pub now: Timestamp,
}

impl UnprovenAccount<'_> {
    /// Ends every way in but sessions; answers whose tokens of clients and memberships ended.
    pub async fn end_ways_in(&self) -> Result<Vec<UserId>, AccessError> {
        self.end_passkeys().await?;
        self.end_identities().await?;
        self.end_second_factor().await?;
        self.end_keys().await?;
        let mut concerned = self.end_clients().await?;
        concerned.extend(self.end_company().await?);
        Ok(concerned)
    }

    /// Takes back what invitations are open, and removes whom they let into the account's own
    /// organization.
    async fn end_company(&self) -> Result<Vec<UserId>, AccessError> {
        let mut removed = Vec::new();
        for place in self.tx.access().list_memberships(self.user.id).await? {
            let organization_id = place.organization_id;
            // Lends the lines about the invitations who, when and from where, and is none itself.
            let cause = draft_leaving(self.user.id, json!({}));
            let cause = cause.complete(self.origin(Some(organization_id)), self.now);
            let inviter = (organization_id, self.user.id);
            withdraw_invitations(self.tx, inviter, None, &cause).await?;
            let members = self.tx.identity().list_members(organization_id).await?;
            if !members.iter().any(|member| member.user_id == self.user.id && member.personal) {
                continue;
            }
            for member in members.iter().filter(|member| member.user_id != self.user.id) {
                let identity = self.tx.identity();
                identity.delete_member(organization_id, member.user_id, self.now).await?;
                let details = json!({ "before": member.role, "after": null });
                self.note(draft_leaving(member.user_id, details), Some(organization_id)).await?;
                removed.push(member.user_id);
            }
        }
        Ok(removed)
    }

    fn origin(&self, organization_id: Option<OrganizationId>) -> Origin {
        Origin { organization_id, user_id: Some(self.user.id), ip: self.ip.to_owned() }
    }

    async fn end_passkeys(&self) -> Result<(), AccessError> {
        let passkeys = self.tx.vouching().list_passkeys(self.user.id).await?;
        for passkey in passkeys {
            self.tx.vouching().delete_passkey(self.user.id, passkey.id).await?;
            self.note_way(Way::Passkey(&passkey.name)).await?;
        }
        Ok(())
    }

    async fn end_identities(&self) -> Result<(), AccessError> {
        let identities = self.tx.vouching().list_identities(self.user.id).await?;
        for identity in identities {
            self.tx.vouching().delete_identity(self.user.id, identity.id).await?;
            self.note_way(Way::Elsewhere(&identity.provider)).await?;
        }
        Ok(())
    }

    /// Ends one that was only begun, too.
    async fn end_second_factor(&self) -> Result<(), AccessError> {
        self.tx.identity().delete_second_factor(self.user.id).await?;
        if self.user.second_factor_at.is_none() {
            return Ok(());
        }
        let draft = AuditDraft {
            action: "second_factor.turn_off",
            subject: format!("user {}", self.user.id),
            details: json!({}),
        };
        self.note(draft, None).await
    }

    /// Ends keys; the tokens of renewable pairs ended with the sessions.
    async fn end_keys(&self) -> Result<(), AccessError> {
        let revoked = self.tx.departures().revoke_keys(self.user.id, self.now).await?;
        if revoked == 0 {
            return Ok(());
        }
        let draft = AuditDraft {
            action: "api_key.revoke_all",
            subject: format!("user {}", self.user.id),
            details: json!({ "revoked": revoked }),
        };
        self.note(draft, None).await
    }

    /// Removes the clients that the person registered: each has a secret of its own.
    async fn end_clients(&self) -> Result<Vec<UserId>, AccessError> {
        let mut concerned = Vec::new();
        let places = self.tx.access().list_memberships(self.user.id).await?;
        for place in places {
            let clients = self.tx.clients().list_clients(place.organization_id).await?;
            for client in clients {
                if client.created_by != self.user.id {
                    continue;
                }
                self.tx.clients().delete_client(client.organization_id, client.id).await?;
                concerned.extend(self.tx.clients().end_client_tokens(client.id, self.now).await?);
                self.note(draft_removal(&client), Some(client.organization_id)).await?;
            }
        }
        Ok(concerned)
    }

    async fn note_way(&self, way: Way<'_>) -> Result<(), AccessError> {
        let draft = AuditDraft {
            action: "way_in.remove",
            subject: format!("user {}", self.user.id),
            details: json!({ "before": way.describe(), "after": null }),
        };
        self.note(draft, None).await
    }

    async fn note(
        &self,
        draft: AuditDraft,
        organization_id: Option<OrganizationId>,
    ) -> Result<(), AccessError> {
        let entry = draft.complete(self.origin(organization_id), self.now);
        Ok(self.tx.audit().append(&entry).await?)
    }
}

/// The line about a member who is removed.
fn draft_leaving(user_id: UserId, details: Value) -> AuditDraft {
    AuditDraft { action: "member.remove", subject: format!("user {user_id}"), details }
}
