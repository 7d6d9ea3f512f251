//! What is Stripe's alone: lost answers, wrong keys, promotion codes, invoices, its portal, Radar.

use std::sync::Arc;

use anyhow::{Context, Result};
use gantry_pay::{Stripe, StripeSettings};
use gantry_ports::payments::{PaymentError, RiskLevel};
use gantry_ports::{Clock, PaymentProvider};
use gantry_testkit::TestClock;
use gantry_testkit::fakes::stripe::{FakeDuration, FakeOff, FakeStripe};
use gantry_testkit::fakes::{FakePaid, Trouble};
use serde_json::json;

use crate::provider::{Database, Stage, Who, settings_of};
use crate::shop::{BLOCKED, PAYS, PAYS_ONCE, SUSPICIOUS, Shop, edition};
use crate::strangers::list_notes;

const STAGE: Stage = Stage { who: Who::Stripe, database: Database::Sqlite };
const SESSIONS: &str = "POST /v1/checkout/sessions";
const REFUNDS: &str = "POST /v1/refunds";

fn name_of(page: &str) -> &str {
    page.rsplit('/').next().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_again_is_done_once() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    for troubles in [
        &[Trouble::Busy][..],
        &[Trouble::Broken, Trouble::Busy],
        &[Trouble::Cut],
        &[Trouble::Cut, Trouble::Broken],
    ] {
        let before = shop.provider.stripe()?.count_done(SESSIONS);
        shop.provider.stripe()?.expect_trouble(troubles);
        shop.order(&json!({ "package": "credits-100" })).await?;
        assert_eq!(shop.provider.stripe()?.count_done(SESSIONS), before + 1, "{troubles:?}");
    }
    shop.buy(&json!({ "package": "credits-500" }), PAYS).await?;
    let payment = shop.payments().await?.remove(0);
    shop.provider.stripe()?.expect_trouble(&[Trouble::Cut]);
    for _ in 0..2 {
        // Repeated before the first one is told: the same order.
        shop.refund_under("back", &payment, Some(900)).await?.require_status(202)?;
    }
    assert_eq!(shop.provider.stripe()?.count_done(REFUNDS), 1);
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 400);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_away_is_told_as_such() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    shop.provider.stripe()?.expect_trouble(&[Trouble::Broken; 3]);
    let wish = json!({ "package": "credits-100" });
    let refused = shop.buyer.post("/api/v1/account/checkouts", &wish).await?;
    refused.require_status(503)?;
    assert_eq!(shop.provider.stripe()?.count_done(SESSIONS), 0);
    shop.order(&wish).await?;
    shop.require_sound_books().await
}

