//! The programs of the edition suresh: limits of requests, keys, experiments, Razorpay's messages.

use anyhow::{Context, Result, ensure};
use gantry_testkit::TestRequest;
use serde_json::json;

use super::{ask, get, read_use, refuse_unsigned, run_job};
use crate::provider::{Database, Stage, Who};
use crate::shop::{Shop, edition};

const RAZORPAY: Stage = Stage { who: Who::Razorpay, database: Database::Sqlite };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suresh_answers_its_programs() -> Result<()> {
    let mut shop = Shop::open(RAZORPAY, edition("suresh")).await?;
    let rate = ["/plan/terms/requests_per_minute", "/plan/terms/request_burst"];
    let account = get(&mut shop.buyer, "/api/v1/account", &rate).await?;
    assert_eq!(account["plan"]["terms"]["requests_per_minute"], 60);
    assert_eq!(account["plan"]["terms"]["request_burst"], 100);
    refuse_unsigned(&shop, "/api/v1/payments/webhooks/razorpay").await?;
    keys(&mut shop).await?;
    run_job(&mut shop, "/api/v1/jobs").await?;
    read_use(&mut shop).await?;
    experiments(&mut shop).await?;
    let id = account["organization_id"].as_str().context("an id")?;
    let path = format!("/api/v1/admin/organizations/{id}/plan");
    let request = TestRequest::new("PUT", &path).json(&json!({ "plan": "premium" }));
    shop.administrator.send(request).await?.require_status(204)?;
    let account = get(&mut shop.buyer, "/api/v1/account", &rate).await?;
    assert!(account["plan"]["terms"]["requests_per_minute"].is_null(), "{account}");
    shop.require_sound_books().await
}

/// A program's requests tell how many are left.
async fn keys(shop: &mut Shop) -> Result<()> {
    let new = json!({ "name": "shop", "scopes": ["read"] });
    let path = ("POST", "/api/v1/api-keys");
    let key = ask(&mut shop.buyer, path, &new, (201, &["/key"])).await?;
    let mut program = shop.app.client().with_key(key["key"].as_str().context("a key")?);
    let answer = program.get("/api/v1/jobs").await?;
    answer.require_status(200)?;
    for header in ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] {
        ensure!(answer.header(header).is_some(), "no {header}: {:?}", answer.headers);
    }
    Ok(())
}

/// An experiment is a flag that a share of the organizations has.
async fn experiments(shop: &mut Shop) -> Result<()> {
    let flag = json!({
        "key": "new-prices",
        "enabled": true,
        "visible": true,
        "rules": [{ "percentage": 100, "on": true }],
        "variants": [{ "name": "old", "weight": 1 }, { "name": "new", "weight": 1 }],
    });
    let path = ("POST", "/api/v1/admin/flags");
    let members = ["/key", "/revision", "/variants/1/weight", "/rules/0/percentage"];
    ask(&mut shop.administrator, path, &flag, (201, &members)).await?;
    get(&mut shop.buyer, "/api/v1/flags", &[]).await?;
    Ok(())
}
