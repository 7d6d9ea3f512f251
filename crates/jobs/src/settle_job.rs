//! Settlement: the end of an attempt, its money, meters and artifacts in one commit.

use gantry_engine_api::EngineError;
use gantry_ports::Hint;
use gantry_ports::store::{ClaimedJob, SettleCommand, Settled};
use gantry_rules::outcome::{AttemptResult, Ending, JobError, NewArtifact};
use gantry_types::Credits;
use serde_json::Value;

use crate::Jobs;
use crate::error::JobsError;

/// How an attempt ended, as the worker saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptReport {
    /// The report, or why there is none.
    pub outcome: Result<Value, EngineError>,
    /// What the engine charged, if it charged anything.
    pub charged: Option<Credits>,
    /// The files that it published.
    pub artifacts: Vec<NewArtifact>,
}

impl Jobs {
    /// Settles an attempt: final, or queued again for a retry.
    ///
    /// # Errors
    /// [`JobsError::Hot`] with `LeaseLost` when another attempt has begun; nothing changed then.
    #[tracing::instrument(level = "debug", name = "jobs::settle_job", skip_all)]
    pub async fn settle_job(
        &self,
        claim: &ClaimedJob,
        report: AttemptReport,
    ) -> Result<Settled, JobsError> {
        let ending = match report.outcome {
            Ok(report) => Ending::Succeeded { report },
            Err(error) if error.is_host_death() => Ending::HostDied { message: error.message },
            Err(error) => Ending::Failed {
                error: JobError {
                    kind: error.kind,
                    message: error.message,
                    next_step: error.next_step,
                },
            },
        };
        let result = AttemptResult { ending, charged: report.charged, artifacts: report.artifacts };
        self.end_attempt(claim, result).await
    }

    /// Gives a job back that the worker does not finish: it is ready at once for any worker, with
    /// its last checkpoint, and the attempt counts against nothing.
    ///
    /// # Errors
    /// As [`Jobs::settle_job`].
    pub async fn give_back_job(&self, claim: &ClaimedJob) -> Result<Settled, JobsError> {
        let ending = Ending::GivenBack;
        let result = AttemptResult { ending, charged: None, artifacts: Vec::new() };
        self.end_attempt(claim, result).await
    }

    async fn end_attempt(
        &self,
        claim: &ClaimedJob,
        result: AttemptResult,
    ) -> Result<Settled, JobsError> {
        let now = self.clock.now();
        let command = SettleCommand {
            job_id: claim.job.id,
            attempt: claim.job.attempt,
            result,
            now,
            jitter: derive_jitter(claim),
        };
        let settled = self.store.settle(command).await?;
        self.hint_job(claim.job.id, settled.organization_id);
        // A slot of the account is free now, and a parent may be ready.
        self.bus.publish(Hint::JobsReady);
        Ok(settled)
    }
}

/// A number in 0..1 that differs between jobs and attempts, so that retries spread.
fn derive_jitter(claim: &ClaimedJob) -> f64 {
    let word = claim.job.seed ^ u64::from(claim.job.attempt.get()).wrapping_mul(0x9E37_79B9);
    (word % 1_000) as f64 / 1_000.0
}
