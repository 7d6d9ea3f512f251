//! Calls of services over HTTP: one answer, a stream, and what is refused.

use anyhow::{Context, Result};
use gantry_testkit::{TestApp, TestClient, TestRequest, TestSettings, WithWorker};
use serde_json::{Value, json};

const WORDS: &str = "/api/v1/services/test.words/calls";
const MOODS: &str = "/api/v1/services/test.moods/calls";

/// A server, an owner, and an artifact of the owner's.
async fn start() -> Result<(TestApp, TestClient, Value)> {
    let settings = TestSettings { worker: WithWorker::Yes, ..TestSettings::default() };
    let (app, _) = TestApp::start(settings).await?;
    let mut owner = app.register("ada@example.org").await?;
    let job = json!({ "operation": "test.doors", "seed": 7 });
    let job = owner.post("/api/v1/jobs", &job).await?.json()?;
    let id = job["id"].as_str().context("an id")?.to_owned();
    let events = TestRequest::new("GET", &format!("/api/v1/jobs/{id}/events"));
    owner.stream(events).await?.collect().await?;
    let list = owner.get(&format!("/api/v1/jobs/{id}/artifacts")).await?.json()?;
    let artifact = list["items"][0]["id"].clone();
    anyhow::ensure!(artifact.is_string(), "{list}");
    Ok((app, owner, artifact))
}

fn streamed(path: &str, body: &Value) -> TestRequest {
    TestRequest::new("POST", path).header("accept", "text/event-stream").json(body)
}

#[tokio::test]
async fn a_streamed_answer_comes_in_pieces() -> Result<()> {
    let (_app, client, artifact) = start().await?;
    let call = json!({ "artifact_id": artifact, "input": { "mood": "talkative" } });
    let events = client.stream(streamed(MOODS, &call)).await?.collect().await?;
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["chunk", "chunk", "chunk", "answer"]);
    assert_eq!(events[1].data, json!(1));
    assert!(events[3].data["output"]["process"].is_number(), "{:?}", events[3].data);
    Ok(())
}

#[tokio::test]
async fn a_call_that_fails_is_a_problem_also_when_it_streams() -> Result<()> {
    let (app, mut client, artifact) = start().await?;
    let call = |input: Value| json!({ "artifact_id": artifact, "input": input });
    for (path, input, status, code) in [
        (MOODS, json!({ "mood": "odd" }), 422, "invalid_parameters"),
        ("/api/v1/services/test.none/calls", json!({}), 404, "not_found"),
        (WORDS, json!({ "word": "" }), 422, "invalid_parameters"),
    ] {
        let body = call(input);
        let answer = client.post(path, &body).await?;
        answer.require_status(status)?;
        assert_eq!(answer.json()?["code"], code);
        let answer = client.send(streamed(path, &body)).await?;
        answer.require_status(status)?;
        assert_eq!(answer.json()?["code"], code);
    }
    let mut other = app.register("eve@example.org").await?;
    let body = call(json!({ "word": "sum" }));
    other.post(WORDS, &body).await?.require_status(404)?;
    client.post(WORDS, &body).await?.require_status(200)?;
    other.post(WORDS, &body).await?.require_status(404)
}
