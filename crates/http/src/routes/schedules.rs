//! Schedules and the clocks that they follow.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gantry_types::{ScheduleId, ScheduleRunId};

use super::jobs::accepted;
use crate::dto::{
    JobBody, PageOf, PageParams, ScheduleBody, ScheduleRequest, ScheduleRunBody, TimeZoneBody,
};
use crate::extract::{CurrentActor, JsonBody, Params, PathId};
use crate::problem::Answer;
use crate::state::AppState;

/// The organization's schedules.
#[utoipa::path(get, path = "/schedules", tag = "Schedules", params(PageParams),
    responses((status = 200, body = PageOf<ScheduleBody>)))]
pub async fn list_schedules(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(page): Params<PageParams>,
) -> Answer<Json<PageOf<ScheduleBody>>> {
    let request = page.request(ScheduleId::from_uuid)?;
    let found = state.jobs().list_schedules(&actor, &request).await?;
    Ok(Json(PageOf::of(found, Into::into, ScheduleId::as_uuid)))
}

/// Keeps a schedule. Each run is an ordinary job, submitted in the name of who saved the schedule
/// last, under the plan and permissions of that moment; whoever saves it must see all that it
/// names, and once they do not, it is paused. A day that a month lacks is skipped; a local
/// time that a change of the clocks leaves out runs right after the gap, one that comes twice runs
/// once; of runs that were missed while no server ran, one is made up for.
#[utoipa::path(post, path = "/schedules", tag = "Schedules",
    request_body = ScheduleRequest, responses((status = 201, body = ScheduleBody)))]
pub async fn create_schedule(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<ScheduleRequest>,
) -> Answer<(StatusCode, Json<ScheduleBody>)> {
    let schedule = state.jobs().create_schedule(&actor, request.into()).await?;
    Ok((StatusCode::CREATED, Json(schedule.into())))
}

/// One schedule.
#[utoipa::path(get, path = "/schedules/{id}", tag = "Schedules", params(("id" = Uuid, Path)),
    responses((status = 200, body = ScheduleBody)))]
pub async fn get_schedule(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ScheduleId>,
) -> Answer<Json<ScheduleBody>> {
    Ok(Json(state.jobs().get_schedule(&actor, id).await?.into()))
}

/// Replaces a schedule, which runs in the name of who did from then on; `paused` stops and starts
/// it. What was missed while it was paused is not made up for.
#[utoipa::path(put, path = "/schedules/{id}", tag = "Schedules", params(("id" = Uuid, Path)),
    request_body = ScheduleRequest, responses((status = 200, body = ScheduleBody)))]
pub async fn change_schedule(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ScheduleId>,
    JsonBody(request): JsonBody<ScheduleRequest>,
) -> Answer<Json<ScheduleBody>> {
    Ok(Json(state.jobs().change_schedule(&actor, id, request.into()).await?.into()))
}

/// Removes a schedule with the list of its runs; their jobs stay.
#[utoipa::path(delete, path = "/schedules/{id}", tag = "Schedules",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn delete_schedule(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ScheduleId>,
) -> Answer<StatusCode> {
    state.jobs().delete_schedule(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs a schedule now, whatever its clock says.
#[utoipa::path(post, path = "/schedules/{id}/run", tag = "Schedules",
    params(("id" = Uuid, Path)), responses((status = 202, body = JobBody)))]
pub async fn run_schedule(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ScheduleId>,
) -> Answer {
    let submitted = state.jobs().run_schedule_now(&actor, id).await?;
    accepted(&state, &actor, submitted.job).await
}

/// The runs of a schedule, also those that were skipped or refused.
#[utoipa::path(get, path = "/schedules/{id}/runs", tag = "Schedules",
    params(("id" = Uuid, Path), PageParams),
    responses((status = 200, body = PageOf<ScheduleRunBody>)))]
pub async fn list_schedule_runs(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<ScheduleId>,
    Params(page): Params<PageParams>,
) -> Answer<Json<PageOf<ScheduleRunBody>>> {
    let request = page.request(ScheduleRunId::from_uuid)?;
    let found = state.jobs().list_schedule_runs(&actor, id, &request).await?;
    Ok(Json(PageOf::of(found, Into::into, ScheduleRunId::as_uuid)))
}

/// The time zone whose clocks the organization's schedules follow.
#[utoipa::path(get, path = "/account/time-zone", tag = "Account",
    responses((status = 200, body = TimeZoneBody)))]
pub async fn get_time_zone(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<TimeZoneBody>> {
    Ok(Json(TimeZoneBody { time_zone: state.jobs().get_zone(&actor).await? }))
}

/// Sets the time zone; every schedule is due by its clocks from then on.
#[utoipa::path(put, path = "/account/time-zone", tag = "Account",
    request_body = TimeZoneBody, responses((status = 200, body = TimeZoneBody)))]
pub async fn set_time_zone(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    JsonBody(request): JsonBody<TimeZoneBody>,
) -> Answer<Json<TimeZoneBody>> {
    state.jobs().set_zone(&actor, request.time_zone.clone()).await?;
    Ok(Json(request))
}
