//! Limits that administrators give single accounts.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use gantry_access::{Permission, require};
use gantry_billing::LimitDraft;
use gantry_types::OrganizationId;

use crate::dto::{LimitOverridesBody, LimitOverridesRequest};
use crate::extract::{CurrentActor, JsonBody, PathId, parse_id};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Limits of one request.
const MOST: usize = 100;

/// The limits that an account has in place of its plan's. For administrators.
#[utoipa::path(get, path = "/admin/accounts/{id}/overrides", tag = "Admin",
    params(("id" = Uuid, Path)), responses((status = 200, body = LimitOverridesBody)))]
pub async fn list_limit_overrides(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<OrganizationId>,
) -> Answer<Json<LimitOverridesBody>> {
    Ok(Json(state.billing().limits(&actor, id).await?.into()))
}

/// Gives an account limits in place of its plan's, all of the list or none. Those that it has and
/// that are not named stay. For administrators.
#[utoipa::path(put, path = "/admin/accounts/{id}/overrides", tag = "Admin",
    params(("id" = Uuid, Path)), request_body = LimitOverridesRequest,
    responses((status = 200, body = LimitOverridesBody)))]
pub async fn set_limit_overrides(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<OrganizationId>,
    JsonBody(request): JsonBody<LimitOverridesRequest>,
) -> Answer<Json<LimitOverridesBody>> {
    require(&actor, Permission::Administer)?;
    if !(1..=MOST).contains(&request.overrides.len()) {
        return Err(Problem::invalid("/overrides", format!("Give 1 to {MOST} limits.")));
    }
    let drafts: Vec<LimitDraft> = request.overrides.into_iter().map(Into::into).collect();
    Ok(Json(state.billing().set_limits(&actor, id, &drafts).await?.into()))
}

/// Takes a limit back, so that the plan's holds again. For administrators.
#[utoipa::path(delete, path = "/admin/accounts/{id}/overrides/{limit}", tag = "Admin",
    params(("id" = Uuid, Path), ("limit" = String, Path, description = "Such as `seats`.")),
    responses((status = 204)))]
pub async fn delete_limit_override(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Path((id, limit)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let id: OrganizationId = parse_id(&id)?;
    state.billing().drop_limit(&actor, id, &limit).await?;
    Ok(StatusCode::NO_CONTENT)
}
