//! One attempt of one job, from its claim to its settlement.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use gantry_engine_api::{
    AnyOperation, CancellationToken, Checkpoint, EngineError, JobContext, JobFacts, JobLimits, Step,
};
use gantry_jobs::{AttemptReport, ForkRequest, JobsError};
use gantry_ports::store::{ClaimedJob, Forked};
use gantry_rules::submission::Accounting;
use gantry_types::EngineErrorKind;
use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;

use crate::Worker;
use crate::keep_lease::keep_lease;
use crate::notes::NoteBuffer;
use crate::scratch::ScratchFolder;
use crate::thread_host::{Produced, ThreadHost};

/// How long an engine may take to notice that its time is up.
const GRACE: Duration = Duration::from_secs(2);
/// How long, in seconds, an operation of the platform may take whatever the plan says.
const PLATFORM_SECONDS: u64 = 3_600;
/// How long an engine may take to end when its worker stops: a little longer than a child
/// process gets before it is killed.
pub(crate) const RECALL_GRACE: Duration = Duration::from_secs(3);

impl Worker {
    /// Runs a claimed job and settles it. Errors of the store are logged: the lease ends, and
    /// the job is claimed again.
    #[tracing::instrument(
        name = "worker::run_claimed",
        skip_all,
        fields(job = %claim.job.id, operation = %claim.job.operation, attempt = %claim.job.attempt)
    )]
    pub(crate) async fn run_claimed(&self, claim: ClaimedJob) {
        let claim = Arc::new(claim);
        let (_guard, stop) = self.running.insert(claim.job.id);
        if claim.job.cancel_requested {
            stop.cancel();
        }
        let lease =
            keep_lease(self.jobs.clone(), Arc::clone(&claim), self.settings.lease, stop.clone());
        let _lease = AbortOnDropHandle::new(tokio::spawn(lease));
        let settled = match self.prepare(&claim, stop.clone()).await {
            Ok(attempt) => self.run_attempt(&claim, attempt, stop).await,
            Err(error) => self.settle(&claim, Err(error), Produced::default()).await,
        };
        if let Err(error) = settled {
            tracing::warn!(%error, "the attempt was not settled");
        }
    }

    async fn prepare(
        &self,
        claim: &Arc<ClaimedJob>,
        stop: CancellationToken,
    ) -> Result<PreparedAttempt, EngineError> {
        let (operation, params) = self.find_operation(claim)?;
        let job = &claim.job;
        let scratch = ScratchFolder::reserve(&self.scratch(), job.id, job.attempt);
        let inputs = self.jobs.resolve_job_inputs(job).await.map_err(derive_start_error)?;
        let children = self.jobs.describe_children(claim).await.map_err(derive_start_error)?;
        let facts = JobFacts {
            job_id: job.id,
            attempt: job.attempt,
            seed: job.seed,
            limits: derive_limits(claim),
            device: job.device,
            threads: self.settings.threads_per_job.max(1),
            scratch: scratch.path().to_owned(),
            checkpoint: claim
                .checkpoint
                .clone()
                .map(|(version, state)| Checkpoint { version, state }),
            children,
        };
        let host = Arc::new(ThreadHost {
            jobs: self.jobs.clone(),
            claim: Arc::clone(claim),
            facts,
            stop,
            inputs,
            notes: Arc::new(NoteBuffer::default()),
            produced: Mutex::new(Produced::default()),
            pool: OnceLock::new(),
        });
        Ok(PreparedAttempt { operation, params, host, _scratch: scratch })
    }

    /// The operation, and the job's parameters as its present version reads them.
    fn find_operation(
        &self,
        claim: &ClaimedJob,
    ) -> Result<(Arc<dyn AnyOperation>, Value), EngineError> {
        let registry = self.jobs.registry();
        let id = &claim.job.operation;
        let operation = registry.find_operation(id).ok_or_else(|| {
            EngineError::params(format!("The operation `{id}` is not installed here any more."))
                .with_next_step("Ask the administrator which engine replaced it.")
        })?;
        let params = operation.migrate(claim.job.operation_version, claim.job.params.clone())?;
        Ok((operation, params))
    }

    async fn run_attempt(
        &self,
        claim: &Arc<ClaimedJob>,
        attempt: PreparedAttempt,
        stop: CancellationToken,
    ) -> Result<(), JobsError> {
        let notes = Arc::clone(&attempt.host.notes);
        let pump = Arc::clone(&notes).pump(self.jobs.clone(), Arc::clone(claim));
        let pump = AbortOnDropHandle::new(tokio::spawn(pump));
        let limit = attempt.host.facts.limits.time;
        let context = JobContext::new(attempt.host.clone());
        let operation = Arc::clone(&attempt.operation);
        let params = attempt.params.clone();
        // A task of its own, so that a panic in asynchronous engine code ends here.
        let mut run =
            AbortOnDropHandle::new(tokio::spawn(
                async move { operation.run(params, context).await },
            ));
        let step = tokio::select! {
            ended = &mut run => derive_step(ended),
            () = tokio::time::sleep(limit) => {
                stop.cancel();
                // Whatever it still says, its time is up.
                drop(tokio::time::timeout(GRACE, &mut run).await);
                Err(derive_time_error(limit))
            }
            // Whatever it still does, this process ends.
            () = self.recalled() => Err(EngineError::cancelled()),
        };
        drop(pump);
        notes.flush(&self.jobs, claim).await;
        let produced = attempt.host.take_produced();
        match step {
            Ok(Step::Done(report)) => self.settle(claim, Ok(report), produced).await,
            Ok(Step::Fork { children, checkpoint }) => {
                self.fork(claim, ForkRequest { children, checkpoint }, produced).await
            }
            Err(error) if self.is_recall(&error) => {
                tracing::info!("the job is given back: its worker stops");
                self.jobs.give_back_job(claim).await.map(drop)
            }
            Err(error) => self.settle(claim, Err(error), produced).await,
        }
    }

    /// Waits until the worker stops and an engine that listens has ended.
    async fn recalled(&self) {
        self.recall.cancelled().await;
        tokio::time::sleep(RECALL_GRACE).await;
    }

    /// Whether an attempt ended because the worker stops; the store knows whether somebody had
    /// asked the job to stop as well.
    fn is_recall(&self, error: &EngineError) -> bool {
        self.recall.is_cancelled() && error.kind == EngineErrorKind::Cancelled
    }

    async fn fork(
        &self,
        claim: &ClaimedJob,
        request: ForkRequest,
        produced: Produced,
    ) -> Result<(), JobsError> {
        let error = match self.jobs.fork_job(claim, request).await {
            Ok(Forked::Waiting | Forked::Cancelled) => return Ok(()),
            Ok(Forked::HoldTooSmall { left }) => EngineError::resource(format!(
                "The parts of the job cost more than the {left} credits that are left of its hold."
            )),
            Err(error) if error.is_lease_lost() => return Err(error),
            Err(JobsError::Store(error)) => return Err(JobsError::Store(error)),
            Err(error) => EngineError::bug(format!("The job cannot be divided: {error}.")),
        };
        self.settle(claim, Err(error), produced).await
    }

    async fn settle(
        &self,
        claim: &ClaimedJob,
        outcome: Result<Value, EngineError>,
        produced: Produced,
    ) -> Result<(), JobsError> {
        if let Err(error) = &outcome {
            tracing::info!(kind = %error.kind, message = %error.message, "the attempt ended with an error");
        }
        let report =
            AttemptReport { outcome, charged: produced.charged, artifacts: produced.artifacts };
        self.jobs.settle_job(claim, report).await?;
        Ok(())
    }
}

