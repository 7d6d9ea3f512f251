//! `automl.preprocess`: a table as learners take it, and what was done to each column.

use std::collections::BTreeMap;

use gantry_engine_api::{
    ArtifactRole, BlockingContext, DeviceNeed, EngineError, Estimate, InputKind, InputMeta,
    InputSlot, JobContext, LogLevel, Operation, ParamError, Step,
};
use gantry_kit::{Column, Frame, WriteOptions, write_csv};
use gantry_learn::{Control, Matrix};
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::price::{TableSize, derive_prediction_credits};
use super::train::meter_id;
use crate::error::AutomlError;
use crate::preprocess::{
    Encoding, LabelEncoding, Outliers, PreprocessOptions, Preprocessor, find_inliers,
};
use crate::table::{ColumnUse, plan_columns, read_table};
use crate::target::{TargetChoice, TargetValues, find_target};
use crate::task::TaskChoice;

/// Parameters of `automl.preprocess`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreprocessParams {
    /// The column to predict later; it is kept as it is. Encoding labels by their mean target
    /// needs it.
    #[serde(default)]
    #[schemars(extend("x-gantry" = {"column_of": "data"}))]
    pub target: Option<String>,
    /// Columns to leave out.
    #[serde(default)]
    #[schemars(extend("x-gantry" = {"column_of": "data"}))]
    pub ignore_columns: Vec<String>,
    /// Prepare for trees, which take gaps and codes as they are, rather than for all learners.
    #[serde(default)]
    pub for_trees: bool,
    /// How columns are prepared.
    #[serde(default)]
    pub preprocessing: PreprocessOptions,
}

/// The result of `automl.preprocess`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PreprocessReport {
    /// Rows of the prepared table.
    pub rows: u64,
    /// Columns of the file.
    pub columns: u64,
    /// Columns of the prepared table.
    pub features: u64,
    /// What was done with each column of the file.
    pub columns_used: Vec<ColumnUse>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// `automl.preprocess`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Preprocess;

