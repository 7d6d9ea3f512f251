//! Things that their makers keep from the others of their organization, over HTTP.

mod schedules;

use anyhow::{Context, Result};
use gantry_testkit::{TestApp, TestClient, TestRequest, TestSettings, WithWorker};
use gantry_types::Role;
use serde_json::{Value, json};

/// People of one organization, and a stranger.
struct People {
    owner: TestClient,
    admin: TestClient,
    maker: TestClient,
    other: TestClient,
    viewer: TestClient,
    stranger: TestClient,
}

async fn start(worker: WithWorker) -> Result<(TestApp, People)> {
    let (app, _) = TestApp::start(TestSettings { worker, ..TestSettings::default() }).await?;
    let mut owner = app.register("owner@example.org").await?;
    let home = id_of(&mut owner, "organization").await?;
    let people = People {
        admin: join(&app, "admin", (home.as_str(), Role::Admin)).await?,
        maker: join(&app, "maker", (home.as_str(), Role::Member)).await?,
        other: join(&app, "other", (home.as_str(), Role::Member)).await?,
        viewer: join(&app, "viewer", (home.as_str(), Role::Viewer)).await?,
        stranger: app.register("stranger@example.org").await?,
        owner,
    };
    Ok((app, people))
}

async fn join(app: &TestApp, name: &str, (home, role): (&str, Role)) -> Result<TestClient> {
    let mut person = app.register(&format!("{name}@example.org")).await?;
    let user = id_of(&mut person, "user").await?.parse()?;
    app.join(user, home.parse()?, role).await
}

async fn id_of(client: &mut TestClient, member: &str) -> Result<String> {
    let me = client.get("/api/v1/auth/me").await?.json()?;
    me[member]["id"].as_str().map(str::to_owned).context("an id")
}

async fn make(client: &mut TestClient, path: &str, new: &Value) -> Result<String> {
    let made = client.post(path, new).await?;
    assert!(made.status < 300, "POST {path}: {}", made.status);
    made.json()?["id"].as_str().map(str::to_owned).context("an id")
}

async fn share(client: &mut TestClient, thing: &str, body: &Value) -> Result<u16> {
    let request = TestRequest::new("PUT", &format!("{thing}/access"));
    Ok(client.send(request.json(body)).await?.status)
}

fn restricted(grants: &[(&String, &str)]) -> Value {
    let grants: Vec<Value> =
        grants.iter().map(|(person, level)| json!({ "user_id": person, "level": level })).collect();
    json!({ "visibility": "restricted", "grants": grants })
}

async fn status(client: &mut TestClient, method: &str, path: &str) -> Result<u16> {
    let request = TestRequest::new(method, path).header("accept", "application/json");
    let request = if method == "GET" { request } else { request.json(&json!({})) };
    Ok(client.send(request).await?.status)
}

async fn lists(client: &mut TestClient, list: &str, id: &str) -> Result<bool> {
    let found = client.get(list).await?;
    found.require_status(200)?;
    let found = found.json()?;
    let items = found["items"].as_array().context("items")?;
    Ok(items.iter().any(|item| item["id"] == id))
}

/// Every way to a job that a member has.
const WAYS_TO_A_JOB: [(&str, &str); 8] = [
    ("GET", ""),
    ("GET", "/events"),
    ("GET", "/children"),
    ("GET", "/artifacts"),
    ("GET", "/models/compare"),
    ("GET", "/access"),
    ("POST", "/cancel"),
    ("POST", "/rerun"),
];

#[tokio::test]
async fn a_restricted_job_is_hidden_from_the_others() -> Result<()> {
    let (_app, mut people) = start(WithWorker::No).await?;
    let id = make(&mut people.maker, "/api/v1/jobs", &json!({ "operation": "test.noop" })).await?;
    let job = format!("/api/v1/jobs/{id}");
    assert_eq!(status(&mut people.other, "GET", &job).await?, 200);
    // A member changes what everybody sees, and keeps nothing of others from them.
    assert_eq!(share(&mut people.other, &job, &restricted(&[])).await?, 403);
    assert_eq!(share(&mut people.maker, &job, &restricted(&[])).await?, 200);

    for hidden in [&mut people.other, &mut people.viewer, &mut people.stranger] {
        for (method, way) in WAYS_TO_A_JOB {
            let found = status(hidden, method, &format!("{job}{way}")).await?;
            let may_not_run = method == "POST" && found == 403;
            assert!(found == 404 || may_not_run, "{method} {way}: {found}");
        }
        assert!(!lists(hidden, "/api/v1/jobs", &id).await?);
        assert!(share(hidden, &job, &restricted(&[])).await? >= 403);
    }
    for sees in [&mut people.maker, &mut people.admin, &mut people.owner] {
        assert_eq!(status(sees, "GET", &job).await?, 200);
        assert!(lists(sees, "/api/v1/jobs", &id).await?);
    }
    let open = json!({ "visibility": "organization" });
    assert_eq!(share(&mut people.admin, &job, &open).await?, 200);
    assert_eq!(status(&mut people.other, "GET", &job).await?, 200);
    Ok(())
}

