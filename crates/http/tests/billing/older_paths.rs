//! Older names of addresses answer what the routes answer, in every edition.

use anyhow::{Context, Result};
use gantry_testkit::{TestClient, TestRequest};
use serde_json::{Value, json};

use crate::provider::{Database, Stage, Who};
use crate::shop::{Shop, edition};

const HOME: Stage = Stage { who: Who::Sandbox, database: Database::Sqlite };
const EDITIONS: [&str; 6] =
    ["automl", "default", "litxplore", "montecarlo", "suresh", "tabgraphsyn"];
/// No job, dataset or model is called so.
const NONE: &str = "01890000-0000-7000-8000-000000000000";

/// Reads, and the orders that nobody can fulfil: both names must give the same answer.
const SAME: [(&str, &str, &str); 33] = [
    ("POST", "/api/auth/register", "/auth/register"),
    ("POST", "/api/auth/login", "/auth/login"),
    ("POST", "/api/auth/refresh", "/auth/tokens/refresh"),
    ("GET", "/api/auth/me", "/auth/me"),
    ("GET", "/api/datasets", "/datasets"),
    ("GET", "/api/datasets?limit=0", "/datasets?limit=0"),
    ("GET", "/api/datasets/{id}", "/datasets/{id}"),
    ("DELETE", "/api/datasets/{id}", "/datasets/{id}"),
    ("GET", "/api/datasets/{id}/stats", "/datasets/{id}/profile"),
    ("POST", "/api/datasets/upload-url", "/datasets/uploads"),
    ("POST", "/api/datasets/confirm", "/datasets/confirm"),
    ("GET", "/api/jobs", "/jobs"),
    ("GET", "/api/jobs/{id}", "/jobs/{id}"),
    ("POST", "/api/jobs/{id}/cancel", "/jobs/{id}/cancel"),
    ("POST", "/api/jobs/{id}/retry", "/jobs/{id}/redrive"),
    ("GET", "/api/jobs/{id}/logs", "/jobs/{id}/events"),
    ("GET", "/api/jobs/{id}/models/compare", "/jobs/{id}/models/compare"),
    ("GET", "/api/models", "/models"),
    ("GET", "/api/models/{id}", "/models/{id}"),
    ("GET", "/api/models/{id}/metrics", "/models/{id}/metrics"),
    ("GET", "/api/models/{id}/plots", "/models/{id}/plots"),
    ("GET", "/api/credits/transactions", "/account/ledger"),
    ("POST", "/api/credits/claim-ad-reward", "/rewards/claims"),
    ("GET", "/webhooks/admob?a=1", "/rewards/callbacks/admob?a=1"),
    ("GET", "/api/admin/fraud-events", "/admin/fraud/events"),
    ("GET", "/api/admin/cost-monitoring", "/admin/costs"),
    ("GET", "/api/admin/users", "/admin/users"),
    ("POST", "/api/admin/users/{id}/suspend", "/admin/users/{id}/suspend"),
    ("POST", "/api/admin/users/{id}/ban", "/admin/users/{id}/ban"),
    ("POST", "/api/payments/create-checkout", "/account/checkouts"),
    ("POST", "/api/credits/mock-purchase", "/account/mock-purchases"),
    ("GET", "/ws/job/{id}/", "/jobs/{id}/socket"),
    ("POST", "/webhooks/stripe/", "/payments/webhooks/stripe"),
];

/// What is bought for nothing comes with the sandbox's message, and only where there is a sandbox.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_made_up_purchase_gives_credits_in_the_sandbox_alone() -> Result<()> {
    let mut shop = Shop::open(HOME, edition("automl")).await?;
    let wish = json!({ "package": "credits-100" });
    shop.buyer.post("/api/credits/mock-purchase", &wish).await?.require_status(202)?;
    assert_eq!(shop.credits().await?, 0, "nothing is given before the provider tells");
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 100);
    shop.require_sound_books().await?;
    let stripe = Stage { who: Who::Stripe, database: Database::Sqlite };
    let mut shop = Shop::open(stripe, edition("automl")).await?;
    shop.buyer.post("/api/credits/mock-purchase", &wish).await?.require_status(409)?;
    assert_eq!(shop.payments().await?.len(), 0);
    Ok(())
}

/// A file that was sent is confirmed by the upload's identifier in the body.
#[tokio::test]
async fn an_upload_is_confirmed_by_its_older_name() -> Result<()> {
    let mut shop = Shop::open(HOME, edition("automl")).await?;
    let bytes = b"city,age\nBergen,41\nLima,39\n";
    let new = json!({ "name": "people", "file_name": "people.csv", "bytes": bytes.len() });
    let begun = shop.buyer.post("/api/datasets/upload-url", &new).await?;
    begun.require_status(201)?;
    let upload = begun.json()?["id"].as_str().context("an id")?.to_owned();
    let confirmed = json!({ "upload_id": upload });
    let early = shop.buyer.post("/api/datasets/confirm", &confirmed).await?;
    assert!((400..500).contains(&early.status), "{}", early.text());
    let part = TestRequest::new("PUT", &format!("/api/v1/datasets/uploads/{upload}/parts/1"))
        .body("application/octet-stream", bytes);
    shop.buyer.send(part).await?.require_status(200)?;
    let done = shop.buyer.post("/api/datasets/confirm", &confirmed).await?;
    done.require_status(201)?;
    assert_eq!(done.json()?["name"], "people");
    Ok(())
}

async fn ask(client: &mut TestClient, method: &str, path: &str) -> Result<(u16, Value)> {
    let mut request = TestRequest::new(method, &path.replace("{id}", NONE));
    if method == "POST" {
        request = request.json(&json!({}));
    }
    let answer = client.send(request).await?;
    let mut body = answer.json()?;
    // Of this request alone.
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    Ok((answer.status, body))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_names_answer_like_the_routes() -> Result<()> {
    for name in EDITIONS {
        let mut shop = Shop::open(HOME, edition(name)).await?;
        for (method, older, route) in SAME {
            let by_route = ask(&mut shop.buyer, method, &format!("/api/v1{route}")).await?;
            let by_name = ask(&mut shop.buyer, method, older).await?;
            assert_eq!(by_name, by_route, "{name}: {method} {older}");
            assert!(by_name.0 < 500, "{name}: {method} {older}");
        }
        let balance = shop.buyer.get("/api/credits/balance").await?;
        balance.require_status(200)?;
        assert_eq!(balance.json()?["plan"], shop.account().await?["plan"], "{name}");
        for path in ["/api/jobs", "/api/start-run/"] {
            let job = shop.buyer.post(path, &json!({ "operation": "test.noop" })).await?;
            job.require_status(202)?;
            shop.wait_for(&job.json()?).await?;
        }
        let mut nobody = shop.app.client();
        nobody.get("/api/jobs").await?.require_status(401)?;
        let forged = shop.buyer.without_csrf_token().post("/api/jobs", &json!({})).await?;
        forged.require_status(403)?;
        nobody.get("/api/nothing").await?.require_status(404)?;
    }
    Ok(())
}
