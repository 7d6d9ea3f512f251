//! What is Razorpay's alone: the signed way back, names on envelopes, lost answers, wrong keys,
//! renewals that fail.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use gantry_pay::{Razorpay, RazorpaySettings};
use gantry_ports::PaymentProvider;
use gantry_ports::payments::PaymentError;
use gantry_testkit::TestClock;
use gantry_testkit::fakes::Trouble;
use gantry_testkit::fakes::razorpay::{FakeRazorpay, RazorpayMoney};
use serde_json::json;

use crate::provider::{Database, Provider, Stage, Who};
use crate::shop::{DISPUTES, PAYS, PAYS_ONCE, Shop, edition};

/// After so long a purchase that nothing was heard of is asked about.
const MINUTES: Duration = Duration::from_mins(5);
const STAGE: Stage = Stage { who: Who::Razorpay, database: Database::Sqlite };

fn fake(shop: &Shop) -> Result<&FakeRazorpay> {
    match &shop.provider {
        Provider::Razorpay(fake) => Ok(fake),
        Provider::Sandbox(_) | Provider::Stripe(_) | Provider::PayPal(_) => {
            anyhow::bail!("this story is Razorpay's")
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_with_a_signature_need_not_wait() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-500" })).await?;
    let link = page.rsplit('/').next().context("a name")?.to_owned();
    shop.provider.pay(&page, PAYS).await?;
    let query = fake(&shop)?.return_query(&link)?;
    let back = |query: &str| format!("/api/v1/payments/returns/razorpay?{query}");
    for forged in [
        query.replace("_status=paid", "_status=cancelled"),
        query.replace(&link, "plink_00000000000999"),
        query.split("&razorpay_signature").next().context("a query")?.to_owned(),
        String::new(),
    ] {
        shop.app.client().get(&back(&forged)).await?.require_status(400)?;
    }
    assert_eq!(shop.credits().await?, 0);
    let answer = shop.app.client().get(&back(&query)).await?;
    answer.require_status(303)?;
    assert_eq!(answer.header("location"), Some("/app/account"));
    assert_eq!(shop.credits().await?, 500, "before any event arrived");
    shop.deliver().await?;
    shop.app.client().get(&back(&query)).await?.require_status(303)?;
    assert_eq!(shop.credits().await?, 500);
    assert_eq!(shop.payments().await?.len(), 1);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_name_on_the_envelope_is_the_same_event() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-100" })).await?;
    shop.provider.pay(&page, PAYS).await?;
    let events = shop.provider.list_undelivered().await?;
    shop.deliver().await?;
    for mut event in events {
        for (name, value) in &mut event.headers {
            if name == "x-razorpay-event-id" {
                "evt_renamed".clone_into(value);
            }
        }
        assert_eq!(shop.send(&event).await?.json()?["outcome"], "known");
    }
    assert_eq!(shop.credits().await?, 100);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_asked_for_again() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
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
async fn a_renewal_that_fails_is_written_once_and_each_attempt_is_kept() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS_ONCE).await?;
    shop.app.take_mails().await?;
    // Asked for four times, told of twice each, and halted.
    shop.provider.advance(40).await?;
    for event in shop.provider.list_undelivered().await? {
        shop.send(&event).await?.require_status(200)?;
    }
    shop.deliver().await?;
    assert_eq!(shop.subscription().await?["status"], "past_due");
    let mut letters = shop.app.take_mails().await?;
    letters.retain(|mail| mail.kind == "payment_failed");
    assert_eq!(letters.len(), 1, "{letters:?}");
    let text = &letters[0].mail.text;
    assert!(text.contains("9.99 USD") && text.contains("Plan Basic"), "{text}");

    let path = "/api/v1/admin/payment-events?kind=payment.failed&outcome=ignored";
    let kept = shop.administrator.get(path).await?.json()?;
    let kept = kept["items"].as_array().context("items")?;
    assert_eq!(kept.len(), 4, "{kept:?}");
    let id = kept[0]["id"].as_str().context("an id")?;
    let path = format!("/api/v1/admin/payment-events/{id}");
    let whole = shop.administrator.get(&path).await?.json()?;
    assert!(whole["body"].as_str().context("a text")?.contains("card_declined"), "{whole}");
    assert_eq!(shop.payments().await?.len(), 1, "what names no subscription is no payment");
    shop.require_sound_books().await
}

/// The provider's name for the buyer's subscription.
async fn subscription_name(shop: &mut Shop) -> Result<String> {
    let whose = shop.account().await?["organization_id"].as_str().context("an id")?.parse()?;
    let known = shop.app.store.read().await?.payments().find_subscription(whose).await?;
    Ok(known.context("a subscription")?.provider_ref)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn later_news_do_not_take_a_cancellation_back() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    shop.change(&json!({ "action": "cancel" })).await?.require_status(200)?;
    let switch = json!({ "action": "switch", "plan": "premium", "interval": "month" });
    shop.change(&switch).await?.require_status(200)?;
    shop.deliver().await?;
    let known = shop.subscription().await?;
    assert_eq!(shop.plan().await?, "premium", "what Razorpay told of the plan is heard");
    assert_eq!(known["cancels_at_period_end"], true, "of the end it told nothing: {known}");
    shop.pass(32).await?;
    assert_eq!(shop.subscription().await?["status"], "ended");
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_is_not_captured_is_no_payment() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    let name = subscription_name(&mut shop).await?;
    fake(&shop)?.begin_payment(&name, RazorpayMoney::Created)?;
    let held = fake(&shop)?.begin_payment(&name, RazorpayMoney::Authorized)?;
    shop.deliver().await?;
    shop.reconcile().await?;
    assert_eq!(shop.payments().await?.len(), 1, "the first one alone was captured");
    fake(&shop)?.capture(&held)?;
    shop.provider.lose_undelivered();
    shop.reconcile().await?;
    let payments = shop.payments().await?;
    assert_eq!(payments.len(), 2);
    assert_eq!(payments[0]["provider_ref"], held);
    shop.reconcile().await?;
    assert_eq!(shop.payments().await?.len(), 2);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disputes_that_were_lost_on_the_way_are_asked_for() -> Result<()> {
    let mut shop = Shop::open(STAGE, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-100" })).await?;
    shop.provider.pay(&page, DISPUTES).await?;
    shop.provider.lose_undelivered();
    shop.app.clock.advance(MINUTES);
    shop.reconcile().await?;
    let payment = shop.payments().await?.remove(0);
    assert_eq!(payment["disputed"]["minor"], payment["amount"]["minor"], "{payment}");
    assert_eq!(shop.credits().await?, 0);
    // It began longer ago than anything else is asked for.
    shop.wait_days(40);
    let name = payment["provider_ref"].as_str().context("a name")?;
    fake(&shop)?.decide_dispute(name, true)?;
    shop.provider.lose_undelivered();
    shop.reconcile().await?;
    assert_eq!(shop.credits().await?, 100, "it was won");
    assert_eq!(shop.reconcile().await?["events"], 0, "what was found is known");
    shop.require_sound_books().await
}

#[tokio::test]
async fn a_wrong_key_is_told_to_the_operator_and_never_shown() -> Result<()> {
    let fake = FakeRazorpay::start().await?;
    let settings = RazorpaySettings {
        key_id: "rzp_test_somebody".to_owned(),
        key_secret: "else_entirely".to_owned(),
        webhook_secret: "secret".to_owned(),
        api_base: fake.base(),
    };
    let razorpay = Razorpay::new(settings, Arc::new(TestClock::default()))?;
    let refused = razorpay.fetch_subscription("sub_1").await.unwrap_err();
    assert!(matches!(refused, PaymentError::Misconfigured { .. }), "{refused}");
    let told = format!("{refused} {refused:?}");
    assert!(!told.contains("somebody") && !told.contains("else_entirely"), "{told}");
    Ok(())
}