/// All that an attempt needs; the scratch folder goes with it.
struct PreparedAttempt {
    operation: Arc<dyn AnyOperation>,
    params: Value,
    host: Arc<ThreadHost>,
    _scratch: ScratchFolder,
}

fn derive_time_error(limit: Duration) -> EngineError {
    EngineError::resource(format!(
        "The job ran longer than the {} seconds that it may.",
        limit.as_secs()
    ))
    .with_next_step("Ask for less at once, or for a plan that allows more.")
}

/// What the platform does for a person is no matter of their plan.
fn derive_limits(claim: &ClaimedJob) -> JobLimits {
    let (terms, job) = (&claim.terms, &claim.job);
    let (seconds, artifact_bytes) = match job.accounting {
        Accounting::Metered => (terms.job_seconds, terms.artifact_bytes),
        Accounting::Platform => (terms.job_seconds.max(PLATFORM_SECONDS), u64::MAX),
    };
    JobLimits {
        time: Duration::from_secs(seconds),
        memory_bytes: terms.job_memory_bytes,
        artifact_bytes,
        max_credits: job.max_credits,
    }
}

fn derive_step(
    ended: Result<Result<Step<Value>, EngineError>, tokio::task::JoinError>,
) -> Result<Step<Value>, EngineError> {
    match ended {
        Ok(step) => step,
        Err(join) => Err(EngineError::bug(format!("The engine ended unexpectedly: {join}."))),
    }
}

fn derive_start_error(error: JobsError) -> EngineError {
    match error {
        JobsError::Catalog(gantry_catalog::CatalogError::NotFound { what }) => {
            EngineError::input(format!("The {what} that the job reads is gone."))
                .with_next_step("Upload it again and submit the job again.")
        }
        other => EngineError::transient(format!("The job cannot be started: {other}.")),
    }
}
