//! A person agrees that a client acts for them.
//!
//! Invariants: nobody is sent to an address that the client did not register; only somebody at
//! their browser agrees, and to no more than they may do themselves; a session that has ended
//! meanwhile grants nothing.

use gantry_ports::store::{AuthorizationCode, OAuthClient, StoreExt};
use gantry_types::{Locale, OAuthClientId, Scope, TokenFamilyId};
use serde_json::json;

use super::pkce::is_challenge;
use super::{CODE_LIFETIME, OAuthError, parse_scopes};
use crate::Access;
use crate::actor::Actor;
use crate::confirm::lock_signed_in;
use crate::secret::{generate_code, sha256_hex};

/// What a client asks for, as it came in the query (RFC 6749, 4.1.1; RFC 7636, 4.3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthorizationRequest {
    /// `code`.
    pub response_type: String,
    /// Which client.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Scopes divided by spaces; all of the client's if empty.
    pub scope: String,
    /// The challenge.
    pub code_challenge: String,
    /// `S256`.
    pub code_challenge_method: String,
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The client's name.
    pub client_name: String,
    /// Who registered it.
    pub client_organization: String,
    /// In whose data it is to work.
    pub organization: String,
    /// Who is asked.
    pub email: String,
    /// Their language.
    pub locale: Locale,
    /// What for: asked for, and theirs to grant.
    pub scopes: Vec<Scope>,
}

impl Access {
    /// The client of a request whose answer may be sent to where it says.
    ///
    /// # Errors
    /// [`OAuthError::InvalidClient`], [`OAuthError::InvalidRequest`] for another address,
    /// [`OAuthError::Access`]; the answer must not be sent there.
    pub async fn get_asking_client(
        &self,
        request: &AuthorizationRequest,
    ) -> Result<OAuthClient, OAuthError> {
        let id: OAuthClientId = request.client_id.parse().map_err(|_| OAuthError::InvalidClient)?;
        let client = self.store.read().await?.clients().find_client(id).await?;
        let client = client.ok_or(OAuthError::InvalidClient)?;
        if !client.redirect_uris.contains(&request.redirect_uri) {
            return Err(OAuthError::request(
                "redirect_uri is not one that the client registered, letter by letter",
            ));
        }
        Ok(client)
    }

    /// What the person is asked, if the request is one.
    ///
    /// # Errors
    /// [`OAuthError`], to be sent to where the request says; [`OAuthError::Access`] for a key.
    pub async fn describe_consent(
        &self,
        actor: &Actor,
        client: &OAuthClient,
        request: &AuthorizationRequest,
    ) -> Result<Consent, OAuthError> {
        let scopes = check_request(actor, client, request)?;
        let (user, _) = self.require_session(actor).await?;
        let snapshot = self.store.read().await?;
        let access = snapshot.access();
        let name_of = |organization: Option<gantry_ports::store::Organization>| {
            organization.map(|organization| organization.name).unwrap_or_default()
        };
        let theirs = access.find_organization(client.organization_id).await?;
        let own = access.find_organization(actor.organization_id).await?;
        Ok(Consent {
            client_name: client.name.clone(),
            client_organization: name_of(theirs),
            organization: name_of(own),
            email: user.email,
            locale: user.locale,
            scopes,
        })
    }

    /// Grants what was asked; answers the code for the client.
    ///
    /// # Errors
    /// As [`Access::describe_consent`].
    pub async fn grant_code(
        &self,
        actor: &Actor,
        client: &OAuthClient,
        request: &AuthorizationRequest,
    ) -> Result<String, OAuthError> {
        let scopes = check_request(actor, client, request)?;
        let (user, session) = self.require_session(actor).await?;
        let now = self.clock.now();
        let secret = generate_code()?;
        let code = AuthorizationCode {
            code_sha256: sha256_hex(&secret),
            client: client.id,
            organization_id: actor.organization_id,
            user_id: user.id,
            redirect_uri: request.redirect_uri.clone(),
            challenge: request.code_challenge.clone(),
            scopes,
            family: TokenFamilyId::generate(),
            created_at: now,
            expires_at: now.plus(CODE_LIFETIME),
            used_at: None,
        };
        let details = json!({ "name": client.name, "scopes": code.scopes });
        let subject = format!("client {}", client.id);
        let entry = actor.audit_entry("client.grant", &subject, details, now);
        self.store
            .write::<(), OAuthError, _>(move |tx| {
                let (code, entry) = (code.clone(), entry.clone());
                Box::pin(async move {
                    lock_signed_in(tx, (code.user_id, session)).await?;
                    tx.clients().insert_code(&code).await?;
                    Ok(tx.audit().append(&entry).await?)
                })
            })
            .await?;
        Ok(secret)
    }
}

/// What may be granted of what is asked for.
fn check_request(
    actor: &Actor,
    client: &OAuthClient,
    request: &AuthorizationRequest,
) -> Result<Vec<Scope>, OAuthError> {
    if request.response_type != "code" {
        return Err(OAuthError::UnsupportedResponseType);
    }
    if request.code_challenge_method != "S256" {
        return Err(OAuthError::request("code_challenge_method must be S256"));
    }
    if !is_challenge(&request.code_challenge) {
        return Err(OAuthError::request(
            "code_challenge must be the SHA-256 of the verifier in URL-safe base 64",
        ));
    }
    let mut scopes = parse_scopes(&request.scope, &client.scopes)?;
    scopes.retain(|scope| actor.scopes.contains(scope));
    if scopes.is_empty() { Err(OAuthError::InvalidScope) } else { Ok(scopes) }
}
