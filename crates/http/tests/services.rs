//! Calls of services over HTTP: one answer, a stream, and what is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use gantry_rules::plan::{MeterLimit, PlanTerms};
use gantry_testkit::{TestApp, TestClient, TestRequest, TestSettings, WithWorker, generous_terms};
use serde_json::{Value, json};

const WORDS: &str = "/api/v1/services/test.words/calls";
const MOODS: &str = "/api/v1/services/test.moods/calls";

const QUOTA: u64 = 100;

/// A server, an owner, and an artifact of the owner's.
async fn start() -> Result<(TestApp, TestClient, Value)> {
    let limit = MeterLimit { per_period: Some(QUOTA), ..MeterLimit::default() };
    let meters = BTreeMap::from([("calls".parse()?, limit)]);
    let terms = PlanTerms { meters, ..generous_terms() };
    let settings = TestSettings { terms, worker: WithWorker::Yes, ..TestSettings::default() };
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

/// What is used and reserved of the meter `calls`.
async fn usage(client: &mut TestClient) -> Result<(u64, u64)> {
    let account = client.get("/api/v1/account").await?.json()?;
    let meters = account["meters"].as_array().context("meters")?;
    let usage = meters.iter().find(|usage| usage["meter"] == "calls").context("no calls")?;
    let number = |name: &str| usage[name].as_u64().with_context(|| format!("no {name}: {usage}"));
    Ok((number("used")?, number("reserved")?))
}

#[tokio::test]
async fn calls_draw_on_an_allowance_and_failures_are_free() -> Result<()> {
    let (app, mut client, artifact) = start().await?;
    let call = |mood: &str| json!({ "artifact_id": artifact, "input": { "mood": mood } });
    for _ in 0..4 {
        client.post(MOODS, &call("calm")).await?.require_status(200)?;
    }
    client.post(MOODS, &call("odd")).await?.require_status(422)?;
    // A tenth of the quota was reserved at once.
    assert_eq!(usage(&mut client).await?, (0, 10));
    app.jobs.end_allowances().await;
    assert_eq!(usage(&mut client).await?, (4, 0));
    // Its time is over, and the next call opens another one.
    client.post(MOODS, &call("calm")).await?.require_status(200)?;
    app.clock.advance(Duration::from_secs(31));
    client.post(MOODS, &call("calm")).await?.require_status(200)?;
    app.jobs.end_allowances().await;
    assert_eq!(usage(&mut client).await?, (6, 0));
    Ok(())
}

#[tokio::test]
async fn a_quota_holds_also_for_many_calls_at_once() -> Result<()> {
    let (app, mut client, artifact) = start().await?;
    let body = json!({ "artifact_id": artifact, "input": { "mood": "calm" } });
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (mut client, body) = (client.clone(), body.clone());
            tokio::spawn(async move {
                let mut answered = 0;
                for _ in 0..15 {
                    let answer = client.post(MOODS, &body).await?;
                    if answer.status == 402 {
                        let problem = answer.json()?;
                        assert_eq!(problem["code"], "quota_exceeded");
                        assert_eq!(problem["limit"], QUOTA);
                    } else {
                        answer.require_status(200)?;
                        answered += 1;
                    }
                }
                anyhow::Ok(answered)
            })
        })
        .collect();
    let mut answered = 0;
    for caller in callers {
        answered += caller.await??;
    }
    assert_eq!(answered, QUOTA);
    app.jobs.end_allowances().await;
    assert_eq!(usage(&mut client).await?, (QUOTA, 0));
    let breaches = app.store.read().await?.accounts().list_ledger_breaches().await?;
    assert!(breaches.is_empty(), "{breaches:?}");
    Ok(())
}
