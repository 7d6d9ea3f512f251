//! The whole server on a free port of this machine: store, blobs, use-cases, worker, HTTP.
//!
//! Invariants: it lives in a temporary folder of its own, listens on 127.0.0.1 alone, and ends
//! with its owner.

mod client;
mod connection;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use gantry_access::{
    Access, AccessSettings, AdministratorFactor, Issuer, PasswordCost, Provider, Sealing,
    SetupToken,
};
use gantry_ads::{AdSandbox, Networks};
use gantry_billing::{Billing, Edition, Post};
use gantry_engine_api::Engine;
use gantry_flows::Flows;
use gantry_http::{AppState, HttpSettings, Services, router, serve};
use gantry_jobs::Jobs;
use gantry_pay::Sandbox;
use gantry_ports::store::{QueuedMail, Session, SessionPurpose, StoreExt};
use gantry_ports::{Clock, Store, StoreError};
use gantry_rewards::{AdDesk, Rewards};
use gantry_rules::plan::PlanTerms;
use gantry_store::StoreConfig;
use gantry_types::{Device, OrganizationId, PriorityClass, Role, SessionId, UserId};
use gantry_worker::{Worker, WorkerSettings};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use crate::doors::TestEngine;
use crate::{Platform, TestClock, TestTill, edition_of, generous_terms};

pub use client::{TestClient, TestRequest};
pub use connection::{EventStream, ServerEvent, TestResponse};

/// The password of every account that [`TestApp`] makes.
pub const PASSWORD: &str = "a long enough password";

/// Whether a worker runs jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithWorker {
    /// One with two slots.
    Yes,
    /// None: jobs stay queued.
    No,
}

/// How to start a [`TestApp`].
pub struct TestSettings {
    /// The terms of the one plan.
    pub terms: PlanTerms,
    /// Several plans instead.
    pub edition: Option<Edition>,
    /// Who takes the money.
    pub till: TestTill,
    /// Who shows the ads, where the edition gives credits for some; the sandbox if not given.
    pub ads: Option<AdDesk>,
    /// Identity; the default plan and the cost of passwords are set by the app.
    pub access: AccessSettings,
    /// The HTTP face.
    pub http: HttpSettings,
    /// Whether jobs run.
    pub worker: WithWorker,
    /// Who else signs people in.
    pub providers: Vec<Provider>,
    /// Whose tokens programs may show.
    pub issuers: Vec<Issuer>,
    /// Engines beside the one of every test.
    pub engines: Vec<Box<dyn Engine>>,
    /// The database; a new SQLite file if not given.
    pub store: Option<StoreConfig>,
}

impl Default for TestSettings {
    fn default() -> Self {
        let plenty = gantry_access::RequestRate { per_minute: 1_000_000, burst: 1_000_000 };
        let http = HttpSettings {
            anonymous_rate: plenty,
            sign_in_rate: plenty,
            mail_rate: plenty,
            ..HttpSettings::default()
        };
        Self {
            terms: generous_terms(),
            edition: None,
            till: TestTill::Sandbox,
            ads: None,
            access: AccessSettings {
                administrator_factor: AdministratorFactor::Optional,
                ..AccessSettings::default()
            },
            http,
            worker: WithWorker::No,
            providers: Vec::new(),
            issuers: Vec::new(),
            engines: Vec::new(),
            store: None,
        }
    }
}

/// A running server.
pub struct TestApp {
    /// Where it listens.
    pub address: SocketAddr,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The clock of everything but timers.
    pub clock: Arc<TestClock>,
    /// Identity.
    pub access: Access,
    /// Plans, purchases, payments.
    pub billing: Billing,
    /// Credits for ads.
    pub rewards: Rewards,
    /// Who takes the money, unless another does.
    pub sandbox: Arc<Sandbox>,
    /// Jobs and the catalog.
    pub jobs: Jobs,
    /// What the first administrator registers with.
    pub setup_token: SetupToken,
    shutdown: CancellationToken,
    _platform: Platform,
}

impl TestApp {
    /// Starts a server without users.
    ///
    /// # Errors
    /// When a part of it cannot be opened.
    pub async fn first_run(settings: TestSettings) -> Result<Self> {
        let edition = settings.edition.unwrap_or_else(|| edition_of(settings.terms));
        let mut engines: Vec<&dyn Engine> = vec![&TestEngine];
        engines.extend(settings.engines.iter().map(AsRef::as_ref));
        let platform =
            Platform::open_edition(settings.store, &engines, (edition, settings.till)).await?;
        let (store, jobs) = (platform.store.clone(), platform.jobs.clone());
        let clock: Arc<dyn Clock> = platform.clock.clone();
        let access_settings = AccessSettings {
            default_plan: platform.plan.slug.clone(),
            password_cost: PasswordCost { memory_kib: 64, iterations: 1, concurrent: 4 },
            ..settings.access
        };
        let (bus, flags) = (platform.bus.clone(), jobs.flags().clone());
        let access = Access::new((store.clone(), clock), bus, access_settings, flags)?
            .with_providers(settings.providers)
            .with_issuers(settings.issuers)
            .with_sealing(Sealing::new("the key of every installation under test", &[])?);
        let post = Post { letters: access.letters(), posted: access.posted() };
        let billing = platform.billing.clone().with_post(post);
        let rewards = open_rewards(&platform, settings.ads)?;
        let shutdown = CancellationToken::new();
        if settings.worker == WithWorker::Yes {
            let worker = new_worker(jobs.clone(), platform.scratch());
            tokio::spawn(worker.run(shutdown.clone()));
        }
        let services = Services {
            access: access.clone(),
            billing: billing.clone(),
            rewards: rewards.clone(),
            jobs: jobs.clone(),
            flows: Flows::new(store.clone(), jobs.clone()),
            store: store.clone(),
        };
        let state = AppState::new(services, settings.http, shutdown.clone())?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(serve(listener, router(state), shutdown.clone()));
        let setup_token = access.open_setup().await?.context("a new store has no users")?;
        let clock = platform.clock.clone();
        let sandbox = platform.sandbox.clone();
        Ok(Self {
            address,
            store,
            clock,
            access,
            billing,
            rewards,
            sandbox,
            jobs,
            setup_token,
            shutdown,
            _platform: platform,
        })
    }

