//! Two pages for a plan: the older one is closed; where both are paid all the same, the second
//! subscription is given back once, in whatever order its events come.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use gantry_pay::Stripe;
use gantry_ports::payments::{CheckoutClosing, PaymentError};
use gantry_ports::{Clock, PaymentProvider};
use gantry_testkit::fakes::stripe::FakeStripe;
use gantry_testkit::fakes::{FakeDelivery, FakePaid, Trouble};
use gantry_testkit::{SlowProvider, TestApp, TestClock, TestSettings, TestTill};
use serde_json::{Value, json};

use crate::provider::{Database, Stage, Who, settings_of};
use crate::shop::{PAYS, Shop, edition};

const CHECKOUTS: &str = "/api/v1/account/checkouts";

on_every_stage!(a_page_that_was_paid_on_is_not_closed);

// PayPal and Razorpay close no page on which nobody agreed to pay yet.
stages!(an_older_page_is_closed:
    sandbox_sqlite = Sandbox on Sqlite,
    sandbox_postgres = Sandbox on Postgres,
    stripe_sqlite = Stripe on Sqlite,
    stripe_postgres = Stripe on Postgres,
);

stages!(what_is_paid_twice_goes_back_in_any_order:
    stripe_sqlite = Stripe on Sqlite,
    stripe_postgres = Stripe on Postgres,
);

stages!(what_goes_back_was_paid_for_the_present_period:
    stripe_sqlite = Stripe on Sqlite,
    stripe_postgres = Stripe on Postgres,
);

async fn an_older_page_is_closed(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    let older = shop.order(&json!({ "plan": "basic" })).await?;
    let newer = shop.order(&json!({ "plan": "premium" })).await?;
    assert!(shop.provider.pay(&older, PAYS).await.is_err(), "nobody pays on a closed page");
    shop.deliver().await?;
    assert_eq!(shop.plan().await?, "free");
    let log = shop.buyer.get("/api/v1/audit").await?.text();
    assert_eq!(log.matches("checkout.close").count(), 1, "{log}");
    ensure!(shop.provider.pay(&newer, PAYS).await? == FakePaid::Yes, "the newer one is open");
    shop.deliver().await?;
    assert_eq!(shop.plan().await?, "premium");
    assert_eq!(shop.payments().await?.len(), 1);
    shop.require_sound_books().await
}

/// The first page is opened and not noted yet when the second one is asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_pages_of_one_moment_one_stays_open() -> Result<()> {
    let fake = FakeStripe::start().await?;
    let stripe = Stripe::new(settings_of(&fake), Arc::new(TestClock::default()))?;
    let slow = Arc::new(SlowProvider::new(Arc::new(stripe)));
    let mut settings = TestSettings {
        edition: Some(edition("litxplore")),
        till: TestTill::Other(slow.clone()),
        ..TestSettings::default()
    };
    settings.http.public_url = Some("http://shop.example".to_owned());
    let (app, _administrator) = TestApp::start(settings).await?;
    let mut first = app.register("buyer@example.org").await?;
    let mut second = first.clone();
    slow.delay_next();
    let overtaking = async {
        slow.wait_until_done().await;
        let opened = second.post(CHECKOUTS, &json!({ "plan": "premium" })).await;
        slow.answer();
        opened
    };
    let wish = json!({ "plan": "basic" });
    let (noted_last, noted_first) = tokio::join!(first.post(CHECKOUTS, &wish), overtaking);
    let mut open = Vec::new();
    for answer in [noted_last?, noted_first?] {
        answer.require_status(201)?;
        let page = answer.json()?["url"].as_str().context("an address")?.to_owned();
        open.push(fake.pay(name_of(&page)?, PAYS, None).is_ok());
    }
    assert_eq!(open, [true, false], "the newest one alone is open");
    let log = first.get("/api/v1/audit").await?.text();
    assert_eq!(log.matches("checkout.close").count(), 1, "{log}");
    let breaches = fake.breaches();
    assert!(breaches.is_empty(), "{breaches:?}");
    Ok(())
}

