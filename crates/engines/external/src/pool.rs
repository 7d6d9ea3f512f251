//! Warm processes of one engine.
//!
//! Invariants: never more processes work than there are slots; a process serves one run at a
//! time; one that broke the protocol, or might still say something of an ended run, is never
//! lent again; idle ones are ended after a while.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use gantry_engine_api::protocol::EngineManifest;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::ExternalConfig;
use crate::error::ExternalError;
use crate::handshake::shake_hands;
use crate::process::{EngineProcess, describe_exit};

struct Idle {
    process: EngineProcess,
    since: Instant,
}

#[derive(Default)]
struct Shelf {
    idle: Vec<Idle>,
    is_swept: bool,
}

/// Warm processes of one engine, shared by all its operations.
pub struct EnginePool {
    config: ExternalConfig,
    slots: Arc<Semaphore>,
    shelf: Mutex<Shelf>,
    manifest: OnceLock<EngineManifest>,
}

impl EnginePool {
    /// A pool without processes: the first run starts one.
    #[must_use]
    pub fn new(config: ExternalConfig) -> Arc<Self> {
        let slots = config.slots.map_or(Semaphore::MAX_PERMITS, |slots| slots.get().into());
        let slots = Arc::new(Semaphore::new(slots));
        Arc::new(Self { config, slots, shelf: Mutex::default(), manifest: OnceLock::new() })
    }

    /// How its processes are started.
    #[must_use]
    pub const fn config(&self) -> &ExternalConfig {
        &self.config
    }

    /// What the engine says about itself; the process that was asked is kept warm.
    ///
    /// # Errors
    /// [`ExternalError`] when it cannot be started or answers wrongly.
    pub async fn fetch_manifest(self: &Arc<Self>) -> Result<EngineManifest, ExternalError> {
        if let Some(manifest) = self.manifest.get() {
            return Ok(manifest.clone());
        }
        let lent = self.borrow().await?;
        let manifest = self.manifest.get().cloned();
        lent.give_back();
        manifest.ok_or(ExternalError::Changed)
    }

    /// Lends a process that has shaken hands.
    pub(crate) async fn borrow(self: &Arc<Self>) -> Result<LentProcess, ExternalError> {
        // The semaphore is never closed.
        let slot = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(|_| ExternalError::Ended("the pool is closed".to_owned()))?;
        while let Some(mut idle) = self.take_idle() {
            if idle.process.is_ready().await {
                return Ok(LentProcess::new(idle.process, slot, self));
            }
        }
        let process = self.start().await?;
        Ok(LentProcess::new(process, slot, self))
    }

    async fn start(&self) -> Result<EngineProcess, ExternalError> {
        let mut process = EngineProcess::spawn(&self.config)?;
        match shake_hands(&mut process.wire).await {
            Ok(manifest) => {
                if *self.manifest.get_or_init(|| manifest.clone()) == manifest {
                    Ok(process)
                } else {
                    Err(ExternalError::Changed)
                }
            }
            Err(error @ (ExternalError::Ended(_) | ExternalError::Io { .. })) => {
                Err(derive_end(&mut process, error).await)
            }
            Err(error) => Err(error),
        }
    }

    fn take_idle(&self) -> Option<Idle> {
        self.shelf().idle.pop()
    }

    fn take_back(self: &Arc<Self>, process: EngineProcess) {
        if process.runs >= self.config.runs_per_process {
            tokio::spawn(process.end());
            return;
        }
        let mut shelf = self.shelf();
        shelf.idle.push(Idle { process, since: Instant::now() });
        if !std::mem::replace(&mut shelf.is_swept, true) {
            let keep = Duration::from_secs(self.config.idle_seconds);
            tokio::spawn(sweep(Arc::downgrade(self), keep));
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a process that did not answer ended, if it has.
async fn derive_end(process: &mut EngineProcess, error: ExternalError) -> ExternalError {
    let exit = process.find_exit().await;
    let words = process.complaints().last_words();
    let words = if words.is_empty() { words } else { format!("; its last words: {words}") };
    match (exit, error) {
        (Some(exit), _) if exit.code().is_none() => {
            ExternalError::Killed(format!("{}{words}", describe_exit(exit)))
        }
        (Some(exit), _) => ExternalError::Ended(format!("{}{words}", describe_exit(exit))),
        (None, ExternalError::Ended(cause)) => ExternalError::Ended(format!("{cause}{words}")),
        (None, error) => error,
    }
}

/// Ends what was idle for too long, until nothing is idle.
async fn sweep(pool: Weak<EnginePool>, keep: Duration) {
    let pause = (keep / 4).clamp(Duration::from_millis(50), Duration::from_secs(10));
    loop {
        tokio::time::sleep(pause).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut shelf = pool.shelf();
        let (stale, fresh) = std::mem::take(&mut shelf.idle)
            .into_iter()
            .partition(|idle| idle.since.elapsed() >= keep);
        shelf.idle = fresh;
        let is_empty = shelf.idle.is_empty();
        if is_empty {
            shelf.is_swept = false;
        }
        drop(shelf);
        let stale: Vec<Idle> = stale;
        for idle in stale {
            tokio::spawn(idle.process.end());
        }
        if is_empty {
            return;
        }
    }
}

/// A process and its slot; dropped without being given back, it is killed.
pub(crate) struct LentProcess {
    pub(crate) process: EngineProcess,
    pool: Arc<EnginePool>,
    _slot: OwnedSemaphorePermit,
}

impl LentProcess {
    fn new(process: EngineProcess, slot: OwnedSemaphorePermit, pool: &Arc<EnginePool>) -> Self {
        Self { process, pool: Arc::clone(pool), _slot: slot }
    }

    /// Keeps the process for the next run.
    pub(crate) fn give_back(self) {
        self.pool.take_back(self.process);
    }
}
