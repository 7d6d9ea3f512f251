//! Jobs: submitting, watching, cancelling, running again.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gantry_access::Actor;
use gantry_billing::AiCost;
use gantry_jobs::{DescribedInput, JobsError, NewJob};
use gantry_ports::store::{JobFilter, JobRecord};
use gantry_rules::submission::{IdempotencyKey, OnRefusal};
use gantry_types::{JobId, JobState};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::dto::{JobBody, NewJobRequest, PageOf, PageParams};
use crate::extract::{CurrentActor, HashedJson, Params, PathId};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

const SUBMIT_ROUTE: &str = "POST /api/v1/jobs";

/// Submits a job. With an `Idempotency-Key` the request may be repeated for 24 hours: the same
/// key and body answer the same job.
#[utoipa::path(post, path = "/jobs", tag = "Jobs",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters.")),
    request_body = NewJobRequest, responses((status = 202, body = JobBody)))]
#[tracing::instrument(level = "debug", name = "http::routes::jobs::submit_job", skip_all)]
pub async fn submit_job(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    headers: HeaderMap,
    HashedJson { value: request, sha256 }: HashedJson<NewJobRequest>,
) -> Answer {
    let idempotency = derive_idempotency(&headers, SUBMIT_ROUTE, sha256)?;
    let on_refusal =
        if request.keep_if_refused { OnRefusal::KeepBlocked } else { OnRefusal::Refuse };
    let new = NewJob {
        operation: request.operation,
        params: request.params,
        inputs: request.inputs.into_iter().map(|(slot, input)| (slot, input.into())).collect(),
        label: request.label,
        seed: request.seed,
        start_at: request.start_at,
        on_refusal,
        idempotency,
    };
    let submitted = state.jobs().submit_job(&actor, new).await?;
    accepted(&state, &actor, submitted.job).await
}

/// The key under which a request of a route may be repeated, where it has one. `content` tells what
/// is asked for: the hash of the body, and what stands in the path.
pub(super) fn derive_idempotency(
    headers: &HeaderMap,
    route: &str,
    content: String,
) -> Answer<Option<IdempotencyKey>> {
    let key = find_idempotency_key(headers)?;
    Ok(key.map(|key| IdempotencyKey { route: route.to_owned(), key, body_sha256: content }))
}

fn find_idempotency_key(headers: &HeaderMap) -> Answer<Option<String>> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().map(str::trim).unwrap_or_default();
    if key.is_empty() || key.len() > 255 {
        return Err(Problem::invalid(
            "",
            "`Idempotency-Key` must have 1 to 255 visible ASCII characters.",
        ));
    }
    Ok(Some(key.to_owned()))
}

/// Which jobs are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JobListParams {
    /// Any of these states, separated by commas; all if not given.
    state: Option<String>,
    /// This operation.
    operation: Option<String>,
    /// A part of the label or the operation, in any case.
    q: Option<String>,
    /// Platform operations too, such as profiles.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    include_platform: bool,
    /// At most so many items: 1 to 200, 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// `newest_first` (if not given) or `oldest_first`.
    #[param(value_type = Option<crate::dto::ListOrder>)]
    order: Option<gantry_ports::store::Order>,
}

/// The account's jobs, without children.
#[utoipa::path(get, path = "/jobs", tag = "Jobs", params(JobListParams),
    responses((status = 200, body = PageOf<JobBody>)))]
pub async fn list_jobs(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    Params(params): Params<JobListParams>,
) -> Answer<Json<PageOf<JobBody>>> {
    let filter = JobFilter {
        states: parse_states(params.state.as_deref())?,
        operation: params.operation,
        text: params.q.filter(|text| !text.is_empty()),
        parent_id: None,
        include_platform: params.include_platform,
        origin: None,
    };
    let page = PageParams { limit: params.limit, cursor: params.cursor, order: params.order };
    list(&state, &actor, &filter, &page).await
}

fn parse_states(text: Option<&str>) -> Answer<Vec<JobState>> {
    let words = text.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| word.parse().map_err(|error| Problem::invalid("", format!("{error}."))))
        .collect()
}

