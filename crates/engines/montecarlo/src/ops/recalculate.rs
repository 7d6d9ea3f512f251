//! `montecarlo.recalculate`: all formulas of a workbook computed again, and where the results
//! differ from the values in the file.

use std::collections::BTreeMap;

use gantry_engine_api::{
    ArtifactRole, BlockingContext, EngineError, Estimate, InputMeta, InputSlot, JobContext,
    Operation, ParamError, Step,
};
use gantry_types::Credits;
use gantry_workbook::{CellRef, Options, Value, Workbook, compare, recalculate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::price::estimate_reading;
use super::{WORKBOOK, workbook_slot};
use crate::error::MonteCarloError;
use crate::spelling::{entries, get_cell};
use crate::study::read_workbook;

/// Differences in the report; the file has all.
const SHOWN: usize = 100;

/// Parameters of `montecarlo.recalculate`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecalculateParams {
    /// Cells with other values, each as `CELL=VALUE`, such as `Inputs!B3=120`.
    #[serde(default)]
    pub set: Vec<String>,
    /// Cells whose values to give.
    #[serde(default)]
    pub output: Vec<String>,
    /// The date and time of NOW and TODAY as a serial number; without it, formulas that ask for
    /// them keep the values in the file.
    #[serde(default)]
    pub now: Option<f64>,
}

/// A formula whose value is not the one in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DifferenceReport {
    /// The cell.
    pub cell: String,
    /// The value in the file.
    pub saved: serde_json::Value,
    /// The value that was computed.
    pub computed: serde_json::Value,
}

/// The value of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ValueReport {
    /// The cell.
    pub cell: String,
    /// Its value after the recalculation.
    pub value: serde_json::Value,
}

/// The result of `montecarlo.recalculate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecalculateReport {
    /// Formulas that were compared with the file.
    pub cells: u64,
    /// Of these, how many agree.
    pub equal: u64,
    /// Formulas that were not compared, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// The first of the others.
    pub differences: Vec<DifferenceReport>,
    /// The values that were asked for.
    pub outputs: Vec<ValueReport>,
    /// Whether some cells depend on themselves.
    pub circular: bool,
    /// Rounds of circular references.
    pub rounds: u32,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// `montecarlo.recalculate`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Recalculate;

impl Operation for Recalculate {
    const ID: &'static str = "montecarlo.recalculate";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Recalculate a workbook";
    const SUMMARY: &'static str = "Computes all formulas of an Excel workbook, with other inputs \
                                   if wanted, and says where they differ from the file.";
    type Params = RecalculateParams;
    type Report = RecalculateReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![workbook_slot()]
    }

    fn estimate(
        &self,
        _: &RecalculateParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        estimate_reading(inputs)
    }

    async fn run(
        &self,
        params: RecalculateParams,
        context: JobContext,
    ) -> Result<Step<RecalculateReport>, EngineError> {
        let report = context.compute(move |job| Ok(compute(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn compute(
    job: &BlockingContext,
    params: &RecalculateParams,
) -> Result<RecalculateReport, MonteCarloError> {
    let book = read_workbook(&job.input(WORKBOOK)?)?;
    job.check_cancelled()?;
    let mut inputs = Vec::new();
    for entry in entries(&params.set) {
        inputs.push(read_setting(&book, &entry)?);
    }
    let outputs: Vec<CellRef> = entries(&params.output)
        .iter()
        .map(|text| get_cell(&book, text))
        .collect::<Result<_, _>>()?;
    let edited = !inputs.is_empty();
    let options = Options { now: params.now, inputs };
    let result = recalculate(&book, &options).map_err(EngineError::from)?;
    job.check_cancelled()?;
    let comparison = compare(&book, &result);
    let all: Vec<DifferenceReport> = comparison
        .differences
        .iter()
        .map(|d| DifferenceReport {
            cell: book.spell(d.cell),
            saved: to_json(&d.saved),
            computed: to_json(&d.computed),
        })
        .collect();
    let text = serde_json::to_vec(&all)
        .map_err(|e| MonteCarloError::Written { what: "differences.json", cause: e.to_string() })?;
    job.publish_bytes("differences.json", ArtifactRole::File, &text)?;
    let mut warnings: Vec<String> = book.warnings.iter().map(|w| w.text.clone()).collect();
    if edited {
        warnings.push("Cells were set, so that formulas differ from the file on purpose.".into());
    }
    job.charge(Credits::new(job.limits().max_credits.get().min(1)))?;
    job.progress(1.0);
    Ok(RecalculateReport {
        cells: comparison.cells.len() as u64,
        equal: comparison.equal as u64,
        skipped: comparison
            .skipped
            .iter()
            .map(|(skip, n)| (skip.as_str().to_owned(), *n as u64))
            .collect(),
        differences: all.into_iter().take(SHOWN).collect(),
        outputs: outputs
            .iter()
            .map(|cell| ValueReport {
                cell: book.spell(*cell),
                value: to_json(result.value(&book, *cell)),
            })
            .collect(),
        circular: result.circular,
        rounds: result.rounds,
        warnings,
    })
}

/// `CELL=VALUE`, where the value is a number, TRUE, FALSE or text.
fn read_setting(book: &Workbook, text: &str) -> Result<(CellRef, Value), MonteCarloError> {
    let Some((place, value)) = text.split_once('=') else {
        return Err(MonteCarloError::param(
            format!("`{text}` sets no cell."),
            "Write `CELL=VALUE`, such as `Inputs!B3=120`.",
        ));
    };
    let cell = get_cell(book, place)?;
    if book.sheet(cell.sheet).find_cell(cell.row, cell.col).is_none() {
        return Err(MonteCarloError::param(
            format!("{} is a cell without content.", book.spell(cell)),
            "Set a cell that the file has.",
        ));
    }
    let value = match value.trim() {
        v if v.eq_ignore_ascii_case("true") => Value::Bool(true),
        v if v.eq_ignore_ascii_case("false") => Value::Bool(false),
        v => match v.parse::<f64>() {
            Ok(x) if x.is_finite() => Value::Number(x),
            Ok(_) | Err(_) => Value::text(v.trim_matches('"')),
        },
    };
    Ok((cell, value))
}

/// A value of a cell in JSON; errors as their text.
pub(crate) fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Empty => serde_json::Value::Null,
        Value::Number(x) => serde_json::Value::from(*x),
        Value::Text(t) => serde_json::Value::from(t.as_ref()),
        Value::Bool(b) => serde_json::Value::from(*b),
        Value::Error(e) => serde_json::Value::from(e.as_str()),
    }
}
