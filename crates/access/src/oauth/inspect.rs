//! What a token is good for (RFC 7662), and its end (RFC 7009).
//!
//! Invariants: a client asks about tokens of its own organization's clients, and ends its own
//! alone; whatever is not told is told alike.

use gantry_ports::store::{ApiKey, AuditEntry, ClientKind, OAuthClient, ReadTx};
use gantry_types::{OAuthClientId, OrganizationId, Scope, Timestamp, UserId};
use serde_json::json;

use super::{ClientCredentials, OAuthError};
use crate::Access;
use crate::audit::{AuditDraft, Origin};
use crate::authenticate::get_member;
use crate::error::AccessError;
use crate::secret::{API_KEY_PREFIX, sha256_hex};
use crate::sign_in::Client;

/// Which half of a pair a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Requests carry it.
    Access,
    /// It is exchanged for the next pair.
    Refresh,
}

/// What is told of a token that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFacts {
    /// Which half it is.
    pub kind: TokenKind,
    /// The client that has it.
    pub client: OAuthClientId,
    /// In whose data it works.
    pub organization_id: OrganizationId,
    /// In which person's name; `None` for the client itself.
    pub user_id: Option<UserId>,
    /// What for.
    pub scopes: Vec<Scope>,
    /// Since when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Access {
    /// What a token is good for; `None` for one that is not, or not the client's to ask about.
    ///
    /// # Errors
    /// [`OAuthError::InvalidClient`], also for a public client, which proves nothing;
    /// [`OAuthError::Access`].
    pub async fn inspect_token(
        &self,
        credentials: &ClientCredentials,
        token: &str,
    ) -> Result<Option<TokenFacts>, OAuthError> {
        let client = self.authenticate_client(credentials).await?;
        match client.kind {
            ClientKind::Confidential => {}
            ClientKind::Public => return Err(OAuthError::InvalidClient),
        }
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let Some(facts) = find_facts(snapshot.as_ref(), token.trim()).await? else {
            return Ok(None);
        };
        let holder = snapshot.clients().find_client(facts.client).await?;
        let is_theirs = holder.is_some_and(|of| of.organization_id == client.organization_id);
        if !is_theirs || facts.expires_at <= now {
            return Ok(None);
        }
        if let Some(user_id) = facts.user_id {
            match get_member(snapshot.access(), (user_id, facts.organization_id), now).await {
                Ok((user, _)) => {
                    let theirs = self.scopes_of(&user);
                    let scopes = facts.scopes.iter().copied();
                    let scopes = scopes.filter(|scope| theirs.contains(scope)).collect();
                    return Ok(Some(TokenFacts { scopes, ..facts }));
                }
                Err(AccessError::NotSignedIn) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some(facts))
    }

    /// Ends a token of the client's; one that is unknown, or another's, stays as it is.
    ///
    /// # Errors
    /// [`OAuthError::InvalidClient`], [`OAuthError::Access`].
    pub async fn revoke_client_token(
        &self,
        credentials: &ClientCredentials,
        token: &str,
        from: &Client,
    ) -> Result<(), OAuthError> {
        let client = self.authenticate_client(credentials).await?;
        let hash = sha256_hex(token.trim());
        if token.trim().starts_with(API_KEY_PREFIX) {
            return Ok(self.revoke_access_token(&client, &hash, from).await?);
        }
        let found = self.store.read().await?.identity().find_refresh_token(&hash).await?;
        let Some(token) = found.filter(|token| token.client == Some(client.id)) else {
            return Ok(());
        };
        Ok(self.end_family_of(&token, from).await?)
    }

    async fn revoke_access_token(
        &self,
        client: &OAuthClient,
        hash: &str,
        from: &Client,
    ) -> Result<(), AccessError> {
        let found = self.store.read().await?.access().find_api_key(hash).await?;
        let Some(key) = found.filter(|key| key.client == Some(client.id)) else {
            return Ok(());
        };
        let now = self.clock.now();
        let entry = describe_revoked(&key, client, (&from.ip, now));
        let revoked = self.change_identity(key.user_id, move |tx| {
            let entry = entry.clone();
            Box::pin(async move {
                tx.access().revoke_api_key(key.organization_id, key.id, now).await?;
                Ok(tx.audit().append(&entry).await?)
            })
        });
        match revoked.await {
            // It was revoked before.
            Err(AccessError::NotFound { .. }) => Ok(()),
            other => other,
        }
    }
}

/// A line of the audit log about an access token that its client gave back.
fn describe_revoked(
    key: &ApiKey,
    client: &OAuthClient,
    (ip, now): (&str, Timestamp),
) -> AuditEntry {
    let draft = AuditDraft {
        action: "client.revoke_token",
        subject: format!("client {}", client.id),
        details: json!({ "token": key.id }),
    };
    // Without a family it is the client's own token, which acts for no person.
    let origin = Origin {
        organization_id: Some(key.organization_id),
        user_id: key.family.map(|_| key.user_id),
        ip: ip.to_owned(),
    };
    draft.complete(origin, now)
}

/// What is kept of a token of a client that was not revoked or exchanged.
async fn find_facts(snapshot: &dyn ReadTx, token: &str) -> Result<Option<TokenFacts>, AccessError> {
    let hash = sha256_hex(token);
    if token.starts_with(API_KEY_PREFIX) {
        let key = snapshot.access().find_api_key(&hash).await?;
        let Some(key) = key.filter(|key| key.revoked_at.is_none()) else { return Ok(None) };
        let (Some(client), Some(expires_at)) = (key.client, key.expires_at) else {
            return Ok(None);
        };
        return Ok(Some(TokenFacts {
            kind: TokenKind::Access,
            client,
            organization_id: key.organization_id,
            user_id: key.family.map(|_| key.user_id),
            scopes: key.scopes,
            issued_at: key.created_at,
            expires_at,
        }));
    }
    let found = snapshot.identity().find_refresh_token(&hash).await?;
    let Some(token) = found.filter(|token| token.used_at.is_none()) else { return Ok(None) };
    Ok(token.client.map(|client| TokenFacts {
        kind: TokenKind::Refresh,
        client,
        organization_id: token.organization_id,
        user_id: Some(token.user_id),
        scopes: token.scopes,
        issued_at: token.created_at,
        expires_at: token.expires_at,
    }))
}
