//! Workflows over HTTP, on both databases: kept, changed, checked, run and scheduled.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_store::StoreConfig;
use gantry_testkit::{TestApp, TestClient, TestRequest, TestSettings, WithWorker, postgres};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);
const WORKFLOWS: &str = "/api/v1/workflows";

async fn start(store: Option<StoreConfig>) -> Result<(TestApp, TestClient)> {
    let settings = TestSettings { worker: WithWorker::Yes, store, ..TestSettings::default() };
    let (app, _) = TestApp::start(settings).await?;
    let owner = app.register("ada@example.org").await?;
    Ok((app, owner))
}

async fn send(
    client: &mut TestClient,
    (method, path): (&str, &str),
    body: &Value,
    status: u16,
) -> Result<Value> {
    let request = TestRequest::new(method, path);
    let request = if method == "GET" { request } else { request.json(body) };
    let answer = client.send(request).await?;
    answer.require_status(status)?;
    if status == 204 { Ok(Value::Null) } else { answer.json() }
}

async fn get(client: &mut TestClient, path: &str) -> Result<Value> {
    send(client, ("GET", path), &Value::Null, 200).await
}

fn path_of(kept: &Value) -> Result<String> {
    Ok(format!("{WORKFLOWS}/{}", kept["id"].as_str().context("an id")?))
}

