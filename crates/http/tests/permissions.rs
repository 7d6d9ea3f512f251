//! Who may do what, over every route of the API: a route without a row here fails the test.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use gantry_testkit::{TestApp, TestClient, TestRequest, TestSettings};
use gantry_types::Role;
use serde_json::{Value, json};

/// Who asks. All but the last three are members of the same organization, whose thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Nobody,
    Viewer,
    Member,
    Admin,
    Owner,
    KeyRead,
    KeyRun,
    KeyData,
    KeyAccount,
    /// The owner of another organization.
    Stranger,
    /// The administrator of the installation, who owns another organization.
    Administrator,
    /// The administrator's key with the scope `admin` alone.
    KeyAdmin,
}

use Who::{
    Admin, Administrator, KeyAccount, KeyAdmin, KeyData, KeyRead, KeyRun, Member, Nobody, Owner,
    Stranger, Viewer,
};

const ALL: [Who; 12] = [
    Nobody,
    Viewer,
    Member,
    Admin,
    Owner,
    KeyRead,
    KeyRun,
    KeyData,
    KeyAccount,
    Stranger,
    Administrator,
    KeyAdmin,
];

/// What a route needs.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// Nobody needs to be signed in.
    Public,
    /// Everybody who is signed in.
    SignedIn,
    /// These; others with a right to their own things, but not to this one, are told that it does
    /// not exist, the rest that they may not.
    Only { allowed: &'static [Who], foreign: &'static [Who] },
}

const STRANGERS: &[Who] = &[Stranger, Administrator];
const RUNNERS: &[Who] = &[Member, Admin, Owner, KeyRun];
const WRITERS: &[Who] = &[Member, Admin, Owner, KeyData];

/// Lists of one's own organization: strangers see theirs.
const READ_ACCOUNT: Rule = Rule::Only {
    allowed: &[Viewer, Member, Admin, Owner, KeyRead, Stranger, Administrator],
    foreign: &[],
};
const READ_JOBS: Rule = Rule::Only {
    allowed: &[Viewer, Member, Admin, Owner, KeyRead, KeyRun, Stranger, Administrator],
    foreign: &[],
};
const READ_DATA: Rule = Rule::Only {
    allowed: &[Viewer, Member, Admin, Owner, KeyRead, KeyData, Stranger, Administrator],
    foreign: &[],
};
const READ_ONE_JOB: Rule =
    Rule::Only { allowed: &[Viewer, Member, Admin, Owner, KeyRead, KeyRun], foreign: STRANGERS };
const READ_ONE_DATASET: Rule =
    Rule::Only { allowed: &[Viewer, Member, Admin, Owner, KeyRead, KeyData], foreign: STRANGERS };
const RUN_OWN: Rule =
    Rule::Only { allowed: &[Member, Admin, Owner, KeyRun, Stranger, Administrator], foreign: &[] };
const RUN_ONE: Rule = Rule::Only { allowed: RUNNERS, foreign: STRANGERS };
const WRITE_OWN: Rule =
    Rule::Only { allowed: &[Member, Admin, Owner, KeyData, Stranger, Administrator], foreign: &[] };
const WRITE_ONE: Rule = Rule::Only { allowed: WRITERS, foreign: STRANGERS };
const MANAGE_SESSIONS: Rule = Rule::Only {
    allowed: &[Viewer, Member, Admin, Owner, KeyAccount, Stranger, Administrator],
    foreign: &[],
};
const MANAGE_KEYS: Rule = Rule::Only {
    allowed: &[Member, Admin, Owner, KeyAccount, Stranger, Administrator],
    foreign: &[],
};
const MANAGE_MEMBERS: Rule =
    Rule::Only { allowed: &[Admin, Owner, KeyAccount, Stranger, Administrator], foreign: &[] };
const ADMINISTER: Rule = Rule::Only { allowed: &[Administrator, KeyAdmin], foreign: &[] };

