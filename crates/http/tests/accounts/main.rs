//! Addresses, passwords, second factors, members and invitations, over HTTP.

mod addresses;
mod administering;
mod audit_export;
mod export;
mod factors;
mod import;
mod issuers;
mod leaving;
mod members;
mod oauth;
mod organizations;
mod passkeys;
mod passwords;
mod providers;
mod restrictions;
mod tokens;

use anyhow::{Context, Result, ensure};
use gantry_testkit::{TestApp, TestClient};
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

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Result<(u16, Value, TestClient)> {
    let mut client = app.client();
    let body = json!({ "email": email, "password": password });
    let answer = client.post("/api/v1/auth/login", &body).await?;
    if answer.status == 200 {
        client.learn_csrf_token(&answer)?;
    }
    Ok((answer.status, answer.json()?, client))
}
