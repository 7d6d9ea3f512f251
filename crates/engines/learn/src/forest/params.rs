//! Settings of forests and trees.

use serde::{Deserialize, Serialize};

use crate::LearnError;
use crate::numeric::math;

/// How many columns are tried at a split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaxFeatures {
    /// All.
    All,
    /// Square root of their number.
    Sqrt,
    /// Base-2 logarithm of their number.
    Log2,
    /// This share, above 0 and at most 1.
    Share(f64),
}

/// How the limit of a split is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Splitter {
    /// The best limit of each tried column.
    Best,
    /// A random limit for each tried column (extra trees).
    Random,
}

/// Settings of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForestParams {
    /// Number of trees, at least 1.
    pub trees: u32,
    /// Columns tried at a split; at least one that varies is tried.
    pub max_features: MaxFeatures,
    /// Most splits from root to leaf.
    pub max_depth: Option<u16>,
    /// Fewest distinct rows of a node that is split.
    pub min_samples_split: u32,
    /// Fewest distinct rows of a leaf.
    pub min_samples_leaf: u32,
    /// Whether each tree sees rows drawn with replacement.
    pub bootstrap: bool,
    /// Best or random limits.
    pub splitter: Splitter,
    /// Most bins of a column.
    pub max_bins: u16,
    /// Seed; each tree has its own stream.
    pub seed: u64,
}

impl ForestParams {
    /// Random forest for classes.
    pub fn classifier() -> Self {
        Self {
            trees: 100,
            max_features: MaxFeatures::Sqrt,
            max_depth: None,
            min_samples_split: 2,
            min_samples_leaf: 1,
            bootstrap: true,
            splitter: Splitter::Best,
            max_bins: 1_024,
            seed: 0,
        }
    }

    /// Random forest for numbers.
    pub fn regressor() -> Self {
        Self { max_features: MaxFeatures::All, ..Self::classifier() }
    }

    /// Extra trees for classes.
    pub fn extra_classifier() -> Self {
        Self { bootstrap: false, splitter: Splitter::Random, ..Self::classifier() }
    }

    /// Extra trees for numbers.
    pub fn extra_regressor() -> Self {
        Self { max_features: MaxFeatures::All, ..Self::extra_classifier() }
    }

    /// One decision tree on all rows and columns.
    pub fn decision_tree() -> Self {
        Self { trees: 1, bootstrap: false, ..Self::regressor() }
    }

    /// The same with another number of trees.
    pub fn with_trees(mut self, trees: u32) -> Self {
        self.trees = trees;
        self
    }

    /// The same with another seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    pub(super) fn require_valid(&self) -> Result<(), LearnError> {
        let require = |holds: bool, name, reason| {
            if holds { Ok(()) } else { Err(LearnError::Parameter { name, reason }) }
        };
        require(self.trees >= 1, "trees", "must be 1 or more")?;
        require(self.min_samples_leaf >= 1, "min_samples_leaf", "must be 1 or more")?;
        require(self.min_samples_split >= 2, "min_samples_split", "must be 2 or more")?;
        match self.max_features {
            MaxFeatures::Share(share) => {
                let holds = share > 0.0 && share <= 1.0;
                require(holds, "max_features", "must be above 0 and at most 1")
            }
            MaxFeatures::All | MaxFeatures::Sqrt | MaxFeatures::Log2 => Ok(()),
        }
    }

    pub(super) fn features_per_split(&self, width: usize) -> usize {
        let count = match self.max_features {
            MaxFeatures::All => width,
            MaxFeatures::Sqrt => (width as f64).sqrt() as usize,
            MaxFeatures::Log2 => math::log2(width as f64) as usize,
            MaxFeatures::Share(share) => (width as f64 * share) as usize,
        };
        count.clamp(1, width.max(1))
    }
}
