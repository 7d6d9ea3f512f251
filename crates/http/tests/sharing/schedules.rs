//! Schedules and workflows are no way to what is kept from somebody.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_testkit::{TestApp, TestClient, TestRequest, WithWorker};
use serde_json::{Value, json};

use super::{id_of, make, restricted, share, start, status, upload};

const MINUTE: Duration = Duration::from_secs(61);

/// A workflow of one node, which reads a dataset if one is given.
fn workflow(name: &str, dataset: Option<&str>) -> Value {
    let inputs = dataset.map_or(json!({}), |id| json!({ "data": { "dataset": { "id": id } } }));
    let node = json!({
        "id": "a", "operation": "test.doors", "params": { "credits": 1 }, "inputs": inputs,
    });
    json!({ "name": name, "definition": { "nodes": [node] } })
}

fn every_minute(operation: &str, members: (&str, Value)) -> Value {
    let mut body = json!({
        "name": "often", "operation": operation, "cron": "* * * * *", "overlap": "allow",
    });
    body[members.0] = members.1;
    body
}

/// A schedule of a kept workflow.
fn of_workflow(id: &str) -> Value {
    every_minute("flow.run", ("params", json!({ "workflow": id })))
}

async fn put(client: &mut TestClient, path: &str, body: &Value) -> Result<u16> {
    Ok(client.send(TestRequest::new("PUT", path).json(body)).await?.status)
}

async fn read(client: &mut TestClient, path: &str) -> Result<Value> {
    let found = client.get(path).await?;
    found.require_status(200)?;
    found.json()
}

/// Lets a minute pass, and answers the newest run of a schedule.
async fn run_due(app: &TestApp, client: &mut TestClient, schedule: &str) -> Result<Value> {
    app.clock.advance(MINUTE);
    app.jobs.run_due_schedules().await?;
    Ok(read(client, &format!("{schedule}/runs")).await?["items"][0].clone())
}

fn job_of(run: &Value) -> Result<String> {
    let id = run["job_id"].as_str().with_context(|| format!("no job: {run}"))?;
    Ok(format!("/api/v1/jobs/{id}"))
}

#[tokio::test]
async fn nobody_schedules_what_they_do_not_see() -> Result<()> {
    let (app, mut people) = start(WithWorker::No).await?;
    let secret = make(&mut people.maker, "/api/v1/workflows", &workflow("secret", None)).await?;
    let hidden = format!("/api/v1/workflows/{secret}");
    assert_eq!(share(&mut people.maker, &hidden, &restricted(&[])).await?, 200);
    let data = hide_data(&mut people.maker).await?;
    let plain = every_minute("test.noop", ("params", json!({})));
    let id = make(&mut people.maker, "/api/v1/schedules", &plain).await?;
    let schedule = format!("/api/v1/schedules/{id}");
    let maker = id_of(&mut people.maker, "user").await?;
    let other = id_of(&mut people.other, "user").await?;

    let inline = workflow("inline", Some(&data))["definition"].clone();
    let newest = json!({ "data": { "kind": "dataset", "id": data } });
    let first = json!({ "data": { "kind": "dataset", "id": data, "version": 1 } });
    for body in [
        of_workflow(&secret),
        every_minute("flow.run", ("params", json!({ "workflow": secret, "revision": 1 }))),
        every_minute("flow.run", ("params", json!({ "definition": inline }))),
        every_minute("test.doors", ("inputs", newest)),
        every_minute("test.doors", ("inputs", first)),
    ] {
        assert_eq!(put(&mut people.other, &schedule, &body).await?, 404, "{body}");
        assert_eq!(people.other.post("/api/v1/schedules", &body).await?.status, 404, "{body}");
    }
    assert_eq!(read(&mut people.other, &schedule).await?["created_by"], maker);

    // Whoever saves a schedule has it run in their own name.
    assert_eq!(put(&mut people.other, &schedule, &plain).await?, 200);
    assert_eq!(read(&mut people.other, &schedule).await?["created_by"], other);
    let run = run_due(&app, &mut people.other, &schedule).await?;
    let job = read(&mut people.other, &job_of(&run)?).await?;
    assert_eq!(job["submitted_by"], other);

    // The others see the maker's schedule, and neither take it over nor run it by hand.
    assert_eq!(put(&mut people.maker, &schedule, &of_workflow(&secret)).await?, 200);
    assert_eq!(put(&mut people.other, &schedule, &of_workflow(&secret)).await?, 404);
    let by_hand = format!("{schedule}/run");
    assert_eq!(status(&mut people.other, "POST", &by_hand).await?, 404);
    assert!(status(&mut people.admin, "POST", &by_hand).await? < 300);
    Ok(())
}

