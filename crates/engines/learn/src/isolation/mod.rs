//! Isolation forest: rows that few random splits set apart are outliers (Liu, Ting and Zhou,
//! "Isolation forest", 2008). Scores are scikit-learn's `-score_samples`.
//!
//! Columns are taken as numbers; one-hot encode categories first. Rows that miss a split's value
//! follow the larger side.

mod grow;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::model::{FormatVersion, require_columns};
use crate::numeric::math;
use crate::{Control, LearnError, Matrix, Rng};

use grow::{Node, Tree, grow};

/// Trees between two looks at the work budget; fixed, so that the budget cuts at the same tree
/// for every number of threads.
const BATCH: u32 = 8;
/// Rows that one task scores.
const CHUNK: usize = 1_024;

/// Settings of a fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IsolationParams {
    /// Number of trees, at least 1.
    pub trees: u32,
    /// Rows that each tree sees, at least 2; all rows if there are fewer.
    pub sample: u32,
    /// Seed; each tree has its own stream.
    pub seed: u64,
}

impl Default for IsolationParams {
    fn default() -> Self {
        Self { trees: 100, sample: 256, seed: 0 }
    }
}

/// A fitted isolation forest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IsolationForest {
    version: FormatVersion<1>,
    features: usize,
    sample: usize,
    trees: Vec<Tree>,
}

impl IsolationParams {
    /// Fits to all rows. A budget that ends early leaves the trees so far.
    ///
    /// # Errors
    /// Parameters out of range, fewer than two rows, and what [`Control`] says.
    pub fn fit(&self, x: &Matrix, control: &Control<'_>) -> Result<IsolationForest, LearnError> {
        let require = |holds: bool, name, reason| {
            if holds { Ok(()) } else { Err(LearnError::Parameter { name, reason }) }
        };
        require(self.trees >= 1, "trees", "must be 1 or more")?;
        require(self.sample >= 2, "sample", "must be 2 or more")?;
        if x.rows() < 2 {
            let reason = "it needs two rows or more";
            return Err(LearnError::Undefined { what: "an isolation forest", reason });
        }
        let sample = (self.sample as usize).min(x.rows());
        let unit = (sample * x.width()) as u64;
        control.begin(unit)?;
        let mut trees = Vec::new();
        let mut first = 0;
        while first < self.trees && (first == 0 || !control.must_wrap_up()) {
            let last = first.saturating_add(BATCH).min(self.trees);
            let batch: Vec<Tree> = (first..last)
                .into_par_iter()
                .map(|tree| {
                    control.check()?;
                    Ok(grow(x, sample, &mut Rng::stream(self.seed, u64::from(tree))))
                })
                .collect::<Result<_, LearnError>>()?;
            trees.extend(batch);
            control.count(u64::from(last - first) * unit);
            first = last;
        }
        Ok(IsolationForest { version: FormatVersion, features: x.width(), sample, trees })
    }
}

impl IsolationForest {
    /// Number of trees; fewer than asked for if a budget ended the fit.
    pub fn trees(&self) -> usize {
        self.trees.len()
    }

    /// One score a row, above 0 and at most 1: about 0.5 for a row that lies among the others,
    /// near 1 for one that stands alone.
    ///
    /// # Errors
    /// If the columns differ in number from those of the fit, and [`LearnError::Cancelled`].
    pub fn scores(&self, x: &Matrix, control: &Control<'_>) -> Result<Vec<f64>, LearnError> {
        require_columns(x, self.features)?;
        let scale = -std::f64::consts::LN_2
            / (self.trees.len() as f64 * mean_path(self.sample).max(f64::MIN_POSITIVE));
        let starts: Vec<usize> = (0..x.rows()).step_by(CHUNK).collect();
        let parts = starts
            .into_par_iter()
            .map(|start| {
                control.check()?;
                let rows = start..(start + CHUNK).min(x.rows());
                Ok(rows.map(|row| math::exp(scale * self.path(&x.row(row)))).collect())
            })
            .collect::<Result<Vec<Vec<f64>>, LearnError>>()?;
        Ok(parts.concat())
    }

    /// Length of a row's way through all trees.
    fn path(&self, row: &[f64]) -> f64 {
        self.trees.iter().map(|tree| tree.path(row)).sum()
    }
}

/// Mean number of splits that set apart one of `rows` rows.
fn mean_path(rows: usize) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    match rows {
        0 | 1 => 0.0,
        2 => 1.0,
        _ => {
            let n = rows as f64;
            2.0 * (math::ln(n - 1.0) + EULER) - 2.0 * (n - 1.0) / n
        }
    }
}

impl Tree {
    fn path(&self, row: &[f64]) -> f64 {
        let mut at = 0_u32;
        loop {
            match self.nodes[at as usize] {
                Node::Leaf { path } => return path,
                Node::Split { feature, limit, left, missing_left } => {
                    let value = row[feature as usize];
                    let goes_left = if value.is_nan() { missing_left } else { value <= limit };
                    at = left + u32::from(!goes_left);
                }
            }
        }
    }
}