async fn list(
    state: &AppState,
    actor: &Actor,
    filter: &JobFilter,
    page: &PageParams,
) -> Answer<Json<PageOf<JobBody>>> {
    let request = page.request(JobId::from_uuid)?;
    let found = state.jobs().list_jobs(actor, filter, &request).await?;
    let items = describe(state, actor, found.items).await?;
    let next_cursor = found.next.map(|next| crate::extract::encode_cursor(next.as_uuid()));
    Ok(Json(PageOf { items, next_cursor }))
}

/// One job.
#[utoipa::path(get, path = "/jobs/{id}", tag = "Jobs", params(("id" = Uuid, Path)),
    responses((status = 200, body = JobBody)))]
pub async fn get_job(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<JobId>,
) -> Answer<Json<JobBody>> {
    let job = state.jobs().get_job(&actor, id).await?;
    Ok(Json(describe_one(&state, &actor, job).await?))
}

/// Asks a job and its children to stop: at once for what does not run, at the engine's next
/// check for what does. A job that has ended stays as it is. Where the edition says so, an
/// organization that cancels running jobs often pays a part of the credits they held and did not
/// use; the estimate tells the share, and the job's `penalty` the amount.
#[utoipa::path(post, path = "/jobs/{id}/cancel", tag = "Jobs", params(("id" = Uuid, Path)),
    responses((status = 202, body = JobBody)))]
pub async fn cancel_job(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<JobId>,
) -> Answer {
    let job = state.jobs().cancel_job(&actor, id).await?;
    accepted(&state, &actor, job).await
}

/// Submits a copy: the same operation, parameters, inputs and seed.
#[utoipa::path(post, path = "/jobs/{id}/rerun", tag = "Jobs", params(("id" = Uuid, Path)),
    responses((status = 202, body = JobBody)))]
pub async fn rerun_job(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<JobId>,
) -> Answer {
    let submitted = state.jobs().rerun_job(&actor, id).await?;
    accepted(&state, &actor, submitted.job).await
}

/// Runs a failed or dead job anew, as a new job that names it as its origin. A job is redriven
/// once: asked again, the same new job answers, which can be redriven in turn.
#[utoipa::path(post, path = "/jobs/{id}/redrive", tag = "Jobs", params(("id" = Uuid, Path)),
    responses((status = 202, body = JobBody)))]
pub async fn redrive_job(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<JobId>,
) -> Answer {
    let submitted = state.jobs().redrive_job(&actor, id).await?;
    accepted(&state, &actor, submitted.job).await
}

/// The children of a job.
#[utoipa::path(get, path = "/jobs/{id}/children", tag = "Jobs",
    params(("id" = Uuid, Path), PageParams), responses((status = 200, body = PageOf<JobBody>)))]
pub async fn list_children(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<JobId>,
    Params(page): Params<PageParams>,
) -> Answer<Json<PageOf<JobBody>>> {
    state.jobs().get_job(&actor, id).await?;
    let filter = JobFilter { parent_id: Some(id), ..JobFilter::default() };
    list(&state, &actor, &filter, &page).await
}

async fn describe(state: &AppState, actor: &Actor, jobs: Vec<JobRecord>) -> Answer<Vec<JobBody>> {
    let inputs = state.jobs().describe_job_inputs(actor, &jobs).await?;
    let ai_costs = state.billing().ai_costs(actor, &jobs).await?;
    let describe =
        |((job, inputs), ai_cost): ((JobRecord, Vec<DescribedInput>), Option<AiCost>)| {
            let title = state.jobs().registry().find_title(&job.operation);
            let ai_cost = ai_cost.map(Into::into);
            let queue = state.billing().edition().queues.find(job.class).to_owned();
            JobBody { ai_cost, queue, ..JobBody::new(job, title, inputs) }
        };
    Ok(jobs.into_iter().zip(inputs).zip(ai_costs).map(describe).collect())
}

async fn describe_one(state: &AppState, actor: &Actor, job: JobRecord) -> Answer<JobBody> {
    let described = describe(state, actor, vec![job]).await?;
    described.into_iter().next().ok_or_else(|| JobsError::NotFound.into())
}

/// 202 with the job and where it is.
pub(super) async fn accepted(state: &AppState, actor: &Actor, job: JobRecord) -> Answer {
    let location = format!("/api/v1/jobs/{}", job.id);
    let body = describe_one(state, actor, job).await?;
    let mut response: Response = (StatusCode::ACCEPTED, Json(body)).into_response();
    if let Ok(value) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
}