/// Many open pages for credits hide no older page for a plan.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_for_credits_hide_no_page_for_a_plan() -> Result<()> {
    let stage = Stage { who: Who::Stripe, database: Database::Sqlite };
    let mut both = edition("litxplore");
    both.packages = edition("automl").packages;
    let mut shop = Shop::open(stage, both).await?;
    let older = shop.order(&json!({ "plan": "basic" })).await?;
    for _ in 0..21 {
        shop.order(&json!({ "package": "credits-100" })).await?;
    }
    shop.order(&json!({ "plan": "premium" })).await?;
    assert!(shop.provider.pay(&older, PAYS).await.is_err(), "nobody pays on a closed page");
    shop.require_sound_books().await
}

/// Pages for credits are closed for nobody: two of them are two purchases.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_for_credits_stay_open() -> Result<()> {
    let stage = Stage { who: Who::Stripe, database: Database::Sqlite };
    let mut shop = Shop::open(stage, edition("automl")).await?;
    let wish = json!({ "package": "credits-100" });
    let pages = [shop.order(&wish).await?, shop.order(&wish).await?];
    for page in pages {
        ensure!(shop.provider.pay(&page, PAYS).await? == FakePaid::Yes, "{page} is open");
    }
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 200);
    shop.require_sound_books().await
}