#[tokio::test]
async fn a_schedule_is_paused_when_its_person_loses_access() -> Result<()> {
    let (app, mut people) = start(WithWorker::No).await?;
    let id = make(&mut people.maker, "/api/v1/workflows", &workflow("shared", None)).await?;
    let shared = format!("/api/v1/workflows/{id}");
    let maker = id_of(&mut people.maker, "user").await?;
    let other = id_of(&mut people.other, "user").await?;
    let grant = restricted(&[(&other, "viewer")]);
    assert_eq!(share(&mut people.maker, &shared, &grant).await?, 200);
    let made = make(&mut people.other, "/api/v1/schedules", &of_workflow(&id)).await?;
    let schedule = format!("/api/v1/schedules/{made}");

    // What runs is seen by who sees the workflow, by hand as by schedule.
    let by_hand = make(&mut people.other, &format!("{shared}/runs"), &json!({})).await?;
    let scheduled = run_due(&app, &mut people.other, &schedule).await?;
    assert_eq!(scheduled["outcome"], "started", "{scheduled}");
    for job in [format!("/api/v1/jobs/{by_hand}"), job_of(&scheduled)?] {
        for (client, found) in [
            (&mut people.other, 200),
            (&mut people.maker, 200),
            (&mut people.admin, 200),
            (&mut people.viewer, 404),
        ] {
            for way in ["", "/artifacts", "/children", "/access"] {
                let path = format!("{job}{way}");
                assert_eq!(status(client, "GET", &path).await?, found, "{path}");
            }
        }
        let access = read(&mut people.other, &format!("{job}/access")).await?;
        let of_maker = json!([{ "user_id": maker, "level": "editor" }]);
        assert_eq!((&access["made_by"], &access["grants"]), (&json!(other), &of_maker));
    }

    assert_eq!(share(&mut people.maker, &shared, &restricted(&[])).await?, 200);
    let refused = run_due(&app, &mut people.other, &schedule).await?;
    assert_eq!(refused["outcome"], "refused", "{refused}");
    let reason = refused["reason"].as_str().context("a reason")?;
    assert!(reason.contains("no such workflow") && reason.contains("paused"), "{reason}");
    let told = read(&mut people.viewer, &format!("{schedule}/runs")).await?;
    assert_eq!(told["items"][0]["reason"], Value::Null, "it may tell what is in the data");
    let kept = read(&mut people.other, &schedule).await?;
    assert_eq!((&kept["paused"], &kept["next_at"]), (&json!(true), &Value::Null));
    let later = run_due(&app, &mut people.other, &schedule).await?;
    assert_eq!(later["id"], refused["id"], "it ran although it is paused");
    let audit = read(&mut people.owner, "/api/v1/audit").await?;
    let lines = audit["items"].as_array().context("lines")?;
    let line = lines.iter().find(|line| line["action"] == "schedule.pause").context("a line")?;
    assert_eq!(line["subject"], format!("schedule {made}"));

    // It goes on in the name of somebody who has access.
    assert_eq!(put(&mut people.other, &schedule, &of_workflow(&id)).await?, 404);
    assert_eq!(put(&mut people.maker, &schedule, &of_workflow(&id)).await?, 200);
    let run = run_due(&app, &mut people.maker, &schedule).await?;
    assert_eq!(read(&mut people.maker, &job_of(&run)?).await?["submitted_by"], maker);
    Ok(())
}

#[tokio::test]
async fn a_workflow_reads_nothing_that_its_author_does_not_see() -> Result<()> {
    let (_app, mut people) = start(WithWorker::Yes).await?;
    let data = hide_data(&mut people.maker).await?;
    let id = make(&mut people.maker, "/api/v1/workflows", &workflow("open", Some(&data))).await?;
    let path = format!("/api/v1/workflows/{id}");
    // An admin sees the dataset, and would read it for the other one.
    assert_eq!(put(&mut people.other, &path, &workflow("renamed", Some(&data))).await?, 200);
    let body = of_workflow(&id);
    let refused = people.admin.post("/api/v1/schedules", &body).await?;
    assert_eq!(refused.status, 409);
    let next_step = refused.json()?["next_step"].clone();
    assert!(next_step.as_str().context("a next step")?.contains("workflow"), "{next_step}");
    assert_eq!(run_by_hand(&mut people.admin, &path).await?, "failed");
    // The maker may let it be read.
    assert_eq!(put(&mut people.maker, &path, &workflow("mine", Some(&data))).await?, 200);
    assert_eq!(run_by_hand(&mut people.admin, &path).await?, "succeeded");
    Ok(())
}

