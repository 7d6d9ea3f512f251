//! Clients prove who they are, and take tokens (RFC 6749, 3.2).
//!
//! Invariants: an unknown client and a wrong secret cost the same and are answered alike; a client
//! takes what is its own alone; by itself it acts as its organization, and as no person.

use std::time::Duration;

use gantry_ports::store::{ApiKey, ClientKind, OAuthClient, StoreExt};
use gantry_types::{ApiKeyId, OAuthClientId, Scope, Timestamp};
use serde_json::json;

use super::{CLIENT_TOKEN_LIFETIME, OAuthError, parse_scopes};
use crate::Access;
use crate::audit::{AuditDraft, Origin};
use crate::authenticate::get_member;
use crate::error::AccessError;
use crate::secret::{generate_api_key, sha256_hex, shown_prefix};
use crate::sign_in::Client;
use crate::tokens::TokenPair;

/// How old the note of the last use may be.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

/// What a client shows of itself.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ClientCredentials {
    /// Its identifier.
    pub client_id: String,
    /// Its secret, if it has one.
    pub secret: Option<String>,
}

/// For what a client wants tokens.
#[derive(Clone, PartialEq, Eq)]
pub enum GrantRequest {
    /// For a code (RFC 6749, 4.1.3).
    Code {
        /// The code.
        code: String,
        /// Where it was sent to.
        redirect_uri: String,
        /// What the challenge was made from.
        verifier: String,
    },
    /// For itself (4.4).
    Itself {
        /// Scopes divided by spaces.
        scope: String,
    },
    /// For a refresh token (6).
    Refresh {
        /// The token.
        token: String,
        /// Scopes divided by spaces, none that was not granted.
        scope: String,
    },
}

/// Tokens that were just made; the secrets are shown this once.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedTokens {
    /// What requests carry.
    pub access_token: String,
    /// What is exchanged for the next pair; a client for itself has none.
    pub refresh_token: Option<String>,
    /// For how long the access token is good.
    pub lifetime: Duration,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
}

impl IssuedTokens {
    pub(super) fn of(pair: TokenPair, now: Timestamp) -> Self {
        Self {
            access_token: pair.access_token,
            refresh_token: Some(pair.refresh_token),
            lifetime: pair.expires_at.since(now),
            scopes: pair.scopes,
        }
    }
}

impl Access {
    /// Gives a client tokens.
    ///
    /// # Errors
    /// [`OAuthError`].
    pub async fn issue_client_tokens(
        &self,
        credentials: &ClientCredentials,
        wanted: GrantRequest,
        from: &Client,
    ) -> Result<IssuedTokens, OAuthError> {
        let client = self.authenticate_client(credentials).await?;
        match wanted {
            GrantRequest::Code { code, redirect_uri, verifier } => {
                self.exchange_code(&client, (&code, &redirect_uri, &verifier), from).await
            }
            GrantRequest::Itself { scope } => self.issue_own_token(&client, &scope, from).await,
            GrantRequest::Refresh { token, scope } => {
                self.refresh_client_tokens(&client, (&token, &scope), from).await
            }
        }
    }

    /// The client that showed good credentials.
    pub(super) async fn authenticate_client(
        &self,
        credentials: &ClientCredentials,
    ) -> Result<OAuthClient, OAuthError> {
        // Hashed before the client is looked up, so that it takes its time in any case.
        let given = credentials.secret.as_deref().map(sha256_hex);
        let id: OAuthClientId =
            credentials.client_id.parse().map_err(|_| OAuthError::InvalidClient)?;
        let client = self.store.read().await?.clients().find_client(id).await?;
        let client = client.ok_or(OAuthError::InvalidClient)?;
        let is_proven = match (client.kind, given) {
            (ClientKind::Confidential, Some(hash)) => hash == client.secret_sha256,
            (ClientKind::Public, None) => true,
            (ClientKind::Confidential, None) | (ClientKind::Public, Some(_)) => false,
        };
        if !is_proven {
            return Err(OAuthError::InvalidClient);
        }
        let now = self.clock.now();
        if client.last_used_at.is_none_or(|last| now.since(last) >= TOUCH_EVERY) {
            let id = client.id;
            self.store
                .write::<(), OAuthError, _>(move |tx| {
                    Box::pin(async move { Ok(tx.clients().touch_client(id, now).await?) })
                })
                .await?;
        }
        Ok(client)
    }

