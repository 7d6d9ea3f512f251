//! An engine whose jobs say in a journal how far they are.
//!
//! Invariant: what a job reports and leaves is decided by its parameters and its seed alone,
//! however often it was killed and resumed.

use std::sync::Arc;
use std::time::Duration;

use gantry_engine_api::{
    AnyOperation, AnyService, ArtifactRole, Checkpoint, ChildJob, Engine, EngineError, Estimate,
    InputMeta, InputSlot, JobContext, Operation, ParamError, Step,
};
use gantry_types::{Credits, JobState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::chance::mix;
use crate::journal::{Journal, Phase};

pub const WORK: &str = "crash.work";
pub const SPLIT: &str = "crash.split";
const CHECKPOINT: u32 = 1;

pub struct CrashEngine(pub Journal);

impl Engine for CrashEngine {
    fn id(&self) -> &str {
        "crash"
    }

    fn title(&self) -> &str {
        "Crash"
    }

    fn summary(&self) -> &str {
        "Works, keeps checkpoints, leaves files, and says how far it is."
    }

    fn operations(&self) -> Vec<Arc<dyn AnyOperation>> {
        vec![Arc::new(Work(self.0.clone())), Arc::new(Split(self.0.clone()))]
    }

    fn services(&self) -> Vec<Arc<dyn AnyService>> {
        Vec::new()
    }
}

/// How much work, and what it leaves.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WorkParams {
    /// Steps; a checkpoint is kept after each but the last.
    pub steps: u32,
    /// Milliseconds of a step.
    pub millis: u64,
    /// Files, published at the end.
    pub files: u32,
    /// Milliseconds between a file and what follows.
    pub window: u64,
}

/// What was made of the seed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct WorkReport {
    /// As hexadecimal: JSON has no integers of 64 bits.
    pub digest: String,
}

/// What a work with this seed reports after so many steps.
pub fn derive_digest(seed: u64, steps: u32) -> String {
    format!("{:016x}", (0..steps).fold(seed, fold))
}

fn fold(digest: u64, step: u32) -> u64 {
    mix(digest ^ u64::from(step))
}

/// A file of a work.
pub fn derive_file(digest: &str, number: u32) -> String {
    format!("{digest} {number}\n").repeat(200)
}

struct Work(Journal);

impl Operation for Work {
    const ID: &'static str = WORK;
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Work";
    const SUMMARY: &'static str = "Steps with checkpoints, then files.";
    type Params = WorkParams;
    type Report = WorkReport;

    fn inputs(&self) -> Vec<InputSlot> {
        Vec::new()
    }

    fn estimate(&self, _: &WorkParams, _: &[InputMeta]) -> Result<Estimate, ParamError> {
        Ok(Estimate { max_credits: Credits::new(2), ..Estimate::free() })
    }

    async fn run(
        &self,
        params: WorkParams,
        context: JobContext,
    ) -> Result<Step<WorkReport>, EngineError> {
        let line = self.0.begin(&context)?;
        let (done, mut digest) = match context.checkpoint() {
            Some(checkpoint) => read_checkpoint(checkpoint)?,
            None => (0, context.seed()),
        };
        for step in done..params.steps {
            context.check_cancelled()?;
            tokio::time::sleep(Duration::from_millis(params.millis)).await;
            digest = fold(digest, step);
            context.progress(f64::from(step + 1) / f64::from(params.steps));
            if step + 1 < params.steps {
                let state = json!({ "done": step + 1, "digest": format!("{digest:016x}") });
                context.save_checkpoint(Checkpoint { version: CHECKPOINT, state }).await?;
            }
        }
        let digest = format!("{digest:016x}");
        for number in 0..params.files {
            let text = derive_file(&digest, number);
            let name = format!("file-{number}.txt");
            context
                .compute(move |blocking| {
                    blocking.publish_bytes(&name, ArtifactRole::File, text.as_bytes())
                })
                .await?;
            line.write(Phase::Published)?;
            tokio::time::sleep(Duration::from_millis(params.window)).await;
        }
        context.charge(Credits::new(1))?;
        Ok(Step::Done(WorkReport { digest }))
    }
}

fn read_checkpoint(checkpoint: &Checkpoint) -> Result<(u32, u64), EngineError> {
    let done = checkpoint.state["done"].as_u64().and_then(|done| u32::try_from(done).ok());
    let digest = checkpoint.state["digest"].as_str();
    let digest = digest.and_then(|digest| u64::from_str_radix(digest, 16).ok());
    done.zip(digest).ok_or_else(|| EngineError::bug("The checkpoint is not ours."))
}

/// How many parts, each of which works.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SplitParams {
    /// The parts.
    pub parts: u32,
    /// What each does.
    pub each: WorkParams,
}

/// What came together.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct SplitReport {
    /// The digests of the parts, in order; empty for one that did not succeed.
    pub digests: Vec<String>,
}

struct Split(Journal);

impl Operation for Split {
    const ID: &'static str = SPLIT;
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Split";
    const SUMMARY: &'static str = "Hands its work to children.";
    type Params = SplitParams;
    type Report = SplitReport;

    fn inputs(&self) -> Vec<InputSlot> {
        Vec::new()
    }

    fn estimate(&self, params: &SplitParams, _: &[InputMeta]) -> Result<Estimate, ParamError> {
        let max_credits = Credits::new(i64::from(params.parts) * 2);
        Ok(Estimate { max_credits, ..Estimate::free() })
    }

    async fn run(
        &self,
        params: SplitParams,
        context: JobContext,
    ) -> Result<Step<SplitReport>, EngineError> {
        let _line = self.0.begin(&context)?;
        if context.checkpoint().is_some() {
            context.charge(Credits::ZERO)?;
            let digests = context.children().iter().map(|child| match child.state {
                JobState::Succeeded => child
                    .report
                    .as_ref()
                    .and_then(|report| report["digest"].as_str().map(str::to_owned)),
                _ => None,
            });
            let digests = digests.map(Option::unwrap_or_default).collect();
            return Ok(Step::Done(SplitReport { digests }));
        }
        let child = ChildJob {
            operation: WORK.to_owned(),
            params: serde_json::to_value(&params.each)
                .map_err(|error| EngineError::bug(error.to_string()))?,
            inputs: Vec::new(),
            inherits: Vec::new(),
            max_credits: Credits::new(2),
        };
        let children = (0..params.parts).map(|_| child.clone()).collect();
        let state = json!({ "parts": params.parts });
        Ok(Step::Fork { children, checkpoint: Checkpoint { version: CHECKPOINT, state } })
    }
}
