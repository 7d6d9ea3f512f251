//! Messages that are forged, late, doubled, lost, or in the wrong order.

use std::time::Duration;

use anyhow::Result;
use gantry_billing::{BillingNews, Edition, Received};
use gantry_testkit::TestRequest;
use gantry_testkit::fakes::FakeDelivery;
use gantry_types::{Currency, Money};
use serde_json::json;

use crate::provider::{Database, Stage, Who};
use crate::shop::{DISPUTES, PAYS, PAYS_ONCE, Shop, edition};

/// After so long a purchase that nothing was heard of is asked about.
const MINUTES: Duration = Duration::from_mins(5);

on_every_stage!(
    only_what_the_provider_signed_is_believed,
    a_message_that_was_kept_is_not_believed_later,
    events_in_the_wrong_order_end_in_the_same_state,
    an_event_that_is_not_taken_is_taken_later,
    what_was_lost_is_asked_for,
    a_renewal_that_was_lost_is_asked_for,
    any_order_ends_in_the_same_state,
);

async fn only_what_the_provider_signed_is_believed(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-5000" })).await?;
    shop.provider.pay(&page, PAYS).await?;
    let events = shop.provider.list_undelivered().await?;
    let event = events.last().unwrap();
    let text = String::from_utf8_lossy(&event.body).into_owned();
    let header = event.headers[0].0.clone();
    let signed = |value: &str| vec![(header.clone(), value.to_owned())];
    // In minor units, or as PayPal writes it.
    let body = text.replace("35000", "1").replace("350.00", "0.01").into_bytes();
    for forged in [
        FakeDelivery { body, ..event.clone() },
        FakeDelivery { headers: signed("t=1,v1=00"), ..event.clone() },
        FakeDelivery { headers: signed(""), ..event.clone() },
        FakeDelivery { headers: Vec::new(), ..event.clone() },
        FakeDelivery { body: b"not json".to_vec(), ..event.clone() },
    ] {
        let answer = shop.send(&forged).await?;
        answer.require_status(400)?;
        assert_eq!(answer.json()?["code"], "invalid_request");
    }
    let elsewhere = TestRequest::new("POST", "/api/v1/payments/webhooks/elsewhere")
        .body("application/json", b"{}");
    shop.app.client().send(elsewhere).await?.require_status(404)?;
    assert_eq!(shop.credits().await?, 0);
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 5_000);
    shop.require_sound_books().await
}

async fn a_message_that_was_kept_is_not_believed_later(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-100" })).await?;
    shop.provider.pay(&page, PAYS).await?;
    let events = shop.provider.list_undelivered().await?;
    // Razorpay signs no time, and sends again for a day; PayPal for three, under the first time.
    shop.app.clock.advance(match stage.who {
        Who::Sandbox | Who::Stripe => Duration::from_secs(301),
        Who::Razorpay => Duration::from_hours(26),
        Who::PayPal => Duration::from_hours(97),
    });
    for event in &events {
        shop.send(event).await?.require_status(400)?;
    }
    assert_eq!(shop.credits().await?, 0);
    Ok(())
}

async fn events_in_the_wrong_order_end_in_the_same_state(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    let page = shop.order(&json!({ "plan": "premium" })).await?;
    shop.provider.pay(&page, PAYS).await?;
    shop.provider.advance(62).await?;
    let mut events = shop.provider.list_undelivered().await?;
    assert!(events.len() >= 5, "two renewals, their bills and the purchase");
    events.reverse();
    for event in events.iter().chain(&events) {
        shop.send(event).await?.require_status(200)?;
        shop.provider.note_delivered(&event.event_ref).await?;
    }
    shop.deliver().await?;
    assert_eq!(shop.plan().await?, "premium");
    let payments = shop.payments().await?;
    assert_eq!(payments.len(), 3, "{payments:?}");
    assert_eq!(shop.subscription().await?["status"], "active");
    shop.require_sound_books().await
}

/// The server is away, as far as the provider can tell; the same events come again, in part twice.
async fn an_event_that_is_not_taken_is_taken_later(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-500" })).await?;
    shop.provider.pay(&page, PAYS).await?;
    let events = shop.provider.list_undelivered().await?;
    for event in &events {
        // It was applied, and the answer was lost: the provider does not know.
        shop.send(event).await?.require_status(200)?;
    }
    assert_eq!(shop.credits().await?, 500);
    // PayPal tells of the money, too, which is collected when its first event is taken.
    let again = shop.provider.list_undelivered().await?;
    let again = again.iter().filter(|told| events.iter().any(|e| e.event_ref == told.event_ref));
    let mut repeated = 0;
    for event in again {
        let answer = shop.send(event).await?;
        assert_eq!(answer.json()?["outcome"], "known");
        repeated += 1;
    }
    assert_eq!(repeated, events.len());
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 500);
    assert_eq!(shop.payments().await?.len(), 1);
    shop.require_sound_books().await
}

