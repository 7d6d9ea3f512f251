//! A code is exchanged for the first tokens of a grant (RFC 6749, 4.1.3).
//!
//! Invariant: a code that comes twice was stolen, by now or before, so what it gave ends.

use gantry_ports::StoreError;
use gantry_ports::store::{AuditEntry, AuthorizationCode, OAuthClient, RefreshToken, Tx};
use gantry_types::Timestamp;
use serde_json::{Value, json};

use super::OAuthError;
use super::pkce::is_proof;
use super::tokens::{IssuedTokens, or_refused};
use crate::Access;
use crate::audit::{AuditDraft, Origin};
use crate::authenticate::get_member;
use crate::error::AccessError;
use crate::secret::sha256_hex;
use crate::sign_in::Client;
use crate::tokens::NewPair;

/// How an exchange ended.
enum Exchange {
    Done,
    /// The code came before, or who granted it withdrew it.
    Refused,
}

impl Access {
    /// Exchanges a code: the code, where it was sent to, and what its challenge was made from.
    pub(super) async fn exchange_code(
        &self,
        client: &OAuthClient,
        (code, redirect_uri, verifier): (&str, &str, &str),
        from: &Client,
    ) -> Result<IssuedTokens, OAuthError> {
        let refused = OAuthError::grant("the code is unknown, ended, or was used before");
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let found = snapshot.clients().find_code(&sha256_hex(code.trim())).await?;
        let found = found.filter(|code| code.client == client.id);
        let code = found.ok_or_else(|| refused.clone())?;
        let whose = (code.user_id, code.organization_id);
        let member = get_member(snapshot.access(), whose, now).await;
        drop(snapshot);
        // One that was used goes on, to end what it gave.
        if code.used_at.is_none() {
            if code.expires_at <= now {
                return Err(refused);
            }
            if code.redirect_uri != redirect_uri {
                return Err(OAuthError::grant("redirect_uri is not where the code was sent to"));
            }
            if !is_proof(verifier, &code.challenge) {
                return Err(OAuthError::grant("code_verifier does not fit the challenge"));
            }
            if let Err(error) = member {
                return Err(or_refused(error, refused));
            }
        }
        let new = self.derive_first_pair(client, &code, now)?;
        let pair = new.pair.clone();
        let user_id = code.user_id;
        let exchanging = Exchanging { code, new, ip: from.ip.clone(), now };
        let ended = self
            .change_identity(user_id, move |tx| {
                let exchanging = exchanging.clone();
                Box::pin(async move { exchanging.apply(tx).await })
            })
            .await?;
        match ended {
            Exchange::Done => Ok(IssuedTokens::of(pair, now)),
            Exchange::Refused => Err(refused),
        }
    }

    fn derive_first_pair(
        &self,
        client: &OAuthClient,
        code: &AuthorizationCode,
        now: Timestamp,
    ) -> Result<NewPair, AccessError> {
        let first = RefreshToken {
            token_sha256: String::new(),
            family: code.family,
            organization_id: code.organization_id,
            user_id: code.user_id,
            name: client.name.clone(),
            scopes: code.scopes.clone(),
            created_at: now,
            expires_at: now,
            used_at: None,
            client: Some(client.id),
        };
        self.derive_pair(first, code.scopes.clone(), now)
    }
}

#[derive(Clone)]
struct Exchanging {
    code: AuthorizationCode,
    new: NewPair,
    ip: String,
    now: Timestamp,
}

impl Exchanging {
    async fn apply(&self, tx: &dyn Tx) -> Result<Exchange, AccessError> {
        // Whoever ends all tokens of the person at this moment ends this pair too.
        tx.access().lock_user(self.code.user_id).await?;
        // The client may have been removed a moment ago, and its codes with it.
        if tx.clients().find_client(self.code.client).await?.is_none() {
            return Ok(Exchange::Refused);
        }
        match tx.clients().use_code(&self.code.code_sha256, self.now).await {
            Ok(()) => {}
            Err(StoreError::NotFound { .. }) => return self.end_stolen(tx).await,
            Err(error) => return Err(error.into()),
        }
        self.new.insert(tx).await?;
        let details = json!({ "family": self.code.family, "scopes": self.code.scopes });
        tx.audit().append(&self.describe("client.take_tokens", details)).await?;
        Ok(Exchange::Done)
    }

    async fn end_stolen(&self, tx: &dyn Tx) -> Result<Exchange, AccessError> {
        tx.identity().end_family(self.code.family, self.now).await?;
        tx.audit().append(&self.describe("client.code_reuse", json!({}))).await?;
        Ok(Exchange::Refused)
    }

    fn describe(&self, action: &'static str, details: Value) -> AuditEntry {
        let subject = format!("client {}", self.code.client);
        let draft = AuditDraft { action, subject, details };
        let origin = Origin {
            organization_id: Some(self.code.organization_id),
            user_id: Some(self.code.user_id),
            ip: self.ip.clone(),
        };
        draft.complete(origin, self.now)
    }
}