#[tokio::test]
async fn a_wrong_key_is_told_to_the_operator_and_never_shown() -> Result<()> {
    let fake = FakeStripe::start().await?;
    let secret_key = "sk_test_of_somebody_else".to_owned();
    let settings = StripeSettings { secret_key, ..settings_of(&fake) };
    let clock: Arc<dyn Clock> = Arc::new(TestClock::default());
    let stripe = Stripe::new(settings, clock)?;
    let refused = stripe.fetch_subscription("sub_1").await.unwrap_err();
    assert!(matches!(refused, PaymentError::Misconfigured { .. }), "{refused}");
    let told = format!("{refused} {refused:?}");
    assert!(told.contains("payments.stripe.secret_key") && !told.contains("somebody"), "{told}");
    let missing = Stripe::new(settings_of(&fake), Arc::new(TestClock::default()))?;
    let missing = missing.fetch_subscription("sub_1").await.unwrap_err();
    assert!(matches!(missing, PaymentError::NotFound { .. }), "{missing}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promotion_codes_lower_what_is_paid_and_not_what_is_given() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    let fake = shop.provider.stripe()?;
    fake.offer_code("HALF", FakeOff::Percent(50), FakeDuration::Once)?;
    fake.offer_code("ALL", FakeOff::Percent(100), FakeDuration::Once)?;
    for (code, paid) in [("HALF", 2_250), ("ALL", 0)] {
        let page = shop.order(&json!({ "package": "credits-500" })).await?;
        let done = shop.provider.stripe()?.pay(name_of(&page), PAYS, Some(code))?;
        assert_eq!(done, FakePaid::Yes);
        shop.deliver().await?;
        assert_eq!(shop.payments().await?[0]["amount"]["minor"], paid);
    }
    assert_eq!(shop.credits().await?, 1_000);
    let half = shop.payments().await?.remove(1);
    shop.refund(&half, None).await?.require_status(202)?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 500, "all that the half price had bought");
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invoices_and_the_portal_are_stripes_own() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    let none = shop.buyer.get("/api/v1/account/invoices").await?;
    assert_eq!(none.json()?["items"], json!([]));
    shop.buyer.post("/api/v1/account/portal", &json!({})).await?.require_status(409)?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    shop.pass(32).await?;
    let list = shop.buyer.get("/api/v1/account/invoices").await?.json()?;
    assert_eq!(list["items"].as_array().map_or(0, Vec::len), 2, "{list}");
    let newest = &list["items"][0];
    assert_eq!(newest["status"], "paid");
    assert_eq!(newest["amount"]["text"], "9.99 USD");
    assert!(newest["pdf_url"].as_str().context("a file")?.ends_with("/pdf"));
    let portal = shop.buyer.post("/api/v1/account/portal", &json!({})).await?;
    portal.require_status(201)?;
    assert!(portal.json()?["url"].as_str().context("a page")?.contains("/p/session/"));
    let payment = shop.payments().await?.remove(0);
    shop.refund(&payment, Some(100)).await?.require_status(202)?;
    shop.deliver().await?;
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 100, "by the invoice's charge");
    assert_eq!(shop.plan().await?, "basic");
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_that_is_mended_saves_the_subscription() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS_ONCE).await?;
    shop.pass(32).await?;
    assert_eq!(shop.subscription().await?["status"], "past_due");
    let name = find_name(&mut shop).await?;
    shop.provider.stripe()?.change_card(&name, PAYS)?;
    shop.pass(5).await?;
    let saved = shop.subscription().await?;
    assert_eq!(saved["status"], "active");
    assert!(saved["past_due_since"].is_null());
    assert!(shop.payments().await?.iter().all(|payment| payment["status"] == "received"));
    shop.require_sound_books().await
}

/// Stripe's name for the buyer's subscription.
async fn find_name(shop: &mut Shop) -> Result<String> {
    let organization = shop.account().await?["organization_id"].as_str().unwrap().parse()?;
    let snapshot = shop.app.store.read().await?;
    let known = snapshot.payments().find_subscription(organization).await?;
    Ok(known.context("it is there")?.provider_ref)
}

/// What a bank refused is not held against another card.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_card_pays_for_the_plan_that_one_was_refused() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS_ONCE).await?;
    let switch = json!({ "action": "switch", "plan": "premium", "interval": "month" });
    shop.change(&switch).await?.require_status(409)?;
    let name = find_name(&mut shop).await?;
    shop.provider.stripe()?.change_card(&name, PAYS)?;
    shop.change(&switch).await?.require_status(200)?;
    shop.deliver().await?;
    assert_eq!(shop.plan().await?, "premium");
    shop.require_sound_books().await
}

/// Stripe ended it, and what it had asked for can still be paid on its page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_pays_after_the_end_is_told_of_to_operators() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS_ONCE).await?;
    shop.pass(32).await?;
    shop.pass(20).await?;
    assert_eq!(shop.subscription().await?["status"], "ended");
    let name = find_name(&mut shop).await?;
    shop.app.take_mails().await?;
    shop.provider.stripe()?.pay_open_invoice(&name, PAYS)?;
    shop.carry().await?;
    let notes = list_notes(&mut shop, "invoice.paid").await?;
    assert_eq!(notes.len(), 1, "{notes:?}");
    let note = &notes[0];
    assert!(note.contains(&name) && note.contains("ended unpaid"), "{note}");
    assert!(note.contains("give its money back"), "{note}");
    let paid = shop.payments().await?;
    let received = paid.iter().filter(|payment| payment["status"] == "received");
    assert_eq!(received.count(), 1, "nothing is said to have been bought: {paid:?}");
    let mails = shop.app.take_mails().await?;
    assert!(mails.iter().all(|mail| mail.kind != "receipt"), "{mails:?}");
    assert_eq!(shop.plan().await?, "free");
    shop.require_sound_books().await
}

