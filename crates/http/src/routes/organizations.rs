//! A person's organizations, their names, and from where one may be used.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gantry_access::Actor;
use gantry_types::OrganizationId;

use super::auth::describe_me;
use crate::dto::{Me, NetworksBody, OrganizationRequest, SwitchRequest};
use crate::extract::{CurrentActor, JsonBody};
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

/// Leaves the organization that the session works in; the session moves to the personal one.
#[utoipa::path(post, path = "/organizations/leave", tag = "Members",
    responses((status = 204)))]
pub async fn leave_organization(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<StatusCode> {
    state.access().leave_organization(&actor).await?;
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

/// What is known of an actor whose session has just moved.
pub(super) async fn describe_place(
    state: &AppState,
    actor: Actor,
    organization_id: OrganizationId,
) -> Answer<Json<Me>> {
    describe_me(state, &Actor { organization_id, ..actor }).await
}
