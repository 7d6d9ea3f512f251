//! Buyers who tell their bank that a payment was not theirs.

use anyhow::{Context, Result};
use serde_json::json;

use crate::provider::{Database, Provider, Stage, Who};
use crate::shop::{DISPUTES, Shop, edition};

on_every_stage!(a_dispute_takes_the_credits_back);

async fn a_dispute_takes_the_credits_back(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    shop.buy(&json!({ "package": "credits-500" }), DISPUTES).await?;
    assert_eq!(shop.credits().await?, 0);
    let payment = shop.payments().await?.remove(0);
    assert_eq!(payment["dispute"], "open");
    assert_eq!(payment["disputed"]["minor"], 4_500);
    shop.require_sound_books().await?;
    shop.refund(&payment, None).await?.require_status(409)?;
    match &shop.provider {
        // Nobody answers the sandbox's bank.
        Provider::Sandbox(_) => shop.pass(11).await?,
        Provider::Stripe(fake) => {
            fake.decide_dispute(payment["provider_ref"].as_str().context("a name")?, false)?;
            shop.deliver().await?;
        }
        Provider::Razorpay(fake) => {
            fake.decide_dispute(payment["provider_ref"].as_str().context("a name")?, false)?;
            shop.deliver().await?;
        }
        Provider::PayPal(fake) => {
            fake.decide_dispute(payment["provider_ref"].as_str().context("a name")?, false)?;
            shop.deliver().await?;
        }
    }
    assert_eq!(shop.payments().await?[0]["dispute"], "lost");
    assert_eq!(shop.credits().await?, 0);
    shop.require_sound_books().await
}

async fn win(database: Database) -> Result<()> {
    let mut shop = Shop::open(Stage { who: Who::Stripe, database }, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-500" })).await?;
    shop.provider.pay(&page, DISPUTES).await?;
    // The dispute arrives when a part is spent already.
    let events = shop.provider.list_undelivered().await?;
    let (disputes, rest): (Vec<_>, Vec<_>) = events
        .into_iter()
        .partition(|event| String::from_utf8_lossy(&event.body).contains("\"dispute\""));
    assert_eq!(disputes.len(), 2);
    for event in &rest {
        shop.send(event).await?.require_status(200)?;
    }
    shop.spend(120).await?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 0);
    let ledger = shop.buyer.get("/api/v1/account/ledger.csv").await?.text();
    assert!(ledger.contains(",receivable,-120,"), "{ledger}");
    let intent = shop.payments().await?[0]["provider_ref"].clone();
    shop.provider.stripe()?.decide_dispute(intent.as_str().context("a name")?, true)?;
    shop.deliver().await?;
    assert_eq!(shop.payments().await?[0]["dispute"], "won");
    assert_eq!(shop.credits().await?, 380, "as before the dispute");
    let ledger = shop.buyer.get("/api/v1/account/ledger.csv").await?.text();
    assert!(ledger.contains(",receivable,120,"), "nothing is owed any more: {ledger}");
    for event in &disputes {
        // Signed when it came: a late copy is known, and changes nothing.
        assert_eq!(shop.send(event).await?.json()?["outcome"], "known");
    }
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dispute_that_is_won_gives_back_what_it_took() -> Result<()> {
    win(Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dispute_that_is_won_gives_back_what_it_took_on_postgres() -> Result<()> {
    win(Database::Postgres).await
}
