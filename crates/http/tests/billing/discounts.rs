//! What coupons take off, and what of it recurring revenue knows: of every payment while it lasts,
//! and nothing of what is taken off once.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_testkit::fakes::stripe::{FakeDuration, FakeOff};
use gantry_testkit::fakes::{FakePaid, Trouble};
use gantry_types::Timestamp;
use serde_json::{Value, json};

use crate::provider::Stage;
use crate::revenue::month;
use crate::shop::{PAYS, Shop, edition};

/// Days after which a month has been paid for once more.
const PASSED: u64 = 32;
/// As often as one request is sent, for the two events that begin a subscription.
const BOTH_FAIL: [Trouble; 6] = [Trouble::Broken; 6];

stages!(a_coupon_of_every_payment_lowers_revenue:
    stripe_sqlite = Stripe on Sqlite,
    stripe_postgres = Stripe on Postgres,
);

stages!(a_coupon_that_ends_is_an_expansion:
    stripe_sqlite = Stripe on Sqlite,
    stripe_postgres = Stripe on Postgres,
);

stages!(what_is_taken_off_once_is_not_deducted: stripe_sqlite = Stripe on Sqlite);

stages!(what_stripe_does_not_say_is_asked_for_again:
    stripe_sqlite = Stripe on Sqlite,
    stripe_postgres = Stripe on Postgres,
);

/// Pays for the plan of 9.99 a month with a code; nothing is told yet.
async fn pay(shop: &mut Shop, (off, lasts): (FakeOff, FakeDuration)) -> Result<()> {
    let page = shop.order(&json!({ "plan": "basic" })).await?;
    let name = page.rsplit('/').next().context("a page")?;
    let fake = shop.provider.stripe()?;
    fake.offer_code("LESS", off, lasts)?;
    ensure!(fake.pay(name, PAYS, Some("LESS"))? == FakePaid::Yes, "{off:?} is not paid");
    Ok(())
}

async fn day_of(shop: &mut Shop, which: &str) -> Result<String> {
    Ok(shop.subscription().await?[which].as_str().context("a day")?.to_owned())
}

async fn paid(shop: &mut Shop) -> Result<Vec<Value>> {
    let payments = shop.payments().await?;
    Ok(payments.iter().map(|payment| payment["amount"]["minor"].clone()).collect())
}

async fn a_coupon_of_every_payment_lowers_revenue(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    pay(&mut shop, (FakeOff::Cents(300), FakeDuration::Forever)).await?;
    shop.deliver().await?;
    let begun = day_of(&mut shop, "period_start").await?;
    let first = month(&mut shop, &begun).await?;
    assert_eq!((&first["new"]["minor"], &first["closing"]["minor"]), (&json!(699), &json!(699)));
    shop.pass(PASSED).await?;
    let then = day_of(&mut shop, "period_start").await?;
    let second = month(&mut shop, &then).await?;
    assert_eq!(
        (&second["opening"]["minor"], &second["closing"]["minor"]),
        (&json!(699), &json!(699))
    );
    assert_eq!(paid(&mut shop).await?, [json!(699), json!(699)]);
    let switch = json!({ "action": "switch", "plan": "premium", "interval": "month" });
    shop.change(&switch).await?.require_status(200)?;
    shop.deliver().await?;
    // By the provider's clock; the month in which the period began may be over.
    let day = begun.parse::<Timestamp>()?.plus(Duration::from_secs(PASSED * 86_400));
    let switched = month(&mut shop, &day.to_string()).await?;
    assert_eq!(switched["expansion"]["minor"], 1_000);
    assert_eq!(switched["closing"]["minor"], 1_699);
    shop.require_sound_books().await
}

async fn a_coupon_that_ends_is_an_expansion(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    pay(&mut shop, (FakeOff::Percent(50), FakeDuration::Months(1))).await?;
    shop.deliver().await?;
    let begun = day_of(&mut shop, "period_start").await?;
    let ends = day_of(&mut shop, "period_end").await?;
    assert_eq!(month(&mut shop, &begun).await?["closing"]["minor"], 499);
    let found = month(&mut shop, &ends).await?;
    assert_eq!(found["expansion"]["minor"], 500, "without anything being told");
    assert_eq!(found["closing"]["minor"], 999);
    shop.pass(32).await?;
    let found = month(&mut shop, &ends).await?;
    assert_eq!(
        (&found["expansion"]["minor"], &found["closing"]["minor"]),
        (&json!(500), &json!(999))
    );
    let mut paid = paid(&mut shop).await?;
    paid.sort_by_key(Value::as_i64);
    assert_eq!(paid, [json!(499), json!(999)]);
    shop.require_sound_books().await
}

async fn what_is_taken_off_once_is_not_deducted(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    pay(&mut shop, (FakeOff::Percent(50), FakeDuration::Once)).await?;
    shop.deliver().await?;
    assert_eq!(paid(&mut shop).await?, [json!(499)]);
    let begun = day_of(&mut shop, "period_start").await?;
    let found = month(&mut shop, &begun).await?;
    assert_eq!((&found["new"]["minor"], &found["contraction"]["minor"]), (&json!(999), &json!(0)));
    assert_eq!(found["closing"]["minor"], 999);
    shop.require_sound_books().await
}

async fn what_stripe_does_not_say_is_asked_for_again(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    pay(&mut shop, (FakeOff::Cents(300), FakeDuration::Forever)).await?;
    shop.provider.stripe()?.expect_trouble(&BOTH_FAIL);
    shop.deliver().await?;
    assert_eq!(shop.plan().await?, "basic", "what else is told is applied");
    let begun = day_of(&mut shop, "period_start").await?;
    assert_eq!(month(&mut shop, &begun).await?["closing"]["minor"], 999, "not known yet");
    assert_eq!(shop.reconcile().await?["subscriptions"], 1);
    assert_eq!(month(&mut shop, &begun).await?["closing"]["minor"], 699);
    assert_eq!(shop.reconcile().await?["subscriptions"], 0, "it is known now");
    shop.require_sound_books().await
}
