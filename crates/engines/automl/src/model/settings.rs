//! The settings of learners, and candidates: a learner with its settings.

use std::sync::Arc;

use gantry_learn::bayes::BayesParams;
use gantry_learn::boosting::{BoostingParams, RegressionLoss};
use gantry_learn::forest::{ForestParams, MaxFeatures};
use gantry_learn::linear::{ElasticNetParams, LogisticParams, RidgeParams};
use gantry_learn::neighbors::{NeighborsParams, Vote};
use gantry_learn::network::NetworkParams;
use gantry_learn::svm::SvmParams;
use gantry_learn::{Control, LearnError, Rng, Target, TrainingSet, math};
use serde::Serialize;

use super::pipeline::Watched;
use super::portfolio::list_core;
use super::{Algorithm, FittedLearner, boosting};
use crate::error::AutomlError;
use crate::metric::Metric;
use crate::preprocess::{LabelEncoding, PreprocessOptions};
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
/// Rounds × learning rate that a table commonly needs.
const EXPECTED_REACH: f64 = 12.0;
/// Bytes of a leaf of a tree with the split above it, for each row that might have had its own.
const BYTES_OF_LEAF: usize = 17;
/// Share of the target's deviation that is free for support vectors.
const FREE_ERROR: f64 = 0.1;

/// One model of the search.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) algorithm: Algorithm,
    pub(crate) settings: Settings,
    /// How columns are prepared for it.
    pub(crate) options: Arc<PreprocessOptions>,
}

/// The settings of a learner.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Settings {
    Logistic(LogisticParams),
    Ridge(RidgeParams),
    ElasticNet(ElasticNetParams),
    Boosting(BoostingParams),
    Forest(ForestParams),
    Svm(SvmParams),
    Network(NetworkParams),
    Neighbors(NeighborsParams),
    Bayes(BayesParams),
}

/// How many models a choice stands for at most, before the task is known.
pub(crate) fn count_at_most(chosen: &[Algorithm]) -> u64 {
    let count = |task: Task| {
        if chosen.is_empty() {
            return list_core(task, 0).len();
        }
        chosen.iter().filter(|algorithm| algorithm.serves(task)).count()
    };
    count(Task::Binary).max(count(Task::Regression)).max(1) as u64
}

/// The candidates for a task: those that were named, with their usual settings, or one of each
/// kind that often wins.
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
    if chosen.is_empty() {
        return Ok(list_core(task, seed));
    }
    let mut candidates: Vec<Candidate> = Vec::new();
    for algorithm in chosen {
        if !candidates.iter().any(|candidate| candidate.algorithm == *algorithm) {
            candidates.push(Candidate::usual(*algorithm, task, seed));
        }
    }
    Ok(candidates)
}

fn derive_settings(algorithm: Algorithm, task: Task, seed: u64) -> Settings {
    let classes = task.is_classification();
    match algorithm {
        Algorithm::LogisticRegression => Settings::Logistic(LogisticParams::default()),
        Algorithm::LinearRegression => Settings::Ridge(RidgeParams { alpha: RIDGE_ALPHA }),
        Algorithm::ElasticNet => {
            Settings::ElasticNet(ElasticNetParams { alpha: 0.01, ..ElasticNetParams::default() })
        }
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
        Algorithm::Svm => Settings::Svm(SvmParams { seed, ..SvmParams::default() }),
        Algorithm::NeuralNetwork => {
            Settings::Network(NetworkParams { seed, ..NetworkParams::default() })
        }
        Algorithm::Knn => Settings::Neighbors(NeighborsParams { count: 15, vote: Vote::Distance }),
        Algorithm::NaiveBayes => Settings::Bayes(BayesParams::Gaussian),
    }
}

impl Candidate {
    /// With its usual settings.
    pub(crate) fn usual(algorithm: Algorithm, task: Task, seed: u64) -> Self {
        // Forests of one job must not share their random numbers.
        let seed = Rng::stream(seed, algorithm as u64).next_u64();
        let settings = derive_settings(algorithm, task, seed);
        Self { algorithm, settings, options: Arc::default() }
    }

    /// Lets learners that can minimise the metric's own loss do so.
    pub(crate) fn aim(&mut self, metric: Metric) {
        if let (Settings::Boosting(params), Metric::Pinball(level)) = (&mut self.settings, metric) {
            params.loss = RegressionLoss::Quantile(level.share());
        }
    }

