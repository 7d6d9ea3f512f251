//! A server whose ads are AdMob's, and what people do there.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_ads::{AdMob, AdMobSettings, NetworkLists};
use gantry_billing::{Edition, Vocabulary, parse_edition};
use gantry_ports::Clock;
use gantry_rewards::AdDesk;
use gantry_rules::fraud::NetworkMark;
use gantry_rules::period::derive_day;
use gantry_testkit::fakes::admob::{AD_UNIT, FakeAdMob, Signing};
use gantry_testkit::postgres::{self, Postgres};
use gantry_testkit::{
    TestApp, TestClient, TestClock, TestRequest, TestResponse, TestSettings, WithWorker,
};
use serde_json::{Value, json};

const YEAR: Duration = Duration::from_hours(365 * 24);
pub const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0";
/// A network of servers.
pub const HOSTING: &str = "198.51.100.9";
/// Networks that hide who uses them.
pub const VPN: &str = "192.0.2.77";

/// On what the books are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// Where somebody sits, and at what.
#[derive(Debug, Clone, Copy)]
pub struct Seat {
    pub ip: &'static str,
    pub agent: &'static str,
    pub device: Option<&'static str>,
}

impl Seat {
    /// At home, with a device of one's own.
    pub const fn at_home(ip: &'static str, device: &'static str) -> Self {
        Self { ip, agent: BROWSER, device: Some(device) }
    }

    fn request(&self, method: &str, path: &str) -> TestRequest {
        let request = TestRequest::new(method, path).header("x-forwarded-for", self.ip);
        if self.agent.is_empty() { request } else { request.header("user-agent", self.agent) }
    }
}

/// The edition whose ads are tested.
pub fn automl() -> Edition {
    let known = Vocabulary {
        meters: ["jobs", "rows", "models"].iter().map(|name| name.parse().unwrap()).collect(),
        providers: ["sandbox".to_owned(), "stripe".to_owned()].into(),
    };
    parse_edition(include_str!("../../../../editions/automl.toml"), &known).unwrap()
}

/// Settings for stories that last for days and have people at many addresses.
pub fn settings() -> TestSettings {
    let mut settings = TestSettings {
        edition: Some(automl()),
        worker: WithWorker::Yes,
        ..TestSettings::default()
    };
    settings.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    settings.access.session_idle = YEAR;
    settings.access.administrator_idle = YEAR;
    settings.access.session_lifetime = YEAR;
    settings
}

/// A server, its administrator, and AdMob.
pub struct Desk {
    pub app: TestApp,
    pub administrator: TestClient,
    pub admob: FakeAdMob,
    /// AdMob's clock, and that of whoever believes it.
    clock: Arc<TestClock>,
    _database: Option<Arc<Postgres>>,
}

impl Desk {
    pub async fn open(database: Database) -> Result<Self> {
        let clock = Arc::new(TestClock::default());
        let admob = FakeAdMob::start(clock.clone()).await?;
        let units = vec![AD_UNIT.to_owned()];
        let verifier =
            AdMob::new(AdMobSettings { units, key_url: admob.key_url() }, clock.clone())?;
        let mut lists = NetworkLists::default();
        lists.add(NetworkMark::Hosting, "198.51.100.0/24", Path::new("hosting.txt"))?;
        lists.add(NetworkMark::Vpn, "192.0.2.0/24", Path::new("vpn.txt"))?;
        let mut settings = settings();
        settings.ads =
            Some(AdDesk { verifier: Arc::new(verifier), sandbox: None, networks: Arc::new(lists) });
        let mut kept = None;
        if database == Database::Postgres {
            let (server, config) = postgres::open_database().await?;
            (kept, settings.store) = (Some(server), Some(config));
        }
        let (app, administrator) = TestApp::start(settings).await?;
        let desk = Self { app, administrator, admob, clock, _database: kept };
        // Stories begin an hour after midnight, so that no day ends within them.
        let now = desk.app.clock.now();
        desk.pass(derive_day(now).end.since(now) + Duration::from_hours(1));
        Ok(desk)
    }

    /// Lets time pass, here and at AdMob.
    pub fn pass(&self, time: Duration) {
        self.app.clock.advance(time);
        self.clock.advance(time);
    }

    pub async fn ask(
        &self,
        client: &TestClient,
        seat: &Seat,
        path: &str,
        body: &Value,
    ) -> Result<TestResponse> {
        let request = seat.request("POST", path);
        let request = if body.is_null() { request } else { request.json(body) };
        client.clone().send(request).await
    }

    pub async fn status(&self, client: &TestClient, seat: &Seat) -> Result<Value> {
        let answer = client.clone().send(seat.request("GET", "/api/v1/rewards")).await?;
        answer.require_status(200)?;
        answer.json()
    }

    pub async fn begin(&self, client: &TestClient, seat: &Seat) -> Result<TestResponse> {
        self.ask(client, seat, "/api/v1/rewards/sessions", &Value::Null).await
    }

    /// Asks for an ad and watches it, for so many seconds; answers the session.
    pub async fn watch(&self, client: &TestClient, seat: &Seat, seconds: u64) -> Result<String> {
        let begun = self.begin(client, seat).await?;
        begun.require_status(201)?;
        let session = begun.json()?["custom_data"].as_str().context("a session")?.to_owned();
        self.pass(Duration::from_secs(seconds));
        let query = self.admob.watch(AD_UNIT, &session, Signing::AsSent)?;
        ensure!(self.call_back(&query).await? == "applied", "the callback was not applied");
        Ok(session)
    }

    pub async fn send_callback(&self, query: &str) -> Result<TestResponse> {
        self.app.client().get(&format!("/api/v1/rewards/callbacks/admob?{query}")).await
    }

    /// What became of a callback that was taken.
    pub async fn call_back(&self, query: &str) -> Result<String> {
        let answer = self.send_callback(query).await?;
        answer.require_status(200)?;
        Ok(answer.json()?["outcome"].as_str().context("an outcome")?.to_owned())
    }

    pub async fn claim(
        &self,
        client: &TestClient,
        seat: &Seat,
        session: &str,
    ) -> Result<TestResponse> {
        let body = json!({ "session_id": session, "fingerprint": seat.device });
        self.ask(client, seat, "/api/v1/rewards/claims", &body).await
    }

    /// Watches an ad of usual length and claims its credits.
    pub async fn earn(&self, client: &TestClient, seat: &Seat) -> Result<TestResponse> {
        let session = self.watch(client, seat, 20).await?;
        self.claim(client, seat, &session).await
    }

    pub async fn fraud_events(&mut self, query: &str) -> Result<Vec<Value>> {
        let path = format!("/api/v1/admin/fraud/events?{query}");
        let answer = self.administrator.get(&path).await?;
        answer.require_status(200)?;
        Ok(answer.json()?["items"].as_array().cloned().unwrap_or_default())
    }

    pub async fn review(&mut self, event: &Value, finding: &Value) -> Result<TestResponse> {
        let id = event["id"].as_str().context("an id")?;
        let path = format!("/api/v1/admin/fraud/events/{id}/review");
        self.administrator.post(&path, finding).await
    }

    /// No posting, balance or hold breaks a rule of the books.
    pub async fn require_sound_books(&self) -> Result<()> {
        let breaches = self.app.store.read().await?.accounts().list_ledger_breaches().await?;
        ensure!(breaches.is_empty(), "{}", breaches.join("\n"));
        Ok(())
    }
}

/// What somebody can spend.
pub async fn credits(client: &TestClient) -> Result<i64> {
    let account = client.clone().get("/api/v1/account").await?.json()?;
    account["credits"]["available"].as_i64().context("a balance")
}
