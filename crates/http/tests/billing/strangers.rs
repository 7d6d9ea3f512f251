//! What is paid on pages that were not opened here, though our names for purchases stand on them, or
//! for less than was asked for; and a page of ours whose name was lost on the way.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_testkit::TestRequest;
use gantry_testkit::fakes::{FakePaid, Trouble};
use serde_json::{Value, json};

use crate::paypal::{fake, name_of};
use crate::provider::{Database, Stage, Who};
use crate::shop::{PAYS, Shop, edition};

stages!(a_page_whose_name_was_lost_is_asked_for_again:
    stripe = Stripe on Sqlite,
    paypal = PayPal on Sqlite,
);

const STRIPE: Stage = Stage { who: Who::Stripe, database: Database::Sqlite };
const PAYPAL: Stage = Stage { who: Who::PayPal, database: Database::Sqlite };
const CHECKOUTS: &str = "/api/v1/account/checkouts";
const EVENTS: &str = "/api/v1/admin/payment-events";

/// A purchase: our name for it, and its page.
async fn order(shop: &mut Shop, wish: &Value) -> Result<(String, String)> {
    let answer = shop.buyer.post(CHECKOUTS, wish).await?;
    answer.require_status(201)?;
    let begun = answer.json()?;
    let text = |name: &str| begun[name].as_str().map(str::to_owned).context(begun.to_string());
    Ok((text("id")?, text("url")?))
}

/// The mark that our purchases have at PayPal.
async fn mark_of(shop: &mut Shop, id: &str) -> Result<String> {
    let account = shop.account().await?;
    let whose = account["organization_id"].as_str().context("an organization")?;
    Ok(format!("{whose}/{id}"))
}

/// What administrators read of the unclear events of a kind.
pub async fn list_notes(shop: &mut Shop, kind: &str) -> Result<Vec<String>> {
    let path = format!("{EVENTS}?outcome=unclear&kind={kind}");
    let listed = shop.administrator.get(&path).await?;
    listed.require_status(200)?;
    let listed = listed.json()?;
    let items = listed["items"].as_array().context("items")?;
    items.iter().map(|item| item["note"].as_str().map(str::to_owned).context("a note")).collect()
}

async fn require_nothing_bought(shop: &mut Shop) -> Result<()> {
    assert_eq!(shop.credits().await?, 0);
    assert!(shop.payments().await?.is_empty());
    Ok(())
}

