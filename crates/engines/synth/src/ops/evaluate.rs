//! `synth.evaluate`: how good any made table is beside a real one, whoever made it.

use std::collections::BTreeMap;

use gantry_engine_api::{
    BlockingContext, DeviceNeed, EngineError, Estimate, InputKind, InputMeta, InputSlot,
    JobContext, Operation, ParamError, Step,
};
use gantry_fidelity::{EvaluateOptions, Pair, Rule, Targets};
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::meter_id;
use super::price::{TableSize, charge, derive_credits};
use crate::error::SynthError;
use crate::evaluation::{Figures, derive_figures, derive_metadata, publish_evaluation};
use crate::table::{read_like, read_slot};

/// An evaluation compares each row with many others; it costs as much as so many readings.
const READINGS: u64 = 4;

/// Parameters of `synth.evaluate`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluateParams {
    /// Columns to predict, to see what made rows are worth for learning; all that suit where it is
    /// left out.
    #[serde(default)]
    #[schemars(extend("x-gantry" = {"column_of": "real"}))]
    pub targets: Vec<String>,
    /// What every row must fulfil, such as `{"name": "dates", "must": {"type": "rising", "columns":
    /// ["start", "end"]}}`.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// The result of `synth.evaluate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EvaluateReport {
    /// Real rows.
    pub real_rows: u64,
    /// Made rows.
    pub synthetic_rows: u64,
    /// Real rows that the made ones were not learned from; without them privacy is measured in part.
    pub holdout_rows: u64,
    /// The figures to be seen first; `evaluation.json` has all.
    pub figures: Figures,
    /// What was left out or looked at in part.
    pub notes: Vec<String>,
}

/// `synth.evaluate`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evaluate;

impl Operation for Evaluate {
    const ID: &'static str = "synth.evaluate";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Judge synthetic data";
    const SUMMARY: &'static str = "Compares a made table with a real one: likeness, usefulness, and \
                                   whether people can be found in it.";
    type Params = EvaluateParams;
    type Report = EvaluateReport;

    fn inputs(&self) -> Vec<InputSlot> {
        let holdout = "Real rows that nothing was learned from";
        vec![
            InputSlot::required("real", "Real table", InputKind::Table),
            InputSlot::required("synthetic", "Made table", InputKind::Table),
            InputSlot::optional("holdout", holdout, InputKind::Table),
            InputSlot::optional("metadata", "What the columns are (JSON)", InputKind::File),
        ]
    }

    fn estimate(&self, _: &EvaluateParams, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        let size = |slot: &str| {
            let input = inputs.iter().find(|input| input.slot == slot);
            let missing = || ParamError::new("", format!("the input `{slot}` is missing; give it"));
            input.map(|input| TableSize::of(Some(input))).ok_or_else(missing)
        };
        let (real, made) = (size("real")?, size("synthetic")?);
        let held = inputs.iter().find(|input| input.slot == "holdout");
        let held = held.map_or(0, |input| TableSize::of(Some(input)).cells());
        let cells = real.cells().saturating_add(made.cells()).saturating_add(held);
        Ok(Estimate {
            meters: BTreeMap::from([(meter_id("rows")?, real.rows.saturating_add(made.rows))]),
            max_credits: Credits::new(derive_credits(cells.saturating_mul(READINGS), 0)),
            memory_bytes: real.memory_bytes().saturating_add(made.memory_bytes()),
            threads: 2,
            device: DeviceNeed::Cpu,
        })
    }

    async fn run(
        &self,
        params: EvaluateParams,
        context: JobContext,
    ) -> Result<Step<EvaluateReport>, EngineError> {
        let report = context.compute(move |job| Ok(judge(job, params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn judge(job: &BlockingContext, params: EvaluateParams) -> Result<EvaluateReport, SynthError> {
    job.stage("Read", 1, 2);
    let real = read_slot(job, "real")?;
    let made = read_like(job, "synthetic", &real.frame)?;
    let held = match job.has_input("holdout") {
        true => Some(read_like(job, "holdout", &real.frame)?),
        false => None,
    };
    job.stage("Measure", 2, 2);
    let metadata = derive_metadata(&real.frame, &real.metadata);
    let mut pair = Pair::new(&real.frame, &made, &metadata);
    if let Some(held) = &held {
        pair = pair.with_holdout(held);
    }
    let targets = match params.targets.is_empty() {
        true => Targets::Every,
        false => Targets::Named(params.targets),
    };
    let options =
        EvaluateOptions { seed: job.seed(), targets, rules: params.rules, ..Default::default() };
    let evaluation = publish_evaluation(job, &pair, (&options, "Synthetic table"))?;
    let width = real.frame.columns().len() as u64;
    let (real_rows, synthetic_rows) = (real.frame.rows() as u64, made.rows() as u64);
    let holdout_rows = held.map_or(0, |held| held.rows() as u64);
    let cells = (real_rows + synthetic_rows + holdout_rows).saturating_mul(width * READINGS);
    charge(job, cells, 0)?;
    job.progress(1.0);
    Ok(EvaluateReport {
        real_rows,
        synthetic_rows,
        holdout_rows,
        figures: derive_figures(&evaluation),
        notes: evaluation.notes,
    })
}
