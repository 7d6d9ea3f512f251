//! The installation as its administrators see it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gantry_types::JobId;

use crate::dto::{
    AdminOverview, QueueBody, RedriveBody, RedriveRequest, StopJobRequest, StoppedJobBody,
};
use crate::extract::{CurrentActor, JsonBody, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// Users, queues, version and uptime; for administrators.
#[utoipa::path(get, path = "/admin/overview", tag = "Admin",
    responses((status = 200, body = AdminOverview)))]
pub async fn get_overview(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<AdminOverview>> {
    let users = state.access().count_users(&actor).await?;
    let queues = state.jobs().list_queue_depths(&actor).await?;
    let queues = queues.into_iter().map(|queue| QueueBody {
        device: queue.device,
        class: queue.class,
        queued: queue.queued,
        running: queue.running,
    });
    Ok(Json(AdminOverview {
        users,
        queues: queues.collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_s: state.started.elapsed().as_secs(),
    }))
}

/// Runs all dead jobs of an operation anew, of every organization; at most a thousand at once.
/// For administrators.
#[utoipa::path(post, path = "/admin/jobs/redrive", tag = "Admin",
    request_body = RedriveRequest, responses((status = 200, body = RedriveBody)))]
pub async fn redrive_dead_jobs(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<RedriveRequest>,
) -> Answer<Json<RedriveBody>> {
    Ok(Json(state.jobs().redrive_dead_jobs(&actor, &request.operation).await?.into()))
}

/// Stops a job of any organization: nothing of what it did not use is kept, and it does not count
/// among the organization's cancellations. For administrators.
#[utoipa::path(post, path = "/admin/jobs/{id}/cancel", tag = "Admin",
    params(("id" = Uuid, Path)), request_body = StopJobRequest,
    responses((status = 202, body = StoppedJobBody)))]
pub async fn stop_job(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<JobId>,
    JsonBody(request): JsonBody<StopJobRequest>,
) -> Answer<(StatusCode, Json<StoppedJobBody>)> {
    let job = state.jobs().stop_job(&actor, id, &request.reason).await?;
    Ok((StatusCode::ACCEPTED, Json(job.into())))
}
