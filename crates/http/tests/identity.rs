//! Signing up, in and out; sessions; keys; lock-out; anti-forgery.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_access::RequestRate;
use gantry_http::HttpSettings;
use gantry_testkit::{PASSWORD, TestApp, TestRequest, TestSettings};
use serde_json::json;

#[tokio::test]
async fn the_first_administrator_needs_the_printed_token() -> Result<()> {
    let app = TestApp::first_run(TestSettings::default()).await?;
    let mut client = app.client();
    assert_eq!(client.get("/api/v1/meta").await?.json()?["setup_required"], true);
    let early = json!({ "email": "a@b.c", "password": PASSWORD, "name": "A" });
    client.post("/api/v1/auth/register", &early).await?.require_status(409)?;
    let mut body = json!({ "email": "A@B.c", "password": PASSWORD, "name": "A", "token": "x" });
    client.post("/api/v1/auth/setup", &body).await?.require_status(403)?;
    body["token"] = app.setup_token.expose().into();
    let done = client.post("/api/v1/auth/setup", &body).await?;
    done.require_status(201)?;
    let me = done.json()?;
    assert_eq!(me["user"]["email"], "a@b.c");
    assert_eq!(me["user"]["administrator"], true);
    assert_eq!(me["organization"]["role"], "owner");
    assert_eq!(me["scopes"], json!(["read", "run", "data", "account", "admin"]));
    app.client().post("/api/v1/auth/setup", &body).await?.require_status(409)?;
    assert_eq!(client.get("/api/v1/meta").await?.json()?["setup_required"], false);
    Ok(())
}

#[tokio::test]
async fn an_account_begins_with_its_credits_and_an_audit_line() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut client = app.register("ada@example.org").await?;
    let account = client.get("/api/v1/account").await?.json()?;
    assert_eq!(account["plan"]["slug"], "test");
    assert_eq!(account["credits"], json!({ "available": 1_000_000, "held": 0, "low": false }));
    let ledger = client.get("/api/v1/account/ledger?order=oldest_first").await?.json()?;
    let sum: i64 = ledger["items"]
        .as_array()
        .context("items")?
        .iter()
        .map(|e| e["amount"].as_i64().unwrap())
        .sum();
    assert_eq!(sum, 0, "{ledger}");
    let audit = client.get("/api/v1/audit").await?.json()?;
    assert_eq!(audit["items"][0]["action"], "user.register");
    assert_eq!(audit["items"][0]["ip"], "127.0.0.1");
    let again = json!({ "email": "ADA@example.org ", "password": PASSWORD, "name": "A" });
    let taken = app.client().post("/api/v1/auth/register", &again).await?;
    taken.require_status(409)?;
    assert_eq!(taken.json()?["code"], "already_exists");
    Ok(())
}

#[tokio::test]
async fn weak_passwords_are_pointed_at() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let weak = json!({ "email": "a@b.c", "password": "short", "name": "A" });
    let refused = app.client().post("/api/v1/auth/register", &weak).await?;
    refused.require_status(400)?;
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    let problem = refused.json()?;
    assert_eq!(problem["errors"][0]["pointer"], "/password");
    assert_eq!(problem["request_id"].as_str(), refused.header("x-request-id"));
    Ok(())
}

#[tokio::test]
async fn sessions_begin_are_listed_and_end() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut first = app.register("ada@example.org").await?;
    let mut second = app.client();
    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    let request = TestRequest::new("POST", "/api/v1/auth/login").json(&login);
    let signed_in = second.send(request.header("user-agent", "second browser")).await?;
    signed_in.require_status(200)?;
    let cookie = signed_in.header("set-cookie").context("a cookie")?;
    for word in ["gantry_session=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    second.learn_csrf_token(&signed_in)?;
    let sessions = first.get("/api/v1/sessions").await?.json()?;
    let sessions = sessions["items"].as_array().context("items")?.clone();
    assert_eq!(sessions.len(), 2);
    assert!(sessions.iter().all(|session| session["purpose"] == "person"), "{sessions:?}");
    let other = sessions.iter().find(|session| session["current"] == false).context("another")?;
    assert_eq!(other["user_agent"], "second browser");
    let path = format!("/api/v1/sessions/{}", other["id"].as_str().context("an id")?);
    first.delete(&path).await?.require_status(204)?;
    first.delete(&path).await?.require_status(404)?;
    second.get("/api/v1/auth/me").await?.require_status(401)?;
    let left = first.clone();
    let out = first.send(TestRequest::new("POST", "/api/v1/auth/logout")).await?;
    out.require_status(204)?;
    assert_eq!(first.cookie("gantry_session"), None);
    left.clone().get("/api/v1/auth/me").await?.require_status(401)?;
    Ok(())
}

