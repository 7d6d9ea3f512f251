//! Recipes: settings as a few numbers, which become a candidate once the table is known.

use gantry_learn::Rng;
use gantry_learn::bayes::BayesParams;
use gantry_learn::boosting::BoostingParams;
use gantry_learn::forest::{ForestParams, MaxFeatures};
use gantry_learn::linear::{ElasticNetParams, LogisticParams, RidgeParams};
use gantry_learn::math;
use gantry_learn::neighbors::{NeighborsParams, Vote};
use gantry_learn::network::NetworkParams;
use gantry_learn::svm::SvmParams;

use crate::model::settings::Settings;
use crate::model::{Algorithm, Candidate};
use crate::task::Task;

/// Rounds × learning rate at most; the table decides how many help.
const REACH: f64 = 80.0;
/// Trees of each fold's forest.
const TREES: u32 = 100;
/// Rows from which the leaves of forests grow with the table, which bounds their memory.
const ROWS_OF_SMALL_LEAVES: usize = 5_000;

/// Settings without what depends on the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Recipe {
    /// Logistic regression by inverse penalty, or ridge by its inverse.
    Linear(f64),
    /// Both penalties of linear regression.
    ElasticNet(f64),
    Boosting {
        rate: f64,
        leaves: u32,
        min_leaf: u32,
        rows: f64,
        columns: f64,
        l2: f64,
    },
    /// A random forest or extra trees by share of columns (0 means the usual one) and least leaf.
    Forest {
        extra: bool,
        columns: f64,
        min_leaf: u32,
    },
    /// Widths of two layers; 0 leaves out the second.
    Network {
        hidden: [usize; 2],
        rate: f64,
        l2: f64,
    },
    Neighbors(usize),
    Svm(f64),
    Bayes,
}

/// A recipe for boosting: leaves with their least rows, shares of rows and columns.
pub(super) const fn boosting(
    rate: f64,
    (leaves, min_leaf): (u32, u32),
    (rows, columns): (f64, f64),
    l2: f64,
) -> Recipe {
    Recipe::Boosting { rate, leaves, min_leaf, rows, columns, l2 }
}

impl Recipe {
    /// The candidate for a table of so many rows.
    pub(super) fn derive(self, task: Task, rows: usize, seed: u64) -> Candidate {
        let classes = task.is_classification();
        let (algorithm, settings) = match self {
            Self::Linear(c) if classes => (
                Algorithm::LogisticRegression,
                Settings::Logistic(LogisticParams { c, ..LogisticParams::default() }),
            ),
            Self::Linear(c) => (
                Algorithm::LinearRegression,
                Settings::Ridge(RidgeParams { alpha: 1.0 / c.max(1e-9) }),
            ),
            Self::ElasticNet(alpha) => (
                Algorithm::ElasticNet,
                Settings::ElasticNet(ElasticNetParams { alpha, ..ElasticNetParams::default() }),
            ),
            Self::Boosting { rate, leaves, min_leaf, rows, columns, l2 } => {
                let settings = BoostingParams {
                    rounds: ((REACH / rate) as u32).clamp(100, 4_000),
                    learning_rate: rate,
                    leaves,
                    min_samples_leaf: min_leaf,
                    l2,
                    row_share: rows,
                    feature_share: columns,
                    seed,
                    ..BoostingParams::default()
                };
                (Algorithm::GradientBoosting, Settings::Boosting(settings))
            }
            Self::Forest { extra, columns, min_leaf } => {
                derive_forest((extra, columns, min_leaf), classes, (rows, seed))
            }
            Self::Network { hidden, rate, l2 } => {
                let settings = NetworkParams {
                    hidden: hidden.into_iter().filter(|width| *width > 0).collect(),
                    learning_rate: rate,
                    l2,
                    batch: (rows / 100).clamp(16, 256),
                    epochs: 100,
                    patience: 8,
                    seed,
                };
                (Algorithm::NeuralNetwork, Settings::Network(settings))
            }
            Self::Neighbors(count) => (
                Algorithm::Knn,
                Settings::Neighbors(NeighborsParams { count, vote: Vote::Distance }),
            ),
            Self::Svm(cost) => {
                (Algorithm::Svm, Settings::Svm(SvmParams { cost, seed, ..SvmParams::default() }))
            }
            Self::Bayes => (Algorithm::NaiveBayes, Settings::Bayes(BayesParams::Gaussian)),
        };
        Candidate { algorithm, settings, options: std::sync::Arc::default() }
    }

    /// A recipe at random; boosting most often, as it wins most often.
    pub(super) fn draw(rng: &mut Rng, task: Task) -> Self {
        let between = |rng: &mut Rng, low: f64, high: f64| low + (high - low) * rng.uniform();
        let by_ratio = |rng: &mut Rng, low: f64, high: f64| {
            math::exp(between(rng, math::ln(low), math::ln(high)))
        };
        match rng.below(20) {
            0..=12 => Self::Boosting {
                rate: by_ratio(rng, 0.02, 0.15),
                leaves: by_ratio(rng, 4.0, 160.0) as u32,
                min_leaf: by_ratio(rng, 1.0, 60.0) as u32,
                rows: between(rng, 0.5, 1.0),
                columns: between(rng, 0.3, 1.0),
                l2: by_ratio(rng, 0.01, 30.0),
            },
            13..=15 => Self::Forest {
                extra: rng.below(3) > 0,
                columns: between(rng, 0.2, 1.0),
                min_leaf: 1 + rng.below(5) as u32,
            },
            16 | 17 => Self::Network {
                hidden: [16 << rng.below(4), [0, 32, 64][rng.below(3)]],
                rate: by_ratio(rng, 5e-4, 5e-3),
                l2: by_ratio(rng, 1e-5, 1e-2),
            },
            18 => Self::Svm(by_ratio(rng, 0.1, 20.0)),
            _ if task.is_classification() => Self::Linear(by_ratio(rng, 0.01, 10.0)),
            _ => Self::ElasticNet(by_ratio(rng, 1e-3, 1.0)),
        }
    }
}

fn derive_forest(
    (extra, columns, min_leaf): (bool, f64, u32),
    classes: bool,
    (rows, seed): (usize, u64),
) -> (Algorithm, Settings) {
    let usual = match (extra, classes) {
        (false, true) => ForestParams::classifier(),
        (false, false) => ForestParams::regressor(),
        (true, true) => ForestParams::extra_classifier(),
        (true, false) => ForestParams::extra_regressor(),
    };
    let max_features =
        if columns > 0.0 { MaxFeatures::Share(columns.min(1.0)) } else { usual.max_features };
    let floor = u32::try_from(rows / ROWS_OF_SMALL_LEAVES).unwrap_or(u32::MAX);
    let settings = ForestParams {
        max_features,
        min_samples_leaf: min_leaf.max(floor),
        ..usual.with_trees(TREES).with_seed(seed)
    };
    let algorithm = if extra { Algorithm::ExtraTrees } else { Algorithm::RandomForest };
    (algorithm, Settings::Forest(settings))
}
