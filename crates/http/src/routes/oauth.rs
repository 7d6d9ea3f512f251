//! Where clients of OAuth 2.0 take, examine and end tokens, in the words of its standards
//! (RFC 6749, 7009, 7662, 8414).
//!
//! Invariants: a refusal is JSON as RFC 6749 (5.2) has it and is kept by nobody; where secrets can
//! be guessed, an address may ask as often as for signing in.

use std::time::Instant;

use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gantry_access::{
    ClientCredentials, GrantRequest, IssuedTokens, OAuthError, TokenFacts, TokenKind,
};
use gantry_types::Scope;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::extract::{Peer, Scheme};
use crate::middleware::RateKey;
use crate::problem::{Answer, InOwnWords};
use crate::state::{AppState, HttpSettings};

/// The routes, which are not under the API's root: their addresses and bodies are the standards'.
pub fn oauth_routes() -> Router<AppState> {
    Router::new()
        .route("/oauth/token", post(take_tokens))
        .route("/oauth/revoke", post(revoke_token))
        .route("/oauth/introspect", post(inspect_token))
        .route("/.well-known/oauth-authorization-server", get(describe_server))
}

/// What the forms send; each route uses a part of it.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Fields {
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
    refresh_token: String,
    scope: String,
    client_id: String,
    client_secret: Option<String>,
    token: String,
}

/// What a client sent, with what it shows of itself.
struct Asked {
    credentials: ClientCredentials,
    fields: Fields,
}

type Sent = Result<Form<Fields>, FormRejection>;

