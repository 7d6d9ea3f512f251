//! Which new passwords are taken, at registration, change and reset.

use std::sync::Arc;

use anyhow::Result;
use gantry_access::{
    Access, AccessError, AccessSettings, Client, Credentials, PasswordCost, Registrant,
};
use gantry_ports::{BreachListError, BreachedPasswords, Clock};
use gantry_testkit::{PASSWORD, TestApp, TestSettings};
use serde_json::{Value, json};

use super::take_token;

/// Every password was stolen.
struct AllOfThem;

impl BreachedPasswords for AllOfThem {
    fn contains(&self, _: &[u8; 20]) -> Result<bool, BreachListError> {
        Ok(true)
    }
}

#[tokio::test]
async fn easy_ones_are_refused_wherever_one_is_set() -> Result<()> {
    let (app, mut root) = TestApp::start(TestSettings::default()).await?;
    let easy = "password1234";
    let refuse = |problem: &Value, field: &str| {
        assert_eq!(problem["errors"][0]["pointer"], field, "{problem}");
        let message = problem["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains("easy to guess") && !message.contains(easy), "{problem}");
    };
    let new = json!({ "email": "eve@example.org", "password": easy, "name": "Eve" });
    let answer = app.client().post("/api/v1/auth/register", &new).await?;
    answer.require_status(400)?;
    refuse(&answer.json()?, "/password");
    let mut ada = app.register("ada@example.org").await?;
    let change = json!({ "password": PASSWORD, "new_password": easy });
    let answer = ada.post("/api/v1/auth/password", &change).await?;
    answer.require_status(400)?;
    refuse(&answer.json()?, "/new_password");
    let forgot = json!({ "email": "ada@example.org" });
    ada.post("/api/v1/auth/password/forgot", &forgot).await?.require_status(202)?;
    let token = wait_for_link(&app).await?;
    let reset = json!({ "token": token, "password": easy });
    let answer = ada.post("/api/v1/auth/password/reset", &reset).await?;
    answer.require_status(400)?;
    refuse(&answer.json()?, "/password");
    // What does for people does not for administrators.
    let middling = json!({ "password": PASSWORD, "new_password": "summer2024!" });
    root.post("/api/v1/auth/password", &middling).await?.require_status(400)?;
    ada.post("/api/v1/auth/password", &middling).await?.require_status(204)
}

/// The link is sent after the answer.
async fn wait_for_link(app: &TestApp) -> Result<String> {
    let mut last = None;
    for _ in 0..200 {
        match take_token(app, "reset_password").await {
            Ok(token) => return Ok(token),
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    Err(last.unwrap_or_else(|| anyhow::anyhow!("no mail came")))
}

#[tokio::test]
async fn many_confirmations_at_once_are_no_better_than_one_after_another() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let ada = app.register("ada@example.org").await?;
    let path = "/api/v1/auth/second-factor/setup";
    let guesses = (0..15).map(|_| {
        let mut thief = ada.clone();
        async move { thief.post(path, &json!({ "password": "a wrong password" })).await }
    });
    let mut tried = 0;
    for answer in futures::future::join_all(guesses).await {
        let answer = answer?;
        match answer.status {
            400 => tried += 1,
            429 => assert_eq!(answer.json()?["code"], "locked_out"),
            other => panic!("status {other}"),
        }
    }
    assert_eq!(tried, 5);
    // The right one does not pass the lock either.
    let right = json!({ "password": PASSWORD });
    ada.clone().post(path, &right).await?.require_status(429)
}

#[tokio::test]
async fn stolen_ones_are_refused() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let settings = AccessSettings {
        default_plan: "test".to_owned(),
        password_cost: PasswordCost { memory_kib: 64, iterations: 1, concurrent: 2 },
        ..AccessSettings::default()
    };
    let clock: Arc<dyn Clock> = app.clock.clone();
    let bus = Arc::new(gantry_bus::LocalBus::new());
    let access =
        Access::new((app.store.clone(), clock), bus, settings, app.access.flags().clone())?
            .with_breached_passwords(Arc::new(AllOfThem));
    let ada = Registrant {
        credentials: Credentials {
            email: "ada@example.org".to_owned(),
            password: PASSWORD.to_owned(),
        },
        name: "Ada".to_owned(),
        invitation: None,
        referral_code: None,
        plan: None,
    };
    let refused = access.register_user(ada, &Client::default()).await.err();
    let Some(AccessError::Invalid { field: "password", message }) = refused else {
        panic!("{refused:?}");
    };
    assert!(message.contains("stolen"), "{message}");
    Ok(())
}
