//! Members of an organization, and invitations to it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gantry_access::NewInvitation;
use gantry_types::{InvitationId, UserId};

use super::organizations::describe_place;
use crate::dto::{
    InvitationBody, InvitationRequest, Me, OfferedPlace, RoleRequest, RosterBody, TokenRequest,
};
use crate::extract::{CurrentActor, JsonBody, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// The members, and the invitations that are open.
#[utoipa::path(get, path = "/members", tag = "Members",
    responses((status = 200, body = RosterBody)))]
pub async fn list_members(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<RosterBody>> {
    Ok(Json(state.access().roster(&actor).await?.into()))
}

/// Gives a member another role.
#[utoipa::path(patch, path = "/members/{id}", tag = "Members", params(("id" = Uuid, Path)),
    request_body = RoleRequest, responses((status = 204)))]
pub async fn change_member(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<UserId>,
    JsonBody(request): JsonBody<RoleRequest>,
) -> Answer<StatusCode> {
    state.access().change_role(&actor, id, request.role).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a member, with their sessions and keys in the organization.
#[utoipa::path(delete, path = "/members/{id}", tag = "Members", params(("id" = Uuid, Path)),
    responses((status = 204)))]
pub async fn remove_member(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<UserId>,
) -> Answer<StatusCode> {
    state.access().remove_member(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Invites somebody by mail.
#[utoipa::path(post, path = "/invitations", tag = "Members",
    request_body = InvitationRequest, responses((status = 201, body = InvitationBody)))]
pub async fn invite(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<InvitationRequest>,
) -> Answer<Response> {
    let wanted = NewInvitation { email: request.email, role: request.role };
    let invitation = state.access().invite(&actor, wanted).await?;
    Ok((StatusCode::CREATED, Json(InvitationBody::from(invitation))).into_response())
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/invitations/{id}", tag = "Members",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn withdraw_invitation(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<InvitationId>,
) -> Answer<StatusCode> {
    state.access().withdraw_invitation(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an invitation offers, by the secret of its link.
#[utoipa::path(post, path = "/invitations/view", tag = "Members", security(()),
    request_body = TokenRequest, responses((status = 200, body = OfferedPlace)))]
pub async fn view_invitation(
    State(state): State<AppState>,
    JsonBody(request): JsonBody<TokenRequest>,
) -> Answer<Json<OfferedPlace>> {
    let (invitation, organization) = state.access().find_invitation(&request.token).await?;
    Ok(Json(OfferedPlace { organization, email: invitation.email, role: invitation.role }))
}

/// Accepts an invitation; the session moves to the organization.
#[utoipa::path(post, path = "/invitations/accept", tag = "Members",
    request_body = TokenRequest, responses((status = 200, body = Me)))]
pub async fn accept_invitation(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<TokenRequest>,
) -> Answer<Json<Me>> {
    let place = state.access().accept_invitation(&actor, &request.token).await?;
    describe_place(&state, actor, place).await
}
