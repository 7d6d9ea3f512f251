//! Administrators look at what payment providers told, and decide what stayed unclear.

use axum::Json;
use axum::extract::State;
use gantry_types::PaymentEventId;

use crate::dto::{
    DismissRequest, PageOf, PaymentEventBody, PaymentEventParams, PaymentEventTextBody,
};
use crate::extract::{CurrentActor, JsonBody, Params, PathId};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const LONGEST_REASON: usize = 200;

/// What payment providers told, and what became of it. For administrators.
#[utoipa::path(get, path = "/admin/payment-events", tag = "Admin", params(PaymentEventParams),
    responses((status = 200, body = PageOf<PaymentEventBody>)))]
pub async fn list_payment_events(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<PaymentEventParams>,
) -> Answer<Json<PageOf<PaymentEventBody>>> {
    let (filter, page) = params.split();
    let request = page.request(PaymentEventId::from_uuid)?;
    let events = state.billing().list_payment_events(&actor, &filter, &request).await?;
    Ok(Json(PageOf::of(events, Into::into, PaymentEventId::as_uuid)))
}

/// One event with the text that its provider sent; the audit log says who read it. For
/// administrators.
#[utoipa::path(get, path = "/admin/payment-events/{id}", tag = "Admin",
    params(("id" = Uuid, Path)), responses((status = 200, body = PaymentEventTextBody)))]
pub async fn get_payment_event(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<PaymentEventId>,
) -> Answer<Json<PaymentEventTextBody>> {
    Ok(Json(state.billing().get_payment_event(&actor, id).await?.into()))
}

/// Tries an unclear event now, also one that was given up; the answer says what became of it. For
/// administrators.
#[utoipa::path(post, path = "/admin/payment-events/{id}/apply", tag = "Admin",
    params(("id" = Uuid, Path)), responses((status = 200, body = PaymentEventBody)))]
pub async fn apply_payment_event(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<PaymentEventId>,
) -> Answer<Json<PaymentEventBody>> {
    Ok(Json(state.billing().apply_payment_event(&actor, id).await?.into()))
}

/// Puts an unclear event aside: nothing follows from it. For administrators.
#[utoipa::path(post, path = "/admin/payment-events/{id}/dismiss", tag = "Admin",
    params(("id" = Uuid, Path)), request_body = DismissRequest,
    responses((status = 200, body = PaymentEventBody)))]
pub async fn dismiss_payment_event(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<PaymentEventId>,
    JsonBody(request): JsonBody<DismissRequest>,
) -> Answer<Json<PaymentEventBody>> {
    let reason = request.reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        let message = format!("Give a reason of 1 to {LONGEST_REASON} characters.");
        return Err(Problem::invalid("/reason", message));
    }
    Ok(Json(state.billing().dismiss_payment_event(&actor, id, reason).await?.into()))
}
