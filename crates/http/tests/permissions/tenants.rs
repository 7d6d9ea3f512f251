//! Whatever identifier of another organization somebody tries, wherever: nothing is told, and
//! nothing changes.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use gantry_testkit::{TestApp, TestClient, TestRequest, TestSettings, WithWorker};
use serde_json::{Value, json};

use crate::stage::set_stage;
use crate::table::{TABLE, Who};

/// What belongs to an organization, as lists tell it.
const LISTS: [&str; 12] = [
    "/api/v1/auth/me",
    "/api/v1/jobs",
    "/api/v1/datasets",
    "/api/v1/models",
    "/api/v1/workflows",
    "/api/v1/schedules",
    "/api/v1/api-keys",
    "/api/v1/sessions",
    "/api/v1/members",
    "/api/v1/account/lots",
    "/api/v1/account/ledger",
    "/api/v1/audit",
];

/// All identifiers in a JSON value.
fn gather(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.len() == 36 && text.matches('-').count() == 4 => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        Value::Object(members) => members.values().for_each(|member| gather(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

async fn identifiers(client: &mut TestClient) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for list in LISTS {
        gather(&client.get(list).await?.json()?, &mut found);
    }
    Ok(found)
}

/// What must be the same afterwards: all but when something was last used.
async fn picture(client: &mut TestClient) -> Result<Vec<(&'static str, Value)>> {
    let mut lists = Vec::new();
    for list in LISTS.iter().filter(|list| !list.ends_with("sessions") && !list.ends_with("keys")) {
        lists.push((*list, client.get(list).await?.json()?));
    }
    Ok(lists)
}

/// A body that a route may take, with a foreign identifier wherever one can stand.
fn body_with(id: &str) -> Value {
    let input = json!({ "kind": "dataset", "id": id, "version": 1 });
    let artifact = json!({ "kind": "artifact", "id": id });
    json!({ "operation": "test.doors", "params": {}, "inputs": { "data": input, "model": artifact } })
}

/// Requests whose bodies name a foreign thing, wherever a body can name one: path, method, body.
/// `own` is a schedule of whoever asks.
fn requests_with(id: &str, own: &str) -> Vec<(String, &'static str, Value)> {
    let mut schedule = body_with(id);
    schedule["name"] = "yearly".into();
    schedule["cron"] = "0 0 29 2 *".into();
    let upload = json!({ "name": "x", "file_name": "x.csv", "bytes": 8, "dataset_id": id });
    let call = json!({ "artifact_id": id, "input": { "word": "sum" } });
    // An invitation is to one's own organization, whatever else a body says.
    let invitation = json!({ "email": "eve@example.org", "role": "member", "organization_id": id });
    let bodies = [
        ("/api/v1/jobs", "POST", body_with(id)),
        ("/api/v1/schedules", "POST", schedule.clone()),
        (own, "PUT", schedule),
        ("/api/v1/datasets/uploads", "POST", upload),
        ("/api/v1/datasets/confirm", "POST", json!({ "upload_id": id })),
        ("/api/v1/services/test.words/calls", "POST", call),
        ("/api/v1/organizations/switch", "POST", json!({ "organization_id": id })),
        ("/api/v1/invitations", "POST", invitation),
        ("/api/v1/invitations/view", "POST", json!({ "token": id })),
        ("/api/v1/invitations/accept", "POST", json!({ "token": id })),
    ];
    bodies.into_iter().map(|(path, method, body)| (path.to_owned(), method, body)).collect()
}

/// Makes a schedule, and answers its path.
async fn schedule_of(client: &mut TestClient) -> Result<String> {
    let new = json!({ "name": "own", "operation": "test.noop", "cron": "0 0 29 2 *" });
    let made = client.post("/api/v1/schedules", &new).await?;
    made.require_status(201)?;
    Ok(format!("/api/v1/schedules/{}", made.json()?["id"].as_str().context("an id")?))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_identifier_of_another_organization_opens_anything() -> Result<()> {
    let settings = TestSettings { worker: WithWorker::Yes, ..Default::default() };
    let (app, administrator) = TestApp::start(settings).await?;
    let stage = set_stage(&app, administrator).await?;
    let mut owner = stage.clients[&Who::Owner].clone();
    let mut stranger = stage.clients[&Who::Stranger].clone();
    let mut foreign = identifiers(&mut owner).await?;
    for own in identifiers(&mut stranger).await? {
        foreign.remove(&own);
    }
    ensure!(foreign.len() >= 12, "only {} identifiers to try", foreign.len());
    let before = picture(&mut owner).await?;
    let mut leaks = Vec::new();
    for (method, path, _) in TABLE.iter().filter(|(_, path, _)| path.contains("{id}")) {
        for id in &foreign {
            let path =
                path.replace("{id}", id).replace("{number}", "1").replace("{name}", "people");
            let request = TestRequest::new(&method.to_uppercase(), &path);
            let request = match *method {
                "get" | "delete" => request,
                _ => request.json(&json!({})),
            };
            let answer = stranger.send(request).await?;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let tells = foreign.iter().any(|other| other != id && text.contains(other.as_str()));
            if (200..300).contains(&answer.status) || answer.status >= 500 || tells {
                leaks.push(format!("{method} {path}: {} {text}", answer.status));
            }
        }
    }
    let own = schedule_of(&mut stranger).await?;
    for id in &foreign {
        for (path, method, body) in requests_with(id, &own) {
            let answer = stranger.send(TestRequest::new(method, &path).json(&body)).await?;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let tells = foreign.iter().any(|other| other != id && text.contains(other.as_str()));
            if (200..300).contains(&answer.status) || answer.status >= 500 || tells {
                leaks.push(format!("{method} {path} with {id}: {} {text}", answer.status));
            }
        }
        let listed = stranger.get(&format!("/api/v1/jobs?cursor={id}")).await?;
        let listed = String::from_utf8_lossy(&listed.body).into_owned();
        if foreign.iter().any(|other| other != id && listed.contains(other.as_str())) {
            leaks.push(format!("the list after {id} tells of others"));
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    assert_eq!(picture(&mut owner).await?, before);
    Ok(())
}
