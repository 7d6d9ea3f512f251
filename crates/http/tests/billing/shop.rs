//! A server of one edition, and what buyers do there.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_billing::{Edition, Vocabulary, parse_edition};
use gantry_engine_api::Engine;
use gantry_store::StoreConfig;
use gantry_testkit::fakes::{FakeDelivery, FakePaid};
use gantry_testkit::postgres::{self, Postgres};
use gantry_testkit::{TestApp, TestClient, TestRequest, TestResponse, TestSettings, WithWorker};
use gantry_types::Timestamp;
use serde_json::{Value, json};

use crate::provider::{Database, Provider, Stage, Who};

pub const REFUND: &str = "/api/v1/admin/payments/refund";
pub const PAYS: &str = "4242 4242 4242 4242";
pub const PAYS_ONCE: &str = "4000 0000 0000 0341";
pub const DECLINED: &str = "4000 0000 0000 0002";
pub const ASKS_FIRST: &str = "4000 0025 0000 3155";
pub const DISPUTES: &str = "4000 0000 0000 0259";
pub const BLOCKED: &str = "4100 0000 0000 0019";
pub const SUSPICIOUS: &str = "4000 0000 0000 9235";

/// A provider says no more than this many things one after the other.
const MOST_ROUNDS: usize = 4;
const YEAR: Duration = Duration::from_hours(365 * 24);
/// Where buyers come back to.
const SITE: &str = "http://shop.example";

/// A server, its administrator, and a stranger who has just registered.
pub struct Shop {
    pub app: TestApp,
    pub administrator: TestClient,
    pub buyer: TestClient,
    pub provider: Provider,
    _database: Option<Arc<Postgres>>,
}

/// A new database; the server of PostgreSQL lives as long as the shop.
async fn open_database(kind: Database) -> Result<(Option<Arc<Postgres>>, Option<StoreConfig>)> {
    match kind {
        Database::Sqlite => Ok((None, None)),
        Database::Postgres => {
            let (server, config) = postgres::open_database().await?;
            Ok((Some(server), Some(config)))
        }
    }
}

