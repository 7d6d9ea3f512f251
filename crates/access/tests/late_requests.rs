//! A request that was on its way when its session or key ended makes nothing that outlasts it.

use anyhow::{Context, Result};
use gantry_access::{
    AccessError, AccessSettings, Actor, AuthorizationRequest, Client, ClientDraft, NewApiKey,
    NewInvitation, OAuthError, PasskeyCreated,
};
use gantry_ports::store::ClientKind;
use gantry_testkit::{PASSWORD, SoftAuthenticator, SoftKey, TestApp, TestClient, TestSettings};
use gantry_types::{Role, Scope};
use serde_json::json;

const ADA: &str = "ada@example.org";
const NEW_PASSWORD: &str = "quilted harbour 71 walnuts";
const SITE: &str = "gantry.example";
const ORIGIN: &str = "https://gantry.example";
const REDIRECT: &str = "https://app.example/cb";

async fn start() -> Result<TestApp> {
    let settings = TestSettings::default();
    let access = AccessSettings { public_url: ORIGIN.to_owned(), ..settings.access.clone() };
    Ok(TestApp::start(TestSettings { access, ..settings }).await?.0)
}

/// Whoever asks with the cookie of a client, as they were recognised at the door.
async fn recognise(app: &TestApp, client: &TestClient) -> Result<Actor> {
    let token = client.cookie("gantry_session").context("a session")?;
    Ok(app.access.authenticate_session(token, &Client::default()).await?)
}

fn key() -> NewApiKey {
    NewApiKey { name: "key".to_owned(), scopes: vec![Scope::Account], expires_at: None }
}

fn invitation() -> NewInvitation {
    NewInvitation { email: "friend@example.org".to_owned(), role: Role::Admin }
}

fn draft() -> ClientDraft {
    ClientDraft {
        name: "App".to_owned(),
        redirect_uris: vec![REDIRECT.to_owned()],
        scopes: vec![Scope::Read],
    }
}

#[tokio::test]
async fn a_session_that_ended_makes_no_way_in() -> Result<()> {
    let app = start().await?;
    let mut ada = app.register(ADA).await?;
    let late = recognise(&app, &ada).await?;
    let access = &app.access;
    let client = access.register_client(&late, ClientKind::Public, draft()).await?.client;
    let secretive = access.register_client(&late, ClientKind::Confidential, draft()).await?.client;
    let asked = access.begin_passkey(&late, PASSWORD.to_owned()).await?;
    let mut device = SoftAuthenticator::new(SoftKey::Es256, SITE, ORIGIN)?;
    let made = device.create(&asked.challenge, asked.user_id.as_uuid().as_bytes());
    let created = PasskeyCreated {
        name: "My laptop".to_owned(),
        client_data: made.client_data,
        attestation: made.attestation,
    };
    ada.post("/api/v1/auth/logout", &json!({})).await?.require_status(204)?;

    let refused = [
        access.issue_tokens(&late, "app", vec![Scope::Read]).await.err(),
        access.issue_api_key(&late, key()).await.err(),
        access.register_client(&late, ClientKind::Confidential, draft()).await.err(),
        access.change_registered_client(&late, client.id, draft()).await.err(),
        access.rotate_client_secret(&late, secretive.id).await.err(),
        access.delete_client(&late, client.id).await.err(),
        access.invite(&late, invitation()).await.err(),
        access.change_role(&late, late.user_id.context("a person")?, Role::Owner).await.err(),
        access.finish_passkey(&late, created).await.err(),
        access.begin_second_factor(&late, PASSWORD.to_owned()).await.err(),
        access.change_password(&late, PASSWORD.to_owned(), NEW_PASSWORD.to_owned()).await.err(),
    ];
    for (place, error) in refused.into_iter().enumerate() {
        assert_eq!(error, Some(AccessError::NotSignedIn), "the one at {place}");
    }
    let request = AuthorizationRequest {
        response_type: "code".to_owned(),
        client_id: client.id.to_string(),
        redirect_uri: REDIRECT.to_owned(),
        scope: "read".to_owned(),
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
        code_challenge_method: "S256".to_owned(),
    };
    let granted = access.grant_code(&late, &client, &request).await;
    assert!(
        matches!(granted, Err(OAuthError::Access(AccessError::NotSignedIn))),
        "a code was granted"
    );
    Ok(())
}

#[tokio::test]
async fn what_a_new_password_ended_makes_no_tokens_and_no_keys() -> Result<()> {
    let app = start().await?;
    let thief = app.register(ADA).await?;
    let late = recognise(&app, &thief).await?;
    let issued = app.access.issue_api_key(&late, key()).await?.key;
    let body = json!({ "email": ADA, "password": PASSWORD });
    let mut owner = app.client();
    let answer = owner.post("/api/v1/auth/login", &body).await?;
    answer.require_status(200)?;
    owner.learn_csrf_token(&answer)?;
    let change = json!({ "password": PASSWORD, "new_password": NEW_PASSWORD });
    owner.post("/api/v1/auth/password", &change).await?.require_status(204)?;

    let refused = [
        app.access.issue_tokens(&late, "app", vec![Scope::Read]).await.err(),
        app.access.rotate_api_key(&late, issued.id).await.err(),
    ];
    assert_eq!(refused, [Some(AccessError::NotSignedIn), Some(AccessError::NotSignedIn)]);
    Ok(())
}

#[tokio::test]
async fn a_key_that_was_revoked_makes_no_other() -> Result<()> {
    let app = start().await?;
    let ada = app.register(ADA).await?;
    let owner = recognise(&app, &ada).await?;
    let issued = app.access.issue_api_key(&owner, key()).await?;
    let late = app.access.authenticate_key(&issued.secret, &Client::default()).await?;
    assert!(app.access.issue_api_key(&late, key()).await.is_ok());
    app.access.revoke_api_key(&owner, issued.key.id).await?;
    let refused = app.access.issue_api_key(&late, key()).await.err();
    assert_eq!(refused, Some(AccessError::NotSignedIn));
    Ok(())
}