    /// Starts a server and creates its administrator, who is signed in.
    ///
    /// # Errors
    /// As [`TestApp::first_run`].
    pub async fn start(settings: TestSettings) -> Result<(Self, TestClient)> {
        let app = Self::first_run(settings).await?;
        let mut client = app.client();
        let body = json!({
            "email": "root@example.org",
            "password": PASSWORD,
            "name": "Root",
            "token": app.setup_token.expose(),
        });
        let answer = client.post("/api/v1/auth/setup", &body).await?;
        answer.require_status(201)?;
        client.learn_csrf_token(&answer)?;
        Ok((app, client))
    }

    /// Starts a second server on the same store, as after a restart with another till, and answers
    /// where it listens; it ends with this one.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn serve_with(&self, till: TestTill, http: HttpSettings) -> Result<SocketAddr> {
        let services = Services {
            access: self.access.clone(),
            billing: self.billing.clone().with_till(till.open(&self.sandbox)),
            rewards: self.rewards.clone(),
            jobs: self.jobs.clone(),
            flows: Flows::new(self.store.clone(), self.jobs.clone()),
            store: self.store.clone(),
        };
        let state = AppState::new(services, http, self.shutdown.clone())?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(serve(listener, router(state), self.shutdown.clone()));
        Ok(address)
    }

    /// Somebody who is not signed in.
    #[must_use]
    pub fn client(&self) -> TestClient {
        TestClient::new(self.address)
    }

    /// Registers an account and answers its owner, signed in.
    ///
    /// # Errors
    /// When registering fails.
    pub async fn register(&self, email: &str) -> Result<TestClient> {
        let mut client = self.client();
        let body = json!({ "email": email, "password": PASSWORD, "name": "Somebody" });
        let answer = client.post("/api/v1/auth/register", &body).await?;
        answer.require_status(201)?;
        client.learn_csrf_token(&answer)?;
        Ok(client)
    }

    /// The mails that wait in the outbox, which is empty afterwards.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn take_mails(&self) -> Result<Vec<QueuedMail>> {
        let now = self.clock.now();
        let far = now.plus(Duration::from_hours(1_000_000));
        let taken = self.store.write::<_, StoreError, _>(move |tx| {
            Box::pin(async move { tx.mails().claim_mails(now, far, 1_000).await })
        });
        Ok(taken.await?)
    }

    /// Makes a user a member of another organization and opens a session there.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn join(
        &self,
        user_id: UserId,
        organization_id: OrganizationId,
        role: Role,
    ) -> Result<TestClient> {
        let token = format!("token-of-{}", SessionId::generate());
        let now = self.clock.now();
        let session = Session {
            id: SessionId::generate(),
            token_sha256: hex::encode(Sha256::digest(token.as_bytes())),
            user_id,
            organization_id,
            user_agent: "test".to_owned(),
            ip: "127.0.0.1".to_owned(),
            created_at: now,
            last_used_at: now,
            expires_at: now.plus(Duration::from_secs(86_400)),
            purpose: SessionPurpose::Everything,
        };
        self.store
            .write(move |tx| {
                let session = session.clone();
                Box::pin(async move {
                    tx.access().set_member(organization_id, user_id, role).await?;
                    tx.access().insert_session(&session).await?;
                    Ok::<(), StoreError>(())
                })
            })
            .await?;
        let mut client = self.client();
        client.set_cookie("gantry_session", &token);
        client.fetch_csrf_token().await?;
        Ok(client)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// What the edition gives for ads.
fn open_rewards(platform: &Platform, desk: Option<AdDesk>) -> Result<Rewards> {
    let terms = platform.billing.edition().rewards.as_ref().map(|rewards| rewards.terms);
    let desk = match desk {
        Some(desk) => desk,
        None => {
            let sandbox = Arc::new(AdSandbox::open()?);
            let networks = Arc::new(Networks::default());
            AdDesk { verifier: sandbox.clone(), sandbox: Some(sandbox), networks }
        }
    };
    let clock: Arc<dyn Clock> = platform.clock.clone();
    Ok(Rewards::new(platform.store.clone(), clock, terms).with_desk(desk))
}

fn new_worker(jobs: Jobs, scratch: std::path::PathBuf) -> Arc<Worker> {
    let settings = WorkerSettings {
        slots: 2,
        devices: vec![Device::Cpu],
        classes: PriorityClass::ALL.to_vec(),
        lease: Duration::from_secs(30),
        threads_per_job: 1,
        scratch,
        drain: Duration::from_millis(100),
    };
    Worker::new(jobs, settings)
}
