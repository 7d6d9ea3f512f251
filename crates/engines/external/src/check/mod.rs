//! Does a program keep to the protocol? Starts it and tries every promise.
//!
//! Invariants: every finding names its cause and what to do; a check ends within a minute per
//! operation, whatever the engine does.

mod host;
mod report;
mod services;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gantry_engine_api::protocol::OperationManifest;
use gantry_engine_api::{
    AnyOperation, Engine, EngineError, InputKind, InputMeta, JobContext, OperationSpec, Step,
};
use gantry_types::EngineErrorKind;
use serde_json::{Value, json};

use crate::check::host::{CheckHost, describe_table};
use crate::config::ExternalConfig;
use crate::engine::ExternalEngine;
use crate::handshake::shake_hands;
use crate::pool::{EnginePool, LentProcess};
use crate::process::EngineProcess;
use crate::relay::Ended;
use crate::remote::{drive, prepare};
use crate::schema;
use crate::wire::WireFault;

#[cfg(test)]
pub(crate) use host::CheckHost as TrialHost;
pub use report::{CheckFinding, CheckReport, Severity};

/// How long one trial run may take.
const RUN_PATIENCE: Duration = Duration::from_secs(20);
/// How soon a cancelled run should end.
const CANCEL_PATIENCE: Duration = Duration::from_secs(1);
/// How long an engine may take to stumble over a message; a busy machine makes it slow.
const DIGESTION: Duration = Duration::from_secs(1);
/// How long an engine is listened to after its last word.
const AFTERMATH: Duration = Duration::from_millis(150);

/// Checks a program.
pub async fn check_engine(config: ExternalConfig) -> CheckReport {
    let mut report = CheckReport::default();
    let engine = match ExternalEngine::start(config.clone()).await {
        Ok(engine) => engine,
        Err(error) => {
            report.fail("handshake", format!("{error}."), "Nothing else can be checked before.");
            return report;
        }
    };
    report.pass("handshake");
    check_patience(&config, &mut report).await;
    check_unknown_operation(&config, &mut report).await;
    let operations = engine.operations();
    for (manifest, operation) in engine.manifest().operations.iter().zip(operations) {
        check_operation((&config, manifest), operation.as_ref(), &mut report).await;
    }
    for (manifest, service) in engine.manifest().services.iter().zip(engine.services()) {
        services::check_service(manifest, service.as_ref(), &mut report).await;
    }
    report
}

/// A later host may say things that this engine does not know yet.
async fn check_patience(config: &ExternalConfig, report: &mut CheckReport) {
    let check = "messages of later versions";
    let advice = "Skip messages whose `type` you do not know.";
    let talk = async {
        let mut process = EngineProcess::spawn(config).ok()?;
        shake_hands(&mut process.wire).await.ok()?;
        process
            .wire
            .send_line(b"{\"type\":\"weather\",\"run\":\"r0\",\"sky\":[1]}\n")
            .await
            .ok()?;
        Some(tokio::time::timeout(DIGESTION, process.wire.receive()).await)
    };
    match talk.await {
        Some(Err(_)) => report.pass(check),
        Some(Ok(Err(WireFault::Closed))) => {
            report.warn(check, "One ended the process.".to_owned(), advice);
        }
        Some(Ok(_)) => report.warn(check, "It answered one.".to_owned(), advice),
        None => {
            let cause = "A second process of the same command did not start.".to_owned();
            report.fail(check, cause, "Let several processes run side by side.");
        }
    }
}

async fn check_unknown_operation(config: &ExternalConfig, report: &mut CheckReport) {
    let check = "unknown operation";
    let spec = OperationSpec {
        id: "no_such.operation".to_owned(),
        version: 1,
        title: String::new(),
        summary: String::new(),
        audience: gantry_engine_api::Audience::People,
        inputs: Vec::new(),
        params_schema: Value::Null,
        report_schema: Value::Null,
    };
    let advice = "Answer `run` with `failed` when you do not know its `operation`.";
    match run_raw(config, &spec, json!({}), &[]).await {
        Ok((_, Ended::Answered(Err(_)))) => report.pass(check),
        Ok((_, Ended::Answered(Ok(_)))) => report.fail(check, "It ran one.".to_owned(), advice),
        Ok((_, Ended::Broken(error))) => report.warn(check, error.message, advice),
        Ok((_, Ended::Closed)) => report.warn(check, "The process ended.".to_owned(), advice),
        Err(error) => report.warn(check, error.message, advice),
    }
}

/// Whether the engine is quiet after its last word on a run.
async fn check_quiet(config: &ExternalConfig, trial: &Trial<'_>, report: &mut CheckReport) {
    let spec = trial.operation.spec();
    let check = format!("quiet after {}", spec.id);
    let Ok((mut lent, Ended::Answered(_))) =
        run_raw(config, &spec, trial.params.clone(), trial.slots).await
    else {
        return;
    };
    match tokio::time::timeout(AFTERMATH, lent.process.wire.receive()).await {
        Err(_) => report.pass(check),
        Ok(Err(WireFault::Closed)) => report.warn(
            check,
            "The process ended after one run.".to_owned(),
            "Wait for the next line of standard input: a warm process starts its runs at once.",
        ),
        Ok(_) => report.fail(
            check,
            "It said more after the end of the run.".to_owned(),
            "Let `done`, `fork` or `failed` be the last line of a run.",
        ),
    }
}

