//! The organization's audit log.

use axum::Json;
use axum::extract::State;
use gantry_types::AuditEntryId;

use crate::dto::{AuditEntryBody, PageOf, PageParams};
use crate::extract::{CurrentActor, Params};
use crate::problem::Answer;
use crate::state::AppState;

/// Who changed what; for owners and admins.
#[utoipa::path(get, path = "/audit", tag = "Account", params(PageParams),
    responses((status = 200, body = PageOf<AuditEntryBody>)))]
pub async fn list_audit(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(page): Params<PageParams>,
) -> Answer<Json<PageOf<AuditEntryBody>>> {
    let request = page.request(AuditEntryId::from_uuid)?;
    let entries = state.access().list_audit(&actor, &request).await?;
    Ok(Json(PageOf::of(entries, Into::into, AuditEntryId::as_uuid)))
}