/// Method, path, rule. In the path `{job}` and its like stand for things of the organization.
const TABLE: &[(&str, &str, Rule)] = &[
    ("get", "/api/v1/meta", Rule::Public),
    ("post", "/api/v1/auth/setup", Rule::Public),
    ("post", "/api/v1/auth/register", Rule::Public),
    ("post", "/api/v1/auth/login", Rule::Public),
    ("post", "/api/v1/auth/logout", Rule::SignedIn),
    ("get", "/api/v1/auth/me", Rule::SignedIn),
    ("get", "/api/v1/sessions", MANAGE_SESSIONS),
    // Nobody else's session exists: the one in question is nobody's.
    ("delete", "/api/v1/sessions/{id}", MANAGE_SESSIONS),
    ("get", "/api/v1/api-keys", MANAGE_KEYS),
    ("post", "/api/v1/api-keys", MANAGE_KEYS),
    ("delete", "/api/v1/api-keys/{id}", MANAGE_KEYS),
    ("get", "/api/v1/account", READ_ACCOUNT),
    ("get", "/api/v1/account/ledger", READ_ACCOUNT),
    ("get", "/api/v1/audit", MANAGE_MEMBERS),
    ("get", "/api/v1/operations", READ_JOBS),
    ("get", "/api/v1/operations/{id}", READ_JOBS),
    ("post", "/api/v1/operations/{id}/estimate", READ_JOBS),
    ("get", "/api/v1/jobs", READ_JOBS),
    ("post", "/api/v1/jobs", RUN_OWN),
    ("get", "/api/v1/jobs/{id}", READ_ONE_JOB),
    ("post", "/api/v1/jobs/{id}/cancel", RUN_ONE),
    ("post", "/api/v1/jobs/{id}/rerun", RUN_ONE),
    ("get", "/api/v1/jobs/{id}/children", READ_ONE_JOB),
    ("get", "/api/v1/jobs/{id}/events", READ_ONE_JOB),
    ("get", "/api/v1/jobs/{id}/artifacts", READ_ONE_JOB),
    ("get", "/api/v1/events", READ_JOBS),
    ("get", "/api/v1/artifacts/{id}", READ_ONE_JOB),
    ("get", "/api/v1/artifacts/{id}/content", READ_ONE_JOB),
    ("post", "/api/v1/datasets/uploads", WRITE_OWN),
    ("get", "/api/v1/datasets/uploads/{id}", WRITE_ONE),
    ("delete", "/api/v1/datasets/uploads/{id}", WRITE_ONE),
    ("put", "/api/v1/datasets/uploads/{id}/parts/{number}", WRITE_ONE),
    ("post", "/api/v1/datasets/uploads/{id}/complete", WRITE_ONE),
    ("get", "/api/v1/datasets", READ_DATA),
    ("get", "/api/v1/datasets/{id}", READ_ONE_DATASET),
    ("delete", "/api/v1/datasets/{id}", WRITE_ONE),
    ("get", "/api/v1/datasets/{id}/versions", READ_ONE_DATASET),
    ("get", "/api/v1/datasets/{id}/profile", READ_ONE_DATASET),
    ("get", "/api/v1/datasets/{id}/preview", READ_ONE_DATASET),
    ("get", "/api/v1/datasets/{id}/content", READ_ONE_DATASET),
    ("get", "/api/v1/samples", READ_DATA),
    ("post", "/api/v1/samples/{name}", WRITE_OWN),
    ("get", "/api/v1/services", READ_JOBS),
    ("post", "/api/v1/services/{id}/calls", RUN_ONE),
    ("post", "/api/v1/jobs/{id}/redrive", RUN_ONE),
    ("get", "/api/v1/schedules", READ_JOBS),
    ("post", "/api/v1/schedules", RUN_OWN),
    ("get", "/api/v1/schedules/{id}", READ_ONE_JOB),
    ("put", "/api/v1/schedules/{id}", RUN_ONE),
    ("post", "/api/v1/schedules/{id}/run", RUN_ONE),
    ("get", "/api/v1/schedules/{id}/runs", READ_ONE_JOB),
    ("delete", "/api/v1/schedules/{id}", RUN_ONE),
    ("get", "/api/v1/account/time-zone", READ_ACCOUNT),
    ("put", "/api/v1/account/time-zone", MANAGE_MEMBERS),
    ("get", "/api/v1/workflows", READ_JOBS),
    ("post", "/api/v1/workflows", RUN_OWN),
    ("get", "/api/v1/workflows/{id}", READ_ONE_JOB),
    ("put", "/api/v1/workflows/{id}", RUN_ONE),
    ("delete", "/api/v1/workflows/{id}", RUN_ONE),
    ("get", "/api/v1/workflows/{id}/revisions", READ_ONE_JOB),
    ("post", "/api/v1/workflows/{id}/duplicate", RUN_ONE),
    ("get", "/api/v1/workflows/{id}/runs", READ_ONE_JOB),
    ("post", "/api/v1/workflows/{id}/runs", RUN_ONE),
    ("post", "/api/v1/workflow-checks", READ_JOBS),
    ("get", "/api/v1/workflow-runs/{id}", READ_ONE_JOB),
    ("get", "/api/v1/models", READ_JOBS),
    ("get", "/api/v1/models/{id}", READ_ONE_JOB),
    ("patch", "/api/v1/models/{id}", RUN_ONE),
    ("delete", "/api/v1/models/{id}", RUN_ONE),
    ("get", "/api/v1/models/{id}/metrics", READ_ONE_JOB),
    ("get", "/api/v1/models/{id}/plots", READ_ONE_JOB),
    ("post", "/api/v1/models/{id}/predict", RUN_ONE),
    ("get", "/api/v1/jobs/{id}/models/compare", READ_ONE_JOB),
    ("get", "/api/v1/admin/overview", ADMINISTER),
    ("post", "/api/v1/admin/jobs/redrive", ADMINISTER),
];

