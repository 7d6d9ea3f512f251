//! Trials whose end an administrator moves: later, to now, and at providers that move none.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_billing::Edition;
use gantry_testkit::TestRequest;
use gantry_types::Timestamp;
use serde_json::{Value, json};

use crate::provider::{Database, Stage, Who};
use crate::shop::{PAYS, PAYS_ONCE, Shop, edition};

on_every_crediting_stage!(
    an_administrator_lengthens_a_trial_and_ends_it,
    a_trial_that_was_cancelled_is_lengthened_and_never_charged,
    a_trial_that_ends_with_a_bad_card_is_in_arrears,
);

/// An edition in which a plan is tried for two weeks.
pub fn tried() -> Result<Edition> {
    let mut tried = edition("litxplore");
    let basic = tried.plans.iter_mut().find(|plan| plan.slug == "basic").context("a plan")?;
    basic.terms.price.trial_days = 14;
    Ok(tried)
}

/// A shop in which the buyer is on trial.
async fn open(stage: Stage, card: &str) -> Result<Shop> {
    let mut shop = Shop::open(stage, tried()?).await?;
    shop.buy(&json!({ "plan": "basic" }), card).await?;
    let begun = shop.subscription().await?;
    assert_eq!(
        (&begun["status"], &begun["provider"]),
        (&json!("trialing"), &json!(shop.provider.id()))
    );
    Ok(shop)
}

async fn path_of(shop: &mut Shop, what: &str) -> Result<String> {
    let account = shop.account().await?;
    let id = account["organization_id"].as_str().context("an id")?;
    Ok(format!("/api/v1/admin/organizations/{id}/{what}"))
}

/// Some days after the present end.
async fn days_after_the_end(shop: &mut Shop, days: u64) -> Result<Timestamp> {
    let known = shop.subscription().await?;
    let end: Timestamp = known["period_end"].as_str().context("an end")?.parse()?;
    Ok(end.plus(Duration::from_hours(days * 24)))
}

fn lengthen(until: Timestamp) -> Value {
    json!({ "action": "lengthen", "until": until, "reason": "still trying" })
}

fn end() -> Value {
    json!({ "action": "end", "reason": "asked for it" })
}

/// What is refused, in words that say what is possible.
async fn require_refused(shop: &mut Shop, wish: &Value, words: &str) -> Result<()> {
    let path = path_of(shop, "trial").await?;
    let refused = shop.administrator.post(&path, wish).await?;
    refused.require_status(409)?;
    assert!(refused.text().contains(words), "{wish}: {}", refused.text());
    Ok(())
}

async fn move_end(shop: &mut Shop, wish: &Value) -> Result<Value> {
    let path = path_of(shop, "trial").await?;
    let moved = shop.administrator.post(&path, wish).await?;
    moved.require_status(200)?;
    shop.deliver().await?;
    moved.json()
}

async fn an_administrator_lengthens_a_trial_and_ends_it(stage: Stage) -> Result<()> {
    let mut shop = open(stage, PAYS).await?;
    let path = path_of(&mut shop, "trial").await?;
    let later = days_after_the_end(&mut shop, 30).await?;
    shop.buyer.post(&path, &lengthen(later)).await?.require_status(403)?;
    let silent = json!({ "action": "end", "reason": " " });
    shop.administrator.post(&path, &silent).await?.require_status(400)?;

    let request = TestRequest::new("POST", &path).json(&lengthen(later));
    for _ in 0..2 {
        let again = request.clone().header("idempotency-key", "later");
        let moved = shop.administrator.send(again).await?;
        moved.require_status(200)?;
        let moved = moved.json()?;
        assert_eq!((&moved["status"], &moved["period_end"]), (&json!("trialing"), &json!(later)));
    }
    shop.deliver().await?;
    require_refused(&mut shop, &lengthen(later), "name a later time").await?;
    let far = days_after_the_end(&mut shop, 730).await?;
    require_refused(&mut shop, &lengthen(far), "at most 730 days").await?;
    shop.pass(20).await?;
    let waiting = shop.subscription().await?;
    assert_eq!((&waiting["status"], &waiting["period_end"]), (&json!("trialing"), &json!(later)));
    assert_eq!(shop.payments().await?.len(), 0, "the old end has passed");

    assert_eq!(move_end(&mut shop, &end()).await?["status"], "active");
    let paid = shop.payments().await?;
    assert_eq!((paid.len(), &paid[0]["amount"]["minor"]), (1, &json!(999)));
    assert_eq!(shop.subscription().await?["status"], "active");
    require_refused(&mut shop, &end(), "on no trial").await?;
    require_audited(&mut shop).await?;
    shop.pass(32).await?;
    assert_eq!(shop.payments().await?.len(), 2, "it renews from then on");
    shop.require_sound_books().await
}