#[tokio::test]
async fn a_grant_gives_what_it_says_and_ends_with_the_membership() -> Result<()> {
    let (app, mut people) = start(WithWorker::No).await?;
    let id = make(&mut people.maker, "/api/v1/jobs", &json!({ "operation": "test.noop" })).await?;
    let job = format!("/api/v1/jobs/{id}");
    let other = id_of(&mut people.other, "user").await?;
    let viewer = id_of(&mut people.viewer, "user").await?;
    let stranger = id_of(&mut people.stranger, "user").await?;
    let cancel = format!("{job}/cancel");

    let to_stranger = restricted(&[(&stranger, "viewer")]);
    assert_eq!(share(&mut people.maker, &job, &to_stranger).await?, 400);
    let twice = restricted(&[(&other, "viewer"), (&other, "editor")]);
    assert_eq!(share(&mut people.maker, &job, &twice).await?, 400);

    let grants = restricted(&[(&other, "viewer"), (&viewer, "editor")]);
    assert_eq!(share(&mut people.maker, &job, &grants).await?, 200);
    assert!(lists(&mut people.other, "/api/v1/jobs", &id).await?);
    assert_eq!(status(&mut people.other, "GET", &job).await?, 200);
    assert_eq!(status(&mut people.other, "POST", &cancel).await?, 403);
    assert_eq!(share(&mut people.other, &job, &restricted(&[])).await?, 403);
    // The role still holds: who may only look cancels nothing, whatever was granted.
    assert_eq!(status(&mut people.viewer, "GET", &job).await?, 200);
    assert_eq!(status(&mut people.viewer, "POST", &cancel).await?, 403);

    let audit = people.owner.get("/api/v1/audit").await?.json()?;
    let lines = audit["items"].as_array().context("lines")?;
    let line = lines.iter().find(|line| line["action"] == "access.change").context("a line")?;
    assert_eq!(line["subject"], format!("job {id}"));
    assert_eq!(line["details"]["before"]["visibility"], "organization");
    assert_eq!(line["details"]["after"]["visibility"], "restricted");

    let removed = people.owner.delete(&format!("/api/v1/members/{other}")).await?;
    removed.require_status(204)?;
    let access = people.maker.get(&format!("{job}/access")).await?.json()?;
    assert_eq!(access["grants"], json!([{ "user_id": viewer, "level": "editor" }]));
    let home = id_of(&mut people.owner, "organization").await?;
    let mut back = app.join(other.parse()?, home.parse()?, Role::Member).await?;
    assert_eq!(status(&mut back, "GET", &job).await?, 404);

    assert_eq!(share(&mut people.maker, &job, &restricted(&[(&other, "editor")])).await?, 200);
    assert!(status(&mut back, "POST", &cancel).await? < 300, "an editor cancels");
    Ok(())
}

async fn upload(client: &mut TestClient) -> Result<Value> {
    let bytes = b"city,age\nBergen,41\nLima,39\n";
    let new = json!({ "name": "people", "file_name": "people.csv", "bytes": bytes.len() });
    let upload = make(client, "/api/v1/datasets/uploads", &new).await?;
    let part = TestRequest::new("PUT", &format!("/api/v1/datasets/uploads/{upload}/parts/1"))
        .body("application/octet-stream", bytes);
    client.send(part).await?.require_status(200)?;
    let path = format!("/api/v1/datasets/uploads/{upload}/complete");
    let done = client.post(&path, &Value::Null).await?;
    done.require_status(201)?;
    done.json()
}

