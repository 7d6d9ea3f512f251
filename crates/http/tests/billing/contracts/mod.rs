//! What the programs of each product ask for, at the addresses that they know, and what they read
//! of the answers: accounts, keys, plans, use, credits, payments, ads, administration.
//!
//! Jobs, datasets and models under their older names are with `older_paths`, the socket of a job
//! with the tests of sockets, and signed messages of AdMob with those of rewards.

mod automl;
mod litxplore;
mod montecarlo;
mod suresh;
mod tabgraphsyn;

use anyhow::{Context, Result, ensure};
use gantry_testkit::fakes::FakePaid;
use gantry_testkit::{TestClient, TestRequest};
use serde_json::{Value, json};

use crate::provider::{Database, Stage, Who};
use crate::shop::{PAYS, Shop};

const SANDBOX: Stage = Stage { who: Who::Sandbox, database: Database::Sqlite };
const STRIPE: Stage = Stage { who: Who::Stripe, database: Database::Sqlite };

/// Asks, and requires a status and that the answer has these members (RFC 6901).
async fn ask(
    client: &mut TestClient,
    (method, path): (&str, &str),
    body: &Value,
    (status, members): (u16, &[&str]),
) -> Result<Value> {
    let request = TestRequest::new(method, path);
    let request = if body.is_null() { request } else { request.json(body) };
    let answer = client.send(request).await?;
    ensure!(answer.status == status, "{method} {path}: {} {}", answer.status, answer.text());
    if members.is_empty() {
        return Ok(Value::Null);
    }
    let told = answer.json()?;
    for member in members {
        ensure!(told.pointer(member).is_some(), "{method} {path} has no {member}: {told}");
    }
    Ok(told)
}

/// Reads.
async fn get(client: &mut TestClient, path: &str, members: &[&str]) -> Result<Value> {
    ask(client, ("GET", path), &Value::Null, (200, members)).await
}

/// The use that a plan limits, of one meter.
async fn find_meter(shop: &mut Shop, meter: &str) -> Result<Value> {
    let account = get(&mut shop.buyer, "/api/v1/account", &["/plan/slug", "/meters"]).await?;
    let meters = account["meters"].as_array().context("meters")?;
    let found = meters.iter().find(|found| found["meter"] == meter);
    let found = found.with_context(|| format!("{meter} is not limited: {account}"))?;
    for member in ["used", "limit", "resets_at"] {
        ensure!(!found[member].is_null(), "{found} has no {member}");
    }
    Ok(found.clone())
}

/// Orders, pays, and lets the provider tell of it at the address that the product gave it.
async fn buy_through(shop: &mut Shop, wish: &Value, address: &str) -> Result<()> {
    let page = shop.order(wish).await?;
    ensure!(shop.provider.pay(&page, PAYS).await? == FakePaid::Yes, "the card does not pay");
    let events = shop.provider.list_undelivered().await?;
    ensure!(!events.is_empty(), "the provider tells nothing");
    for event in &events {
        let mut request = TestRequest::new("POST", address);
        for (name, value) in &event.headers {
            request = request.header(name, value);
        }
        let request = request.body("application/json", &event.body);
        shop.app.client().send(request).await?.require_status(200)?;
        shop.provider.note_delivered(&event.event_ref).await?;
    }
    // What it tells because those were taken.
    shop.deliver().await
}

/// A message that nobody signed changes nothing.
async fn refuse_unsigned(shop: &Shop, address: &str) -> Result<()> {
    let forged = json!({ "id": "evt_forged", "type": "invoice.paid" });
    let members = ["/code", "/detail"];
    ask(&mut shop.app.client(), ("POST", address), &forged, (400, &members)).await?;
    Ok(())
}

/// What a person who subscribed sees, changes and downloads.
async fn manage_subscription(shop: &mut Shop) -> Result<()> {
    let members = [
        "/subscription/status",
        "/subscription/plan/slug",
        "/subscription/period_end",
        "/subscription/cancels_at_period_end",
    ];
    let buyer = &mut shop.buyer;
    let path = "/api/v1/account/subscription";
    let told = get(buyer, path, &members).await?;
    assert_eq!(told["subscription"]["status"], "active", "{told}");
    for action in ["cancel", "keep"] {
        let wish = json!({ "action": action });
        ask(buyer, ("POST", path), &wish, (200, &["/status", "/cancels_at_period_end"])).await?;
    }
    ask(buyer, ("POST", "/api/v1/account/portal"), &json!({}), (201, &["/url"])).await?;
    let members = ["/items/0/amount/text", "/items/0/status", "/items/0/at"];
    get(buyer, "/api/v1/account/payments", &members).await?;
    let members = ["/items/0/pdf_url", "/items/0/amount/text", "/items/0/status"];
    get(buyer, "/api/v1/account/invoices", &members).await?;
    shop.deliver().await?;
    assert_eq!(shop.subscription().await?["cancels_at_period_end"], false, "it goes on");
    Ok(())
}

/// What a job counts, for the person and for administrators.
async fn read_use(shop: &mut Shop) -> Result<()> {
    let totals = ["/total/jobs", "/total/succeeded", "/total/failed", "/total/units"];
    let told = get(&mut shop.buyer, "/api/v1/account/usage", &totals).await?;
    assert_eq!((&told["total"]["jobs"], &told["total"]["succeeded"]), (&json!(1), &json!(1)));
    get(&mut shop.administrator, "/api/v1/admin/usage", &totals).await?;
    Ok(())
}

/// Runs one job to its end.
async fn run_job(shop: &mut Shop, path: &str) -> Result<()> {
    let new = json!({ "operation": "test.noop" });
    let members = ["/id", "/state", "/max_credits", "/cost"];
    let job = ask(&mut shop.buyer, ("POST", path), &new, (202, &members)).await?;
    shop.wait_for(&job).await
}
