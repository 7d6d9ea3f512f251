//! Workflows, their revisions and runs.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use gantry_access::{Permission, require};
use gantry_flows::NewRun;
use gantry_types::{JobId, WorkflowId};

use super::jobs::{accepted, derive_idempotency};
use crate::dto::{
    JobBody, ListOf, PageOf, PageParams, WorkflowBody, WorkflowCheckBody, WorkflowCheckRequest,
    WorkflowRequest, WorkflowRevisionBody, WorkflowRunBody, WorkflowRunDetailBody,
    WorkflowRunRequest,
};
use crate::extract::{CurrentActor, HashedJson, JsonBody, Params, PathId, encode_cursor};
use crate::problem::Answer;
use crate::state::AppState;

/// The organization's workflows.
#[utoipa::path(get, path = "/workflows", tag = "Workflows", params(PageParams),
    responses((status = 200, body = PageOf<WorkflowBody>)))]
pub async fn list_workflows(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(page): Params<PageParams>,
) -> Answer<Json<PageOf<WorkflowBody>>> {
    let request = page.request(WorkflowId::from_uuid)?;
    let found = state.flows().list_workflows(&actor, &request).await?;
    let mut items = Vec::with_capacity(found.items.len());
    for workflow in found.items {
        items.push(WorkflowBody::new(workflow, |kept| state.flows().check_kept(kept))?);
    }
    let next_cursor = found.next.map(|next| encode_cursor(next.as_uuid()));
    Ok(Json(PageOf { items, next_cursor }))
}

/// Keeps a workflow. What cannot run yet is kept as well, and `problems` says why; data that you do
/// not see is refused as if it were not there.
#[utoipa::path(post, path = "/workflows", tag = "Workflows",
    request_body = WorkflowRequest, responses((status = 201, body = WorkflowBody)))]
pub async fn create_workflow(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<WorkflowRequest>,
) -> Answer<(StatusCode, Json<WorkflowBody>)> {
    let made = state.flows().create_workflow(&actor, request.into_revision()).await?;
    let body = WorkflowBody::new(made, |kept| state.flows().check_kept(kept))?;
    Ok((StatusCode::CREATED, Json(body)))
}

/// One workflow.
#[utoipa::path(get, path = "/workflows/{id}", tag = "Workflows", params(("id" = Uuid, Path)),
    responses((status = 200, body = WorkflowBody)))]
pub async fn get_workflow(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<WorkflowId>,
) -> Answer<Json<WorkflowBody>> {
    let found = state.flows().get_workflow(&actor, id).await?;
    Ok(Json(WorkflowBody::new(found, |kept| state.flows().check_kept(kept))?))
}

/// Keeps the next revision of a workflow; one that says the same as the newest is not made. Data
/// that you do not see may stay where it is named already, and is refused where it is not.
#[utoipa::path(put, path = "/workflows/{id}", tag = "Workflows", params(("id" = Uuid, Path)),
    request_body = WorkflowRequest, responses((status = 200, body = WorkflowBody)))]
pub async fn change_workflow(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<WorkflowId>,
    JsonBody(request): JsonBody<WorkflowRequest>,
) -> Answer<Json<WorkflowBody>> {
    let base = request.base_revision;
    let revision = (request.into_revision(), base);
    let changed = state.flows().change_workflow(&actor, id, revision).await?;
    Ok(Json(WorkflowBody::new(changed, |kept| state.flows().check_kept(kept))?))
}

/// Removes a workflow with its revisions; its runs stay as jobs.
#[utoipa::path(delete, path = "/workflows/{id}", tag = "Workflows",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn delete_workflow(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<WorkflowId>,
) -> Answer<StatusCode> {
    state.flows().delete_workflow(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The last 200 revisions of a workflow, newest first.
#[utoipa::path(get, path = "/workflows/{id}/revisions", tag = "Workflows",
    params(("id" = Uuid, Path)), responses((status = 200, body = ListOf<WorkflowRevisionBody>)))]
pub async fn list_workflow_revisions(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<WorkflowId>,
) -> Answer<Json<ListOf<WorkflowRevisionBody>>> {
    let found = state.flows().list_revisions(&actor, id).await?;
    Ok(Json(ListOf { items: found.into_iter().map(Into::into).collect() }))
}

/// Keeps a copy of a workflow's newest revision.
#[utoipa::path(post, path = "/workflows/{id}/duplicate", tag = "Workflows",
    params(("id" = Uuid, Path)), responses((status = 201, body = WorkflowBody)))]
pub async fn duplicate_workflow(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<WorkflowId>,
) -> Answer<(StatusCode, Json<WorkflowBody>)> {
    let made = state.flows().duplicate_workflow(&actor, id).await?;
    let body = WorkflowBody::new(made, |kept| state.flows().check_kept(kept))?;
    Ok((StatusCode::CREATED, Json(body)))
}

/// Says what keeps a definition from running; nothing is kept.
#[utoipa::path(post, path = "/workflow-checks", tag = "Workflows",
    request_body = WorkflowCheckRequest, responses((status = 200, body = WorkflowCheckBody)))]
pub async fn check_workflow(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<WorkflowCheckRequest>,
) -> Answer<Json<WorkflowCheckBody>> {
    require(&actor, Permission::ReadJobs)?;
    Ok(Json(state.flows().check(&request.definition).into()))
}

const RUN_ROUTE: &str = "POST /api/v1/workflows/{id}/runs";

/// Runs a workflow's newest revision. Results of earlier runs are used again where operation,
/// parameters and inputs are the same. With an `Idempotency-Key` the request may be repeated.
#[utoipa::path(post, path = "/workflows/{id}/runs", tag = "Workflows",
    params(("id" = Uuid, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters.")),
    request_body = WorkflowRunRequest, responses((status = 202, body = JobBody)))]
pub async fn run_workflow(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<WorkflowId>,
    headers: HeaderMap,
    HashedJson { value: request, sha256 }: HashedJson<WorkflowRunRequest>,
) -> Answer {
    let idempotency = derive_idempotency(&headers, RUN_ROUTE, format!("{id} {sha256}"))?;
    let new = NewRun { idempotency, ..request.into() };
    let submitted = state.flows().run_workflow(&actor, id, new).await?;
    accepted(&state, &actor, submitted.job).await
}

/// The runs of a workflow, begun by hand and by schedules.
#[utoipa::path(get, path = "/workflows/{id}/runs", tag = "Workflows",
    params(("id" = Uuid, Path), PageParams),
    responses((status = 200, body = PageOf<WorkflowRunBody>)))]
pub async fn list_workflow_runs(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<WorkflowId>,
    Params(page): Params<PageParams>,
) -> Answer<Json<PageOf<WorkflowRunBody>>> {
    let request = page.request(JobId::from_uuid)?;
    let found = state.flows().list_runs(&actor, id, &request).await?;
    let body = |(run, job): (_, _)| WorkflowRunBody::new(Some(&run), &job);
    Ok(Json(PageOf::of(found, body, JobId::as_uuid)))
}

/// One run with its nodes; its identifier is its job's.
#[utoipa::path(get, path = "/workflow-runs/{id}", tag = "Workflows",
    params(("id" = Uuid, Path)), responses((status = 200, body = WorkflowRunDetailBody)))]
pub async fn get_workflow_run(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<JobId>,
) -> Answer<Json<WorkflowRunDetailBody>> {
    Ok(Json(state.flows().get_run(&actor, id).await?.into()))
}
