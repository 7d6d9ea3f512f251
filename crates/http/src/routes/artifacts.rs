//! Files that jobs made.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use gantry_types::{ArtifactId, JobId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::content::{Disposition, Download, refuse_range};
use crate::dto::{ArtifactBody, ListOf};
use crate::extract::{CurrentActor, Params, PathId, find_range};
use crate::problem::Answer;
use crate::state::AppState;

/// The artifacts of a job, by name.
#[utoipa::path(get, path = "/jobs/{id}/artifacts", tag = "Artifacts", params(("id" = Uuid, Path)),
    responses((status = 200, body = ListOf<ArtifactBody>)))]
pub async fn list_artifacts(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<JobId>,
) -> Answer<Json<ListOf<ArtifactBody>>> {
    let artifacts = state.catalog().list_artifacts(&actor, id).await?;
    Ok(Json(ListOf { items: artifacts.into_iter().map(Into::into).collect() }))
}

/// One artifact.
#[utoipa::path(get, path = "/artifacts/{id}", tag = "Artifacts", params(("id" = Uuid, Path)),
    responses((status = 200, body = ArtifactBody)))]
pub async fn get_artifact(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ArtifactId>,
) -> Answer<Json<ArtifactBody>> {
    Ok(Json(state.catalog().get_artifact(&actor, id).await?.into()))
}

/// How the bytes are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContentParams {
    /// `1` shows HTML and SVG in a frame that can do nothing, instead of saving them.
    inline: Option<String>,
}

/// The bytes of an artifact, or one range of them.
#[utoipa::path(get, path = "/artifacts/{id}/content", tag = "Artifacts",
    params(("id" = Uuid, Path), ContentParams),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, body = Vec<u8>, content_type = "application/octet-stream")))]
#[tracing::instrument(
    level = "debug",
    name = "http::routes::artifacts::download_artifact",
    skip_all
)]
pub async fn download_artifact(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ArtifactId>,
    Params(params): Params<ContentParams>,
    headers: HeaderMap,
) -> Answer<Response> {
    let artifact = state.catalog().get_artifact(&actor, id).await?;
    let wants_inline = matches!(params.inline.as_deref(), Some("1" | "true"));
    let is_shown = matches!(artifact.media_type.as_str(), "text/html" | "image/svg+xml");
    let disposition =
        if wants_inline && is_shown { Disposition::Inline } else { Disposition::Attachment };
    let download = Download {
        name: &artifact.name,
        media_type: &artifact.media_type,
        sha256: &artifact.sha256,
        disposition,
    };
    if let Some(unchanged) = download.find_unchanged(&headers)? {
        return Ok(unchanged);
    }
    let range = find_range(&headers, &download.etag());
    match state.catalog().open_artifact(&actor, id, range).await {
        Ok((_, content)) => download.answer(content),
        Err(error) => Ok(refuse_range(error).into_response()),
    }
}
