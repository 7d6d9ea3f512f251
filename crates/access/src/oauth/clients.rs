//! Clients: registered, changed and removed by owners and admins of an organization.
//!
//! Invariants: the secret is shown once, when it is made; a client never has a scope that who
//! registers or changes it does not have; less scope or a new secret ends the tokens there are.

use gantry_ports::store::{ClientKind, OAuthClient, StoreExt};
use gantry_types::{OAuthClientId, Scope};
use serde_json::json;

use super::redirect_uri::check_redirects;
use crate::Access;
use crate::actor::Actor;
use crate::api_keys::check_scopes;
use crate::audit::AuditDraft;
use crate::confirm::lock_asker;
use crate::email::parse_name;
use crate::error::AccessError;
use crate::permission::{Permission, require, require_endless};
use crate::secret::{generate_client_secret, sha256_hex};
use crate::sessions::require_person;

/// Clients of one organization.
const MOST_CLIENTS: usize = 50;

/// What a client is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDraft {
    /// The name for people.
    pub name: String,
    /// Where people may be sent back to.
    pub redirect_uris: Vec<String>,
    /// The most that it may be used for.
    pub scopes: Vec<Scope>,
}

impl ClientDraft {
    fn check(self, actor: &Actor, kind: ClientKind) -> Result<Self, AccessError> {
        let redirect_uris = check_redirects(self.redirect_uris)?;
        if kind == ClientKind::Public && redirect_uris.is_empty() {
            let message = "is empty; a public client needs an address to send people back to";
            return Err(AccessError::invalid("redirect_uris", message));
        }
        let scopes = check_scopes(actor, self.scopes)?;
        Ok(Self { name: parse_name(&self.name)?, redirect_uris, scopes })
    }
}

/// A client whose secret was just made.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedClient {
    /// What is kept of it.
    pub client: OAuthClient,
    /// The secret of a confidential one, shown this once.
    pub secret: Option<String>,
}

