//! Passkeys, by an authenticator in software.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gantry_access::AccessSettings;
use gantry_testkit::{
    PASSWORD, SoftAnswer, SoftAuthenticator, SoftKey, TestApp, TestClient, TestResponse,
    TestSettings,
};
use serde_json::{Value, json};

use super::remove;

const PASSKEYS: &str = "/api/v1/auth/passkeys";
const ASK: &str = "/api/v1/auth/passkeys/sign-in/begin";
const SIGN_IN: &str = "/api/v1/auth/passkeys/sign-in";

pub async fn start() -> Result<(TestApp, TestClient)> {
    let settings = TestSettings::default();
    let access = AccessSettings {
        public_url: "https://gantry.example".to_owned(),
        ..settings.access.clone()
    };
    TestApp::start(TestSettings { access, ..settings }).await
}

pub fn authenticator(kind: SoftKey) -> Result<SoftAuthenticator> {
    SoftAuthenticator::new(kind, "gantry.example", "https://gantry.example")
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The question of an answer, as the authenticator's page has it.
fn question(answer: &Value) -> Result<String> {
    let challenge = answer["challenge"].as_str().context("a question")?;
    Ok(String::from_utf8(URL_SAFE_NO_PAD.decode(challenge)?)?)
}

/// Adds a passkey to the account of a client.
pub async fn add(
    client: &mut TestClient,
    authenticator: &mut SoftAuthenticator,
) -> Result<TestResponse> {
    let begun = client.post(&format!("{PASSKEYS}/begin"), &json!({ "password": PASSWORD })).await?;
    begun.require_status(200)?;
    let begun = begun.json()?;
    assert_eq!(begun["rp_id"], "gantry.example");
    assert_eq!(begun["algorithms"], json!([-7, -8, -257]));
    let handle = URL_SAFE_NO_PAD.decode(begun["user_handle"].as_str().context("a handle")?)?;
    let made = authenticator.create(&question(&begun)?, &handle);
    let body = json!({
        "name": "My laptop",
        "client_data": text(&made.client_data),
        "attestation": text(&made.attestation),
    });
    client.post(PASSKEYS, &body).await
}

/// Asks for a passkey and lets the authenticator answer.
pub async fn ask(client: &mut TestClient, by: &mut SoftAuthenticator) -> Result<SoftAnswer> {
    let asked = client.post(ASK, &json!({})).await?;
    asked.require_status(200)?;
    by.answer(&question(&asked.json()?)?)
}

pub async fn bring(client: &mut TestClient, answer: &SoftAnswer) -> Result<TestResponse> {
    let body = json!({
        "credential_id": answer.credential_id,
        "client_data": text(&answer.client_data),
        "authenticator_data": text(&answer.authenticator_data),
        "signature": text(&answer.signature),
        "user_handle": text(&answer.user_handle),
    });
    client.post(SIGN_IN, &body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passkey_signs_in_alone_and_is_named_and_removed() -> Result<()> {
    let (app, _root) = start().await?;
    for (kind, email) in [(SoftKey::Es256, "ada@example.org"), (SoftKey::EdDsa, "eve@example.org")]
    {
        let mut ada = app.register(email).await?;
        let mut key = authenticator(kind)?;
        let wrong = json!({ "password": "a wrong password" });
        ada.post(&format!("{PASSKEYS}/begin"), &wrong).await?.require_status(400)?;
        add(&mut ada, &mut key).await?.require_status(201)?;
        let again = add(&mut ada, &mut key).await?;
        again.require_status(401)?;
        let letters = app.take_mails().await?;
        assert!(letters.iter().any(|mail| mail.kind == "way_in_changed"), "{letters:?}");

        let mut browser = app.client();
        let answer = ask(&mut browser, &mut key).await?;
        let signed_in = bring(&mut browser, &answer).await?;
        signed_in.require_status(200)?;
        assert_eq!(signed_in.json()?["user"]["email"], email);
        browser.fetch_csrf_token().await?;
        let listed = browser.get(PASSKEYS).await?.json()?;
        assert_eq!(listed["items"][0]["name"], "My laptop");
        assert!(listed["items"][0]["last_used_at"].is_string(), "{listed}");
        // The answer was good once.
        bring(&mut app.client(), &answer).await?.require_status(410)?;

        let path = format!("{PASSKEYS}/{}", listed["items"][0]["id"].as_str().context("an id")?);
        let rename =
            gantry_testkit::TestRequest::new("PATCH", &path).json(&json!({ "name": "Old laptop" }));
        browser.send(rename).await?.require_status(204)?;
        let listed = browser.get(PASSKEYS).await?.json()?;
        assert_eq!(listed["items"][0]["name"], "Old laptop");
        // Whoever only has the session does not shut its owner out.
        remove(&mut browser, (&path, "a wrong password")).await?.require_status(400)?;
        remove(&mut browser, (&path, PASSWORD)).await?.require_status(204)?;
        remove(&mut browser, (&path, PASSWORD)).await?.require_status(404)?;
        let answer = ask(&mut app.client(), &mut key).await?;
        bring(&mut app.client(), &answer).await?.require_status(410)?;
        let mut late = app.client();
        let answer = ask(&mut late, &mut key).await?;
        bring(&mut late, &answer).await?.require_status(401)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_the_persons_own_answer_signs_nobody_in() -> Result<()> {
    let (app, _root) = start().await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut eve = app.register("eve@example.org").await?;
    let mut key = authenticator(SoftKey::Es256)?;
    let mut eves = authenticator(SoftKey::Es256)?;
    add(&mut ada, &mut key).await?.require_status(201)?;
    add(&mut eve, &mut eves).await?.require_status(201)?;

    // Another browser's question, another site, a device that did not check its user.
    let mut browser = app.client();
    let answer = ask(&mut browser, &mut key).await?;
    let mut other = app.client();
    ask(&mut other, &mut key).await?;
    bring(&mut other, &answer).await?.require_status(410)?;
    key.origin = "https://evil.example".to_owned();
    let answer = ask(&mut browser, &mut key).await?;
    bring(&mut browser, &answer).await?.require_status(401)?;
    key.origin = "https://gantry.example".to_owned();
    key.flags = 0x01;
    let answer = ask(&mut browser, &mut key).await?;
    bring(&mut browser, &answer).await?.require_status(401)?;
    key.flags = 0x05;
    // Eve's signature under the name of Ada's passkey, and for Ada's account.
    let stranger = ask(&mut browser, &mut eves).await?;
    let forged = SoftAnswer { credential_id: answer.credential_id.clone(), ..stranger };
    bring(&mut browser, &forged).await?.require_status(401)?;
    let stranger = ask(&mut browser, &mut eves).await?;
    let forged = SoftAnswer { user_handle: answer.user_handle.clone(), ..stranger };
    bring(&mut browser, &forged).await?.require_status(401)?;

    // Two at once bring one answer: one of them is signed in.
    let answer = ask(&mut browser, &mut key).await?;
    let (mut one, mut two) = (browser.clone(), browser.clone());
    let (first, second) = tokio::join!(bring(&mut one, &answer), bring(&mut two, &answer));
    let mut statuses = [first?.status, second?.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410]);

    // A copy counts from where it was made.
    key.counter = 1;
    let answer = ask(&mut browser, &mut key).await?;
    let refused = bring(&mut browser, &answer).await?;
    refused.require_status(401)?;
    assert!(refused.text().contains("copy"), "{}", refused.text());
    ada.get("/api/v1/auth/me").await?.require_status(200)?;
    Ok(())
}
