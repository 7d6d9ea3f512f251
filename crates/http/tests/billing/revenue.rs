//! Recurring revenue follows what is bought, changed and left.

use anyhow::{Context, Result, ensure};
use gantry_testkit::fakes::{FakePaid, Trouble};
use serde_json::{Value, json};

use crate::provider::Stage;
use crate::shop::{PAYS, Shop, edition};

on_every_switching_stage!(revenue_follows_subscriptions);

stages!(who_pays_on_two_pages_has_one_subscription:
    stripe_sqlite = Stripe on Sqlite,
    stripe_postgres = Stripe on Postgres,
);

/// The figures of the month of a day, which add up.
pub async fn month(shop: &mut Shop, day: &str) -> Result<Value> {
    let month = day.get(..7).context("a month")?;
    let answer = shop.administrator.get(&format!("/api/v1/admin/revenue?month={month}")).await?;
    answer.require_status(200)?;
    let found = answer.json()?;
    let minor = |name: &str| found[name]["minor"].as_i64().context("an amount");
    let won = minor("new")? + minor("expansion")? + minor("reactivation")?;
    let lost = minor("contraction")? + minor("churn")?;
    assert_eq!(minor("opening")? + won - lost, minor("closing")?, "{found}");
    Ok(found)
}

async fn revenue_follows_subscriptions(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    let bought = shop.subscription().await?;
    let begun = bought["period_start"].as_str().context("a start")?.to_owned();
    let switch = json!({ "action": "switch", "plan": "premium", "interval": "month" });
    shop.change(&switch).await?.require_status(200)?;
    shop.deliver().await?;
    let first = month(&mut shop, &begun).await?;
    assert_eq!(first["new"]["minor"], 999);
    assert_eq!(first["expansion"]["minor"], 1_000);
    assert_eq!(first["closing"]["text"], "19.99 USD");
    assert_eq!(first["yearly"]["minor"], 23_988);
    assert_eq!(first["customers_closing"], 1);
    assert_eq!(first["customers_new"], 1);
    let registered = first["registered"].as_u64().context("a count")?;
    assert_eq!(registered, 2, "the administrator and the buyer");
    assert_eq!(first["conversion"], 0.5);
    assert_eq!(first["lifetime_value_minor"], Value::Null, "nobody left");
    assert_eq!(first["gross_churn"], Value::Null);
    shop.change(&json!({ "action": "cancel" })).await?.require_status(200)?;
    shop.deliver().await?;
    assert_eq!(month(&mut shop, &begun).await?["churn"]["minor"], 0, "dated at the period's end");
    let ends = shop.subscription().await?["period_end"].as_str().context("an end")?.to_owned();
    shop.pass(32).await?;
    let last = month(&mut shop, &ends).await?;
    assert_eq!(last["churn"]["minor"], 1_999);
    assert_eq!(last["closing"]["minor"], 0);
    assert_eq!(last["customers_lost"], 1);
    assert_eq!((&last["customers_new"], &last["registered"]), (&json!(0), &json!(0)));
    assert_eq!(last["conversion"], Value::Null);
    let wrong = shop.administrator.get("/api/v1/admin/revenue?month=May").await?;
    wrong.require_status(400)?;
    Ok(())
}

async fn who_pays_on_two_pages_has_one_subscription(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    let first = shop.order(&json!({ "plan": "basic" })).await?;
    // Stripe does not close the first page.
    shop.provider.expect_trouble(&[Trouble::Broken; 3]);
    let second = shop.order(&json!({ "plan": "premium" })).await?;
    ensure!(shop.provider.pay(&first, PAYS).await? == FakePaid::Yes, "the first is paid");
    ensure!(shop.provider.pay(&second, PAYS).await? == FakePaid::Yes, "the second is paid");
    shop.deliver().await?;
    assert_eq!(shop.plan().await?, "basic", "the first one stays");
    let kept = shop.subscription().await?;
    assert_eq!(kept["status"], "active");
    let paid = shop.payments().await?;
    assert_eq!(paid.len(), 2);
    let second = paid.iter().find(|payment| payment["amount"]["minor"] == 1_999);
    let second = second.context("the second payment")?;
    let again = shop.refund(second, None).await?;
    again.require_status(409)?;
    let begun = kept["period_start"].as_str().context("a start")?.to_owned();
    assert_eq!(month(&mut shop, &begun).await?["closing"]["minor"], 999, "one is counted");
    shop.reconcile().await?;
    shop.pass(32).await?;
    assert_eq!(shop.payments().await?.len(), 3, "one of them renews");
    assert_eq!(shop.plan().await?, "basic");
    shop.require_sound_books().await
}
