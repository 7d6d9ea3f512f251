//! Jobs, events, datasets and artifacts over HTTP, with a worker behind.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_testkit::{ServerEvent, TestApp, TestClient, TestRequest, TestSettings, WithWorker};
use serde_json::{Value, json};

async fn start() -> Result<(TestApp, TestClient)> {
    let settings = TestSettings { worker: WithWorker::Yes, ..TestSettings::default() };
    let (app, _) = TestApp::start(settings).await?;
    let owner = app.register("ada@example.org").await?;
    Ok((app, owner))
}

async fn submit(client: &mut TestClient, body: &Value) -> Result<String> {
    let answer = client.post("/api/v1/jobs", body).await?;
    answer.require_status(202)?;
    let job = answer.json()?;
    let id = job["id"].as_str().context("an id")?.to_owned();
    assert_eq!(answer.header("location"), Some(format!("/api/v1/jobs/{id}").as_str()));
    Ok(id)
}

fn events_of(id: &str) -> TestRequest {
    TestRequest::new("GET", &format!("/api/v1/jobs/{id}/events"))
}

async fn wait(client: &TestClient, id: &str) -> Result<()> {
    client.stream(events_of(id)).await?.collect().await.map(drop)
}

async fn upload(client: &mut TestClient, bytes: &[u8]) -> Result<Value> {
    let new = json!({ "name": "people", "file_name": "people.csv", "bytes": bytes.len() });
    let begun = client.post("/api/v1/datasets/uploads", &new).await?;
    begun.require_status(201)?;
    let id = begun.json()?["id"].as_str().context("an id")?.to_owned();
    let part = TestRequest::new("PUT", &format!("/api/v1/datasets/uploads/{id}/parts/1"))
        .body("application/octet-stream", bytes);
    client.send(part).await?.require_status(200)?;
    let path = format!("/api/v1/datasets/uploads/{id}/complete");
    let done = client.post(&path, &Value::Null).await?;
    done.require_status(201)?;
    done.json()
}

#[tokio::test]
async fn a_job_goes_from_submission_to_its_report() -> Result<()> {
    let (_app, mut client) = start().await?;
    let dataset = upload(&mut client, b"city,age\nBergen,41\nLima,39\n").await?;
    let input = json!({ "kind": "dataset", "id": dataset["id"], "version": 1 });
    let body = json!({
        "operation": "test.doors",
        "params": { "steps": 2, "credits": 3 },
        "inputs": { "data": input },
        "label": "first",
        "seed": "42",
    });
    let estimate = json!({ "params": body["params"], "inputs": body["inputs"] });
    let estimate =
        client.post("/api/v1/operations/test.doors/estimate", &estimate).await?.json()?;
    assert_eq!(estimate["max_credits"], 6);
    assert_eq!((&estimate["admissible"], &estimate["refusal"]), (&json!(true), &json!(null)));
    let id = submit(&mut client, &body).await?;
    wait(&client, &id).await?;
    let job = client.get(&format!("/api/v1/jobs/{id}")).await?.json()?;
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(job["engine"], "test");
    assert_eq!(job["operation_title"], "Go through every door");
    assert_eq!(job["label"], "first");
    assert_eq!(job["seed"], "42");
    assert_eq!(job["inputs"]["data"], input);
    assert_eq!(job["input_names"]["data"], "people.csv");
    assert_eq!((&job["max_credits"], &job["cost"]), (&json!(6), &json!(3)));
    assert_eq!(job["report"]["input_bytes"], 27);
    assert_eq!(job["progress"], 1.0);
    let account = client.get("/api/v1/account").await?.json()?;
    assert_eq!(account["credits"], json!({ "available": 999_997, "held": 0, "low": false }));
    let again = client.send(TestRequest::new("POST", &format!("/api/v1/jobs/{id}/rerun"))).await?;
    again.require_status(202)?;
    let again = again.json()?;
    assert_eq!((&again["seed"], &again["params"]), (&job["seed"], &job["params"]));
    assert_ne!(again["id"], job["id"]);
    Ok(())
}

