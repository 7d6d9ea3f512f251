//! Callbacks that are believed, and those that are not.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_testkit::TestClient;
use gantry_testkit::fakes::admob::{AD_UNIT, Signing};

use crate::desk::{Database, Desk, Seat, credits};

const HOME: Seat = Seat::at_home("203.0.113.5", "the device at home");
/// After this long the keys may be asked for again.
const PAUSE: Duration = Duration::from_secs(61);

async fn begin(desk: &Desk, client: &TestClient) -> Result<String> {
    let begun = desk.begin(client, &HOME).await?;
    begun.require_status(201)?;
    Ok(begun.json()?["custom_data"].as_str().context("a session")?.to_owned())
}

#[tokio::test]
async fn a_callback_counts_once_and_to_the_byte() -> Result<()> {
    let desk = Desk::open(Database::Sqlite).await?;
    let ann = desk.app.register("ann@example.org").await?;
    let session = begin(&desk, &ann).await?;
    let query = desk.admob.watch(AD_UNIT, &session, Signing::AsSent)?;
    for spoiled in [
        query.replace("reward_amount=1", "reward_amount=9"),
        query.replace(&session, "01890000-0000-7000-8000-000000000000"),
        query.replace("&key_id=", "&user_id=x&key_id="),
        format!("{query}&user_id=x"),
        String::new(),
    ] {
        desk.send_callback(&spoiled).await?.require_status(400)?;
    }
    let forged = desk.admob.watch(AD_UNIT, &session, Signing::Forged)?;
    desk.send_callback(&forged).await?.require_status(400)?;
    assert_eq!(desk.call_back(&query).await?, "applied");
    assert_eq!(desk.call_back(&query).await?, "known");
    // A second ad in the same session, and an ad of nobody: the provider's own test.
    let second = desk.admob.watch(AD_UNIT, &session, Signing::AsSent)?;
    assert_eq!(desk.call_back(&second).await?, "ignored");
    let test = desk.admob.watch(AD_UNIT, "", Signing::AsSent)?;
    assert_eq!(desk.call_back(&test).await?, "ignored");
    assert_eq!(desk.admob.key_requests(), 1);
    Ok(())
}

#[tokio::test]
async fn escapes_and_the_older_name_of_the_address_are_taken() -> Result<()> {
    let desk = Desk::open(Database::Sqlite).await?;
    let ann = desk.app.register("ann@example.org").await?;
    let session = begin(&desk, &ann).await?;
    let query = desk.admob.watch(AD_UNIT, &session, Signing::Unescaped)?;
    let answer = desk.app.client().get(&format!("/webhooks/admob?{query}")).await?;
    answer.require_status(200)?;
    assert_eq!(answer.json()?["outcome"], "applied");
    let other = desk.app.client().get("/api/v1/rewards/callbacks/sandbox?a=1").await?;
    other.require_status(404)?;
    Ok(())
}

#[tokio::test]
async fn keys_change_and_strangers_cannot_make_us_ask_often() -> Result<()> {
    let desk = Desk::open(Database::Sqlite).await?;
    let ann = desk.app.register("ann@example.org").await?;
    let session = begin(&desk, &ann).await?;
    for _ in 0..5 {
        let unpublished = desk.admob.watch(AD_UNIT, &session, Signing::Unpublished)?;
        desk.send_callback(&unpublished).await?.require_status(400)?;
    }
    assert_eq!(desk.admob.key_requests(), 1);
    desk.pass(PAUSE);
    desk.admob.rotate()?;
    let query = desk.admob.watch(AD_UNIT, &session, Signing::AsSent)?;
    assert_eq!(desk.call_back(&query).await?, "applied");
    assert_eq!(desk.admob.key_requests(), 2);
    Ok(())
}

#[tokio::test]
async fn a_callback_of_another_time_is_refused() -> Result<()> {
    let desk = Desk::open(Database::Sqlite).await?;
    let ann = desk.app.register("ann@example.org").await?;
    let session = begin(&desk, &ann).await?;
    let query = desk.admob.watch(AD_UNIT, &session, Signing::AsSent)?;
    desk.pass(Duration::from_hours(25));
    desk.send_callback(&query).await?.require_status(400)?;
    Ok(())
}

on_both_stores!(while_keys_cannot_be_had_callbacks_wait);

async fn while_keys_cannot_be_had_callbacks_wait(database: Database) -> Result<()> {
    let desk = Desk::open(database).await?;
    let ann = desk.app.register("ann@example.org").await?;
    let (session, spoiled) = (begin(&desk, &ann).await?, begin(&desk, &ann).await?);
    desk.pass(Duration::from_secs(20));
    desk.admob.set_down(true);
    let query = desk.admob.watch(AD_UNIT, &session, Signing::AsSent)?;
    assert_eq!(desk.call_back(&query).await?, "kept");
    assert_eq!(desk.call_back(&query).await?, "known");
    let forged = desk.admob.watch(AD_UNIT, &spoiled, Signing::Forged)?;
    assert_eq!(desk.call_back(&forged).await?, "kept");
    desk.claim(&ann, &HOME, &session).await?.require_status(202)?;
    assert_eq!(desk.app.rewards.retry_callbacks().await?, 0);
    desk.pass(PAUSE);
    assert_eq!(desk.app.rewards.retry_callbacks().await?, 0);

    desk.admob.set_down(false);
    desk.pass(PAUSE);
    assert_eq!(desk.app.rewards.retry_callbacks().await?, 2);
    desk.claim(&ann, &HOME, &session).await?.require_status(200)?;
    desk.claim(&ann, &HOME, &spoiled).await?.require_status(202)?;
    assert_eq!(credits(&ann).await?, 5);
    assert_eq!(desk.app.rewards.retry_callbacks().await?, 0);
    // What is old goes.
    desk.pass(Duration::from_hours(31 * 24));
    assert_eq!(desk.app.rewards.purge().await?, 4);
    desk.require_sound_books().await
}
