//! An operation that goes through every door of the context, synchronous ones too.

use std::io::{Read, Write};

use gantry_engine_api::{
    ArtifactRole, BlockingContext, Checkpoint, EngineError, Estimate, InputKind, InputMeta,
    InputSlot, JobContext, LogLevel, Operation, ParamError, Step,
};
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How much of everything.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DoorParams {
    /// Steps of the metric.
    pub steps: u64,
    /// What is charged.
    pub credits: u32,
}

impl Default for DoorParams {
    fn default() -> Self {
        Self { steps: 3, credits: 2 }
    }
}

/// What was seen through the doors.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct DoorReport {
    /// The seed.
    pub seed: u64,
    /// Bytes of the input, 0 without one.
    pub input_bytes: u64,
    /// Whether an earlier attempt left a checkpoint.
    pub resumed: bool,
}

pub(super) struct EveryDoor;

impl Operation for EveryDoor {
    const ID: &'static str = "test.doors";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Go through every door";
    const SUMMARY: &'static str = "Uses everything that a context offers.";
    type Params = DoorParams;
    type Report = DoorReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![InputSlot::optional("data", "Any table", InputKind::Table)]
    }

    fn estimate(&self, params: &DoorParams, _: &[InputMeta]) -> Result<Estimate, ParamError> {
        let max_credits = Credits::new(i64::from(params.credits) * 2);
        Ok(Estimate { max_credits, ..Estimate::free() })
    }

    async fn run(
        &self,
        params: DoorParams,
        context: JobContext,
    ) -> Result<Step<DoorReport>, EngineError> {
        context.stage("Talk", 1, 2);
        context.log(LogLevel::Info, format!("seed {}", context.seed()));
        for step in 0..params.steps {
            context.check_cancelled()?;
            context.metric("loss", step, 1.0 / (step as f64 + 1.0));
        }
        context.publish_partial("board", json!({ "rows": params.steps }));
        context.emit(json!("one"));
        context.emit(json!("two"));
        context.charge(Credits::new(i64::from(params.credits)))?;
        context.progress(0.5);
        let resumed = context.checkpoint().is_some();
        context.save_checkpoint(Checkpoint { version: 1, state: json!({ "half": true }) }).await?;
        let seed = context.seed();
        let input_bytes = context.compute(compute).await?;
        Ok(Step::Done(DoorReport { seed, input_bytes, resumed }))
    }
}

fn compute(context: &BlockingContext) -> Result<u64, EngineError> {
    context.stage("Compute", 2, 2);
    let mut bytes = Vec::new();
    if context.has_input("data") {
        context.input("data")?.open()?.read_to_end(&mut bytes)?;
    }
    let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
    let mut writer = context.create_artifact("sum.json", ArtifactRole::File)?;
    write!(writer, "{{\"sum\":{sum},\"seed\":{}}}", context.seed())?;
    context.publish(writer.finish()?)?;
    context.publish_bytes(
        "page.html",
        ArtifactRole::Report,
        b"<!doctype html><title>Sum</title>",
    )?;
    context.progress(1.0);
    Ok(bytes.len() as u64)
}