#[tokio::test]
async fn an_event_stream_goes_on_where_it_was_left() -> Result<()> {
    let (_app, mut client) = start().await?;
    let id = submit(&mut client, &json!({ "operation": "test.doors" })).await?;
    let all = client.stream(events_of(&id)).await?.collect().await?;
    let names: Vec<&str> = all.iter().map(|event| event.name.as_str()).collect();
    for kind in ["state", "stage", "progress", "log", "metric", "partial", "emit"] {
        assert!(names.contains(&kind), "{kind} is not in {names:?}");
    }
    assert_eq!(names.last(), Some(&"end"));
    let cursors: Vec<u64> = all.iter().map(|event| event.id.parse().unwrap()).collect();
    assert!(cursors.windows(2).all(|pair| pair[0] <= pair[1]), "{cursors:?}");
    let log = all.iter().find(|event| event.name == "log").context("a log line")?;
    assert!(log.data["message"].as_str().context("words")?.starts_with("seed "));
    assert!(log.data["at"].is_string());
    let middle = &all[all.len() / 2];
    let resumed = events_of(&id).header("last-event-id", &middle.id);
    let rest = client.stream(resumed).await?.collect().await?;
    // Of progress only the last word is kept, so a later reader may miss what a live one saw.
    let lasting = |events: &[ServerEvent]| -> Vec<ServerEvent> {
        events.iter().filter(|event| event.name != "progress").cloned().collect()
    };
    assert_eq!(lasting(&rest), lasting(&all[all.len() / 2 + 1..]));
    let after = TestRequest::new("GET", &format!("/api/v1/jobs/{id}/events?after={}", middle.id));
    assert_eq!(client.stream(after.clone()).await?.collect().await?, rest);
    let listed = client.send(after.header("accept", "application/json")).await?.json()?;
    assert_eq!(listed["items"].as_array().context("items")?.len(), rest.len() - 1);
    Ok(())
}

#[tokio::test]
async fn the_account_stream_tells_state_changes_as_they_happen() -> Result<()> {
    let (app, mut client) = start().await?;
    let mut stream = client.stream(TestRequest::new("GET", "/api/v1/events")).await?;
    let stranger = app.register("bob@example.org").await?;
    submit(&mut stranger.clone(), &json!({ "operation": "test.noop" })).await?;
    let id = submit(&mut client, &json!({ "operation": "test.noop" })).await?;
    let mut states = Vec::new();
    let mut cursor = String::new();
    while states.last().map(String::as_str) != Some("succeeded") {
        let event = stream.next().await?.context("the stream ended")?;
        assert_eq!(event.name, "job");
        assert_eq!(event.data["job_id"], id, "another account's job is told of");
        assert_eq!(event.data["operation"], "test.noop");
        states.push(event.data["state"].as_str().context("a state")?.to_owned());
        cursor = event.id;
    }
    assert_eq!(states, ["queued", "running", "succeeded"]);
    let before = cursor.parse::<u64>()? - 1;
    let request =
        TestRequest::new("GET", "/api/v1/events").header("last-event-id", &before.to_string());
    let last = client.stream(request).await?.next().await?.context("an event")?;
    assert_eq!((last.id, &last.data["state"]), (cursor, &json!("succeeded")));
    Ok(())
}

#[tokio::test]
async fn a_key_repeats_a_request_without_doubling_it() -> Result<()> {
    let (_app, mut client) = start().await?;
    let request = |body: &Value| {
        TestRequest::new("POST", "/api/v1/jobs").json(body).header("idempotency-key", "one")
    };
    let body = json!({ "operation": "test.noop", "params": { "credits": 1 } });
    let first = client.send(request(&body)).await?;
    first.require_status(202)?;
    let second = client.send(request(&body)).await?;
    second.require_status(202)?;
    assert_eq!(first.json()?["id"], second.json()?["id"]);
    let other = json!({ "operation": "test.noop", "params": { "credits": 2 } });
    let mismatch = client.send(request(&other)).await?;
    mismatch.require_status(422)?;
    assert_eq!(mismatch.json()?["code"], "idempotency_mismatch");
    let jobs = client.get("/api/v1/jobs").await?.json()?;
    assert_eq!(jobs["items"].as_array().context("items")?.len(), 1);
    let empty = TestRequest::new("POST", "/api/v1/jobs").json(&body).header("idempotency-key", " ");
    client.send(empty).await?.require_status(400)?;
    Ok(())
}

