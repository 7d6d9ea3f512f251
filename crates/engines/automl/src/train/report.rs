//! The result of a training for people and programs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::explain::Explained;
use super::prepare::Prepared;
use crate::error::AutomlError;
use crate::metric::Metric;
use crate::table::ColumnUse;
use crate::task::Task;

/// How far a model has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelStatus {
    /// Its turn has not come.
    Waiting,
    /// Some folds are done.
    Running,
    /// All folds are done.
    Done,
    /// It could not be fitted to this table.
    Failed,
    /// The time was up.
    Skipped,
}

/// A score over the folds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricSummary {
    /// Mean over the folds.
    pub mean: f64,
    /// Standard deviation over the folds (population).
    pub std: f64,
}

/// One model of the leaderboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeaderboardRow {
    /// 1 for the best; none without a score.
    pub rank: Option<u32>,
    /// The algorithm, such as `random_forest`.
    pub model: String,
    /// Its name for people.
    pub title: String,
    /// How far it has come.
    pub status: ModelStatus,
    /// Why it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Mean of the leaderboard's metric over the folds.
    pub score: Option<f64>,
    /// Its standard deviation over the folds.
    pub score_std: Option<f64>,
    /// Folds that are done.
    pub folds_done: u32,
    /// Seconds that cross-validation took.
    pub fit_seconds: f64,
    /// The learner's settings.
    pub params: serde_json::Value,
    /// All metrics by name.
    pub metrics: BTreeMap<String, MetricSummary>,
}

/// All models, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Leaderboard {
    /// The metric that ranks.
    pub metric: Metric,
    /// Whether a larger score is better.
    pub greater_is_better: bool,
    /// The models.
    pub rows: Vec<LeaderboardRow>,
}

/// The model that was refitted on all rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BestModel {
    /// The algorithm.
    pub model: String,
    /// Mean score over the folds.
    pub score: f64,
    /// Its standard deviation.
    pub score_std: f64,
}

/// How much the score drops when a column is shuffled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnImportance {
    /// The column.
    pub column: String,
    /// Mean drop of the score on held-out rows; negative where shuffling helped.
    pub importance: f64,
    /// Its standard deviation over folds and shuffles.
    pub std: f64,
}

/// How far a column moves predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnContribution {
    /// The column.
    pub column: String,
    /// Mean size of what it adds to a prediction (SHAP), over held-out rows and outputs: a
    /// number of the target's unit, a probability, or its logit for boosting and logistic
    /// regression. Of an ensemble for classes, the weighted mean of its members' shares, which
    /// sum to 1.
    pub mean_size: f64,
}

/// How often which class was taken for which, on held-out rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfusionTable {
    /// The classes.
    pub labels: Vec<String>,
    /// A row for each true class, a column for each predicted one.
    pub counts: Vec<Vec<u64>>,
}

/// The result of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrainReport {
    /// What was predicted.
    pub task: Task,
    /// Why this task.
    pub task_reason: String,
    /// The column that was predicted.
    pub target: String,
    /// The metric that chose the best model.
    pub metric: Metric,
    /// Whether a larger score is better.
    pub greater_is_better: bool,
    /// Rows that were used.
    pub rows: u64,
    /// Columns of the file.
    pub columns: u64,
    /// Folds of the cross-validation.
    pub folds: u32,
    /// The classes; the positive one is the second of two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<String>>,
    /// The best model.
    pub best: BestModel,
    /// All models.
    pub leaderboard: Leaderboard,
    /// Columns by how much the best model needs them.
    pub importance: Vec<ColumnImportance>,
    /// Columns by how far they move predictions; empty where the learner has no exact answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contributions: Vec<ColumnContribution>,
    /// Mistakes between classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confusion: Option<ConfusionTable>,
    /// What was done with each column.
    pub columns_used: Vec<ColumnUse>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

pub(super) fn derive_report(
    prepared: &Prepared,
    leaderboard: Leaderboard,
    explained: &Explained,
) -> Result<TrainReport, AutomlError> {
    let first = leaderboard.rows.first();
    let best = first.and_then(|row| {
        Some(BestModel { model: row.model.clone(), score: row.score?, score_std: row.score_std? })
    });
    let best = best.ok_or_else(|| AutomlError::inconsistent("The leaderboard has no score."))?;
    let labels = prepared.target.values.labels();
    let mut warnings = prepared.warnings.clone();
    warnings.extend(explained.warnings.iter().cloned());
    Ok(TrainReport {
        task: prepared.target.task,
        task_reason: prepared.target.reason.clone(),
        target: prepared.target.name.clone(),
        metric: prepared.metric,
        greater_is_better: prepared.metric.greater_is_better(),
        rows: prepared.rows as u64,
        columns: prepared.width as u64,
        folds: u32::try_from(prepared.folds.len()).unwrap_or(u32::MAX),
        classes: (!labels.is_empty()).then(|| labels.to_vec()),
        best,
        leaderboard,
        importance: explained.importance.clone(),
        contributions: explained.contributions.clone(),
        confusion: explained.confusion.clone(),
        columns_used: prepared.plan.uses.clone(),
        warnings,
    })
}
