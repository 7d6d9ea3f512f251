//! An operation that leaves a model, a table and a chart.

use std::io::Read;

use gantry_engine_api::{
    ArtifactRole, BlockingContext, EngineError, Estimate, InputKind, InputMeta, InputSlot,
    JobContext, Operation, ParamError, Step,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is to be learned.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearnParams {
    /// The word that the model repeats.
    pub target: String,
}

/// How well it went.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct LearnReport {
    /// Bytes that were read.
    pub bytes: u64,
    /// A score.
    pub score: f64,
}

pub(super) struct Learn;

impl Operation for Learn {
    const ID: &'static str = "test.learn";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Learn a word";
    const SUMMARY: &'static str = "Leaves a model, a table and a chart.";
    type Params = LearnParams;
    type Report = LearnReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![
            InputSlot::optional("data", "Any table", InputKind::Table),
            InputSlot::optional("before", "An earlier model", InputKind::Model),
        ]
    }

    fn estimate(&self, _: &LearnParams, _: &[InputMeta]) -> Result<Estimate, ParamError> {
        Ok(Estimate::free())
    }

    async fn run(
        &self,
        params: LearnParams,
        context: JobContext,
    ) -> Result<Step<LearnReport>, EngineError> {
        context.metric("score", 1, 0.5);
        let report = context.compute(move |blocking| learn(&params, blocking)).await?;
        Ok(Step::Done(report))
    }
}

fn learn(params: &LearnParams, context: &BlockingContext) -> Result<LearnReport, EngineError> {
    let mut bytes = Vec::new();
    for slot in ["data", "before"] {
        if context.has_input(slot) {
            context.input(slot)?.open()?.read_to_end(&mut bytes)?;
        }
    }
    let model = format!("{} {}", params.target, params.target);
    context.publish_bytes("model.txt", ArtifactRole::Model, model.as_bytes())?;
    context.publish_bytes("scores.csv", ArtifactRole::Table, b"fold,score\n1,0.5\n")?;
    context.publish_bytes("curve.svg", ArtifactRole::Chart, b"<svg/>")?;
    Ok(LearnReport { bytes: bytes.len() as u64, score: 0.5 })
}
