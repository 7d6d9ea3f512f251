//! A person takes home what is kept about them.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestRequest, TestSettings, WithWorker};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::sign_in;

const EXPORT: &str = "/api/v1/account/export";
const CONTENT: &str = "/api/v1/account/export/content";
const TABLE: &[u8] = b"city,age\nBergen,41\nLima,39\n";

fn settings() -> TestSettings {
    TestSettings { worker: WithWorker::Yes, ..TestSettings::default() }
}

async fn ask(client: &mut TestClient) -> Result<(u16, Value)> {
    let answer = client.post(EXPORT, &json!({ "password": PASSWORD })).await?;
    Ok((answer.status, answer.json()?))
}

/// Waits until the newest export has ended.
async fn wait(client: &mut TestClient) -> Result<Value> {
    for _ in 0..1_000 {
        let export = client.get(EXPORT).await?.json()?["export"].clone();
        match export["state"].as_str().context("a state")? {
            "queued" | "running" => tokio::time::sleep(Duration::from_millis(20)).await,
            "succeeded" => return Ok(export),
            other => anyhow::bail!("the export is {other}: {export}"),
        }
    }
    anyhow::bail!("the export does not end")
}

async fn upload(client: &mut TestClient) -> Result<()> {
    let new = json!({ "name": "people", "file_name": "people.csv", "bytes": TABLE.len() });
    let begun = client.post("/api/v1/datasets/uploads", &new).await?;
    begun.require_status(201)?;
    let id = begun.json()?["id"].as_str().context("an id")?.to_owned();
    let part = TestRequest::new("PUT", &format!("/api/v1/datasets/uploads/{id}/parts/1"))
        .body("application/octet-stream", TABLE);
    client.send(part).await?.require_status(200)?;
    let path = format!("/api/v1/datasets/uploads/{id}/complete");
    client.post(&path, &Value::Null).await?.require_status(201)
}

/// Runs a job that leaves files.
async fn run(client: &mut TestClient) -> Result<()> {
    let new = json!({ "operation": "test.doors", "label": "my doors", "params": {} });
    let job = client.post("/api/v1/jobs", &new).await?;
    job.require_status(202)?;
    let id = job.json()?["id"].as_str().context("an id")?.to_owned();
    let events = TestRequest::new("GET", &format!("/api/v1/jobs/{id}/events"));
    client.stream(events).await?.collect().await?;
    Ok(())
}

fn unpack(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let mut files = BTreeMap::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        files.insert(file.name()?.to_string(), content);
    }
    Ok(files)
}