/// One run in a fresh process, which is left as it was when the run ended.
async fn run_raw(
    config: &ExternalConfig,
    spec: &OperationSpec,
    params: Value,
    slots: &[String],
) -> Result<(LentProcess, Ended), EngineError> {
    let host = CheckHost::new(slots, RUN_PATIENCE)?;
    let token = host.cancellation.clone();
    let context = JobContext::new(host);
    let request = prepare(spec, params, &context).await?;
    let lent = EnginePool::new(config.clone()).borrow().await?;
    let stop = async {
        tokio::time::sleep(RUN_PATIENCE).await;
        token.cancel();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = drive(lent, request, config.output_bytes, &context) => Ok(ended),
        () = stop => Err(EngineError::cancelled()),
    }
}

async fn check_operation(
    (config, manifest): (&ExternalConfig, &OperationManifest),
    operation: &dyn AnyOperation,
    report: &mut CheckReport,
) {
    let id = &manifest.id;
    let params = schema::fill_defaults(&manifest.params_schema, json!({}));
    if let Err(refusal) = schema::check(&manifest.params_schema, &params) {
        let advice = "Give every parameter a default, so that the form can be sent as it is.";
        report.warn(format!("runs of {id}"), format!("Not tried: {refusal}."), advice);
        return;
    }
    let needs_model =
        manifest.inputs.iter().find(|slot| slot.required && slot.kind == InputKind::Model);
    if let Some(slot) = needs_model {
        let cause = format!("Not tried: a check has no model for `{}`.", slot.name);
        report.warn(format!("runs of {id}"), cause, "Try it with `gantry engine run`.");
        return;
    }
    let slots: Vec<String> = manifest
        .inputs
        .iter()
        .filter(|slot| slot.kind != InputKind::Model)
        .map(|slot| slot.name.clone())
        .collect();
    check_estimate(id, operation, (&params, &slots), report).await;
    let trial = Trial { operation, params: &params, slots: &slots };
    check_runs(manifest, &trial, report).await;
    check_quiet(config, &trial, report).await;
    check_cancel(id, &trial, report).await;
}

async fn check_estimate(
    id: &str,
    operation: &dyn AnyOperation,
    (params, slots): (&Value, &[String]),
    report: &mut CheckReport,
) {
    let check = format!("estimate of {id}");
    let inputs: Vec<InputMeta> = slots.iter().map(|slot| describe_table(slot)).collect();
    let mut answer = operation.estimate(params, &inputs);
    if answer.is_err() {
        // The first question may have started the process that answers it.
        tokio::time::sleep(Duration::from_secs(1)).await;
        answer = operation.estimate(params, &inputs);
    }
    match answer {
        Ok(_) => report.pass(check),
        Err(refusal) => report.fail(
            check,
            format!("With the default parameters: {refusal}."),
            "Answer `estimate` within a second, or declare a formula in the handshake.",
        ),
    }
}

/// One way to run an operation.
struct Trial<'a> {
    operation: &'a dyn AnyOperation,
    params: &'a Value,
    slots: &'a [String],
}

/// What two runs are compared by.
#[derive(PartialEq)]
struct Left {
    report: Value,
    artifacts: BTreeMap<String, String>,
}

impl Trial<'_> {
    async fn run(&self) -> Result<Left, EngineError> {
        let host = CheckHost::new(self.slots, RUN_PATIENCE)?;
        let run = self.operation.run(self.params.clone(), JobContext::new(host.clone()));
        let step = tokio::time::timeout(RUN_PATIENCE, run).await.unwrap_or_else(|_| {
            Err(EngineError::resource(format!(
                "It did not end within {} seconds.",
                RUN_PATIENCE.as_secs()
            )))
        })?;
        let report = match step {
            Step::Done(report) => report,
            Step::Fork { checkpoint, .. } => checkpoint.state,
        };
        Ok(Left { report, artifacts: host.artifacts() })
    }
}

async fn check_runs(manifest: &OperationManifest, trial: &Trial<'_>, report: &mut CheckReport) {
    let check = format!("run of {}", manifest.id);
    let first = match trial.run().await {
        Ok(left) => left,
        Err(error) => {
            let advice = "A run with the default parameters should end with `done`.";
            return report.fail(check, error.message, advice);
        }
    };
    report.pass(check);
    if let Err(refusal) = schema::check(&manifest.report_schema, &first.report) {
        let cause = format!("The report does not fit `report_schema`: {refusal}.");
        report.fail(format!("report of {}", manifest.id), cause, "Mend the report or the schema.");
    }
    let check = format!("determinism of {}", manifest.id);
    match trial.run().await {
        Ok(second) if second == first => report.pass(check),
        Ok(_) => report.warn(
            check,
            "Two runs with the same seed left different results.".to_owned(),
            "Draw random numbers from `seed`, and leave times and names of folders out.",
        ),
        Err(error) => {
            report.fail(check, error.message, "The second run in a process must work too.")
        }
    }
}

async fn check_cancel(id: &str, trial: &Trial<'_>, report: &mut CheckReport) {
    let check = format!("cancel of {id}");
    let Ok(host) = CheckHost::new(trial.slots, RUN_PATIENCE) else { return };
    let token = host.cancellation.clone();
    let begun = Instant::now();
    let run =
        trial.operation.run(trial.params.clone(), JobContext::new(Arc::<CheckHost>::clone(&host)));
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        token.cancel();
    };
    let (answer, ()) = tokio::join!(run, cancel);
    let is_bug = answer.is_err_and(|error| error.kind == EngineErrorKind::Bug);
    if is_bug || begun.elapsed() > CANCEL_PATIENCE {
        report.warn(
            check,
            "It did not end within a second after `cancel`.".to_owned(),
            "Listen while you work and answer `failed` with the kind `cancelled`; the host kills the process after two seconds.",
        );
    } else {
        report.pass(check);
    }
}
