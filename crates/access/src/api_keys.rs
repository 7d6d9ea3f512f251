//! Keys for programs.
//!
//! Invariants: the key is shown once, when it is made; a key never has a scope that its maker
//! does not have and does not outlast the key that made it, so that a stolen key cannot make a
//! stronger one; the token of a client or of a renewable pair makes none; only its owner gets a
//! key's successor, which acts in their name; none is made where the plan does not include the API;
//! a person has so many in an organization that are good; a session or key that has ended
//! meanwhile makes none.

use gantry_ports::store::{ApiKey, StoreExt, Tx};
use gantry_rules::plan::Feature;
use gantry_types::{ApiKeyId, Scope, Timestamp};
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::confirm::lock_asker;
use crate::email::parse_name;
use crate::entrance::require_feature;
use crate::error::AccessError;
use crate::permission::{Permission, require, require_no_token};
use crate::secret::{generate_api_key, sha256_hex, shown_prefix};
use crate::sessions::require_person;

/// Good keys that a person has in an organization.
const MOST_KEYS: usize = 100;

/// A key that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// The name for people.
    pub name: String,
    /// What it may be used for; at least one.
    pub scopes: Vec<Scope>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// A key that was just made.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedKey {
    /// What is kept of it.
    pub key: ApiKey,
    /// The secret, shown this once.
    pub secret: String,
}