/// What the answer has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Let in: neither 401, 403 nor (for a thing of the organization) 404.
    In,
    SignIn,
    Forbidden,
    Missing,
}

fn expected(rule: Rule, who: Who) -> Verdict {
    match rule {
        Rule::Public => Verdict::In,
        Rule::SignedIn if who == Nobody => Verdict::SignIn,
        Rule::SignedIn => Verdict::In,
        Rule::Only { .. } if who == Nobody => Verdict::SignIn,
        Rule::Only { allowed, .. } if allowed.contains(&who) => Verdict::In,
        Rule::Only { foreign, .. } if foreign.contains(&who) => Verdict::Missing,
        Rule::Only { .. } => Verdict::Forbidden,
    }
}

/// The people and things of the test.
struct Stage {
    clients: BTreeMap<Who, TestClient>,
    owner: TestClient,
    dataset: String,
    job: String,
    artifact: String,
    model: String,
    flow_run: String,
}

/// A workflow of one node, as it is kept or as it is checked.
fn workflow(path: &str) -> Value {
    let definition = json!({ "nodes": [{ "id": "a", "operation": "test.noop" }] });
    match path {
        "/api/v1/workflows" => json!({ "name": "one", "definition": definition }),
        _ => json!({ "definition": definition }),
    }
}

/// Runs a job to its end.
async fn run(client: &mut TestClient, path: &str, new: &Value) -> Result<String> {
    let job = client.post(path, new).await?;
    job.require_status(202)?;
    let job = job.json()?["id"].as_str().context("an id")?.to_owned();
    let events = TestRequest::new("GET", &format!("/api/v1/jobs/{job}/events"));
    client.stream(events).await?.collect().await?;
    Ok(job)
}

/// Makes a model.
async fn learn(client: &mut TestClient) -> Result<String> {
    let new = json!({ "operation": "test.learn", "params": { "target": "a" } });
    let job = run(client, "/api/v1/jobs", &new).await?;
    let found = client.get(&format!("/api/v1/models?job={job}")).await?.json()?;
    Ok(found["items"][0]["id"].as_str().context("a model")?.to_owned())
}

async fn id_of(client: &mut TestClient, member: &str) -> Result<String> {
    let me = client.get("/api/v1/auth/me").await?.json()?;
    me[member]["id"].as_str().map(str::to_owned).context("an id")
}

async fn key(client: &mut TestClient, scope: &str) -> Result<TestClient> {
    let body = json!({ "name": scope, "scopes": [scope] });
    let answer = client.post("/api/v1/api-keys", &body).await?;
    answer.require_status(201)?;
    Ok(client.with_key(answer.json()?["key"].as_str().context("a key")?))
}

async fn upload(client: &mut TestClient) -> Result<String> {
    let bytes = b"city,age\nBergen,41\nLima,39\n";
    let new = json!({ "name": "people", "file_name": "people.csv", "bytes": bytes.len() });
    let begun = client.post("/api/v1/datasets/uploads", &new).await?;
    begun.require_status(201)?;
    let upload = begun.json()?["id"].as_str().context("an id")?.to_owned();
    let part = TestRequest::new("PUT", &format!("/api/v1/datasets/uploads/{upload}/parts/1"))
        .body("application/octet-stream", bytes);
    client.send(part).await?.require_status(200)?;
    let path = format!("/api/v1/datasets/uploads/{upload}/complete");
    let done = client.post(&path, &Value::Null).await?;
    done.require_status(201)?;
    Ok(done.json()?["id"].as_str().context("an id")?.to_owned())
}

