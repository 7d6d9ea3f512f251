//! Renewable pairs of tokens for programs: an access token for minutes, and a refresh token that is
//! exchanged for the next pair (RFC 6749, 1.5; rotation by RFC 9700, 4.14.2).
//!
//! Invariants: a refresh token is good once; one that comes again was stolen, by now or before, so
//! the whole family ends; a new pair ends the access token before it; a session that has ended
//! meanwhile begins no family.

use gantry_ports::StoreError;
use gantry_ports::store::{ApiKey, AuditEntry, RefreshToken, StoreExt, Tx};
use gantry_rules::plan::Feature;
use gantry_types::{ApiKeyId, Scope, Timestamp, TokenFamilyId};
use serde_json::{Value, json};

use crate::Access;
use crate::actor::Actor;
use crate::api_keys::check_scopes;
use crate::audit::{AuditDraft, Origin};
use crate::confirm::lock_signed_in;
use crate::email::parse_name;
use crate::entrance::require_feature;
use crate::error::AccessError;
use crate::oauth::CLIENT_TOKEN_LIFETIME;
use crate::permission::{Permission, require};
use crate::secret::{generate_api_key, generate_refresh_token, sha256_hex, shown_prefix};
use crate::sign_in::Client;

/// A new pair; both secrets are shown this once.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenPair {
    /// What requests carry.
    pub access_token: String,
    /// What is exchanged for the next pair.
    pub refresh_token: String,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// What they may be used for.
    pub scopes: Vec<Scope>,
}

/// A pair to be written, with its secrets.
#[derive(Clone)]
pub(crate) struct NewPair {
    access: ApiKey,
    refresh: RefreshToken,
    pub pair: TokenPair,
}

impl NewPair {
    pub async fn insert(&self, tx: &dyn Tx) -> Result<(), StoreError> {
        tx.access().insert_api_key(&self.access).await?;
        tx.identity().insert_refresh_token(&self.refresh).await
    }
}

/// How an exchange ended.
enum Exchange {
    Done,
    /// The token came before.
    Stolen,
}

