//! Messages that are forged, late, doubled, or in the wrong order.

use anyhow::Result;
use serde_json::json;

use crate::shop::{PAYS, Shop, edition};

#[tokio::test]
async fn only_what_the_provider_signed_is_believed() -> Result<()> {
    let mut shop = Shop::open(edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-5000" })).await?;
    shop.pay(&page, &format!("card={PAYS}")).await?.require_status(303)?;
    let events = shop.app.sandbox.list_undelivered().await?;
    let event = events.last().unwrap();
    let text = String::from_utf8_lossy(&event.body).into_owned();
    let forged = text.replace("5000", "5001").replace("35000", "1");
    for (body, signature) in [
        (forged.as_bytes(), event.signature.as_str()),
        (&event.body, "t=1,v1=00"),
        (&event.body, ""),
        (b"not json".as_slice(), event.signature.as_str()),
    ] {
        let answer = shop.send(body, signature).await?;
        answer.require_status(400)?;
        assert_eq!(answer.json()?["code"], "invalid_request");
    }
    let elsewhere = gantry_testkit::TestRequest::new("POST", "/api/v1/payments/webhooks/stripe")
        .body("application/json", b"{}");
    shop.app.client().send(elsewhere).await?.require_status(404)?;
    assert_eq!(shop.account().await?["credits"]["available"], 0);
    shop.deliver().await?;
    assert_eq!(shop.account().await?["credits"]["available"], 5_000);
    Ok(())
}

#[tokio::test]
async fn events_in_the_wrong_order_end_in_the_same_state() -> Result<()> {
    let mut shop = Shop::open(edition("litxplore")).await?;
    let page = shop.order(&json!({ "plan": "premium" })).await?;
    shop.pay(&page, &format!("card={PAYS}")).await?.require_status(303)?;
    let days = std::time::Duration::from_secs(62 * 86_400);
    gantry_ports::SandboxDesk::advance(shop.app.sandbox.as_ref(), days).await?;
    let mut events = shop.app.sandbox.list_undelivered().await?;
    assert!(events.len() >= 5, "two renewals, their bills and the purchase");
    events.reverse();
    for event in events.iter().chain(&events) {
        shop.send(&event.body, &event.signature).await?.require_status(200)?;
        shop.app.sandbox.note_delivered(&event.event_ref).await?;
    }
    shop.administrator
        .post("/api/v1/admin/payments/reconcile", &json!({}))
        .await?
        .require_status(200)?;
    assert_eq!(shop.plan().await?, "premium");
    let list = shop.buyer.get("/api/v1/account/payments").await?.json()?;
    assert_eq!(list["items"].as_array().map_or(0, Vec::len), 3, "{list}");
    let period = shop.subscription().await?;
    assert_eq!(period["status"], "active");
    Ok(())
}