fn read(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Result<Value> {
    let bytes = files.get(name).with_context(|| format!("{name} in {:?}", files.keys()))?;
    serde_json::from_slice(bytes).with_context(|| name.to_owned())
}

fn lines(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Result<Vec<Value>> {
    let bytes = files.get(name).with_context(|| format!("{name} in {:?}", files.keys()))?;
    let text = std::str::from_utf8(bytes)?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// The manifest names every other file with its size and hash.
fn check_manifest(files: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    let manifest = read(files, "manifest.json")?;
    let named = manifest["files"].as_array().context("files")?;
    assert_eq!(named.len() + 1, files.len(), "{manifest}");
    for entry in named {
        let content = &files[entry["name"].as_str().context("a name")?];
        assert_eq!(entry["bytes"], json!(content.len()));
        assert_eq!(entry["sha256"], json!(hex::encode(Sha256::digest(content))));
    }
    assert_eq!(manifest["left_out"], json!([]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_has_what_is_kept_and_no_secret() -> Result<()> {
    let (app, _) = TestApp::start(settings()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let setup = "/api/v1/auth/second-factor/setup";
    let enrolment = ada.post(setup, &json!({ "password": PASSWORD })).await?.json()?;
    let key = json!({ "name": "program", "scopes": ["read"] });
    let key = ada.post("/api/v1/api-keys", &key).await?.json()?["key"].clone();
    upload(&mut ada).await?;
    run(&mut ada).await?;
    let (status, begun) = ask(&mut ada).await?;
    assert_eq!(status, 202, "{begun}");
    let export = wait(&mut ada).await?;
    let download = ada.get(CONTENT).await?;
    download.require_status(200)?;
    assert_eq!(download.header("cache-control"), Some("no-store"));
    let sha256 = hex::encode(Sha256::digest(&download.body));
    assert_eq!(export["file"]["sha256"], json!(sha256));

    let files = unpack(&download.body)?;
    check_manifest(&files)?;
    let account = read(&files, "account.json")?;
    assert_eq!(account["person"][0]["email"], "ada@example.org");
    assert_eq!(account["sessions"].as_array().map(Vec::len), Some(1));
    assert_eq!(account["api_keys"][0]["name"], "program");
    let organizations = read(&files, "organizations.json")?;
    assert_eq!(organizations["memberships"][0]["role"], "owner");
    assert_eq!(organizations["datasets"][0]["name"], "people");
    let jobs = lines(&files, "jobs.jsonl")?;
    assert!(jobs.iter().any(|job| job["label"] == "my doors" && job["state"] == "succeeded"));
    assert!(!lines(&files, "job_events.jsonl")?.is_empty());
    assert!(lines(&files, "audit.jsonl")?.iter().any(|line| line["action"] == "api_key.issue"));
    assert!(read(&files, "invoices.json")?["lots"][0]["granted"].is_i64());
    let ledger = String::from_utf8(files["ledger.csv"].clone())?;
    assert!(ledger.starts_with("at,reason,") && ledger.lines().count() > 1, "{ledger}");
    let tables: Vec<_> = files.iter().filter(|(name, _)| name.starts_with("datasets/")).collect();
    assert!(matches!(&tables[..], [(name, content)]
        if name.ends_with("/people.csv") && content.as_slice() == TABLE));
    assert!(files.keys().any(|name| name.starts_with("artifacts/")));

    let snapshot = app.store.read().await?;
    let user = snapshot.access().find_user_by_email("ada@example.org").await?.context("ada")?;
    let cookie = ada.cookie("gantry_session").context("a session")?;
    let key = key.as_str().context("a key")?;
    let shared = enrolment["secret"].as_str().context("a secret")?;
    let hash = |secret: &str| hex::encode(Sha256::digest(secret.as_bytes()));
    let sealed = snapshot.identity().find_second_factor(user.id).await?.context("a factor")?;
    let secrets = [user.password_hash, hash(cookie), hash(key), cookie.to_owned(), key.to_owned()];
    for secret in secrets.iter().map(String::as_str).chain([shared, sealed.secret.as_str()]) {
        for (name, content) in &files {
            let found = content.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
            ensure!(!found, "{name} has a secret");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_finds_the_file() -> Result<()> {
    let (app, _) = TestApp::start(settings()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut eve = app.register("eve@example.org").await?;
    let me = ada.get("/api/v1/auth/me").await?.json()?;
    let home = me["organization"]["id"].as_str().context("an id")?.parse()?;
    let guest = eve.get("/api/v1/auth/me").await?.json()?["user"]["id"].clone();
    let guest = guest.as_str().context("an id")?.parse()?;
    let mut admin = app.join(guest, home, gantry_types::Role::Admin).await?;
    upload(&mut ada).await?;
    ask(&mut ada).await?;
    let export = wait(&mut ada).await?;
    let job = export["job_id"].as_str().context("a job")?;
    let snapshot = app.store.read().await?;
    let owner = me["user"]["id"].as_str().context("an id")?.parse()?;
    let file = snapshot.exports().find_export(owner, job.parse()?).await?.context("the file")?;
    assert!(snapshot.exports().find_export(guest, job.parse()?).await?.is_none());
    drop(snapshot);

    for path in [
        format!("/api/v1/jobs/{job}"),
        format!("/api/v1/jobs/{job}/events"),
        format!("/api/v1/artifacts/{}", file.id),
        format!("/api/v1/artifacts/{}/content", file.id),
        CONTENT.to_owned(),
    ] {
        let request = TestRequest::new("GET", &path).header("accept", "application/json");
        assert_eq!(admin.send(request).await?.status, 404, "{path}");
    }
    let input = json!({ "data": { "kind": "artifact", "id": file.id } });
    let new = json!({ "operation": "test.noop", "inputs": input });
    assert_eq!(admin.post("/api/v1/jobs", &new).await?.status / 100, 4);
    // What others see of the organization is not in the file, as it is not the person's alone.
    let files = unpack(&ada.get(CONTENT).await?.body)?;
    assert!(!files.keys().any(|name| name.starts_with("datasets/")), "{:?}", files.keys());
    // A key of the person's own cannot have it either.
    let key = json!({ "name": "program", "scopes": ["read", "account"] });
    let key = ada.post("/api/v1/api-keys", &key).await?.json()?["key"].clone();
    let mut program = ada.with_key(key.as_str().context("a key")?);
    program.get(CONTENT).await?.require_status(403)?;
    program.post(EXPORT, &json!({ "password": PASSWORD })).await?.require_status(403)
}

#[tokio::test]
async fn an_export_needs_the_password_and_is_made_three_times_a_day() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    ada.post(EXPORT, &json!({ "password": "not it" })).await?.require_status(400)?;
    assert_eq!(ada.get(EXPORT).await?.json()?["export"], Value::Null);
    ada.get(CONTENT).await?.require_status(404)?;
    let mut twin = ada.clone();
    let (one, two) = tokio::join!(ask(&mut ada), ask(&mut twin));
    let (one, two) = (one?, two?);
    assert_eq!((one.0, two.0), (202, 202));
    assert_eq!(one.1["job_id"], two.1["job_id"], "two were made at once");
    let account = ada.get("/api/v1/account").await?.json()?;
    assert_eq!(account["queued_jobs"], json!(0), "it counts: {account}");

    let home = ada.get("/api/v1/auth/me").await?.json()?["organization"]["id"].clone();
    let home = home.as_str().context("an id")?.parse()?;
    for _ in 0..2 {
        assert!(app.jobs.stop_jobs(home).await?);
        let (status, next) = ask(&mut ada).await?;
        assert_eq!(status, 202, "{next}");
    }
    assert!(app.jobs.stop_jobs(home).await?);
    let refused = ada.post(EXPORT, &json!({ "password": PASSWORD })).await?;
    refused.require_status(429)?;
    assert!(refused.header("retry-after").is_some());
    app.clock.advance(Duration::from_hours(24));
    let (_, _, mut ada) = sign_in(&app, "ada@example.org", PASSWORD).await?;
    assert_eq!(ask(&mut ada).await?.0, 202);
    Ok(())
}
