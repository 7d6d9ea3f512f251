//! ARCHITECTURE.md tells the truth: one job is run over HTTP, and the functions that its trace
//! names are those that the page leads a newcomer through.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use gantry_testkit::{TestApp, TestRequest, TestSettings, WithWorker};
use serde_json::json;
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

const PAGE: &str = include_str!("../../../ARCHITECTURE.md");

/// Collects the names of spans of ours.
#[derive(Clone, Default)]
struct Trace {
    names: Arc<Mutex<BTreeSet<&'static str>>>,
}

impl<S: tracing::Subscriber> Layer<S> for Trace {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: LayerContext<'_, S>) {
        let metadata = attributes.metadata();
        // Every request has a span of its own kind around the function that answers it.
        let is_function = metadata.name().contains("::") && metadata.name() != "http::request";
        if metadata.target().starts_with("gantry_") && is_function {
            self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(metadata.name());
        }
    }
}

/// The functions on the page's path that leave a span; `rules` is pure and leaves none.
fn names_on_the_page() -> BTreeSet<&'static str> {
    let section = PAGE.split("## The path of a job").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    section
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.contains("::") && !name.starts_with("rules::"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_takes_the_path_that_the_page_tells() -> Result<()> {
    let trace = Trace::default();
    tracing_subscriber::registry().with(trace.clone()).init();
    let settings = TestSettings { worker: WithWorker::Yes, ..TestSettings::default() };
    let (app, mut client) = TestApp::start(settings).await?;
    let body = json!({ "operation": "test.doors", "params": {}, "inputs": {} });
    let job = client.post("/api/v1/jobs", &body).await?;
    job.require_status(202)?;
    let id = job.json()?["id"].as_str().context("a job has an id")?.to_owned();
    let events = TestRequest::new("GET", &format!("/api/v1/jobs/{id}/events"))
        .header("accept", "text/event-stream");
    let events = client.stream(events).await?.collect().await?;
    assert!(events.iter().any(|event| event.name == "metric"), "{events:?}");
    let artifacts = client.get(&format!("/api/v1/jobs/{id}/artifacts")).await?.json()?;
    let artifact = artifacts["items"][0]["id"].as_str().context("the job left a file")?.to_owned();
    let content = client.get(&format!("/api/v1/artifacts/{artifact}/content")).await?;
    content.require_status(200)?;
    drop(app);
    let traced = trace.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(traced, names_on_the_page(), "left: the trace, right: the page");
    Ok(())
}
