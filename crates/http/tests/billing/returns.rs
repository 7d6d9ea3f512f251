//! Refunds that fail later at their provider, and buyers who dispute twice.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use gantry_ports::store::QueuedMail;
use gantry_testkit::TestRequest;
use serde_json::{Value, json};

use crate::provider::{Database, Provider, Stage, Who};
use crate::shop::{DISPUTES, PAYS, Shop, edition};

/// The letter that tells of a refund that failed, and to whom.
const FAILED: (&str, &str) = ("refund_failed", "buyer@example.org");

stages!(a_refund_that_fails_is_undone:
    stripe_sqlite = Stripe on Sqlite,
    stripe_postgres = Stripe on Postgres,
    razorpay_sqlite = Razorpay on Sqlite,
    razorpay_postgres = Razorpay on Postgres,
    paypal_sqlite = PayPal on Sqlite,
    paypal_postgres = PayPal on Postgres,
);

fn fail_refund(provider: &Provider, payment: &Value) -> Result<()> {
    let name = payment["provider_ref"].as_str().context("a name")?;
    match provider {
        Provider::Sandbox(_) => bail!("refunds of the sandbox do not fail"),
        Provider::Stripe(fake) => fake.fail_refund(name),
        Provider::Razorpay(fake) => fake.fail_refund(name),
        Provider::PayPal(fake) => fake.fail_refund(name),
    }
}

async fn read_invoices(shop: &mut Shop) -> Result<Vec<Value>> {
    let list = shop.buyer.get("/api/v1/account/invoices").await?.json()?;
    list["items"].as_array().cloned().context("items")
}

async fn a_refund_that_fails_is_undone(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    shop.buy(&json!({ "package": "credits-500" }), PAYS).await?;
    let payment = shop.payments().await?.remove(0);
    shop.refund(&payment, Some(900)).await?.require_status(202)?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 400);
    shop.app.take_mails().await?;
    fail_refund(&shop.provider, &payment)?;
    for event in shop.provider.list_undelivered().await? {
        shop.send(&event).await?.require_status(200)?;
    }
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 500, "what was taken back is there again");
    // Everything was told twice, and is written once.
    let letter = take_refund_letters(&shop).await?.pop().context("a letter")?;
    assert_eq!((letter.kind.as_str(), letter.mail.recipient.as_str()), FAILED);
    assert_eq!(letter.mail.subject, "9.00 USD could not be given back");
    assert!(letter.mail.text.contains("The 100 credits"), "{}", letter.mail.text);
    let log = shop.buyer.get("/api/v1/audit").await?.text();
    assert!(log.contains("\"restored_credits\":100"), "{log}");
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 0);
    shop.require_sound_books().await?;
    // All of it can be given back again.
    shop.refund(&payment, None).await?.require_status(202)?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 0);
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 4_500);
    let invoices = read_invoices(&mut shop).await?;
    let kinds: Vec<&Value> = invoices.iter().map(|invoice| &invoice["kind"]).collect();
    assert_eq!(kinds, ["credit_note", "credit_reversal", "credit_note", "invoice"]);
    let sum: i64 = invoices.iter().filter_map(|one| one["amount"]["minor"].as_i64()).sum();
    assert_eq!(sum, 0, "{invoices:?}");
    shop.require_sound_books().await
}

/// The letters about refunds that wait, of which there is one at most.
async fn take_refund_letters(shop: &Shop) -> Result<Vec<QueuedMail>> {
    let mut letters = shop.app.take_mails().await?;
    letters.retain(|mail| mail.kind.starts_with("refund"));
    ensure!(letters.len() < 2, "{letters:?}");
    Ok(letters)
}

