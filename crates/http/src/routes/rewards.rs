//! Credits for watching ads.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use gantry_ports::store::FraudEvent;
use gantry_rewards::{CallbackReceived, Claimed, NewClaim, RewardStatus};
use gantry_rules::fraud::Verdict;
use gantry_types::{AdSessionId, ProblemCode};

use crate::dto::{
    AdEventRequest, AdSessionBody, CallbackBody, ClaimBody, ClaimRequest, RewardsBody,
};
use crate::extract::{CurrentActor, JsonBody, PathId, Peer};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// How long a provider's callback usually takes, in seconds.
const SOON: u64 = 2;

/// What can be earned by ads now, and when.
#[utoipa::path(get, path = "/rewards", tag = "Rewards",
    responses((status = 200, body = RewardsBody)))]
pub async fn get_rewards(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    peer: Peer,
) -> Answer<Json<RewardsBody>> {
    Ok(Json(state.rewards().status(&actor, peer.ip).await?.into()))
}

/// Asks for an ad. While a limit is reached the answer is 429 with `remaining` and `retry_after_s`.
#[utoipa::path(post, path = "/rewards/sessions", tag = "Rewards",
    responses((status = 201, body = AdSessionBody)))]
pub async fn begin_ad(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    peer: Peer,
) -> Answer<(StatusCode, Json<AdSessionBody>)> {
    let begun = state.rewards().begin_ad(&actor, peer.ip).await?;
    Ok((StatusCode::CREATED, Json(begun.into())))
}

/// Notes what an app tells of an ad.
#[utoipa::path(post, path = "/rewards/sessions/{id}/events", tag = "Rewards",
    params(("id" = Uuid, Path)), request_body = AdEventRequest, responses((status = 204)))]
pub async fn note_ad_event(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<AdSessionId>,
    JsonBody(request): JsonBody<AdEventRequest>,
) -> Answer<StatusCode> {
    state.rewards().note_progress(&actor, id, request.event.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends an ad of the sandbox, as if it had been watched.
#[utoipa::path(post, path = "/rewards/sessions/{id}/sandbox", tag = "Rewards",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn watch_sandbox_ad(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<AdSessionId>,
) -> Answer<StatusCode> {
    state.rewards().watch_in_sandbox(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Claims the credits of an ad that was watched. 202 until its provider has told so; 403 for a claim
/// that was blocked. A claim may be repeated: an ad gives once.
#[utoipa::path(post, path = "/rewards/claims", tag = "Rewards", request_body = ClaimRequest,
    responses((status = 200, body = ClaimBody), (status = 202, body = ClaimBody)))]
pub async fn claim_reward(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(request): JsonBody<ClaimRequest>,
) -> Answer<Response> {
    let claim = NewClaim {
        session_id: request.session_id,
        fingerprint: request.fingerprint,
        ip: peer.ip,
        user_agent: peer.client(&headers).user_agent,
    };
    match state.rewards().claim(&actor, &claim).await? {
        Claimed::Pending => Ok(tell_pending()),
        Claimed::Decided { event, status } => tell_decided(&event, status),
    }
}

fn tell_pending() -> Response {
    let body = ClaimBody {
        status: "pending",
        credits: 0,
        under_review: false,
        retry_after_s: Some(SOON),
        rewards: None,
    };
    let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(SOON));
    response
}

fn tell_decided(event: &FraudEvent, status: RewardStatus) -> Answer<Response> {
    if event.lot_id.is_none() {
        return Err(Problem::new(
            ProblemCode::Forbidden,
            "This claim looks like fraud, so no credits were given.",
        )
        .with("fraud_event_id", event.id.to_string())
        .with_next_step("Somebody looks at it; if it is a mistake, the credits come then."));
    }
    let body = ClaimBody {
        status: "given",
        credits: event.credits.get(),
        under_review: event.verdict == Verdict::Flag && event.review.is_none(),
        retry_after_s: None,
        rewards: Some(status.into()),
    };
    Ok(Json(body).into_response())
}

/// A provider of ads tells, signed by it, that somebody watched one.
#[utoipa::path(get, path = "/rewards/callbacks/{provider}", tag = "Rewards", security(()),
    params(("provider" = String, Path, description = "Such as `admob`.")),
    responses((status = 200, body = CallbackBody)))]
pub async fn receive_ad_callback(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    uri: Uri,
) -> Answer<Json<CallbackBody>> {
    let query = uri.query().unwrap_or_default();
    let received = state.rewards().receive_callback(&provider, query).await?;
    let outcome = match received {
        CallbackReceived::Applied => "applied",
        CallbackReceived::Ignored => "ignored",
        CallbackReceived::Known => "known",
        CallbackReceived::Kept => "kept",
    };
    Ok(Json(CallbackBody { outcome }))
}
