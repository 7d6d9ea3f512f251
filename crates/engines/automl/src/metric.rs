//! Scores of predictions, each with its direction.
//!
//! Invariant: every score comes from `gantry_learn::metrics`; a score that is not defined for the
//! rows at hand (or not finite) is `None`, never a made-up number.

mod level;

use gantry_learn::LearnError;
use gantry_learn::metrics::{self, Average, ConfusionMatrix};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::AutomlError;
use crate::model::{Finish, Predictions};
use crate::target::TargetValues;
use crate::task::Task;
pub use level::Level;

/// A score of predictions.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub enum Metric {
    /// Share of rows whose class is right.
    Accuracy,
    /// Mean over the classes of the share of their rows that is found.
    BalancedAccuracy,
    /// Harmonic mean of precision and recall: of the positive class, or the mean over classes.
    F1,
    /// Area under the ROC curve; for several classes, the mean of each against the rest.
    RocAuc,
    /// Area under the precision-recall curve of the positive class.
    PrAuc,
    /// Mean negative logarithm of the probability of the true class.
    LogLoss,
    /// Matthews' correlation coefficient.
    Mcc,
    /// Root of the mean squared error.
    Rmse,
    /// Mean absolute error.
    Mae,
    /// Share of the variance that is explained.
    R2,
    /// Mean absolute error relative to the true value.
    Mape,
    /// Mean error whose sides are weighed so that this quantile is the best prediction.
    Pinball(Level),
}

/// The metric that a caller asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricChoice {
    /// ROC AUC for two classes, accuracy for several, RMSE for numbers.
    #[default]
    Auto,
    /// Share of rows whose class is right.
    Accuracy,
    /// Mean over the classes of the share of their rows that is found.
    BalancedAccuracy,
    /// Harmonic mean of precision and recall.
    F1,
    /// Area under the ROC curve.
    RocAuc,
    /// Area under the precision-recall curve.
    PrAuc,
    /// Mean negative logarithm of the probability of the true class.
    LogLoss,
    /// Matthews' correlation coefficient.
    Mcc,
    /// Root of the mean squared error.
    Rmse,
    /// Mean absolute error.
    Mae,
    /// Share of the variance that is explained.
    R2,
    /// Mean absolute error relative to the true value.
    Mape,
    /// Mean error whose sides are weighed so that the `quantile` is the best prediction.
    Pinball,
}

