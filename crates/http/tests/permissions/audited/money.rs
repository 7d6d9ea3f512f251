//! What people and administrators do about plans, credits and payments.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_billing::{Edition, EditionPlan, Package, Sale};
use gantry_pay::{OnPage, Stripe, StripeSettings};
use gantry_ports::store::{EventOutcome, PaymentEvent, StoreExt};
use gantry_ports::{Clock, SandboxDesk, StoreError};
use gantry_rules::plan::{PlanPrice, PlanTerms};
use gantry_rules::referral::{ReferralTerms, RewardedWhen};
use gantry_testkit::fakes::FakePaid;
use gantry_testkit::fakes::stripe::{FakeStripe, STRIPE_KEY, STRIPE_WEBHOOK_SECRET};
use gantry_testkit::{
    PASSWORD, TestApp, TestClient, TestClock, TestRequest, TestSettings, TestTill, edition_of,
    generous_terms,
};
use gantry_types::{Credits, Currency, Money, PaymentEventId};
use serde_json::json;

use super::lines::Asked;
use super::{By, Call, Walk, id_in, text_of};
use crate::stage::id_of;

/// How long an ad lasts.
const AN_AD: Duration = Duration::from_secs(6);
const PAYS: &str = "4242 4242 4242 4242";
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0";

const fn usd(minor: i64) -> Money {
    Money { minor, currency: Currency::usd() }
}

fn plan_for_sale(slug: &str, minor: i64) -> EditionPlan {
    let price = PlanPrice { month: Some(usd(minor)), ..PlanPrice::default() };
    EditionPlan {
        slug: slug.to_owned(),
        title: slug.to_owned(),
        highlights: Vec::new(),
        sale: Sale::Open,
        terms: PlanTerms { price, ..generous_terms() },
    }
}

/// An edition in which everything is sold and rewarded.
pub(super) fn edition() -> Edition {
    let mut edition = edition_of(generous_terms());
    let mut tried = plan_for_sale("tried", 3_000);
    tried.terms.price.trial_days = 14;
    edition.plans.extend([plan_for_sale("plus", 1_000), plan_for_sale("pro", 2_000), tried]);
    edition.packages.push(Package {
        slug: "credits-100".to_owned(),
        title: "100 credits".to_owned(),
        credits: Credits::new(100),
        price: usd(500),
        expires_after: None,
    });
    edition.rewards = Some(crate::rewards());
    edition.referrals = Some(ReferralTerms {
        reward: Some(Credits::new(50)),
        welcome: None,
        when: RewardedWhen::Verified,
        most_per_month: 10,
        expires_after: None,
    });
    edition
}

/// Everything about money, but for the page of a provider that the sandbox does not have.
pub(super) async fn walk(
    walk: &mut Walk<'_>,
    ada: &mut TestClient,
    root: &mut TestClient,
) -> Result<()> {
    let referrals = Call::new("post", "/api/v1/referrals");
    walk.tell(ada, referrals).await?;
    change_a_mind(walk).await?;
    say_who_buys(walk, ada).await?;
    let told = buy(walk, ada).await?;
    decide_events(walk, root, told).await?;
    watch_an_ad(walk, ada, root).await?;
    give_and_take(walk, ada, root).await?;
    move_a_trial(walk, root).await?;
    override_limits(walk, root).await
}

/// A plan is chosen at registration, and let go.
async fn change_a_mind(walk: &mut Walk<'_>) -> Result<()> {
    let mut client = walk.app.client();
    let body = json!({
        "email": "chooser@example.org", "password": PASSWORD, "name": "Cho", "plan": "plus",
    });
    let registered = client.post("/api/v1/auth/register", &body).await?;
    registered.require_status(201)?;
    client.learn_csrf_token(&registered)?;
    walk.tell(&mut client, Call::new("delete", "/api/v1/account/chosen-plan")).await?;
    Ok(())
}

async fn say_who_buys(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let details = json!({
        "name": "Engines Ltd", "lines": ["1 Mill Road"], "city": "London",
        "postal_code": "N1 7AA", "country": "GB",
    });
    let put = Call::new("put", "/api/v1/account/billing-details");
    walk.tell(ada, put.json(&json!({ "details": details }))).await?;
    Ok(())
}

