//! Programs of others act for organizations and people: OAuth 2.0 from registration to withdrawal.

mod codes;
mod consent;
mod own;
mod peer;
mod tokens;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gantry_testkit::{TestApp, TestClient, TestRequest, TestResponse};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const CLIENTS: &str = "/api/v1/oauth/clients";
const REDIRECT: &str = "https://app.example/cb";
const VERIFIER: &str = "a-verifier-of-the-tests-that-has-forty-three-characters";

/// A registered client.
struct App {
    id: String,
    secret: Option<String>,
}

async fn register(owner: &mut TestClient, kind: &str, scopes: &[&str]) -> Result<App> {
    let new = json!({ "name": "App", "kind": kind, "redirect_uris": [REDIRECT], "scopes": scopes });
    let answer = owner.post(CLIENTS, &new).await?;
    answer.require_status(201)?;
    let body = answer.json()?;
    let secret = body["secret"].as_str().map(str::to_owned);
    ensure!(secret.is_some() == (kind == "confidential"), "{body}");
    Ok(App { id: body["id"].as_str().context("an id")?.to_owned(), secret })
}

fn encode(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn form(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    pairs.join("&")
}

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER.as_bytes()))
}

/// What a client asks for, `changed` in some places.
fn question(app: &App, changed: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", app.id.as_str()),
        ("redirect_uri", REDIRECT),
        ("scope", "read"),
        ("state", "a state & more"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    pairs.retain(|(name, _)| !changed.iter().any(|(other, _)| other == name));
    pairs.extend(changed.iter().copied().filter(|(_, value)| !value.is_empty()));
    form(&pairs)
}

async fn post_form(client: &mut TestClient, path: &str, form: &str) -> Result<TestResponse> {
    let request = TestRequest::new("POST", path);
    client.send(request.body("application/x-www-form-urlencoded", form.as_bytes())).await
}

/// What the page's form carries beside the question: the anti-forgery token, and in which
/// organization the person was asked.
fn hidden_in(page: &TestResponse) -> Result<String> {
    let text = page.text();
    let mut pairs = Vec::new();
    for name in ["csrf_token", "organization_id"] {
        let field = format!("name=\"{name}\" value=\"");
        let (_, rest) = text.split_once(&field).with_context(|| format!("{name} in {text}"))?;
        let (value, _) = rest.split_once('"').context("a value")?;
        pairs.push(format!("{name}={value}"));
    }
    Ok(pairs.join("&"))
}

/// Opens the page, and answers it.
async fn decide(person: &mut TestClient, question: &str, decision: &str) -> Result<TestResponse> {
    let page = person.get(&format!("/oauth/authorize?{question}")).await?;
    page.require_status(200)?;
    let answer = format!("{question}&{}&decision={decision}", hidden_in(&page)?);
    post_form(person, "/oauth/authorize", &answer).await
}

/// A parameter of where the person is sent.
fn sent_back(answer: &TestResponse, name: &str) -> Result<Option<String>> {
    answer.require_status(303)?;
    let location = answer.header("location").context("a location")?;
    let (target, query) = location.split_once('?').context("a query")?;
    ensure!(target == REDIRECT, "{location}");
    let found = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    Ok(found.map(str::to_owned))
}

async fn take_code(person: &mut TestClient, app: &App, scope: &str) -> Result<String> {
    let answer = decide(person, &question(app, &[("scope", scope)]), "allow").await?;
    sent_back(&answer, "code")?.context("a code")
}

/// Asks a token endpoint, with the client's secret in the header.
async fn call(
    server: &TestApp,
    app: &App,
    path: &str,
    pairs: &[(&str, &str)],
) -> Result<(u16, Value)> {
    let mut client = server.client();
    let mut pairs = pairs.to_vec();
    let mut request = TestRequest::new("POST", path);
    match &app.secret {
        Some(secret) => {
            let proof = STANDARD.encode(format!("{}:{secret}", app.id));
            request = request.header("authorization", &format!("Basic {proof}"));
        }
        None => pairs.push(("client_id", app.id.as_str())),
    }
    let body = form(&pairs);
    let request = request.body("application/x-www-form-urlencoded", body.as_bytes());
    let answer = client.send(request).await?;
    ensure!(answer.header("cache-control") == Some("no-store"), "{:?}", answer.headers);
    let body = if answer.body.is_empty() { Value::Null } else { answer.json()? };
    Ok((answer.status, body))
}

async fn exchange(server: &TestApp, app: &App, code: &str) -> Result<(u16, Value)> {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    call(server, app, "/oauth/token", &pairs).await
}

async fn refresh(server: &TestApp, app: &App, tokens: &Value) -> Result<(u16, Value)> {
    let token = tokens["refresh_token"].as_str().context("a refresh token")?;
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", token)];
    call(server, app, "/oauth/token", &pairs).await
}

/// The status of a request with an access token.
async fn reads(server: &TestApp, tokens: &Value, path: &str) -> Result<u16> {
    let token = tokens["access_token"].as_str().context("an access token")?;
    Ok(server.client().with_key(token).get(path).await?.status)
}
