//! Which learners there are, which task each serves, and with what settings it starts.

use gantry_learn::boosting::{BoostingClassifier, BoostingParams, BoostingRegressor};
use gantry_learn::forest::{ForestClassifier, ForestParams, ForestRegressor};
use gantry_learn::linear::{LogisticModel, LogisticParams, RidgeModel, RidgeParams};
use gantry_learn::{Classifier, Control, LearnError, Matrix, Regressor, Rng, TrainingSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Predictions, boosting};
use crate::error::AutomlError;
use crate::preprocess::Encoding;
use crate::task::Task;

/// Most rounds of boosting; the table decides how many help.
const MAX_ROUNDS: u32 = 500;
/// Trees of a forest.
const TREES: u32 = 100;
/// Rows that a leaf of a single tree needs, which keeps it from learning rows by heart.
const LEAF_OF_SINGLE_TREE: u32 = 5;
/// Penalty of linear regression on standardised columns: too weak to bias the fit, strong enough
/// to settle columns that say the same.
const RIDGE_ALPHA: f64 = 1.0;
/// The normal equations of linear regression need memory for the square of the columns.
const MAX_LINEAR_COLUMNS: usize = 3_000;

/// A learner.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// Logistic regression with an L2 penalty (classes).
    LogisticRegression,
    /// Linear regression with a weak L2 penalty (numbers).
    LinearRegression,
    /// Gradient boosting of trees; `xgboost` is accepted as another name.
    #[serde(alias = "xgboost")]
    GradientBoosting,
    /// Random forest.
    RandomForest,
    /// Extra trees: a forest whose splits are drawn at random.
    ExtraTrees,
    /// One decision tree.
    DecisionTree,
}

impl Algorithm {
    const ALL: &'static [Self] = &[
        Self::LogisticRegression,
        Self::LinearRegression,
        Self::GradientBoosting,
        Self::RandomForest,
        Self::ExtraTrees,
        Self::DecisionTree,
    ];
    /// Tried when the caller names none, in this order; the others seldom win.
    const DEFAULT: &'static [Self] = &[
        Self::LogisticRegression,
        Self::LinearRegression,
        Self::GradientBoosting,
        Self::RandomForest,
        Self::ExtraTrees,
    ];

    /// The word for it in parameters and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LogisticRegression => "logistic_regression",
            Self::LinearRegression => "linear_regression",
            Self::GradientBoosting => "gradient_boosting",
            Self::RandomForest => "random_forest",
            Self::ExtraTrees => "extra_trees",
            Self::DecisionTree => "decision_tree",
        }
    }

    /// The name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::LogisticRegression => "Logistic regression",
            Self::LinearRegression => "Linear regression",
            Self::GradientBoosting => "Gradient boosting",
            Self::RandomForest => "Random forest",
            Self::ExtraTrees => "Extra trees",
            Self::DecisionTree => "Decision tree",
        }
    }

    /// Whether it serves a task.
    #[must_use]
    pub const fn serves(self, task: Task) -> bool {
        match self {
            Self::LogisticRegression => task.is_classification(),
            Self::LinearRegression => !task.is_classification(),
            Self::GradientBoosting | Self::RandomForest | Self::ExtraTrees | Self::DecisionTree => {
                true
            }
        }
    }

    pub(crate) const fn encoding(self) -> Encoding {
        match self {
            Self::LogisticRegression | Self::LinearRegression => Encoding::OneHot,
            Self::GradientBoosting | Self::RandomForest | Self::ExtraTrees | Self::DecisionTree => {
                Encoding::Codes
            }
        }
    }

    /// How many models a choice stands for at most, before the task is known.
    pub(crate) fn count_at_most(chosen: &[Self]) -> u64 {
        let count = |task: Task| {
            let list = if chosen.is_empty() { Self::DEFAULT } else { chosen };
            list.iter().filter(|algorithm| algorithm.serves(task)).count()
        };
        count(Task::Binary).max(count(Task::Regression)).max(1) as u64
    }
}

/// One model of the search.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) algorithm: Algorithm,
    pub(crate) settings: Settings,
}

/// The settings of a learner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Settings {
    Logistic(LogisticParams),
    Ridge(RidgeParams),
    Boosting(BoostingParams),
    Forest(ForestParams),
}

