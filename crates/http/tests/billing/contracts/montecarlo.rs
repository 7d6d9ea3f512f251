//! The programs of the edition montecarlo: profile, export and deletion, billing, teams, keys.

use anyhow::{Context, Result};
use gantry_testkit::{PASSWORD, TestRequest};
use serde_json::{Value, json};

use super::{
    STRIPE, ask, buy_through, find_meter, get, manage_subscription, read_use, refuse_unsigned,
    run_job,
};
use crate::shop::{Shop, edition};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn montecarlo_answers_its_programs() -> Result<()> {
    let mut shop = Shop::open(STRIPE, edition("montecarlo")).await?;
    let terms = ["/plan/terms/retention_days", "/plan/terms/concurrent_jobs", "/plan/terms/seats"];
    let account = get(&mut shop.buyer, "/api/v1/account", &terms).await?;
    assert_eq!(account["plan"]["terms"]["retention_days"], 30);
    assert_eq!(account["plan"]["terms"]["concurrent_jobs"], 3);
    assert_eq!(find_meter(&mut shop, "jobs").await?["limit"], 100);
    run_job(&mut shop, "/api/v1/jobs").await?;
    read_use(&mut shop).await?;
    profile(&mut shop).await?;

    let address = "/api/v1/payments/webhooks/stripe";
    buy_through(&mut shop, &json!({ "plan": "professional" }), address).await?;
    refuse_unsigned(&shop, address).await?;
    assert_eq!(shop.plan().await?, "professional");
    manage_subscription(&mut shop).await?;
    team(&mut shop).await?;
    keys(&mut shop).await?;
    shop.require_sound_books().await
}

async fn profile(shop: &mut Shop) -> Result<()> {
    let buyer = &mut shop.buyer;
    let change = TestRequest::new("PATCH", "/api/v1/auth/me").json(&json!({ "name": "Grace" }));
    let changed = buyer.send(change).await?;
    changed.require_status(200)?;
    assert_eq!(changed.json()?["user"]["name"], "Grace");
    get(buyer, "/api/v1/jobs", &["/items/0/id", "/items/0/finished_at"]).await?;
    let proof = json!({ "password": PASSWORD });
    let export = ("POST", "/api/v1/account/export");
    ask(buyer, export, &proof, (202, &["/job_id", "/state"])).await?;
    let mut leaver = shop.app.register("leaver@example.org").await?;
    let leave = ("DELETE", "/api/v1/account");
    ask(&mut leaver, leave, &proof, (200, &["/erase_at"])).await?;
    Ok(())
}

async fn team(shop: &mut Shop) -> Result<()> {
    let buyer = &mut shop.buyer;
    let roster = get(buyer, "/api/v1/members", &["/members/0/role", "/seats"]).await?;
    assert_eq!(roster["seats"], 10);
    let guest = json!({ "email": "analyst@example.org", "role": "member" });
    let invited = ["/id", "/expires_at"];
    ask(buyer, ("POST", "/api/v1/invitations"), &guest, (201, &invited)).await?;
    get(buyer, "/api/v1/organizations/networks", &["/networks"]).await?;
    get(buyer, "/api/v1/audit", &["/items/0/action", "/items/0/at"]).await?;
    Ok(())
}

async fn keys(shop: &mut Shop) -> Result<()> {
    let new = json!({ "name": "sheet", "scopes": ["read"] });
    let members = ["/id", "/key", "/prefix"];
    let path = ("POST", "/api/v1/api-keys");
    let key = ask(&mut shop.buyer, path, &new, (201, &members)).await?;
    let rotate = format!("/api/v1/api-keys/{}/rotate", key["id"].as_str().context("an id")?);
    let next = ask(&mut shop.buyer, ("POST", &rotate), &json!({}), (201, &members)).await?;
    let mut old = shop.app.client().with_key(key["key"].as_str().context("a key")?);
    ask(&mut old, ("GET", "/api/v1/jobs"), &Value::Null, (401, &["/code"])).await?;
    let mut program = shop.app.client().with_key(next["key"].as_str().context("a key")?);
    get(&mut program, "/api/v1/jobs", &["/items/0/id"]).await?;
    assert_eq!(find_meter(shop, "api_calls").await?["limit"], 1_000);
    Ok(())
}