async fn what_was_lost_is_asked_for(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-1000" })).await?;
    shop.provider.pay(&page, PAYS).await?;
    shop.provider.lose_undelivered();
    assert_eq!(shop.credits().await?, 0);
    shop.app.clock.advance(MINUTES);
    let done = shop.reconcile().await?;
    assert_ne!(done["events"], 0);
    assert_eq!(shop.credits().await?, 1_000);
    assert_eq!(shop.reconcile().await?["events"], 0, "what was found is known");
    let payment = shop.payments().await?.remove(0);
    shop.refund(&payment, None).await?.require_status(202)?;
    shop.provider.lose_undelivered();
    shop.reconcile().await?;
    assert_eq!(shop.credits().await?, 0);
    shop.require_sound_books().await
}

async fn a_renewal_that_was_lost_is_asked_for(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    let page = shop.order(&json!({ "plan": "basic" })).await?;
    shop.provider.pay(&page, PAYS).await?;
    shop.provider.lose_undelivered();
    shop.app.clock.advance(MINUTES);
    shop.reconcile().await?;
    assert_eq!(shop.plan().await?, "basic");
    let first = shop.subscription().await?["period_end"].clone();
    shop.provider.advance(32).await?;
    shop.provider.lose_undelivered();
    shop.wait_days(32);
    shop.reconcile().await?;
    let renewed = shop.subscription().await?;
    assert_eq!(renewed["status"], "active");
    assert_ne!(renewed["period_end"], first);
    assert_eq!(shop.payments().await?.len(), 2);
    shop.require_sound_books().await
}

/// Credits, a dispute, a plan whose second payment fails: told in orders that chance chooses, and
/// in part twice.
async fn any_order_ends_in_the_same_state(stage: Stage) -> Result<()> {
    for seed in 1..=4 {
        let mut shop = Shop::open(stage, mixed_edition()).await?;
        let wishes = [
            (json!({ "package": "credits-100" }), PAYS),
            (json!({ "package": "credits-500" }), DISPUTES),
            (json!({ "plan": "basic" }), PAYS_ONCE),
        ];
        for (wish, card) in wishes {
            let page = shop.order(&wish).await?;
            shop.provider.pay(&page, card).await?;
        }
        shop.provider.advance(60).await?;
        let mut events = shop.provider.list_undelivered().await?;
        let copies: Vec<FakeDelivery> = events.iter().step_by(3).cloned().collect();
        events.extend(copies);
        shuffle(&mut events, seed);
        for event in &events {
            shop.send(event).await?.require_status(200)?;
            shop.provider.note_delivered(&event.event_ref).await?;
        }
        shop.deliver().await?;
        shop.wait_days(60);
        shop.reconcile().await?;
        assert_eq!(shop.credits().await?, 100, "seed {seed}");
        assert_eq!(shop.plan().await?, "free", "seed {seed}");
        let payments = shop.payments().await?;
        let mut received: Vec<i64> = payments
            .iter()
            .filter(|payment| payment["status"] == "received")
            .filter_map(|payment| payment["amount"]["minor"].as_i64())
            .collect();
        received.sort_unstable();
        assert_eq!(received, [999, 1_000, 4_500], "seed {seed}");
        shop.require_sound_books().await?;
    }
    Ok(())
}

/// Plans of one edition and packages of another.
fn mixed_edition() -> Edition {
    Edition { packages: edition("automl").packages, ..edition("litxplore") }
}

/// Fisher and Yates, by a linear congruential generator.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for place in (1..items.len()).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap() % (place + 1);
        items.swap(place, other);
    }
}

/// What is committed is announced, and a copy of its event announces nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_told_of_their_money_once() -> Result<()> {
    let stage = Stage { who: Who::Sandbox, database: Database::Sqlite };
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    let page = shop.order(&json!({ "plan": "basic" })).await?;
    shop.provider.pay(&page, PAYS_ONCE).await?;
    shop.provider.advance(32).await?;
    let mut told = Vec::new();
    for event in shop.provider.list_undelivered().await? {
        let raw = (event.body.as_slice(), event.headers.as_slice());
        let Received::Noted { notices, .. } =
            shop.app.billing.receive_event("sandbox", raw).await?
        else {
            anyhow::bail!("{} is new", event.event_ref);
        };
        told.extend(notices.into_iter().map(|notice| notice.news));
        assert_eq!(shop.app.billing.receive_event("sandbox", raw).await?, Received::Known);
    }
    let (amount, description) = (Money::parse("9.99", Currency::usd())?, "LitXplore Basic");
    let description = description.to_owned();
    let expected = [
        BillingNews::PlanChanged { before: "Free".to_owned(), after: "Basic".to_owned() },
        BillingNews::Received { amount, description: description.clone(), credits: None },
        BillingNews::Failed { amount, description },
    ];
    assert_eq!(told, expected);
    // Once each, to the owner: the same messages again wrote no other letters.
    let mails = shop.app.take_mails().await?;
    let mut kinds: Vec<&str> = mails.iter().map(|mail| mail.kind.as_str()).collect();
    kinds.retain(|kind| *kind != "verify_email");
    kinds.sort_unstable();
    assert_eq!(kinds, ["payment_failed", "plan_changed", "receipt"]);
    let receipt = mails.iter().find(|mail| mail.kind == "receipt").unwrap();
    assert!(receipt.mail.subject.contains("9.99 USD"), "{}", receipt.mail.subject);
    assert!(receipt.mail.text.contains("LitXplore Basic"), "{}", receipt.mail.text);
    Ok(())
}
