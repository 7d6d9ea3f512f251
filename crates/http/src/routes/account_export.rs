//! Everything that is kept about a person, for that person.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::content::{Disposition, Download, refuse_range};
use crate::dto::{AccountExportBody, AccountExportState, PasswordRequest};
use crate::extract::{CurrentActor, JsonBody, find_range};
use crate::problem::{Answer, Problem};
use crate::state::AppState;
use gantry_types::ProblemCode;

/// Begins an export of everything that is kept about the person, as a job. While one is made, that
/// one answers.
#[utoipa::path(post, path = "/account/export", tag = "Account",
    request_body = PasswordRequest, responses((status = 202, body = AccountExportBody)))]
pub async fn ask_for_export(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<PasswordRequest>,
) -> Answer<(StatusCode, Json<AccountExportBody>)> {
    let person = state.access().confirm_person(&actor, request.password).await?;
    let export = state.catalog().ask_for_export(&actor, &person).await?;
    Ok((StatusCode::ACCEPTED, Json(export.into())))
}

/// The person's newest export.
#[utoipa::path(get, path = "/account/export", tag = "Account",
    responses((status = 200, body = AccountExportState)))]
pub async fn get_account_export(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<AccountExportState>> {
    let export = state.catalog().find_export(&actor).await?;
    Ok(Json(AccountExportState { export: export.map(Into::into) }))
}

/// The bytes of the person's newest export, or one range of them. Nobody else can have them.
#[utoipa::path(get, path = "/account/export/content", tag = "Account",
    responses((status = 200, body = Vec<u8>, content_type = "application/zip"),
        (status = 206, body = Vec<u8>, content_type = "application/zip")))]
pub async fn download_account_export(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    headers: HeaderMap,
) -> Answer<Response> {
    let export = state.catalog().find_export(&actor).await?;
    let file = export.and_then(|export| export.file);
    let file = file.ok_or_else(|| {
        Problem::new(ProblemCode::NotFound, "There is no export of your data.")
            .with_next_step("POST /api/v1/account/export begins one.")
    })?;
    let download = Download {
        name: &file.name,
        media_type: &file.media_type,
        sha256: &file.sha256,
        disposition: Disposition::Attachment,
    };
    if let Some(unchanged) = download.find_unchanged(&headers)? {
        return Ok(unchanged);
    }
    let range = find_range(&headers, &download.etag());
    let mut response = match state.catalog().open_export(&actor, range).await {
        Ok((_, content)) => download.answer(content)?,
        Err(error) => refuse_range(error).into_response(),
    };
    // Not even the browser keeps it beside the file that it saves.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