#[tokio::test]
async fn a_running_job_is_cancelled_within_a_second() -> Result<()> {
    let (_app, mut client) = start().await?;
    let params = json!({ "how": "sleep", "millis": 60_000 });
    let id =
        submit(&mut client, &json!({ "operation": "test.misbehave", "params": params })).await?;
    let mut stream = client.stream(events_of(&id)).await?;
    loop {
        let event = stream.next().await?.context("the stream ended")?;
        if event.data["state"] == "running" {
            break;
        }
    }
    let began = std::time::Instant::now();
    let cancel = TestRequest::new("POST", &format!("/api/v1/jobs/{id}/cancel"));
    client.send(cancel.clone()).await?.require_status(202)?;
    let rest = stream.collect().await?;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(rest.last().context("an end")?.data["state"], "cancelled");
    // Once more changes nothing.
    let again = client.send(cancel).await?;
    again.require_status(202)?;
    assert_eq!(again.json()?["state"], "cancelled");
    Ok(())
}

#[tokio::test]
async fn a_refusal_says_what_is_missing() -> Result<()> {
    let mut settings = TestSettings::default();
    settings.terms.granted_credits = gantry_types::Credits::new(10);
    let (app, _) = TestApp::start(settings).await?;
    let mut client = app.register("ada@example.org").await?;
    let body = json!({ "operation": "test.noop", "params": { "credits": 25 } });
    let refused = client.post("/api/v1/jobs", &body).await?;
    refused.require_status(402)?;
    let problem = refused.json()?;
    assert_eq!(problem["code"], "insufficient_credits");
    assert_eq!((&problem["needed"], &problem["available"]), (&json!(25), &json!(10)));
    assert!(problem["next_step"].is_string());
    let estimate = json!({ "params": body["params"] });
    let estimate = client.post("/api/v1/operations/test.noop/estimate", &estimate).await?.json()?;
    assert_eq!(estimate["admissible"], false);
    assert_eq!(estimate["refusal"]["code"], "insufficient_credits");
    let kept =
        json!({ "operation": "test.noop", "params": { "credits": 25 }, "keep_if_refused": true });
    let kept = client.post("/api/v1/jobs", &kept).await?;
    kept.require_status(202)?;
    assert_eq!(kept.json()?["state"], "blocked");
    let wrong = json!({ "operation": "test.noop", "params": { "credits": "many" } });
    let wrong = client.post("/api/v1/jobs", &wrong).await?;
    wrong.require_status(422)?;
    assert_eq!(wrong.json()?["errors"][0]["pointer"], "/credits");
    let unknown = client.post("/api/v1/jobs", &json!({ "operation": "test.nope" })).await?;
    unknown.require_status(404)?;
    Ok(())
}

