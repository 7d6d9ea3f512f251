//! Datasets and their versions.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use gantry_catalog::VersionRef;
use gantry_ports::store::{DatasetFilter, Order};
use gantry_types::DatasetId;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::content::{Disposition, Download, refuse_range};
use crate::dto::{DatasetBody, DatasetVersionBody, ListOf, PageOf, PageParams, PreviewBody};
use crate::extract::{CurrentActor, Params, PathId, find_range};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const PREVIEW_ROWS: u32 = 50;
const MOST_PREVIEW_ROWS: u32 = 200;

/// Which datasets are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DatasetListParams {
    /// A part of the name, in any case.
    q: Option<String>,
    /// At most so many items: 1 to 200, 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// `newest_first` (if not given) or `oldest_first`.
    #[param(value_type = Option<crate::dto::ListOrder>)]
    order: Option<Order>,
}

/// The account's datasets.
#[utoipa::path(get, path = "/datasets", tag = "Datasets", params(DatasetListParams),
    responses((status = 200, body = PageOf<DatasetBody>)))]
pub async fn list_datasets(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<DatasetListParams>,
) -> Answer<Json<PageOf<DatasetBody>>> {
    let filter = DatasetFilter { name_contains: params.q.filter(|text| !text.is_empty()) };
    let page = PageParams { limit: params.limit, cursor: params.cursor, order: params.order };
    let request = page.request(DatasetId::from_uuid)?;
    let datasets = state.catalog().list_datasets(&actor, &filter, &request).await?;
    Ok(Json(PageOf::of(datasets, Into::into, DatasetId::as_uuid)))
}

/// One dataset.
#[utoipa::path(get, path = "/datasets/{id}", tag = "Datasets", params(("id" = Uuid, Path)),
    responses((status = 200, body = DatasetBody)))]
pub async fn get_dataset(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<DatasetId>,
) -> Answer<Json<DatasetBody>> {
    Ok(Json(state.catalog().get_dataset(&actor, id).await?.into()))
}

/// Hides a dataset. Jobs that read it go on.
#[utoipa::path(delete, path = "/datasets/{id}", tag = "Datasets", params(("id" = Uuid, Path)),
    responses((status = 204)))]
pub async fn delete_dataset(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<DatasetId>,
) -> Answer<StatusCode> {
    state.catalog().delete_dataset(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All versions of a dataset, newest first.
#[utoipa::path(get, path = "/datasets/{id}/versions", tag = "Datasets",
    params(("id" = Uuid, Path)), responses((status = 200, body = ListOf<DatasetVersionBody>)))]
pub async fn list_versions(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<DatasetId>,
) -> Answer<Json<ListOf<DatasetVersionBody>>> {
    let versions = state.catalog().list_versions(&actor, id).await?;
    Ok(Json(ListOf { items: versions.into_iter().map(Into::into).collect() }))
}

/// Which version is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VersionParams {
    /// The version, from 1; the newest if not given.
    version: Option<u32>,
}

impl VersionParams {
    fn version(&self) -> VersionRef {
        self.version.map_or(VersionRef::Latest, VersionRef::Number)
    }
}

/// The profile of a version: types, missing values, quantiles, histograms. 404 with
/// `profile_job_id` until its job has ended.
#[utoipa::path(get, path = "/datasets/{id}/profile", tag = "Datasets",
    params(("id" = Uuid, Path), VersionParams), responses((status = 200, body = Object)))]
pub async fn get_profile(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<DatasetId>,
    Params(params): Params<VersionParams>,
) -> Answer<Json<Value>> {
    Ok(Json(state.catalog().get_profile(&actor, id, params.version()).await?))
}

/// What is wanted of a preview.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PreviewParams {
    /// The version, from 1; the newest if not given.
    version: Option<u32>,
    /// How many rows: 1 to 200, 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    rows: Option<u32>,
}

/// The first rows of a version.
#[utoipa::path(get, path = "/datasets/{id}/preview", tag = "Datasets",
    params(("id" = Uuid, Path), PreviewParams), responses((status = 200, body = PreviewBody)))]
pub async fn preview_dataset(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<DatasetId>,
    Params(params): Params<PreviewParams>,
) -> Answer<Json<PreviewBody>> {
    let rows = params.rows.unwrap_or(PREVIEW_ROWS);
    if !(1..=MOST_PREVIEW_ROWS).contains(&rows) {
        return Err(Problem::invalid("", format!("`rows` is {rows}; expected 1 to 200.")));
    }
    let version = VersionParams { version: params.version }.version();
    Ok(Json(state.catalog().preview(&actor, id, version, rows as usize).await?.into()))
}

/// The bytes of a version, as they were uploaded.
#[utoipa::path(get, path = "/datasets/{id}/content", tag = "Datasets",
    params(("id" = Uuid, Path), VersionParams),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, body = Vec<u8>, content_type = "application/octet-stream")))]
pub async fn download_dataset(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<DatasetId>,
    Params(params): Params<VersionParams>,
    headers: HeaderMap,
) -> Answer<Response> {
    let version = state.catalog().get_version(&actor, id, params.version()).await?;
    let download = Download {
        name: &version.file_name,
        media_type: &version.media_type,
        sha256: &version.sha256,
        disposition: Disposition::Attachment,
    };
    if let Some(unchanged) = download.find_unchanged(&headers)? {
        return Ok(unchanged);
    }
    let range = find_range(&headers, &download.etag());
    let exact = VersionRef::Number(version.version);
    match state.catalog().open_dataset(&actor, id, exact, range).await {
        Ok((_, content)) => download.answer(content),
        Err(error) => Ok(refuse_range(error).into_response()),
    }
}
