//! The sandbox's own pages, which stand in for those of a provider elsewhere.

use anyhow::Result;
use gantry_testkit::{TestRequest, TestResponse};
use serde_json::json;

use crate::provider::{Database, Stage, Who};
use crate::shop::{ASKS_FIRST, DECLINED, PAYS, Shop, edition};

async fn fill_in(shop: &Shop, page: &str, form: &str) -> Result<TestResponse> {
    let body = form.replace(' ', "%20");
    let request =
        TestRequest::new("POST", page).body("application/x-www-form-urlencoded", body.as_bytes());
    shop.app.client().send(request).await
}

#[tokio::test]
async fn the_sandbox_shows_what_is_due_and_takes_test_cards_alone() -> Result<()> {
    let stage = Stage { who: Who::Sandbox, database: Database::Sqlite };
    let mut shop = Shop::open(stage, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-500" })).await?;
    let shown = shop.app.client().get(&page).await?;
    assert!(shown.text().contains("45.00 USD"));
    fill_in(&shop, &page, &format!("card={DECLINED}")).await?.require_status(422)?;
    let real = fill_in(&shop, &page, "card=4111111111111111").await?;
    real.require_status(422)?;
    assert!(real.text().contains("test cards alone"));
    let asked = fill_in(&shop, &page, &format!("card={ASKS_FIRST}")).await?;
    asked.require_status(422)?;
    assert!(asked.text().contains("Your bank asks"));
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 0);
    fill_in(&shop, &page, &format!("card={PAYS}")).await?.require_status(303)?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 500);
    let portal = shop.buyer.post("/api/v1/account/portal", &json!({})).await?;
    portal.require_status(409)?;
    Ok(())
}