async fn fail_before_it_is_told(who: Who) -> Result<()> {
    let mut shop = Shop::open(Stage { who, database: Database::Sqlite }, edition("automl")).await?;
    shop.buy(&json!({ "package": "credits-500" }), PAYS).await?;
    let payment = shop.payments().await?.remove(0);
    shop.refund(&payment, Some(900)).await?.require_status(202)?;
    fail_refund(&shop.provider, &payment)?;
    let told = shop.provider.list_undelivered().await?;
    assert!(told.len() > 1);
    for event in told.iter().rev() {
        shop.send(event).await?.require_status(200)?;
        assert_eq!(shop.credits().await?, 500);
    }
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 0);
    assert_eq!(read_invoices(&mut shop).await?.len(), 1, "nothing was given back");
    assert!(take_refund_letters(&shop).await?.is_empty(), "nobody was told that it was");
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_comes_before_its_refund_counts_with_stripe() -> Result<()> {
    fail_before_it_is_told(Who::Stripe).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_comes_before_its_refund_counts_with_razorpay() -> Result<()> {
    fail_before_it_is_told(Who::Razorpay).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_comes_before_its_refund_counts_with_paypal() -> Result<()> {
    fail_before_it_is_told(Who::PayPal).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_was_not_told_is_asked_for() -> Result<()> {
    for who in [Who::Stripe, Who::Razorpay, Who::PayPal] {
        let stage = Stage { who, database: Database::Sqlite };
        let mut shop = Shop::open(stage, edition("automl")).await?;
        shop.buy(&json!({ "package": "credits-500" }), PAYS).await?;
        let payment = shop.payments().await?.remove(0);
        shop.refund(&payment, None).await?.require_status(202)?;
        shop.deliver().await?;
        assert_eq!(shop.credits().await?, 0);
        shop.app.take_mails().await?;
        let german = TestRequest::new("PATCH", "/api/v1/auth/me").json(&json!({ "locale": "de" }));
        shop.buyer.send(german).await?.require_status(200)?;
        fail_refund(&shop.provider, &payment)?;
        shop.provider.lose_undelivered();
        for _ in 0..2 {
            shop.reconcile().await?;
        }
        assert_eq!(shop.credits().await?, 500);
        let letter = take_refund_letters(&shop).await?.pop().context("a letter")?;
        assert_eq!((letter.kind.as_str(), letter.mail.recipient.as_str()), FAILED);
        assert_eq!(letter.mail.subject, "45.00 USD konnten nicht erstattet werden");
        shop.require_sound_books().await?;
    }
    Ok(())
}

/// The credits of the failed refund would have expired by now, and nobody is told that they count.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_expired_meanwhile_is_not_told_as_given_again() -> Result<()> {
    let mut expiring = edition("automl");
    for package in &mut expiring.packages {
        package.expires_after = Some(Duration::from_hours(30 * 24));
    }
    let stage = Stage { who: Who::Stripe, database: Database::Sqlite };
    let mut shop = Shop::open(stage, expiring).await?;
    shop.buy(&json!({ "package": "credits-500" }), PAYS).await?;
    let payment = shop.payments().await?.remove(0);
    shop.refund(&payment, Some(900)).await?.require_status(202)?;
    shop.deliver().await?;
    shop.app.take_mails().await?;
    shop.provider.advance(31).await?;
    shop.wait_days(31);
    fail_refund(&shop.provider, &payment)?;
    shop.provider.lose_undelivered();
    shop.reconcile().await?;
    let letter = take_refund_letters(&shop).await?.pop().context("a letter")?;
    assert_eq!((letter.kind.as_str(), letter.mail.recipient.as_str()), FAILED);
    let text = &letter.mail.text;
    assert!(text.contains("Credits and plan did not change"), "{text}");
    let log = shop.buyer.get("/api/v1/audit?limit=100").await?.json()?;
    let lines = log["items"].as_array().context("lines")?;
    let undone = lines.iter().find(|line| line["action"] == "payment.refund.undo");
    assert_eq!(undone.context("a line")?["details"]["restored_credits"], 0, "{log}");
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 0);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_dispute_counts_like_the_first() -> Result<()> {
    let stage = Stage { who: Who::Stripe, database: Database::Sqlite };
    let mut shop = Shop::open(stage, edition("automl")).await?;
    shop.buy(&json!({ "package": "credits-500" }), DISPUTES).await?;
    let intent = shop.payments().await?[0]["provider_ref"].clone();
    let intent = intent.as_str().context("a name")?;
    shop.provider.stripe()?.decide_dispute(intent, true)?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 500);
    shop.provider.stripe()?.dispute_again(intent)?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 0);
    assert_eq!(shop.payments().await?[0]["dispute"], "open");
    shop.provider.stripe()?.decide_dispute(intent, false)?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 0);
    let payment = shop.payments().await?.remove(0);
    assert_eq!(payment["dispute"], "lost");
    assert_eq!(payment["disputed"]["minor"], 4_500, "the first one was won");
    shop.require_sound_books().await
}
