//! The outermost layer: the request's id, its span, its limit of time, the capture of panics,
//! problems written out, security headers, and the count.
//!
//! Invariant: whatever happens inside, the client gets an answer with an id, and a 5xx is logged
//! exactly once, here.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use gantry_types::{ProblemCode, RequestId};
use tracing::Instrument;

use super::security_headers::add_security_headers;
use crate::extract::derive_peer;
use crate::problem::{InOwnWords, Problem};
use crate::state::AppState;

/// Slow clients get this many times as long for the parts of an upload.
const UPLOAD_PATIENCE: u32 = 10;

/// Runs a request and answers it in every case.
pub async fn observe(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = RequestId::generate();
    let peer = derive_peer(&state.settings, request.headers(), request.extensions());
    request.extensions_mut().insert(peer);
    request.extensions_mut().insert(request_id);
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("(none)", MatchedPath::as_str).to_owned();
    let method = method_word(request.method());
    let style = ProblemStyle::of(request.uri().path(), request.headers());
    let span = tracing::info_span!("http::request", %request_id, method, route = %route);
    let limit = limit_of(&state, &route);
    let mut response = run(request, next, limit).instrument(span.clone()).await;
    let problem = take_problem(&mut response).map(|problem| match problem.refusal() {
        Some(refusal) => {
            let upgrade = state.billing().find_upgrade(refusal);
            let problem = problem.with_currency(state.billing().edition().currency);
            match upgrade {
                Some(upgrade) => problem.with_upgrade(upgrade),
                None => problem,
            }
        }
        None => problem,
    });
    if let Some(problem) = &problem {
        log_problem(&span, problem);
        response = style.write(&state, problem, request_id, response);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&request_id.to_string()) {
        headers.insert("x-request-id", value);
    }
    add_security_headers(headers, peer.scheme);
    let took = started.elapsed();
    state.metrics.count_request(&route, method, response.status().as_u16(), took);
    tracing::debug!(parent: &span, status = response.status().as_u16(), ?took, "answered");
    response
}

async fn run(request: Request, next: Next, limit: Duration) -> Response {
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
            let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
            let words = words.unwrap_or_else(|| "without words".to_owned());
            Problem::internal(format!("a handler panicked: {words}")).into_response()
        }
        Err(_) => Problem::new(
            ProblemCode::Unavailable,
            format!("The request took longer than {} seconds and was given up.", limit.as_secs()),
        )
        .with_next_step("Try again, or ask for less at once.")
        .into_response(),
    }
}

fn limit_of(state: &AppState, route: &str) -> Duration {
    let limit = state.settings.request_timeout;
    if route.contains("/datasets/uploads") { limit * UPLOAD_PATIENCE } else { limit }
}

/// The problem of a response. Answers of the framework itself, such as 405, become one.
fn take_problem(response: &mut Response) -> Option<Problem> {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return Some(problem);
    }
    if response.extensions().get::<InOwnWords>().is_some() {
        return None;
    }
    let status = response.status();
    // A form that is shown again is an answer of ours, though its status is an error's.
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    if is_page || (!status.is_client_error() && !status.is_server_error()) {
        return None;
    }
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => (ProblemCode::NotFound, "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => {
            (ProblemCode::MethodNotAllowed, "This address does not take this method.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => (ProblemCode::TooLarge, "The body is too large."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            (ProblemCode::UnsupportedMediaType, "The content type is not taken here.")
        }
        status if status.is_client_error() => {
            (ProblemCode::InvalidRequest, "The request cannot be understood.")
        }
        status => return Some(Problem::internal(format!("the framework answered {status}"))),
    };
    Some(Problem::new(code, detail))
}

fn log_problem(span: &tracing::Span, problem: &Problem) {
    let code = problem.code().slug();
    let cause = problem.cause().unwrap_or_else(|| problem.detail());
    if problem.status().is_server_error() {
        tracing::error!(parent: span, code, cause, "a request failed");
    } else {
        tracing::debug!(parent: span, code, cause, "a request was refused");
    }
}

/// How a problem is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProblemStyle {
    Json,
    Page,
}

impl ProblemStyle {
    fn of(path: &str, headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let is_browser = accept.is_some_and(|accept| accept.contains("text/html"));
        if is_browser && !path.starts_with("/api/") { Self::Page } else { Self::Json }
    }

    fn write(
        self,
        state: &AppState,
        problem: &Problem,
        request_id: RequestId,
        old: Response,
    ) -> Response {
        let (old, _) = old.into_parts();
        let page = match self {
            Self::Page => state.pages.problem(problem, request_id).ok(),
            Self::Json => None,
        };
        let (media_type, body) = match page {
            Some(page) => ("text/html; charset=utf-8", page),
            None => ("application/problem+json", problem.to_json(request_id).to_string()),
        };
        let mut response = (problem.status(), body).into_response();
        let headers = response.headers_mut();
        headers.extend(old.headers);
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if problem.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn method_word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}
