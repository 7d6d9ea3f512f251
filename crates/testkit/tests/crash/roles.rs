//! What this program is when it is started as a part of an installation: the same house, server
//! and worker as the shipped binary's, with an engine for tests beside the built-in ones.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use gantry::config::{Config, IsolationConfig, Secret};
use gantry::engines::{EngineSet, built_in};
use gantry::failure::Failure;
use gantry::house::{House, Purpose};
use gantry::server::RunningServer;
use gantry_external::serve_engine;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::engine::CrashEngine;
use crate::journal::Journal;

pub const ENGINE_HOST: &str = "engine-host";
pub const SERVER: &str = "server";
pub const WORKER: &str = "worker";

/// What a process of the installation is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    /// Its data folder.
    pub data_dir: PathBuf,
    /// The blobs, which all processes share.
    pub blobs: PathBuf,
    /// A PostgreSQL database.
    pub store_url: Option<String>,
    /// Where a server listens.
    pub listen: SocketAddr,
    /// Jobs that run at once.
    pub slots: u32,
    /// Seconds of a lease.
    pub lease_s: u64,
    /// Seconds of a drain.
    pub drain_s: u64,
    /// Whether jobs run in threads of the worker.
    pub in_threads: bool,
    /// The folder of the journal.
    pub journal: PathBuf,
}

impl Settings {
    fn derive_config(&self) -> Config {
        let mut config = Config::default();
        config.server.data_dir.clone_from(&self.data_dir);
        config.server.listen = self.listen;
        config.blobs.folder = Some(self.blobs.clone());
        config.store.url = self.store_url.clone().map(Secret::new);
        config.worker.slots = self.slots;
        config.worker.lease_s = self.lease_s;
        config.worker.drain_s = self.drain_s;
        config.worker.threads_per_job = Some(1);
        if self.in_threads {
            config.engines.isolation = IsolationConfig::Thread;
        }
        config.auth.password_memory_kib = 64;
        config.auth.password_iterations = 1;
        config.limits.anonymous_per_minute = 1_000_000;
        config.limits.anonymous_burst = 1_000_000;
        config.plan.concurrent_jobs = 64;
        config.plan.queued_jobs = 100_000;
        config.plan.requests_per_minute = 10_000_000;
        config.plan.request_burst = 1_000_000;
        config.plan.granted_credits = 10_000_000;
        config
    }

    fn engines(&self) -> EngineSet {
        let journal = Journal { folder: self.journal.clone(), holder: std::process::id() };
        let mut engines = built_in();
        engines.push(Box::new(CrashEngine(journal)));
        let folder = self.journal.display().to_string();
        EngineSet { engines, host_arguments: vec![ENGINE_HOST.to_owned(), folder] }
    }
}

/// Runs engines for the process that started this one.
pub fn host(journal: &Path) -> Result<()> {
    let holder = std::os::unix::process::parent_id();
    let journal = Journal { folder: journal.to_owned(), holder };
    let mut engines = built_in();
    engines.push(Box::new(CrashEngine(journal)));
    let engines: Vec<_> = engines.iter().map(AsRef::as_ref).collect();
    serve_engine(&engines, std::io::stdin(), std::io::stdout())?;
    Ok(())
}

/// Serves until it is killed.
pub fn serve(settings: &Path) -> Result<()> {
    let settings = read(settings)?;
    build_runtime()?.block_on(async {
        let config = settings.derive_config();
        let house = House::open_for(Purpose::Serve, &config, settings.engines()).await;
        let house = house.map_err(tell)?;
        let mut server = RunningServer::start(&config, &house).await.map_err(tell)?;
        let setup = house.access.open_setup().await?;
        announce(&json!({ "setup": setup.map(|token| token.expose().to_owned()) }))?;
        let mut stop = stop_signal()?;
        tokio::select! {
            failure = server.wait() => return Err(tell(failure)),
            _ = stop.recv() => {}
        }
        server.stop().await;
        Ok(())
    })
}

/// Works until it is killed or asked to stop.
pub fn work(settings: &Path) -> Result<()> {
    let settings = read(settings)?;
    build_runtime()?.block_on(async {
        let config = settings.derive_config();
        let house = House::open_for(Purpose::Work, &config, settings.engines()).await;
        let house = house.map_err(tell)?;
        let worker = house.build_worker(&config);
        announce(&json!({ "worker": worker.id().to_string() }))?;
        let mut signal = stop_signal()?;
        let stop = CancellationToken::new();
        let work = tokio::spawn(worker.run(stop.clone()));
        signal.recv().await;
        stop.cancel();
        work.await?;
        house.flush_hints().await;
        Ok(())
    })
}

pub fn build_runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

fn stop_signal() -> Result<tokio::signal::unix::Signal> {
    Ok(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?)
}

fn read(path: &Path) -> Result<Settings> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}

fn announce(line: &serde_json::Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}

fn tell(failure: Failure) -> anyhow::Error {
    anyhow!("{failure} ({})", failure.next.clone().unwrap_or_default())
}