/// Buys a plan and credits; what the sandbox told last, as text.
async fn buy(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<String> {
    let order = Call::new("post", "/api/v1/account/checkouts").json(&json!({ "plan": "plus" }));
    let page = text_of(&walk.tell(ada, order).await?.json()?, "url")?;
    let name = page.rsplit('/').next().context("a page")?;
    walk.app.sandbox.pay(name, PAYS, true).await?;
    deliver(walk).await?;
    let cancel =
        Call::new("post", "/api/v1/account/subscription").json(&json!({ "action": "cancel" }));
    walk.tell(ada, cancel).await?;
    let package = json!({ "package": "credits-100" });
    let made_up = Call::new("post", "/api/v1/account/mock-purchases").json(&package);
    walk.tell(ada, made_up).await?;
    deliver(walk).await
}

/// An administrator tries an event that was not understood, and puts another one aside.
async fn decide_events(walk: &mut Walk<'_>, root: &mut TestClient, body: String) -> Result<()> {
    let unclear = |name: &str| PaymentEvent {
        id: PaymentEventId::generate(),
        provider: "sandbox".to_owned(),
        event_ref: name.to_owned(),
        kind: "story".to_owned(),
        body: body.clone(),
        outcome: EventOutcome::Unclear,
        note: "it came too early".to_owned(),
        received_at: walk.app.clock.now(),
        given_up_at: None,
    };
    let events = [unclear("evt_again"), unclear("evt_aside")];
    let [again, aside] = [events[0].id.to_string(), events[1].id.to_string()];
    let written = walk.app.store.write::<_, StoreError, _>(move |tx| {
        let events = events.clone();
        Box::pin(async move {
            for event in &events {
                tx.payments().insert_event(event).await?;
            }
            Ok(())
        })
    });
    written.await?;
    let apply = Call::new("post", "/api/v1/admin/payment-events/{id}/apply").about(&again)?;
    walk.tell(root, apply.json(&json!({}))).await?;
    let dismiss = Call::new("post", "/api/v1/admin/payment-events/{id}/dismiss").about(&aside)?;
    walk.tell(root, dismiss.json(&json!({ "reason": "of another shop" }))).await?;
    Ok(())
}

/// The sandbox tells what it has to tell, which the log has in nobody's name; the last of it.
async fn deliver(walk: &mut Walk<'_>) -> Result<String> {
    walk.read_new().await?;
    let path = "/api/v1/payments/webhooks/{provider}";
    let events = walk.app.sandbox.list_undelivered().await?;
    ensure!(!events.is_empty(), "the sandbox has nothing to tell");
    let mut last = Vec::new();
    for event in events {
        last.clone_from(&event.body);
        let mut call = Call::new("post", path).about("sandbox")?.json(&json!({}));
        call.request.body = event.body;
        for (name, value) in &event.headers {
            call = call.header(name, value);
        }
        super::send(&mut walk.app.client(), call).await?;
        walk.app.sandbox.note_delivered(&event.event_ref).await?;
    }
    let asked = Asked { thing: None, askers: Vec::new() };
    walk.require_told(("post", path), By::Provider, &asked).await?;
    Ok(String::from_utf8(last)?)
}

async fn watch_an_ad(
    walk: &mut Walk<'_>,
    ada: &mut TestClient,
    root: &mut TestClient,
) -> Result<()> {
    let begin = Call::new("post", "/api/v1/rewards/sessions").header("user-agent", BROWSER);
    let id = id_in(&walk.pass(ada, begin).await?)?;
    let loaded = Call::new("post", "/api/v1/rewards/sessions/{id}/events").about(&id)?;
    walk.pass(ada, loaded.json(&json!({ "event": "loaded" }))).await?;
    walk.app.clock.advance(AN_AD);
    let watch = Call::new("post", "/api/v1/rewards/sessions/{id}/sandbox").about(&id)?;
    walk.pass(ada, watch).await?;
    let claim = Call::new("post", "/api/v1/rewards/claims").header("user-agent", BROWSER);
    walk.tell(ada, claim.json(&json!({ "session_id": id }))).await?;

    let events = root.get("/api/v1/admin/fraud/events").await?.json()?;
    let id = text_of(&events["items"][0], "id")?;
    let review = Call::new("post", "/api/v1/admin/fraud/events/{id}/review").about(&id)?;
    walk.tell(root, review.json(&json!({ "outcome": "cleared" }))).await?;
    let block = json!({ "kind": "network", "value": "203.0.113.0/24", "reason": "a farm" });
    let block = Call::new("post", "/api/v1/admin/fraud/blocks").json(&block);
    let id = id_in(&walk.tell(root, block).await?)?;
    let remove = Call::new("delete", "/api/v1/admin/fraud/blocks/{id}").about(&id)?;
    walk.tell(root, remove).await?;
    Ok(())
}

/// An administrator gives credits and money, and looks after the provider.
async fn give_and_take(
    walk: &mut Walk<'_>,
    ada: &mut TestClient,
    root: &mut TestClient,
) -> Result<()> {
    let place = id_of(ada, "organization").await?;
    let gift = Call::new("post", "/api/v1/admin/organizations/{id}/credits").about(&place)?;
    walk.tell(root, gift.json(&json!({ "credits": 1, "reason": "thanks" }))).await?;
    let payments = ada.get("/api/v1/account/payments").await?.json()?;
    let payment = text_of(&payments["items"][0], "provider_ref")?;
    let refund = Call::new("post", "/api/v1/admin/payments/refund");
    walk.tell(root, refund.json(&json!({ "provider_ref": payment }))).await?;
    let reconcile = Call::new("post", "/api/v1/admin/payments/reconcile").json(&json!({}));
    walk.tell(root, reconcile).await?;
    let clock = Call::new("post", "/api/v1/admin/sandbox/clock").json(&json!({ "days": 1 }));
    walk.tell(root, clock).await?;
    Ok(())
}

/// Somebody begins a trial, which an administrator lengthens and then ends.
async fn move_a_trial(walk: &mut Walk<'_>, root: &mut TestClient) -> Result<()> {
    let mut taster = walk.app.register("taster@example.org").await?;
    let place = id_of(&mut taster, "organization").await?;
    let order = taster.post("/api/v1/account/checkouts", &json!({ "plan": "tried" })).await?;
    order.require_status(201)?;
    let page = text_of(&order.json()?, "url")?;
    let name = page.rsplit('/').next().context("a page")?;
    walk.app.sandbox.pay(name, PAYS, true).await?;
    deliver(walk).await?;
    let until = walk.app.clock.now().plus(Duration::from_hours(30 * 24));
    for wish in [
        json!({ "action": "lengthen", "until": until, "reason": "still trying" }),
        json!({ "action": "end", "reason": "asked for it" }),
    ] {
        let call = Call::new("post", "/api/v1/admin/organizations/{id}/trial").about(&place)?;
        walk.tell(root, call.json(&wish)).await?;
    }
    Ok(())
}

async fn override_limits(walk: &mut Walk<'_>, root: &mut TestClient) -> Result<()> {
    let mut favourite = walk.app.register("favourite@example.org").await?;
    let place = id_of(&mut favourite, "organization").await?;
    let plan = Call::new("put", "/api/v1/admin/organizations/{id}/plan").about(&place)?;
    walk.tell(root, plan.json(&json!({ "plan": "pro" }))).await?;
    let release = Call::new("delete", "/api/v1/admin/organizations/{id}/plan").about(&place)?;
    walk.tell(root, release).await?;
    let own = Call::new("put", "/api/v1/organizations/networks");
    walk.tell(&mut favourite, own.json(&json!({ "networks": ["127.0.0.0/8"] }))).await?;
    let lift = Call::new("delete", "/api/v1/admin/organizations/{id}/networks").about(&place)?;
    walk.tell(root, lift).await?;
    let own = json!({ "overrides": [{ "limit": "seats", "value": 50, "reason": "a class" }] });
    let set = Call::new("put", "/api/v1/admin/accounts/{id}/overrides").about(&place)?;
    walk.tell(root, set.json(&own)).await?;
    let path = "/api/v1/admin/accounts/{id}/overrides/{limit}";
    let restore = Call::new("delete", path).about(&place)?.about("seats")?;
    walk.tell(root, restore).await?;
    Ok(())
}

/// A provider's own page, which the stand-in for Stripe has.
pub(super) async fn open_portal(walk: &mut Walk<'_>) -> Result<()> {
    let stripe = FakeStripe::start().await?;
    let account = StripeSettings {
        secret_key: STRIPE_KEY.to_owned(),
        webhook_secret: STRIPE_WEBHOOK_SECRET.to_owned(),
        api_base: stripe.base(),
        promotion_codes: OnPage::Yes,
        automatic_tax: OnPage::Yes,
        tax_ids: OnPage::Yes,
    };
    let provider = Stripe::new(account, Arc::new(TestClock::default()))?;
    let mut settings = TestSettings {
        edition: Some(edition()),
        till: TestTill::Other(Arc::new(provider)),
        ..TestSettings::default()
    };
    settings.http.public_url = Some("http://shop.example".to_owned());
    let (shop, _) = TestApp::start(settings).await?;
    let mut buyer = shop.register("buyer@example.org").await?;
    let order = buyer.post("/api/v1/account/checkouts", &json!({ "plan": "plus" })).await?;
    order.require_status(201)?;
    let page = text_of(&order.json()?, "url")?;
    let name = page.rsplit('/').next().context("a page")?;
    ensure!(stripe.pay(name, PAYS, None)? == FakePaid::Yes, "the card does not pay");
    for event in stripe.list_undelivered()? {
        let mut request = TestRequest::new("POST", "/api/v1/payments/webhooks/stripe");
        for (name, value) in &event.headers {
            request = request.header(name, value);
        }
        let told = shop.client().send(request.body("application/json", &event.body)).await?;
        told.require_status(200)?;
    }
    let mut there = Walk::begin(&shop);
    there.tell(&mut buyer, Call::new("post", "/api/v1/account/portal").json(&json!({}))).await?;
    walk.join(there);
    Ok(())
}
