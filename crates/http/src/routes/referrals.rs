//! Referrals: an organization's code, and whom it brought.

use axum::Json;
use axum::extract::State;
use gantry_types::ReferralId;

use super::billing::derive_address;
use crate::dto::{AdminReferralBody, PageOf, PageParams, ReferralCodeBody, ReferralsBody};
use crate::extract::{CurrentActor, Params};
use crate::problem::Answer;
use crate::state::AppState;

/// What referrals bring, the organization's code, and whom it brought; nobody's address is shown.
#[utoipa::path(get, path = "/referrals", tag = "Billing", params(PageParams),
    responses((status = 200, body = ReferralsBody)))]
pub async fn list_referrals(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(page): Params<PageParams>,
) -> Answer<Json<ReferralsBody>> {
    let request = page.request(ReferralId::from_uuid)?;
    let view = state.billing().referrals(&actor, &request).await?;
    Ok(Json(ReferralsBody::new(view, |code| derive_page(&state, code))))
}

/// The organization's code, made now if there is none.
#[utoipa::path(post, path = "/referrals", tag = "Billing",
    responses((status = 200, body = ReferralCodeBody)))]
pub async fn make_referral_code(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<ReferralCodeBody>> {
    let code = state.billing().make_referral_code(&actor).await?;
    let url = derive_page(&state, &code);
    Ok(Json(ReferralCodeBody { code, url }))
}

/// Every referral of the installation. For administrators.
#[utoipa::path(get, path = "/admin/referrals", tag = "Admin", params(PageParams),
    responses((status = 200, body = PageOf<AdminReferralBody>)))]
pub async fn list_all_referrals(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(page): Params<PageParams>,
) -> Answer<Json<PageOf<AdminReferralBody>>> {
    let request = page.request(ReferralId::from_uuid)?;
    let referrals = state.billing().list_all_referrals(&actor, &request).await?;
    Ok(Json(PageOf::of(referrals, Into::into, ReferralId::as_uuid)))
}

/// Where newcomers register with a code.
fn derive_page(state: &AppState, code: &str) -> String {
    derive_address(state, &format!("/sign-up?ref={code}"))
}