    /// Prepares columns as the caller asks. Where labels are left to the search, every second
    /// boosting, by its number, takes them as numbers in the order of the alphabet: subsets of labels
    /// fit few rows too closely, while cuts of an order say less.
    pub(crate) fn prepare_by(&mut self, options: &Arc<PreprocessOptions>, number: u64) {
        let is_second = self.algorithm == Algorithm::GradientBoosting && number % 2 == 1;
        self.options = if is_second && options.encoding == LabelEncoding::Auto {
            let encoding = LabelEncoding::Ordinal;
            Arc::new(PreprocessOptions { encoding, ..options.as_ref().clone() })
        } else {
            Arc::clone(options)
        };
    }

    /// The settings for the report; seeds are left out, as the job has one seed.
    pub(crate) fn describe(&self) -> serde_json::Value {
        let mut value = serde_json::to_value(&self.settings).unwrap_or_default();
        if value.is_string() {
            value = serde_json::json!({ "distribution": value });
        }
        if let Some(object) = value.as_object_mut() {
            object.remove("seed");
            object.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
            if self.options.encoding == LabelEncoding::Ordinal {
                object.insert("encoding".to_owned(), "ordinal".into());
            }
        }
        value
    }

    /// Whether a fit is made of rounds of which held-out rows decide how many stay.
    pub(crate) const fn counts_rounds(&self) -> bool {
        matches!(self.settings, Settings::Boosting(_))
    }

    /// Fits to a matrix. Boosting counts its rounds on `watched` rows where there are some, and
    /// on a part of its own rows otherwise.
    pub(crate) fn fit(
        &self,
        data: &TrainingSet<'_>,
        watched: Option<&mut Watched<'_>>,
        control: &Control<'_>,
    ) -> Result<FittedLearner, LearnError> {
        let classes = matches!(data.target(), Target::Classes { .. });
        self.require_size(data)?;
        Ok(match &self.settings {
            Settings::Logistic(params) => FittedLearner::Logistic(params.fit(data, control)?),
            Settings::Ridge(params) => FittedLearner::Ridge(params.fit(data, control)?),
            Settings::ElasticNet(params) => FittedLearner::Ridge(params.fit(data, control)?),
            Settings::Boosting(params) => match watched {
                Some(watched) => boosting::fit_watched(params, data, watched, control)?,
                None => boosting::fit(params, data, control)?,
            },
            Settings::Bayes(params) => FittedLearner::Bayes(params.fit(data, control)?),
            Settings::Forest(params) if classes => {
                FittedLearner::ForestClassifier(params.fit_classifier(data, control)?)
            }
            Settings::Forest(params) => {
                FittedLearner::ForestRegressor(params.fit_regressor(data, control)?)
            }
            Settings::Svm(params) if classes => {
                FittedLearner::SvmClassifier(params.fit_classifier(data, control)?)
            }
            Settings::Svm(params) => {
                // As if the target were standardised.
                let spread = derive_spread(data);
                let (cost, epsilon) = (params.cost * spread, FREE_ERROR * spread);
                let params = SvmParams { cost, epsilon, ..params.clone() };
                FittedLearner::SvmRegressor(params.fit_regressor(data, control)?)
            }
            Settings::Network(params) if classes => {
                FittedLearner::NetworkClassifier(params.fit_classifier(data, control)?)
            }
            Settings::Network(params) => {
                FittedLearner::NetworkRegressor(params.fit_regressor(data, control)?)
            }
            Settings::Neighbors(params) => {
                let count = params.count.min(data.x().rows());
                let params = NeighborsParams { count, ..params.clone() };
                if classes {
                    FittedLearner::NeighborsClassifier(params.fit_classifier(data, control)?)
                } else {
                    FittedLearner::NeighborsRegressor(params.fit_regressor(data, control)?)
                }
            }
        })
    }

    fn require_size(&self, data: &TrainingSet<'_>) -> Result<(), LearnError> {
        let (rows, columns) = (data.x().rows(), data.x().width());
        let is_square = matches!(self.settings, Settings::Ridge(_) | Settings::ElasticNet(_));
        if is_square && columns > MAX_LINEAR_COLUMNS {
            let (what, limit) = ("the number of columns", MAX_LINEAR_COLUMNS);
            return Err(LearnError::TooLarge { what, found: columns, limit });
        }
        let limit = self.algorithm.most_rows();
        if rows > limit {
            return Err(LearnError::TooLarge { what: "the number of rows", found: rows, limit });
        }
        Ok(())
    }
}

/// Standard deviation of a target of numbers; 1 where all are equal.
fn derive_spread(data: &TrainingSet<'_>) -> f64 {
    let Target::Values(values) = data.target() else { return 1.0 };
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count;
    if variance > 0.0 { variance.sqrt() } else { 1.0 }
}

impl Candidate {
    /// Bytes that the trees of a forest may take in memory, about, where they grow as far as the rows
    /// allow.
    pub(crate) fn derive_tree_bytes(&self, rows: usize) -> usize {
        if let Settings::Forest(params) = &self.settings {
            let leaves = rows / params.min_samples_leaf.max(1) as usize;
            return (params.trees as usize).saturating_mul(leaves.saturating_mul(BYTES_OF_LEAF));
        }
        0
    }

