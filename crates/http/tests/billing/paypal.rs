//! What is PayPal's alone: the unsigned way back, orders that are collected, tokens that end, plans
//! that change with the next payment once their buyer agreed, trials that last until a payment,
//! payments that alone tell of what they renew, wrong keys.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use gantry_pay::{PayPal, PayPalSettings};
use gantry_ports::payments::PaymentError;
use gantry_ports::{Clock, PaymentProvider};
use gantry_testkit::fakes::paypal::FakePayPal;
use gantry_testkit::fakes::{FakeDelivery, FakePaid, Trouble};
use gantry_testkit::{TestClock, TestRequest};
use gantry_types::{OrganizationId, Timestamp};
use serde_json::{Value, json};

use crate::provider::{Database, Provider, Stage, Who, paypal_settings_of};
use crate::shop::{DECLINED, PAYS, PAYS_ONCE, Shop, edition};
use crate::trials::tried;

const STAGE: Stage = Stage { who: Who::PayPal, database: Database::Sqlite };

/// The stand-in behind a shop.
pub fn fake(shop: &Shop) -> Result<&FakePayPal> {
    match &shop.provider {
        Provider::PayPal(fake) => Ok(fake),
        Provider::Sandbox(_) | Provider::Stripe(_) | Provider::Razorpay(_) => {
            anyhow::bail!("this story is PayPal's")
        }
    }
}

async fn organization(shop: &mut Shop) -> Result<OrganizationId> {
    Ok(shop.account().await?["organization_id"].as_str().context("an id")?.parse()?)
}

/// Where the months of the buyer's quotas begin.
async fn quota_anchor(shop: &mut Shop) -> Result<Timestamp> {
    let (whose, now) = (organization(shop).await?, shop.app.clock.now());
    Ok(shop.app.store.read().await?.accounts().get_account(whose, now).await?.quota_anchor)
}

/// The provider's name for the buyer's subscription.
async fn subscription_name(shop: &mut Shop) -> Result<String> {
    let whose = organization(shop).await?;
    let known = shop.app.store.read().await?.payments().find_subscription(whose).await?;
    Ok(known.context("a subscription")?.provider_ref)
}

/// How many events of the provider are noted.
async fn count_events(shop: &mut Shop) -> Result<usize> {
    let listed = shop.administrator.get("/api/v1/admin/payment-events?provider=paypal").await?;
    listed.require_status(200)?;
    Ok(listed.json()?["items"].as_array().context("items")?.len())
}

fn time_of(value: &Value) -> Result<Timestamp> {
    Ok(value.as_str().context("a time")?.parse()?)
}

