//! The loop of a worker: claim as many jobs as slots are free, wait for a hint, claim again.
//!
//! Invariant: the loop ends only when it is asked to; an error of the store is waited out.

use std::sync::Arc;
use std::time::Duration;

use gantry_engine_api::CancellationToken;
use gantry_ports::Hint;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::task::JoinSet;

use crate::Worker;

/// How long a worker sleeps when no hint comes: hints may be lost.
const IDLE: Duration = Duration::from_secs(15);
/// How often lost leases and due jobs are looked for.
const SWEEP: Duration = Duration::from_secs(5);
/// How long a worker waits after an error of the store.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(1);

enum Wake {
    Claim,
    Stop,
}

impl Worker {
    /// Works until `shutdown` is cancelled, then lets running jobs end within the drain time.
    /// Jobs that are still running then keep their leases, which end by themselves, so that
    /// another worker takes them over.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut hints = self.jobs.bus().subscribe();
        let mut running = JoinSet::new();
        let sweeper = tokio::spawn(Arc::clone(&self).sweep_until(shutdown.clone()));
        loop {
            self.claim_free_slots(&mut running).await;
            match self.wait(&mut hints, &mut running, &shutdown).await {
                Wake::Claim => {}
                Wake::Stop => break,
            }
        }
        let drained = tokio::time::timeout(self.settings.drain, async {
            while running.join_next().await.is_some() {}
        });
        if drained.await.is_err() {
            tracing::warn!(left = running.len(), "jobs were still running when the worker stopped");
        }
        sweeper.abort();
    }

    #[tracing::instrument(level = "debug", name = "worker::claim_free_slots", skip_all)]
    async fn claim_free_slots(self: &Arc<Self>, running: &mut JoinSet<()>) {
        loop {
            // All that ended, so that one claim fills all their slots.
            while running.try_join_next().is_some() {}
            let busy = u32::try_from(running.len()).unwrap_or(u32::MAX);
            let free = self.settings.slots.saturating_sub(busy);
            if free == 0 {
                return;
            }
            let (devices, lease) = (&self.settings.devices, self.settings.lease);
            let claimed = match self.jobs.claim_jobs(self.id, devices, free, lease).await {
                Ok(claimed) => claimed,
                Err(error) => {
                    tracing::warn!(%error, "no jobs could be claimed");
                    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                    return;
                }
            };
            if claimed.is_empty() {
                return;
            }
            for claim in claimed {
                let worker = Arc::clone(self);
                running.spawn(async move { worker.run_claimed(claim).await });
            }
        }
    }

    async fn wait(
        &self,
        hints: &mut Receiver<Hint>,
        running: &mut JoinSet<()>,
        shutdown: &CancellationToken,
    ) -> Wake {
        let idle = tokio::time::sleep(IDLE);
        tokio::pin!(idle);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return Wake::Stop,
                () = &mut idle => return Wake::Claim,
                Some(_) = running.join_next(), if !running.is_empty() => return Wake::Claim,
                hint = hints.recv() => if let Some(wake) = self.hear(hint, hints) {
                    return wake;
                },
            }
        }
    }

    /// Hears a hint and all that wait behind it: many may ask for the same claim.
    fn hear(&self, first: Result<Hint, RecvError>, hints: &mut Receiver<Hint>) -> Option<Wake> {
        let mut heard = None;
        let mut next = first.map_err(|error| matches!(error, RecvError::Lagged(_)));
        loop {
            match next {
                // What was lost may have been of work.
                Ok(Hint::JobsReady) | Err(true) => heard = Some(Wake::Claim),
                Ok(Hint::Cancel { id }) => self.running.cancel(id),
                Ok(Hint::Job { .. } | Hint::Account { .. }) => {}
                Err(false) => return Some(Wake::Stop),
            }
            next = match hints.try_recv() {
                Ok(hint) => Ok(hint),
                Err(TryRecvError::Empty) => return heard,
                Err(TryRecvError::Lagged(_)) => Err(true),
                Err(TryRecvError::Closed) => Err(false),
            };
        }
    }

    async fn sweep_until(self: Arc<Self>, shutdown: CancellationToken) {
        let mut tick = tokio::time::interval(SWEEP);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.jobs.sweep().await {
                tracing::warn!(%error, "the sweep failed");
            }
        }
    }
}
