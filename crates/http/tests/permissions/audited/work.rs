//! What people do with their data, jobs, schedules, workflows and models.

use anyhow::{Context, Result};
use gantry_testkit::TestClient;
use serde_json::json;

use super::{Call, Row, Walk, id_in, text_of};
use crate::stage::{learn, run, upload, workflow, yearly};

const TABLE: &[u8] = b"city,age\nBergen,41\nLima,39\n";

/// Everything but the ends of jobs.
pub(super) async fn walk(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    bring_data(walk, ada).await?;
    run_jobs(walk, ada).await?;
    keep_schedules(walk, ada).await?;
    keep_workflows(walk, ada).await?;
    keep_models(walk, ada).await
}

/// Its maker keeps a thing from the others.
async fn restrict(walk: &mut Walk<'_>, ada: &mut TestClient, row: Row, id: &str) -> Result<()> {
    let body = json!({ "visibility": "restricted", "grants": [] });
    walk.tell(ada, Call::new(row.0, row.1).about(id)?.json(&body)).await?;
    Ok(())
}

/// An upload whose bytes are there.
async fn begin_upload(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<String> {
    let new = json!({ "name": "people", "file_name": "people.csv", "bytes": TABLE.len() });
    let begin = Call::new("post", "/api/v1/datasets/uploads").json(&new);
    let id = id_in(&walk.tell(ada, begin).await?)?;
    let part = Call::new("put", "/api/v1/datasets/uploads/{id}/parts/{number}");
    walk.pass(ada, part.about(&id)?.about("1")?.bytes(TABLE)).await?;
    Ok(id)
}

async fn bring_data(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let id = begin_upload(walk, ada).await?;
    let complete = Call::new("post", "/api/v1/datasets/uploads/{id}/complete").about(&id)?;
    walk.tell(ada, complete).await?;
    let id = begin_upload(walk, ada).await?;
    let confirm = Call::new("post", "/api/v1/datasets/confirm").json(&json!({ "upload_id": id }));
    walk.tell(ada, confirm).await?;
    let id = begin_upload(walk, ada).await?;
    walk.tell(ada, Call::new("delete", "/api/v1/datasets/uploads/{id}").about(&id)?).await?;
    let sample = Call::new("post", "/api/v1/samples/{name}").about("people")?;
    walk.tell(ada, sample).await?;
    let id = upload(ada).await?;
    restrict(walk, ada, ("put", "/api/v1/datasets/{id}/access"), &id).await?;
    walk.tell(ada, Call::new("delete", "/api/v1/datasets/{id}").about(&id)?).await?;
    Ok(())
}

async fn run_jobs(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let estimate = Call::new("post", "/api/v1/operations/{id}/estimate").about("test.noop")?;
    walk.pass(ada, estimate.json(&json!({}))).await?;
    let new = json!({ "operation": "test.noop" });
    walk.pass(ada, Call::new("post", "/api/v1/jobs").json(&new)).await?;
    let doors = json!({ "operation": "test.doors", "params": {} });
    let done = run(ada, "/api/v1/jobs", &doors).await?;
    walk.pass(ada, Call::new("post", "/api/v1/jobs/{id}/rerun").about(&done)?).await?;
    let failing = json!({ "operation": "test.misbehave", "params": { "how": "fail_input" } });
    let failed = run(ada, "/api/v1/jobs", &failing).await?;
    walk.pass(ada, Call::new("post", "/api/v1/jobs/{id}/redrive").about(&failed)?).await?;

    let artifacts = ada.get(&format!("/api/v1/jobs/{done}/artifacts")).await?.json()?;
    let artifact = text_of(&artifacts["items"][0], "id")?;
    let call = Call::new("post", "/api/v1/services/{id}/calls").about("test.words")?;
    let input = json!({ "artifact_id": artifact, "input": { "word": "sum" } });
    walk.pass(ada, call.json(&input)).await?;
    restrict(walk, ada, ("put", "/api/v1/jobs/{id}/access"), &done).await
}

async fn keep_schedules(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let made = walk.tell(ada, Call::new("post", "/api/v1/schedules").json(&yearly())).await?;
    let id = id_in(&made)?;
    let mut next = yearly();
    next["name"] = json!("every leap year");
    let change = Call::new("put", "/api/v1/schedules/{id}").about(&id)?;
    walk.tell(ada, change.json(&next)).await?;
    walk.pass(ada, Call::new("post", "/api/v1/schedules/{id}/run").about(&id)?).await?;
    walk.tell(ada, Call::new("delete", "/api/v1/schedules/{id}").about(&id)?).await?;
    Ok(())
}

async fn keep_workflows(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let path = "/api/v1/workflows";
    let checked = Call::new("post", "/api/v1/workflow-checks");
    walk.pass(ada, checked.json(&workflow("/api/v1/workflow-checks"))).await?;
    let made = walk.tell(ada, Call::new("post", path).json(&workflow(path))).await?;
    let id = id_in(&made)?;
    let mut next = workflow(path);
    next["name"] = json!("two");
    let change = Call::new("put", "/api/v1/workflows/{id}").about(&id)?;
    walk.tell(ada, change.json(&next)).await?;
    walk.tell(ada, Call::new("post", "/api/v1/workflows/{id}/duplicate").about(&id)?).await?;
    let begin = Call::new("post", "/api/v1/workflows/{id}/runs").about(&id)?;
    walk.pass(ada, begin.json(&json!({}))).await?;
    restrict(walk, ada, ("put", "/api/v1/workflows/{id}/access"), &id).await?;
    walk.tell(ada, Call::new("delete", "/api/v1/workflows/{id}").about(&id)?).await?;
    Ok(())
}

async fn keep_models(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let id = learn(ada).await?;
    let change = Call::new("patch", "/api/v1/models/{id}").about(&id)?;
    walk.tell(ada, change.json(&json!({ "tags": ["live"] }))).await?;
    let predict = Call::new("post", "/api/v1/models/{id}/predict").about(&id)?;
    walk.pass(ada, predict.json(&json!({ "word": "a" }))).await?;
    restrict(walk, ada, ("put", "/api/v1/models/{id}/access"), &id).await?;
    walk.tell(ada, Call::new("delete", "/api/v1/models/{id}").about(&id)?).await?;
    Ok(())
}

/// A job that begins in another century.
async fn put_off(ada: &mut TestClient) -> Result<String> {
    let new = json!({ "operation": "test.noop", "start_at": "2100-01-01T00:00:00Z" });
    let put_off = ada.post("/api/v1/jobs", &new).await?;
    put_off.require_status(202)?;
    id_in(&put_off).context("a job")
}

/// Jobs are stopped by their owner and by an administrator; dead ones are run anew.
pub(super) async fn stop(
    walk: &mut Walk<'_>,
    ada: &mut TestClient,
    root: &mut TestClient,
) -> Result<()> {
    let id = put_off(ada).await?;
    walk.tell(ada, Call::new("post", "/api/v1/jobs/{id}/cancel").about(&id)?).await?;
    let id = put_off(ada).await?;
    let stop = Call::new("post", "/api/v1/admin/jobs/{id}/cancel").about(&id)?;
    walk.tell(root, stop.json(&json!({}))).await?;
    let redrive = Call::new("post", "/api/v1/admin/jobs/redrive");
    walk.tell(root, redrive.json(&json!({ "operation": "test.noop" }))).await?;
    Ok(())
}
