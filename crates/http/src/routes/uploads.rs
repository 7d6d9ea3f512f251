//! Chunked uploads that can be resumed.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use gantry_catalog::{NewUpload, PART_BYTES, PartDraft};
use gantry_types::UploadId;

use crate::dto::{ConfirmUploadRequest, DatasetBody, NewUploadRequest, UploadBody, UploadPartBody};
use crate::extract::{CurrentActor, JsonBody, PathId, parse_id, read_body};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Begins an upload.
#[utoipa::path(post, path = "/datasets/uploads", tag = "Datasets",
    request_body = NewUploadRequest, responses((status = 201, body = UploadBody)))]
pub async fn begin_upload(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<NewUploadRequest>,
) -> Answer<(StatusCode, Json<UploadBody>)> {
    let new = NewUpload {
        name: request.name,
        file_name: request.file_name,
        bytes: request.bytes,
        sha256: request.sha256,
        dataset_id: request.dataset_id,
    };
    let upload = state.catalog().begin_upload(&actor, new).await?;
    Ok((StatusCode::CREATED, Json(upload.into())))
}

/// An upload with the parts that arrived, to go on after a break.
#[utoipa::path(get, path = "/datasets/uploads/{id}", tag = "Datasets",
    params(("id" = Uuid, Path)), responses((status = 200, body = UploadBody)))]
pub async fn get_upload(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<UploadId>,
) -> Answer<Json<UploadBody>> {
    Ok(Json(state.catalog().get_upload(&actor, id).await?.into()))
}

/// Gives an upload up.
#[utoipa::path(delete, path = "/datasets/uploads/{id}", tag = "Datasets",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn cancel_upload(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<UploadId>,
) -> Answer<StatusCode> {
    state.catalog().cancel_upload(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a part, the raw bytes as the body. A part that was sent before is replaced.
#[utoipa::path(put, path = "/datasets/uploads/{id}/parts/{number}", tag = "Datasets",
    params(("id" = Uuid, Path), ("number" = u32, Path, description = "From 1."),
        ("X-Content-SHA256" = Option<String>, Header, description = "To be checked.")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = UploadPartBody)))]
pub async fn put_part(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Path((id, number)): Path<(String, String)>,
    headers: HeaderMap,
    request: Request,
) -> Answer<Json<UploadPartBody>> {
    let id: UploadId = parse_id(&id)?;
    let number = number
        .parse()
        .map_err(|_| Problem::invalid("", "The part's number must be an integer from 1."))?;
    // Found before the body is read, so that a stranger cannot make the server read it.
    state.catalog().get_upload(&actor, id).await?;
    let sha256 = headers.get("x-content-sha256").and_then(|value| value.to_str().ok());
    let limit = usize::try_from(PART_BYTES).unwrap_or(usize::MAX);
    let content = read_body(request, limit).await?;
    let draft = PartDraft { number, content, sha256: sha256.map(str::to_owned) };
    Ok(Json(state.catalog().put_part(&actor, id, draft).await?.into()))
}

/// Turns a complete upload into a dataset version, and has it profiled.
#[utoipa::path(post, path = "/datasets/uploads/{id}/complete", tag = "Datasets",
    params(("id" = Uuid, Path)), responses((status = 201, body = DatasetBody)))]
pub async fn complete_upload(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<UploadId>,
) -> Answer<(StatusCode, Json<DatasetBody>)> {
    let dataset = state.catalog().complete_upload(&actor, id).await?;
    Ok((StatusCode::CREATED, Json(dataset.into())))
}

/// The same, with the upload's identifier in the body.
#[utoipa::path(post, path = "/datasets/confirm", tag = "Datasets",
    request_body = ConfirmUploadRequest, responses((status = 201, body = DatasetBody)))]
pub async fn confirm_upload(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<ConfirmUploadRequest>,
) -> Answer<(StatusCode, Json<DatasetBody>)> {
    let dataset = state.catalog().complete_upload(&actor, request.upload_id).await?;
    Ok((StatusCode::CREATED, Json(dataset.into())))
}
