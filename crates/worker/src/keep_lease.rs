//! Heartbeats: a lease is prolonged three times within its length.

use std::sync::Arc;
use std::time::Duration;

use gantry_engine_api::CancellationToken;
use gantry_jobs::Jobs;
use gantry_ports::store::{ClaimedJob, HeartbeatReply};

/// Prolongs the lease of a claim until it is dropped; stops the job when somebody asked for it
/// or when the lease was lost.
#[tracing::instrument(level = "debug", name = "worker::keep_lease", skip_all)]
pub(crate) async fn keep_lease(
    jobs: Jobs,
    claim: Arc<ClaimedJob>,
    lease: Duration,
    stop: CancellationToken,
) {
    let mut beat = tokio::time::interval(lease / 3);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is immediate, and the claim has only just begun the lease.
    beat.tick().await;
    loop {
        beat.tick().await;
        match jobs.keep_alive(&claim, lease).await {
            Ok(HeartbeatReply::Continue) => {}
            Ok(HeartbeatReply::CancelRequested) => stop.cancel(),
            Err(error) if error.is_lease_lost() => {
                tracing::warn!(job = %claim.job.id, "the lease was lost; the attempt stops");
                stop.cancel();
                return;
            }
            // The store may be back before the lease ends.
            Err(error) => tracing::warn!(job = %claim.job.id, %error, "a heartbeat failed"),
        }
    }
}