/// The log has both moves, once each, with what was before and is now.
async fn require_audited(shop: &mut Shop) -> Result<()> {
    let export = "/api/v1/admin/audit/export?format=jsonl";
    let log = shop.administrator.get(export).await?.text();
    let lines = log.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    let told: Vec<(&Value, &Value, &Value)> = lines
        .iter()
        .filter(|line| line["action"] == "trial.move")
        .map(|line| &line["details"])
        .filter(|line| line["why"].is_string())
        .map(|line| (&line["before"]["status"], &line["after"]["status"], &line["why"]))
        .collect();
    let (trial, paid) = (json!("trialing"), json!("active"));
    assert_eq!(told.len(), 2, "{log}");
    assert!(told.contains(&(&trial, &trial, &json!("still trying"))), "{told:?}");
    assert!(told.contains(&(&trial, &paid, &json!("asked for it"))), "{told:?}");
    Ok(())
}

async fn a_trial_that_was_cancelled_is_lengthened_and_never_charged(stage: Stage) -> Result<()> {
    let mut shop = open(stage, PAYS).await?;
    shop.change(&json!({ "action": "cancel" })).await?.require_status(200)?;
    shop.deliver().await?;
    require_refused(&mut shop, &end(), "ends unpaid with its trial").await?;
    let later = days_after_the_end(&mut shop, 10).await?;
    let moved = move_end(&mut shop, &lengthen(later)).await?;
    assert_eq!(
        (&moved["period_end"], &moved["cancels_at_period_end"]),
        (&json!(later), &json!(true))
    );
    shop.pass(20).await?;
    assert_eq!(shop.plan().await?, "basic", "it lasts longer");
    shop.pass(5).await?;
    assert_eq!((shop.plan().await?.as_str(), shop.payments().await?.len()), ("free", 0));
    shop.require_sound_books().await
}

async fn a_trial_that_ends_with_a_bad_card_is_in_arrears(stage: Stage) -> Result<()> {
    let mut shop = open(stage, PAYS_ONCE).await?;
    assert_eq!(move_end(&mut shop, &end()).await?["status"], "past_due");
    let owed = shop.subscription().await?;
    assert_eq!(owed["status"], "past_due");
    require_refused(&mut shop, &end(), "`past_due`").await?;
    shop.require_sound_books().await
}

/// PayPal and Razorpay move no trial that has begun; a plan until a date does as much.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_moves_no_trial_says_what_to_do_instead() -> Result<()> {
    for who in [Who::Razorpay, Who::PayPal] {
        let mut shop = open(Stage { who, database: Database::Sqlite }, PAYS).await?;
        let before = shop.subscription().await?;
        let later = days_after_the_end(&mut shop, 30).await?;
        for wish in [lengthen(later), end()] {
            require_refused(&mut shop, &wish, "a plan until a date instead").await?;
        }
        assert_eq!(shop.subscription().await?, before);
        let path = path_of(&mut shop, "plan").await?;
        let given = json!({ "plan": "basic", "until": later });
        let put = TestRequest::new("PUT", &path).json(&given);
        shop.administrator.send(put).await?.require_status(204)?;
        shop.require_sound_books().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_bought_has_no_trial() -> Result<()> {
    let stage = Stage { who: Who::Sandbox, database: Database::Sqlite };
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    require_refused(&mut shop, &end(), "no subscription").await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    require_refused(&mut shop, &end(), "on no trial").await?;
    shop.require_sound_books().await
}