    /// Expected work of predicting one row by one fit, in nanoseconds, about; good for comparing
    /// candidates.
    pub(crate) fn derive_row_work(&self, rows: usize, columns: usize) -> f64 {
        let (n, k) = (rows.max(2) as f64, columns.max(1) as f64);
        match &self.settings {
            Settings::Logistic(_)
            | Settings::Ridge(_)
            | Settings::ElasticNet(_)
            | Settings::Bayes(_) => k,
            Settings::Boosting(params) => {
                let rounds = (EXPECTED_REACH / params.learning_rate).min(f64::from(params.rounds));
                5.0 * rounds * math::ln(f64::from(params.leaves.max(2)))
            }
            Settings::Forest(params) => {
                let depth = math::ln(n / f64::from(params.min_samples_leaf)).max(1.0);
                15.0 * f64::from(params.trees) * depth
            }
            Settings::Network(params) => {
                let first = params.hidden.first().map_or(1.0, |units| *units as f64);
                let second = params.hidden.get(1).map_or(1.0, |units| *units as f64);
                (k + second) * first
            }
            // All rows of the training may be looked at.
            Settings::Svm(_) | Settings::Neighbors(_) => n * k,
        }
    }

    /// Expected work of a fit, in steps of about one row × column; good for comparing candidates
    /// of one algorithm.
    pub(crate) fn derive_work(&self, rows: usize, columns: usize, outputs: usize) -> f64 {
        let (n, k, outputs) = (rows.max(2) as f64, columns.max(1) as f64, outputs.max(1) as f64);
        match &self.settings {
            Settings::Logistic(_) => n * k * outputs,
            Settings::Ridge(_) | Settings::ElasticNet(_) => n * k * k,
            Settings::Boosting(params) => {
                let rounds = (EXPECTED_REACH / params.learning_rate).min(f64::from(params.rounds));
                let seen = params.row_share * (0.3 + 0.7 * params.feature_share);
                rounds * n * k * seen * outputs * math::ln(f64::from(params.leaves.max(2)))
            }
            Settings::Forest(params) => {
                let tried = match params.max_features {
                    MaxFeatures::All => k,
                    MaxFeatures::Sqrt => k.sqrt(),
                    MaxFeatures::Log2 => math::log2(k).max(1.0),
                    MaxFeatures::Share(share) => (k * share).max(1.0),
                };
                let depth = math::ln(n / f64::from(params.min_samples_leaf)).max(1.0);
                f64::from(params.trees) * n * tried * depth
            }
            Settings::Svm(_) => n * n * k,
            Settings::Network(params) => {
                let mut width = k;
                let mut weights = 0.0;
                for units in params.hidden.iter().map(|units| *units as f64).chain([outputs]) {
                    weights += width * units;
                    width = units;
                }
                n * weights * f64::from(params.epochs)
            }
            Settings::Neighbors(_) => n * n * k,
            Settings::Bayes(_) => n * k,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_boosting_takes_labels_in_order_unless_the_caller_chose() {
        let encoding_of = |algorithm: Algorithm, asked: LabelEncoding, number: u64| {
            let options = PreprocessOptions { encoding: asked, ..PreprocessOptions::default() };
            let mut candidate = Candidate::usual(algorithm, Task::Binary, 1);
            candidate.prepare_by(&Arc::new(options), number);
            (candidate.options.encoding, candidate.describe()["encoding"].clone())
        };
        let (auto, boosting) = (LabelEncoding::Auto, Algorithm::GradientBoosting);
        assert_eq!(encoding_of(boosting, auto, 0).0, auto);
        assert_eq!(encoding_of(boosting, auto, 1), (LabelEncoding::Ordinal, "ordinal".into()));
        assert_eq!(encoding_of(boosting, LabelEncoding::OneHot, 1).0, LabelEncoding::OneHot);
        assert_eq!(encoding_of(Algorithm::RandomForest, auto, 1).0, auto);
    }

    #[test]
    fn rows_cost_more_where_more_is_looked_at() {
        let work = |algorithm, rows| {
            Candidate::usual(algorithm, Task::Binary, 1).derive_row_work(rows, 20)
        };
        assert!(work(Algorithm::Knn, 5_000) > work(Algorithm::RandomForest, 5_000));
        assert!(work(Algorithm::RandomForest, 5_000) > work(Algorithm::LogisticRegression, 5_000));
        assert!(work(Algorithm::ExtraTrees, 5_000) > work(Algorithm::ExtraTrees, 500));
    }
}
