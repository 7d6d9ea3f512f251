//! The people of the table's requests, and what they send about which things.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestRequest};
use gantry_types::Role;
use serde_json::{Value, json};

use crate::rules::Who::{
    self, Admin, Administrator, Billing, KeyAccount, KeyAdmin, KeyData, KeyRead, KeyRun, Member,
    Nobody, Owner, Stranger, Viewer,
};
use crate::rules::Whose;
use crate::things::Kind;

/// Where a client of OAuth has people sent back to.
pub const REDIRECT: &str = "https://app.example/cb";
/// An identifier that nothing has.
const NOTHING: &str = "01890000-0000-7000-8000-000000000000";

/// The people and things of the test.
pub struct Stage<'a> {
    app: &'a TestApp,
    pub clients: BTreeMap<Who, TestClient>,
    organization: String,
    made: BTreeMap<(Who, Kind), String>,
}

/// A workflow of one node, as it is kept or as it is checked.
pub fn workflow(path: &str) -> Value {
    let definition = json!({ "nodes": [{ "id": "a", "operation": "test.noop" }] });
    match path {
        "/api/v1/workflows" => json!({ "name": "one", "definition": definition }),
        _ => json!({ "definition": definition }),
    }
}

/// Runs a job to its end.
pub async fn run(client: &mut TestClient, path: &str, new: &Value) -> Result<String> {
    let job = client.post(path, new).await?;
    job.require_status(202)?;
    let job = job.json()?["id"].as_str().context("an id")?.to_owned();
    let events = TestRequest::new("GET", &format!("/api/v1/jobs/{job}/events"));
    client.stream(events).await?.collect().await?;
    Ok(job)
}

/// Makes a model.
pub async fn learn(client: &mut TestClient) -> Result<String> {
    let new = json!({ "operation": "test.learn", "params": { "target": "a" } });
    let job = run(client, "/api/v1/jobs", &new).await?;
    let found = client.get(&format!("/api/v1/models?job={job}")).await?.json()?;
    Ok(found["items"][0]["id"].as_str().context("a model")?.to_owned())
}

pub async fn id_of(client: &mut TestClient, member: &str) -> Result<String> {
    let me = client.get("/api/v1/auth/me").await?.json()?;
    me[member]["id"].as_str().map(str::to_owned).context("an id")
}

/// Makes a key, and answers who shows it.
pub async fn key(client: &mut TestClient, scopes: &[&str]) -> Result<TestClient> {
    let body = json!({ "name": "a key", "scopes": scopes });
    let answer = client.post("/api/v1/api-keys", &body).await?;
    answer.require_status(201)?;
    Ok(client.with_key(answer.json()?["key"].as_str().context("a key")?))
}

pub async fn upload(client: &mut TestClient) -> Result<String> {
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

pub async fn set_stage(app: &TestApp, administrator: TestClient) -> Result<Stage<'_>> {
    let mut owner = app.register("owner@example.org").await?;
    let named = id_of(&mut owner, "organization").await?;
    let organization = named.parse()?;
    let mut clients = BTreeMap::from([(Nobody, app.client()), (Owner, owner.clone())]);
    let roles = [
        (Viewer, Role::Viewer),
        (Billing, Role::Billing),
        (Member, Role::Member),
        (Admin, Role::Admin),
    ];
    for (who, role) in roles {
        let mut person = app.register(&format!("{role}@example.org")).await?;
        let user = id_of(&mut person, "user").await?.parse()?;
        clients.insert(who, app.join(user, organization, role).await?);
    }
    let scopes = [(KeyRead, "read"), (KeyRun, "run"), (KeyData, "data"), (KeyAccount, "account")];
    for (who, scope) in scopes {
        clients.insert(who, key(&mut owner, &[scope]).await?);
    }
    clients.insert(Stranger, app.register("stranger@example.org").await?);
    let mut administrator = administrator;
    clients.insert(KeyAdmin, key(&mut administrator, &["admin"]).await?);
    clients.insert(Administrator, administrator);
    Ok(Stage { app, clients, organization: named, made: BTreeMap::new() })
}

/// A client of OAuth that is to be registered.
pub fn new_client() -> Value {
    json!({
        "name": "x", "kind": "confidential", "redirect_uris": [REDIRECT], "scopes": ["account"],
    })
}

/// A schedule that is not due during a test.
pub fn yearly() -> Value {
    json!({ "name": "yearly", "operation": "test.noop", "cron": "0 0 29 2 *" })
}

/// Whether a path names a passkey or an account elsewhere.
fn is_way_in(path: &str) -> bool {
    path.starts_with("/api/v1/auth/identities/") || path.starts_with("/api/v1/auth/passkeys/")
}

