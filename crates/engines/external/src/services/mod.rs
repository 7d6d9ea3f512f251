//! Services whose artifacts are loaded in host processes, never in the one that asks.
//!
//! Invariants: an artifact's hash decides which host has it; a host that died, hung, spoke
//! nonsense or took too much memory costs the calls that were open on it, and is started again by
//! the next artifact that needs it.

mod host;
mod offered;
mod open_calls;
mod remote;
#[cfg(test)]
mod storm;

use std::sync::Arc;
use std::time::Duration;

use gantry_engine_api::protocol::RunInput;
use gantry_engine_api::{EngineError, InputFile};
use tokio::sync::Mutex;

use crate::config::ExternalConfig;
use crate::services::host::{HostHandle, start_host};
use crate::services::remote::RemoteArtifact;

pub(crate) use offered::wrap_service;
pub(crate) use remote::RemoteService;

/// How long loading may take.
const LOAD_LIMIT: Duration = Duration::from_secs(10);

/// How many host processes there may be, and how much memory one may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceLimits {
    /// Processes of one pool.
    pub hosts: u16,
    /// Resident bytes of one process, above which it is ended. Half of it is for artifacts: the
    /// longest unused ones leave it when another needs room.
    pub host_bytes: u64,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self { hosts: 2, host_bytes: 2 << 30 }
    }
}

/// Host processes of one command, started when an artifact first needs them.
pub struct ServicePool {
    config: ExternalConfig,
    limits: ServiceLimits,
    hosts: Vec<Mutex<Option<HostHandle>>>,
}

impl ServicePool {
    /// A pool without processes. A built-in engine's command must end in
    /// [`crate::serve_services`]; of any other engine it is the engine's own.
    #[must_use]
    pub fn new(config: ExternalConfig, limits: ServiceLimits) -> Arc<Self> {
        let hosts = (0..limits.hosts.max(1)).map(|_| Mutex::new(None)).collect();
        Arc::new(Self { config, limits, hosts })
    }

    /// Loads an artifact into its host.
    pub(crate) async fn load(
        &self,
        service: &str,
        artifact: InputFile,
    ) -> Result<RemoteArtifact, EngineError> {
        let path = std::path::absolute(artifact.path())?;
        let artifact = RunInput { path, meta: artifact.meta };
        let host = self.require_host(&artifact.meta.sha256).await?;
        let load = host.load(service, artifact);
        tokio::time::timeout(LOAD_LIMIT, load).await.unwrap_or_else(|_| {
            Err(EngineError::resource(format!(
                "Loading took longer than {} seconds.",
                LOAD_LIMIT.as_secs()
            ))
            .with_next_step("Try again; if it stays so, use a smaller artifact or submit a job."))
        })
    }

    /// The living host of a hash; starting one takes at most as long as a handshake.
    async fn require_host(&self, sha256: &str) -> Result<HostHandle, EngineError> {
        let place = derive_place(sha256, self.hosts.len());
        let Some(place) = self.hosts.get(place) else {
            return Err(EngineError::transient("There is no host for services."));
        };
        let mut place = place.lock().await;
        if let Some(host) = place.as_ref().filter(|host| host.is_alive()) {
            return Ok(host.clone());
        }
        let host = start_host(&self.config, self.limits).await?;
        Ok(place.insert(host).clone())
    }
}

/// The same hash always has the same place.
fn derive_place(sha256: &str, places: usize) -> usize {
    let digits = sha256.get(..8).unwrap_or_default();
    let number = u32::from_str_radix(digits, 16).unwrap_or_default();
    number as usize % places.max(1)
}