async fn set_stage(app: &TestApp, administrator: TestClient) -> Result<Stage> {
    let mut owner = app.register("owner@example.org").await?;
    let organization = id_of(&mut owner, "organization").await?.parse()?;
    let mut clients = BTreeMap::from([(Nobody, app.client()), (Owner, owner.clone())]);
    for (who, role) in [(Viewer, Role::Viewer), (Member, Role::Member), (Admin, Role::Admin)] {
        let mut person = app.register(&format!("{role}@example.org")).await?;
        let user = id_of(&mut person, "user").await?.parse()?;
        clients.insert(who, app.join(user, organization, role).await?);
    }
    let scopes = [(KeyRead, "read"), (KeyRun, "run"), (KeyData, "data"), (KeyAccount, "account")];
    for (who, scope) in scopes {
        clients.insert(who, key(&mut owner, scope).await?);
    }
    clients.insert(Stranger, app.register("stranger@example.org").await?);
    let mut administrator = administrator;
    clients.insert(KeyAdmin, key(&mut administrator, "admin").await?);
    clients.insert(Administrator, administrator);
    let dataset = upload(&mut owner).await?;
    let new = json!({ "operation": "test.doors", "params": {} });
    let job = run(&mut owner, "/api/v1/jobs", &new).await?;
    let artifacts = owner.get(&format!("/api/v1/jobs/{job}/artifacts")).await?.json()?;
    let artifact = artifacts["items"][0]["id"].as_str().context("an artifact")?.to_owned();
    let model = learn(&mut owner).await?;
    let kept = owner.post("/api/v1/workflows", &workflow("/api/v1/workflows")).await?.json()?;
    let runs = format!("/api/v1/workflows/{}/runs", kept["id"].as_str().context("an id")?);
    let flow_run = run(&mut owner, &runs, &json!({})).await?;
    Ok(Stage { clients, owner, dataset, job, artifact, model, flow_run })
}

/// A schedule that is not due during a test.
fn yearly() -> Value {
    json!({ "name": "yearly", "operation": "test.noop", "cron": "0 0 29 2 *" })
}

impl Stage {
    /// A request to the route that would succeed for who may, with things made for it.
    async fn request(&mut self, method: &str, path: &str) -> Result<TestRequest> {
        let none = "01890000-0000-7000-8000-000000000000".to_owned();
        let id = match path {
            path if path.starts_with("/api/v1/operations/") => "test.noop".to_owned(),
            path if path.starts_with("/api/v1/services/") => "test.words".to_owned(),
            path if path.starts_with("/api/v1/jobs/") => self.job.clone(),
            path if path.starts_with("/api/v1/schedules/") => self.create_schedule().await?,
            path if path.starts_with("/api/v1/workflows/") => self.create_workflow().await?,
            path if path.starts_with("/api/v1/workflow-runs/") => self.flow_run.clone(),
            path if path.starts_with("/api/v1/models/") => self.make_model(method).await?,
            path if path.starts_with("/api/v1/artifacts/") => self.artifact.clone(),
            path if path.starts_with("/api/v1/datasets/uploads/") => self.begin_upload().await?,
            path if path.starts_with("/api/v1/datasets/") && method == "delete" => {
                upload(&mut self.owner).await?
            }
            path if path.starts_with("/api/v1/datasets/") => self.dataset.clone(),
            _ => none,
        };
        let path = path.replace("{id}", &id).replace("{number}", "1").replace("{name}", "people");
        let request = TestRequest::new(&method.to_uppercase(), &path);
        let body = match path.as_str() {
            "/api/v1/auth/login" | "/api/v1/auth/setup" | "/api/v1/auth/register" => {
                Some(json!({ "email": "" }))
            }
            "/api/v1/api-keys" => Some(json!({ "name": "x", "scopes": ["account"] })),
            "/api/v1/jobs" => Some(json!({ "operation": "test.noop" })),
            "/api/v1/admin/jobs/redrive" => Some(json!({ "operation": "test.noop" })),
            "/api/v1/account/time-zone" => Some(json!({ "time_zone": "UTC" })),
            path if path == "/api/v1/schedules"
                || method == "put" && path.contains("/schedules/") =>
            {
                Some(yearly())
            }
            "/api/v1/datasets/uploads" => {
                Some(json!({ "name": "x", "file_name": "x.csv", "bytes": 10 }))
            }
            "/api/v1/workflows" | "/api/v1/workflow-checks" => Some(workflow(&path)),
            path if method == "put" && path.contains("/workflows/") => {
                Some(workflow("/api/v1/workflows"))
            }
            path if path.contains("/workflows/") && path.ends_with("/runs") => Some(json!({})),
            path if path.ends_with("/predict") => Some(json!({ "word": "a" })),
            path if method == "patch" && path.contains("/models/") => {
                Some(json!({ "tags": ["live"] }))
            }
            path if path.ends_with("/estimate") => Some(json!({})),
            path if path.ends_with("/calls") => {
                Some(json!({ "artifact_id": self.artifact, "input": { "word": "sum" } }))
            }
            _ => None,
        };
        Ok(match body {
            Some(body) if matches!(method, "post" | "put" | "patch") => request.json(&body),
            _ if path.ends_with("/parts/1") => {
                request.body("application/octet-stream", b"a,b\n1,2\n")
            }
            _ if path.ends_with("/events") && path.contains("/jobs/") => {
                request.header("accept", "application/json")
            }
            _ => request,
        })
    }

