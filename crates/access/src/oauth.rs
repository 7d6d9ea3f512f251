//! OAuth 2.0 for programs of others: clients, the consent of people, tokens (RFC 6749, 7636, 7009,
//! 7662; practice by RFC 9700).
//!
//! Invariants: a client proves who it is before anything is told; a code needs S256, is good once
//! and for a minute, and one that comes twice ends what it gave; a token never has a scope that the
//! client, the person or the grant does not have.

mod authorize;
mod change_client;
mod clients;
mod first_tokens;
mod grants;
mod inspect;
mod pkce;
mod redirect_uri;
mod tokens;

pub use authorize::{AuthorizationRequest, Consent};
pub(crate) use clients::draft_removal;
pub use clients::{ClientDraft, IssuedClient};
pub use inspect::{TokenFacts, TokenKind};
pub use redirect_uri::origin_of_redirect;
pub use tokens::{ClientCredentials, GrantRequest, IssuedTokens};

use std::time::Duration;

use gantry_ports::StoreError;
use gantry_types::Scope;

use crate::error::AccessError;

/// How long an access token of a client is good.
pub(crate) const CLIENT_TOKEN_LIFETIME: Duration = Duration::from_hours(1);
/// How long a code is good.
const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// What OAuth refuses, by the words of RFC 6749 (4.1.2.1 and 5.2).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// A parameter is missing or wrong.
    #[error("{reason}")]
    InvalidRequest {
        /// Which, and what is expected.
        reason: &'static str,
    },
    /// The client is unknown, or did not prove who it is.
    #[error("the client is unknown, or did not prove who it is")]
    InvalidClient,
    /// A code or refresh token is not good.
    #[error("{reason}")]
    InvalidGrant {
        /// Why.
        reason: &'static str,
    },
    /// The client may not do this.
    #[error("a public client has no secret, so that it cannot act by itself")]
    UnauthorizedClient,
    /// There is no such grant type.
    #[error("the grant types are authorization_code, client_credentials and refresh_token")]
    UnsupportedGrantType,
    /// There is no such response type.
    #[error("the response type is code")]
    UnsupportedResponseType,
    /// A scope is unknown, or more than may be asked for.
    #[error("a scope is unknown, or more than was granted or the client is registered for")]
    InvalidScope,
    /// The person said no.
    #[error("the person did not agree")]
    AccessDenied,
    /// Access refused or failed.
    #[error(transparent)]
    Access(AccessError),
}

impl OAuthError {
    /// The word of RFC 6749; `server_error` for what is none of its.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest { .. } => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant { .. } => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::Access(_) => "server_error",
        }
    }

    pub(crate) const fn request(reason: &'static str) -> Self {
        Self::InvalidRequest { reason }
    }

    pub(crate) const fn grant(reason: &'static str) -> Self {
        Self::InvalidGrant { reason }
    }
}

impl From<AccessError> for OAuthError {
    fn from(error: AccessError) -> Self {
        Self::Access(error)
    }
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        Self::Access(error.into())
    }
}

/// Scopes divided by spaces (RFC 6749, 3.3); all of `most` where none is named.
fn parse_scopes(text: &str, most: &[Scope]) -> Result<Vec<Scope>, OAuthError> {
    let mut scopes = Vec::new();
    for word in text.split_ascii_whitespace() {
        let scope: Scope = word.parse().map_err(|_| OAuthError::InvalidScope)?;
        if !most.contains(&scope) {
            return Err(OAuthError::InvalidScope);
        }
        scopes.push(scope);
    }
    if scopes.is_empty() {
        return Ok(most.to_vec());
    }
    scopes.sort_unstable();
    scopes.dedup();
    Ok(scopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_never_widened() {
        let most = [Scope::Read, Scope::Run];
        assert_eq!(parse_scopes("", &most), Ok(most.to_vec()));
        assert_eq!(parse_scopes("run  run", &most), Ok(vec![Scope::Run]));
        for wrong in ["data", "read data", "read,run", "READ", "everything"] {
            assert_eq!(parse_scopes(wrong, &most), Err(OAuthError::InvalidScope), "{wrong}");
        }
    }
}