#[tokio::test]
async fn a_restricted_dataset_is_neither_read_nor_used() -> Result<()> {
    let (_app, mut people) = start(WithWorker::No).await?;
    let made = upload(&mut people.maker).await?;
    let id = made["id"].as_str().context("an id")?.to_owned();
    let dataset = format!("/api/v1/datasets/{id}");
    let uses = json!({
        "operation": "test.doors",
        "inputs": { "data": { "kind": "dataset", "id": id, "version": 1 } },
    });
    let profile = made["latest"]["profile_job_id"].as_str().context("a profile's job")?.to_owned();
    let profile = format!("/api/v1/jobs/{profile}");
    assert_eq!(status(&mut people.other, "GET", &profile).await?, 200);
    assert_eq!(share(&mut people.maker, &dataset, &restricted(&[])).await?, 200);
    for way in ["", "/versions", "/profile", "/preview", "/content", "/access"] {
        assert_eq!(status(&mut people.other, "GET", &format!("{dataset}{way}")).await?, 404);
    }
    assert_eq!(status(&mut people.other, "GET", &profile).await?, 404);
    assert_eq!(status(&mut people.other, "DELETE", &dataset).await?, 404);
    assert!(!lists(&mut people.other, "/api/v1/datasets", &id).await?);
    assert_eq!(people.other.post("/api/v1/jobs", &uses).await?.status, 404);
    let next = json!({ "name": "x", "file_name": "x.csv", "bytes": 8, "dataset_id": id });
    assert_eq!(people.other.post("/api/v1/datasets/uploads", &next).await?.status, 404);
    assert!(lists(&mut people.admin, "/api/v1/datasets", &id).await?);

    let other = id_of(&mut people.other, "user").await?;
    let grant = restricted(&[(&other, "viewer")]);
    assert_eq!(share(&mut people.maker, &dataset, &grant).await?, 200);
    assert_eq!(people.other.post("/api/v1/jobs", &uses).await?.status, 202);
    assert_eq!(people.other.post("/api/v1/datasets/uploads", &next).await?.status, 403);
    assert_eq!(status(&mut people.other, "DELETE", &dataset).await?, 403);
    Ok(())
}

#[tokio::test]
async fn a_restricted_workflow_is_neither_shown_nor_run() -> Result<()> {
    let (_app, mut people) = start(WithWorker::No).await?;
    let definition = json!({ "nodes": [{ "id": "a", "operation": "test.noop" }] });
    let new = json!({ "name": "one", "definition": definition });
    let id = make(&mut people.maker, "/api/v1/workflows", &new).await?;
    let workflow = format!("/api/v1/workflows/{id}");
    assert_eq!(share(&mut people.maker, &workflow, &restricted(&[])).await?, 200);
    for (method, way) in [
        ("GET", ""),
        ("GET", "/revisions"),
        ("GET", "/runs"),
        ("GET", "/access"),
        ("POST", "/runs"),
        ("POST", "/duplicate"),
        ("DELETE", ""),
    ] {
        assert_eq!(status(&mut people.other, method, &format!("{workflow}{way}")).await?, 404);
    }
    assert!(!lists(&mut people.other, "/api/v1/workflows", &id).await?);
    let other = id_of(&mut people.other, "user").await?;
    let grant = restricted(&[(&other, "viewer")]);
    assert_eq!(share(&mut people.maker, &workflow, &grant).await?, 200);
    assert!(lists(&mut people.other, "/api/v1/workflows", &id).await?);
    assert_eq!(status(&mut people.other, "DELETE", &workflow).await?, 403);
    Ok(())
}

