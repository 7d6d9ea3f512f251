//! Administrators look at people, suspend, ban and reinstate them.

use axum::Json;
use axum::extract::State;
use gantry_access::{Actor, NewRestriction};
use gantry_ports::store::Home;
use gantry_types::UserId;

use crate::dto::{
    AdminUserBody, AdminUserDetailBody, AdminUserParams, BanRequest, PageOf, PageParams,
    ReinstateRequest, SuspendRequest,
};
use crate::extract::{CurrentActor, JsonBody, Params, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// People of all organizations. For administrators.
#[utoipa::path(get, path = "/admin/users", tag = "Admin", params(AdminUserParams),
    responses((status = 200, body = PageOf<AdminUserBody>)))]
pub async fn list_users(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<AdminUserParams>,
) -> Answer<Json<PageOf<AdminUserBody>>> {
    let page = PageParams { limit: params.limit, cursor: params.cursor, order: params.order };
    let request = page.request(UserId::from_uuid)?;
    let wanted = (params.search, params.status.map(Into::into));
    let (people, now) = state.access().list_people(&actor, wanted, &request).await?;
    let body = |person| AdminUserBody::new(person, now, |home| is_low(&state, home));
    Ok(Json(PageOf::of(people, body, UserId::as_uuid)))
}

/// A person and their organizations. For administrators.
#[utoipa::path(get, path = "/admin/users/{id}", tag = "Admin", params(("id" = Uuid, Path)),
    responses((status = 200, body = AdminUserDetailBody)))]
pub async fn get_user(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<UserId>,
) -> Answer<Json<AdminUserDetailBody>> {
    let facts = state.access().find_person(&actor, id).await?;
    Ok(Json(AdminUserDetailBody::new(facts, |home| is_low(&state, home))))
}

/// Keeps a person out, for a time or until they are reinstated: they are signed out everywhere,
/// and their keys are not taken meanwhile. For administrators.
#[utoipa::path(post, path = "/admin/users/{id}/suspend", tag = "Admin",
    params(("id" = Uuid, Path)), request_body = SuspendRequest,
    responses((status = 200, body = AdminUserBody)))]
pub async fn suspend_user(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<UserId>,
    JsonBody(request): JsonBody<SuspendRequest>,
) -> Answer<Json<AdminUserBody>> {
    let wanted = NewRestriction::Suspension { until: request.until };
    state.access().restrict(&actor, id, (wanted, &request.reason)).await?;
    read_user(&state, &actor, id).await
}

/// Keeps a person out for good; jobs of organizations that only they own are stopped, and their
/// schedules are paused. For administrators.
#[utoipa::path(post, path = "/admin/users/{id}/ban", tag = "Admin",
    params(("id" = Uuid, Path)), request_body = BanRequest,
    responses((status = 200, body = AdminUserBody)))]
pub async fn ban_user(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<UserId>,
    JsonBody(request): JsonBody<BanRequest>,
) -> Answer<Json<AdminUserBody>> {
    let wanted = (NewRestriction::Ban, request.reason.as_str());
    let done = state.access().restrict(&actor, id, wanted).await?;
    state.jobs().halt_organizations(done.halted).await?;
    read_user(&state, &actor, id).await
}

/// Lets a person who was suspended or banned sign in again. For administrators.
#[utoipa::path(post, path = "/admin/users/{id}/reinstate", tag = "Admin",
    params(("id" = Uuid, Path)), request_body = ReinstateRequest,
    responses((status = 200, body = AdminUserBody)))]
pub async fn reinstate_user(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<UserId>,
    JsonBody(request): JsonBody<ReinstateRequest>,
) -> Answer<Json<AdminUserBody>> {
    state.access().reinstate(&actor, id, &request.note).await?;
    read_user(&state, &actor, id).await
}

async fn read_user(state: &AppState, actor: &Actor, id: UserId) -> Answer<Json<AdminUserBody>> {
    let facts = state.access().find_person(actor, id).await?;
    let is_low = |home: &Home| is_low(state, home);
    Ok(Json(AdminUserBody::new(facts.person, facts.now, is_low)))
}

fn is_low(state: &AppState, home: &Home) -> bool {
    state.billing().is_low(home.derive_balance())
}
