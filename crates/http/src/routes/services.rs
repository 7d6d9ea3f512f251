//! Services: warm artifacts that answer at once.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use gantry_access::{Permission, require};
use gantry_jobs::ServiceCall;

use crate::call_stream::{AnswerForm, open_call_stream};
use crate::dto::{ListOf, ServiceBody, ServiceCallBody, ServiceCallRequest};
use crate::extract::{CurrentActor, JsonBody, PathText};
use crate::problem::Answer;
use crate::state::AppState;

/// Every service.
#[utoipa::path(get, path = "/services", tag = "Services",
    responses((status = 200, body = ListOf<ServiceBody>)))]
pub async fn list_services(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
) -> Answer<Json<ListOf<ServiceBody>>> {
    require(&actor, Permission::ReadJobs)?;
    let services = state.jobs().registry().services();
    Ok(Json(ListOf { items: services.into_iter().map(Into::into).collect() }))
}

/// Calls a service on an artifact; the answer comes within 10 seconds. With
/// `Accept: text/event-stream` it is streamed: events `chunk`, each a piece of the answer, then
/// one `answer` with the whole body or one `problem`.
#[utoipa::path(post, path = "/services/{id}/calls", tag = "Services",
    params(("id" = String, Path)), request_body = ServiceCallRequest,
    responses((status = 200, body = ServiceCallBody, content_type = "application/json"),
        (status = 200, body = String, content_type = "text/event-stream")))]
pub async fn call_service(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathText(service): PathText,
    form: AnswerForm,
    JsonBody(request): JsonBody<ServiceCallRequest>,
) -> Answer {
    let call = ServiceCall { service, artifact_id: request.artifact_id, input: request.input };
    if let AnswerForm::Streamed(request_id) = form {
        return open_call_stream(&state, actor, call, request_id).await;
    }
    let output = state.jobs().call_service(&actor, call, Box::new(|_| ())).await?;
    Ok(Json(ServiceCallBody { output }).into_response())
}
