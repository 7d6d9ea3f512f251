//! An operation that hands its work to children and adds up what they report.

use gantry_engine_api::{
    Checkpoint, ChildJob, EngineError, Estimate, InputMeta, InputSlot, JobContext, Operation,
    ParamError, Step,
};
use gantry_types::{Credits, JobState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Into how many parts, and how deep.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SplitParams {
    /// Children of each level.
    pub parts: u32,
    /// Levels below this one; 0 is a leaf.
    pub depth: u32,
    /// What a leaf costs.
    pub leaf_credits: u32,
}

impl Default for SplitParams {
    fn default() -> Self {
        Self { parts: 3, depth: 1, leaf_credits: 1 }
    }
}

/// What came together.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct SplitReport {
    /// Leaves that succeeded below this job, or 1 for a leaf.
    pub leaves: u64,
    /// Children that did not succeed.
    pub failed: u64,
}

pub(super) struct Split;

impl SplitParams {
    fn cost(&self) -> i64 {
        let leaves = i64::from(self.parts).saturating_pow(self.depth);
        leaves.saturating_mul(i64::from(self.leaf_credits))
    }
}

impl Operation for Split {
    const ID: &'static str = "test.split";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Split into parts";
    const SUMMARY: &'static str = "Forks children and adds up their reports.";
    type Params = SplitParams;
    type Report = SplitReport;

    fn inputs(&self) -> Vec<InputSlot> {
        Vec::new()
    }

    fn estimate(&self, params: &SplitParams, _: &[InputMeta]) -> Result<Estimate, ParamError> {
        if params.parts == 0 || params.parts > 100 || params.depth > 3 {
            return Err(ParamError::new("/parts", "1 to 100 parts and at most 3 levels"));
        }
        Ok(Estimate { max_credits: Credits::new(params.cost()), ..Estimate::free() })
    }

    async fn run(
        &self,
        params: SplitParams,
        context: JobContext,
    ) -> Result<Step<SplitReport>, EngineError> {
        if params.depth == 0 {
            context.charge(Credits::new(i64::from(params.leaf_credits)))?;
            return Ok(Step::Done(SplitReport { leaves: 1, failed: 0 }));
        }
        if context.checkpoint().is_some() {
            context.charge(Credits::ZERO)?;
            return Ok(Step::Done(add_up(&context)));
        }
        let below = SplitParams { depth: params.depth - 1, ..params };
        let child = ChildJob {
            operation: Self::ID.to_owned(),
            params: json!({
                "parts": below.parts,
                "depth": below.depth,
                "leaf_credits": below.leaf_credits,
            }),
            inputs: Vec::new(),
            inherits: Vec::new(),
            max_credits: Credits::new(below.cost()),
        };
        let children = (0..params.parts).map(|_| child.clone()).collect();
        Ok(Step::Fork { children, checkpoint: Checkpoint { version: 1, state: json!({}) } })
    }
}

fn add_up(context: &JobContext) -> SplitReport {
    let mut report = SplitReport { leaves: 0, failed: 0 };
    for child in context.children() {
        let leaves = child.report.as_ref().and_then(|report| report["leaves"].as_u64());
        match (child.state, leaves) {
            (JobState::Succeeded, Some(leaves)) => report.leaves += leaves,
            _ => report.failed += 1,
        }
    }
    report
}