impl Access {
    /// The clients of the actor's organization, oldest first.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] but for owners and admins, [`AccessError::Store`].
    pub async fn list_clients(&self, actor: &Actor) -> Result<Vec<OAuthClient>, AccessError> {
        require(actor, Permission::ManageMembers)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.clients().list_clients(actor.organization_id).await?)
    }

    /// Registers a client of the actor's organization.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::ScopeNotYours`], [`AccessError::Invalid`],
    /// [`AccessError::Store`].
    pub async fn register_client(
        &self,
        actor: &Actor,
        kind: ClientKind,
        draft: ClientDraft,
    ) -> Result<IssuedClient, AccessError> {
        require(actor, Permission::ManageMembers)?;
        require_endless(actor, Permission::ManageMembers)?;
        let created_by = require_person(actor)?;
        let draft = draft.check(actor, kind)?;
        let secret = make_secret(kind)?;
        let now = self.clock.now();
        let client = OAuthClient {
            id: OAuthClientId::generate(),
            organization_id: actor.organization_id,
            name: draft.name,
            kind,
            secret_sha256: secret.as_deref().map(sha256_hex).unwrap_or_default(),
            redirect_uris: draft.redirect_uris,
            scopes: draft.scopes,
            created_by,
            created_at: now,
            last_used_at: None,
        };
        let entry = actor.audit_entry("client.register", &subject(&client), describe(&client), now);
        let (asker, inserted) = (actor.clone(), client.clone());
        self.store
            .write::<(), AccessError, _>(move |tx| {
                let (asker, client, entry) = (asker.clone(), inserted.clone(), entry.clone());
                Box::pin(async move {
                    lock_asker(tx, &asker).await?;
                    let known = tx.clients().list_clients(client.organization_id).await?;
                    if known.len() >= MOST_CLIENTS {
                        let message = "is one client too many; remove one that is not used";
                        return Err(AccessError::invalid("name", message));
                    }
                    tx.clients().insert_client(&client).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        Ok(IssuedClient { client, secret })
    }

    /// Changes name, addresses and scopes of a client.
    ///
    /// # Errors
    /// As [`Access::register_client`], [`AccessError::NotFound`].
    pub async fn change_registered_client(
        &self,
        actor: &Actor,
        id: OAuthClientId,
        draft: ClientDraft,
    ) -> Result<OAuthClient, AccessError> {
        let old = self.get_own_client(actor, id).await?;
        let draft = draft.check(actor, old.kind)?;
        let loses_scopes = old.scopes.iter().any(|scope| !draft.scopes.contains(scope));
        let client = OAuthClient {
            name: draft.name,
            redirect_uris: draft.redirect_uris,
            scopes: draft.scopes,
            ..old
        };
        let now = self.clock.now();
        let (whose, changed) = (actor.clone(), client.clone());
        self.change_client(move |tx| {
            let (actor, client) = (whose.clone(), changed.clone());
            Box::pin(async move {
                lock_asker(tx, &actor).await?;
                let before = tx.clients().find_client(client.id).await?;
                let before = before.ok_or(AccessError::NotFound { what: "client" })?;
                tx.clients().update_client(&client).await?;
                let details = json!({ "before": describe(&before), "after": describe(&client) });
                let entry = actor.audit_entry("client.change", &subject(&client), details, now);
                tx.audit().append(&entry).await?;
                if loses_scopes {
                    return Ok(tx.clients().end_client_tokens(client.id, now).await?);
                }
                Ok(Vec::new())
            })
        })
        .await?;
        Ok(client)
    }

    /// Gives a confidential client another secret, and ends its tokens.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::NotFound`], also for a public client,
    /// [`AccessError::Store`].
    pub async fn rotate_client_secret(
        &self,
        actor: &Actor,
        id: OAuthClientId,
    ) -> Result<IssuedClient, AccessError> {
        let old = self.get_own_client(actor, id).await?;
        let secret = make_secret(old.kind)?.ok_or(AccessError::NotFound { what: "secret" })?;
        let client = OAuthClient { secret_sha256: sha256_hex(&secret), ..old };
        let now = self.clock.now();
        let entry = actor.audit_entry("client.rotate", &subject(&client), json!({}), now);
        let (asker, changed) = (actor.clone(), client.clone());
        self.change_client(move |tx| {
            let (asker, client, entry) = (asker.clone(), changed.clone(), entry.clone());
            Box::pin(async move {
                lock_asker(tx, &asker).await?;
                tx.clients().update_client(&client).await?;
                tx.audit().append(&entry).await?;
                Ok(tx.clients().end_client_tokens(client.id, now).await?)
            })
        })
        .await?;
        Ok(IssuedClient { client, secret: Some(secret) })
    }

    /// Removes a client with everything that it was granted.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::NotFound`], [`AccessError::Store`].
    pub async fn delete_client(&self, actor: &Actor, id: OAuthClientId) -> Result<(), AccessError> {
        let client = self.get_own_client(actor, id).await?;
        let now = self.clock.now();
        let details = json!({ "before": describe(&client), "after": null });
        let entry = actor.audit_entry("client.delete", &subject(&client), details, now);
        let (asker, organization_id) = (actor.clone(), client.organization_id);
        self.change_client(move |tx| {
            let (asker, entry) = (asker.clone(), entry.clone());
            Box::pin(async move {
                lock_asker(tx, &asker).await?;
                tx.clients().delete_client(organization_id, id).await?;
                tx.audit().append(&entry).await?;
                Ok(tx.clients().end_client_tokens(id, now).await?)
            })
        })
        .await
    }

    async fn get_own_client(
        &self,
        actor: &Actor,
        id: OAuthClientId,
    ) -> Result<OAuthClient, AccessError> {
        require(actor, Permission::ManageMembers)?;
        require_endless(actor, Permission::ManageMembers)?;
        let found = self.store.read().await?.clients().find_client(id).await?;
        let found = found.filter(|client| client.organization_id == actor.organization_id);
        found.ok_or(AccessError::NotFound { what: "client" })
    }
}

fn make_secret(kind: ClientKind) -> Result<Option<String>, AccessError> {
    match kind {
        ClientKind::Confidential => generate_client_secret().map(Some),
        ClientKind::Public => Ok(None),
    }
}

/// The line of the audit log about a client that goes with what its maker had.
pub(crate) fn draft_removal(client: &OAuthClient) -> AuditDraft {
    let details = json!({ "before": describe(client), "after": null });
    AuditDraft { action: "client.delete", subject: subject(client), details }
}

fn subject(client: &OAuthClient) -> String {
    format!("client {}", client.id)
}

fn describe(client: &OAuthClient) -> serde_json::Value {
    json!({
        "name": client.name,
        "redirect_uris": client.redirect_uris,
        "scopes": client.scopes,
    })
}
