//! A server of one edition, and what buyers do there.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_billing::{Edition, Vocabulary, parse_edition};
use gantry_ports::SandboxDesk;
use gantry_testkit::{TestApp, TestClient, TestRequest, TestResponse, TestSettings, WithWorker};
use serde_json::{Value, json};

pub const PAYS: &str = "4242 4242 4242 4242";
pub const PAYS_ONCE: &str = "4000 0000 0000 0341";
pub const DECLINED: &str = "4000 0000 0000 0002";
pub const ASKS_FIRST: &str = "4000 0025 0000 3155";

/// A server, its administrator, and a stranger who has just registered.
pub struct Shop {
    pub app: TestApp,
    pub administrator: TestClient,
    pub buyer: TestClient,
}

/// An edition of the repository; its own meters are named in the file.
pub fn edition(name: &str) -> Edition {
    let path = format!("{}/../../editions/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let meters = ["jobs", "api_calls", "iterations", "rows", "models"];
    let known = Vocabulary {
        meters: meters.iter().map(|name| name.parse().unwrap()).collect(),
        providers: ["sandbox".to_owned()].into(),
    };
    parse_edition(&text, &known).unwrap()
}

impl Shop {
    pub async fn open(edition: Edition) -> Result<Self> {
        let settings = TestSettings {
            edition: Some(edition),
            worker: WithWorker::Yes,
            ..TestSettings::default()
        };
        let (app, administrator) = TestApp::start(settings).await?;
        let buyer = app.register("buyer@example.org").await?;
        Ok(Self { app, administrator, buyer })
    }

    /// Orders something and answers the path of the page to pay on.
    pub async fn order(&mut self, wish: &Value) -> Result<String> {
        let answer = self.buyer.post("/api/v1/account/checkouts", wish).await?;
        answer.require_status(201)?;
        Ok(answer.json()?["url"].as_str().context("an address")?.to_owned())
    }

    /// Fills in the sandbox's form.
    pub async fn pay(&mut self, page: &str, form: &str) -> Result<TestResponse> {
        let body = form.replace(' ', "%20");
        let request = TestRequest::new("POST", page)
            .body("application/x-www-form-urlencoded", body.as_bytes());
        self.app.client().send(request).await
    }

    /// Orders, pays with a card that pays, and lets the provider tell of it.
    pub async fn buy(&mut self, wish: &Value, card: &str) -> Result<()> {
        let page = self.order(wish).await?;
        let answer = self.pay(&page, &format!("card={card}")).await?;
        answer.require_status(303)?;
        self.deliver().await
    }

    /// Carries the sandbox's events to the server, as a provider elsewhere would.
    pub async fn deliver(&mut self) -> Result<()> {
        for event in self.app.sandbox.list_undelivered().await? {
            let answer = self.send(&event.body, &event.signature).await?;
            answer.require_status(200)?;
            ensure!(answer.json()?["outcome"] != "unclear", "{}", answer.json()?);
            self.app.sandbox.note_delivered(&event.event_ref).await?;
        }
        Ok(())
    }

    pub async fn send(&self, body: &[u8], signature: &str) -> Result<TestResponse> {
        let request = TestRequest::new("POST", "/api/v1/payments/webhooks/sandbox")
            .header("gantry-signature", signature)
            .body("application/json", body);
        self.app.client().send(request).await
    }

    pub async fn pass(&mut self, days: u64) -> Result<()> {
        self.app.sandbox.advance(Duration::from_secs(days * 86_400)).await?;
        self.deliver().await
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
        Ok(())
    }

    /// Uses the month's jobs up and answers the refusal of the next one.
    pub async fn use_up(&mut self, jobs: u32) -> Result<Value> {
        let job = json!({ "operation": "test.noop" });
        for _ in 0..jobs {
            self.submit(&job).await?.require_status(202)?;
        }
        let refused = self.submit(&job).await?;
        refused.require_status(402)?;
        refused.json()
    }
}
