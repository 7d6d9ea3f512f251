//! The door of the API: who asks, how often, and whether a browser was tricked into asking.
//!
//! Invariants: every route under `/api/v1` passes here; a state-changing request with a cookie
//! needs the session's anti-forgery token, one with a key needs none; a key is of use only
//! where the plan includes the API, and counts where it limits it; answers to `GET` carry a tag.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gantry_access::{Actor, CallCount, Entrance, RequestRate, Via};
use gantry_rules::plan::Feature;
use gantry_types::ProblemCode;
use sha2::{Digest, Sha256};

use super::rate_limit::{ENTRANCE_LIFETIME, REFUSAL_LIFETIME, RateKey, RateState};
use crate::etag::is_known;
use crate::extract::{Identity, Peer, identify_at};
use crate::problem::{Answer, Problem};
use crate::state::{AppState, HttpSettings};

/// Where secrets can be guessed, or mails caused.
const SIGN_IN_PATHS: [&str; 15] = [
    "/auth/login",
    "/auth/register",
    "/auth/setup",
    "/auth/second-factor",
    "/auth/keep-account",
    "/auth/verify-email",
    "/auth/verify-email/resend",
    "/auth/password/forgot",
    "/auth/password/reset",
    "/begin",
    "/auth/passkeys/sign-in",
    "/callback",
    "/auth/tokens/refresh",
    "/auth/tokens/revoke",
    "/invitations/view",
];

/// Where people who are signed in cause mails to others, who did not ask for them.
const MAIL_PATHS: [&str; 2] = ["/auth/email", "/invitations"];

/// Where administrators sign in to administer; reading it guesses nothing.
const ADMIN_SESSION: &str = "/admin/session";

/// The header with the anti-forgery token.
const CSRF_HEADER: &str = "x-csrf-token";

/// Lets a request in, or answers why not.
pub async fn guard(
    State(state): State<AppState>,
    peer: Peer,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let identity = identify_at(path, &state, request.headers(), &peer).await;
    let way = (request.method(), path);
    let taken = match take_token(&state, way, &peer, identity.as_ref().ok()).await {
        Ok(taken) => taken,
        Err(problem) => return problem.into_response(),
    };
    let mut response = match taken.require(&state).and(identity) {
        Err(problem) => problem.into_response(),
        Ok(actor) => match require_honest(&state.settings, &request, actor.as_ref()) {
            Err(problem) => problem.into_response(),
            Ok(()) => {
                let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
                let headers = is_get.then(|| request.headers().clone());
                request.extensions_mut().insert(Identity(actor));
                let response = next.run(request).await;
                match headers {
                    Some(headers) => add_tag(&headers, response).await,
                    None => response,
                }
            }
        },
    };
    taken.rate.add_headers(response.headers_mut());
    response
}

/// A token that was taken, or was not there.
struct Taken {
    rate: RateState,
    /// What the plan says, where it is the plan that bounds the caller.
    plan: Option<RequestRate>,
}

impl Taken {
    const fn without_plan(rate: RateState) -> Self {
        Self { rate, plan: None }
    }

    /// Stops a caller without a token, and names the plan that would let them in.
    fn require(&self, state: &AppState) -> Answer<()> {
        let Some(plan) = self.plan else { return self.rate.require() };
        self.rate.require_by_plan(plan).map_err(|problem| {
            match state.billing().find_faster(plan.per_minute) {
                Some(faster) => problem.with_upgrade(faster),
                None => problem,
            }
        })
    }
}

async fn take_token(
    state: &AppState,
    (method, path): (&Method, &str),
    peer: &Peer,
    identity: Option<&Option<Actor>>,
) -> Answer<Taken> {
    let now = Instant::now();
    let signs_in = SIGN_IN_PATHS.iter().any(|end| path.ends_with(end))
        || method == Method::POST && path.ends_with(ADMIN_SESSION);
    if signs_in {
        let key = RateKey::SignIn(peer.network());
        let rate = state.limiter.take(key, state.settings.sign_in_rate, now);
        return Ok(Taken::without_plan(rate));
    }
    let Some(Some(actor)) = identity else {
        let key = RateKey::Address(peer.network());
        let rate = state.limiter.take(key, state.settings.anonymous_rate, now);
        return Ok(Taken::without_plan(rate));
    };
    let key = match (&actor.via, actor.user_id) {
        (Via::ApiKey { .. } | Via::Session { .. } | Via::Token | Via::System, Some(id)) => {
            RateKey::User(id)
        }
        (Via::ApiKey { .. }, None) => RateKey::Programs(actor.organization_id),
        (Via::Session { .. } | Via::Token | Via::System, None) => RateKey::Address(peer.network()),
    };
    let mut entrance = find_entrance(state, actor, ENTRANCE_LIFETIME).await?;
    let mut rate = state.limiter.take(key, entrance.rate, now);
    if rate.require().is_err() {
        entrance = find_entrance(state, actor, REFUSAL_LIFETIME).await?;
        rate = state.limiter.take(key, entrance.rate, now);
    }
    let mut plan = Some(entrance.rate);
    let mails = method == Method::POST && MAIL_PATHS.iter().any(|end| path.ends_with(end));
    if mails && rate.require().is_ok() {
        let key = RateKey::Mails(actor.organization_id);
        rate = state.limiter.take(key, state.settings.mail_rate, now);
        plan = None;
    }
    if let (Via::ApiKey { .. } | Via::Token, None) = (&actor.via, rate.require().err()) {
        let entrance = require_api(state, actor, entrance).await?;
        if entrance.calls == CallCount::Limited {
            state.jobs().count_api_call(actor.organization_id).await?;
        }
    }
    Ok(Taken { rate, plan })
}

