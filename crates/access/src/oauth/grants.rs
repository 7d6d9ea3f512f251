//! What a person granted to clients, and takes back.

use gantry_ports::store::Grant;
use gantry_types::OAuthClientId;
use serde_json::{Value, json};

use crate::Access;
use crate::actor::Actor;
use crate::error::AccessError;
use crate::permission::{Permission, require};
use crate::sessions::require_person;

impl Access {
    /// What the person granted and did not withdraw, by client and organization, the last used
    /// first.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::Store`].
    pub async fn list_grants(&self, actor: &Actor) -> Result<Vec<Grant>, AccessError> {
        require(actor, Permission::ManageSessions)?;
        let user_id = require_person(actor)?;
        let now = self.clock.now();
        let families = self.store.read().await?.clients().list_grants(user_id, now).await?;
        let mut grants: Vec<Grant> = Vec::new();
        for family in families {
            let same = |grant: &&mut Grant| {
                grant.client == family.client && grant.organization_id == family.organization_id
            };
            match grants.iter_mut().find(same) {
                Some(grant) => {
                    grant.scopes.extend(family.scopes);
                    grant.scopes.sort_unstable();
                    grant.scopes.dedup();
                }
                None => grants.push(family),
            }
        }
        Ok(grants)
    }

    /// Withdraws everything that the person granted to a client; its tokens in their name end.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::NotFound`], [`AccessError::Store`].
    pub async fn withdraw_grants(
        &self,
        actor: &Actor,
        client: OAuthClientId,
    ) -> Result<(), AccessError> {
        require(actor, Permission::ManageSessions)?;
        let user_id = require_person(actor)?;
        let now = self.clock.now();
        let actor = actor.clone();
        self.change_identity(user_id, move |tx| {
            let actor = actor.clone();
            Box::pin(async move {
                tx.access().lock_user(user_id).await?;
                let granted = tx.clients().list_grants(user_id, now).await?;
                let of_client = granted.iter().filter(|grant| grant.client == client);
                let before: Vec<Value> =
                    of_client.map(|grant| json!({ "scopes": grant.scopes })).collect();
                tx.clients().end_grants(user_id, client, now).await?;
                let details = json!({ "before": before, "after": [] });
                let subject = format!("client {client}");
                let entry = actor.audit_entry("client.withdraw", &subject, details, now);
                Ok(tx.audit().append(&entry).await?)
            })
        })
        .await
    }
}
