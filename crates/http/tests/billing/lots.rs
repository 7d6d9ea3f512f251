//! Credits by expiry: what expires first is told first, is spent first, and is gone in its time.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_billing::Edition;
use serde_json::{Value, json};

use crate::provider::Stage;
use crate::shop::{PAYS, Shop, edition};

const LOTS: &str = "/api/v1/account/lots";
const DAY: Duration = Duration::from_hours(24);

stages!(credits_are_told_by_expiry_until_they_are_gone:
    sqlite = Sandbox on Sqlite,
    postgres = Sandbox on Postgres,
);

/// The edition's packages; the small one expires after 30 days, the others after 60.
fn expiring() -> Edition {
    let mut edition = edition("automl");
    for package in &mut edition.packages {
        let days = if package.slug == "credits-100" { 30 } else { 60 };
        package.expires_after = Some(DAY * days);
    }
    edition
}

/// Reason, what was given and what is left of each lot, in the order in which they are told.
async fn told(shop: &mut Shop) -> Result<Vec<(String, i64, i64)>> {
    let answer = shop.buyer.get(LOTS).await?;
    answer.require_status(200)?;
    let page = answer.json()?;
    assert!(page["next_cursor"].is_null(), "{page}");
    let mut lots = Vec::new();
    for lot in page["items"].as_array().context("lots")? {
        assert_eq!(lot["source"], "paid");
        assert!(lot["expires_at"].is_string() && lot["created_at"].is_string(), "{lot}");
        let number = |name: &str| lot[name].as_i64().context("a number");
        let reason = lot["reason"].as_str().context("a reason")?.to_owned();
        lots.push((reason, number("granted")?, number("left")?));
    }
    Ok(lots)
}

async fn page_after(shop: &mut Shop, cursor: Option<&str>) -> Result<Value> {
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    let answer = shop.buyer.get(&format!("{LOTS}?limit=1{cursor}")).await?;
    answer.require_status(200)?;
    answer.json()
}

async fn credits_are_told_by_expiry_until_they_are_gone(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, expiring()).await?;
    assert!(told(&mut shop).await?.is_empty());
    shop.buy(&json!({ "package": "credits-500" }), PAYS).await?;
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    let (small, large) = ("package credits-100".to_owned(), "package credits-500".to_owned());
    let bought = [(small.clone(), 100, 100), (large.clone(), 500, 500)];
    assert_eq!(told(&mut shop).await?, bought, "not in the order of buying");

    let first = page_after(&mut shop, None).await?;
    assert_eq!(first["items"][0]["reason"], small.as_str());
    let second = page_after(&mut shop, first["next_cursor"].as_str()).await?;
    assert_eq!(second["items"][0]["reason"], large.as_str());
    assert!(second["next_cursor"].is_null(), "{second}");
    shop.buyer.get(&format!("{LOTS}?limit=0")).await?.require_status(400)?;
    shop.buyer.get(&format!("{LOTS}?cursor=nowhere")).await?.require_status(400)?;

    shop.spend(70).await?;
    assert_eq!(told(&mut shop).await?, [(small, 100, 30), (large.clone(), 500, 500)]);
    shop.wait_days(31);
    assert_eq!(told(&mut shop).await?, [(large, 500, 500)]);
    shop.wait_days(30);
    assert!(told(&mut shop).await?.is_empty());
    shop.require_sound_books().await
}
