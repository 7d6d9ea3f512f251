//! What time alone changes: lost leases end, due jobs are queued.
//!
//! Invariant: any number of processes may sweep one store; the store decides each job once.

use std::time::Duration;

use gantry_engine_api::CancellationToken;
use gantry_jobs::Jobs;

/// The longest and the shortest time between two sweeps.
const LONGEST: Duration = Duration::from_secs(5);
const SHORTEST: Duration = Duration::from_millis(250);

/// Sweeps until `shutdown` is cancelled, a few times within the length of a lease: a lost one is
/// noticed soon after its end.
pub async fn sweep_until(jobs: Jobs, lease: Duration, shutdown: CancellationToken) {
    let mut tick = tokio::time::interval((lease / 6).clamp(SHORTEST, LONGEST));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = jobs.sweep().await {
            tracing::warn!(%error, "the sweep failed");
        }
    }
}
