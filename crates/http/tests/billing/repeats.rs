//! Requests that move money or credits, repeated under their `Idempotency-Key`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::try_join_all;
use gantry_pay::Stripe;
use gantry_ports::Clock;
use gantry_testkit::fakes::FakePaid;
use gantry_testkit::fakes::stripe::FakeStripe;
use gantry_testkit::{
    SlowProvider, TestApp, TestClient, TestClock, TestRequest, TestResponse, TestSettings, TestTill,
};
use serde_json::{Value, json};

use crate::provider::{Stage, settings_of};
use crate::shop::{PAYS, REFUND, Shop, edition};

const CHECKOUTS: &str = "/api/v1/account/checkouts";
const CHANGE: &str = "/api/v1/account/subscription";
const NOBODY: &str = "0190a1b2-0000-7000-8000-000000000000";

stages!(credits_are_given_once_under_one_key:
    sqlite = Sandbox on Sqlite,
    postgres = Sandbox on Postgres,
);

on_every_stage!(
    a_purchase_is_begun_once_under_one_key,
    money_goes_back_once_under_one_key,
    refunds_that_are_alike_are_as_many_as_their_keys,
);

on_every_switching_stage!(a_subscription_changes_once_under_one_key);

async fn send(
    client: &mut TestClient,
    path: &str,
    (key, body): (&str, &Value),
) -> Result<TestResponse> {
    let request = TestRequest::new("POST", path).json(body).header("idempotency-key", key);
    client.send(request).await
}

/// The same key with another body is refused in the words that jobs have.
fn require_mismatch(answer: &TestResponse) -> Result<()> {
    answer.require_status(422)?;
    assert_eq!(answer.json()?["code"], "idempotency_mismatch");
    Ok(())
}

async fn credits_are_given_once_under_one_key(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    let id = shop.account().await?["organization_id"].as_str().context("an id")?.to_owned();
    let path = format!("/api/v1/admin/organizations/{id}/credits");
    let gift = json!({ "credits": 100, "reason": "an apology" });
    let twins = (0..8).map(|_| {
        let (mut client, path, gift) = (shop.administrator.clone(), path.clone(), gift.clone());
        async move { send(&mut client, &path, ("gift", &gift)).await }
    });
    for answer in try_join_all(twins).await? {
        answer.require_status(204)?;
    }
    assert_eq!(shop.credits().await?, 100);
    let more = json!({ "credits": 200, "reason": "an apology" });
    require_mismatch(&send(&mut shop.administrator, &path, ("gift", &more)).await?)?;
    let elsewhere = format!("/api/v1/admin/organizations/{NOBODY}/credits");
    require_mismatch(&send(&mut shop.administrator, &elsewhere, ("gift", &gift)).await?)?;
    let blank = send(&mut shop.administrator, &path, (" ", &gift)).await?;
    blank.require_status(400)?;
    send(&mut shop.buyer, &path, ("gift", &gift)).await?.require_status(403)?;
    assert_eq!(shop.credits().await?, 100);

    // A refusal is not kept, and another key or none is another gift.
    let none = json!({ "credits": 0, "reason": "an apology" });
    send(&mut shop.administrator, &path, ("second", &none)).await?.require_status(409)?;
    send(&mut shop.administrator, &path, ("second", &gift)).await?.require_status(204)?;
    shop.administrator.post(&path, &gift).await?.require_status(204)?;
    assert_eq!(shop.credits().await?, 300);

    shop.wait_days(1);
    send(&mut shop.administrator, &path, ("gift", &more)).await?.require_status(204)?;
    assert_eq!(shop.credits().await?, 500, "a day later the key is free");
    shop.require_sound_books().await
}

async fn a_purchase_is_begun_once_under_one_key(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    let wish = json!({ "package": "credits-100" });
    let first = send(&mut shop.buyer, CHECKOUTS, ("buy", &wish)).await?;
    first.require_status(201)?;
    let again = send(&mut shop.buyer, CHECKOUTS, ("buy", &wish)).await?;
    again.require_status(201)?;
    assert_eq!(again.json()?, first.json()?);
    let larger = json!({ "package": "credits-500" });
    require_mismatch(&send(&mut shop.buyer, CHECKOUTS, ("buy", &larger)).await?)?;

    let page = first.json()?["url"].as_str().context("an address")?.to_owned();
    assert_eq!(shop.provider.pay(&page, PAYS).await?, FakePaid::Yes);
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 100);
    let late = send(&mut shop.buyer, CHECKOUTS, ("buy", &wish)).await?;
    assert_eq!(late.json()?, first.json()?, "also when it was paid");

    // What was refused is not kept.
    let unknown = json!({ "package": "credits-7" });
    send(&mut shop.buyer, CHECKOUTS, ("other", &unknown)).await?.require_status(404)?;
    let other = send(&mut shop.buyer, CHECKOUTS, ("other", &wish)).await?;
    other.require_status(201)?;
    assert_ne!(other.json()?["id"], first.json()?["id"]);
    shop.require_sound_books().await
}