impl Stage<'_> {
    /// What a request to the route is about when somebody asks for a thing of somebody.
    pub async fn thing_of(&mut self, path: &str, (who, whose): (Who, Whose)) -> Result<String> {
        if let Some(kind) = Kind::of(path) {
            return self.take(whose.maker(who), kind).await;
        }
        Ok(match path {
            path if path.starts_with("/api/v1/operations/") => "test.noop".to_owned(),
            path if path.starts_with("/api/v1/admin/organizations/")
                || path.starts_with("/api/v1/admin/accounts/") =>
            {
                self.organization.clone()
            }
            _ => NOTHING.to_owned(),
        })
    }

    /// A thing that somebody made, made now if there is none.
    pub async fn take(&mut self, maker: Who, kind: Kind) -> Result<String> {
        if let Some(made) = self.made.get(&(maker, kind)) {
            return Ok(made.clone());
        }
        let client = self.clients.get_mut(&maker).context("somebody")?;
        let made = kind.make(self.app, client).await;
        let made = made.with_context(|| format!("{maker:?} makes {kind:?}"))?;
        self.made.insert((maker, kind), made.clone());
        Ok(made)
    }

    /// Notes what a request that was let in has used up.
    pub fn note_use(&mut self, (method, path): (&str, &str), (who, whose): (Who, Whose)) {
        let uses_up =
            method == "delete" || path.ends_with("/rotate") || path.ends_with("/complete");
        if let (true, Some(kind)) = (uses_up, Kind::of(path)) {
            self.made.remove(&(whose.maker(who), kind));
        }
    }
}

/// A request to the route about a thing, that would succeed for who may.
pub fn request(method: &str, path: &str, thing: &str) -> TestRequest {
    let body = body_of(method, path, thing);
    let path = match path {
        path if path.starts_with("/api/v1/services/") => path.replace("{id}", "test.words"),
        path if path.contains("/invoices/") => path.replace("{number}", thing),
        path => path.replace("{id}", thing),
    };
    let path = path.replace("{number}", "1").replace("{name}", "people");
    let path = path.replace("{provider}", "sandbox").replace("{key}", "none");
    let path = path.replace("{limit}", "seats");
    let request = TestRequest::new(&method.to_uppercase(), &path);
    match body {
        Some(body) if matches!(method, "post" | "put" | "patch") => request.json(&body),
        Some(body) if method == "delete" && (path == "/api/v1/account" || is_way_in(&path)) => {
            request.json(&body)
        }
        _ if path.ends_with("/parts/1") => request.body("application/octet-stream", b"a,b\n1,2\n"),
        _ if path.ends_with("/events") && path.contains("/jobs/") => {
            request.header("accept", "application/json")
        }
        _ => request,
    }
}

/// The body of a request about `thing`.
fn body_of(method: &str, path: &str, thing: &str) -> Option<Value> {
    match path {
        "/api/v1/oauth/clients" => Some(new_client()),
        path if path.starts_with("/api/v1/oauth/clients/") => {
            Some(json!({ "name": "x", "redirect_uris": [REDIRECT], "scopes": ["account"] }))
        }
        "/api/v1/api-keys" | "/api/v1/admin/api-keys" => {
            Some(json!({ "name": "x", "scopes": ["account"] }))
        }
        "/api/v1/jobs" => Some(json!({ "operation": "test.noop" })),
        "/api/v1/account/billing-details" => Some(json!({ "details": null })),
        "/api/v1/account/checkouts" => Some(json!({ "plan": "test" })),
        "/api/v1/account/mock-purchases" => Some(json!({ "package": "none" })),
        "/api/v1/datasets/confirm" => Some(json!({ "upload_id": NOTHING })),
        "/api/v1/account/subscription" => Some(json!({ "action": "cancel" })),
        "/api/v1/rewards/claims" => Some(json!({ "session_id": NOTHING })),
        path if path.starts_with("/api/v1/rewards/sessions/") && path.ends_with("/events") => {
            Some(json!({ "event": "loaded" }))
        }
        path if path.ends_with("/review") => Some(json!({ "outcome": "cleared" })),
        "/api/v1/admin/fraud/blocks" => {
            Some(json!({ "kind": "network", "value": "203.0.113.0/24", "reason": "a farm" }))
        }
        "/api/v1/admin/flags" => Some(json!({ "key": "shop.new", "enabled": true })),
        path if path.starts_with("/api/v1/admin/flags/") && method == "put" => {
            Some(json!({ "enabled": true }))
        }
        path if path.starts_with("/api/v1/admin/flags/") => Some(json!({})),
        path if path.ends_with("/suspend") || path.ends_with("/ban") => {
            Some(json!({ "reason": "spam" }))
        }
        path if path.ends_with("/reinstate") => Some(json!({})),
        path if path.starts_with("/api/v1/admin/jobs/") && path.ends_with("/cancel") => {
            Some(json!({}))
        }
        "/api/v1/admin/payments/refund" => Some(json!({ "provider_ref": "none" })),
        path if path.ends_with("/dismiss") => Some(json!({ "reason": "of another shop" })),
        "/api/v1/admin/sandbox/clock" => Some(json!({ "days": 1 })),
        path if path.ends_with("/credits") => Some(json!({ "credits": 1, "reason": "thanks" })),
        path if path.ends_with("/overrides") => Some(json!({
            "overrides": [{ "limit": "seats", "value": 50, "reason": "a class" }],
        })),
        path if path.ends_with("/plan") => Some(json!({ "plan": "test" })),
        path if path.ends_with("/trial") => Some(json!({ "action": "end", "reason": "asked" })),
        "/api/v1/admin/jobs/redrive" => Some(json!({ "operation": "test.noop" })),
        "/api/v1/account/time-zone" => Some(json!({ "time_zone": "UTC" })),
        path if path == "/api/v1/schedules" || method == "put" && path.contains("/schedules/") => {
            Some(yearly())
        }
        "/api/v1/datasets/uploads" => {
            Some(json!({ "name": "x", "file_name": "x.csv", "bytes": 10 }))
        }
        "/api/v1/workflows" | "/api/v1/workflow-checks" => Some(workflow(path)),
        path if method == "put" && path.contains("/workflows/") && !path.ends_with("/access") => {
            Some(workflow("/api/v1/workflows"))
        }
        path if path.contains("/workflows/") && path.ends_with("/runs") => Some(json!({})),
        path if path.ends_with("/access") => Some(json!({ "visibility": "organization" })),
        path if path.ends_with("/predict") => Some(json!({ "word": "a" })),
        path if method == "patch" && path.contains("/models/") => Some(json!({ "tags": ["live"] })),
        path if path.ends_with("/estimate") => Some(json!({})),
        path if path.ends_with("/calls") => {
            Some(json!({ "artifact_id": thing, "input": { "word": "sum" } }))
        }
        _ => body_about_people(method, path),
    }
}

