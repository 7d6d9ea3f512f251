//! `synth.score`: how likely rows are under a fitted mixture.

use std::collections::BTreeMap;
use std::io::Write;

use gantry_engine_api::{
    ArtifactRole, BlockingContext, DeviceNeed, EngineError, Estimate, InputKind, InputMeta,
    InputSlot, JobContext, Operation, ParamError, Step,
};
use gantry_types::Credits;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fitted::{encode_further, read_further, read_model};
use super::meter_id;
use super::price::{TableSize, charge, derive_credits};
use crate::error::SynthError;

/// Rows that the report lists.
const LISTED: usize = 20;

/// Parameters of `synth.score`: there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreParams {}

/// A row and how likely it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScoredRow {
    /// Its number, from 1.
    pub row: u64,
    /// Logarithm of its probability in nats.
    pub log_likelihood: f64,
}

/// The result of `synth.score`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScoreReport {
    /// Rows that were scored.
    pub rows: u64,
    /// Mean of the logarithms of their probabilities, in nats. A number counts by the range that it
    /// lies in, so that generators of the same columns can be compared and others cannot.
    pub mean_log_likelihood: f64,
    /// The same of the rows that the generator learned from: new rows of the same origin come near
    /// it.
    pub learned_log_likelihood: Option<f64>,
    /// The least likely rows.
    pub least_likely: Vec<ScoredRow>,
}

/// `synth.score`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Score;

impl Operation for Score {
    const ID: &'static str = "synth.score";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Tell how likely rows are";
    const SUMMARY: &'static str = "Gives each row's probability under a fitted mixture: rows that are \
                                   odd, and tables that have drifted.";
    type Params = ScoreParams;
    type Report = ScoreReport;

    fn inputs(&self) -> Vec<InputSlot> {
        let model = "Generator of `synth.fit`, tier `mixture`";
        vec![
            InputSlot::required("data", "Table to score", InputKind::Table),
            InputSlot::required("model", model, InputKind::Model),
        ]
    }

    fn estimate(&self, _: &ScoreParams, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        let size = TableSize::of(inputs.iter().find(|input| input.slot == "data"));
        Ok(Estimate {
            meters: BTreeMap::from([(meter_id("rows")?, size.rows)]),
            max_credits: Credits::new(derive_credits(size.cells(), 0)),
            memory_bytes: size.memory_bytes(),
            threads: 2,
            device: DeviceNeed::Cpu,
        })
    }

    async fn run(
        &self,
        _: ScoreParams,
        context: JobContext,
    ) -> Result<Step<ScoreReport>, EngineError> {
        let report = context.compute(move |job| Ok(score(job)?)).await?;
        Ok(Step::Done(report))
    }
}

fn score(job: &BlockingContext) -> Result<ScoreReport, SynthError> {
    job.stage("Read", 1, 2);
    let model = read_model(job)?;
    let mixture = model.fitted.require_mixture()?;
    let table = read_further(job, &model)?;
    let encoded = encode_further(&model, &table)?;
    job.stage("Score", 2, 2);
    job.check_cancelled()?;
    let scores: Vec<f64> = (0..encoded.rows)
        .into_par_iter()
        .map(|row| mixture.log_likelihood(&encoded.row(row)))
        .collect();
    job.check_cancelled()?;
    let mut text = Vec::from(&b"row,log_likelihood\n"[..]);
    for (row, score) in scores.iter().enumerate() {
        writeln!(text, "{},{score:.6}", row + 1)?;
    }
    job.publish_bytes("scores.csv", ArtifactRole::Table, &text)?;
    let mut ranked: Vec<ScoredRow> = scores
        .iter()
        .zip(1..)
        .map(|(score, row)| ScoredRow { row, log_likelihood: *score })
        .collect();
    ranked.sort_by(|a, b| a.log_likelihood.total_cmp(&b.log_likelihood).then(a.row.cmp(&b.row)));
    ranked.truncate(LISTED);
    let (rows, width) = (encoded.rows as u64, encoded.columns.len() as u64);
    charge(job, rows.saturating_mul(width), 0)?;
    job.progress(1.0);
    Ok(ScoreReport {
        rows,
        mean_log_likelihood: scores.iter().sum::<f64>() / rows.max(1) as f64,
        learned_log_likelihood: mixture.likelihoods.last().copied(),
        least_likely: ranked,
    })
}
