//! `synth.impute`: fills the cells that a table lacks from what its other cells tell.

mod fill;

use std::collections::BTreeMap;

use gantry_engine_api::{
    BlockingContext, DeviceNeed, EngineError, Estimate, InputKind, InputMeta, InputSlot,
    JobContext, LogLevel, Operation, ParamError, Step,
};
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::fill::{Filler, replace_missing};
use super::fitted::{encode_further, read_further, read_model};
use super::generate::width;
use super::learn::{LearnOptions, Wishes, learn};
use super::meter_id;
use super::price::{TableSize, charge, derive_credits};
use crate::error::SynthError;
use crate::model_file::SynthModel;
use crate::output::{OutputFormat, publish_table};
use crate::table::{Table, read_slot};
use crate::tier::Tier;

/// Tables that can be made.
const MOST_COPIES: u32 = 50;

/// How a missing cell is filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Filling {
    /// A draw from what the cell may hold, together with the row's other missing cells: keeps
    /// distributions and relations.
    #[default]
    Draw,
    /// The mean of numbers, the likeliest label: nearest to the single cell, but spreads shrink.
    Likely,
}

/// Parameters of `synth.impute`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImputeParams {
    /// How a cell is filled.
    #[serde(default)]
    pub fill: Filling,
    /// Tables to make, each with draws of its own, so that what is computed of them tells how sure
    /// it is.
    #[serde(default = "default_copies")]
    #[schemars(range(min = 1, max = 50))]
    pub copies: u32,
    /// The file that rows are left as: `csv`, or `parquet`, which keeps the types of columns.
    #[serde(default)]
    pub format: OutputFormat,
}

const fn default_copies() -> u32 {
    1
}

/// Cells of a column that were filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FilledColumn {
    /// The column's name.
    pub name: String,
    /// Cells that were missing.
    pub missing: u64,
    /// Cells that were filled; none of a column that was not learned.
    pub filled: u64,
}

/// The result of `synth.impute`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImputeReport {
    /// Rows of the table.
    pub rows: u64,
    /// Tables that were made.
    pub copies: u32,
    /// The columns that lacked cells.
    pub columns: Vec<FilledColumn>,
}

/// `synth.impute`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Impute;

impl Operation for Impute {
    const ID: &'static str = "synth.impute";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Fill missing cells";
    const SUMMARY: &'static str = "Fills the cells that a table lacks from what its other cells tell, \
                                   and leaves all others as they are.";
    type Params = ImputeParams;
    type Report = ImputeReport;

    fn inputs(&self) -> Vec<InputSlot> {
        let model = "Generator of `synth.fit`, tier `mixture`; learned of the table itself without";
        vec![
            InputSlot::required("data", "Table to fill", InputKind::Table),
            InputSlot::optional("model", model, InputKind::Model),
            InputSlot::optional("metadata", "What the columns are (JSON)", InputKind::File),
        ]
    }

    fn estimate(
        &self,
        params: &ImputeParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        if !(1..=MOST_COPIES).contains(&params.copies) {
            let reason = format!("is out of range; choose 1 to {MOST_COPIES}");
            return Err(ParamError::new("/copies", reason));
        }
        let size = TableSize::of(inputs.iter().find(|input| input.slot == "data"));
        let drawn = size.cells().saturating_mul(u64::from(params.copies));
        Ok(Estimate {
            meters: BTreeMap::from([(meter_id("rows")?, size.rows), (meter_id("epochs")?, 0)]),
            max_credits: Credits::new(derive_credits(size.cells(), drawn)),
            memory_bytes: size.memory_bytes(),
            threads: 2,
            device: DeviceNeed::Cpu,
        })
    }

    async fn run(
        &self,
        params: ImputeParams,
        context: JobContext,
    ) -> Result<Step<ImputeReport>, EngineError> {
        let report = context.compute(move |job| Ok(impute(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn impute(job: &BlockingContext, params: &ImputeParams) -> Result<ImputeReport, SynthError> {
    job.stage("Read", 1, 3);
    let (model, table) = read(job)?;
    let encoded = encode_further(&model, &table)?;
    job.stage("Fill", 3, 3);
    let filler = Filler { model: &model, mixture: model.fitted.require_mixture()?, encoded };
    let mut columns = Vec::new();
    for copy in 0..params.copies {
        job.check_cancelled()?;
        let seed = job.seed().wrapping_add(u64::from(copy).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (block, broken) = filler.fill(params.fill, seed);
        let (frame, filled) = replace_missing(&table.frame, &model.header.encoding, &block)?;
        if broken > 0 {
            let message = format!("{broken} rows break a constraint whatever is filled in.");
            job.log(LogLevel::Warning, message);
        }
        let stem = match params.copies {
            1 => "imputed".to_owned(),
            _ => format!("imputed-{}", copy + 1),
        };
        publish_table(job, (&stem, params.format), (&frame, &frame.schema()))?;
        job.progress(0.6 + 0.4 * f64::from(copy + 1) / f64::from(params.copies));
        columns = filled;
    }
    let rows = table.frame.rows() as u64;
    let learned = rows.saturating_mul(width(&model));
    charge(job, learned, learned.saturating_mul(u64::from(params.copies)))?;
    Ok(ImputeReport { rows, copies: params.copies, columns })
}

/// The table, and a mixture that is given or learned of it.
fn read(job: &BlockingContext) -> Result<(SynthModel, Table), SynthError> {
    if job.has_input("model") {
        let model = read_model(job)?;
        model.fitted.require_mixture()?;
        let table = read_further(job, &model)?;
        return Ok((model, table));
    }
    let table = read_slot(job, "data")?;
    job.stage("Learn", 2, 3);
    let model = learn(job, &table, (Tier::Mixture, &LearnOptions::default()), &Wishes::default())?;
    Ok((model, table))
}
