//! `automl.try_candidate`: one candidate of a search, tried as a job of its own.
//!
//! Invariant: it finds what the training that asks for it would have found itself.

use std::collections::BTreeMap;

use gantry_engine_api::{
    Audience, DeviceNeed, EngineError, Estimate, InputKind, InputMeta, InputSlot, JobContext,
    Operation, ParamError, Step,
};
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::price::{TableSize, derive_trial_credits};
use super::train::{TrainParams, find_table};
use crate::train::{Ask, answer};

/// Parameters of `automl.try_candidate`; `automl.train` writes them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TryCandidateParams {
    /// The parameters of the training.
    pub train: TrainParams,
    /// The seed of the training.
    pub training_seed: u64,
    /// The candidate, and on which folds it is tried.
    pub ask: Ask,
}

/// The result of `automl.try_candidate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TryCandidateReport {
    /// Scores, work and held-out predictions, for the training that asked.
    pub result: serde_json::Value,
    /// The candidate's settings.
    pub params: serde_json::Value,
    /// What it cost.
    pub credits: i64,
}

/// `automl.try_candidate`.
#[derive(Debug, Clone, Copy, Default)]
pub struct TryCandidate;

impl Operation for TryCandidate {
    const ID: &'static str = "automl.try_candidate";
    const VERSION: u32 = 1;
    const AUDIENCE: Audience = Audience::Jobs;
    const TITLE: &'static str = "Try one model";
    const SUMMARY: &'static str = "Tries one candidate of a search that shares its work out among \
                                   jobs; trainings start it themselves.";
    type Params = TryCandidateParams;
    type Report = TryCandidateReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![InputSlot::required("data", "Table with the target column", InputKind::Table)]
    }

    fn estimate(
        &self,
        params: &TryCandidateParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        params.train.require_valid()?;
        let size = TableSize::of(find_table(inputs)?);
        let limit = params.ask.limit;
        let units = limit.map(|units| units.saturating_mul(u64::from(params.train.folds)));
        Ok(Estimate {
            meters: BTreeMap::new(),
            max_credits: Credits::new(derive_trial_credits(size.cells, units)),
            memory_bytes: size.memory_bytes(),
            threads: 2,
            device: DeviceNeed::Cpu,
        })
    }

    async fn run(
        &self,
        params: TryCandidateParams,
        context: JobContext,
    ) -> Result<Step<TryCandidateReport>, EngineError> {
        let TryCandidateParams { train, training_seed, ask } = params;
        let tried =
            context.compute(move |job| Ok(answer(job, &train, (training_seed, ask))?)).await?;
        Ok(Step::Done(tried))
    }
}