/// Waits until a run has ended; answers its nodes by name and state.
async fn nodes(client: &mut TestClient, run: &Value) -> Result<(Value, Vec<(String, String)>)> {
    let path = format!("/api/v1/workflow-runs/{}", run.as_str().context("an id")?);
    let deadline = tokio::time::Instant::now() + LIMIT;
    loop {
        let view = get(client, &path).await?;
        if !view["run"]["finished_at"].is_null() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let nodes = view["nodes"].as_array().context("nodes")?.iter();
            let nodes = nodes.map(|node| (text(&node["node"]), text(&node["state"]))).collect();
            return Ok((view, nodes));
        }
        anyhow::ensure!(tokio::time::Instant::now() < deadline, "it still runs: {view}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn words(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(node, state)| ((*node).to_owned(), (*state).to_owned())).collect()
}

/// One learns from what the other left, and a third from its model.
fn learning(target: &str) -> Value {
    json!({
        "nodes": [
            { "id": "first", "operation": "test.learn", "params": { "target": "x" } },
            { "id": "second", "operation": "test.learn", "params": { "target": target } },
        ],
        "edges": [
            { "from": "first.scores.csv", "to": "second.data" },
            { "from": "first", "to": "second.before" },
        ],
    })
}

async fn a_workflow_is_kept_changed_and_run(store: Option<StoreConfig>) -> Result<()> {
    let (_app, mut client) = start(store).await?;
    let draft = json!({ "name": "Two", "definition": { "nodes": [{ "id": "x" }] } });
    let kept = send(&mut client, ("POST", WORKFLOWS), &draft, 201).await?;
    assert_eq!(kept["problems"][1]["node"], "x", "{kept}");
    let path = path_of(&kept)?;
    let runs = format!("{path}/runs");
    let refused = send(&mut client, ("POST", &runs), &json!({}), 422).await?;
    assert_eq!(refused["errors"][0]["pointer"], "/definition/nodes", "{refused}");
    let good = json!({ "name": "Two", "definition": learning("y"), "base_revision": 1 });
    let changed = send(&mut client, ("PUT", &path), &good, 200).await?;
    assert_eq!((&changed["revision"], &changed["problems"]), (&json!(2), &json!([])));
    assert_eq!(changed["definition"]["versions"]["test.learn"], 1);
    let stale = send(&mut client, ("PUT", &path), &good, 409).await?;
    assert_eq!(stale["revision"], 2, "{stale}");
    let run = send(&mut client, ("POST", &runs), &json!({}), 202).await?;
    let (view, states) = nodes(&mut client, &run["id"]).await?;
    assert_eq!(states, words(&[("first", "succeeded"), ("second", "succeeded")]), "{view}");
    assert_eq!(view["definition"]["edges"][1]["to"], "second.before");
    let anew = send(&mut client, ("POST", &runs), &json!({ "rerun": ["second"] }), 202).await?;
    let (view, states) = nodes(&mut client, &anew["id"]).await?;
    assert_eq!(states, words(&[("first", "reused"), ("second", "succeeded")]));
    assert!(view["nodes"][0]["job_id"].is_string(), "its earlier job is named");
    let wrong = send(&mut client, ("POST", &runs), &json!({ "rerun": ["z"] }), 400).await?;
    assert_eq!(wrong["errors"][0]["pointer"], "/rerun");
    let listed = get(&mut client, &runs).await?;
    let ids: Vec<&Value> =
        listed["items"].as_array().context("items")?.iter().map(|run| &run["job_id"]).collect();
    assert_eq!(ids, [&anew["id"], &run["id"]]);
    let revisions = get(&mut client, &format!("{path}/revisions")).await?;
    assert_eq!(revisions["items"].as_array().map(Vec::len), Some(2));
    let copy = send(&mut client, ("POST", &format!("{path}/duplicate")), &json!({}), 201).await?;
    assert_eq!((&copy["name"], &copy["revision"]), (&json!("Two (copy)"), &json!(1)));
    send(&mut client, ("DELETE", &path), &Value::Null, 204).await?;
    send(&mut client, ("GET", &path), &Value::Null, 404).await?;
    nodes(&mut client, &run["id"]).await?;
    Ok(())
}

#[tokio::test]
async fn a_workflow_is_kept_changed_and_run_on_sqlite() -> Result<()> {
    a_workflow_is_kept_changed_and_run(None).await
}

#[tokio::test]
async fn a_workflow_is_kept_changed_and_run_on_postgresql() -> Result<()> {
    let server = tokio::task::spawn_blocking(postgres::share).await??;
    a_workflow_is_kept_changed_and_run(Some(StoreConfig::postgres(server.create_database()?))).await
}

#[tokio::test]
async fn a_schedule_runs_the_newest_revision() -> Result<()> {
    let (app, mut client) = start(None).await?;
    let body = json!({ "name": "Two", "definition": learning("y") });
    let kept = send(&mut client, ("POST", WORKFLOWS), &body, 201).await?;
    let schedule = json!({ "name": "nightly", "operation": "flow.run", "cron": "* * * * *",
        "params": { "workflow": kept["id"] } });
    let schedule = send(&mut client, ("POST", "/api/v1/schedules"), &schedule, 201).await?;
    let body = json!({ "name": "Two", "definition": learning("z") });
    send(&mut client, ("PUT", &path_of(&kept)?), &body, 200).await?;
    app.clock.advance(Duration::from_secs(61));
    app.jobs.run_due_schedules().await?;
    let path = format!("/api/v1/schedules/{}/runs", schedule["id"].as_str().context("an id")?);
    let job = get(&mut client, &path).await?["items"][0]["job_id"].clone();
    let (view, _) = nodes(&mut client, &job).await?;
    assert_eq!((&view["run"]["state"], &view["run"]["revision"]), (&json!("succeeded"), &json!(2)));
    let runs = get(&mut client, &format!("{}/runs", path_of(&kept)?)).await?;
    assert_eq!(runs["items"][0]["job_id"], job, "a scheduled run is among the workflow's");
    Ok(())
}

#[tokio::test]
async fn a_run_tells_what_each_node_might_have_cost_and_did() -> Result<()> {
    let (_app, mut client) = start(None).await?;
    // The one charges a half of what it might, the other all of it.
    let definition = json!({
        "nodes": [
            { "id": "half", "operation": "test.doors", "params": { "credits": 3 } },
            { "id": "all", "operation": "test.noop", "params": { "credits": 5 } },
        ],
        "edges": [],
    });
    let body = json!({ "name": "Two prices", "definition": definition });
    let kept = send(&mut client, ("POST", WORKFLOWS), &body, 201).await?;
    let runs = format!("{}/runs", path_of(&kept)?);
    let run = send(&mut client, ("POST", &runs), &json!({}), 202).await?;
    let (view, _) = nodes(&mut client, &run["id"]).await?;
    let costs = |place: usize| {
        let node = &view["nodes"][place];
        (node["max_credits"].clone(), node["cost"].clone())
    };
    assert_eq!([costs(0), costs(1)], [(json!(6), json!(3)), (json!(5), json!(5))], "{view}");
    assert_eq!(view["run"]["cost"], 8, "{view}");
    let most = view["run"]["max_credits"].as_i64().context("the most")?;
    assert!(most >= 11, "{view}");
    let path = format!("/api/v1/jobs/{}", run["id"].as_str().context("an id")?);
    let job = get(&mut client, &path).await?;
    assert_eq!((&job["cost"], &job["max_credits"]), (&json!(8), &json!(most)), "{job}");
    Ok(())
}

#[tokio::test]
async fn a_check_says_what_is_wrong_and_keeps_nothing() -> Result<()> {
    let (_app, mut client) = start(None).await?;
    let circle = json!({ "definition": {
        "nodes": [{ "id": "a", "operation": "test.doors" }],
        "edges": [{ "from": "a", "to": "a.data" }],
    } });
    let checks = "/api/v1/workflow-checks";
    let said = send(&mut client, ("POST", checks), &circle, 200).await?;
    assert_eq!((&said["sound"], &said["problems"][0]["edge"]), (&json!(false), &json!(0)));
    let odd = json!({ "definition": { "nodes": [{ "id": "a", "colour": "red" }] } });
    let refused = send(&mut client, ("POST", checks), &odd, 400).await?;
    assert!(refused["detail"].as_str().is_some_and(|text| text.contains("colour")), "{refused}");
    assert_eq!(get(&mut client, WORKFLOWS).await?["items"], json!([]));
    // As an operation it is refused in the same words.
    let job = json!({ "operation": "flow.run", "params": circle });
    let refused = send(&mut client, ("POST", "/api/v1/jobs"), &job, 422).await?;
    assert_eq!(refused["errors"][0]["pointer"], "/definition/edges/0", "{refused}");
    Ok(())
}