impl Metric {
    const BINARY: &'static [Self] = &[
        Self::RocAuc,
        Self::Accuracy,
        Self::BalancedAccuracy,
        Self::F1,
        Self::PrAuc,
        Self::LogLoss,
        Self::Mcc,
    ];
    const MULTICLASS: &'static [Self] =
        &[Self::Accuracy, Self::BalancedAccuracy, Self::F1, Self::RocAuc, Self::LogLoss, Self::Mcc];
    const REGRESSION: &'static [Self] = &[Self::Rmse, Self::Mae, Self::R2, Self::Mape];

    /// All metrics of a task, the default first.
    #[must_use]
    pub const fn all_of(task: Task) -> &'static [Self] {
        match task {
            Task::Binary => Self::BINARY,
            Task::Multiclass => Self::MULTICLASS,
            Task::Regression => Self::REGRESSION,
        }
    }

    /// The metrics of a task, and the one that was asked for if it is none of them.
    #[must_use]
    pub fn list(task: Task, asked: Self) -> Vec<Self> {
        let mut metrics = Self::all_of(task).to_vec();
        if !metrics.contains(&asked) {
            metrics.push(asked);
        }
        metrics
    }

    /// The word for it in parameters and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced_accuracy",
            Self::F1 => "f1",
            Self::RocAuc => "roc_auc",
            Self::PrAuc => "pr_auc",
            Self::LogLoss => "log_loss",
            Self::Mcc => "mcc",
            Self::Rmse => "rmse",
            Self::Mae => "mae",
            Self::R2 => "r2",
            Self::Mape => "mape",
            Self::Pinball(_) => "pinball",
        }
    }

    /// The name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Accuracy => "Accuracy",
            Self::BalancedAccuracy => "Balanced accuracy",
            Self::F1 => "F1",
            Self::RocAuc => "ROC AUC",
            Self::PrAuc => "PR AUC",
            Self::LogLoss => "Log loss",
            Self::Mcc => "MCC",
            Self::Rmse => "RMSE",
            Self::Mae => "MAE",
            Self::R2 => "R²",
            Self::Mape => "MAPE",
            Self::Pinball(_) => "Pinball loss",
        }
    }

    /// Whether a larger score is a better one.
    #[must_use]
    pub const fn greater_is_better(self) -> bool {
        match self {
            Self::Accuracy
            | Self::BalancedAccuracy
            | Self::F1
            | Self::RocAuc
            | Self::PrAuc
            | Self::Mcc
            | Self::R2 => true,
            Self::LogLoss | Self::Rmse | Self::Mae | Self::Mape | Self::Pinball(_) => false,
        }
    }

    /// Whether it looks at the chosen classes rather than at probabilities or numbers.
    pub(crate) const fn is_of_labels(self) -> bool {
        match self {
            Self::Accuracy | Self::BalancedAccuracy | Self::F1 | Self::Mcc => true,
            Self::RocAuc
            | Self::PrAuc
            | Self::LogLoss
            | Self::Rmse
            | Self::Mae
            | Self::R2
            | Self::Mape
            | Self::Pinball(_) => false,
        }
    }

    /// Whether it looks at the order of the probabilities alone.
    pub(crate) const fn is_of_ranks(self) -> bool {
        match self {
            Self::RocAuc | Self::PrAuc => true,
            Self::Accuracy
            | Self::BalancedAccuracy
            | Self::F1
            | Self::Mcc
            | Self::LogLoss
            | Self::Rmse
            | Self::Mae
            | Self::R2
            | Self::Mape
            | Self::Pinball(_) => false,
        }
    }

    /// The metric for a choice; a quantile alone asks for its pinball loss.
    ///
    /// # Errors
    /// [`AutomlError::MetricUnfit`] when the metric is of another task, and
    /// [`AutomlError::Option`] for a quantile that is none or of no use.
    pub(crate) fn choose(
        choice: MetricChoice,
        quantile: Option<f64>,
        task: Task,
    ) -> Result<Self, AutomlError> {
        let refuse = |reason| Err(AutomlError::Option { what: "quantile", reason });
        let level = match quantile.map(Level::find) {
            None => None,
            Some(Some(level)) => Some(level),
            Some(None) => return refuse("must be from 0.001 to 0.999"),
        };
        if level.is_some() && !matches!(choice, MetricChoice::Auto | MetricChoice::Pinball) {
            return refuse("belongs to the metric `pinball`");
        }
        let metric = match (Self::find_chosen(choice, level), task) {
            (Some(metric), _) => metric,
            (None, Task::Binary) => Self::RocAuc,
            (None, Task::Multiclass) => Self::Accuracy,
            (None, Task::Regression) => Self::Rmse,
        };
        let is_fit = match metric {
            Self::Pinball(_) => task == Task::Regression,
            other => Self::all_of(task).contains(&other),
        };
        if is_fit {
            return Ok(metric);
        }
        let fitting = Self::all_of(task).iter().map(|m| m.as_str()).collect::<Vec<_>>().join(", ");
        Err(AutomlError::MetricUnfit { metric: metric.as_str(), task: task.as_str(), fitting })
    }

    fn find_chosen(choice: MetricChoice, level: Option<Level>) -> Option<Self> {
        Some(match choice {
            MetricChoice::Auto => return level.map(Self::Pinball),
            MetricChoice::Accuracy => Self::Accuracy,
            MetricChoice::BalancedAccuracy => Self::BalancedAccuracy,
            MetricChoice::F1 => Self::F1,
            MetricChoice::RocAuc => Self::RocAuc,
            MetricChoice::PrAuc => Self::PrAuc,
            MetricChoice::LogLoss => Self::LogLoss,
            MetricChoice::Mcc => Self::Mcc,
            MetricChoice::Rmse => Self::Rmse,
            MetricChoice::Mae => Self::Mae,
            MetricChoice::R2 => Self::R2,
            MetricChoice::Mape => Self::Mape,
            MetricChoice::Pinball => Self::Pinball(level.unwrap_or(Level::MEDIAN)),
        })
    }

    /// The score of `predictions` on rows whose truth is known; `None` where it is not defined.
    ///
    /// # Errors
    /// When truth and predictions do not belong together.
    pub(crate) fn score(
        self,
        truth: &TargetValues,
        predictions: &Predictions,
    ) -> Result<Option<f64>, AutomlError> {
        self.score_decided(truth, predictions, &Finish::default())
    }

    /// As [`Self::score`], with the classes that `finish` decides for. Its calibration is not
    /// applied: the predictions are calibrated already.
    ///
    /// # Errors
    /// As [`Self::score`].
    pub(crate) fn score_decided(
        self,
        truth: &TargetValues,
        predictions: &Predictions,
        finish: &Finish,
    ) -> Result<Option<f64>, AutomlError> {
        let score = match (truth, predictions) {
            (TargetValues::Classes { codes, labels }, Predictions::Probabilities(p)) => {
                let decided = || finish.decide(predictions).unwrap_or_default();
                self.score_classes((codes, labels.len()), p, &decided)
            }
            (TargetValues::Numbers(values), Predictions::Numbers(predicted)) => {
                self.score_numbers(values, predicted)
            }
            (TargetValues::Classes { .. }, Predictions::Numbers(_))
            | (TargetValues::Numbers(_), Predictions::Probabilities(_)) => {
                return Err(AutomlError::inconsistent("Predictions of another task were scored."));
            }
        };
        match score {
            Ok(score) => Ok(score.filter(|s| s.is_finite())),
            Err(LearnError::OneClass | LearnError::Undefined { .. } | LearnError::Empty { .. }) => {
                Ok(None)
            }
            Err(other) => Err(other.into()),
        }
    }

    fn score_classes(
        self,
        (codes, classes): (&[u32], usize),
        probability: &gantry_learn::Matrix,
        decided: &dyn Fn() -> Vec<u32>,
    ) -> Result<Option<f64>, LearnError> {
        let average = if classes == 2 { Average::Binary { positive: 1 } } else { Average::Macro };
        let confusion = || {
            let predicted = decided();
            ConfusionMatrix::new(codes, &predicted, classes, None)
        };
        Ok(Some(match self {
            Self::Accuracy => confusion()?.accuracy(),
            Self::BalancedAccuracy => confusion()?.balanced_accuracy(),
            Self::F1 => confusion()?.f1(average),
            Self::Mcc => confusion()?.matthews(),
            Self::RocAuc if classes == 2 => metrics::roc_auc(codes, probability.column(1), None)?,
            Self::RocAuc => metrics::roc_auc_ovr(codes, probability, None)?,
            Self::PrAuc if classes == 2 => {
                metrics::average_precision(codes, probability.column(1), None)?
            }
            Self::LogLoss => metrics::log_loss(codes, probability, None)?,
            Self::PrAuc | Self::Rmse | Self::Mae | Self::R2 | Self::Mape | Self::Pinball(_) => {
                return Ok(None);
            }
        }))
    }

    fn score_numbers(self, truth: &[f64], predicted: &[f64]) -> Result<Option<f64>, LearnError> {
        Ok(Some(match self {
            Self::Rmse => metrics::rmse(truth, predicted, None)?,
            Self::Mae => metrics::mae(truth, predicted, None)?,
            Self::R2 => metrics::r2(truth, predicted, None)?,
            Self::Mape => metrics::mape(truth, predicted, None)?,
            Self::Pinball(level) => metrics::pinball(truth, predicted, level.share(), None)?,
            Self::Accuracy
            | Self::BalancedAccuracy
            | Self::F1
            | Self::RocAuc
            | Self::PrAuc
            | Self::LogLoss
            | Self::Mcc => return Ok(None),
        }))
    }
}
