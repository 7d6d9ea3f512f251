//! What people have of flags, and flags as administrators turn them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gantry_access::AccessError;
use gantry_rules::flag_words::FlagKey;

use crate::dto::{
    FlagAnswersBody, FlagBody, FlagRequest, FlagTrialBody, FlagTrialRequest, ListOf, NewFlagRequest,
};
use crate::extract::{CurrentActor, JsonBody, PathText};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// What you have of the flags that people are told of; a few seconds old at most.
#[utoipa::path(get, path = "/flags", tag = "Account",
    responses((status = 200, body = FlagAnswersBody)))]
pub async fn get_flag_answers(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<FlagAnswersBody>> {
    Ok(Json(state.access().flags().list_answers(&actor).await?.into()))
}

/// All flags, by name. For administrators.
#[utoipa::path(get, path = "/admin/flags", tag = "Admin",
    responses((status = 200, body = ListOf<FlagBody>)))]
pub async fn list_flags(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<ListOf<FlagBody>>> {
    let flags = state.access().flags().list_flags(&actor).await?;
    Ok(Json(ListOf { items: flags.into_iter().map(Into::into).collect() }))
}

/// Makes a flag, which is obeyed at once here and within seconds by other processes. For
/// administrators.
#[utoipa::path(post, path = "/admin/flags", tag = "Admin",
    request_body = NewFlagRequest, responses((status = 201, body = FlagBody)))]
pub async fn create_flag(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<NewFlagRequest>,
) -> Answer<(StatusCode, Json<FlagBody>)> {
    let key = request.read_key()?;
    let made = state.access().flags().create_flag(&actor, request.into_flag(key)?).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// One flag. For administrators.
#[utoipa::path(get, path = "/admin/flags/{key}", tag = "Admin",
    params(("key" = String, Path)), responses((status = 200, body = FlagBody)))]
pub async fn get_flag(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathText(key): PathText,
) -> Answer<Json<FlagBody>> {
    Ok(Json(state.access().flags().get_flag(&actor, &key).await?.into()))
}

/// Changes a flag: its switch, its rules, its variants. What is left out is empty. For
/// administrators.
#[utoipa::path(put, path = "/admin/flags/{key}", tag = "Admin",
    params(("key" = String, Path)), request_body = FlagRequest,
    responses((status = 200, body = FlagBody)))]
pub async fn change_flag(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathText(key): PathText,
    JsonBody(request): JsonBody<FlagRequest>,
) -> Answer<Json<FlagBody>> {
    let base = request.base_revision;
    let flag = request.into_flag(parse_key(&key)?)?;
    Ok(Json(state.access().flags().change_flag(&actor, flag, base).await?.into()))
}

/// Removes a flag: all is as if there had never been one of this name. For administrators.
#[utoipa::path(delete, path = "/admin/flags/{key}", tag = "Admin",
    params(("key" = String, Path)), responses((status = 204)))]
pub async fn delete_flag(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathText(key): PathText,
) -> Answer<StatusCode> {
    state.access().flags().delete_flag(&actor, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says what an organization and a person have of a flag, and why. For administrators.
#[utoipa::path(post, path = "/admin/flags/{key}/try", tag = "Admin",
    params(("key" = String, Path)), request_body = FlagTrialRequest,
    responses((status = 200, body = FlagTrialBody)))]
pub async fn try_flag(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathText(key): PathText,
    JsonBody(request): JsonBody<FlagTrialRequest>,
) -> Answer<Json<FlagTrialBody>> {
    let answer = state.access().flags().try_flag(&actor, &key, request.into()).await?;
    Ok(Json(answer.into()))
}

/// What is no name of a flag names none.
fn parse_key(text: &str) -> Answer<FlagKey> {
    text.parse().map_err(|_| Problem::from(AccessError::NotFound { what: "flag" }))
}
