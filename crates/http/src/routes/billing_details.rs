//! To whom the organization has its invoices written.

use axum::Json;
use axum::extract::State;
use gantry_billing::BillingError;
use gantry_rules::billing_details::BillingDetails;

use crate::dto::BillingDetailsAnswer;
use crate::extract::{CurrentActor, JsonBody};
use crate::problem::Answer;
use crate::state::AppState;

/// To whom invoices of this installation's numbering are written; a payment provider that writes
/// invoices keeps its own details, on its own pages.
#[utoipa::path(get, path = "/account/billing-details", tag = "Billing",
    responses((status = 200, body = BillingDetailsAnswer)))]
pub async fn get_billing_details(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<BillingDetailsAnswer>> {
    Ok(Json(state.billing().find_billing_details(&actor).await?.into()))
}

/// Sets them, or removes them by `null`; invoices that are written already stay as they are.
#[utoipa::path(put, path = "/account/billing-details", tag = "Billing",
    request_body = BillingDetailsAnswer,
    responses((status = 200, body = BillingDetailsAnswer)))]
pub async fn set_billing_details(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<BillingDetailsAnswer>,
) -> Answer<Json<BillingDetailsAnswer>> {
    let details = request.details.map(BillingDetails::try_from).transpose();
    let details = details.map_err(BillingError::from)?;
    Ok(Json(state.billing().set_billing_details(&actor, details).await?.into()))
}
