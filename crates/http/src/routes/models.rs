//! The registry of models.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gantry_ports::store::ModelFilter;
use gantry_types::{ArtifactId, DatasetId, JobId};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::dto::{
    ArtifactBody, ListOf, ModelBody, ModelChangeRequest, ModelComparisonBody, ModelMetricsBody,
    PageOf, PageParams,
};
use crate::extract::{CurrentActor, JsonBody, Params, PathId, parse_id};
use crate::problem::Answer;
use crate::state::AppState;

/// Which models are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ModelListParams {
    /// With this tag.
    tag: Option<String>,
    /// Made by this operation.
    operation: Option<String>,
    /// Made from a version of this dataset.
    #[param(value_type = Option<uuid::Uuid>)]
    dataset: Option<String>,
    /// Versions of this name.
    name: Option<String>,
    /// Made by this job or a job below it.
    #[param(value_type = Option<uuid::Uuid>)]
    job: Option<String>,
    /// At most so many items: 1 to 200, 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// `newest_first` (if not given) or `oldest_first`.
    #[param(value_type = Option<crate::dto::ListOrder>)]
    order: Option<gantry_ports::store::Order>,
}

/// The organization's models.
#[utoipa::path(get, path = "/models", tag = "Models", params(ModelListParams),
    responses((status = 200, body = PageOf<ModelBody>)))]
pub async fn list_models(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<ModelListParams>,
) -> Answer<Json<PageOf<ModelBody>>> {
    let filter = ModelFilter {
        tag: params.tag.filter(|tag| !tag.is_empty()),
        operation: params.operation,
        dataset: params.dataset.as_deref().map(parse_id::<DatasetId>).transpose()?,
        name: params.name,
        job: params.job.as_deref().map(parse_id::<JobId>).transpose()?,
    };
    let page = PageParams { limit: params.limit, cursor: params.cursor, order: params.order };
    let request = page.request(ArtifactId::from_uuid)?;
    let found = state.catalog().list_models(&actor, &filter, &request).await?;
    Ok(Json(PageOf::of(found, Into::into, ArtifactId::as_uuid)))
}

/// One model.
#[utoipa::path(get, path = "/models/{id}", tag = "Models", params(("id" = Uuid, Path)),
    responses((status = 200, body = ModelBody)))]
pub async fn get_model(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ArtifactId>,
) -> Answer<Json<ModelBody>> {
    Ok(Json(state.catalog().get_model(&actor, id).await?.into()))
}

/// Names a model (which gives it the next version of that name), tags it, or says why it was
/// chosen.
#[utoipa::path(patch, path = "/models/{id}", tag = "Models", params(("id" = Uuid, Path)),
    request_body = ModelChangeRequest, responses((status = 200, body = ModelBody)))]
pub async fn change_model(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ArtifactId>,
    JsonBody(request): JsonBody<ModelChangeRequest>,
) -> Answer<Json<ModelBody>> {
    Ok(Json(state.catalog().change_model(&actor, id, request.into()).await?.into()))
}

/// Removes a model; its job and the job's other files stay.
#[utoipa::path(delete, path = "/models/{id}", tag = "Models", params(("id" = Uuid, Path)),
    responses((status = 204)))]
pub async fn delete_model(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ArtifactId>,
) -> Answer<StatusCode> {
    state.catalog().delete_model(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The report and the measurements of the job that made a model.
#[utoipa::path(get, path = "/models/{id}/metrics", tag = "Models", params(("id" = Uuid, Path)),
    responses((status = 200, body = ModelMetricsBody)))]
pub async fn get_model_metrics(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ArtifactId>,
) -> Answer<Json<ModelMetricsBody>> {
    Ok(Json(state.catalog().get_model_metrics(&actor, id).await?.into()))
}

/// The charts and pages of the job that made a model; `GET /artifacts/{id}/content` has their
/// bytes.
#[utoipa::path(get, path = "/models/{id}/plots", tag = "Models", params(("id" = Uuid, Path)),
    responses((status = 200, body = ListOf<ArtifactBody>)))]
pub async fn list_model_plots(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ArtifactId>,
) -> Answer<Json<ListOf<ArtifactBody>>> {
    let found = state.catalog().list_model_plots(&actor, id).await?;
    Ok(Json(ListOf { items: found.into_iter().map(Into::into).collect() }))
}

/// Asks a model, kept warm, within 10 seconds: for models of `automl`, `{"rows": [{…}, …]}` with
/// a value for each column. What it takes and answers is the input and output of the service
/// `engine.model` of the engine that made it (`GET /services`).
#[utoipa::path(post, path = "/models/{id}/predict", tag = "Models", params(("id" = Uuid, Path)),
    request_body = Object, responses((status = 200, body = Object)))]
pub async fn predict(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ArtifactId>,
    JsonBody(input): JsonBody<Value>,
) -> Answer<Json<Value>> {
    Ok(Json(state.jobs().predict(&actor, id, input).await?))
}

/// The models of a job and of the jobs below it, side by side.
#[utoipa::path(get, path = "/jobs/{id}/models/compare", tag = "Models",
    params(("id" = Uuid, Path)), responses((status = 200, body = ModelComparisonBody)))]
pub async fn compare_models(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<JobId>,
) -> Answer<Json<ModelComparisonBody>> {
    Ok(Json(state.catalog().compare_models(&actor, id).await?.into()))
}