/// The candidates for a task: those that were named, or the default ones.
pub(crate) fn choose_candidates(
    chosen: &[Algorithm],
    task: Task,
    seed: u64,
) -> Result<Vec<Candidate>, AutomlError> {
    if let Some(unfit) = chosen.iter().find(|algorithm| !algorithm.serves(task)) {
        let fitting: Vec<&str> = Algorithm::ALL
            .iter()
            .filter(|algorithm| algorithm.serves(task))
            .map(|algorithm| algorithm.as_str())
            .collect();
        return Err(AutomlError::AlgorithmUnfit {
            algorithm: unfit.as_str(),
            task: task.as_str(),
            fitting: fitting.join(", "),
        });
    }
    let list = if chosen.is_empty() { Algorithm::DEFAULT } else { chosen };
    let mut candidates: Vec<Candidate> = Vec::new();
    for algorithm in list.iter().filter(|algorithm| algorithm.serves(task)) {
        if !candidates.iter().any(|candidate| candidate.algorithm == *algorithm) {
            let settings = derive_settings(*algorithm, task, seed);
            candidates.push(Candidate { algorithm: *algorithm, settings });
        }
    }
    Ok(candidates)
}

fn derive_settings(algorithm: Algorithm, task: Task, seed: u64) -> Settings {
    // Forests of one job must not share their random numbers.
    let seed = Rng::stream(seed, algorithm as u64).next_u64();
    let classes = task.is_classification();
    match algorithm {
        Algorithm::LogisticRegression => Settings::Logistic(LogisticParams::default()),
        Algorithm::LinearRegression => Settings::Ridge(RidgeParams { alpha: RIDGE_ALPHA }),
        Algorithm::GradientBoosting => {
            let rounds = MAX_ROUNDS;
            Settings::Boosting(BoostingParams { rounds, seed, ..BoostingParams::default() })
        }
        Algorithm::RandomForest => {
            let params =
                if classes { ForestParams::classifier() } else { ForestParams::regressor() };
            Settings::Forest(params.with_trees(TREES).with_seed(seed))
        }
        Algorithm::ExtraTrees => {
            let params = if classes {
                ForestParams::extra_classifier()
            } else {
                ForestParams::extra_regressor()
            };
            Settings::Forest(params.with_trees(TREES).with_seed(seed))
        }
        Algorithm::DecisionTree => {
            let params = ForestParams::decision_tree().with_seed(seed);
            Settings::Forest(ForestParams { min_samples_leaf: LEAF_OF_SINGLE_TREE, ..params })
        }
    }
}

impl Candidate {
    /// The settings for the report; seeds are left out, as the job has one seed.
    pub(crate) fn describe(&self) -> serde_json::Value {
        let mut value = serde_json::to_value(&self.settings).unwrap_or_default();
        if let Some(object) = value.as_object_mut() {
            object.remove("seed");
        }
        value
    }

    /// Fits to a matrix.
    pub(crate) fn fit(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<FittedLearner, LearnError> {
        let classes = matches!(data.target(), gantry_learn::Target::Classes { .. });
        Ok(match &self.settings {
            Settings::Logistic(params) => FittedLearner::Logistic(params.fit(data, control)?),
            Settings::Ridge(params) => {
                let found = data.x().width();
                if found > MAX_LINEAR_COLUMNS {
                    return Err(LearnError::TooLarge {
                        what: "the number of columns",
                        found,
                        limit: MAX_LINEAR_COLUMNS,
                    });
                }
                FittedLearner::Ridge(params.fit(data, control)?)
            }
            Settings::Boosting(params) => boosting::fit(params, data, control)?,
            Settings::Forest(params) if classes => {
                FittedLearner::ForestClassifier(params.fit_classifier(data, control)?)
            }
            Settings::Forest(params) => {
                FittedLearner::ForestRegressor(params.fit_regressor(data, control)?)
            }
        })
    }
}

/// A fitted learner of any kind. The order of the variants is part of the model file's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum FittedLearner {
    Logistic(LogisticModel),
    Ridge(RidgeModel),
    ForestClassifier(ForestClassifier),
    ForestRegressor(ForestRegressor),
    BoostingClassifier(BoostingClassifier),
    BoostingRegressor(BoostingRegressor),
}

impl FittedLearner {
    pub(crate) fn predict(&self, x: &Matrix) -> Result<Predictions, LearnError> {
        Ok(match self {
            Self::Logistic(model) => Predictions::Probabilities(model.predict_proba(x)?),
            Self::ForestClassifier(model) => Predictions::Probabilities(model.predict_proba(x)?),
            Self::BoostingClassifier(model) => Predictions::Probabilities(model.predict_proba(x)?),
            Self::Ridge(model) => Predictions::Numbers(model.predict(x)?),
            Self::BoostingRegressor(model) => Predictions::Numbers(model.predict(x)?),
            Self::ForestRegressor(model) => Predictions::Numbers(model.predict(x)?),
        })
    }

    /// Features that the fit saw.
    pub(crate) fn features(&self) -> usize {
        match self {
            Self::Logistic(model) => model.features(),
            Self::ForestClassifier(model) => Classifier::features(model),
            Self::Ridge(model) => model.features(),
            Self::ForestRegressor(model) => Regressor::features(model),
            Self::BoostingClassifier(model) => Classifier::features(model),
            Self::BoostingRegressor(model) => Regressor::features(model),
        }
    }
}