    async fn create_schedule(&mut self) -> Result<String> {
        let made = self.owner.post("/api/v1/schedules", &yearly()).await?;
        made.require_status(201)?;
        Ok(made.json()?["id"].as_str().context("an id")?.to_owned())
    }

    async fn create_workflow(&mut self) -> Result<String> {
        let made = self.owner.post("/api/v1/workflows", &workflow("/api/v1/workflows")).await?;
        made.require_status(201)?;
        Ok(made.json()?["id"].as_str().context("an id")?.to_owned())
    }

    /// The model of the stage, or one to be deleted.
    async fn make_model(&mut self, method: &str) -> Result<String> {
        if method != "delete" {
            return Ok(self.model.clone());
        }
        learn(&mut self.owner).await
    }

    async fn begin_upload(&mut self) -> Result<String> {
        let new = json!({ "name": "x", "file_name": "x.csv", "bytes": 8 });
        let begun = self.owner.post("/api/v1/datasets/uploads", &new).await?;
        begun.require_status(201)?;
        Ok(begun.json()?["id"].as_str().context("an id")?.to_owned())
    }
}

#[test]
fn every_route_has_a_row() {
    let description = serde_json::to_value(gantry_http::openapi()).unwrap();
    let mut described = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            described.insert((method.clone(), path.clone()));
        }
    }
    let rows: BTreeSet<_> =
        TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(described, rows, "add a row to TABLE for every route, and none without a route");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_do_what_the_table_says_and_nothing_else() -> Result<()> {
    let settings = TestSettings { worker: gantry_testkit::WithWorker::Yes, ..Default::default() };
    let (app, administrator) = TestApp::start(settings).await?;
    let mut stage = set_stage(&app, administrator).await?;
    let mut wrong = Vec::new();
    for (method, path, rule) in TABLE {
        for who in ALL {
            let mut client = stage.clients[&who].clone();
            // Signing out would end the session for the rows that follow.
            if *path == "/api/v1/auth/logout" && who != Nobody {
                continue;
            }
            let request = stage.request(method, path).await?;
            let status = if *path == "/api/v1/events" {
                match client.stream(request.clone()).await {
                    Ok(_) => 200,
                    Err(_) => client.send(request).await?.status,
                }
            } else {
                client.send(request).await?.status
            };
            let is_own_lookup =
                path.starts_with("/api/v1/sessions/") || path.starts_with("/api/v1/api-keys/");
            let verdict = match status {
                401 if *path != "/api/v1/auth/login" => Verdict::SignIn,
                403 => Verdict::Forbidden,
                404 if is_own_lookup => Verdict::In,
                404 => Verdict::Missing,
                500.. => panic!("{who:?} {method} {path}: {status}"),
                _ => Verdict::In,
            };
            let expected = expected(*rule, who);
            if verdict != expected {
                wrong.push(format!("{who:?} {method} {path}: {status}, expected {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
