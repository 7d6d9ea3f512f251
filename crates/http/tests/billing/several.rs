//! Two providers take money at one shop, and the buyer chooses.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_http::HttpSettings;
use gantry_pay::{PayPal, Stripe};
use gantry_ports::Clock;
use gantry_testkit::fakes::paypal::FakePayPal;
use gantry_testkit::fakes::stripe::FakeStripe;
use gantry_testkit::fakes::{FakeDelivery, FakePaid, Trouble};
use gantry_testkit::{
    TestApp, TestClient, TestClock, TestRequest, TestResponse, TestSettings, TestTill,
};
use gantry_types::Timestamp;
use serde_json::{Value, json};

use crate::provider::{Provider, paypal_settings_of, settings_of};
use crate::shop::{PAYS, edition};

const CHECKOUTS: &str = "/api/v1/account/checkouts";
const SUBSCRIPTION: &str = "/api/v1/account/subscription";
const PORTAL: &str = "/api/v1/account/portal";
/// A provider says no more than this many things one after the other.
const MOST_ROUNDS: usize = 4;
const YEAR: Duration = Duration::from_hours(365 * 24);
/// How old a purchase is at least before a reconciliation asks about it.
const MINUTES: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buyer_chooses_who_is_paid() -> Result<()> {
    let (stripe, paypal) = (FakeStripe::start().await?, FakePayPal::start().await?);
    let clock = Arc::new(TestClock::default());
    let first = Arc::new(Stripe::new(settings_of(&stripe), clock.clone())?);
    let other = Arc::new(PayPal::new(paypal_settings_of(&paypal), clock)?);
    let mut settings = TestSettings {
        edition: Some(edition("montecarlo")),
        till: TestTill::Two(first, other),
        ..TestSettings::default()
    };
    settings.http.public_url = Some("http://shop.example".to_owned());
    let (app, mut administrator) = TestApp::start(settings).await?;
    let mut buyer = app.register("buyer@example.org").await?;
    let offers = buyer.get("/api/v1/plans").await?.json()?;
    assert_eq!(offers["provider"], "stripe");
    let both =
        json!([{ "id": "stripe", "title": "Stripe" }, { "id": "paypal", "title": "PayPal" }]);
    assert_eq!(offers["providers"], both);
    let page = app.client().get("/pricing").await?.text();
    assert!(page.contains("You can pay with Stripe or PayPal."), "{page}");
    let plans = offers["plans"].as_array().context("plans")?;
    let plan = plans.iter().find(|plan| plan["price"]["month"].is_object());
    let plan = plan.context("a plan with a price")?["slug"].clone();
    let since = app.clock.now().plus(Duration::from_hours(24));
    // Stripe's page is closed for another one; PayPal's stays while nobody agreed to pay there.
    let choices = [(None, [1, 0]), (Some("paypal"), [0, 1]), (Some("stripe"), [1, 1])];
    for (provider, pages) in choices {
        let wish = json!({ "plan": plan, "provider": provider });
        buyer.post(CHECKOUTS, &wish).await?.require_status(201)?;
        let snapshot = app.store.read().await?;
        for (name, pages) in ["stripe", "paypal"].into_iter().zip(pages) {
            let open = snapshot.payments().list_open_checkouts(name, since, 10).await?;
            assert_eq!(open.len(), pages, "{provider:?}: {name} has {open:?}");
        }
    }
    let unused = buyer.post(CHECKOUTS, &json!({ "plan": plan, "provider": "razorpay" })).await?;
    unused.require_status(404)?;
    let detail = unused.json()?["detail"].to_string();
    assert!(detail.contains("stripe, paypal"), "{detail}");
    let done = administrator.post("/api/v1/admin/payments/reconcile", &json!({})).await?;
    assert_eq!(done.json()?["unanswered"], json!([]));
    Ok(())
}

/// A shop at which two buyers choose between two providers.
struct Market {
    app: TestApp,
    administrator: TestClient,
    stripe: Provider,
    paypal: Provider,
    /// Who is left when PayPal is taken out of use.
    remaining: TestTill,
    http: HttpSettings,
}

/// Settings of a server on which stories last for months.
fn settings_for(till: TestTill) -> TestSettings {
    let mut settings =
        TestSettings { edition: Some(edition("litxplore")), till, ..TestSettings::default() };
    settings.http.public_url = Some("http://shop.example".to_owned());
    settings.access.session_idle = YEAR;
    settings.access.administrator_idle = YEAR;
    settings.access.session_lifetime = YEAR;
    settings
}

