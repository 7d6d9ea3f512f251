//! Workflows that name what another organization has: they are not kept, and run on nothing.

use anyhow::{Context, Result, ensure};
use gantry_testkit::{TestApp, TestClient};
use serde_json::{Value, json};

use crate::rules::Who;
use crate::stage::{key, run, set_stage};
use crate::things::Kind;

const WORKFLOWS: &str = "/api/v1/workflows";
const JOBS: &str = "/api/v1/jobs";

/// Definitions that read a thing, in every place that can name one.
fn definitions_with(id: &str) -> Vec<Value> {
    let sources = [
        json!({ "dataset": { "id": id } }),
        json!({ "dataset": { "id": id, "version": 1 } }),
        json!({ "artifact": { "id": id } }),
    ];
    let mut definitions = Vec::new();
    for source in sources {
        let mut node = source.clone();
        node["id"] = "data".into();
        let edge = json!({ "from": "data", "to": "work.data" });
        let work = json!({ "id": "work", "operation": "test.doors", "params": {} });
        definitions.push(json!({ "nodes": [node, work], "edges": [edge] }));
        let mut work = work;
        work["inputs"] = json!({ "data": source });
        definitions.push(json!({ "nodes": [work] }));
    }
    definitions
}

/// What a run came to: the state of the node that works, if the run came that far, and how many
/// jobs it began.
async fn look_at(client: &mut TestClient, job: &str) -> Result<(Option<String>, usize)> {
    let view = client.get(&format!("/api/v1/workflow-runs/{job}")).await?;
    view.require_status(200)?;
    let view = view.json()?;
    let nodes = view["nodes"].as_array().context("nodes")?;
    let work = nodes.iter().find(|node| node["node"] == "work");
    let state = work.and_then(|node| node["state"].as_str()).map(str::to_owned);
    let children = client.get(&format!("{JOBS}/{job}/children")).await?;
    children.require_status(200)?;
    let children = children.json()?["items"].as_array().context("items")?.len();
    Ok((state, children))
}

/// Runs a definition that is kept, and the same as the parameter of a job; answers both jobs.
async fn run_both(client: &mut TestClient, definition: &Value) -> Result<[String; 2]> {
    let kept = json!({ "name": "one", "definition": definition });
    let kept = client.post(WORKFLOWS, &kept).await?;
    kept.require_status(201)?;
    let kept = kept.json()?["id"].as_str().context("an id")?.to_owned();
    let of_kept = run(client, &format!("{WORKFLOWS}/{kept}/runs"), &json!({})).await?;
    let job = json!({ "operation": "flow.run", "params": { "definition": definition } });
    Ok([of_kept, run(client, JOBS, &job).await?])
}

/// A run that names foreign data began nothing, and ended as one that failed.
async fn require_nothing(client: &mut TestClient, job: &str) -> Result<()> {
    let (state, children) = look_at(client, job).await?;
    let is_stopped = state.as_deref().is_none_or(|state| matches!(state, "failed" | "skipped"));
    ensure!(is_stopped && children == 0, "{state:?}, and {children} jobs");
    let told = client.get(&format!("{JOBS}/{job}")).await?;
    told.require_status(200)?;
    let told = told.json()?;
    ensure!(told["state"] != "succeeded", "{told}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_workflow_reads_what_another_organization_has() -> Result<()> {
    let (app, administrator) = TestApp::start(crate::settings()).await?;
    let mut stage = set_stage(&app, administrator).await?;
    let mut foreign = Vec::new();
    for kind in [Kind::Dataset, Kind::Artifact, Kind::Model] {
        foreign.push(stage.take(Who::Owner, kind).await?);
    }
    let workflow = stage.take(Who::Owner, Kind::Workflow).await?;

    // Their owner's workflows do read them.
    let mut owner = stage.clients[&Who::Owner].clone();
    for definition in &definitions_with(&foreign[0])[..2] {
        for job in run_both(&mut owner, definition).await? {
            let (state, _) = look_at(&mut owner, &job).await?;
            let state = state.context("the node that works")?;
            ensure!(state == "succeeded" || state == "reused", "{definition}: {state}");
        }
    }

    let mut stranger = stage.clients[&Who::Stranger].clone();
    let by_key = key(&mut stranger, &["read", "run"]).await?;
    for mut intruder in [stranger, by_key] {
        for id in &foreign {
            for definition in definitions_with(id) {
                let kept = json!({ "name": "one", "definition": definition });
                intruder.post(WORKFLOWS, &kept).await?.require_status(404)?;
                let job =
                    json!({ "operation": "flow.run", "params": { "definition": definition } });
                let job = run(&mut intruder, JOBS, &job).await?;
                let checked = require_nothing(&mut intruder, &job).await;
                checked.with_context(|| definition.to_string())?;
            }
        }
        let named = json!({ "workflow": workflow, "revision": 1 });
        for params in [json!({ "workflow": workflow }), named] {
            let job = json!({ "operation": "flow.run", "params": params });
            let job = run(&mut intruder, JOBS, &job).await?;
            require_nothing(&mut intruder, &job).await?;
        }
    }
    Ok(())
}
