//! The loop of a worker: claim as many jobs as slots are free, wait for a hint, claim again.
//!
//! Invariants: the loop ends only when it is asked to; an error of the store is waited out; what
//! still runs when the drain time is over is given back.

use std::sync::Arc;
use std::time::Duration;

use gantry_engine_api::CancellationToken;
use gantry_ports::Hint;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use crate::Worker;
use crate::scratch::ScratchRoot;
use crate::sweep::sweep_until;

/// How long a worker sleeps when no hint comes: hints may be lost.
const IDLE: Duration = Duration::from_secs(15);
/// How long giving back what runs may take: longer than [`crate::run_claimed::RECALL_GRACE`].
const RECALL: Duration = Duration::from_secs(6);
/// How long a worker waits after an error of the store.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(1);

enum Wake {
    Claim,
    Stop,
}

impl Worker {
    /// Works until `shutdown` is cancelled, then claims nothing more and lets running jobs end
    /// within the drain time. What still runs then is cancelled and given back, so that another
    /// worker goes on with it at once.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let _scratch = ScratchRoot::open(&self.settings.scratch, self.id()).await;
        let mut hints = self.jobs.bus().subscribe();
        let mut running = JoinSet::new();
        let sweep = sweep_until(self.jobs.clone(), self.settings.lease, shutdown.clone());
        let _sweep = AbortOnDropHandle::new(tokio::spawn(sweep));
        loop {
            self.claim_free_slots(&mut running).await;
            match self.wait(&mut hints, &mut running, &shutdown).await {
                Wake::Claim => {}
                Wake::Stop => break,
            }
        }
        self.drain(&mut hints, &mut running).await;
    }

    async fn drain(&self, hints: &mut Receiver<Hint>, running: &mut JoinSet<()>) {
        let over = tokio::time::sleep(self.settings.drain);
        tokio::pin!(over);
        while !running.is_empty() {
            tokio::select! {
                () = &mut over => break,
                _ = running.join_next() => {}
                Ok(hint) = hints.recv() => {
                    if let Hint::Cancel { id } = hint {
                        self.running.cancel(id);
                    }
                }
            }
        }
        if running.is_empty() {
            return;
        }
        tracing::info!(jobs = running.len(), "the drain time is over; jobs are given back");
        self.recall.cancel();
        let given_back =
            tokio::time::timeout(RECALL, async { while running.join_next().await.is_some() {} });
        if given_back.await.is_err() {
            tracing::warn!(left = running.len(), "jobs keep their leases, which end by themselves");
        }
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
            let claimed = match self.jobs.claim_jobs(&self.offer, free).await {
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
                Ok(Hint::JobsReady | Hint::Missed) | Err(true) => heard = Some(Wake::Claim),
                Ok(Hint::Cancel { id }) => self.running.cancel(id),
                Ok(Hint::Job { .. } | Hint::Account { .. } | Hint::Identity { .. }) => {}
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
}
