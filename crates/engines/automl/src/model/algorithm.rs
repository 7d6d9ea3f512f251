//! Which learners there are, and which task each serves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::preprocess::Encoding;
use crate::task::Task;

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
    /// Linear regression with L1 and L2 penalties (numbers).
    ElasticNet,
    /// Support vector machine with a Gaussian kernel.
    Svm,
    /// Feed-forward neural network; `mlp` is accepted as another name.
    #[serde(alias = "mlp")]
    NeuralNetwork,
    /// Nearest neighbours, weighted by distance.
    #[serde(alias = "k_nearest_neighbors")]
    Knn,
    /// Gaussian naive Bayes (classes).
    NaiveBayes,
}

impl Algorithm {
    pub(crate) const ALL: &'static [Self] = &[
        Self::LogisticRegression,
        Self::LinearRegression,
        Self::GradientBoosting,
        Self::RandomForest,
        Self::ExtraTrees,
        Self::DecisionTree,
        Self::ElasticNet,
        Self::Svm,
        Self::NeuralNetwork,
        Self::Knn,
        Self::NaiveBayes,
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
            Self::ElasticNet => "elastic_net",
            Self::Svm => "svm",
            Self::NeuralNetwork => "neural_network",
            Self::Knn => "knn",
            Self::NaiveBayes => "naive_bayes",
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
            Self::ElasticNet => "Elastic net",
            Self::Svm => "Support vector machine",
            Self::NeuralNetwork => "Neural network",
            Self::Knn => "Nearest neighbours",
            Self::NaiveBayes => "Naive Bayes",
        }
    }

    /// Whether it serves a task.
    #[must_use]
    pub const fn serves(self, task: Task) -> bool {
        match self {
            Self::LogisticRegression | Self::NaiveBayes => task.is_classification(),
            Self::LinearRegression | Self::ElasticNet => !task.is_classification(),
            Self::GradientBoosting
            | Self::RandomForest
            | Self::ExtraTrees
            | Self::DecisionTree
            | Self::Svm
            | Self::NeuralNetwork
            | Self::Knn => true,
        }
    }

    pub(crate) const fn encoding(self) -> Encoding {
        match self {
            Self::LogisticRegression
            | Self::LinearRegression
            | Self::ElasticNet
            | Self::Svm
            | Self::NeuralNetwork
            | Self::Knn
            | Self::NaiveBayes => Encoding::OneHot,
            Self::GradientBoosting | Self::RandomForest | Self::ExtraTrees | Self::DecisionTree => {
                Encoding::Codes
            }
        }
    }

    /// Whether a prediction does not go through the training rows.
    pub(crate) const fn predicts_quickly(self) -> bool {
        match self {
            Self::Knn | Self::Svm => false,
            Self::LogisticRegression
            | Self::LinearRegression
            | Self::GradientBoosting
            | Self::RandomForest
            | Self::ExtraTrees
            | Self::DecisionTree
            | Self::ElasticNet
            | Self::NeuralNetwork
            | Self::NaiveBayes => true,
        }
    }

    /// Whether a fit is the mean of many trees.
    pub(crate) const fn is_forest(self) -> bool {
        match self {
            Self::RandomForest | Self::ExtraTrees => true,
            Self::LogisticRegression
            | Self::LinearRegression
            | Self::GradientBoosting
            | Self::DecisionTree
            | Self::ElasticNet
            | Self::Svm
            | Self::NeuralNetwork
            | Self::Knn
            | Self::NaiveBayes => false,
        }
    }

    /// Most rows of a fit; the cost of some learners rises with the square of the rows. Larger
    /// tables leave them out of the search, and are refused where they are named.
    pub(crate) const fn most_rows(self) -> usize {
        match self {
            Self::Knn => 20_000,
            Self::Svm => 200_000,
            Self::LogisticRegression
            | Self::LinearRegression
            | Self::GradientBoosting
            | Self::RandomForest
            | Self::ExtraTrees
            | Self::DecisionTree
            | Self::ElasticNet
            | Self::NeuralNetwork
            | Self::NaiveBayes => usize::MAX,
        }
    }
}
