//! Sample tables that come with the installation.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use crate::dto::{DatasetBody, ListOf, SampleBody};
use crate::extract::CurrentActor;
use crate::problem::Answer;
use crate::state::AppState;

/// The sample tables that come with the installation.
#[utoipa::path(get, path = "/samples", tag = "Datasets",
    responses((status = 200, body = ListOf<SampleBody>)))]
pub async fn list_samples(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<ListOf<SampleBody>>> {
    let samples = state.catalog().list_samples(&actor)?;
    Ok(Json(ListOf { items: samples.iter().map(SampleBody::from).collect() }))
}

/// Puts a sample table among the account's datasets. One that is there already is answered as it
/// is.
#[utoipa::path(post, path = "/samples/{name}", tag = "Datasets",
    params(("name" = String, Path, description = "As `GET /samples` names it.")),
    responses((status = 201, body = DatasetBody)))]
pub async fn add_sample(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Path(name): Path<String>,
) -> Answer<(StatusCode, Json<DatasetBody>)> {
    let dataset = state.catalog().add_sample(&actor, &name).await?;
    Ok((StatusCode::CREATED, Json(dataset.into())))
}
