//! A plan that an administrator said outlasts the news of subscriptions.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_ports::Clock;
use gantry_testkit::TestRequest;
use serde_json::{Value, json};

use crate::provider::Stage;
use crate::shop::{PAYS, Shop, edition};

on_every_stage!(a_plan_that_an_administrator_said_holds_until_it_is_released);

async fn path_of(shop: &mut Shop) -> Result<String> {
    let account = shop.account().await?;
    let id = account["organization_id"].as_str().context("an id")?;
    Ok(format!("/api/v1/admin/organizations/{id}/plan"))
}

async fn a_plan_that_an_administrator_said_holds_until_it_is_released(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("montecarlo")).await?;
    shop.buy(&json!({ "plan": "starter", "interval": "month" }), PAYS).await?;
    assert_eq!(shop.plan().await?, "starter");
    let path = path_of(&mut shop).await?;
    let put = |body: Value| TestRequest::new("PUT", &path).json(&body);
    shop.administrator.send(put(json!({ "plan": "enterprise" }))).await?.require_status(204)?;
    // News of the subscription do not undo it.
    shop.change(&json!({ "action": "cancel" })).await?.require_status(200)?;
    shop.deliver().await?;
    shop.reconcile().await?;
    assert_eq!(shop.plan().await?, "enterprise");

    let release = || TestRequest::new("DELETE", &path);
    shop.administrator.send(release()).await?.require_status(204)?;
    assert_eq!(shop.plan().await?, "starter", "what was paid for");
    shop.administrator.send(release()).await?.require_status(204)?;
    assert_eq!(shop.plan().await?, "starter");

    let clock = shop.app.clock.clone();
    let past = json!({ "plan": "enterprise", "until": clock.now() });
    shop.administrator.send(put(past)).await?.require_status(409)?;
    let until = clock.now().plus(Duration::from_hours(1));
    let granted = json!({ "plan": "enterprise", "until": until });
    shop.administrator.send(put(granted)).await?.require_status(204)?;
    assert_eq!(shop.app.billing.end_plan_fixes().await?, 0);
    assert_eq!(shop.plan().await?, "enterprise");
    clock.advance(Duration::from_hours(2));
    assert_eq!(shop.app.billing.end_plan_fixes().await?, 1);
    assert_eq!(shop.app.billing.end_plan_fixes().await?, 0);
    assert_eq!(shop.plan().await?, "starter");
    Ok(())
}
