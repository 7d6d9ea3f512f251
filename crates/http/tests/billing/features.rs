//! What a plan does not have is refused with the plan that has it, where it is used: processors,
//! places in the queue, keys, others.

use std::path::Path;

use anyhow::{Context, Result};
use gantry_external::{ExternalConfig, ExternalEngine};
use gantry_testkit::{TestRequest, TestResponse};
use serde_json::{Value, json};

use crate::provider::{Database, Stage, Who};
use crate::shop::{Shop, edition};

const HOME: Stage = Stage { who: Who::Sandbox, database: Database::Sqlite };

/// An administrator puts the buyer's organization on another plan.
async fn put_on(shop: &mut Shop, plan: &str) -> Result<()> {
    let id = shop.account().await?["organization_id"].as_str().context("an id")?.to_owned();
    let path = format!("/api/v1/admin/organizations/{id}/plan");
    let request = TestRequest::new("PUT", &path).json(&json!({ "plan": plan }));
    shop.administrator.send(request).await?.require_status(204)
}

/// A refusal of something that only a larger plan has.
fn require_not_in_plan(answer: &TestResponse, upgrade: &str) -> Result<()> {
    answer.require_status(402)?;
    let refusal = answer.json()?;
    assert_eq!(refusal["code"], "not_in_plan", "{refusal}");
    assert_eq!(refusal["upgrade"]["slug"], upgrade, "{refusal}");
    Ok(())
}

async fn ask(shop: &mut Shop, path: &str, body: &Value) -> Result<TestResponse> {
    shop.buyer.post(&format!("/api/v1{path}"), body).await
}

#[tokio::test]
async fn who_is_alone_by_plan_works_with_nobody() -> Result<()> {
    let mut shop = Shop::open(HOME, edition("montecarlo")).await?;
    let mut eve = shop.app.register("eve@example.org").await?;
    let guest = json!({ "email": "eve@example.org", "role": "member" });
    let team = json!({ "name": "Team" });
    let refused = ask(&mut shop, "/invitations", &guest).await?;
    require_not_in_plan(&refused, "starter")?;
    require_not_in_plan(&ask(&mut shop, "/organizations", &team).await?, "starter")?;

    put_on(&mut shop, "starter").await?;
    shop.app.take_mails().await?;
    ask(&mut shop, "/invitations", &guest).await?.require_status(201)?;
    let mails = shop.app.take_mails().await?;
    let mail = mails.iter().find(|mail| mail.kind == "invitation").context("an invitation")?;
    let (_, rest) = mail.mail.text.split_once("token=").context("a link")?;
    let token: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    let accept = json!({ "token": token });

    // A plan that ended meanwhile lets nobody in.
    put_on(&mut shop, "free").await?;
    let refused = eve.post("/api/v1/invitations/accept", &accept).await?;
    require_not_in_plan(&refused, "starter")?;
    put_on(&mut shop, "starter").await?;
    eve.post("/api/v1/invitations/accept", &accept).await?.require_status(200)?;
    // Who is there stays, and no others come.
    put_on(&mut shop, "free").await?;
    eve.get("/api/v1/jobs").await?.require_status(200)?;
    let other = json!({ "email": "joe@example.org", "role": "member" });
    require_not_in_plan(&ask(&mut shop, "/invitations", &other).await?, "starter")?;

    put_on(&mut shop, "starter").await?;
    ask(&mut shop, "/organizations", &team).await?.require_status(201)?;
    // What was made is on a plan of its own.
    assert_eq!(shop.plan().await?, "free");
    require_not_in_plan(&ask(&mut shop, "/invitations", &other).await?, "starter")
}

#[tokio::test]
async fn keys_are_made_and_of_use_where_the_plan_has_the_api() -> Result<()> {
    let mut shop = Shop::open(HOME, edition("montecarlo")).await?;
    let new = json!({ "name": "program", "scopes": ["read"] });
    for plan in ["free", "starter"] {
        put_on(&mut shop, plan).await?;
        for path in ["/api-keys", "/auth/tokens"] {
            require_not_in_plan(&ask(&mut shop, path, &new).await?, "professional")?;
        }
    }
    put_on(&mut shop, "professional").await?;
    let issued = ask(&mut shop, "/api-keys", &new).await?;
    issued.require_status(201)?;
    let key = issued.json()?["key"].as_str().context("a key")?.to_owned();
    let mut program = shop.app.client().with_key(&key);
    program.get("/api/v1/jobs").await?.require_status(200)?;
    ask(&mut shop, "/auth/tokens", &new).await?.require_status(201)?;
    Ok(())
}

#[tokio::test]
async fn processors_and_places_in_the_queue_are_those_of_the_plan() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/billing/review");
    let engine = ExternalEngine::start(ExternalConfig::read(&folder)?).await?;
    let engines: Vec<Box<dyn gantry_engine_api::Engine>> = vec![Box::new(engine)];
    let mut shop = Shop::open_with(HOME, edition("montecarlo"), engines).await?;
    let figure = json!({ "operation": "review.figure" });
    require_not_in_plan(&shop.submit(&figure).await?, "professional")?;
    let plain = json!({ "operation": "test.noop" });
    let job = shop.submit(&plain).await?.json()?;
    assert_eq!((&job["class"], &job["device"]), (&json!("normal"), &json!("cpu")), "{job}");

    put_on(&mut shop, "professional").await?;
    let answer = shop.submit(&figure).await?;
    answer.require_status(202)?;
    let job = answer.json()?;
    assert_eq!((&job["class"], &job["device"]), (&json!("high"), &json!("gpu")), "{job}");
    assert_eq!(shop.submit(&plain).await?.json()?["class"], "high");
    Ok(())
}

/// Each plan's features, in the order of plans; none that an edition does not name is withheld.
#[tokio::test]
async fn every_edition_tells_what_its_plans_have() -> Result<()> {
    let all = ["api", "schedules", "workflows", "collaboration", "chatbot", "branding"];
    let without = |missing: &[&str]| -> Vec<&str> {
        all.into_iter().filter(|feature| !missing.contains(feature)).collect()
    };
    for (name, missing) in [
        ("automl", vec![vec![]]),
        ("litxplore", vec![vec![]; 3]),
        ("suresh", vec![vec![]; 2]),
        ("default", vec![vec![]]),
        ("tabgraphsyn", vec![vec!["api", "chatbot"], vec![]]),
        (
            "montecarlo",
            vec![
                vec!["api", "schedules", "collaboration", "branding"],
                vec!["api", "branding"],
                vec!["branding"],
                vec![],
            ],
        ),
    ] {
        let shop = Shop::open(HOME, edition(name)).await?;
        let sold = shop.app.client().get("/api/v1/plans").await?.json()?;
        let plans = sold["plans"].as_array().context("plans")?;
        assert_eq!(plans.len(), missing.len(), "{name}");
        for (plan, missing) in plans.iter().zip(&missing) {
            assert_eq!(plan["terms"]["features"], json!(without(missing)), "{name}: {plan}");
        }
    }
    Ok(())
}