async fn take_tokens(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    form: Sent,
) -> Answer {
    require_rate(&state, &peer)?;
    let taken = match read(&headers, form) {
        Ok(asked) => match derive_wanted(asked.fields) {
            Ok(wanted) => {
                let client = peer.client(&headers);
                state.access().issue_client_tokens(&asked.credentials, wanted, &client).await
            }
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    match taken {
        Ok(tokens) => Ok(uncached(Json(describe_tokens(tokens)).into_response())),
        Err(error) => refuse(error),
    }
}

async fn revoke_token(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    form: Sent,
) -> Answer {
    require_rate(&state, &peer)?;
    let revoked = match read(&headers, form).and_then(require_token) {
        Ok(asked) => {
            let client = peer.client(&headers);
            let token = &asked.fields.token;
            state.access().revoke_client_token(&asked.credentials, token, &client).await
        }
        Err(error) => Err(error),
    };
    match revoked {
        Ok(()) => Ok(uncached(StatusCode::OK.into_response())),
        Err(error) => refuse(error),
    }
}

async fn inspect_token(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    form: Sent,
) -> Answer {
    require_rate(&state, &peer)?;
    let found = match read(&headers, form).and_then(require_token) {
        Ok(asked) => state.access().inspect_token(&asked.credentials, &asked.fields.token).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(facts) => {
            let issuer = derive_issuer(&state.settings, &peer, &headers);
            Ok(uncached(Json(describe_facts(facts, &issuer)).into_response()))
        }
        Err(error) => refuse(error),
    }
}

async fn describe_server(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
) -> Json<Value> {
    let issuer = derive_issuer(&state.settings, &peer, &headers);
    let scopes: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let proofs = ["client_secret_basic", "client_secret_post", "none"];
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/oauth/authorize"),
        "token_endpoint": format!("{issuer}/oauth/token"),
        "revocation_endpoint": format!("{issuer}/oauth/revoke"),
        "introspection_endpoint": format!("{issuer}/oauth/introspect"),
        "service_documentation": format!("{issuer}/api/docs/"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "token_endpoint_auth_methods_supported": proofs,
        "revocation_endpoint_auth_methods_supported": proofs,
        "introspection_endpoint_auth_methods_supported": &proofs[..2],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

/// The server's name: where people reach it.
pub fn derive_issuer(settings: &HttpSettings, peer: &Peer, headers: &HeaderMap) -> String {
    if let Some(url) = &settings.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let scheme = match peer.scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

fn require_rate(state: &AppState, peer: &Peer) -> Answer<()> {
    let key = RateKey::SignIn(peer.network());
    state.limiter.take(key, state.settings.sign_in_rate, Instant::now()).require()
}

/// Reads the form, and the client's credentials from it or from the header, never both.
fn read(headers: &HeaderMap, form: Sent) -> Result<Asked, OAuthError> {
    let unreadable = "the body must be application/x-www-form-urlencoded, each parameter once";
    let Form(mut fields) = form.map_err(|_| OAuthError::InvalidRequest { reason: unreadable })?;
    let texts = [&fields.code, &fields.redirect_uri, &fields.token, &fields.refresh_token];
    if texts.iter().any(|text| text.contains('\0')) {
        return Err(OAuthError::InvalidRequest { reason: "there is a NUL character" });
    }
    let secret = fields.client_secret.take();
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        let client_id = fields.client_id.clone();
        return Ok(Asked { credentials: ClientCredentials { client_id, secret }, fields });
    };
    if secret.is_some() {
        let reason = "the client proves itself by header and by body; send one of them";
        return Err(OAuthError::InvalidRequest { reason });
    }
    let credentials = read_basic(value).ok_or(OAuthError::InvalidClient)?;
    if !fields.client_id.is_empty() && fields.client_id != credentials.client_id {
        return Err(OAuthError::InvalidClient);
    }
    Ok(Asked { credentials, fields })
}

/// Identifiers and secrets are of letters, digits, `-` and `_`, which no encoding changes.
fn read_basic(value: &HeaderValue) -> Option<ClientCredentials> {
    let (scheme, text) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(text.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (client_id, secret) = text.split_once(':')?;
    Some(ClientCredentials {
        client_id: client_id.to_owned(),
        secret: Some(secret.to_owned()).filter(|secret| !secret.is_empty()),
    })
}

fn require_token(asked: Asked) -> Result<Asked, OAuthError> {
    if asked.fields.token.is_empty() {
        return Err(OAuthError::InvalidRequest { reason: "token is missing" });
    }
    Ok(asked)
}

fn derive_wanted(fields: Fields) -> Result<GrantRequest, OAuthError> {
    let missing = |reason| Err(OAuthError::InvalidRequest { reason });
    match fields.grant_type.as_str() {
        "authorization_code" if fields.code.is_empty() => missing("code is missing"),
        "authorization_code" if fields.code_verifier.is_empty() => {
            missing("code_verifier is missing")
        }
        "authorization_code" => Ok(GrantRequest::Code {
            code: fields.code,
            redirect_uri: fields.redirect_uri,
            verifier: fields.code_verifier,
        }),
        "client_credentials" => Ok(GrantRequest::Itself { scope: fields.scope }),
        "refresh_token" if fields.refresh_token.is_empty() => missing("refresh_token is missing"),
        "refresh_token" => {
            Ok(GrantRequest::Refresh { token: fields.refresh_token, scope: fields.scope })
        }
        "" => missing("grant_type is missing"),
        _ => Err(OAuthError::UnsupportedGrantType),
    }
}

fn describe_tokens(tokens: IssuedTokens) -> Value {
    let mut body = json!({
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": tokens.lifetime.as_secs(),
        "scope": join(&tokens.scopes),
    });
    if let Some(token) = tokens.refresh_token {
        body["refresh_token"] = json!(token);
    }
    body
}

fn describe_facts(facts: Option<TokenFacts>, issuer: &str) -> Value {
    let Some(facts) = facts else { return json!({ "active": false }) };
    let seconds = |micros: i64| micros.div_euclid(1_000_000);
    let kind = match facts.kind {
        TokenKind::Access => "Bearer",
        TokenKind::Refresh => "refresh_token",
    };
    let subject = match facts.user_id {
        Some(user_id) => user_id.to_string(),
        None => facts.client.to_string(),
    };
    json!({
        "active": true,
        "token_type": kind,
        "scope": join(&facts.scopes),
        "client_id": facts.client,
        "sub": subject,
        "organization_id": facts.organization_id,
        "iat": seconds(facts.issued_at.as_micros()),
        "exp": seconds(facts.expires_at.as_micros()),
        "iss": issuer,
    })
}

fn join(scopes: &[Scope]) -> String {
    let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    words.join(" ")
}

/// A refusal in the words of RFC 6749 (5.2); what failed on our side is a problem.
fn refuse(error: OAuthError) -> Answer {
    let status = match &error {
        OAuthError::Access(error) => return Err(error.clone().into()),
        OAuthError::InvalidClient => StatusCode::UNAUTHORIZED,
        OAuthError::InvalidRequest { .. }
        | OAuthError::InvalidGrant { .. }
        | OAuthError::UnauthorizedClient
        | OAuthError::UnsupportedGrantType
        | OAuthError::UnsupportedResponseType
        | OAuthError::InvalidScope
        | OAuthError::AccessDenied => StatusCode::BAD_REQUEST,
    };
    let body = json!({ "error": error.code(), "error_description": error.to_string() });
    let mut response = uncached((status, Json(body)).into_response());
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"oauth\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response.extensions_mut().insert(InOwnWords);
    Ok(response)
}

fn uncached(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
