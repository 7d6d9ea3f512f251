//! A running server: HTTP, the worker, and the chores that keep a data folder small.
//!
//! Invariant: stopping lets requests and jobs end within their drain time, and never waits
//! longer.

use std::net::SocketAddr;
use std::time::Duration;

use gantry_access::RequestRate;
use gantry_flows::Flows;
use gantry_http::{AppState, HttpSettings, MetricsAccess, Services};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::chores;
use crate::config::{Config, LimitsConfig, MetricsConfig};
use crate::failure::Failure;
use crate::house::House;

/// How long answering the last requests may take after the jobs have ended.
const LAST_REQUESTS: Duration = Duration::from_secs(5);
/// How long giving back jobs that did not end within the drain time may take.
const GIVE_BACK: Duration = Duration::from_secs(8);

/// A server that was started.
pub struct RunningServer {
    /// Where it listens.
    pub address: SocketAddr,
    shutdown: CancellationToken,
    http: JoinHandle<std::io::Result<()>>,
    worker: JoinHandle<()>,
    chores: JoinHandle<()>,
    drain: Duration,
    house: House,
}

impl RunningServer {
    /// Listens, claims jobs and serves.
    ///
    /// # Errors
    /// [`Failure`] when the address is taken or the HTTP face cannot be set up.
    pub async fn start(config: &Config, house: &House) -> Result<Self, Failure> {
        let listen = config.server.listen;
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            Failure::broken(format!("{listen} cannot be listened on: {error}"))
                .with_next("choose another port with --listen 127.0.0.1:PORT")
        })?;
        let address = listener
            .local_addr()
            .map_err(|error| Failure::broken(format!("the listener has no address: {error}")))?;
        let shutdown = CancellationToken::new();
        let services = Services {
            access: house.access.clone(),
            billing: house.billing.clone(),
            rewards: house.rewards.clone(),
            jobs: house.jobs.clone(),
            flows: Flows::new(house.store.clone(), house.jobs.clone()),
            store: house.store.clone(),
        };
        let state = AppState::new(services, derive_settings(config), shutdown.clone())
            .map_err(|error| Failure::broken(error.to_string()))?;
        let router = gantry_http::router(state);
        Ok(Self {
            address,
            http: tokio::spawn(gantry_http::serve(listener, router, shutdown.clone())),
            worker: start_worker(config, house, &shutdown),
            chores: tokio::spawn(chores::run(house.clone())),
            drain: Duration::from_secs(config.worker.drain_s),
            shutdown,
            house: house.clone(),
        })
    }

    /// Waits until the server ends by itself, which it does only when something is wrong.
    pub async fn wait(&mut self) -> Failure {
        match (&mut self.http).await {
            Ok(Ok(())) => Failure::broken("the server ended"),
            Ok(Err(error)) => Failure::broken(format!("the server ended: {error}")),
            Err(error) => Failure::broken(format!("the server ended: {error}")),
        }
    }

    /// Takes no more requests and jobs, and waits for those under way.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.chores.abort();
        let limit = self.drain + GIVE_BACK + LAST_REQUESTS;
        let ended = tokio::time::timeout(limit, async {
            let _worker = self.worker.await;
            if !self.http.is_finished() {
                let _http = tokio::time::timeout(LAST_REQUESTS, self.http).await;
            }
        });
        if ended.await.is_err() {
            tracing::warn!("the server stopped before everything had ended");
        }
        self.house.jobs.end_allowances().await;
        self.house.flush_hints().await;
    }
}

/// The worker of this process; without slots, what time alone changes is still looked after.
fn start_worker(config: &Config, house: &House, shutdown: &CancellationToken) -> JoinHandle<()> {
    let shutdown = shutdown.clone();
    if config.worker.slots == 0 {
        let lease = Duration::from_secs(config.worker.lease_s.max(1));
        return tokio::spawn(gantry_worker::sweep_until(house.jobs.clone(), lease, shutdown));
    }
    tokio::spawn(house.build_worker(config).run(shutdown))
}

fn derive_settings(config: &Config) -> HttpSettings {
    let limits: &LimitsConfig = &config.limits;
    HttpSettings {
        public_url: config.server.public_url.clone(),
        allowed_origins: config.server.allowed_origins.clone(),
        trusted_proxies: config.server.trusted_proxies.clone(),
        anonymous_rate: RequestRate {
            per_minute: limits.anonymous_per_minute,
            burst: limits.anonymous_burst,
        },
        sign_in_rate: RequestRate {
            per_minute: limits.sign_in_per_minute,
            burst: limits.sign_in_burst,
        },
        mail_rate: RequestRate { per_minute: limits.mails_per_minute, burst: limits.mails_burst },
        streams_per_account: limits.streams_per_account,
        request_timeout: Duration::from_secs(config.server.request_timeout_s.max(1)),
        body_bytes: limits.body_bytes,
        edition: config.server.edition.clone(),
        metrics: match config.server.metrics {
            MetricsConfig::Local => MetricsAccess::LocalOnly,
            MetricsConfig::Everybody => MetricsAccess::Everybody,
        },
    }
}