impl Access {
    /// Makes a key in the actor's organization; one that a key makes ends with it at the latest.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::ScopeNotYours`], [`AccessError::Invalid`],
    /// [`AccessError::NotInPlan`] where the key would be of no use, [`AccessError::TooManyKeys`],
    /// [`AccessError::Store`].
    pub async fn issue_api_key(
        &self,
        actor: &Actor,
        wanted: NewApiKey,
    ) -> Result<IssuedKey, AccessError> {
        require(actor, Permission::ManageKeys)?;
        require_no_token(actor, Permission::ManageKeys)?;
        let user_id = require_person(actor)?;
        let now = self.clock.now();
        let name = parse_name(&wanted.name)?;
        let scopes = check_scopes(actor, wanted.scopes)?;
        let expires_at = check_end(actor, wanted.expires_at, now)?;
        require_feature(self.store.read().await?.as_ref(), actor, Feature::Api).await?;
        let secret = generate_api_key()?;
        let key = ApiKey {
            id: ApiKeyId::generate(),
            organization_id: actor.organization_id,
            user_id,
            name,
            prefix: shown_prefix(&secret),
            key_sha256: sha256_hex(&secret),
            scopes,
            created_at: now,
            last_used_at: None,
            expires_at,
            revoked_at: None,
            family: None,
            client: None,
        };
        let details = json!({ "name": key.name, "scopes": key.scopes, "prefix": key.prefix });
        let entry =
            actor.audit_entry("api_key.issue", &format!("api_key {}", key.id), details, now);
        let (asker, inserted) = (actor.clone(), key.clone());
        self.store
            .write(move |tx| {
                let (asker, key, entry) = (asker.clone(), inserted.clone(), entry.clone());
                Box::pin(async move {
                    lock_asker(tx, &asker).await?;
                    require_room(tx, &key).await?;
                    tx.access().insert_api_key(&key).await?;
                    Ok::<(), AccessError>(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        Ok(IssuedKey { key, secret })
    }

    /// The keys that the actor may manage: their own; of everybody for owners and admins.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::Store`].
    pub async fn list_api_keys(&self, actor: &Actor) -> Result<Vec<ApiKey>, AccessError> {
        require(actor, Permission::ManageKeys)?;
        let snapshot = self.store.read().await?;
        let keys = snapshot.access().list_api_keys(actor.organization_id).await?;
        Ok(keys.into_iter().filter(|key| may_manage(actor, key)).collect())
    }

    /// Revokes a key that the actor may manage; it is nobody from then on.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::NotFound`], [`AccessError::Store`].
    pub async fn revoke_api_key(&self, actor: &Actor, id: ApiKeyId) -> Result<(), AccessError> {
        let keys = self.list_api_keys(actor).await?;
        let key = keys
            .into_iter()
            .find(|key| key.id == id)
            .ok_or(AccessError::NotFound { what: "API key" })?;
        let now = self.clock.now();
        let before = json!({ "name": key.name, "prefix": key.prefix, "scopes": key.scopes });
        let details = json!({ "before": before, "after": null });
        let entry = actor.audit_entry("api_key.revoke", &format!("api_key {id}"), details, now);
        self.change_identity(key.user_id, move |tx| {
            let entry = entry.clone();
            Box::pin(async move {
                tx.access().revoke_api_key(key.organization_id, id, now).await?;
                Ok(tx.audit().append(&entry).await?)
            })
        })
        .await
    }

    /// Replaces a key of the actor's own by another one with the same name, scopes and end; the
    /// old one is nobody from then on.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::NotFound`], [`AccessError::ScopeNotYours`] for a
    /// key that may do more than the actor, [`AccessError::Invalid`] for one that outlasts the key
    /// that asks, [`AccessError::Store`].
    pub async fn rotate_api_key(
        &self,
        actor: &Actor,
        id: ApiKeyId,
    ) -> Result<IssuedKey, AccessError> {
        require_no_token(actor, Permission::ManageKeys)?;
        let keys = self.list_api_keys(actor).await?;
        let own = |key: &ApiKey| key.id == id && actor.user_id == Some(key.user_id);
        let old = keys.into_iter().find(own).ok_or(AccessError::NotFound { what: "API key" })?;
        let scopes = check_scopes(actor, old.scopes.clone())?;
        require_no_longer(actor, ("id", old.expires_at))?;
        let (secret, now) = (generate_api_key()?, self.clock.now());
        let key = ApiKey {
            id: ApiKeyId::generate(),
            prefix: shown_prefix(&secret),
            key_sha256: sha256_hex(&secret),
            scopes,
            created_at: now,
            last_used_at: None,
            ..old
        };
        let details = json!({ "name": key.name, "replaces": id, "prefix": key.prefix });
        let entry =
            actor.audit_entry("api_key.rotate", &format!("api_key {}", key.id), details, now);
        let (asker, inserted) = (actor.clone(), key.clone());
        self.change_identity(key.user_id, move |tx| {
            let (asker, key, entry) = (asker.clone(), inserted.clone(), entry.clone());
            Box::pin(async move {
                lock_asker(tx, &asker).await?;
                tx.access().revoke_api_key(key.organization_id, id, now).await?;
                tx.access().insert_api_key(&key).await?;
                Ok(tx.audit().append(&entry).await?)
            })
        })
        .await?;
        Ok(IssuedKey { key, secret })
    }
}

fn may_manage(actor: &Actor, key: &ApiKey) -> bool {
    actor.user_id == Some(key.user_id) || Permission::ManageMembers.allows(actor)
}

/// Stops somebody who has as many good keys in the organization as one may; they are locked, so
/// that keys are counted by one at a time.
async fn require_room(tx: &dyn Tx, new: &ApiKey) -> Result<(), AccessError> {
    let keys = tx.access().list_api_keys(new.organization_id).await?;
    let is_good = |key: &&ApiKey| key.expires_at.is_none_or(|end| new.created_at < end);
    let own = keys.iter().filter(|key| key.user_id == new.user_id).filter(is_good).count();
    if own >= MOST_KEYS {
        return Err(AccessError::TooManyKeys { limit: MOST_KEYS });
    }
    Ok(())
}

/// The end of a key that `actor` wants to end at `wanted`.
fn check_end(
    actor: &Actor,
    wanted: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, AccessError> {
    if wanted.is_some_and(|end| end <= now) {
        return Err(AccessError::invalid("expires_at", "lies in the past; give a later time"));
    }
    let end = wanted.or(actor.key_ends_at());
    require_no_longer(actor, ("expires_at", end))?;
    Ok(end)
}

/// Refuses a key with this end, which `field` of the request tells, where it would outlast the key
/// that asks.
fn require_no_longer(
    actor: &Actor,
    (field, end): (&'static str, Option<Timestamp>),
) -> Result<(), AccessError> {
    match actor.key_ends_at() {
        Some(limit) if end.is_none_or(|end| limit < end) => {
            let message = format!(
                "would outlast the key that asks, which ends at {limit}; ask in a session, or by a \
                 key that lasts as long"
            );
            Err(AccessError::invalid(field, message))
        }
        Some(_) | None => Ok(()),
    }
}

pub(crate) fn check_scopes(
    actor: &Actor,
    mut scopes: Vec<Scope>,
) -> Result<Vec<Scope>, AccessError> {
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(AccessError::invalid("scopes", "is empty; name at least one scope"));
    }
    match scopes.iter().find(|scope| !actor.scopes.contains(scope)) {
        Some(scope) => Err(AccessError::ScopeNotYours { scope: *scope }),
        None => Ok(scopes),
    }
}
