//! Registering, signing in and out, and who is signed in.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gantry_access::{Actor, Credentials, Registrant, SignedIn};
use gantry_ports::store::PlanChoice;
use gantry_rules::plan::Interval;
use gantry_types::ProblemCode;

use crate::dto::{LoginRequest, Me, RegisterRequest, SecondFactorRequest, SetupRequest};
use crate::extract::{CurrentActor, JsonBody, Peer, SESSION_COOKIE, Scheme};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Creates the first administrator; possible only while there is no user.
#[utoipa::path(post, path = "/auth/setup", tag = "Auth", security(()),
    request_body = SetupRequest, responses((status = 201, body = Me)))]
pub async fn set_up(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<SetupRequest>,
) -> Answer {
    let registrant = Registrant {
        credentials: Credentials { email: request.email, password: request.password },
        name: request.name,
        invitation: None,
        referral_code: None,
        plan: None,
    };
    let client = peer.client(&headers);
    let signed_in = state.access().set_up(registrant, &request.token, &client).await?;
    with_cookie(StatusCode::CREATED, &peer, signed_in)
}

/// Creates an account and signs in.
#[utoipa::path(post, path = "/auth/register", tag = "Auth", security(()),
    request_body = RegisterRequest, responses((status = 201, body = Me)))]
pub async fn register(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<RegisterRequest>,
) -> Answer {
    let interval = request.interval.map(Into::into);
    let plan = match &request.plan {
        Some(slug) => choose_plan(&state, slug, interval)?,
        None => None,
    };
    let registrant = Registrant {
        credentials: Credentials { email: request.email, password: request.password },
        name: request.name,
        invitation: request.invitation,
        referral_code: request.referral_code,
        plan,
    };
    let signed_in = state.access().register_user(registrant, &peer.client(&headers)).await?;
    with_cookie(StatusCode::CREATED, &peer, signed_in)
}

/// The paid plan that somebody who registers means to buy.
///
/// # Errors
/// 422 that lists what can be chosen.
pub fn choose_plan(
    state: &AppState,
    slug: &str,
    interval: Option<Interval>,
) -> Answer<Option<PlanChoice>> {
    state.billing().choose_plan(slug, interval).map_err(|error| {
        let refused = Problem::from(error);
        let pointer = if refused.code() == ProblemCode::Conflict { "/interval" } else { "/plan" };
        Problem::new(ProblemCode::InvalidParameters, refused.detail())
            .with_error(pointer, refused.detail())
            .with_next_step("GET /api/v1/plans lists what is sold here.")
    })
}

/// Signs in by e-mail and password; the answer sets the session's cookie. Where a code is needed
/// too, the problem `second_factor_required` carries a `challenge`.
#[utoipa::path(post, path = "/auth/login", tag = "Auth", security(()),
    request_body = LoginRequest, responses((status = 200, body = Me)))]
pub async fn login(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<LoginRequest>,
) -> Answer {
    let credentials = Credentials { email: request.email, password: request.password };
    let signed_in = state.access().sign_in(credentials, &peer.client(&headers)).await?;
    with_cookie(StatusCode::OK, &peer, signed_in)
}

/// Finishes a sign-in by a code of the authenticator app, or a recovery code.
#[utoipa::path(post, path = "/auth/second-factor", tag = "Auth", security(()),
    request_body = SecondFactorRequest, responses((status = 200, body = Me)))]
pub async fn finish_login(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<SecondFactorRequest>,
) -> Answer {
    let client = peer.client(&headers);
    let access = state.access();
    let signed_in = access.finish_sign_in(&request.challenge, &request.code, &client).await?;
    with_cookie(StatusCode::OK, &peer, signed_in)
}

/// Signs out: ends the session and clears its cookie.
#[utoipa::path(post, path = "/auth/logout", tag = "Auth", responses((status = 204)))]
pub async fn logout(
    State(state): State<AppState>,
    peer: Peer,
    CurrentActor(actor): CurrentActor,
) -> Answer {
    state.access().sign_out(&actor).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::SET_COOKIE, empty_cookie(&peer)?);
    Ok(response)
}

/// Who is signed in.
#[utoipa::path(get, path = "/auth/me", tag = "Auth", responses((status = 200, body = Me)))]
pub async fn get_me(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<Me>> {
    describe_me(&state, &actor).await
}

/// What is known of an actor, read anew.
pub(super) async fn describe_me(state: &AppState, actor: &Actor) -> Answer<Json<Me>> {
    let profile = state.access().profile(actor).await?;
    Ok(Json(Me::new(actor, profile)))
}

pub(super) fn with_cookie(status: StatusCode, peer: &Peer, signed_in: SignedIn) -> Answer {
    let cookie = session_cookie(peer, &signed_in)?;
    let me = Me::new(&signed_in.actor, signed_in.profile);
    let mut response: Response = (status, Json(me)).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The cookie of a new session.
pub fn session_cookie(peer: &Peer, signed_in: &SignedIn) -> Answer<HeaderValue> {
    let age = signed_in.lifetime.as_secs();
    cookie(peer, SESSION_COOKIE, signed_in.token.expose(), age)
}

/// The cookie that makes a browser forget its session.
pub fn empty_cookie(peer: &Peer) -> Answer<HeaderValue> {
    cookie(peer, SESSION_COOKIE, "", 0)
}

/// A cookie for the whole site.
pub fn cookie(peer: &Peer, name: &str, value: &str, seconds: u64) -> Answer<HeaderValue> {
    cookie_under("/", peer, (name, value), seconds)
}

/// A cookie that scripts cannot read and other sites' forms do not send, for the paths under
/// `path`.
pub fn cookie_under(
    path: &str,
    peer: &Peer,
    (name, value): (&str, &str),
    seconds: u64,
) -> Answer<HeaderValue> {
    let secure = match peer.scheme {
        Scheme::Https => "; Secure",
        Scheme::Http => "",
    };
    let text =
        format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).map_err(|_| Problem::internal("a cookie is no header value"))
}