/// An edition of the repository; its own meters are named in the file.
pub fn edition(name: &str) -> Edition {
    let path = format!("{}/../../editions/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let meters = ["jobs", "api_calls", "iterations", "rows", "models"];
    let known = Vocabulary {
        meters: meters.iter().map(|name| name.parse().unwrap()).collect(),
        providers: ["stripe", "razorpay", "paypal"].map(str::to_owned).into(),
    };
    parse_edition(&text, &known).unwrap()
}

impl Shop {
    pub async fn open(stage: Stage, edition: Edition) -> Result<Self> {
        Self::open_with(stage, edition, Vec::new()).await
    }

    /// The same with engines beside the one of every test.
    pub async fn open_with(
        stage: Stage,
        edition: Edition,
        engines: Vec<Box<dyn Engine>>,
    ) -> Result<Self> {
        let (mut provider, till) = Provider::start(stage.who).await?;
        let (database, store) = open_database(stage.database).await?;
        let mut settings = TestSettings {
            edition: Some(edition),
            till,
            worker: WithWorker::Yes,
            engines,
            store,
            ..TestSettings::default()
        };
        settings.http.public_url = Some(SITE.to_owned());
        // Stories last for months.
        settings.access.session_idle = YEAR;
        settings.access.administrator_idle = YEAR;
        settings.access.session_lifetime = YEAR;
        let (app, administrator) = TestApp::start(settings).await?;
        if let Provider::Sandbox(opened) = &mut provider {
            *opened = Some(app.sandbox.clone());
        }
        let buyer = app.register("buyer@example.org").await?;
        Ok(Self { app, administrator, buyer, provider, _database: database })
    }

    /// Orders something and answers the page to pay on.
    pub async fn order(&mut self, wish: &Value) -> Result<String> {
        let answer = self.buyer.post("/api/v1/account/checkouts", wish).await?;
        answer.require_status(201)?;
        Ok(answer.json()?["url"].as_str().context("an address")?.to_owned())
    }

    /// Orders, pays with a card that pays, and lets the provider tell of it.
    pub async fn buy(&mut self, wish: &Value, card: &str) -> Result<()> {
        let page = self.order(wish).await?;
        ensure!(self.provider.pay(&page, card).await? == FakePaid::Yes, "{card} does not pay");
        self.deliver().await
    }

    /// Carries what the provider told to the server, and what it tells because that was taken; what
    /// the server does not take is an error.
    pub async fn carry(&mut self) -> Result<()> {
        for _ in 0..MOST_ROUNDS {
            let events = self.provider.list_undelivered().await?;
            if events.is_empty() {
                break;
            }
            for event in events {
                self.send(&event).await?.require_status(200)?;
                self.provider.note_delivered(&event.event_ref).await?;
            }
        }
        Ok(())
    }

    /// The same, and nothing of it is unclear.
    pub async fn deliver(&mut self) -> Result<()> {
        self.carry().await?;
        let snapshot = self.app.store.read().await?;
        let since = Timestamp::from_micros(0);
        let unclear =
            snapshot.payments().list_unclear_events(self.provider.id(), since, 100).await?;
        ensure!(unclear.is_empty(), "{unclear:?}");
        Ok(())
    }

    pub async fn send(&self, event: &FakeDelivery) -> Result<TestResponse> {
        let path = format!("/api/v1/payments/webhooks/{}", self.provider.id());
        let mut request = TestRequest::new("POST", &path);
        for (name, value) in &event.headers {
            request = request.header(name, value);
        }
        self.app.client().send(request.body("application/json", &event.body)).await
    }

    pub async fn pass(&mut self, days: u64) -> Result<()> {
        self.provider.advance(days).await?;
        self.deliver().await
    }

    /// A month and a day pass at the provider; and here, with a question, where it would not tell
    /// that something is over.
    pub async fn pass_a_month(&mut self, who: Who) -> Result<()> {
        self.pass(32).await?;
        if !who.tells_of_ends() {
            self.wait_days(32);
            self.reconcile().await?;
        }
        Ok(())
    }

    /// Lets time pass here and not at the provider.
    pub fn wait_days(&self, days: u64) {
        self.app.clock.advance(Duration::from_secs(days * 86_400));
    }

    pub async fn reconcile(&mut self) -> Result<Value> {
        let path = "/api/v1/admin/payments/reconcile";
        let answer = self.administrator.post(path, &json!({})).await?;
        answer.require_status(200)?;
        answer.json()
    }

    pub async fn refund(&mut self, payment: &Value, minor: Option<i64>) -> Result<TestResponse> {
        let body = json!({ "provider_ref": payment["provider_ref"], "minor": minor });
        self.administrator.post(REFUND, &body).await
    }

    /// The same under a key, so that it may be repeated.
    pub async fn refund_under(
        &mut self,
        key: &str,
        payment: &Value,
        minor: Option<i64>,
    ) -> Result<TestResponse> {
        let body = json!({ "provider_ref": payment["provider_ref"], "minor": minor });
        let request = TestRequest::new("POST", REFUND).json(&body).header("idempotency-key", key);
        self.administrator.send(request).await
    }

    /// What the buyer can spend.
    pub async fn credits(&mut self) -> Result<i64> {
        self.account().await?["credits"]["available"].as_i64().context("a balance")
    }

    /// What the buyer paid, newest first.
    pub async fn payments(&mut self) -> Result<Vec<Value>> {
        let list = self.buyer.get("/api/v1/account/payments").await?.json()?;
        Ok(list["items"].as_array().cloned().unwrap_or_default())
    }

    /// Spends credits by a job.
    pub async fn spend(&mut self, credits: i64) -> Result<()> {
        let leaf = json!({ "parts": 1, "depth": 0, "leaf_credits": credits });
        let job = json!({ "operation": "test.split", "params": leaf });
        let job = self.submit(&job).await?;
        job.require_status(202)?;
        self.wait_for(&job.json()?).await
    }

    pub async fn wait_for(&mut self, job: &Value) -> Result<()> {
        let id = job["id"].as_str().context("an id")?;
        let events = TestRequest::new("GET", &format!("/api/v1/jobs/{id}/events"));
        self.buyer.stream(events).await?.collect().await?;
        let job = self.buyer.get(&format!("/api/v1/jobs/{id}")).await?.json()?;
        ensure!(job["state"] == "succeeded", "{job}");
        Ok(())
    }

    pub async fn account(&mut self) -> Result<Value> {
        self.buyer.get("/api/v1/account").await?.json()
    }

    pub async fn plan(&mut self) -> Result<String> {
        Ok(self.account().await?["plan"]["slug"].as_str().context("a plan")?.to_owned())
    }

    pub async fn subscription(&mut self) -> Result<Value> {
        let answer = self.buyer.get("/api/v1/account/subscription").await?.json()?;
        Ok(answer["subscription"].clone())
    }

    pub async fn change(&mut self, request: &Value) -> Result<TestResponse> {
        self.buyer.post("/api/v1/account/subscription", request).await
    }

    pub async fn submit(&mut self, body: &Value) -> Result<TestResponse> {
        self.buyer.post("/api/v1/jobs", body).await
    }

    /// No posting, balance or hold breaks a rule of the books.
    pub async fn require_sound_books(&self) -> Result<()> {
        let breaches = self.app.store.read().await?.accounts().list_ledger_breaches().await?;
        ensure!(breaches.is_empty(), "{}", breaches.join("\n"));
        let breaches = self.provider.breaches();
        ensure!(breaches.is_empty(), "{}", breaches.join("\n"));
        Ok(())
    }

    /// Uses the month's jobs of an operation up and answers the refusal of the next one.
    pub async fn use_up(&mut self, operation: &str, jobs: u32) -> Result<Value> {
        let job = json!({ "operation": operation });
        for _ in 0..jobs {
            self.submit(&job).await?.require_status(202)?;
        }
        let refused = self.submit(&job).await?;
        refused.require_status(402)?;
        refused.json()
    }
}
