//! What can be run, and what a run would cost.

use axum::Json;
use axum::extract::State;
use axum::http::Extensions;
use gantry_access::{Permission, require};
use gantry_engine_api::InputRef;
use gantry_jobs::JobsError;
use gantry_types::{ProblemCode, RequestId};

use crate::dto::{EstimateBody, EstimateRequest, ListOf, OperationBody};
use crate::extract::{CurrentActor, JsonBody, PathText};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Every operation.
#[utoipa::path(get, path = "/operations", tag = "Operations",
    responses((status = 200, body = ListOf<OperationBody>)))]
pub async fn list_operations(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<ListOf<OperationBody>>> {
    require(&actor, Permission::ReadJobs)?;
    let items = state.jobs().registry().specs().map(Into::into).collect();
    Ok(Json(ListOf { items }))
}

/// One operation.
#[utoipa::path(get, path = "/operations/{id}", tag = "Operations",
    params(("id" = String, Path)), responses((status = 200, body = OperationBody)))]
pub async fn get_operation(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathText(id): PathText,
) -> Answer<Json<OperationBody>> {
    require(&actor, Permission::ReadJobs)?;
    let spec = state.jobs().registry().find_spec(&id);
    let spec = spec.ok_or_else(|| {
        let shown: String = id.chars().take(100).collect();
        Problem::new(ProblemCode::NotFound, format!("There is no operation `{shown}`."))
            .with_next_step("GET /api/v1/operations lists what can be run.")
    })?;
    Ok(Json(spec.into()))
}

/// What a job would need and cost. Nothing is held.
#[utoipa::path(post, path = "/operations/{id}/estimate", tag = "Operations",
    params(("id" = String, Path)), request_body = EstimateRequest,
    responses((status = 200, body = EstimateBody)))]
pub async fn estimate(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathText(id): PathText,
    extensions: Extensions,
    JsonBody(request): JsonBody<EstimateRequest>,
) -> Answer<Json<EstimateBody>> {
    let inputs: Vec<(String, InputRef)> =
        request.inputs.into_iter().map(|(slot, input)| (slot, input.into())).collect();
    let estimate = state.jobs().estimate(&actor, &id, &request.params, &inputs).await?;
    let request_id = extensions.get::<RequestId>().copied().unwrap_or_else(RequestId::generate);
    let refusal = |reason| {
        let error = JobsError::Hot(gantry_ports::store::HotError::Refused(reason));
        Problem::from(error).to_json(request_id)
    };
    Ok(Json(EstimateBody::new(estimate, refusal)))
}
