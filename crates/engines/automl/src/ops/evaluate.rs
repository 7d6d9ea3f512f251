//! `automl.evaluate`: what a model is worth on a table that it has not seen, and how far that
//! table is from the one that it was trained on.

mod page;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use gantry_engine_api::{
    ArtifactRole, BlockingContext, DeviceNeed, EngineError, Estimate, InputKind, InputMeta,
    InputSlot, JobContext, LogLevel, Operation, ParamError, Step,
};
use gantry_kit::{Column, Frame, Progress, Theme, WriteOptions, write_csv};
use gantry_learn::Control;
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::price::{TableSize, derive_prediction_credits};
use super::train::meter_id;
use crate::error::{AutomlError, derive_list};
use crate::explain::{ColumnDrift, DriftLevel, Plot, Scored, derive_drift, publish_plots};
use crate::metric::Metric;
use crate::predict::{Predictor, take_rows};
use crate::table::{Table, read_table_as};
use crate::task::Task;

/// A model in memory is at most this many times as large as its file.
const MODEL_MEMORY: u64 = 4;
/// Rows below which scores are rough.
const FEW_ROWS: usize = 50;

/// Parameters of `automl.evaluate`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluateParams {
    /// Leave every chart as a PNG picture too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub png: bool,
}

/// The result of `automl.evaluate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EvaluateReport {
    /// What is predicted.
    pub task: Task,
    /// The column that is predicted.
    pub target: String,
    /// Rows of the table.
    pub rows: u64,
    /// Rows whose true value is known and could be predicted; scores are from these.
    pub scored_rows: u64,
    /// The metric that chose the model.
    pub metric: Metric,
    /// Whether a larger score is better.
    pub greater_is_better: bool,
    /// Its score on this table; none where the rows cannot carry it.
    pub score: Option<f64>,
    /// The mean score over the folds of the training.
    pub training_score: f64,
    /// All scores on this table.
    pub metrics: BTreeMap<String, f64>,
    /// The classes, in the order of the model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// How far each column has moved since the training, the largest first.
    pub drift: Vec<ColumnDrift>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// `automl.evaluate`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evaluate;