#[tokio::test]
async fn nobody_adds_to_a_workflow_what_they_do_not_see() -> Result<()> {
    let (_app, mut people) = start(WithWorker::No).await?;
    let data = hide_data(&mut people.maker).await?;
    let id = make(&mut people.maker, "/api/v1/workflows", &workflow("open", None)).await?;
    let path = format!("/api/v1/workflows/{id}");

    // What is kept from them looks like what is not there.
    let nothing = "01890000-0000-7000-8000-000000000000";
    let mut told = Vec::new();
    for named in [data.as_str(), nothing] {
        let body = workflow("open", Some(named));
        let refused = people.other.post("/api/v1/workflows", &body).await?;
        assert_eq!(refused.status, 404, "{named}");
        let problem = refused.json()?;
        told.push([problem["code"].clone(), problem["detail"].clone()]);
        assert_eq!(put(&mut people.other, &path, &body).await?, 404, "{named}");
    }
    assert_eq!(told[0], told[1]);
    assert!(told[0][1].as_str().context("words")?.contains("`a`"), "{told:?}");
    assert_eq!(read(&mut people.maker, &path).await?["revision"], 1);

    // What the maker named stays, while others change the rest or take a copy.
    assert_eq!(put(&mut people.maker, &path, &workflow("mine", Some(&data))).await?, 200);
    assert_eq!(put(&mut people.other, &path, &workflow("renamed", Some(&data))).await?, 200);
    make(&mut people.other, &format!("{path}/duplicate"), &json!({})).await?;
    assert_eq!(put(&mut people.other, &path, &workflow("emptied", None)).await?, 200);
    assert_eq!(put(&mut people.other, &path, &workflow("back", Some(&data))).await?, 404);
    Ok(())
}

#[tokio::test]
async fn a_schedule_that_a_workflow_stops_says_so() -> Result<()> {
    let (app, mut people) = start(WithWorker::No).await?;
    let data = hide_data(&mut people.maker).await?;
    let id = make(&mut people.maker, "/api/v1/workflows", &workflow("open", Some(&data))).await?;
    let path = format!("/api/v1/workflows/{id}");
    let made = make(&mut people.maker, "/api/v1/schedules", &of_workflow(&id)).await?;
    let schedule = format!("/api/v1/schedules/{made}");

    assert_eq!(put(&mut people.other, &path, &workflow("renamed", Some(&data))).await?, 200);
    let refused = run_due(&app, &mut people.maker, &schedule).await?;
    assert_eq!(refused["outcome"], "refused", "{refused}");
    let reason = refused["reason"].as_str().context("a reason")?;
    assert!(reason.contains("saves the workflow first"), "{reason}");
    assert!(!reason.contains("in the name of"), "{reason}");
    let told = read(&mut people.admin, &format!("{schedule}/runs")).await?;
    assert_eq!(told["items"][0]["reason"], refused["reason"]);
    let told = read(&mut people.viewer, &format!("{schedule}/runs")).await?;
    assert_eq!(told["items"][0]["reason"], Value::Null);

    // That the schedule is saved is not enough; the workflow and then the schedule is.
    assert_eq!(put(&mut people.maker, &schedule, &of_workflow(&id)).await?, 409);
    assert_eq!(put(&mut people.maker, &path, &workflow("mine", Some(&data))).await?, 200);
    assert_eq!(put(&mut people.maker, &schedule, &of_workflow(&id)).await?, 200);
    let run = run_due(&app, &mut people.maker, &schedule).await?;
    assert_eq!(run["outcome"], "started", "{run}");
    Ok(())
}

/// Uploads a dataset that nobody else sees; its identifier.
async fn hide_data(maker: &mut TestClient) -> Result<String> {
    let data = upload(maker).await?["id"].as_str().context("an id")?.to_owned();
    assert_eq!(share(maker, &format!("/api/v1/datasets/{data}"), &restricted(&[])).await?, 200);
    Ok(data)
}

/// How a run of a workflow ends.
async fn run_by_hand(client: &mut TestClient, workflow: &str) -> Result<Value> {
    let id = make(client, &format!("{workflow}/runs"), &json!({})).await?;
    let job = format!("/api/v1/jobs/{id}");
    client.stream(TestRequest::new("GET", &format!("{job}/events"))).await?.collect().await?;
    Ok(read(client, &job).await?["state"].clone())
}
