//! `automl.predict`: a model applied to a table.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use gantry_engine_api::{
    ArtifactRole, BlockingContext, DeviceNeed, EngineError, Estimate, InputKind, InputMeta,
    InputSlot, JobContext, LogLevel, Operation, ParamError, Step,
};
use gantry_kit::{Column, Frame, Progress, WriteOptions, write_csv};
use gantry_learn::Control;
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::price::{TableSize, derive_prediction_credits};
use super::train::meter_id;
use crate::error::AutomlError;
use crate::metric::Metric;
use crate::model::Predictions;
use crate::predict::{Predicted, Predictor, take_rows};
use crate::table::{Table, read_table_as};
use crate::task::Task;

/// A model in memory is at most this many times as large as its file.
const MODEL_MEMORY: u64 = 4;

/// Parameters of `automl.predict`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PredictParams {
    /// Write the columns of the input before the predictions.
    #[serde(default)]
    pub include_inputs: bool,
}

/// Labels of a column that training has never seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewLevels {
    /// The column.
    pub column: String,
    /// Cells with such labels.
    pub cells: u64,
    /// Different such labels.
    pub labels: u64,
    /// The first one.
    pub example: String,
}

/// The numbers that were predicted, in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NumberSummary {
    /// The smallest.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The largest.
    pub max: f64,
}

/// The result of `automl.predict`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PredictReport {
    /// What was predicted.
    pub task: Task,
    /// The column that was predicted.
    pub target: String,
    /// Rows that were predicted.
    pub rows: u64,
    /// How often each class was predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<BTreeMap<String, u64>>,
    /// The numbers that were predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<NumberSummary>,
    /// Scores, where the table has the target column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<BTreeMap<String, f64>>,
    /// Rows that the scores are from.
    pub scored_rows: u64,
    /// Labels that training has never seen; they count as rare ones.
    pub new_levels: Vec<NewLevels>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// `automl.predict`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Predict;