impl Operation for Evaluate {
    const ID: &'static str = "automl.evaluate";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Evaluate a model";
    const SUMMARY: &'static str = "Scores a trained model on new rows whose truth is known, draws \
                                   what it gets wrong, and says how far the columns have drifted.";
    type Params = EvaluateParams;
    type Report = EvaluateReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![
            InputSlot::required("model", "Model of a training", InputKind::Model),
            InputSlot::required(
                "data",
                "Table with the columns of the training and the target",
                InputKind::Table,
            ),
        ]
    }

    fn estimate(&self, _: &EvaluateParams, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        let find = |slot: &str| inputs.iter().find(|input| input.slot == slot);
        let missing = |slot: &str| ParamError::new("", format!("the input `{slot}` is missing"));
        let size = TableSize::of(find("data").ok_or_else(|| missing("data"))?);
        let model = find("model").ok_or_else(|| missing("model"))?;
        Ok(Estimate {
            meters: BTreeMap::from([(meter_id("rows")?, size.rows)]),
            max_credits: Credits::new(derive_prediction_credits(size.cells)),
            memory_bytes: size
                .memory_bytes()
                .saturating_add(model.bytes.saturating_mul(MODEL_MEMORY)),
            threads: 2,
            device: DeviceNeed::Cpu,
        })
    }

    async fn run(
        &self,
        params: EvaluateParams,
        context: JobContext,
    ) -> Result<Step<EvaluateReport>, EngineError> {
        let report = context.compute(move |job| Ok(evaluate(job, params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn evaluate(job: &BlockingContext, params: EvaluateParams) -> Result<EvaluateReport, AutomlError> {
    job.stage("Read", 1, 3);
    let predictor = Predictor::read_from(job.input("model")?.open()?)?;
    let mut file = job.input("data")?.open()?;
    let watch = |progress: Progress| {
        let share = progress.bytes_read as f64 / progress.bytes_total.max(1) as f64;
        job.progress(0.3 * share);
        if job.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let table = read_table_as(&mut file, predictor.schema.clone(), watch)?;
    job.check_cancelled()?;
    job.stage("Score", 2, 3);
    let (report, plots) = score(job, &predictor, &table)?;
    job.progress(0.8);
    job.stage("Write", 3, 3);
    for warning in &report.warnings {
        job.log(LogLevel::Warning, warning.clone());
    }
    publish_plots(job, &plots, params.png)?;
    job.publish_bytes("drift.csv", ArtifactRole::Table, &write_drift(&report.drift)?)?;
    let page = page::derive_page(&predictor.header, &report, &plots);
    let html = page.to_html(&Theme::default());
    job.publish_bytes("report.html", ArtifactRole::Report, html.as_bytes())?;
    let cells = (table.frame.rows() * table.frame.columns().len()) as u64;
    let due = derive_prediction_credits(cells).min(job.limits().max_credits.get());
    job.charge(Credits::new(due))?;
    job.progress(1.0);
    Ok(report)
}

fn score(
    job: &BlockingContext,
    predictor: &Predictor,
    table: &Table,
) -> Result<(EvaluateReport, Vec<Plot>), AutomlError> {
    let header = &predictor.header;
    let target = || header.target.name.clone();
    if table.frame.find_column(&header.target.name).is_none() {
        return Err(AutomlError::TruthMissing { target: target() });
    }
    // What lacks columns must be told first, before nothing can be scored.
    header.select(&table.frame)?;
    let (truth, rows) = predictor
        .find_truth(&table.frame)
        .ok_or_else(|| AutomlError::TruthUnknown { target: target() })?;
    let cancelled = || job.is_cancelled();
    let control = Control::unlimited().with_cancel(&cancelled);
    let predicted = predictor.predict(table, &control)?;
    let known = take_rows(&predicted.predictions, &rows, &truth)?;
    let mut metrics = BTreeMap::new();
    for metric in Metric::list(header.task, header.metric) {
        if let Some(score) = metric.score_decided(&truth, &known, predictor.finish())? {
            metrics.insert(metric.as_str().to_owned(), score);
        }
    }
    let scored = Scored {
        truth: &truth,
        predictions: &known,
        target: &header.target.name,
        rows: "rows of the new table",
        finish: predictor.finish(),
    };
    let mut plots = scored.derive_plots()?;
    let drift = derive_drift(&header.baseline, &table.frame);
    plots.extend(page::derive_drift_plot(&drift));
    let mut report = EvaluateReport {
        task: header.task,
        target: target(),
        rows: table.frame.rows() as u64,
        scored_rows: rows.len() as u64,
        metric: header.metric,
        greater_is_better: header.metric.greater_is_better(),
        score: metrics.get(header.metric.as_str()).copied(),
        training_score: header.score,
        metrics,
        classes: header.classes.clone(),
        drift,
        warnings: table.warnings.clone(),
    };
    for new in &predicted.new_labels {
        report.warnings.push(format!(
            "Column `{}` has {} labels in {} cells that were not in training, such as `{}`.",
            new.column, new.unknown.labels, new.unknown.cells, new.unknown.example
        ));
    }
    report.warnings.extend(derive_warnings(&report, header.baseline.is_empty()));
    Ok((report, plots))
}

fn derive_warnings(report: &EvaluateReport, has_no_baseline: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if report.scored_rows < report.rows {
        warnings.push(format!(
            "{} of {} rows have no true value that the model knows; scores are from the others.",
            report.rows - report.scored_rows,
            report.rows
        ));
    }
    if report.scored_rows < FEW_ROWS as u64 {
        warnings.push(format!("Scores of {} rows are rough.", report.scored_rows));
    }
    if report.score.is_none() {
        warnings.push(format!(
            "{} is not defined on these rows; perhaps only one class is among them.",
            report.metric.title()
        ));
    }
    let strong: Vec<&String> = report
        .drift
        .iter()
        .filter(|drift| drift.level == DriftLevel::Strong)
        .map(|drift| &drift.column)
        .collect();
    if !strong.is_empty() {
        warnings.push(format!(
            "{} of {} columns have drifted strongly since the training: {}.",
            strong.len(),
            report.drift.len(),
            derive_list(&strong, 10)
        ));
    }
    if has_no_baseline {
        warnings
            .push("The model file is older than drift reports; train again to get one.".to_owned());
    }
    warnings
}

fn write_drift(drift: &[ColumnDrift]) -> Result<Vec<u8>, AutomlError> {
    let numbers = |f: fn(&ColumnDrift) -> f64| drift.iter().map(f).collect::<Vec<f64>>();
    let columns = vec![
        Column::text("column", drift.iter().map(|d| Some(d.column.as_str()))),
        Column::number("psi", numbers(|d| d.psi)),
        Column::text("level", drift.iter().map(|d| Some(page::derive_level(d.level)))),
        Column::integer("rows_before", numbers(|d| d.rows_before as f64)),
        Column::integer("rows_now", numbers(|d| d.rows_now as f64)),
        Column::number("missing_before", numbers(|d| d.missing_before)),
        Column::number("missing_now", numbers(|d| d.missing_now)),
        Column::number("unseen_now", numbers(|d| d.unseen_now)),
    ];
    let mut bytes = Vec::new();
    write_csv(&Frame::new(columns)?, &mut bytes, &WriteOptions::default())?;
    Ok(bytes)
}
