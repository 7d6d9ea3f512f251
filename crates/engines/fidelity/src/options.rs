//! What an evaluation measures, on how many rows, and by what seed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FidelityError, Rule};

/// Settings of an evaluation. Same settings and tables, same numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluateOptions {
    /// Seed of samples, folds and learners.
    pub seed: u64,
    /// Parts into which rows are cut for the detection of synthetic rows; at least 2.
    pub folds: usize,
    /// Most rows of each table from which learners learn; at least 10.
    pub learner_rows: usize,
    /// Most rows of each table whose nearest rows are looked for; at least 10.
    pub query_rows: usize,
    /// Most synthetic and real rows among which nearest rows are looked for; at least 10.
    pub reference_rows: usize,
    /// Most pairs of columns whose relation is compared; at least 1.
    pub max_pairs: usize,
    /// Which columns are predicted to see what synthetic rows are worth for learning.
    pub targets: Targets,
    /// What every row must fulfil.
    pub rules: Vec<Rule>,
    /// Most records that are listed as vulnerable.
    pub listed_records: usize,
}

impl Default for EvaluateOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            folds: 3,
            learner_rows: 20_000,
            query_rows: 4_000,
            reference_rows: 40_000,
            max_pairs: 20_000,
            targets: Targets::Every,
            rules: Vec::new(),
            listed_records: 20,
        }
    }
}

/// Columns that are predicted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Targets {
    /// None; the part is left out.
    None,
    /// Every column that suits: numbers, and labels of which there are 2 to 20; at most 30
    /// columns (fewer in tables of more than 200), from left to right, and at most 5,000 rows.
    #[default]
    Every,
    /// These columns.
    Named(Vec<String>),
}

impl EvaluateOptions {
    /// Refuses settings out of their range.
    ///
    /// # Errors
    /// [`FidelityError::Option`].
    pub fn require_valid(&self) -> Result<(), FidelityError> {
        let checks = [
            ((2..=100).contains(&self.folds), "folds", "must be between 2 and 100"),
            (self.learner_rows >= 10, "learner_rows", "must be 10 or more"),
            (self.query_rows >= 10, "query_rows", "must be 10 or more"),
            (self.reference_rows >= 10, "reference_rows", "must be 10 or more"),
            (self.max_pairs >= 1, "max_pairs", "must be 1 or more"),
        ];
        match checks.into_iter().find(|(holds, _, _)| !holds) {
            Some((_, name, reason)) => Err(FidelityError::Option { name, reason }),
            None => Ok(()),
        }
    }
}
