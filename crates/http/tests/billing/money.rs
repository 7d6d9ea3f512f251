//! Credits that are bought and given back, cards that fail, plans that are changed.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::shop::{ASKS_FIRST, DECLINED, PAYS, PAYS_ONCE, Shop, edition};

async fn credits(shop: &mut Shop) -> Result<i64> {
    shop.account().await?["credits"]["available"].as_i64().context("a balance")
}

async fn payments(shop: &mut Shop) -> Result<Vec<Value>> {
    let list = shop.buyer.get("/api/v1/account/payments").await?.json()?;
    Ok(list["items"].as_array().cloned().unwrap_or_default())
}

#[tokio::test]
async fn credits_come_when_they_are_paid_and_once() -> Result<()> {
    let mut shop = Shop::open(edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-500" })).await?;
    let shown = shop.app.client().get(&page).await?;
    assert!(shown.text().contains("45.00 USD"));
    let declined = shop.pay(&page, &format!("card={DECLINED}")).await?;
    declined.require_status(422)?;
    let real = shop.pay(&page, "card=4111111111111111").await?;
    real.require_status(422)?;
    assert!(real.text().contains("test cards alone"));
    shop.deliver().await?;
    assert_eq!(credits(&mut shop).await?, 0);

    shop.pay(&page, &format!("card={PAYS}")).await?.require_status(303)?;
    assert_eq!(credits(&mut shop).await?, 0, "nothing is given before the provider tells");
    let events = shop.app.sandbox.list_undelivered().await?;
    shop.deliver().await?;
    assert_eq!(credits(&mut shop).await?, 500);
    for event in events {
        let again = shop.send(&event.body, &event.signature).await?;
        assert_eq!(again.json()?["outcome"], "known");
    }
    assert_eq!(credits(&mut shop).await?, 500);
    let paid = payments(&mut shop).await?;
    assert_eq!(paid.len(), 1);
    assert_eq!(paid[0]["amount"]["minor"], 4_500);
    let ledger = shop.buyer.get("/api/v1/account/ledger.csv").await?;
    ledger.require_status(200)?;
    let text = ledger.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "at,reason,account,amount,job_id,lot_id");
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines.iter().any(|line| line.contains(",available,500,")), "{text}");
    shop.require_sound_books().await
}

#[tokio::test]
async fn a_refund_takes_back_what_is_left_and_the_rest_is_owed() -> Result<()> {
    let mut shop = Shop::open(edition("automl")).await?;
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    let payment = payments(&mut shop).await?[0]["provider_ref"].clone();
    let part = json!({ "provider_ref": payment, "minor": 250 });
    let refund = "/api/v1/admin/payments/refund";
    shop.administrator.post(refund, &part).await?.require_status(202)?;
    shop.deliver().await?;
    assert_eq!(credits(&mut shop).await?, 75);
    shop.require_sound_books().await?;
    let rest = json!({ "provider_ref": payment });
    shop.administrator.post(refund, &rest).await?.require_status(202)?;
    shop.deliver().await?;
    assert_eq!(credits(&mut shop).await?, 0);
    shop.administrator.post(refund, &rest).await?.require_status(409)?;
    shop.require_sound_books().await
}

#[tokio::test]
async fn a_bank_may_ask_first() -> Result<()> {
    let mut shop = Shop::open(edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-100" })).await?;
    let asked = shop.pay(&page, &format!("card={ASKS_FIRST}")).await?;
    asked.require_status(422)?;
    assert!(asked.text().contains("Your bank asks"));
    let form = format!("card={ASKS_FIRST}&agreed=yes");
    shop.pay(&page, &form).await?.require_status(303)?;
    shop.deliver().await?;
    assert_eq!(credits(&mut shop).await?, 100);
    Ok(())
}

#[tokio::test]
async fn a_card_that_fails_is_asked_again_and_the_plan_ends_with_the_grace() -> Result<()> {
    let mut shop = Shop::open(edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS_ONCE).await?;
    assert_eq!(shop.plan().await?, "basic");
    shop.pass(32).await?;
    let due = shop.subscription().await?;
    assert_eq!(due["status"], "past_due");
    assert!(due["past_due_since"].is_string());
    assert_eq!(shop.plan().await?, "basic", "the grace keeps it");
    let failed = payments(&mut shop).await?;
    assert!(failed.iter().any(|payment| payment["status"] == "failed"));
    shop.pass(20).await?;
    assert_eq!(shop.subscription().await?["status"], "ended");
    assert_eq!(shop.plan().await?, "free");
    Ok(())
}

#[tokio::test]
async fn another_plan_costs_the_difference_and_a_period_renews() -> Result<()> {
    let mut shop = Shop::open(edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    let twice = shop.buyer.post("/api/v1/account/checkouts", &json!({ "plan": "premium" })).await?;
    twice.require_status(409)?;
    let switch = json!({ "action": "switch", "plan": "premium", "interval": "month" });
    shop.change(&switch).await?.require_status(200)?;
    assert_eq!(shop.plan().await?, "premium");
    shop.deliver().await?;
    let paid = payments(&mut shop).await?;
    assert_eq!(paid.len(), 2);
    // The whole period is left, less the seconds of this test.
    let difference = paid[0]["amount"]["minor"].as_i64().context("an amount")?;
    assert!((998..=1_000).contains(&difference), "{difference}");
    shop.change(&switch).await?.require_status(409)?;

    shop.pass(31).await?;
    let renewed = shop.subscription().await?;
    assert_eq!(renewed["status"], "active");
    let paid = payments(&mut shop).await?;
    assert_eq!(paid[0]["amount"]["minor"], 1_999);
    let cancelled = shop.change(&json!({ "action": "cancel" })).await?.json()?;
    assert_eq!(cancelled["cancels_at_period_end"], true);
    let kept = shop.change(&json!({ "action": "keep" })).await?.json()?;
    assert_eq!(kept["cancels_at_period_end"], false);
    shop.deliver().await?;
    shop.pass(31).await?;
    assert_eq!(shop.subscription().await?["status"], "active");
    Ok(())
}