async fn money_goes_back_once_under_one_key(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    let payment = shop.payments().await?.remove(0);
    let part = json!({ "provider_ref": payment["provider_ref"], "minor": 250 });
    for _ in 0..2 {
        send(&mut shop.administrator, REFUND, ("back", &part)).await?.require_status(202)?;
        shop.deliver().await?;
    }
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 250);
    // Of two requests that are equal in everything but their keys each is done, also before the
    // provider tells of the first.
    for key in ["again", "again", "and again"] {
        send(&mut shop.administrator, REFUND, (key, &part)).await?.require_status(202)?;
    }
    shop.deliver().await?;
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 750);
    let rest = json!({ "provider_ref": payment["provider_ref"] });
    require_mismatch(&send(&mut shop.administrator, REFUND, ("back", &rest)).await?)?;
    let too_much = json!({ "provider_ref": payment["provider_ref"], "minor": 251 });
    send(&mut shop.administrator, REFUND, ("rest", &too_much)).await?.require_status(409)?;
    for _ in 0..2 {
        send(&mut shop.administrator, REFUND, ("rest", &rest)).await?.require_status(202)?;
        shop.deliver().await?;
    }
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 1_000);
    assert_eq!(shop.credits().await?, 0);
    shop.require_sound_books().await
}

async fn refunds_that_are_alike_are_as_many_as_their_keys(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    let payment = shop.payments().await?.remove(0);
    // All of them before the provider tells of the first one.
    for key in ["one", "two", "one", "two"] {
        shop.refund_under(key, &payment, Some(250)).await?.require_status(202)?;
    }
    shop.deliver().await?;
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 500);
    assert_eq!(shop.credits().await?, 50);
    // Without a key nothing says that it is the same request.
    for _ in 0..2 {
        shop.refund(&payment, Some(100)).await?.require_status(202)?;
    }
    shop.deliver().await?;
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 700);
    // What is left goes back once, whoever asks for it.
    shop.refund_under("rest", &payment, None).await?.require_status(202)?;
    shop.refund_under("rest too", &payment, None).await?.require_status(409)?;
    shop.deliver().await?;
    assert_eq!(shop.payments().await?[0]["refunded"]["minor"], 1_000);
    assert_eq!(shop.credits().await?, 0);
    shop.require_sound_books().await
}

async fn a_subscription_changes_once_under_one_key(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("litxplore")).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    let switch = json!({ "action": "switch", "plan": "premium", "interval": "month" });
    for _ in 0..2 {
        let changed = send(&mut shop.buyer, CHANGE, ("up", &switch)).await?;
        changed.require_status(200)?;
        assert_eq!(changed.json()?["plan"]["slug"], "premium");
        shop.deliver().await?;
    }
    assert_eq!(shop.payments().await?.len(), 2, "the difference was paid once");
    let cancel = json!({ "action": "cancel" });
    require_mismatch(&send(&mut shop.buyer, CHANGE, ("up", &cancel)).await?)?;
    send(&mut shop.buyer, CHANGE, ("same", &switch)).await?.require_status(409)?;
    shop.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_overtaken_by_a_repetition_writes_nothing() -> Result<()> {
    let fake = FakeStripe::start().await?;
    let stripe = Stripe::new(settings_of(&fake), Arc::new(TestClock::default()))?;
    let slow = Arc::new(SlowProvider::new(Arc::new(stripe)));
    let mut settings = TestSettings {
        edition: Some(edition("automl")),
        till: TestTill::Other(slow.clone()),
        ..TestSettings::default()
    };
    settings.http.public_url = Some("http://shop.example".to_owned());
    let (app, _administrator) = TestApp::start(settings).await?;
    let mut late = app.register("buyer@example.org").await?;
    let mut quick = late.clone();
    let wish = json!({ "package": "credits-100" });
    slow.delay_next();
    let overtaking = async {
        slow.wait_until_done().await;
        let held = send(&mut quick, CHECKOUTS, ("buy", &wish)).await;
        app.clock.advance(Duration::from_mins(10));
        let done = send(&mut quick, CHECKOUTS, ("buy", &wish)).await;
        slow.answer();
        anyhow::Ok((held?, done?))
    };
    let (overtaken, done) = tokio::join!(send(&mut late, CHECKOUTS, ("buy", &wish)), overtaking);
    let (held, done) = done?;
    held.require_status(409)?;
    assert_eq!(held.json()?["code"], "conflict", "it is under way");
    done.require_status(201)?;
    let overtaken = overtaken?;
    overtaken.require_status(409)?;
    assert_eq!(overtaken.json()?["code"], "overtaken");
    let again = send(&mut late, CHECKOUTS, ("buy", &wish)).await?;
    again.require_status(201)?;
    assert_eq!(again.json()?, done.json()?, "the answer of who did it");
    let since = app.clock.now().plus(Duration::from_mins(1));
    let open = app.store.read().await?.payments().list_open_checkouts("stripe", since, 10).await?;
    assert_eq!(open.len(), 1, "{open:?}");
    let log = late.get("/api/v1/audit").await?.text();
    assert_eq!(log.matches("checkout.begin").count(), 1, "{log}");
    Ok(())
}