/// The name that a page has in its address.
pub fn name_of(page: &str) -> Result<&str> {
    Ok(page.split_once("token=").context("a name")?.1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_is_asked_about_and_not_believed() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-500" })).await?;
    let order = name_of(&page)?;
    let back = |query: &str| format!("/api/v1/payments/returns/paypal?{query}");
    let here = back(&format!("token={order}&PayerID=Z7X9"));
    // Nobody approved, whatever the address says.
    shop.app.client().get(&here).await?.require_status(303)?;
    assert_eq!(shop.credits().await?, 0);
    for (query, status) in
        [("token=5O190127TN9999999", 303), ("token=../../v1/x", 400), ("PayerID=Z7X9", 400)]
    {
        shop.app.client().get(&back(query)).await?.require_status(status)?;
    }
    shop.provider.pay(&page, PAYS).await?;
    let answer = shop.app.client().get(&here).await?;
    answer.require_status(303)?;
    assert_eq!(answer.header("location"), Some("/app/account"));
    assert_eq!(shop.credits().await?, 500, "collected before any event arrived");
    shop.deliver().await?;
    shop.app.client().get(&here).await?.require_status(303)?;
    assert_eq!(shop.credits().await?, 500);
    assert_eq!(shop.payments().await?.len(), 1);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_from_a_subscription_has_the_plan_at_once() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    let page = shop.order(&json!({ "plan": "basic" })).await?;
    shop.provider.pay(&page, PAYS).await?;
    let told = shop.provider.list_undelivered().await?;
    let body: Value = serde_json::from_slice(&told[0].body)?;
    let name = body["resource"]["id"].as_str().context("a subscription")?.to_owned();
    let here = format!("/api/v1/payments/returns/paypal?subscription_id={name}&ba_token=BA-1");
    shop.app.client().get(&here).await?.require_status(303)?;
    assert_eq!(shop.plan().await?, "basic");
    shop.deliver().await?;
    assert_eq!(shop.payments().await?.len(), 1);
    // Anybody may come back, and as often as they like: what is known is not noted again.
    let noted = count_events(&mut shop).await?;
    for _ in 0..3 {
        fake(&shop)?.advance(Duration::from_secs(1))?;
        shop.app.client().get(&here).await?.require_status(303)?;
    }
    assert_eq!(count_events(&mut shop).await?, noted);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_genuine_to_the_last_byte() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-100" })).await?;
    shop.provider.pay(&page, PAYS).await?;
    let event = shop.provider.list_undelivered().await?.remove(0);
    let spaced = [b" ".as_slice(), &event.body].concat();
    let mut closed = event.body.clone();
    closed.extend_from_slice(b",\"webhook_event\":{}");
    let renamed = event.headers.iter().map(|(name, value)| match name.as_str() {
        "paypal-transmission-id" => (name.clone(), format!("{value}0")),
        _ => (name.clone(), value.clone()),
    });
    for forged in [
        FakeDelivery { body: spaced, ..event.clone() },
        FakeDelivery { body: closed, ..event.clone() },
        FakeDelivery { headers: renamed.collect(), ..event.clone() },
    ] {
        shop.send(&forged).await?.require_status(400)?;
    }
    assert_eq!(shop.credits().await?, 0);
    // PayPal does not answer whether it is its own: the event is to come again.
    fake(&shop)?.expect_trouble(&[Trouble::Broken; 3]);
    shop.send(&event).await?.require_status(503)?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 100);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_asked_for_again() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    shop.order(&json!({ "package": "credits-100" })).await?;
    fake(&shop)?.expect_trouble(&[Trouble::Cut]);
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    let payment = shop.payments().await?.remove(0);
    fake(&shop)?.expect_trouble(&[Trouble::Cut, Trouble::Busy]);
    shop.refund(&payment, Some(500)).await?.require_status(202)?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 50, "given back once");
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_collected_once_when_its_answer_is_lost() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-100" })).await?;
    shop.provider.pay(&page, PAYS).await?;
    let approved = shop.provider.list_undelivered().await?.remove(0);
    fake(&shop)?.lose_answer_of("/capture");
    shop.send(&approved).await?.require_status(200)?;
    assert_eq!(shop.credits().await?, 100);
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 100);
    assert_eq!(shop.payments().await?.len(), 1);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_changes_with_the_next_payment_once_its_buyer_agreed() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    let switch = json!({ "action": "switch", "plan": "premium", "interval": "month" });
    let asked = shop.change(&switch).await?;
    asked.require_status(200)?;
    let asked = asked.json()?;
    assert_eq!(asked["plan"]["slug"], "basic", "{asked}");
    let page = asked["approve_url"].as_str().context("a page")?;
    assert_eq!(shop.provider.pay(page, DECLINED).await?, FakePaid::Declined);
    assert!(shop.provider.list_undelivered().await?.is_empty(), "nothing has changed");
    assert_eq!(shop.provider.pay(page, PAYS).await?, FakePaid::Yes);
    shop.deliver().await?;
    shop.reconcile().await?;
    assert_eq!(shop.plan().await?, "basic", "which was paid for");
    assert_eq!(shop.payments().await?.len(), 1);

    shop.pass_a_month(Who::PayPal).await?;
    assert_eq!(shop.plan().await?, "premium");
    assert_eq!(shop.payments().await?[0]["amount"]["minor"], 1_999);
    assert!(shop.provider.pay(page, PAYS).await.is_err(), "the page was for once");
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_plan_is_taken_back_before_it_is_paid_for() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    let present = json!({ "action": "switch", "plan": "basic", "interval": "month" });
    shop.change(&present).await?.require_status(409)?;
    for plan in ["premium", "basic"] {
        let switch = json!({ "action": "switch", "plan": plan, "interval": "month" });
        let asked = shop.change(&switch).await?;
        asked.require_status(200)?;
        let asked = asked.json()?;
        assert_eq!(asked["plan"]["slug"], "basic", "{asked}");
        let page = asked["approve_url"].as_str().context("a page")?;
        assert_eq!(shop.provider.pay(page, PAYS).await?, FakePaid::Yes);
        shop.deliver().await?;
    }
    let refused = shop.change(&present).await?;
    refused.require_status(409)?;
    assert!(refused.text().contains("already"), "{}", refused.text());
    shop.pass_a_month(Who::PayPal).await?;
    assert_eq!(shop.plan().await?, "basic");
    let paid: Vec<Value> =
        shop.payments().await?.iter().map(|paid| paid["amount"]["minor"].clone()).collect();
    assert_eq!(paid, [999, 999]);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_lasts_until_its_first_payment() -> Result<()> {
    let mut tried = edition("litxplore");
    let basic = tried.plans.iter_mut().find(|plan| plan.slug == "basic").context("a plan")?;
    basic.terms.price.trial_days = 14;
    let mut shop = Shop::open(STAGE, tried).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    assert_eq!(shop.subscription().await?["status"], "trialing", "whatever PayPal calls it");
    assert_eq!(shop.plan().await?, "basic");
    // The agreed time is over, and the payment comes later.
    fake(&shop)?.stop_charging();
    shop.pass(15).await?;
    shop.wait_days(15);
    shop.reconcile().await?;
    assert_eq!(shop.subscription().await?["status"], "trialing");
    assert_eq!((shop.plan().await?.as_str(), shop.payments().await?.len()), ("basic", 0));
    fake(&shop)?.go_on_charging();
    shop.pass(1).await?;
    let paid = shop.subscription().await?;
    assert_eq!(paid["status"], "active", "the payment tells it");
    assert_eq!(shop.payments().await?.len(), 1);
    assert_eq!(quota_anchor(&mut shop).await?, time_of(&paid["period_start"])?);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_that_is_asked_for_again_begins_when_it_was_first_asked_for() -> Result<()> {
    let mut shop = Shop::open(STAGE, tried()?).await?;
    let wish = json!({ "plan": "basic" });
    let request = || {
        let request = TestRequest::new("POST", "/api/v1/account/checkouts").json(&wish);
        request.header("idempotency-key", "trial")
    };
    let asked = shop.app.clock.now();
    // It is made, and nobody here hears of it.
    fake(&shop)?.lose_answers_of("/v1/billing/subscriptions", 3);
    shop.buyer.send(request()).await?.require_status(503)?;
    shop.app.clock.advance(Duration::from_hours(2));
    let again = shop.buyer.send(request()).await?;
    again.require_status(201)?;
    let page = again.json()?["url"].as_str().context("an address")?.to_owned();
    assert_eq!(shop.provider.pay(&page, PAYS).await?, FakePaid::Yes);
    shop.deliver().await?;
    let begun = shop.subscription().await?;
    assert_eq!(begun["status"], "trialing");
    let latest = asked.plus(Duration::from_hours(14 * 24) + Duration::from_mins(1));
    assert!(time_of(&begun["period_end"])? < latest, "{begun}");
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_that_comes_late_ends_the_arrears_and_moves_nothing() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS_ONCE).await?;
    let (first, anchor) = (shop.subscription().await?, quota_anchor(&mut shop).await?);
    shop.pass(32).await?;
    let due = shop.subscription().await?;
    assert_eq!(due["status"], "past_due");
    assert_eq!(due["past_due_since"], first["period_end"]);
    let name = subscription_name(&mut shop).await?;
    fake(&shop)?.change_card(&name, PAYS)?;
    // PayPal tries again after five days, and tells of the payment alone.
    shop.pass(5).await?;
    let mended = shop.subscription().await?;
    assert_eq!(mended["status"], "active");
    assert!(mended["past_due_since"].is_null(), "{mended}");
    assert_eq!(shop.payments().await?.len(), 2);
    let second = time_of(&mended["period_end"])?.since(time_of(&first["period_end"])?);
    let days = second.as_secs() / 86_400;
    assert!((28..=31).contains(&days), "a month after the first one, and not after the payment");
    assert_eq!(quota_anchor(&mut shop).await?, anchor);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cancelled_or_pays_in_another_rhythm_is_refused_in_words() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("tabgraphsyn")).await?;
    shop.buy(&json!({ "plan": "paid", "interval": "month" }), PAYS).await?;
    let switch = json!({ "action": "switch", "plan": "paid", "interval": "year" });
    let refused = shop.change(&switch).await?;
    refused.require_status(409)?;
    assert!(refused.text().contains("how often"), "{}", refused.text());
    assert_eq!(shop.subscription().await?["interval"], "month");

    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    shop.change(&json!({ "action": "cancel" })).await?.require_status(200)?;
    let switch = json!({ "action": "switch", "plan": "premium", "interval": "month" });
    let refused = shop.change(&switch).await?;
    refused.require_status(409)?;
    assert!(refused.text().contains("should be active"), "{}", refused.text());
    assert_eq!(shop.plan().await?, "basic");
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_paid_is_shown() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    let tokens = fake(&shop)?.count_tokens();
    shop.pass(32).await?;
    let list = shop.buyer.get("/api/v1/account/invoices").await?.json()?;
    assert_eq!(list["items"].as_array().map_or(0, Vec::len), 2, "{list}");
    assert_eq!(list["items"][0]["amount"]["text"], "9.99 USD");
    assert_eq!(list["items"][0]["status"], "paid");
    assert_eq!(fake(&shop)?.count_tokens(), tokens + 1, "the first token ended");
    let portal = shop.buyer.post("/api/v1/account/portal", &json!({})).await?;
    portal.require_status(201)?;
    assert!(portal.text().contains("/myaccount/autopay/"), "{}", portal.text());
    let payment = shop.payments().await?.remove(0);
    shop.refund(&payment, Some(100)).await?.require_status(202)?;
    shop.deliver().await?;
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 100, "a sale, not a capture");
    shop.require_sound_books().await
}

#[tokio::test]
async fn a_wrong_key_is_told_to_the_operator_and_never_shown() -> Result<()> {
    let fake = FakePayPal::start().await?;
    let client_secret = "somebody_elses".to_owned();
    let settings = PayPalSettings { client_secret, ..paypal_settings_of(&fake) };
    let paypal = PayPal::new(settings, Arc::new(TestClock::default()))?;
    let refused = paypal.fetch_subscription("I-1").await.unwrap_err();
    assert!(matches!(refused, PaymentError::Misconfigured { .. }), "{refused}");
    let told = format!("{refused} {refused:?}");
    assert!(told.contains("payments.paypal.client_secret") && !told.contains("somebody"), "{told}");
    let paypal = PayPal::new(paypal_settings_of(&fake), Arc::new(TestClock::default()))?;
    let missing = paypal.fetch_subscription("I-1").await.unwrap_err();
    assert!(matches!(missing, PaymentError::NotFound { .. }), "{missing}");
    fake.advance(Duration::from_hours(10))?;
    let missing = paypal.fetch_subscription("I-1").await.unwrap_err();
    assert!(matches!(missing, PaymentError::NotFound { .. }), "another token: {missing}");
    Ok(())
}