#[tokio::test]
async fn lists_go_on_by_cursor_and_filter() -> Result<()> {
    let (_app, mut client) = start().await?;
    let mut ids = Vec::new();
    for number in 0..5 {
        let label = format!("Batch {number}");
        let id = submit(&mut client, &json!({ "operation": "test.noop", "label": label })).await?;
        wait(&client, &id).await?;
        ids.push(id);
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/jobs?limit=2&order=oldest_first".to_owned();
    loop {
        let page = client.get(&path).await?.json()?;
        for job in page["items"].as_array().context("items")? {
            seen.push(job["id"].as_str().context("an id")?.to_owned());
        }
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/jobs?limit=2&order=oldest_first&cursor={cursor}");
    }
    assert_eq!(seen, ids);
    let count = |page: Value| page["items"].as_array().map_or(0, Vec::len);
    assert_eq!(count(client.get("/api/v1/jobs?q=batch%203").await?.json()?), 1);
    assert_eq!(count(client.get("/api/v1/jobs?state=queued,running").await?.json()?), 0);
    assert_eq!(count(client.get("/api/v1/jobs?state=succeeded").await?.json()?), 5);
    assert_eq!(count(client.get("/api/v1/jobs?operation=test.doors").await?.json()?), 0);
    for wrong in ["limit=0", "limit=201", "limit=x", "cursor=zzz", "order=up", "state=done"] {
        client.get(&format!("/api/v1/jobs?{wrong}")).await?.require_status(400)?;
    }
    Ok(())
}

#[tokio::test]
async fn unchanged_answers_are_not_sent_again() -> Result<()> {
    let (_app, mut client) = start().await?;
    let id = submit(&mut client, &json!({ "operation": "test.noop" })).await?;
    wait(&client, &id).await?;
    for path in [format!("/api/v1/jobs/{id}"), "/api/v1/jobs".to_owned()] {
        let first = client.get(&path).await?;
        first.require_status(200)?;
        let etag = first.header("etag").context("a tag")?.to_owned();
        let again = TestRequest::new("GET", &path).header("if-none-match", &etag);
        let again = client.send(again).await?;
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(again.header("etag"), Some(etag.as_str()));
    }
    let compressed =
        TestRequest::new("GET", "/api/v1/operations").header("accept-encoding", "gzip");
    let compressed = client.send(compressed).await?;
    assert_eq!(compressed.header("content-encoding"), Some("gzip"));
    assert!(compressed.body.starts_with(&[0x1f, 0x8b]));
    Ok(())
}

#[tokio::test]
async fn artifacts_come_whole_in_ranges_and_in_a_frame() -> Result<()> {
    let (_app, mut client) = start().await?;
    let id = submit(&mut client, &json!({ "operation": "test.doors", "seed": 7 })).await?;
    wait(&client, &id).await?;
    let list = client.get(&format!("/api/v1/jobs/{id}/artifacts")).await?.json()?;
    let named = |name: &str| {
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.into_iter().find(|artifact| artifact["name"] == name)
    };
    let sum = named("sum.json").context("sum.json")?;
    let path = format!("/api/v1/artifacts/{}", sum["id"].as_str().context("an id")?);
    assert_eq!(client.get(&path).await?.json()?, sum);
    let content = format!("{path}/content");
    let whole = client.get(&content).await?;
    assert_eq!(whole.text(), "{\"sum\":0,\"seed\":7}");
    let etag = format!("\"{}\"", sum["sha256"].as_str().context("a checksum")?);
    assert_eq!(whole.header("etag"), Some(etag.as_str()));
    let saved = whole.header("content-disposition").context("a disposition")?;
    assert!(saved.starts_with("attachment; filename=\"sum.json\""), "{saved}");
    let get = |range: &str| TestRequest::new("GET", &content).header("range", range);
    let part = client.send(get("bytes=1-5")).await?;
    part.require_status(206)?;
    assert_eq!(part.text(), "\"sum\"");
    assert_eq!(part.header("content-range"), Some("bytes 1-5/18"));
    assert_eq!(client.send(get("bytes=-3")).await?.text(), ":7}");
    let outside = client.send(get("bytes=18-")).await?;
    outside.require_status(416)?;
    assert_eq!(outside.header("content-range"), Some("bytes */18"));
    let known = TestRequest::new("GET", &content).header("if-none-match", &etag);
    client.send(known).await?.require_status(304)?;
    let page = named("page.html").context("page.html")?;
    let page = format!("/api/v1/artifacts/{}/content", page["id"].as_str().context("an id")?);
    let framed = client.get(&format!("{page}?inline=1")).await?;
    framed.require_status(200)?;
    let policy = framed.header("content-security-policy").context("a policy")?;
    assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
    assert_eq!(framed.header("x-frame-options"), Some("SAMEORIGIN"));
    assert!(framed.header("content-disposition").context("a disposition")?.starts_with("inline"));
    let saved = client.get(&page).await?;
    assert!(saved.header("content-disposition").context("a disposition")?.starts_with("attach"));
    assert_eq!(saved.header("x-frame-options"), Some("DENY"));
    let call = json!({ "artifact_id": sum["id"], "input": { "word": "sum" } });
    let answer = client.post("/api/v1/services/test.words/calls", &call).await?;
    assert_eq!(answer.json()?["output"]["count"], 1);
    Ok(())
}

#[tokio::test]
async fn an_upload_resumes_and_is_checked() -> Result<()> {
    let (_app, mut client) = start().await?;
    let part_bytes = 8 << 20;
    let mut bytes = b"number\n".to_vec();
    while bytes.len() < part_bytes + 1_000 {
        bytes.extend_from_slice(b"12345678\n");
    }
    let new = json!({ "name": "big", "file_name": "../../big.csv", "bytes": bytes.len() });
    let begun = client.post("/api/v1/datasets/uploads", &new).await?.json()?;
    assert_eq!(
        (&begun["file_name"], &begun["part_bytes"]),
        (&json!("big.csv"), &json!(part_bytes))
    );
    let upload = format!("/api/v1/datasets/uploads/{}", begun["id"].as_str().context("an id")?);
    let put = |number: u32, bytes: &[u8]| {
        TestRequest::new("PUT", &format!("{upload}/parts/{number}"))
            .body("application/octet-stream", bytes)
    };
    let wrong = put(2, &bytes[part_bytes..]).header("x-content-sha256", &"0".repeat(64));
    client.send(wrong).await?.require_status(422)?;
    client.send(put(2, b"too short")).await?.require_status(400)?;
    client.send(put(3, b"x")).await?.require_status(400)?;
    client.send(put(0, b"x")).await?.require_status(400)?;
    client.send(put(2, &bytes[part_bytes..])).await?.require_status(200)?;
    let complete = TestRequest::new("POST", &format!("{upload}/complete"));
    let early = client.send(complete.clone()).await?;
    early.require_status(409)?;
    let state = client.get(&upload).await?.json()?;
    assert_eq!(state["parts"].as_array().context("parts")?.len(), 1);
    client.send(put(1, &bytes[..part_bytes])).await?.require_status(200)?;
    let dataset = client.send(complete.clone()).await?;
    dataset.require_status(201)?;
    let dataset = dataset.json()?;
    assert_eq!(dataset["latest"]["bytes"], bytes.len());
    client.send(complete).await?.require_status(404)?;
    let range = TestRequest::new(
        "GET",
        &format!("/api/v1/datasets/{}/content", dataset["id"].as_str().context("an id")?),
    )
    .header("range", "bytes=8388600-8388615");
    let part = client.send(range).await?;
    part.require_status(206)?;
    assert_eq!(part.body, &bytes[8_388_600..=8_388_615]);
    Ok(())
}

#[tokio::test]
async fn a_dataset_is_profiled_previewed_versioned_and_deleted() -> Result<()> {
    let (_app, mut client) = start().await?;
    let dataset = upload(&mut client, b"city,age\nBergen,41\nLima,\n").await?;
    let id = dataset["id"].as_str().context("an id")?.to_owned();
    let job = dataset["latest"]["profile_job_id"].as_str().context("a profile job")?.to_owned();
    wait(&client, &job).await?;
    let path = format!("/api/v1/datasets/{id}");
    let dataset = client.get(&path).await?.json()?;
    assert_eq!(dataset["latest"]["profiled"], true, "{dataset}");
    assert_eq!((&dataset["latest"]["rows"], &dataset["latest"]["columns"]), (&json!(2), &json!(2)));
    let profile = client.get(&format!("{path}/profile?version=1")).await?.json()?;
    assert_eq!(profile["columns"][0]["name"], "city");
    let preview = client.get(&format!("{path}/preview?rows=1")).await?.json()?;
    assert_eq!(preview["rows"], json!([["Bergen", "41"]]));
    assert_eq!(preview["columns"][1]["name"], "age");
    assert_eq!(preview["more"], true);
    client.get(&format!("{path}/preview?rows=0")).await?.require_status(400)?;
    client.get(&format!("{path}/profile?version=2")).await?.require_status(404)?;
    let versions = client.get(&format!("{path}/versions")).await?.json()?;
    assert_eq!(versions["items"].as_array().context("items")?.len(), 1);
    let found = client.get("/api/v1/datasets?q=PEOP").await?.json()?;
    assert_eq!(found["items"][0]["id"], id);
    client.delete(&path).await?.require_status(204)?;
    client.get(&path).await?.require_status(404)?;
    client.delete(&path).await?.require_status(404)?;
    Ok(())
}
