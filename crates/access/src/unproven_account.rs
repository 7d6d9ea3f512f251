//! What was added to an account before anybody proved its address ends once whoever reads its mails
//! sets a password: somebody else may have registered it.
//!
//! Invariants: afterwards nothing that was made before opens the account or what its person owns;
//! each thing that ended has its line in the audit log. An administrator's account is none of
//! these: who set the installation up needs no mail to prove it, and a mailbox alone must not take
//! their second factor away.

use gantry_ports::store::{Tx, User};
use gantry_types::{OrganizationId, Timestamp, UserId};
use serde_json::json;

use crate::audit::{AuditDraft, Origin};
use crate::error::AccessError;
use crate::linked_identities::Way;
use crate::oauth::draft_removal;

/// Whether somebody else than the owner of the address may have registered an account.
pub(crate) const fn is_unproven(user: &User) -> bool {
    user.email_verified_at.is_none() && !user.administrator
}

/// An account whose address was not proven until now; its user is locked.
pub(crate) struct UnprovenAccount<'a> {
    pub tx: &'a dyn Tx,
    pub user: &'a User,
    /// From where the address was proven.
    pub ip: &'a str,
    pub now: Timestamp,
}

impl UnprovenAccount<'_> {
    /// Ends every way in but sessions; answers in whose name tokens of clients ended.
    pub async fn end_ways_in(&self) -> Result<Vec<UserId>, AccessError> {
        self.end_passkeys().await?;
        self.end_identities().await?;
        self.end_second_factor().await?;
        self.end_keys().await?;
        self.end_clients().await
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
        let ip = self.ip.to_owned();
        let origin = Origin { organization_id, user_id: Some(self.user.id), ip };
        Ok(self.tx.audit().append(&draft.complete(origin, self.now)).await?)
    }
}
