//! The checks of the services that a program offers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gantry_engine_api::protocol::ServiceManifest;
use gantry_engine_api::{
    AnyService, CallContext, CancellationToken, EngineError, JobContext, WarmArtifact,
};
use gantry_types::EngineErrorKind;
use serde_json::{Value, json};

use crate::check::RUN_PATIENCE;
use crate::check::host::CheckHost;
use crate::check::report::CheckReport;
use crate::schema;

/// How long one trial call may take.
const CALL_PATIENCE: Duration = Duration::from_secs(5);
/// The slot of the trial's artifact.
const ARTIFACT: &str = "artifact";

/// Loads a small table as the artifact, and calls it.
pub(super) async fn check_service(
    manifest: &ServiceManifest,
    service: &dyn AnyService,
    report: &mut CheckReport,
) {
    let id = &manifest.id;
    let check = format!("load of {id}");
    let warm = match load(service).await {
        Ok(warm) => warm,
        Err(error) if error.kind == EngineErrorKind::Input => {
            let cause = format!("Not called: it refused a small table ({})", error.message);
            return report.warn(check, cause, "That is right if it answers from other artifacts.");
        }
        Err(error) => {
            let advice =
                "Answer `service_load` with `service_loaded`, or with `failed` of kind `input`.";
            return report.fail(check, error.message, advice);
        }
    };
    report.pass(check);
    let input = schema::fill_defaults(&manifest.input_schema, json!({}));
    if let Err(refusal) = schema::check(&manifest.input_schema, &input) {
        let advice = "Try it on a server with `POST /api/v1/services/{id}/calls`.";
        return report.warn(format!("calls of {id}"), format!("Not tried: {refusal}."), advice);
    }
    check_calls(manifest, warm.as_ref(), &input, report).await;
}

async fn load(service: &dyn AnyService) -> Result<Arc<dyn WarmArtifact>, EngineError> {
    let host = CheckHost::new(&[ARTIFACT.to_owned()], RUN_PATIENCE)?;
    // It owns the folder in which the artifact lies.
    let context = JobContext::new(host);
    service.load(context.input(ARTIFACT).await?).await
}

async fn check_calls(
    manifest: &ServiceManifest,
    warm: &dyn WarmArtifact,
    input: &Value,
    report: &mut CheckReport,
) {
    let check = format!("calls of {}", manifest.id);
    let call = || {
        let deadline = Instant::now() + CALL_PATIENCE;
        let context = CallContext::new(deadline, CancellationToken::new(), Box::new(|_| ()));
        warm.call(input.clone(), context)
    };
    // The second one is asked before the first one is answered.
    let answers: (Result<Value, _>, Result<Value, _>) = tokio::join!(call(), call());
    let output = match answers {
        (Ok(output), Ok(_)) => output,
        (Err(error), _) | (_, Err(error)) => {
            let advice = "Answer every `service_call` with `service_answer` or `failed`, also when several are open.";
            return report.fail(check, error.message, advice);
        }
    };
    report.pass(check);
    if let Err(refusal) = schema::check(&manifest.output_schema, &output) {
        let cause = format!("The output does not fit `output_schema`: {refusal}.");
        report.fail(format!("output of {}", manifest.id), cause, "Mend the output or the schema.");
    }
}