/// The body of a request about who somebody is and to what they belong.
fn body_about_people(method: &str, path: &str) -> Option<Value> {
    match path {
        "/api/v1/auth/login"
        | "/api/v1/auth/setup"
        | "/api/v1/auth/register"
        | "/api/v1/admin/session" => Some(json!({ "email": "" })),
        "/api/v1/auth/second-factor" => Some(json!({ "challenge": "none", "code": "none" })),
        "/api/v1/auth/password/forgot" => Some(json!({ "email": "" })),
        "/api/v1/auth/password/reset" => Some(json!({ "token": "none", "password": "" })),
        "/api/v1/auth/password" => Some(json!({ "password": "", "new_password": "" })),
        "/api/v1/account" | "/api/v1/account/export" | "/api/v1/organizations/closing" => {
            Some(json!({ "password": "" }))
        }
        "/api/v1/auth/email" => Some(json!({ "email": "", "password": "" })),
        "/api/v1/auth/me" | "/api/v1/organizations/leave" => Some(json!({})),
        "/api/v1/auth/second-factor/confirm" => Some(json!({ "code": "none" })),
        "/api/v1/auth/verify-email/resend" => Some(json!({})),
        path if path.starts_with("/api/v1/auth/second-factor/") => Some(json!({ "password": "" })),
        "/api/v1/auth/identities" => Some(json!({ "provider": "none", "password": "" })),
        "/api/v1/auth/passkeys" => {
            Some(json!({ "name": "x", "client_data": "", "attestation": "" }))
        }
        "/api/v1/auth/passkeys/begin" => Some(json!({ "password": "" })),
        "/api/v1/auth/passkeys/sign-in" => Some(json!({
            "credential_id": "", "client_data": "", "authenticator_data": "",
            "signature": "", "user_handle": "",
        })),
        path if path.starts_with("/api/v1/auth/passkeys/") && method == "patch" => {
            Some(json!({ "name": "x" }))
        }
        path if is_way_in(path) && method == "delete" => Some(json!({ "password": PASSWORD })),
        "/api/v1/auth/tokens" => Some(json!({ "name": "x", "scopes": ["read"] })),
        path if path.starts_with("/api/v1/auth/tokens/") => {
            Some(json!({ "refresh_token": "none" }))
        }
        "/api/v1/auth/verify-email"
        | "/api/v1/auth/keep-account"
        | "/api/v1/invitations/view"
        | "/api/v1/invitations/accept" => Some(json!({ "token": "none" })),
        "/api/v1/invitations" => Some(json!({ "email": "", "role": "member" })),
        path if path.starts_with("/api/v1/members/") => Some(json!({ "role": "member" })),
        "/api/v1/organizations" => Some(json!({ "name": "" })),
        "/api/v1/organizations/switch" => Some(json!({ "organization_id": NOTHING })),
        "/api/v1/organizations/networks" => Some(json!({ "networks": [] })),
        _ => None,
    }
}