#[tokio::test]
async fn a_restricted_model_is_hidden_while_its_job_is_shown() -> Result<()> {
    let (_app, mut people) = start(WithWorker::Yes).await?;
    let new = json!({ "operation": "test.learn", "params": { "target": "a" } });
    let job = make(&mut people.maker, "/api/v1/jobs", &new).await?;
    let events = TestRequest::new("GET", &format!("/api/v1/jobs/{job}/events"));
    people.maker.stream(events).await?.collect().await?;
    let found = people.maker.get(&format!("/api/v1/models?job={job}")).await?.json()?;
    let id = found["items"][0]["id"].as_str().context("a model")?.to_owned();
    let model = format!("/api/v1/models/{id}");
    assert_eq!(share(&mut people.maker, &model, &restricted(&[])).await?, 200);
    for way in ["", "/metrics", "/plots", "/access"] {
        assert_eq!(status(&mut people.other, "GET", &format!("{model}{way}")).await?, 404);
    }
    assert_eq!(status(&mut people.other, "POST", &format!("{model}/predict")).await?, 404);
    let artifact = format!("/api/v1/artifacts/{id}");
    assert_eq!(status(&mut people.other, "GET", &artifact).await?, 404);
    assert_eq!(status(&mut people.other, "GET", &format!("{artifact}/content")).await?, 404);
    let path = format!("/api/v1/jobs/{job}");
    assert_eq!(status(&mut people.other, "GET", &path).await?, 200);
    assert!(!lists(&mut people.other, &format!("{path}/artifacts"), &id).await?);
    assert!(!lists(&mut people.other, "/api/v1/models", &id).await?);
    assert!(lists(&mut people.admin, "/api/v1/models", &id).await?);
    // A job that is kept from somebody keeps its models from them too.
    let open = json!({ "visibility": "organization" });
    assert_eq!(share(&mut people.maker, &model, &open).await?, 200);
    assert_eq!(status(&mut people.other, "GET", &model).await?, 200);
    assert_eq!(share(&mut people.maker, &path, &restricted(&[])).await?, 200);
    assert_eq!(status(&mut people.other, "GET", &model).await?, 404);
    Ok(())
}

#[tokio::test]
async fn the_copy_of_a_restricted_job_is_restricted() -> Result<()> {
    let (_app, mut people) = start(WithWorker::No).await?;
    let id = make(&mut people.maker, "/api/v1/jobs", &json!({ "operation": "test.noop" })).await?;
    let job = format!("/api/v1/jobs/{id}");
    let other = id_of(&mut people.other, "user").await?;
    let grant = restricted(&[(&other, "viewer")]);
    assert_eq!(share(&mut people.maker, &job, &grant).await?, 200);
    let copy = make(&mut people.other, &format!("{job}/rerun"), &json!({})).await?;
    let copied = format!("/api/v1/jobs/{copy}");
    let access = people.other.get(&format!("{copied}/access")).await?.json()?;
    assert_eq!((&access["visibility"], &access["made_by"]), (&json!("restricted"), &json!(other)));
    assert_eq!(status(&mut people.viewer, "GET", &copied).await?, 404);
    assert!(!lists(&mut people.viewer, "/api/v1/jobs", &copy).await?);
    // Whoever made the original edits the copy.
    assert!(status(&mut people.maker, "POST", &format!("{copied}/cancel")).await? < 300);
    Ok(())
}

#[tokio::test]
async fn a_refused_copy_leaves_nothing_behind() -> Result<()> {
    let (_app, mut people) = start(WithWorker::No).await?;
    // Of the organization's million credits there is enough for one such job.
    let dear = json!({ "operation": "test.noop", "params": { "credits": 600_000 } });
    let id = make(&mut people.maker, "/api/v1/jobs", &dear).await?;
    let job = format!("/api/v1/jobs/{id}");
    assert_eq!(share(&mut people.maker, &job, &restricted(&[])).await?, 200);
    let again = format!("{job}/rerun");
    assert_eq!(status(&mut people.maker, "POST", &again).await?, 402);
    assert_eq!(list_copies(&mut people.owner).await?, Vec::<Value>::new());

    assert!(status(&mut people.maker, "POST", &format!("{job}/cancel")).await? < 300);
    let copy = make(&mut people.maker, &again, &json!({})).await?;
    assert_eq!(list_copies(&mut people.owner).await?, [json!(format!("job {copy}"))]);
    assert_eq!(status(&mut people.other, "GET", &format!("/api/v1/jobs/{copy}")).await?, 404);
    Ok(())
}

/// The jobs of which the audit log says that they were restricted as what they come from.
async fn list_copies(owner: &mut TestClient) -> Result<Vec<Value>> {
    let audit = owner.get("/api/v1/audit").await?;
    audit.require_status(200)?;
    let audit = audit.json()?;
    let lines = audit["items"].as_array().context("lines")?;
    let copies = lines.iter().filter(|line| line["action"] == "access.copy");
    Ok(copies.map(|line| line["subject"].clone()).collect())
}
