//! A person's sessions.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gantry_types::SessionId;

use crate::dto::{ListOf, SessionBody};
use crate::extract::{CurrentActor, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// The sessions that have not ended, the last used first.
#[utoipa::path(get, path = "/sessions", tag = "Auth",
    responses((status = 200, body = ListOf<SessionBody>)))]
pub async fn list_sessions(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<ListOf<SessionBody>>> {
    let sessions = state.access().list_sessions(&actor).await?;
    Ok(Json(ListOf { items: sessions.into_iter().map(Into::into).collect() }))
}

/// Ends a session.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "Auth",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn end_session(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<SessionId>,
) -> Answer<StatusCode> {
    state.access().end_session(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
