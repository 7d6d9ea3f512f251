//! Whether the server lives, can work, and how it does.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use gantry_ports::{BlobError, BlobKey};
use gantry_types::ProblemCode;

use crate::dto::{CheckBody, HealthBody, ReadinessBody};
use crate::extract::Peer;
use crate::metrics::Gauge;
use crate::problem::{Answer, Problem};
use crate::state::{AppState, MetricsAccess};

/// `/healthz`, `/readyz` and `/metrics`.
pub fn health_routes() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(get_health))
        .route("/readyz", get(get_readiness))
        .route("/metrics", get(get_metrics))
}

async fn get_health() -> Json<HealthBody> {
    Json(HealthBody { status: "ok" })
}

async fn get_readiness(State(state): State<AppState>) -> impl IntoResponse {
    let store = match state.services.store.ping().await {
        Ok(()) => CheckBody { ok: true, detail: None },
        Err(error) => failed("the database does not answer", &error.to_string()),
    };
    let checks = BTreeMap::from([("store", store), ("blobs", check_blobs(&state).await)]);
    let is_ready = checks.values().all(|check| check.ok);
    let (code, status) = if is_ready {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    };
    (code, Json(ReadinessBody { status, checks }))
}

/// A blob store that says that something is not there, works.
async fn check_blobs(state: &AppState) -> CheckBody {
    let answer = match BlobKey::from_words(&["readiness", "probe"]) {
        Ok(key) => state.catalog().blobs().size(&key).await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(_) | Err(BlobError::NotFound { .. }) => CheckBody { ok: true, detail: None },
        Err(error @ (BlobError::InvalidKey { .. } | BlobError::Unavailable { .. })) => {
            failed("the blob store does not answer", &error.to_string())
        }
    }
}

fn failed(words: &str, cause: &str) -> CheckBody {
    tracing::error!(cause, "{words}");
    CheckBody { ok: false, detail: Some(words.to_owned()) }
}

async fn get_metrics(State(state): State<AppState>, peer: Peer, headers: HeaderMap) -> Answer {
    let is_proxied = headers.contains_key("x-forwarded-for");
    let is_local = peer.ip.is_loopback() && !is_proxied;
    match state.settings.metrics {
        MetricsAccess::Everybody => {}
        MetricsAccess::LocalOnly if is_local => {}
        MetricsAccess::LocalOnly => {
            return Err(Problem::new(
                ProblemCode::Forbidden,
                "Metrics are for programs on the same machine.",
            )
            .with_next_step("Set `http.metrics = \"everybody\"` to open them."));
        }
    }
    let text = state.metrics.render(&measure(&state).await?);
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}

async fn measure(state: &AppState) -> Answer<Vec<Gauge>> {
    let mut gauges = vec![
        Gauge {
            name: "gantry_uptime_seconds",
            help: "Seconds since the server started.",
            labels: Vec::new(),
            value: state.started.elapsed().as_secs_f64(),
        },
        Gauge {
            name: "gantry_event_streams",
            help: "Event streams that are open.",
            labels: Vec::new(),
            value: f64::from(state.streams.count()),
        },
    ];
    for queue in state.jobs().measure_queues().await? {
        let labels = vec![
            ("device", queue.device.as_str().to_owned()),
            ("class", queue.class.as_str().to_owned()),
        ];
        let gauge = |name, help, value: u64| Gauge {
            name,
            help,
            labels: labels.clone(),
            value: value as f64,
        };
        gauges.push(gauge("gantry_jobs_queued", "Jobs ready to be claimed.", queue.queued));
        gauges.push(gauge("gantry_jobs_running", "Jobs that run.", queue.running));
    }
    gauges.extend(measure_unclear(state).await?);
    Ok(gauges)
}

async fn measure_unclear(state: &AppState) -> Answer<[Gauge; 2]> {
    let unclear = state.billing().count_unclear_events().await?;
    let states = [("waiting", unclear.waiting), ("given_up", unclear.given_up)];
    Ok(states.map(|(word, count)| Gauge {
        name: "gantry_payment_events_unclear",
        help: "Events of payment providers that could not be understood.",
        labels: vec![("state", word.to_owned())],
        value: count as f64,
    }))
}