impl Operation for Predict {
    const ID: &'static str = "automl.predict";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Predict";
    const SUMMARY: &'static str =
        "Applies a trained model to the rows of a table, and scores it where the truth is known.";
    type Params = PredictParams;
    type Report = PredictReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![
            InputSlot::required("model", "Model of a training", InputKind::Model),
            InputSlot::required("data", "Table with the columns of the training", InputKind::Table),
        ]
    }

    fn estimate(&self, _: &PredictParams, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        let find = |slot: &str| inputs.iter().find(|input| input.slot == slot);
        let missing = |slot: &str| ParamError::new("", format!("the input `{slot}` is missing"));
        let size = TableSize::of(find("data").ok_or_else(|| missing("data"))?);
        let model = find("model").ok_or_else(|| missing("model"))?;
        Ok(Estimate {
            meters: BTreeMap::from([(meter_id("rows")?, size.rows)]),
            max_credits: Credits::new(derive_prediction_credits(size.cells)),
            memory_bytes: size.memory_bytes().saturating_add(model.bytes * MODEL_MEMORY),
            threads: 2,
            device: DeviceNeed::Cpu,
        })
    }

    async fn run(
        &self,
        params: PredictParams,
        context: JobContext,
    ) -> Result<Step<PredictReport>, EngineError> {
        let report = context.compute(move |job| Ok(predict(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn predict(job: &BlockingContext, params: &PredictParams) -> Result<PredictReport, AutomlError> {
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
    job.stage("Predict", 2, 3);
    let cancelled = || job.is_cancelled();
    let control = Control::unlimited().with_cancel(&cancelled);
    let predicted = predictor.predict(&table, &control)?;
    job.progress(0.7);

    job.stage("Write", 3, 3);
    let bytes = write_predictions(&predictor, &table, &predicted.predictions, params)?;
    job.publish_bytes("predictions.csv", ArtifactRole::Table, &bytes)?;
    let report = derive_report(&predictor, &table, &predicted)?;
    for warning in &report.warnings {
        job.log(LogLevel::Warning, warning.clone());
    }
    let cells = (table.frame.rows() * table.frame.columns().len()) as u64;
    let due = derive_prediction_credits(cells).min(job.limits().max_credits.get());
    job.charge(Credits::new(due))?;
    job.progress(1.0);
    Ok(report)
}

fn write_predictions(
    predictor: &Predictor,
    table: &Table,
    predictions: &Predictions,
    params: &PredictParams,
) -> Result<Vec<u8>, AutomlError> {
    let rows = table.frame.rows();
    let mut columns = Vec::new();
    if params.include_inputs {
        columns.extend(table.frame.columns().iter().cloned());
    } else {
        columns.push(Column::integer("row", (1..=rows).map(|row| row as f64).collect()));
    }
    for column in predictor.derive_columns(predictions) {
        let name = derive_free_name(column.name(), &columns);
        columns.push(column.renamed(name));
    }
    let mut bytes = Vec::new();
    write_csv(&Frame::new(columns)?, &mut bytes, &WriteOptions::default())?;
    Ok(bytes)
}

/// The name, with a number behind it where the input has a column of that name.
pub(super) fn derive_free_name(name: &str, taken: &[Column]) -> String {
    let is_free = |wanted: &str| !taken.iter().any(|column| column.name() == wanted);
    if is_free(name) {
        return name.to_owned();
    }
    let numbered = |number: usize| format!("{name}_{number}");
    let number = (2..=taken.len() + 2).find(|number| is_free(&numbered(*number))).unwrap_or(2);
    numbered(number)
}

fn derive_report(
    predictor: &Predictor,
    table: &Table,
    predicted: &Predicted,
) -> Result<PredictReport, AutomlError> {
    let header = &predictor.header;
    let mut warnings = table.warnings.clone();
    for new in &predicted.new_labels {
        warnings.push(format!(
            "Column `{}` has {} labels in {} cells that were not in training, such as `{}`; they \
             count as rare.",
            new.column, new.unknown.labels, new.unknown.cells, new.unknown.example
        ));
    }
    let (metrics, scored_rows) = score_where_known(predictor, table, &predicted.predictions)?;
    let classes = predicted.predictions.derive_classes().map(|codes| {
        let mut counts: BTreeMap<String, u64> =
            header.classes.iter().map(|class| (class.clone(), 0)).collect();
        for label in codes.iter().filter_map(|code| header.classes.get(*code as usize)) {
            *counts.entry(label.clone()).or_default() += 1;
        }
        counts
    });
    let numbers = match &predicted.predictions {
        Predictions::Numbers(values) => Some(NumberSummary {
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            mean: values.iter().sum::<f64>() / values.len().max(1) as f64,
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }),
        Predictions::Probabilities(_) => None,
    };
    Ok(PredictReport {
        task: header.task,
        target: header.target.name.clone(),
        rows: table.frame.rows() as u64,
        classes,
        numbers,
        metrics,
        scored_rows,
        new_levels: predicted
            .new_labels
            .iter()
            .map(|new| NewLevels {
                column: new.column.clone(),
                cells: new.unknown.cells as u64,
                labels: new.unknown.labels as u64,
                example: new.unknown.example.clone(),
            })
            .collect(),
        warnings,
    })
}

type Scores = (Option<BTreeMap<String, f64>>, u64);

/// Scores on the rows whose target is known and is one of the classes of the training.
fn score_where_known(
    predictor: &Predictor,
    table: &Table,
    predictions: &Predictions,
) -> Result<Scores, AutomlError> {
    let Some((truth, rows)) = predictor.find_truth(&table.frame) else { return Ok((None, 0)) };
    let known = take_rows(predictions, &rows, &truth)?;
    let mut metrics = BTreeMap::new();
    for metric in Metric::list(predictor.header.task, predictor.header.metric) {
        if let Some(score) = metric.score_decided(&truth, &known, predictor.finish())? {
            metrics.insert(metric.as_str().to_owned(), score);
        }
    }
    Ok((Some(metrics), rows.len() as u64))
}
