//! What providers told that could not be understood: administrators see it and settle it.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_testkit::fakes::FakeDelivery;
use serde_json::{Value, json};

use crate::provider::{Database, Stage, Who};
use crate::shop::{DISPUTES, PAYS, Shop, edition};

const EVENTS: &str = "/api/v1/admin/payment-events";

/// A disputed purchase of which only the dispute has arrived; answers what has not.
async fn open_with_early_dispute(stage: Stage) -> Result<(Shop, Vec<FakeDelivery>)> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-500" })).await?;
    shop.provider.pay(&page, DISPUTES).await?;
    let told = shop.provider.list_undelivered().await?;
    let is_dispute =
        |event: &FakeDelivery| String::from_utf8_lossy(&event.body).contains("dispute.created");
    let (early, late): (Vec<_>, Vec<_>) = told.into_iter().partition(is_dispute);
    assert_eq!(early.len(), 1);
    assert_eq!(shop.send(&early[0]).await?.json()?["outcome"], "unclear");
    Ok((shop, late))
}

async fn list(shop: &mut Shop, query: &str) -> Result<Vec<Value>> {
    let answer = shop.administrator.get(&format!("{EVENTS}?{query}")).await?;
    answer.require_status(200)?;
    answer.json()?["items"].as_array().cloned().context("items")
}

async fn tried_by_hand(database: Database) -> Result<()> {
    let stage = Stage { who: Who::Razorpay, database };
    let (mut shop, late) = open_with_early_dispute(stage).await?;
    let unclear = list(&mut shop, "outcome=unclear&provider=razorpay").await?;
    assert_eq!(unclear.len(), 1, "{unclear:?}");
    assert_eq!(unclear[0]["kind"], "payment.dispute.created");
    assert_eq!(unclear[0]["given_up_at"], Value::Null);
    assert!(unclear[0].get("body").is_none(), "{unclear:?}");
    assert!(list(&mut shop, "provider=stripe").await?.is_empty());
    assert!(list(&mut shop, "kind=order.paid").await?.is_empty());
    assert!(list(&mut shop, "since=2099-01-01T00:00:00Z").await?.is_empty());
    let path = format!("{EVENTS}/{}", unclear[0]["id"].as_str().context("an id")?);
    let whole = shop.administrator.get(&path).await?.json()?;
    assert_eq!(whole["event"], unclear[0]);
    assert!(whole["body"].as_str().context("a text")?.contains("chargeback"), "{whole}");

    // Too late for what follows an event by itself.
    shop.app.clock.advance(Duration::from_secs(3_600));
    for event in &late {
        shop.send(event).await?.require_status(200)?;
    }
    assert_eq!(shop.credits().await?, 500);
    let apply = format!("{path}/apply");
    let applied = shop.administrator.post(&apply, &json!({})).await?;
    applied.require_status(200)?;
    assert_eq!(applied.json()?["outcome"], "applied");
    assert_eq!(shop.credits().await?, 0);
    shop.administrator.post(&apply, &json!({})).await?.require_status(409)?;
    let dismiss = format!("{path}/dismiss");
    let reason = json!({ "reason": "of another shop" });
    shop.administrator.post(&dismiss, &reason).await?.require_status(409)?;
    shop.buyer.get(EVENTS).await?.require_status(403)?;
    require_listed(&mut shop).await?;
    shop.require_sound_books().await
}

