//! What every request can reach.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gantry_access::{Access, RequestRate};
use gantry_billing::Billing;
use gantry_catalog::Catalog;
use gantry_flows::Flows;
use gantry_jobs::Jobs;
use gantry_ports::Store;
use gantry_rewards::Rewards;
use tokio_util::sync::CancellationToken;

use crate::feed::StreamGate;
use crate::metrics::Metrics;
use crate::middleware::RateLimiter;
use crate::pages::Pages;

/// Who may read `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Programs on the same machine.
    LocalOnly,
    /// Everybody who can reach the server.
    Everybody,
}

/// What an installation decides about its HTTP face.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The address under which people reach the server, such as `https://gantry.example`;
    /// makes cookies `Secure` when it begins with `https`.
    pub public_url: Option<String>,
    /// Other origins whose pages may send state-changing requests, such as a development
    /// server's.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How often an address without a session or key may call.
    pub anonymous_rate: RequestRate,
    /// How often an address may try to sign in, register or set up.
    pub sign_in_rate: RequestRate,
    /// How often the people of an organization may have mails sent to others: invitations, and
    /// proofs of new addresses.
    pub mail_rate: RequestRate,
    /// Event streams that one account may hold open at once.
    pub streams_per_account: u32,
    /// How long a request may take; parts of uploads get ten times as long.
    pub request_timeout: Duration,
    /// Bytes of a JSON body.
    pub body_bytes: usize,
    /// Who may read `/metrics`.
    pub metrics: MetricsAccess,
    /// The edition that is running.
    pub edition: String,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            public_url: None,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            anonymous_rate: RequestRate { per_minute: 120, burst: 60 },
            sign_in_rate: RequestRate { per_minute: 30, burst: 30 },
            mail_rate: RequestRate { per_minute: 1, burst: 50 },
            streams_per_account: 64,
            request_timeout: Duration::from_secs(60),
            body_bytes: 2 << 20,
            metrics: MetricsAccess::LocalOnly,
            edition: "default".to_owned(),
        }
    }
}

/// The use-cases that routes call.
#[derive(Clone)]
pub struct Services {
    /// Accounts, sessions, keys.
    pub access: Access,
    /// Plans, balances, the ledger.
    pub billing: Billing,
    /// Credits for ads.
    pub rewards: Rewards,
    /// Operations, jobs, services, and the catalog behind them.
    pub jobs: Jobs,
    /// Workflows.
    pub flows: Flows,
    /// For readiness alone.
    pub store: Arc<dyn Store>,
}

/// The HTTP face could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// An embedded template is wrong.
    #[error("a page template is wrong: {0}")]
    Template(#[from] minijinja::Error),
    /// The operating system gives no randomness.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// What every request can reach. Clones share everything.
#[derive(Clone)]
pub struct AppState {
    pub(crate) services: Services,
    pub(crate) settings: Arc<HttpSettings>,
    pub(crate) limiter: Arc<RateLimiter>,
    pub(crate) streams: Arc<StreamGate>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) pages: Arc<Pages>,
    pub(crate) started: Instant,
    pub(crate) shutdown: CancellationToken,
}

impl AppState {
    /// Puts a face on `services`. When `shutdown` is cancelled, event streams end.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(
        services: Services,
        settings: HttpSettings,
        shutdown: CancellationToken,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            limiter: Arc::new(RateLimiter::default()),
            streams: Arc::new(StreamGate::new(settings.streams_per_account)),
            metrics: Arc::new(Metrics::default()),
            pages: Arc::new(Pages::new(services.billing.edition())?),
            settings: Arc::new(settings),
            started: Instant::now(),
            shutdown,
            services,
        })
    }

    /// The counters behind `/metrics`, for the worker's own figures.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    pub(crate) const fn access(&self) -> &Access {
        &self.services.access
    }

    pub(crate) const fn billing(&self) -> &Billing {
        &self.services.billing
    }

    pub(crate) const fn rewards(&self) -> &Rewards {
        &self.services.rewards
    }

    pub(crate) const fn jobs(&self) -> &Jobs {
        &self.services.jobs
    }

    pub(crate) const fn flows(&self) -> &Flows {
        &self.services.flows
    }

    pub(crate) const fn catalog(&self) -> &Catalog {
        self.services.jobs.catalog()
    }
}
