//! Settings of boosting.

use serde::{Deserialize, Serialize};

use crate::{FeatureKind, LearnError, Matrix, TrainingSet};

/// What a fit to numbers minimises.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegressionLoss {
    /// Squared error; predicts the mean.
    #[default]
    Squared,
    /// Absolute error; predicts the median.
    Absolute,
    /// Pinball loss; predicts this quantile, between 0 and 1.
    Quantile(f64),
}

/// How a prediction may move as a column's value rises, all else equal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monotone {
    /// Any way.
    #[default]
    Free,
    /// Never down.
    Rising,
    /// Never up.
    Falling,
}

/// Settings of a fit. The defaults are LightGBM's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostingParams {
    /// Most rounds; each adds one tree, or one per class for three classes or more.
    pub rounds: u32,
    /// Share of each tree's correction that is taken, above 0.
    pub learning_rate: f64,
    /// Most leaves of a tree, at least 2.
    pub leaves: u32,
    /// Most splits from root to leaf.
    pub max_depth: Option<u16>,
    /// Fewest rows of a leaf.
    pub min_samples_leaf: u32,
    /// Least sum of second derivatives of a leaf.
    pub min_hessian: f64,
    /// L2 penalty on leaf values.
    pub l2: f64,
    /// Least gain of a split.
    pub min_gain: f64,
    /// Share of the rows that each tree sees, above 0.
    pub row_share: f64,
    /// Share of the columns that each tree sees, above 0.
    pub feature_share: f64,
    /// Most bins of a column, at most 255.
    pub max_bins: u16,
    /// Loss of fits to numbers; those to classes minimise the log-loss.
    pub loss: RegressionLoss,
    /// One entry a column, or none at all where every column is free. For numbers and two
    /// classes; category columns must be free.
    #[serde(default)]
    pub monotone: Vec<Monotone>,
    /// Seed of the row and column samples.
    pub seed: u64,
}

impl Default for BoostingParams {
    fn default() -> Self {
        Self {
            rounds: 100,
            learning_rate: 0.1,
            leaves: 31,
            max_depth: None,
            min_samples_leaf: 20,
            min_hessian: 1e-3,
            l2: 0.0,
            min_gain: 0.0,
            row_share: 1.0,
            feature_share: 1.0,
            max_bins: 255,
            loss: RegressionLoss::Squared,
            monotone: Vec::new(),
            seed: 0,
        }
    }
}

/// Ends a fit when the loss on other rows has not improved for a while; the model keeps the
/// rounds up to the best.
#[derive(Debug, Clone, Copy)]
pub struct EarlyStop<'a> {
    /// Rows that the fit does not see, with the same columns and kind of target.
    pub validation: &'a TrainingSet<'a>,
    /// Rounds without improvement, at least 1.
    pub patience: u32,
}

impl BoostingParams {
    pub(super) fn require_valid(&self) -> Result<(), LearnError> {
        let is_share = |share: f64| share > 0.0 && share <= 1.0;
        let quantile_holds = match self.loss {
            RegressionLoss::Quantile(alpha) => alpha > 0.0 && alpha < 1.0,
            RegressionLoss::Squared | RegressionLoss::Absolute => true,
        };
        let checks = [
            (self.rounds >= 1, "rounds", "must be 1 or more"),
            (self.learning_rate > 0.0, "learning_rate", "must be above 0"),
            (self.leaves >= 2, "leaves", "must be 2 or more"),
            (self.min_hessian >= 0.0, "min_hessian", "must be 0 or more"),
            (self.l2 >= 0.0, "l2", "must be 0 or more"),
            (self.min_gain >= 0.0, "min_gain", "must be 0 or more"),
            (is_share(self.row_share), "row_share", "must be above 0 and at most 1"),
            (is_share(self.feature_share), "feature_share", "must be above 0 and at most 1"),
            ((2..=255).contains(&self.max_bins), "max_bins", "must be between 2 and 255"),
            (quantile_holds, "loss", "must name a quantile between 0 and 1"),
        ];
        match checks.into_iter().find(|(holds, _, _)| !holds) {
            Some((_, name, reason)) => Err(LearnError::Parameter { name, reason }),
            None => Ok(()),
        }
    }

    /// How predictions may move with a column.
    pub(super) fn direction(&self, column: u16) -> Monotone {
        self.monotone.get(usize::from(column)).copied().unwrap_or_default()
    }

    /// Whether any column is bound to a direction.
    pub(super) fn is_bound(&self) -> bool {
        self.monotone.iter().any(|direction| *direction != Monotone::Free)
    }

    pub(super) fn require_directions(&self, x: &Matrix, outputs: usize) -> Result<(), LearnError> {
        if self.monotone.is_empty() {
            return Ok(());
        }
        if self.monotone.len() != x.width() {
            let what = "the list of directions";
            return Err(LearnError::Shape {
                what,
                expected: x.width(),
                found: self.monotone.len(),
            });
        }
        let refuse = |reason| Err(LearnError::Parameter { name: "monotone", reason });
        if self.is_bound() && outputs > 1 {
            return refuse("holds for numbers and two classes alone");
        }
        let bound_category = x.columns().iter().zip(&self.monotone).any(|(column, direction)| {
            column.kind() == FeatureKind::Category && *direction != Monotone::Free
        });
        if bound_category { refuse("must be free for category columns") } else { Ok(()) }
    }
}