impl Access {
    /// Makes the first pair of a family, in the actor's organization.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], also for a key, [`AccessError::ScopeNotYours`],
    /// [`AccessError::Invalid`], [`AccessError::NotInPlan`] where they would be of no use,
    /// [`AccessError::NotSignedIn`] when the session ended meanwhile, [`AccessError::Store`].
    pub async fn issue_tokens(
        &self,
        actor: &Actor,
        name: &str,
        scopes: Vec<Scope>,
    ) -> Result<TokenPair, AccessError> {
        require(actor, Permission::ManageKeys)?;
        let (user, session) = self.require_session(actor).await?;
        let now = self.clock.now();
        let first = RefreshToken {
            token_sha256: String::new(),
            family: TokenFamilyId::generate(),
            organization_id: actor.organization_id,
            user_id: user.id,
            name: parse_name(name)?,
            scopes: check_scopes(actor, scopes)?,
            created_at: now,
            expires_at: now,
            used_at: None,
            client: None,
        };
        require_feature(self.store.read().await?.as_ref(), actor, Feature::Api).await?;
        let scopes = first.scopes.clone();
        let new = self.derive_pair(first, scopes, now)?;
        let pair = new.pair.clone();
        let details = json!({ "name": new.refresh.name, "scopes": new.refresh.scopes });
        let subject = format!("token family {}", new.refresh.family);
        let entry = actor.audit_entry("tokens.issue", &subject, details, now);
        self.store
            .write::<_, AccessError, _>(move |tx| {
                let (new, entry) = (new.clone(), entry.clone());
                Box::pin(async move {
                    lock_signed_in(tx, (new.refresh.user_id, session)).await?;
                    new.insert(tx).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        Ok(pair)
    }

    /// Exchanges a refresh token for the next pair.
    ///
    /// # Errors
    /// [`AccessError::NotSignedIn`] for a token that is unknown, too old, or came before (which
    /// ends its family); [`AccessError::Store`].
    pub async fn refresh_tokens(
        &self,
        refresh_token: &str,
        client: &Client,
    ) -> Result<TokenPair, AccessError> {
        let old = self.find_renewable(refresh_token).await?;
        // Those that a client has are exchanged by the client, which proves who it is.
        let old = old.filter(|token| token.client.is_none()).ok_or(AccessError::NotSignedIn)?;
        let scopes = old.scopes.clone();
        self.exchange(old, scopes, client).await
    }

    /// A refresh token that has not ended; one that was exchanged too.
    pub(crate) async fn find_renewable(
        &self,
        refresh_token: &str,
    ) -> Result<Option<RefreshToken>, AccessError> {
        let now = self.clock.now();
        let hash = sha256_hex(refresh_token.trim());
        let found = self.store.read().await?.identity().find_refresh_token(&hash).await?;
        Ok(found.filter(|token| now < token.expires_at))
    }

    /// Exchanges `old` for the next pair, whose access token has `scopes`.
    pub(crate) async fn exchange(
        &self,
        old: RefreshToken,
        scopes: Vec<Scope>,
        client: &Client,
    ) -> Result<TokenPair, AccessError> {
        let now = self.clock.now();
        let user_id = old.user_id;
        let next = RefreshToken { used_at: None, ..old.clone() };
        let new = self.derive_pair(next, scopes, now)?;
        let pair = new.pair.clone();
        let exchange = Exchanging { old, new, ip: client.ip.clone(), now };
        let ended = self
            .change_identity(user_id, move |tx| {
                let exchange = exchange.clone();
                Box::pin(async move { exchange.apply(tx).await })
            })
            .await?;
        match ended {
            Exchange::Done => Ok(pair),
            Exchange::Stolen => Err(AccessError::NotSignedIn),
        }
    }

    /// Ends the family of a refresh token; one that is unknown has ended already.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn revoke_tokens(
        &self,
        refresh_token: &str,
        client: &Client,
    ) -> Result<(), AccessError> {
        let hash = sha256_hex(refresh_token.trim());
        let found = self.store.read().await?.identity().find_refresh_token(&hash).await?;
        let Some(token) = found.filter(|token| token.client.is_none()) else { return Ok(()) };
        self.end_family_of(&token, client).await
    }

    /// Ends the family of a token that whoever has it gave back.
    pub(crate) async fn end_family_of(
        &self,
        token: &RefreshToken,
        from: &Client,
    ) -> Result<(), AccessError> {
        let (user_id, family, now) = (token.user_id, token.family, self.clock.now());
        let draft = AuditDraft {
            action: "tokens.revoke",
            subject: format!("tokens {family}"),
            details: json!({}),
        };
        let origin = Origin {
            organization_id: Some(token.organization_id),
            user_id: Some(user_id),
            ip: from.ip.clone(),
        };
        let entry = draft.complete(origin, now);
        self.change_identity(user_id, move |tx| {
            let entry = entry.clone();
            Box::pin(async move {
                tx.access().lock_user(user_id).await?;
                tx.identity().end_family(family, now).await?;
                Ok(tx.audit().append(&entry).await?)
            })
        })
        .await
    }

    /// The pair after `last`, of the same family; the access token has `scopes`.
    pub(crate) fn derive_pair(
        &self,
        last: RefreshToken,
        scopes: Vec<Scope>,
        now: Timestamp,
    ) -> Result<NewPair, AccessError> {
        let (access_token, refresh_token) = (generate_api_key()?, generate_refresh_token()?);
        let lifetime = match last.client {
            Some(_) => CLIENT_TOKEN_LIFETIME,
            None => self.settings.access_token_lifetime,
        };
        let expires_at = now.plus(lifetime);
        let access = ApiKey {
            id: ApiKeyId::generate(),
            organization_id: last.organization_id,
            user_id: last.user_id,
            name: last.name.clone(),
            prefix: shown_prefix(&access_token),
            key_sha256: sha256_hex(&access_token),
            scopes: scopes.clone(),
            created_at: now,
            last_used_at: None,
            expires_at: Some(expires_at),
            revoked_at: None,
            family: Some(last.family),
            client: last.client,
        };
        let refresh = RefreshToken {
            token_sha256: sha256_hex(&refresh_token),
            created_at: now,
            expires_at: now.plus(self.settings.refresh_token_lifetime),
            ..last
        };
        let pair = TokenPair { access_token, refresh_token, expires_at, scopes };
        Ok(NewPair { access, refresh, pair })
    }
}

#[derive(Clone)]
struct Exchanging {
    old: RefreshToken,
    new: NewPair,
    ip: String,
    now: Timestamp,
}

impl Exchanging {
    async fn apply(&self, tx: &dyn Tx) -> Result<Exchange, AccessError> {
        // Whoever ends all tokens of the person at this moment ends the next pair too.
        tx.access().lock_user(self.old.user_id).await?;
        match tx.identity().use_refresh_token(&self.old.token_sha256, self.now).await {
            Ok(()) => {}
            Err(StoreError::NotFound { .. }) => return self.end_stolen(tx).await,
            Err(error) => return Err(error.into()),
        }
        tx.identity().revoke_access_tokens(self.old.family, self.now).await?;
        self.new.insert(tx).await?;
        let details = json!({
            "name": self.old.name,
            "before": { "scopes": self.old.scopes, "expires_at": self.old.expires_at },
            "after": {
                "scopes": self.new.pair.scopes, "expires_at": self.new.refresh.expires_at,
            },
        });
        tx.audit().append(&self.describe("tokens.refresh", details)).await?;
        Ok(Exchange::Done)
    }

    async fn end_stolen(&self, tx: &dyn Tx) -> Result<Exchange, AccessError> {
        tx.identity().end_family(self.old.family, self.now).await?;
        let details = json!({ "name": self.old.name });
        tx.audit().append(&self.describe("tokens.reuse", details)).await?;
        Ok(Exchange::Stolen)
    }

    /// A line about the family, in the name of whoever has the token.
    fn describe(&self, action: &'static str, details: Value) -> AuditEntry {
        let subject = format!("token family {}", self.old.family);
        let draft = AuditDraft { action, subject, details };
        let origin = Origin {
            organization_id: Some(self.old.organization_id),
            user_id: Some(self.old.user_id),
            ip: self.ip.clone(),
        };
        draft.complete(origin, self.now)
    }
}