/// Administrators see how a payment was paid and what became of it; who paid sees less.
async fn require_listed(shop: &mut Shop) -> Result<()> {
    let path = "/api/v1/admin/payments?provider=razorpay";
    let listed = shop.administrator.get(path).await?.json()?;
    let row = &listed["items"][0];
    assert_eq!(row["method"], "card", "{listed}");
    assert_eq!(row["payment"]["dispute"], "open");
    assert!(shop.payments().await?[0].get("method").is_none());
    let feed = shop.administrator.get("/api/v1/admin/payment-feed.csv").await?.text();
    assert!(feed.starts_with("at,provider,provider_ref,organization_id,amount_minor,"), "{feed}");
    assert!(feed.contains(",4500,USD,received,card,"), "{feed}");
    assert!(feed.trim_end().ends_with(",0,open,4500"), "{feed}");
    let path = "/api/v1/admin/payment-feed.csv?until=2000-01-01T00:00:00Z";
    assert_eq!(shop.administrator.get(path).await?.text().lines().count(), 1);
    shop.buyer.get("/api/v1/admin/payments").await?.require_status(403)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unclear_event_is_tried_when_an_administrator_says() -> Result<()> {
    tried_by_hand(Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unclear_event_is_tried_when_an_administrator_says_on_postgres() -> Result<()> {
    tried_by_hand(Database::Postgres).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_up_stays_in_sight_until_it_is_put_aside() -> Result<()> {
    let stage = Stage { who: Who::Stripe, database: Database::Sqlite };
    let (mut shop, _late) = open_with_early_dispute(stage).await?;
    let gauge = |state: &str, count: u64| {
        format!("gantry_payment_events_unclear{{state=\"{state}\"}} {count}\n")
    };
    let metrics = shop.app.client().get("/metrics").await?.text();
    assert!(metrics.contains(&gauge("waiting", 1)), "{metrics}");
    // Longer than it is tried, and than the provider is asked what it told.
    shop.wait_days(9);
    shop.reconcile().await?;
    let unclear = list(&mut shop, "outcome=unclear").await?;
    assert_eq!(unclear.len(), 1, "{unclear:?}");
    assert!(unclear[0]["given_up_at"].is_string(), "{unclear:?}");
    let note = unclear[0]["note"].as_str().context("a note")?;
    assert!(note.starts_with("given up: there is no payment"), "{note}");
    let metrics = shop.app.client().get("/metrics").await?.text();
    assert!(metrics.contains(&gauge("waiting", 0)), "{metrics}");
    assert!(metrics.contains(&gauge("given_up", 1)), "{metrics}");

    let path = format!("{EVENTS}/{}", unclear[0]["id"].as_str().context("an id")?);
    let tried = shop.administrator.post(&format!("{path}/apply"), &json!({})).await?;
    tried.require_status(200)?;
    assert_eq!(tried.json()?["outcome"], "unclear");
    let dismiss = format!("{path}/dismiss");
    let empty = json!({ "reason": " " });
    shop.administrator.post(&dismiss, &empty).await?.require_status(400)?;
    let reason = json!({ "reason": "of another shop" });
    let aside = shop.administrator.post(&dismiss, &reason).await?;
    aside.require_status(200)?;
    let aside = aside.json()?;
    assert_eq!(aside["outcome"], "ignored");
    assert_eq!(aside["note"], "put aside: of another shop");
    assert!(list(&mut shop, "outcome=unclear").await?.is_empty());
    let audit = shop.administrator.get("/api/v1/admin/audit/export?format=jsonl").await?.text();
    for action in ["payment_event.apply", "payment_event.dismiss"] {
        assert!(audit.contains(action), "{action}: {audit}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_genuine_and_cannot_be_read_is_kept() -> Result<()> {
    let stage = Stage { who: Who::Stripe, database: Database::Sqlite };
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    let whose = shop.account().await?["organization_id"].as_str().context("an id")?.parse()?;
    let snapshot = shop.app.store.read().await?;
    let known = snapshot.payments().find_subscription(whose).await?.context("it is there")?;
    drop(snapshot);
    let stripe = shop.provider.stripe()?;
    stripe.bill_weekly(&known.provider_ref)?;
    let told = stripe.list_undelivered()?;
    assert_eq!(told.len(), 1);
    for outcome in ["unclear", "known"] {
        let answer = shop.send(&told[0]).await?;
        answer.require_status(200)?;
        assert_eq!(answer.json()?["outcome"], outcome);
    }
    let unclear = list(&mut shop, "outcome=unclear").await?;
    assert_eq!(unclear.len(), 1, "{unclear:?}");
    assert_eq!(unclear[0]["kind"], "customer.subscription.updated");
    assert_eq!(unclear[0]["event_ref"], told[0].event_ref.as_str());
    let note = unclear[0]["note"].as_str().context("a note")?;
    assert!(note.contains("`week` is no interval of a plan"), "{note}");
    let path = format!("{EVENTS}/{}/apply", unclear[0]["id"].as_str().context("an id")?);
    let tried = shop.administrator.post(&path, &json!({})).await?;
    tried.require_status(200)?;
    assert_eq!(tried.json()?["outcome"], "unclear");

    // One that did not arrive is kept as well, and once.
    let stripe = shop.provider.stripe()?;
    stripe.bill_weekly(&known.provider_ref)?;
    stripe.lose_undelivered();
    for _ in 0..2 {
        shop.reconcile().await?;
        assert_eq!(list(&mut shop, "outcome=unclear").await?.len(), 2);
    }
    assert_eq!(shop.plan().await?, "basic", "nothing follows from it");
    shop.require_sound_books().await
}
