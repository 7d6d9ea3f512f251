//! The account: plan, balance, meters, ledger.

use axum::Json;
use axum::extract::State;
use gantry_types::LedgerEntryId;

use crate::dto::{AccountBody, LedgerEntryBody, PageOf, PageParams};
use crate::extract::{CurrentActor, Params};
use crate::problem::Answer;
use crate::state::AppState;

/// What the account has and does now.
#[utoipa::path(get, path = "/account", tag = "Account",
    responses((status = 200, body = AccountBody)))]
pub async fn get_account(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<AccountBody>> {
    Ok(Json(state.billing().account(&actor).await?.into()))
}

/// The ledger.
#[utoipa::path(get, path = "/account/ledger", tag = "Account", params(PageParams),
    responses((status = 200, body = PageOf<LedgerEntryBody>)))]
pub async fn list_ledger(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(page): Params<PageParams>,
) -> Answer<Json<PageOf<LedgerEntryBody>>> {
    let request = page.request(LedgerEntryId::from_uuid)?;
    let entries = state.billing().ledger(&actor, &request).await?;
    Ok(Json(PageOf::of(entries, Into::into, LedgerEntryId::as_uuid)))
}
