//! Addresses, passwords, second factors, members and invitations, over HTTP.

mod addresses;
mod administering;
mod audit_export;
mod closing;
mod export;
mod factors;
mod import;
mod inviters;
mod issuers;
mod leaving;
mod links;
mod locks;
mod members;
mod oauth;
mod organizations;
mod passkeys;
mod passwords;
mod providers;
mod restrictions;
mod tokens;
mod unproven;

use anyhow::{Context, Result, ensure};
use gantry_testkit::{TestApp, TestClient, TestRequest, TestResponse};
use serde_json::{Value, json};

/// The secret in the link of the newest mail of a kind.
async fn take_token(app: &TestApp, kind: &str) -> Result<String> {
    let mails = app.take_mails().await?;
    let newest = mails.iter().rfind(|mail| mail.kind == kind);
    let newest = newest.with_context(|| format!("there is no mail {kind}: {mails:?}"))?;
    let (_, rest) = newest.mail.text.split_once("token=").context("the mail has no link")?;
    let token: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    ensure!(newest.mail.html.contains(&token), "text and HTML differ");
    Ok(token)
}

/// Removes a way to sign in, giving the present password.
async fn remove(client: &mut TestClient, (path, password): (&str, &str)) -> Result<TestResponse> {
    client.send(TestRequest::new("DELETE", path).json(&json!({ "password": password }))).await
}

/// The secret of a link for a new password, which is made after the answer.
async fn wait_for_token(app: &TestApp) -> Result<String> {
    for _ in 0..200 {
        if let Ok(token) = take_token(app, "reset_password").await {
            return Ok(token);
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    take_token(app, "reset_password").await
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Result<(u16, Value, TestClient)> {
    let mut client = app.client();
    let body = json!({ "email": email, "password": password });
    let answer = client.post("/api/v1/auth/login", &body).await?;
    if answer.status == 200 {
        client.learn_csrf_token(&answer)?;
    }
    Ok((answer.status, answer.json()?, client))
}
