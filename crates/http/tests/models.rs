//! The registry of models over HTTP.

use anyhow::{Context, Result};
use gantry_testkit::{TestApp, TestClient, TestRequest, TestSettings, WithWorker};
use serde_json::{Value, json};

async fn start() -> Result<(TestApp, TestClient)> {
    let settings = TestSettings { worker: WithWorker::Yes, ..TestSettings::default() };
    let (app, _) = TestApp::start(settings).await?;
    let owner = app.register("ada@example.org").await?;
    Ok((app, owner))
}

async fn learn(client: &mut TestClient, target: &str) -> Result<String> {
    let new = json!({ "operation": "test.learn", "params": { "target": target } });
    let job = client.post("/api/v1/jobs", &new).await?.json()?;
    let id = job["id"].as_str().context("an id")?.to_owned();
    let events = TestRequest::new("GET", &format!("/api/v1/jobs/{id}/events"));
    client.stream(events).await?.collect().await?;
    Ok(id)
}

async fn get(client: &mut TestClient, path: &str) -> Result<Value> {
    let answer = client.get(path).await?;
    answer.require_status(200)?;
    answer.json()
}

async fn patch(client: &mut TestClient, path: &str, body: &Value, status: u16) -> Result<Value> {
    let answer = client.send(TestRequest::new("PATCH", path).json(body)).await?;
    answer.require_status(status)?;
    answer.json()
}

async fn ids(client: &mut TestClient, query: &str) -> Result<Vec<Value>> {
    let found = get(client, &format!("/api/v1/models?{query}")).await?;
    let items = found["items"].as_array().context("items")?;
    Ok(items.iter().map(|model| model["id"].clone()).collect())
}

#[tokio::test]
async fn models_are_found_named_tagged_asked_and_deleted() -> Result<()> {
    let (_app, mut client) = start().await?;
    let first_job = learn(&mut client, "river").await?;
    learn(&mut client, "lake").await?;
    let all = ids(&mut client, "order=oldest_first").await?;
    assert_eq!(all.len(), 2);
    assert_eq!(ids(&mut client, &format!("job={first_job}")).await?, all[..1]);
    assert_eq!(ids(&mut client, "operation=test.noop").await?, Vec::<Value>::new());
    let path = |id: &Value| format!("/api/v1/models/{}", id.as_str().unwrap_or_default());
    let (first, second) = (path(&all[0]), path(&all[1]));
    let card = json!({ "name": "water", "tags": ["Live", "eu"], "note": "The best so far." });
    let named = patch(&mut client, &first, &card, 200).await?;
    assert_eq!((&named["version"], &named["tags"]), (&json!(1), &json!(["eu", "live"])));
    let next = patch(&mut client, &second, &json!({ "name": "water" }), 200).await?;
    assert_eq!(next["version"], 2);
    let again = patch(&mut client, &second, &json!({ "note": "Later." }), 200).await?;
    assert_eq!((&again["version"], &again["note"]), (&json!(2), &json!("Later.")));
    patch(&mut client, &first, &json!({ "tags": ["two words"] }), 400).await?;
    assert_eq!(ids(&mut client, "tag=live").await?, all[..1]);
    assert_eq!(ids(&mut client, "name=water&order=oldest_first").await?, all);
    let metrics = get(&mut client, &format!("{first}/metrics")).await?;
    assert_eq!(
        (&metrics["report"]["score"], &metrics["measured"][0]["name"]),
        (&json!(0.5), &json!("score"))
    );
    let plots = get(&mut client, &format!("{first}/plots")).await?;
    assert_eq!(plots["items"][0]["name"], "curve.svg");
    let ask = client.post(&format!("{first}/predict"), &json!({ "word": "river" })).await?;
    ask.require_status(200)?;
    assert_eq!(ask.json()?, json!({ "count": 2 }));
    let wrong = client.post(&format!("{first}/predict"), &json!({ "word": 7 })).await?;
    wrong.require_status(422)?;
    let gone = client.send(TestRequest::new("DELETE", &first)).await?;
    gone.require_status(204)?;
    client.get(&first).await?.require_status(404)?;
    assert_eq!(ids(&mut client, "").await?, all[1..]);
    Ok(())
}

#[tokio::test]
async fn a_model_that_is_read_is_not_deleted_and_a_tree_is_compared() -> Result<()> {
    let (_app, mut client) = start().await?;
    let definition = json!({
        "nodes": [
            { "id": "a", "operation": "test.learn", "params": { "target": "a" } },
            { "id": "b", "operation": "test.learn", "params": { "target": "b" } },
        ],
    });
    let body = json!({ "name": "both", "definition": definition });
    let kept = client.post("/api/v1/workflows", &body).await?.json()?;
    let runs = format!("/api/v1/workflows/{}/runs", kept["id"].as_str().context("an id")?);
    let job = client.post(&runs, &json!({})).await?.json()?;
    let id = job["id"].as_str().context("an id")?.to_owned();
    let events = TestRequest::new("GET", &format!("/api/v1/jobs/{id}/events"));
    client.stream(events).await?.collect().await?;
    let compared = get(&mut client, &format!("/api/v1/jobs/{id}/models/compare")).await?;
    let models = compared["models"].as_array().context("models")?;
    assert_eq!(models.len(), 2, "{compared}");
    assert_eq!(models[1]["report"]["score"], 0.5);
    let artifact = models[0]["model"]["id"].clone();
    let later = json!({ "operation": "test.learn", "params": { "target": "c" },
        "inputs": { "before": { "kind": "artifact", "id": artifact } },
        "start_at": "2100-01-01T00:00:00Z" });
    let later = client.post("/api/v1/jobs", &later).await?;
    later.require_status(202)?;
    let path = format!("/api/v1/models/{}", artifact.as_str().context("an id")?);
    let kept = client.send(TestRequest::new("DELETE", &path)).await?;
    kept.require_status(400)?;
    assert!(kept.json()?["detail"].as_str().is_some_and(|text| text.contains("has not ended")));
    Ok(())
}
