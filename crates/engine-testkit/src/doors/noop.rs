//! An operation that does nothing: what is left is the platform's own cost.

use gantry_engine_api::{
    EngineError, Estimate, InputMeta, InputSlot, JobContext, Operation, ParamError, Step,
};
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Nothing, for a price.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NoopParams {
    /// What it costs.
    pub credits: u32,
}

/// Nothing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct NoopReport {}

pub(super) struct Noop;

impl Operation for Noop {
    const ID: &'static str = "test.noop";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Do nothing";
    const SUMMARY: &'static str = "Ends at once.";
    type Params = NoopParams;
    type Report = NoopReport;

    fn inputs(&self) -> Vec<InputSlot> {
        Vec::new()
    }

    fn estimate(&self, params: &NoopParams, _: &[InputMeta]) -> Result<Estimate, ParamError> {
        let max_credits = Credits::new(i64::from(params.credits));
        Ok(Estimate { max_credits, ..Estimate::free() })
    }

    async fn run(&self, _: NoopParams, _: JobContext) -> Result<Step<NoopReport>, EngineError> {
        Ok(Step::Done(NoopReport {}))
    }
}
