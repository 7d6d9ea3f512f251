//! `synth.sample`: rows from a generator that was fitted before.

use std::collections::BTreeMap;

use gantry_engine_api::{
    BlockingContext, DeviceNeed, EngineError, Estimate, InputKind, InputMeta, InputSlot,
    JobContext, Operation, ParamError, Step,
};
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::generate::{publish_rows, width};
use super::learn::{Wishes, derive_plan};
use super::meter_id;
use super::price::{charge, derive_credits};
use crate::error::SynthError;
use crate::model_file::SynthModel;
use crate::output::OutputFormat;
use crate::tier::Tier;

/// Columns that a generator is taken to have before it is read.
const GUESSED_COLUMNS: u64 = 50;
/// A generator in memory is at most this many times as large as its file.
const MODEL_MEMORY: u64 = 4;
const BASE_MEMORY: u64 = 160 << 20;

/// Parameters of `synth.sample`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SampleParams {
    /// Rows to make; as many as were learned from where it is left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000_000_u64))]
    pub rows: Option<u64>,
    /// What must hold in every row, such as `sex=Female,age>60`.
    #[serde(default)]
    pub given: String,
    /// What must hold in every row besides what the generator knows: `start <= end`,
    /// `total = a + b`, `range(age, 0, 120)`, `unique(code)`, `one_hot(a, b, c)`.
    #[serde(default)]
    pub constraints: Vec<String>,
    /// A column whose labels shall all be equally frequent.
    #[serde(default)]
    pub balance: Option<String>,
    /// The file that rows are left as: `csv`, or `parquet`, which keeps the types of columns.
    #[serde(default)]
    pub format: OutputFormat,
}

/// The result of `synth.sample`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SampleReport {
    /// Rows that were made.
    pub rows: u64,
    /// How the table was learned.
    pub tier: Tier,
    /// What is promised about single people.
    pub guarantee: String,
}

/// `synth.sample`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sample;

impl Operation for Sample {
    const ID: &'static str = "synth.sample";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Draw rows";
    const SUMMARY: &'static str =
        "Draws any number of rows from a fitted generator, also under conditions.";
    type Params = SampleParams;
    type Report = SampleReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![InputSlot::required("model", "Generator of `synth.fit`", InputKind::Model)]
    }

    fn estimate(
        &self,
        params: &SampleParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        let model = inputs
            .iter()
            .find(|input| input.slot == "model")
            .ok_or_else(|| ParamError::new("", "the input `model` is missing; give a generator"))?;
        // A row that was learned takes more than its columns' bytes in the file.
        let rows = params.rows.unwrap_or(model.bytes);
        Ok(Estimate {
            meters: BTreeMap::from([(meter_id("rows")?, rows)]),
            max_credits: Credits::new(derive_credits(0, rows.saturating_mul(GUESSED_COLUMNS))),
            memory_bytes: BASE_MEMORY.saturating_add(model.bytes.saturating_mul(MODEL_MEMORY)),
            threads: 2,
            device: DeviceNeed::Cpu,
        })
    }

    async fn run(
        &self,
        params: SampleParams,
        context: JobContext,
    ) -> Result<Step<SampleReport>, EngineError> {
        let report = context.compute(move |job| Ok(sample(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn sample(job: &BlockingContext, params: &SampleParams) -> Result<SampleReport, SynthError> {
    job.stage("Read", 1, 2);
    let model = SynthModel::read_from(job.input("model")?.open()?)?;
    job.progress(0.6);
    job.stage("Draw", 2, 2);
    let wishes = Wishes {
        given: &params.given,
        constraints: &params.constraints,
        balance: params.balance.as_deref(),
        target: None,
    };
    let plan = derive_plan(&wishes, &model, job.seed())?;
    let rows = params.rows.unwrap_or(model.header.rows);
    publish_rows(job, (&model, &plan), (rows, params.format))?;
    charge(job, 0, rows.saturating_mul(width(&model)))?;
    job.progress(1.0);
    let tier = model.header.tier;
    Ok(SampleReport { rows, tier, guarantee: model.fitted.derive_guarantee() })
}
