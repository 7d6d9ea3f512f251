//! One run of an operation in a process of a pool.
//!
//! Invariants: whatever happens to the process ends this run alone; a run that is given up takes
//! its process with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use gantry_engine_api::protocol::{RunInput, RunLimits, RunRequest};
use gantry_engine_api::{EngineError, JobContext, OperationSpec, Step};
use gantry_types::EngineErrorKind;
use serde_json::Value;

use crate::pool::{EnginePool, LentProcess};
use crate::process::describe_exit;
use crate::relay::{Ended, GRACE, Relay};
use crate::watch::{Watched, watch};

/// Runs an operation in a warm process.
pub(crate) async fn run_remote(
    pool: &Arc<EnginePool>,
    spec: &OperationSpec,
    params: Value,
    context: &JobContext,
) -> Result<Step<Value>, EngineError> {
    let request = prepare(spec, params, context).await?;
    let lent = tokio::select! {
        lent = pool.borrow() => lent?,
        () = context.cancelled() => return Err(EngineError::cancelled()),
    };
    let (lent, ended) = drive(lent, request, pool.config().output_bytes, context).await;
    conclude(lent, ended, context).await
}

/// What the engine is told.
pub(crate) async fn prepare(
    spec: &OperationSpec,
    params: Value,
    context: &JobContext,
) -> Result<RunRequest, EngineError> {
    let mut inputs = BTreeMap::new();
    for slot in &spec.inputs {
        if context.has_input(&slot.name) {
            let file = context.input(&slot.name).await?;
            let path = std::path::absolute(file.path())?;
            inputs.insert(slot.name.clone(), RunInput { path, meta: file.meta });
        }
    }
    let limits = context.limits();
    Ok(RunRequest {
        run: String::new(),
        job: context.job_id(),
        operation: spec.id.clone(),
        params,
        seed: context.seed().to_string(),
        attempt: context.attempt(),
        device: context.device(),
        threads: context.threads(),
        limits: RunLimits {
            time_ms: u64::try_from(limits.time.as_millis()).unwrap_or(u64::MAX),
            memory_bytes: limits.memory_bytes,
            artifact_bytes: limits.artifact_bytes,
            max_credits: limits.max_credits,
        },
        scratch: std::path::absolute(context.scratch()?)?,
        inputs,
        checkpoint: context.checkpoint().cloned(),
        children: context.children().to_vec(),
    })
}

/// Runs in a process that was lent, within the run's limits.
pub(crate) async fn drive(
    mut lent: LentProcess,
    mut request: RunRequest,
    output_bytes: u64,
    context: &JobContext,
) -> (LentProcess, Ended) {
    let process = &mut lent.process;
    let complaints = process.complaints();
    complaints.begin(context.clone());
    let former = (process.runs > 0).then(|| format!("r{}", process.runs));
    process.runs += 1;
    request.run = format!("r{}", process.runs);
    let watched = Watched {
        leader: process.leader(),
        memory_bytes: request.limits.memory_bytes,
        complaint_bytes: complaints.bytes().saturating_add(output_bytes),
    };
    let relay = Relay { wire: &mut process.wire, context, former, output_bytes };
    let ended = tokio::select! {
        ended = relay.run(request) => ended,
        error = watch(watched, &complaints) => Ended::Broken(error),
        () = overdue(context) => Ended::Broken(EngineError::cancelled()),
    };
    (lent, ended)
}

/// Waits until a cancelled run had its time to end, also while a message is being written.
async fn overdue(context: &JobContext) {
    context.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

async fn conclude(
    mut lent: LentProcess,
    ended: Ended,
    context: &JobContext,
) -> Result<Step<Value>, EngineError> {
    let complaints = lent.process.complaints();
    let outcome = match ended {
        Ended::Answered(answer) => {
            // After a bug nobody knows in which state the engine is.
            let is_sound =
                answer.as_ref().err().is_none_or(|error| error.kind != EngineErrorKind::Bug);
            complaints.end();
            if is_sound {
                lent.give_back();
            }
            return answer;
        }
        Ended::Broken(error) => Err(error),
        Ended::Closed => Err(derive_death(&mut lent, context).await),
    };
    complaints.end();
    outcome
}

async fn derive_death(lent: &mut LentProcess, context: &JobContext) -> EngineError {
    let exit = lent.process.find_exit().await;
    if context.is_cancelled() {
        return EngineError::cancelled();
    }
    let words = match lent.process.complaints().last_words() {
        words if words.is_empty() => String::new(),
        words => format!(" Its last words: {words}"),
    };
    match exit {
        Some(status) if status.code().is_none() => EngineError::host_died(format!(
            "The process of the job died: {}.{words}",
            describe_exit(status)
        )),
        Some(status) => EngineError::bug(format!(
            "The engine ended before it said how the run ended: {}.{words}",
            describe_exit(status)
        ))
        .with_next_step("Tell the engine's author; the log has what it wrote to standard error."),
        None => EngineError::bug(format!(
            "The engine closed its standard output before it said how the run ended.{words}"
        )),
    }
}