#[tokio::test]
async fn sessions_end_when_they_idle_and_at_last_whatever_happens() -> Result<()> {
    let (app, mut administrator) = TestApp::start(TestSettings::default()).await?;
    let mut user = app.register("ada@example.org").await?;
    app.clock.advance(Duration::from_secs(14 * 60));
    administrator.get("/api/v1/auth/me").await?.require_status(200)?;
    app.clock.advance(Duration::from_secs(14 * 60));
    administrator.get("/api/v1/auth/me").await?.require_status(200)?;
    app.clock.advance(Duration::from_secs(16 * 60));
    administrator.get("/api/v1/auth/me").await?.require_status(401)?;
    user.get("/api/v1/auth/me").await?.require_status(200)?;
    for _ in 0..66 {
        app.clock.advance(Duration::from_secs(11 * 3_600));
        if user.get("/api/v1/auth/me").await?.status == 401 {
            return Ok(());
        }
    }
    panic!("the session outlived 30 days")
}

#[tokio::test]
async fn five_failures_lock_and_locks_end() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    app.register("ada@example.org").await?;
    let mut client = app.client();
    let wrong = json!({ "email": "ada@example.org", "password": "wrong password" });
    let right = json!({ "email": "Ada@example.org", "password": PASSWORD });
    let unknown = json!({ "email": "nobody@example.org", "password": "wrong password" });
    let stranger = client.post("/api/v1/auth/login", &unknown).await?;
    for _ in 0..5 {
        let refused = client.post("/api/v1/auth/login", &wrong).await?;
        refused.require_status(401)?;
        let (mut one, mut two) = (refused.json()?, stranger.json()?);
        one["request_id"] = json!(null);
        two["request_id"] = json!(null);
        assert_eq!(one, two, "the answer tells whether the account exists");
    }
    let locked = client.post("/api/v1/auth/login", &right).await?;
    locked.require_status(429)?;
    assert_eq!(locked.json()?["code"], "locked_out");
    let retry: u64 = locked.header("retry-after").context("retry-after")?.parse()?;
    assert!((1..=60).contains(&retry), "{retry}");
    app.clock.advance(Duration::from_secs(61));
    client.post("/api/v1/auth/login", &right).await?.require_status(200)?;
    Ok(())
}

#[tokio::test]
async fn many_guesses_at_once_are_no_better_than_one_after_another() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    app.register("ada@example.org").await?;
    let wrong = json!({ "email": "ada@example.org", "password": "wrong password" });
    let guesses = (0..15).map(|_| {
        let (mut client, wrong) = (app.client(), wrong.clone());
        async move { client.post("/api/v1/auth/login", &wrong).await.map(|answer| answer.status) }
    });
    let mut tried = 0;
    for status in futures::future::join_all(guesses).await {
        match status? {
            401 => tried += 1,
            429 => {}
            other => panic!("status {other}"),
        }
    }
    assert_eq!(tried, 5);
    Ok(())
}