/// The grace is over here before Stripe gives up: nobody can pay for what is ended then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_ended_here_leaves_nothing_to_pay() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS_ONCE).await?;
    shop.pass(32).await?;
    let name = find_name(&mut shop).await?;
    shop.wait_days(45);
    shop.reconcile().await?;
    assert_eq!(shop.subscription().await?["status"], "ended");
    let log = shop.buyer.get("/api/v1/audit").await?.text();
    assert_eq!(log.matches("subscription.unpaid").count(), 1, "{log}");
    let fake = shop.provider.stripe()?;
    assert_eq!(fake.count_done("POST /v1/invoices/{}/void"), 1);
    assert!(fake.pay_open_invoice(&name, PAYS).is_err(), "nothing is open");
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_radar_thinks_is_kept() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    shop.buy(&json!({ "package": "credits-100" }), SUSPICIOUS).await?;
    let name = shop.payments().await?[0]["provider_ref"].as_str().context("a name")?.to_owned();
    let snapshot = shop.app.store.read().await?;
    let payment =
        snapshot.payments().find_payment("stripe", &name).await?.context("it is there")?;
    let risk = payment.trail.risk.context("it was assessed")?;
    assert_eq!((risk.level, risk.score), (RiskLevel::Elevated, Some(71)));
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_radar_blocks_is_kept_and_may_be_paid_after_all() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-100" })).await?;
    for _ in 0..2 {
        assert_eq!(shop.provider.pay(&page, BLOCKED).await?, FakePaid::Declined);
        shop.deliver().await?;
    }
    let path = "/api/v1/admin/payments?provider=stripe";
    let listed = shop.administrator.get(path).await?.json()?;
    assert_eq!(listed["items"].as_array().context("items")?.len(), 1, "{listed}");
    let blocked = &listed["items"][0];
    assert_eq!(blocked["payment"]["status"], "failed");
    assert_eq!((&blocked["risk_level"], &blocked["risk_score"]), (&json!("highest"), &json!(92)));
    assert_eq!(blocked["error_code"], "card_declined");
    assert_eq!(blocked["error_reason"], "highest_risk_level");
    let feed = shop.administrator.get("/api/v1/admin/payment-feed.csv").await?.text();
    assert!(feed.contains(",card_declined,highest_risk_level,highest,92,"), "{feed}");
    let log = shop.buyer.get("/api/v1/audit").await?.text();
    assert_eq!(log.matches("payment.risk").count(), 2, "{log}");
    assert_eq!(shop.credits().await?, 0);

    assert_eq!(shop.provider.pay(&page, PAYS).await?, FakePaid::Yes);
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 100);
    let listed = shop.administrator.get(path).await?.json()?;
    let paid = &listed["items"][0];
    assert_eq!(listed["items"].as_array().context("items")?.len(), 1, "{listed}");
    assert_eq!(paid["payment"]["status"], "received");
    assert_eq!(paid["payment"]["description"], "100 credits");
    assert_eq!((&paid["risk_level"], &paid["error_code"]), (&json!("normal"), &json!(null)));
    shop.require_sound_books().await
}

/// Of more kinds of events than Stripe lists at once, those that did not arrive are made up for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_radar_blocked_is_made_up_for() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-100" })).await?;
    assert_eq!(shop.provider.pay(&page, BLOCKED).await?, FakePaid::Declined);
    shop.provider.stripe()?.lose_undelivered();
    let done = shop.reconcile().await?;
    assert_eq!((&done["events"], &done["unanswered"]), (&json!(1), &json!([])));
    assert_eq!(shop.payments().await?[0]["status"], "failed");
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_nobody_paid_on_expires() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-100" })).await?;
    shop.pass(2).await?;
    assert!(shop.provider.stripe()?.pay(name_of(&page), PAYS, None).is_err());
    assert_eq!(shop.credits().await?, 0);
    shop.require_sound_books().await
}
