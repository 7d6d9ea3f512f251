//! Who sees single things: one pair of routes for each kind.
//!
//! Invariant: a thing is looked up as every other route looks it up, so that what is hidden is
//! told of nowhere.

use axum::Json;
use axum::extract::State;
use gantry_access::{Actor, Permission, require};
use gantry_ports::store::ObjectRef;
use gantry_types::{ArtifactId, DatasetId, JobId, WorkflowId};

use crate::dto::{ObjectAccessBody, ObjectAccessRequest};
use crate::extract::{CurrentActor, JsonBody, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Who sees a job. For a child it is what holds for its root.
#[utoipa::path(get, path = "/jobs/{id}/access", tag = "Jobs", params(("id" = Uuid, Path)),
    responses((status = 200, body = ObjectAccessBody)))]
pub async fn get_job_access(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<JobId>,
) -> Answer<Json<ObjectAccessBody>> {
    state.jobs().get_job(&actor, id).await?;
    get(&state, &actor, ObjectRef::Job(id)).await
}

/// Says who sees a job: its maker, its editors, owners and admins may.
#[utoipa::path(put, path = "/jobs/{id}/access", tag = "Jobs", params(("id" = Uuid, Path)),
    request_body = ObjectAccessRequest, responses((status = 200, body = ObjectAccessBody)))]
pub async fn set_job_access(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<JobId>,
    JsonBody(request): JsonBody<ObjectAccessRequest>,
) -> Answer<Json<ObjectAccessBody>> {
    require(&actor, Permission::RunJobs)?;
    state.jobs().get_job(&actor, id).await?;
    set(&state, &actor, (ObjectRef::Job(id), request)).await
}

/// Who sees a dataset.
#[utoipa::path(get, path = "/datasets/{id}/access", tag = "Datasets", params(("id" = Uuid, Path)),
    responses((status = 200, body = ObjectAccessBody)))]
pub async fn get_dataset_access(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<DatasetId>,
) -> Answer<Json<ObjectAccessBody>> {
    state.catalog().get_dataset(&actor, id).await?;
    get(&state, &actor, ObjectRef::Dataset(id)).await
}

/// Says who sees a dataset: its maker, its editors, owners and admins may.
#[utoipa::path(put, path = "/datasets/{id}/access", tag = "Datasets", params(("id" = Uuid, Path)),
    request_body = ObjectAccessRequest, responses((status = 200, body = ObjectAccessBody)))]
pub async fn set_dataset_access(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<DatasetId>,
    JsonBody(request): JsonBody<ObjectAccessRequest>,
) -> Answer<Json<ObjectAccessBody>> {
    require(&actor, Permission::WriteData)?;
    state.catalog().get_dataset(&actor, id).await?;
    set(&state, &actor, (ObjectRef::Dataset(id), request)).await
}

/// Who sees a workflow. Its runs are jobs with an access of their own.
#[utoipa::path(get, path = "/workflows/{id}/access", tag = "Workflows", params(("id" = Uuid, Path)),
    responses((status = 200, body = ObjectAccessBody)))]
pub async fn get_workflow_access(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<WorkflowId>,
) -> Answer<Json<ObjectAccessBody>> {
    state.flows().get_workflow(&actor, id).await?;
    get(&state, &actor, ObjectRef::Workflow(id)).await
}

/// Says who sees a workflow: its maker, its editors, owners and admins may.
#[utoipa::path(put, path = "/workflows/{id}/access", tag = "Workflows", params(("id" = Uuid, Path)),
    request_body = ObjectAccessRequest, responses((status = 200, body = ObjectAccessBody)))]
pub async fn set_workflow_access(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<WorkflowId>,
    JsonBody(request): JsonBody<ObjectAccessRequest>,
) -> Answer<Json<ObjectAccessBody>> {
    require(&actor, Permission::RunJobs)?;
    state.flows().get_workflow(&actor, id).await?;
    set(&state, &actor, (ObjectRef::Workflow(id), request)).await
}

/// Who sees a model. Who does not see its job does not see it either.
#[utoipa::path(get, path = "/models/{id}/access", tag = "Models", params(("id" = Uuid, Path)),
    responses((status = 200, body = ObjectAccessBody)))]
pub async fn get_model_access(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ArtifactId>,
) -> Answer<Json<ObjectAccessBody>> {
    state.catalog().get_model(&actor, id).await?;
    get(&state, &actor, ObjectRef::Model(id)).await
}

/// Says who sees a model: its maker, its editors, owners and admins may.
#[utoipa::path(put, path = "/models/{id}/access", tag = "Models", params(("id" = Uuid, Path)),
    request_body = ObjectAccessRequest, responses((status = 200, body = ObjectAccessBody)))]
pub async fn set_model_access(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ArtifactId>,
    JsonBody(request): JsonBody<ObjectAccessRequest>,
) -> Answer<Json<ObjectAccessBody>> {
    require(&actor, Permission::RunJobs)?;
    state.catalog().get_model(&actor, id).await?;
    set(&state, &actor, (ObjectRef::Model(id), request)).await
}

async fn get(state: &AppState, actor: &Actor, object: ObjectRef) -> Answer<Json<ObjectAccessBody>> {
    Ok(Json(state.access().get_object_access(actor, object).await?.into()))
}

async fn set(
    state: &AppState,
    actor: &Actor,
    (object, request): (ObjectRef, ObjectAccessRequest),
) -> Answer<Json<ObjectAccessBody>> {
    let access = state.access().set_object_access(actor, object, request.into()).await?;
    Ok(Json(access.into()))
}