#[tokio::test]
async fn keys_open_what_their_scopes_say_until_they_are_revoked() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut owner = app.register("ada@example.org").await?;
    let body = json!({ "name": "reader", "scopes": ["read", "account"] });
    let issued = owner.post("/api/v1/api-keys", &body).await?;
    issued.require_status(201)?;
    let issued = issued.json()?;
    let secret = issued["key"].as_str().context("a key")?;
    assert!(secret.starts_with("gk_") && secret.len() == 46);
    assert!(secret.starts_with(issued["prefix"].as_str().context("a prefix")?));
    let mut program = owner.with_key(secret);
    let me = program.get("/api/v1/auth/me").await?.json()?;
    assert_eq!(me["csrf_token"], json!(null));
    assert_eq!(me["scopes"], json!(["read", "account"]));
    let run = json!({ "operation": "test.noop" });
    program.post("/api/v1/jobs", &run).await?.require_status(403)?;
    // A key cannot make a stronger one, nor one for what it may not do.
    let stronger = json!({ "name": "x", "scopes": ["read", "run"] });
    let refused = program.post("/api/v1/api-keys", &stronger).await?;
    refused.require_status(403)?;
    assert_eq!(refused.json()?["errors"][0]["pointer"], "/scopes");
    let admin = json!({ "name": "x", "scopes": ["admin"] });
    owner.post("/api/v1/api-keys", &admin).await?.require_status(403)?;
    let none = json!({ "name": "x", "scopes": [] });
    owner.post("/api/v1/api-keys", &none).await?.require_status(400)?;
    let past = json!({ "name": "x", "scopes": ["read"], "expires_at": "2001-01-01T00:00:00Z" });
    owner.post("/api/v1/api-keys", &past).await?.require_status(400)?;
    let listed = owner.get("/api/v1/api-keys").await?.json()?;
    assert_eq!(listed["items"].as_array().context("items")?.len(), 1);
    assert!(listed["items"][0]["last_used_at"].is_string());
    assert!(!listed.to_string().contains(secret));
    let path = format!("/api/v1/api-keys/{}", issued["id"].as_str().context("an id")?);
    owner.delete(&path).await?.require_status(204)?;
    program.get("/api/v1/auth/me").await?.require_status(401)?;
    Ok(())
}

#[tokio::test]
async fn a_key_is_rotated_by_its_owner_and_ends_at_once() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut owner = app.register("ada@example.org").await?;
    let body = json!({ "name": "reader", "scopes": ["read", "account"] });
    let old = owner.post("/api/v1/api-keys", &body).await?.json()?;
    let mut program = owner.with_key(old["key"].as_str().context("a key")?);
    program.get("/api/v1/auth/me").await?.require_status(200)?;
    let path = format!("/api/v1/api-keys/{}/rotate", old["id"].as_str().context("an id")?);
    let mut stranger = app.register("eve@example.org").await?;
    stranger.post(&path, &json!({})).await?.require_status(404)?;
    // A key that may do less cannot take the other one over.
    let weak = json!({ "name": "weak", "scopes": ["account"] });
    let weak = owner.post("/api/v1/api-keys", &weak).await?.json()?;
    let mut weak = owner.with_key(weak["key"].as_str().context("a key")?);
    weak.post(&path, &json!({})).await?.require_status(403)?;
    let rotated = owner.post(&path, &json!({})).await?;
    rotated.require_status(201)?;
    let rotated = rotated.json()?;
    assert_eq!((&rotated["name"], &rotated["scopes"]), (&old["name"], &old["scopes"]));
    assert_ne!((&rotated["key"], &rotated["id"]), (&old["key"], &old["id"]));
    program.get("/api/v1/auth/me").await?.require_status(401)?;
    let mut program = owner.with_key(rotated["key"].as_str().context("a key")?);
    program.get("/api/v1/auth/me").await?.require_status(200)?;
    owner.post(&path, &json!({})).await?.require_status(404)?;
    let listed = owner.get("/api/v1/api-keys").await?.json()?;
    assert_eq!(listed["items"].as_array().context("items")?.len(), 2);
    let audit = owner.get("/api/v1/audit").await?.json()?;
    let lines = audit["items"].as_array().context("lines")?;
    let line = lines.iter().find(|line| line["action"] == "api_key.rotate").context("a line")?;
    assert_eq!(line["details"]["replaces"], old["id"]);
    Ok(())
}

#[tokio::test]
async fn a_key_ends_when_it_expires() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut owner = app.register("ada@example.org").await?;
    let now = gantry_ports::Clock::now(app.clock.as_ref());
    let end = now.plus(Duration::from_secs(60));
    let body = json!({ "name": "short", "scopes": ["read"], "expires_at": end });
    let issued = owner.post("/api/v1/api-keys", &body).await?.json()?;
    let mut program = owner.with_key(issued["key"].as_str().context("a key")?);
    program.get("/api/v1/account").await?.require_status(200)?;
    app.clock.advance(Duration::from_secs(61));
    program.get("/api/v1/account").await?.require_status(401)?;
    Ok(())
}