/// The page that was opened here is as good as before.
async fn buy_after_all(shop: &mut Shop, page: &str) -> Result<()> {
    assert_eq!(shop.provider.pay(page, PAYS).await?, FakePaid::Yes);
    shop.carry().await?;
    assert_eq!(shop.credits().await?, 500);
    assert_eq!(shop.payments().await?.len(), 1);
    shop.app.clock.advance(Duration::from_mins(3));
    shop.reconcile().await?;
    assert_eq!(shop.credits().await?, 500);
    assert_eq!(shop.payments().await?[0]["amount"]["minor"], 4_500);
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_link_pays_for_no_purchase_of_ours() -> Result<()> {
    let mut shop = Shop::open(STRIPE, edition("automl")).await?;
    let (id, page) = order(&mut shop, &json!({ "package": "credits-500" })).await?;
    for minor in [100, 4_500] {
        let paid = shop.provider.stripe()?.pay_by_link(&id, (minor, "usd"))?;
        assert_eq!(paid, FakePaid::Yes);
    }
    shop.carry().await?;
    require_nothing_bought(&mut shop).await?;
    let notes = list_notes(&mut shop, "checkout.session.completed").await?;
    assert_eq!(notes.len(), 2, "{notes:?}");
    for note in &notes {
        assert!(note.contains(&id) && note.contains("was not opened here"), "{note}");
    }
    buy_after_all(&mut shop, &page).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_of_a_stranger_pays_for_no_purchase_of_ours() -> Result<()> {
    let mut shop = Shop::open(PAYPAL, edition("automl")).await?;
    let (id, page) = order(&mut shop, &json!({ "package": "credits-500" })).await?;
    let mark = mark_of(&mut shop, &id).await?;
    for dollars in ["0.01", "45.00"] {
        fake(&shop)?.approve_own_order(&mark, dollars)?;
    }
    shop.carry().await?;
    require_nothing_bought(&mut shop).await?;
    let notes = list_notes(&mut shop, "PAYMENT.CAPTURE.COMPLETED").await?;
    assert_eq!(notes.len(), 2, "{notes:?}");
    for note in &notes {
        assert!(note.contains(&id) && note.contains("was not opened here"), "{note}");
    }
    buy_after_all(&mut shop, &page).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_its_buyer_made_cheaper_gives_nothing() -> Result<()> {
    let mut shop = Shop::open(PAYPAL, edition("automl")).await?;
    let page = shop.order(&json!({ "package": "credits-500" })).await?;
    fake(&shop)?.change_amount(name_of(&page)?, "44.99")?;
    assert_eq!(shop.provider.pay(&page, PAYS).await?, FakePaid::Yes);
    shop.carry().await?;
    require_nothing_bought(&mut shop).await?;
    // Nor is it believed when it is asked about.
    shop.app.clock.advance(Duration::from_mins(3));
    shop.reconcile().await?;
    require_nothing_bought(&mut shop).await?;
    let notes = list_notes(&mut shop, "PAYMENT.CAPTURE.COMPLETED").await?;
    assert!(!notes.is_empty());
    for note in &notes {
        assert!(note.contains("costs 45.00 USD") && note.contains("44.99 USD"), "{note}");
    }
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_of_a_stranger_is_no_free_trial() -> Result<()> {
    let mut shop = Shop::open(PAYPAL, edition("litxplore")).await?;
    let page = shop.order(&json!({ "plan": "basic" })).await?;
    let before = shop.plan().await?;
    fake(&shop)?.begin_own_subscription(name_of(&page)?, 700)?;
    shop.carry().await?;
    fake(&shop)?.begin_own_subscription(name_of(&page)?, 0)?;
    shop.carry().await?;
    assert_eq!(shop.payments().await?, Vec::<Value>::new(), "nor is its money ours");
    shop.app.clock.advance(Duration::from_mins(3));
    shop.reconcile().await?;
    assert_eq!(shop.plan().await?, before);
    assert_eq!(shop.subscription().await?, Value::Null);
    let notes = list_notes(&mut shop, "BILLING.SUBSCRIPTION.ACTIVATED").await?;
    assert_eq!(notes.len(), 2, "{notes:?}");
    let sales = list_notes(&mut shop, "PAYMENT.SALE.COMPLETED").await?;
    assert_eq!(sales.len(), 1, "{sales:?}");
    let mut notes = notes.iter().chain(&sales);
    assert!(notes.all(|note| note.contains("was not opened here")), "{sales:?}");

    assert_eq!(shop.provider.pay(&page, PAYS).await?, FakePaid::Yes);
    shop.carry().await?;
    assert_eq!(shop.plan().await?, "basic");
    assert_eq!(shop.subscription().await?["status"], "active");
    assert_eq!(shop.payments().await?.len(), 1);
    shop.require_sound_books().await
}

/// It was made and never noted, and the repetition of the request is led to the same one.
async fn a_page_whose_name_was_lost_is_asked_for_again(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    // PayPal's token is had from here on.
    shop.order(&json!({ "package": "credits-100" })).await?;
    let request = || {
        let wish = json!({ "package": "credits-500" });
        TestRequest::new("POST", CHECKOUTS).json(&wish).header("idempotency-key", "lost")
    };
    shop.provider.expect_trouble(&[Trouble::Cut; 3]);
    shop.buyer.send(request()).await?.require_status(503)?;
    let again = shop.buyer.send(request()).await?;
    again.require_status(201)?;
    let page = again.json()?["url"].as_str().context("an address")?.to_owned();
    buy_after_all(&mut shop, &page).await
}
