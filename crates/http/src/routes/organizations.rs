//! A person's organizations, their names, their end, and from where one may be used.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gantry_access::Actor;
use gantry_types::OrganizationId;

use super::auth::describe_me;
use crate::dto::{
    ClosingBody, ClosingList, Me, NetworksBody, OrganizationRequest, PasswordRequest, SwitchRequest,
};
use crate::extract::{CurrentActor, JsonBody, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Makes an organization; the session moves there.
#[utoipa::path(post, path = "/organizations", tag = "Members",
    request_body = OrganizationRequest, responses((status = 201, body = Me)))]
pub async fn create_organization(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<OrganizationRequest>,
) -> Answer<Response> {
    let id = state.access().create_organization(&actor, &request.name).await?;
    let me = describe_place(&state, actor, id).await?;
    Ok((StatusCode::CREATED, me).into_response())
}

/// Gives the organization another name; for its owners.
#[utoipa::path(patch, path = "/organizations", tag = "Members",
    request_body = OrganizationRequest, responses((status = 200, body = Me)))]
pub async fn rename_organization(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<OrganizationRequest>,
) -> Answer<Json<Me>> {
    state.access().rename_organization(&actor, &request.name).await?;
    describe_me(&state, &actor).await
}

/// Moves the session to another of the person's organizations.
#[utoipa::path(post, path = "/organizations/switch", tag = "Members",
    request_body = SwitchRequest, responses((status = 200, body = Me)))]
pub async fn switch_organization(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<SwitchRequest>,
) -> Answer<Json<Me>> {
    state.access().switch_organization(&actor, request.organization_id).await?;
    describe_place(&state, actor, request.organization_id).await
}

/// Leaves the organization that the session works in; the session moves to the personal one,
/// or to another that lets this address in.
#[utoipa::path(post, path = "/organizations/leave", tag = "Members",
    responses((status = 204)))]
pub async fn leave_organization(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<StatusCode> {
    state.access().leave_organization(&actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Your organizations that are about to be erased, and that you may keep as their owner.
#[utoipa::path(get, path = "/organizations/closing", tag = "Members",
    responses((status = 200, body = ClosingList)))]
pub async fn list_closing_organizations(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<ClosingList>> {
    let places = state.access().list_closing_places(&actor).await?;
    Ok(Json(ClosingList { items: places.into_iter().map(Into::into).collect() }))
}

/// Closes the organization that the session works in; for its owners, and not for a personal one.
/// Its sessions move to the personal organizations of their people, its keys are revoked, what it
/// pays for is cancelled; and after the grace, within which an owner may keep it, everything that it
/// had is erased.
#[utoipa::path(post, path = "/organizations/closing", tag = "Members",
    request_body = PasswordRequest, responses((status = 200, body = ClosingBody)))]
pub async fn close_organization(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<PasswordRequest>,
) -> Answer<Json<ClosingBody>> {
    let place = state.access().close_organization(&actor, request.password).await?;
    // What does not succeed now is done by the chore.
    if let Err(error) = state.billing().end_with_closings(state.access()).await {
        tracing::warn!(%error, "a closed organization's subscription is to be cancelled later");
    }
    Ok(Json(place.into()))
}

/// Keeps an organization that was to be closed; for its owners, until its time has come.
#[utoipa::path(delete, path = "/organizations/closing/{id}", tag = "Members",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn keep_organization(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<OrganizationId>,
) -> Answer<StatusCode> {
    state.access().keep_organization(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// From which network addresses the organization may be used.
#[utoipa::path(get, path = "/organizations/networks", tag = "Members",
    responses((status = 200, body = NetworksBody)))]
pub async fn get_networks(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<NetworksBody>> {
    let networks = state.access().list_allowed_networks(&actor).await?.to_texts();
    Ok(Json(NetworksBody { networks }))
}

/// Sets them; a list without your own address is refused.
#[utoipa::path(put, path = "/organizations/networks", tag = "Members",
    request_body = NetworksBody, responses((status = 200, body = NetworksBody)))]
pub async fn set_networks(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<NetworksBody>,
) -> Answer<Json<NetworksBody>> {
    let networks = state.access().set_allowed_networks(&actor, &request.networks).await?;
    Ok(Json(NetworksBody { networks: networks.to_texts() }))
}

/// Lets an organization be used from everywhere again, whose allowed networks shut its people out.
/// For administrators.
#[utoipa::path(delete, path = "/admin/organizations/{id}/networks", tag = "Admin",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn lift_networks(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<OrganizationId>,
) -> Answer<StatusCode> {
    state.access().lift_allowed_networks(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is known of an actor whose session has just moved.
pub(super) async fn describe_place(
    state: &AppState,
    actor: Actor,
    organization_id: OrganizationId,
) -> Answer<Json<Me>> {
    describe_me(state, &Actor { organization_id, ..actor }).await
}
