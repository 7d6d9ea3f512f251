//! Administrators look at frauds.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gantry_ports::store::FraudEventFilter;
use gantry_rewards::{Finding, NewBlock};
use gantry_types::{FraudBlockId, FraudEventId};

use crate::dto::{
    FraudBlockBody, FraudBlockRequest, FraudEventBody, FraudEventParams, FraudReviewRequest,
    PageOf, PageParams,
};
use crate::extract::{CurrentActor, JsonBody, Params, PathId};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const LONGEST_NOTE: usize = 500;

/// What was decided about claims of credits for ads, of every organization. For administrators.
#[utoipa::path(get, path = "/admin/fraud/events", tag = "Admin", params(FraudEventParams),
    responses((status = 200, body = PageOf<FraudEventBody>)))]
pub async fn list_fraud_events(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<FraudEventParams>,
) -> Answer<Json<PageOf<FraudEventBody>>> {
    let filter = FraudEventFilter {
        verdict: params.verdict,
        organization_id: params.account,
        open_only: params.open,
    };
    let page = PageParams { limit: params.limit, cursor: params.cursor, order: params.order };
    let request = page.request(FraudEventId::from_uuid)?;
    let events = state.rewards().list_fraud_events(&actor, &filter, &request).await?;
    Ok(Json(PageOf::of(events, Into::into, FraudEventId::as_uuid)))
}

/// Notes what was found about a decision, once. For administrators.
#[utoipa::path(post, path = "/admin/fraud/events/{id}/review", tag = "Admin",
    params(("id" = Uuid, Path)), request_body = FraudReviewRequest,
    responses((status = 200, body = FraudEventBody)))]
pub async fn review_fraud_event(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<FraudEventId>,
    JsonBody(request): JsonBody<FraudReviewRequest>,
) -> Answer<Json<FraudEventBody>> {
    if request.note.chars().count() > LONGEST_NOTE {
        let message = format!("Write at most {LONGEST_NOTE} characters.");
        return Err(Problem::invalid("/note", message));
    }
    let finding = Finding {
        outcome: request.outcome,
        note: request.note.trim().to_owned(),
        block: request.block,
    };
    let event = state.rewards().review_fraud_event(&actor, id, &finding).await?;
    Ok(Json(event.into()))
}

/// The devices and networks that fraud came from. For administrators.
#[utoipa::path(get, path = "/admin/fraud/blocks", tag = "Admin", params(PageParams),
    responses((status = 200, body = PageOf<FraudBlockBody>)))]
pub async fn list_fraud_blocks(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(page): Params<PageParams>,
) -> Answer<Json<PageOf<FraudBlockBody>>> {
    let request = page.request(FraudBlockId::from_uuid)?;
    let blocks = state.rewards().list_fraud_blocks(&actor, &request).await?;
    Ok(Json(PageOf::of(blocks, Into::into, FraudBlockId::as_uuid)))
}

/// Puts a device or a network on the list: claims from it are blocked. For administrators.
#[utoipa::path(post, path = "/admin/fraud/blocks", tag = "Admin",
    request_body = FraudBlockRequest, responses((status = 201, body = FraudBlockBody)))]
pub async fn add_fraud_block(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<FraudBlockRequest>,
) -> Answer<(StatusCode, Json<FraudBlockBody>)> {
    let new = NewBlock { kind: request.kind, value: request.value, reason: request.reason };
    let block = state.rewards().add_fraud_block(&actor, &new).await?;
    Ok((StatusCode::CREATED, Json(block.into())))
}

/// Takes something off the list. For administrators.
#[utoipa::path(delete, path = "/admin/fraud/blocks/{id}", tag = "Admin",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove_fraud_block(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<FraudBlockId>,
) -> Answer<StatusCode> {
    state.rewards().remove_fraud_block(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