async fn a_page_that_was_paid_on_is_not_closed(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    let page = shop.order(&json!({ "plan": "basic" })).await?;
    ensure!(shop.provider.pay(&page, PAYS).await? == FakePaid::Yes, "it is paid");
    // The provider did not tell of it yet.
    let refused = shop.buyer.post(CHECKOUTS, &json!({ "plan": "premium" })).await?;
    refused.require_status(409)?;
    let problem = refused.json()?;
    assert_eq!(problem["code"], "conflict");
    assert!(problem["detail"].to_string().contains("on its way"), "{problem}");
    shop.deliver().await?;
    assert_eq!(shop.plan().await?, "basic");
    assert_eq!(shop.payments().await?.len(), 1);
    let log = shop.buyer.get("/api/v1/audit").await?.text();
    assert!(!log.contains("checkout.close"), "{log}");
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stripe_closes_a_page_that_is_open() -> Result<()> {
    let stage = Stage { who: Who::Stripe, database: Database::Sqlite };
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
    let stripe = Stripe::new(settings_of(shop.provider.stripe()?), clock)?;
    let page = shop.order(&json!({ "plan": "basic" })).await?;
    let open = name_of(&page)?;
    for _ in 0..2 {
        assert_eq!(stripe.close_checkout(open).await?, CheckoutClosing::Closed, "once or again");
    }
    let page = shop.order(&json!({ "plan": "basic" })).await?;
    ensure!(shop.provider.pay(&page, PAYS).await? == FakePaid::Yes, "it is paid");
    assert_eq!(stripe.close_checkout(name_of(&page)?).await?, CheckoutClosing::Paid);
    let missing = stripe.close_checkout("cs_test_of_nobody").await;
    assert!(matches!(missing, Err(PaymentError::NotFound { .. })), "{missing:?}");
    shop.deliver().await?;
    assert_eq!(shop.plan().await?, "basic", "it was not touched");
    shop.require_sound_books().await
}

fn name_of(page: &str) -> Result<&str> {
    page.rsplit('/').next().context("a page")
}

fn tells_of_subscription(event: &FakeDelivery) -> Result<bool> {
    let body: Value = serde_json::from_slice(&event.body)?;
    let kind = body["type"].as_str().context("a kind")?;
    Ok(kind.starts_with("customer.subscription."))
}

/// What the provider told, the events of subscriptions first or last and else in their order.
async fn list_told(shop: &Shop, subscriptions_first: bool) -> Result<Vec<FakeDelivery>> {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for event in shop.provider.list_undelivered().await? {
        let is_first = tells_of_subscription(&event)? == subscriptions_first;
        let place = if is_first { &mut first } else { &mut last };
        place.push(event);
    }
    first.append(&mut last);
    Ok(first)
}

async fn what_is_paid_twice_goes_back_in_any_order(stage: Stage) -> Result<()> {
    for subscriptions_first in [true, false] {
        let mut shop = Shop::open(stage, edition("litxplore")).await?;
        let kept = shop.order(&json!({ "plan": "basic" })).await?;
        shop.provider.expect_trouble(&[Trouble::Broken; 3]);
        let second = shop.order(&json!({ "plan": "premium" })).await?;
        ensure!(shop.provider.pay(&kept, PAYS).await? == FakePaid::Yes, "the first page is open");
        shop.deliver().await?;
        ensure!(shop.provider.pay(&second, PAYS).await? == FakePaid::Yes, "and so is the second");
        for event in list_told(&shop, subscriptions_first).await? {
            for _ in 0..2 {
                shop.send(&event).await?.require_status(200)?;
            }
            shop.provider.note_delivered(&event.event_ref).await?;
        }
        shop.deliver().await?;
        shop.reconcile().await?;
        require_given_back_once(&mut shop).await?;
        shop.pass(32).await?;
        assert_eq!(shop.plan().await?, "basic");
        assert_eq!(shop.payments().await?.len(), 3, "the first subscription alone renews");
        require_given_back_once(&mut shop).await?;
        shop.require_sound_books().await?;
    }
    Ok(())
}

/// The payment of the second subscription went back whole, and no other one did.
async fn require_given_back_once(shop: &mut Shop) -> Result<()> {
    assert_eq!(shop.plan().await?, "basic", "the first one stays");
    for payment in shop.payments().await? {
        let is_second = payment["amount"]["minor"] == 1_999;
        let expected = if is_second { 1_999 } else { 0 };
        assert_eq!(payment["refunded"]["minor"], expected, "{payment}");
        assert!(payment["subscription_id"].is_string(), "{payment}");
    }
    assert_eq!(shop.provider.stripe()?.count_done("POST /v1/refunds"), 1);
    let log = shop.buyer.get("/api/v1/audit").await?.text();
    assert_eq!(log.matches("subscription.duplicate").count(), 1, "{log}");
    Ok(())
}

/// The cents of the second subscription's payments that went back, newest first.
async fn list_given_back(shop: &mut Shop) -> Result<Vec<Option<i64>>> {
    let paid = shop.payments().await?;
    let second = paid.iter().filter(|payment| payment["amount"]["minor"] == 1_999);
    Ok(second.map(|payment| payment["refunded"]["minor"].as_i64()).collect())
}

/// The second subscription is renewed before its provider can be told to end it, and nobody hears
/// of that but by the answer.
async fn what_goes_back_was_paid_for_the_present_period(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    let kept = shop.order(&json!({ "plan": "basic" })).await?;
    shop.provider.expect_trouble(&[Trouble::Broken; 3]);
    let second = shop.order(&json!({ "plan": "premium" })).await?;
    ensure!(shop.provider.pay(&kept, PAYS).await? == FakePaid::Yes, "the first page is open");
    shop.deliver().await?;
    ensure!(shop.provider.pay(&second, PAYS).await? == FakePaid::Yes, "and so is the second");
    let told = list_told(&shop, false).await?;
    let (last, before) = told.split_last().context("events")?;
    for event in before {
        shop.send(event).await?.require_status(200)?;
    }
    // By this one it is active, and its provider does not answer.
    shop.provider.expect_trouble(&[Trouble::Broken; 3]);
    shop.send(last).await?.require_status(200)?;
    assert_eq!(list_given_back(&mut shop).await?, [Some(0)]);
    shop.provider.lose_undelivered();

    shop.provider.advance(32).await?;
    shop.wait_days(32);
    shop.provider.lose_undelivered();
    shop.provider.expect_trouble(&[Trouble::Broken; 3]);
    assert_eq!(shop.reconcile().await?["unanswered"], json!(["stripe"]));
    assert_eq!(list_given_back(&mut shop).await?, [Some(0)], "the first month was had");
    // What was paid for the second month is heard of, and then that it went back.
    for _ in 0..2 {
        shop.reconcile().await?;
    }
    assert_eq!(list_given_back(&mut shop).await?, [Some(1_999), Some(0)]);
    assert_eq!(shop.provider.stripe()?.count_done("POST /v1/refunds"), 1);
    assert_eq!(shop.plan().await?, "basic");
    let log = shop.buyer.get("/api/v1/audit").await?.text();
    assert_eq!(log.matches("subscription.duplicate").count(), 1, "{log}");
    shop.require_sound_books().await
}