impl Market {
    async fn open() -> Result<Self> {
        let (stripe, paypal) = (FakeStripe::start().await?, FakePayPal::start().await?);
        let clock = Arc::new(TestClock::default());
        let first = Arc::new(Stripe::new(settings_of(&stripe), clock.clone())?);
        let other = Arc::new(PayPal::new(paypal_settings_of(&paypal), clock)?);
        let settings = settings_for(TestTill::Two(first.clone(), other));
        let http = settings.http.clone();
        let (app, administrator) = TestApp::start(settings).await?;
        let (stripe, paypal) = (Provider::Stripe(stripe), Provider::PayPal(paypal));
        let remaining = TestTill::Other(first);
        Ok(Self { app, administrator, stripe, paypal, remaining, http })
    }

    fn providers(&self) -> [&Provider; 2] {
        [&self.stripe, &self.paypal]
    }

    /// Two buyers: of Stripe, and of PayPal.
    async fn register_both(&self) -> Result<[TestClient; 2]> {
        let first = self.app.register("stripe@example.org").await?;
        Ok([first, self.app.register("paypal@example.org").await?])
    }

    /// Both have the plan `basic`, each from the provider of their own.
    async fn sell_to_both(&self) -> Result<[TestClient; 2]> {
        let mut buyers = self.register_both().await?;
        for (buyer, provider) in buyers.iter_mut().zip(self.providers()) {
            pay(provider, &order(buyer, "basic", provider).await?).await?;
            self.deliver(provider).await?;
            assert_eq!(plan_of(buyer).await?, "basic", "{}", provider.id());
        }
        Ok(buyers)
    }

    async fn send(&self, event: &FakeDelivery, path: &str) -> Result<TestResponse> {
        let path = format!("/api/v1/payments/webhooks/{path}");
        let mut request = TestRequest::new("POST", &path);
        for (name, value) in &event.headers {
            request = request.header(name, value);
        }
        self.app.client().send(request.body("application/json", &event.body)).await
    }

    /// Carries what a provider told to its own path, and what it tells because that was taken.
    async fn deliver(&self, provider: &Provider) -> Result<()> {
        for _ in 0..MOST_ROUNDS {
            for event in provider.list_undelivered().await? {
                self.send(&event, provider.id()).await?.require_status(200)?;
                provider.note_delivered(&event.event_ref).await?;
            }
        }
        let (snapshot, since) = (self.app.store.read().await?, Timestamp::from_micros(0));
        let unclear = snapshot.payments().list_unclear_events(provider.id(), since, 100).await?;
        ensure!(unclear.is_empty(), "{}: {unclear:?}", provider.id());
        Ok(())
    }

    fn wait_days(&self, days: u64) {
        self.app.clock.advance(Duration::from_hours(days * 24));
    }

    async fn reconcile(&mut self) -> Result<Value> {
        reconcile_at(&mut self.administrator).await
    }

    async fn require_sound_books(&self) -> Result<()> {
        let breaches = self.app.store.read().await?.accounts().list_ledger_breaches().await?;
        ensure!(breaches.is_empty(), "{}", breaches.join("\n"));
        let breaches = self.stripe.breaches();
        ensure!(breaches.is_empty(), "{}", breaches.join("\n"));
        Ok(())
    }
}

async fn reconcile_at(administrator: &mut TestClient) -> Result<Value> {
    let answer = administrator.post("/api/v1/admin/payments/reconcile", &json!({})).await?;
    answer.require_status(200)?;
    answer.json()
}

/// Orders a plan from a provider and answers the page to pay on.
async fn order(buyer: &mut TestClient, plan: &str, provider: &Provider) -> Result<String> {
    let wish = json!({ "plan": plan, "provider": provider.id() });
    let answer = buyer.post(CHECKOUTS, &wish).await?;
    answer.require_status(201)?;
    Ok(answer.json()?["url"].as_str().context("an address")?.to_owned())
}

async fn pay(provider: &Provider, page: &str) -> Result<()> {
    ensure!(provider.pay(page, PAYS).await? == FakePaid::Yes, "{} took nothing", provider.id());
    Ok(())
}

async fn plan_of(buyer: &mut TestClient) -> Result<String> {
    let account = buyer.get("/api/v1/account").await?.json()?;
    Ok(account["plan"]["slug"].as_str().context("a plan")?.to_owned())
}

async fn subscription_of(buyer: &mut TestClient) -> Result<Value> {
    Ok(buyer.get(SUBSCRIPTION).await?.json()?["subscription"].clone())
}

