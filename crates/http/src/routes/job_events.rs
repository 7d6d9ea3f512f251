//! Events: of one job, and of an account.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use gantry_access::{Permission, require};
use gantry_types::JobId;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::dto::{JobEventBody, ListOf};
use crate::extract::{CurrentActor, Params, PathId};
use crate::feed::{Subject, open_feed};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const MOST_EVENTS: u32 = 1_000;

/// Where a stream begins.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventParams {
    /// Events after this cursor; the header `Last-Event-ID` goes before it.
    after: Option<u64>,
}

/// The events of a job as `text/event-stream` (or as JSON with `Accept: application/json`):
/// first those that happened, then the new ones, until the job has ended (event `end`).
#[utoipa::path(get, path = "/jobs/{id}/events", tag = "Jobs",
    params(("id" = Uuid, Path), EventParams,
        ("Last-Event-ID" = Option<String>, Header, description = "The last cursor seen.")),
    responses((status = 200, body = ListOf<JobEventBody>, content_type = "application/json"),
        (status = 200, body = String, content_type = "text/event-stream")))]
#[tracing::instrument(
    level = "debug",
    name = "http::routes::job_events::stream_job_events",
    skip_all
)]
pub async fn stream_job_events(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<JobId>,
    Params(params): Params<EventParams>,
    headers: HeaderMap,
) -> Answer {
    let after = find_cursor(&headers, &params)?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("application/json")) {
        let events =
            state.jobs().list_job_events(&actor, id, after.unwrap_or(0), MOST_EVENTS).await?;
        let items: Vec<JobEventBody> = events.into_iter().map(Into::into).collect();
        return Ok(Json(ListOf { items }).into_response());
    }
    open_feed(&state, actor, Subject::Job(id), after).await
}

/// The state changes of the account's jobs as `text/event-stream` (event `job`), from now on or
/// after the cursor. State changes are kept for seven days: a client whose cursor is older gets
/// the event `reset` first, and reads its jobs again.
#[utoipa::path(get, path = "/events", tag = "Jobs",
    params(EventParams,
        ("Last-Event-ID" = Option<String>, Header, description = "The last cursor seen.")),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
pub async fn stream_account_events(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<EventParams>,
    headers: HeaderMap,
) -> Answer {
    require(&actor, Permission::ReadJobs)?;
    let after = find_cursor(&headers, &params)?;
    open_feed(&state, actor, Subject::Account, after).await
}

/// After which cursor a client wants to go on.
pub(super) fn find_cursor(headers: &HeaderMap, params: &EventParams) -> Answer<Option<u64>> {
    let Some(value) = headers.get("last-event-id") else {
        return check_cursor(params.after);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text.is_empty() {
        return check_cursor(params.after);
    }
    match text.parse() {
        Ok(cursor) => check_cursor(Some(cursor)),
        Err(_) => Err(Problem::invalid("", "`Last-Event-ID` must be the id of an event.")),
    }
}

/// Stores count in signed 64-bit integers.
fn check_cursor(cursor: Option<u64>) -> Answer<Option<u64>> {
    match cursor {
        Some(cursor) if i64::try_from(cursor).is_err() => {
            Err(Problem::invalid("", "The cursor is larger than that of any event."))
        }
        other => Ok(other),
    }
}