#[tokio::test]
async fn a_browser_cannot_be_tricked_into_asking() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let owner = app.register("ada@example.org").await?;
    let run = json!({ "operation": "test.noop" });
    let request = TestRequest::new("POST", "/api/v1/jobs").json(&run);
    let bare = owner.without_csrf_token().send(request.clone()).await?;
    bare.require_status(403)?;
    assert_eq!(bare.json()?["code"], "csrf_rejected");
    let wrong = request.clone().header("x-csrf-token", "wrong");
    owner.clone().send(wrong).await?.require_status(403)?;
    let foreign = request.clone().header("origin", "https://evil.example");
    owner.clone().send(foreign).await?.require_status(403)?;
    let own = request.clone().header("origin", &format!("http://{}", app.address));
    owner.clone().send(own).await?.require_status(202)?;
    // Another site cannot sign somebody in either.
    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    let login = TestRequest::new("POST", "/api/v1/auth/login").json(&login);
    let foreign = login.header("origin", "https://evil.example");
    app.client().send(foreign).await?.require_status(403)?;
    Ok(())
}

#[tokio::test]
async fn plans_limit_how_often_somebody_calls() -> Result<()> {
    let mut settings = TestSettings::default();
    settings.terms.requests_per_minute = 60;
    settings.terms.request_burst = 5;
    let (app, _) = TestApp::start(settings).await?;
    let mut owner = app.register("ada@example.org").await?;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let answer = owner.get("/api/v1/account").await?;
        assert_eq!(answer.header("ratelimit-limit"), Some("5"));
        statuses.push(answer.status);
        if answer.status == 429 {
            assert_eq!(answer.header("ratelimit-remaining"), Some("0"));
            assert_eq!(answer.header("retry-after"), Some("1"));
            assert_eq!(answer.json()?["code"], "rate_limited");
        }
    }
    assert!(statuses.contains(&429) && statuses[0] == 200, "{statuses:?}");
    // Others have their own bucket.
    let mut other = app.register("bob@example.org").await?;
    // All keys of a person draw on theirs.
    let mut last = None;
    for name in ["one", "two"] {
        let wanted = json!({ "name": name, "scopes": ["read"] });
        let made = other.post("/api/v1/api-keys", &wanted).await?;
        made.require_status(201)?;
        let key = made.json()?["key"].as_str().unwrap_or_default().to_owned();
        let answer = other.with_key(&key).get("/api/v1/account").await?;
        let left: u32 = answer.header("ratelimit-remaining").unwrap_or_default().parse()?;
        assert!(last.is_none_or(|last| left < last), "{name} has {left} left");
        last = Some(left);
    }
    other.get("/api/v1/account").await?.require_status(200)?;
    Ok(())
}

#[tokio::test]
async fn mails_to_others_are_limited_by_organization() -> Result<()> {
    let http = HttpSettings {
        mail_rate: RequestRate { per_minute: 1, burst: 2 },
        ..TestSettings::default().http
    };
    let (app, _) = TestApp::start(TestSettings { http, ..TestSettings::default() }).await?;
    let mut owner = app.register("ada@example.org").await?;
    let mut statuses = Vec::new();
    for guest in ["b@example.org", "c@example.org", "d@example.org"] {
        let wanted = json!({ "email": guest, "role": "member" });
        statuses.push(owner.post("/api/v1/invitations", &wanted).await?.status);
    }
    assert_eq!(statuses, [201, 201, 429]);
    let wanted = json!({ "email": "new@example.org", "password": PASSWORD });
    owner.post("/api/v1/auth/email", &wanted).await?.require_status(429)?;
    // What causes no mail to others goes on, and so do other organizations.
    owner.get("/api/v1/members").await?.require_status(200)?;
    let mut other = app.register("bob@example.org").await?;
    let wanted = json!({ "email": "e@example.org", "role": "member" });
    other.post("/api/v1/invitations", &wanted).await?.require_status(201)?;
    Ok(())
}

#[tokio::test]
async fn strangers_are_limited_by_their_address() -> Result<()> {
    let few = RequestRate { per_minute: 6, burst: 3 };
    let http = HttpSettings { sign_in_rate: few, anonymous_rate: few, ..HttpSettings::default() };
    let app = TestApp::first_run(TestSettings { http, ..TestSettings::default() }).await?;
    let login = json!({ "email": "a@b.c", "password": "x" });
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(app.client().post("/api/v1/auth/login", &login).await?.status);
    }
    assert_eq!(statuses, [401, 401, 401, 429]);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(app.client().get("/api/v1/meta").await?.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
    // Whether the server lives is not limited.
    app.client().get("/healthz").await?.require_status(200)?;
    Ok(())
}