/// A plan that was changed a moment ago must not refuse what the new one includes.
async fn require_api(
    state: &AppState,
    actor: &Actor,
    entrance: Arc<Entrance>,
) -> Answer<Arc<Entrance>> {
    if entrance.require(Feature::Api).is_ok() {
        return Ok(entrance);
    }
    let entrance = read_entrance(state, actor, Instant::now()).await?;
    entrance.require(Feature::Api)?;
    Ok(entrance)
}

async fn find_entrance(
    state: &AppState,
    actor: &Actor,
    lifetime: Duration,
) -> Answer<Arc<Entrance>> {
    let now = Instant::now();
    match state.limiter.find_entrance(actor.organization_id, now, lifetime) {
        Some(entrance) => Ok(entrance),
        None => read_entrance(state, actor, now).await,
    }
}

async fn read_entrance(state: &AppState, actor: &Actor, now: Instant) -> Answer<Arc<Entrance>> {
    let entrance = Arc::new(state.access().get_entrance(actor.organization_id).await?);
    state.limiter.keep_entrance(actor.organization_id, Arc::clone(&entrance), now);
    Ok(entrance)
}

/// Refuses what another site made a browser send.
fn require_honest(settings: &HttpSettings, request: &Request, actor: Option<&Actor>) -> Answer<()> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let via = actor.map(|actor| &actor.via);
    if let Some(Via::ApiKey { .. } | Via::Token | Via::System) = via {
        return Ok(());
    }
    require_same_origin(settings, request.headers())?;
    let Some(Via::Session { csrf_token, .. }) = via else {
        return Ok(());
    };
    // Signing in again needs no token: the page that does it may have none yet, and its origin
    // was checked.
    let path = request.uri().path();
    let is_begin = ["/auth/login", "/auth/register"].iter().any(|end| path.ends_with(end))
        || request.method() == Method::POST && path.ends_with(ADMIN_SESSION);
    if is_begin {
        return Ok(());
    }
    let given = request.headers().get(CSRF_HEADER).map(HeaderValue::as_bytes);
    if given.is_some_and(|given| Sha256::digest(given) == Sha256::digest(csrf_token.as_bytes())) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemCode::CsrfRejected,
        format!("The header `{CSRF_HEADER}` is missing or wrong."),
    )
    .with_next_step("Send `csrf_token` of GET /api/v1/auth/me in the header `X-CSRF-Token`."))
}

/// Refuses a request whose `Origin` is another site's.
///
/// # Errors
/// 403.
pub fn require_same_origin(settings: &HttpSettings, headers: &HeaderMap) -> Answer<()> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    let is_own = authority.is_some() && authority == host;
    let is_public = settings
        .public_url
        .as_deref()
        .is_some_and(|url| url.trim_end_matches('/').eq_ignore_ascii_case(origin));
    let is_allowed = settings.allowed_origins.iter().any(|allowed| allowed == origin);
    if is_own || is_public || is_allowed {
        return Ok(());
    }
    let shown: String = origin.chars().take(100).collect();
    Err(Problem::new(
        ProblemCode::CsrfRejected,
        format!("The request comes from the page of another site (`{shown}`)."),
    ))
}

/// Tags a JSON answer by its bytes, and answers 304 when the client has it.
async fn add_tag(request: &HeaderMap, response: Response) -> Response {
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes() == b"application/json");
    // Downloads carry the tag of their bytes, and are not read into memory.
    let is_tagged = response.headers().contains_key(header::ETAG);
    if response.status() != StatusCode::OK || !is_json || is_tagged {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // The body is in memory already, so there is no limit to pass.
    let bytes = match to_bytes(body, usize::MAX).await {
        Ok(bytes) => bytes,
        Err(error) => {
            return Problem::internal(format!("an answer broke: {error}")).into_response();
        }
    };
    let digest = Sha256::digest(&bytes);
    let etag = format!("W/\"{}\"", hex::encode(digest.get(..16).unwrap_or(&digest)));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        parts.headers.insert(header::ETAG, value);
    }
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    parts.headers.insert(header::VARY, HeaderValue::from_static("cookie, authorization"));
    if is_known(request, &etag) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin_is_taken(origin: &'static str) -> bool {
        let settings = HttpSettings {
            public_url: Some("https://gantry.example/".to_owned()),
            allowed_origins: vec!["http://localhost:5173".to_owned()],
            ..HttpSettings::default()
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8080"));
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        require_same_origin(&settings, &headers).is_ok()
    }

    #[test]
    fn only_our_own_origins_are_taken() {
        assert!(origin_is_taken("http://127.0.0.1:8080"));
        assert!(origin_is_taken("https://gantry.example"));
        assert!(origin_is_taken("http://localhost:5173"));
        for foreign in ["null", "https://evil.example", "http://127.0.0.1:8081", "127.0.0.1:8080"] {
            assert!(!origin_is_taken(foreign), "{foreign}");
        }
    }
}