    async fn issue_own_token(
        &self,
        client: &OAuthClient,
        scope: &str,
        from: &Client,
    ) -> Result<IssuedTokens, OAuthError> {
        match client.kind {
            ClientKind::Confidential => {}
            ClientKind::Public => return Err(OAuthError::UnauthorizedClient),
        }
        let most: Vec<Scope> =
            client.scopes.iter().copied().filter(|scope| is_for_programs(*scope)).collect();
        let scopes = parse_scopes(scope, &most)?;
        if scopes.is_empty() {
            return Err(OAuthError::InvalidScope);
        }
        let now = self.clock.now();
        let access_token = generate_api_key()?;
        let key = ApiKey {
            id: ApiKeyId::generate(),
            organization_id: client.organization_id,
            user_id: client.created_by,
            name: client.name.clone(),
            prefix: shown_prefix(&access_token),
            key_sha256: sha256_hex(&access_token),
            scopes: scopes.clone(),
            created_at: now,
            last_used_at: None,
            expires_at: Some(now.plus(CLIENT_TOKEN_LIFETIME)),
            revoked_at: None,
            family: None,
            client: Some(client.id),
        };
        let draft = AuditDraft {
            action: "client.take_own_token",
            subject: format!("client {}", client.id),
            details: json!({ "token": key.id, "scopes": key.scopes }),
        };
        // It acts as its organization, and as no person.
        let organization_id = Some(client.organization_id);
        let origin = Origin { organization_id, user_id: None, ip: from.ip.clone() };
        let entry = draft.complete(origin, now);
        let (id, hash) = (client.id, client.secret_sha256.clone());
        self.store
            .write::<(), OAuthError, _>(move |tx| {
                let (key, hash, entry) = (key.clone(), hash.clone(), entry.clone());
                Box::pin(async move {
                    // It may have been removed, or its secret replaced, a moment ago.
                    let client = tx.clients().find_client(id).await?;
                    if client.is_none_or(|client| client.secret_sha256 != hash) {
                        return Err(OAuthError::InvalidClient);
                    }
                    tx.access().insert_api_key(&key).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        let lifetime = CLIENT_TOKEN_LIFETIME;
        Ok(IssuedTokens { access_token, refresh_token: None, lifetime, scopes })
    }

    async fn refresh_client_tokens(
        &self,
        client: &OAuthClient,
        (token, scope): (&str, &str),
        from: &Client,
    ) -> Result<IssuedTokens, OAuthError> {
        let refused = OAuthError::grant("the refresh token is unknown, ended, or was used before");
        let old = self.find_renewable(token).await?;
        let old = old.filter(|token| token.client == Some(client.id));
        let old = old.ok_or_else(|| refused.clone())?;
        let scopes = parse_scopes(scope, &old.scopes)?;
        let snapshot = self.store.read().await?;
        let whose = (old.user_id, old.organization_id);
        let member = get_member(snapshot.access(), whose, self.clock.now()).await;
        drop(snapshot);
        if let Err(error) = member {
            return Err(or_refused(error, refused));
        }
        let pair = self.exchange(old, scopes, from).await;
        let pair = pair.map_err(|error| or_refused(error, refused))?;
        Ok(IssuedTokens::of(pair, self.clock.now()))
    }
}

/// What a client may do by itself: the account and the installation are matters of persons.
const fn is_for_programs(scope: Scope) -> bool {
    match scope {
        Scope::Read | Scope::Run | Scope::Data => true,
        Scope::Account | Scope::Admin => false,
    }
}

/// Who is nobody any more is told in the words of OAuth.
pub(super) fn or_refused(error: AccessError, refused: OAuthError) -> OAuthError {
    if error == AccessError::NotSignedIn { refused } else { error.into() }
}
