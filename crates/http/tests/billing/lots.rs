//! Credits by expiry: what expires first is told first, is spent first, and is gone in its time.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_billing::Edition;
use gantry_ports::Clock;
use gantry_testkit::TestRequest;
use serde_json::{Value, json};

use crate::provider::Stage;
use crate::shop::{PAYS, Shop, edition};

const LOTS: &str = "/api/v1/account/lots";
const DAY: Duration = Duration::from_hours(24);

stages!(credits_are_told_by_expiry_until_they_are_gone:
    sqlite = Sandbox on Sqlite,
    postgres = Sandbox on Postgres,
);

stages!(what_is_given_expires_when_it_says:
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

async fn what_is_given_expires_when_it_says(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    let id = shop.account().await?["organization_id"].as_str().context("an id")?.to_owned();
    let path = format!("/api/v1/admin/organizations/{id}/credits");
    let now = shop.app.clock.now();
    let over = json!({ "credits": 30, "reason": "a pilot", "expires_at": now });
    shop.administrator.post(&path, &over).await?.require_status(409)?;
    let lasting = json!({ "credits": 20, "reason": "an apology" });
    shop.administrator.post(&path, &lasting).await?.require_status(204)?;
    let ends = now.plus(DAY / 2);
    let gift = json!({ "credits": 30, "reason": "a pilot", "expires_at": ends });
    give_under_one_key(&mut shop, &path, &gift).await?;

    let lots = page_of_lots(&mut shop).await?;
    assert_eq!(lots[0]["expires_at"], gift["expires_at"], "{lots}");
    assert_eq!((&lots[0]["source"], &lots[0]["left"]), (&json!("promotional"), &json!(30)));
    assert_eq!((&lots[1]["expires_at"], &lots[1]["left"]), (&Value::Null, &json!(20)));

    shop.app.clock.advance(DAY / 2);
    give_under_one_key(&mut shop, &path, &gift).await?;
    let lots = page_of_lots(&mut shop).await?;
    assert_eq!(lots.as_array().map(Vec::len), Some(1), "{lots}");
    assert_eq!(lots[0]["left"], 20);
    shop.administrator.post(&path, &gift).await?.require_status(409)?;
    shop.require_sound_books().await
}

async fn give_under_one_key(shop: &mut Shop, path: &str, gift: &Value) -> Result<()> {
    let request = TestRequest::new("POST", path).json(gift).header("idempotency-key", "pilot");
    shop.administrator.send(request).await?.require_status(204)?;
    Ok(())
}

async fn page_of_lots(shop: &mut Shop) -> Result<Value> {
    let answer = shop.buyer.get(LOTS).await?;
    answer.require_status(200)?;
    Ok(answer.json()?["items"].take())
}