impl Operation for Preprocess {
    const ID: &'static str = "automl.preprocess";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Prepare a table";
    const SUMMARY: &'static str = "Fills gaps, limits outliers, scales numbers and encodes labels, \
                                   and says what was done to each column.";
    type Params = PreprocessParams;
    type Report = PreprocessReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![InputSlot::required("data", "Table", InputKind::Table)]
    }

    fn estimate(
        &self,
        params: &PreprocessParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        let data = inputs
            .iter()
            .find(|input| input.slot == "data")
            .ok_or_else(|| ParamError::new("", "the input `data` is missing; give a table"))?;
        if params.preprocessing.encoding == LabelEncoding::Target && params.target.is_none() {
            let message = "is missing; encoding labels by their mean target needs it";
            return Err(ParamError::new("/target", message));
        }
        let size = TableSize::of(data);
        Ok(Estimate {
            meters: BTreeMap::from([(meter_id("rows")?, size.rows)]),
            max_credits: Credits::new(derive_prediction_credits(size.cells)),
            memory_bytes: size.memory_bytes(),
            threads: 1,
            device: DeviceNeed::Cpu,
        })
    }

    async fn run(
        &self,
        params: PreprocessParams,
        context: JobContext,
    ) -> Result<Step<PreprocessReport>, EngineError> {
        let report = context.compute(move |job| Ok(preprocess(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn preprocess(
    job: &BlockingContext,
    params: &PreprocessParams,
) -> Result<PreprocessReport, AutomlError> {
    let options = &params.preprocessing;
    options.require_valid()?;
    job.stage("Read", 1, 3);
    let target = params.target.clone().unwrap_or_default();
    let table = read_table(job, "data", &target)?;
    let mut warnings = table.warnings;
    let mut frame = table.frame;
    let width = frame.columns().len();
    job.stage("Prepare", 2, 3);
    let (rows, truth) = choose_rows(&frame, params, &mut warnings)?;
    let mut plan = plan_columns(&frame, &target, &params.ignore_columns, &rows)?;
    warnings.append(&mut plan.warnings);
    frame = frame.take(&rows);
    job.check_cancelled()?;
    let columns = plan.select(&frame);
    let all: Vec<usize> = (0..frame.rows()).collect();
    let encoding = if params.for_trees { Encoding::Codes } else { Encoding::OneHot };
    let fitted = Preprocessor::fit_transform(&columns, (&all, &truth), (encoding, options))?;
    let (preprocessor, features) = fitted;
    job.check_cancelled()?;
    let kept = find_kept(job, (&features, options), &mut warnings)?;
    let (frame, features) = (frame.take(&kept), features.take_rows(&kept));
    let columns = plan.select(&frame);
    job.stage("Write", 3, 3);
    let mut written: Vec<Column> = Vec::with_capacity(features.width() + 1);
    for (index, column) in columns.iter().enumerate() {
        let names = preprocessor.derive_names(index, column.name());
        for (name, place) in names.into_iter().zip(preprocessor.find_span(index)) {
            written.push(Column::number(name, features.column(place).to_vec()));
        }
    }
    written.extend(params.target.iter().filter_map(|name| frame.find_column(name)).cloned());
    let mut uses = plan.uses;
    for (index, column) in columns.iter().enumerate() {
        if let Some(use_of) = uses.iter_mut().find(|use_of| use_of.name == column.name()) {
            use_of.treatment = preprocessor.describe(index);
        }
    }
    let report = PreprocessReport {
        rows: frame.rows() as u64,
        columns: width as u64,
        features: features.width() as u64,
        columns_used: uses,
        warnings,
    };
    publish(job, written, (&preprocessor, &report))?;
    let cells = report.rows.saturating_mul(report.columns);
    let due = derive_prediction_credits(cells).min(job.limits().max_credits.get());
    job.charge(Credits::new(due))?;
    job.progress(1.0);
    Ok(report)
}

/// The rows that an isolation forest does not set apart, where that is asked.
fn find_kept(
    job: &BlockingContext,
    (features, options): (&Matrix, &PreprocessOptions),
    warnings: &mut Vec<String>,
) -> Result<Vec<usize>, AutomlError> {
    if options.outliers != Outliers::Isolation {
        return Ok((0..features.rows()).collect());
    }
    let cancelled = || job.is_cancelled();
    let control = Control::unlimited().with_cancel(&cancelled);
    let kept = find_inliers(features, options.outlier_share, &control)?;
    let gone = features.rows() - kept.len();
    if gone > 0 {
        warnings.push(format!("{gone} rows are far from the others and were left out."));
    }
    Ok(kept)
}

/// The rows that stay, with what labels may be averaged over.
fn choose_rows(
    frame: &Frame,
    params: &PreprocessParams,
    warnings: &mut Vec<String>,
) -> Result<(Vec<usize>, TargetValues), AutomlError> {
    let (mut rows, mut truth) = match &params.target {
        Some(name) => {
            let choice = TargetChoice { name, task: TaskChoice::Auto, positive: None };
            let mut target = find_target(frame, &choice)?;
            warnings.append(&mut target.warnings);
            (target.rows, target.values)
        }
        None => {
            let rows: Vec<usize> = (0..frame.rows()).collect();
            let values = TargetValues::Numbers(vec![0.0; rows.len()]);
            (rows, values)
        }
    };
    if params.preprocessing.drop_duplicates {
        let places = crate::table::find_first_rows(frame, &rows);
        let dropped = rows.len() - places.len();
        if dropped > 0 {
            warnings.push(format!("{dropped} rows repeat an earlier one and were left out."));
            rows = gantry_learn::split::take(&rows, &places);
            truth = truth.take(&places);
        }
    }
    if rows.is_empty() {
        return Err(AutomlError::TooFewRows { rows: 0, needed: 1 });
    }
    Ok((rows, truth))
}

fn publish(
    job: &BlockingContext,
    columns: Vec<Column>,
    (preprocessor, report): (&Preprocessor, &PreprocessReport),
) -> Result<(), AutomlError> {
    let mut bytes = Vec::new();
    write_csv(&Frame::new(columns)?, &mut bytes, &WriteOptions::default())?;
    job.publish_bytes("prepared.csv", ArtifactRole::Table, &bytes)?;
    let used: Vec<&str> = report
        .columns_used
        .iter()
        .filter(|column| column.used)
        .map(|column| column.name.as_str())
        .collect();
    let plan = serde_json::json!({ "version": 1, "columns": used, "fitted": preprocessor });
    let plan = serde_json::to_vec_pretty(&plan)
        .map_err(|error| AutomlError::inconsistent(format!("The plan is not JSON: {error}.")))?;
    job.publish_bytes("plan.json", ArtifactRole::File, &plan)?;
    let (rows, features) = (report.rows, report.features);
    job.log(LogLevel::Info, format!("Wrote {rows} rows with {features} prepared columns."));
    Ok(())
}