/// What the month of this moment lost for good, in cents.
async fn churn_in(administrator: &mut TestClient, moment: &Value) -> Result<i64> {
    let month = moment.as_str().and_then(|text| text.get(..7)).context("a month")?;
    let answer = administrator.get(&format!("/api/v1/admin/revenue?month={month}")).await?;
    answer.require_status(200)?;
    answer.json()?["churn"]["minor"].as_i64().context("an amount")
}

/// What a provider received of a buyer and what of it was given back, in cents, newest first.
async fn paid_to(buyer: &mut TestClient, provider: &Provider) -> Result<Vec<(i64, i64)>> {
    let list = buyer.get("/api/v1/account/payments").await?.json()?;
    let items = list["items"].as_array().context("payments")?;
    let theirs = items.iter().filter(|paid| paid["provider"] == provider.id());
    let minor = |paid: &Value, field: &str| paid[field]["minor"].as_i64().context("an amount");
    theirs.map(|paid| anyhow::Ok((minor(paid, "amount")?, minor(paid, "refunded")?))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_provider_is_heard_on_its_own_path() -> Result<()> {
    let market = Market::open().await?;
    let mut buyers = market.register_both().await?;
    for (buyer, provider) in buyers.iter_mut().zip(market.providers()) {
        pay(provider, &order(buyer, "basic", provider).await?).await?;
    }
    for (provider, wrong) in market.providers().into_iter().zip(["paypal", "stripe"]) {
        let told = provider.list_undelivered().await?;
        ensure!(!told.is_empty(), "{} told nothing", provider.id());
        for event in told {
            market.send(&event, wrong).await?.require_status(400)?;
            market.send(&event, "razorpay").await?.require_status(404)?;
        }
    }
    for (buyer, provider) in buyers.iter_mut().zip(market.providers()) {
        assert_eq!(plan_of(buyer).await?, "free", "nobody believed what {} told", provider.id());
        market.deliver(provider).await?;
        assert_eq!(plan_of(buyer).await?, "basic");
        assert_eq!(subscription_of(buyer).await?["status"], "active");
        assert_eq!(paid_to(buyer, provider).await?, [(999, 0)]);
    }
    market.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_cancels_and_is_free_when_the_paid_time_is_over() -> Result<()> {
    let mut market = Market::open().await?;
    let mut buyers = market.sell_to_both().await?;
    for (buyer, provider) in buyers.iter_mut().zip(market.providers()) {
        let cancel = json!({ "action": "cancel" });
        buyer.post(SUBSCRIPTION, &cancel).await?.require_status(200)?;
        market.deliver(provider).await?;
        assert_eq!(plan_of(buyer).await?, "basic", "it is paid for");
    }
    for provider in market.providers() {
        provider.advance(70).await?;
        market.deliver(provider).await?;
    }
    assert_eq!(plan_of(&mut buyers[0]).await?, "free", "Stripe tells of it");
    // PayPal does not, and is asked, in a later month than that of the end.
    market.wait_days(70);
    assert_eq!(market.reconcile().await?["unanswered"], json!([]));
    for (buyer, provider) in buyers.iter_mut().zip(market.providers()) {
        assert_eq!(plan_of(buyer).await?, "free");
        assert_eq!(subscription_of(buyer).await?["status"], "ended");
        assert_eq!(paid_to(buyer, provider).await?, [(999, 0)], "and nothing more");
    }
    let over = subscription_of(&mut buyers[1]).await?;
    let lost = churn_in(&mut market.administrator, &over["period_end"]).await?;
    assert_eq!(lost, 2 * 999, "both left when the paid time was over");
    market.require_sound_books().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_answer_keeps_nobody_else_waiting() -> Result<()> {
    for silent in 0..2 {
        let mut market = Market::open().await?;
        let mut buyers = market.register_both().await?;
        for (buyer, provider) in buyers.iter_mut().zip(market.providers()) {
            pay(provider, &order(buyer, "basic", provider).await?).await?;
            provider.lose_undelivered();
        }
        market.app.clock.advance(MINUTES);
        let name = market.providers()[silent].id();
        market.providers()[silent].expect_trouble(&[Trouble::Broken; 3]);
        let done = market.reconcile().await?;
        assert_eq!(done["unanswered"], json!([name]));
        assert_ne!(done["events"], 0, "what the other one told");
        assert_eq!(plan_of(&mut buyers[silent]).await?, "free", "{name} did not answer");
        assert_eq!(plan_of(&mut buyers[1 - silent]).await?, "basic", "{name} did not answer");
        assert_eq!(market.reconcile().await?["unanswered"], json!([]));
        for (buyer, provider) in buyers.iter_mut().zip(market.providers()) {
            assert_eq!(plan_of(buyer).await?, "basic", "{name} answers again");
            assert_eq!(paid_to(buyer, provider).await?, [(999, 0)]);
        }
        market.require_sound_books().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_pays_both_keeps_the_first_and_gets_the_second_back() -> Result<()> {
    let market = Market::open().await?;
    let mut buyer = market.app.register("buyer@example.org").await?;
    let [stripe, paypal] = market.providers();
    // Both pages are open before either is paid, because Stripe does not answer.
    let first = order(&mut buyer, "basic", stripe).await?;
    stripe.expect_trouble(&[Trouble::Broken; 3]);
    let second = order(&mut buyer, "premium", paypal).await?;
    pay(stripe, &first).await?;
    market.deliver(stripe).await?;
    let kept = subscription_of(&mut buyer).await?;
    let refused =
        buyer.post(CHECKOUTS, &json!({ "plan": "premium", "provider": "paypal" })).await?;
    refused.require_status(409)?;
    pay(paypal, &second).await?;
    market.deliver(paypal).await?;
    assert_eq!(plan_of(&mut buyer).await?, "basic");
    assert_eq!(subscription_of(&mut buyer).await?, kept);
    assert_eq!(paid_to(&mut buyer, paypal).await?, [(1_999, 1_999)], "given back");
    assert_eq!(paid_to(&mut buyer, stripe).await?, [(999, 0)]);
    let log = buyer.get("/api/v1/audit").await?.text();
    assert_eq!(log.matches("subscription.duplicate").count(), 1, "{log}");
    for provider in [stripe, paypal] {
        provider.advance(32).await?;
        market.deliver(provider).await?;
    }
    assert_eq!(plan_of(&mut buyer).await?, "basic");
    assert_eq!(paid_to(&mut buyer, stripe).await?, [(999, 0), (999, 0)], "it goes on");
    assert_eq!(paid_to(&mut buyer, paypal).await?, [(1_999, 1_999)], "it was cancelled");
    market.require_sound_books().await
}

/// What nobody can be asked for is refused with a way out.
async fn require_nothing_to_ask(buyer: &mut TestClient) -> Result<()> {
    let cancel = json!({ "action": "cancel" });
    let switch = json!({ "action": "switch", "plan": "premium", "interval": "month" });
    for (path, body) in [(SUBSCRIPTION, cancel), (SUBSCRIPTION, switch), (PORTAL, json!({}))] {
        let refused = buyer.post(path, &body).await?;
        refused.require_status(409)?;
        let problem = refused.json()?;
        assert_eq!(problem["code"], "conflict", "{problem}");
        let (detail, step) = (problem["detail"].to_string(), problem["next_step"].to_string());
        assert!(detail.contains("`paypal`"), "{problem}");
        assert!(step.contains("cancel it at the provider"), "{problem}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_provider_out_of_use_sold_ends_with_the_paid_time() -> Result<()> {
    let market = Market::open().await?;
    let [_, buyer] = market.sell_to_both().await?;
    let address = market.app.serve_with(market.remaining.clone(), market.http.clone()).await?;
    let (mut buyer, mut administrator) = (buyer.at(address), market.administrator.at(address));
    require_nothing_to_ask(&mut buyer).await?;
    let offers = buyer.get("/api/v1/plans").await?.json()?;
    assert_eq!(offers["providers"], json!([{ "id": "stripe", "title": "Stripe" }]));
    assert_eq!(reconcile_at(&mut administrator).await?["subscriptions"], 0);
    assert_eq!(plan_of(&mut buyer).await?, "basic", "it is paid for");
    // The period is over, and the grace is not.
    market.wait_days(32);
    reconcile_at(&mut administrator).await?;
    assert_eq!(plan_of(&mut buyer).await?, "basic", "nobody knows whether it was renewed");
    market.wait_days(8);
    let done = reconcile_at(&mut administrator).await?;
    assert_eq!(done["unanswered"], json!([]));
    assert_ne!(done["subscriptions"], 0);
    assert_eq!(plan_of(&mut buyer).await?, "free");
    assert_eq!(subscription_of(&mut buyer).await?["status"], "ended");
    let log = buyer.get("/api/v1/audit").await?.text();
    assert_eq!(log.matches("subscription.abandoned").count(), 1, "{log}");
    let over = subscription_of(&mut buyer).await?;
    assert_eq!(churn_in(&mut administrator, &over["period_start"]).await?, 0, "it was paid for");
    assert_eq!(churn_in(&mut administrator, &over["period_end"]).await?, 999);
    // Another one can be bought from whoever is left.
    order(&mut buyer, "basic", &market.stripe).await?;
    market.require_sound_books().await
}
