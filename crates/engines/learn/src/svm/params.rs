//! Settings of support vector machines.

use serde::{Deserialize, Serialize};

use crate::numeric::reduce::chunks;
use crate::{LearnError, Matrix};

/// Most rows that an exact fit may be allowed; their kernel takes 1 GiB.
const MAX_EXACT_ROWS: usize = 16_384;

/// How alike two rows are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SvmKernel {
    /// Their scalar product.
    Linear,
    /// Gaussian: `exp(−gamma · squared distance)`.
    Rbf(Gamma),
}

/// Width of the Gaussian kernel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gamma {
    /// One over the number of columns times the variance of all values.
    #[default]
    Scale,
    /// This number, above 0.
    Value(f64),
}

/// Settings of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SvmParams {
    /// How alike two rows are.
    pub kernel: SvmKernel,
    /// Price of a row on the wrong side (scikit-learn's C), above 0.
    pub cost: f64,
    /// Errors of numbers up to this are free, 0 or more, in units of the target.
    pub epsilon: f64,
    /// Largest violation of the optimum's conditions that is left, above 0.
    pub tolerance: f64,
    /// Tables of more rows are fitted approximately; at most 16,384.
    pub exact_rows: usize,
    /// Random Fourier features of an approximate fit with the Gaussian kernel, at least 1; fewer
    /// are taken where they would need more than 256 MiB.
    pub fourier_features: u32,
    /// Seed of folds, of random features and of the order of descent.
    pub seed: u64,
}

impl Default for SvmParams {
    fn default() -> Self {
        Self {
            kernel: SvmKernel::Rbf(Gamma::Scale),
            cost: 1.0,
            epsilon: 0.1,
            tolerance: 1e-3,
            exact_rows: 8_192,
            fourier_features: 512,
            seed: 0,
        }
    }
}

impl SvmParams {
    pub(super) fn require_valid(&self) -> Result<(), LearnError> {
        let gamma_holds = match self.kernel {
            SvmKernel::Rbf(Gamma::Value(gamma)) => gamma > 0.0 && gamma.is_finite(),
            SvmKernel::Rbf(Gamma::Scale) | SvmKernel::Linear => true,
        };
        let is_positive = |v: f64| v > 0.0 && v.is_finite();
        let epsilon_holds = self.epsilon >= 0.0 && self.epsilon.is_finite();
        let checks = [
            (gamma_holds, "gamma", "must be above 0"),
            (is_positive(self.cost), "cost", "must be above 0"),
            (epsilon_holds, "epsilon", "must be 0 or more"),
            (is_positive(self.tolerance), "tolerance", "must be above 0"),
            (self.exact_rows <= MAX_EXACT_ROWS, "exact_rows", "must be at most 16,384"),
            (self.fourier_features >= 1, "fourier_features", "must be 1 or more"),
        ];
        match checks.into_iter().find(|(holds, _, _)| !holds) {
            Some((_, name, reason)) => Err(LearnError::Parameter { name, reason }),
            None => Ok(()),
        }
    }
}

impl Gamma {
    /// The number for this table.
    pub(super) fn of(self, x: &Matrix) -> f64 {
        match self {
            Self::Value(gamma) => gamma,
            Self::Scale => {
                let variance = variance(x);
                if variance > 0.0 { 1.0 / (x.width() as f64 * variance) } else { 1.0 }
            }
        }
    }
}

/// Variance of all values, whatever their column.
fn variance(x: &Matrix) -> f64 {
    let values = (x.rows() * x.width()) as f64;
    let sum_of = |term: &dyn Fn(f64) -> f64| {
        let of_part = |values: &[f64]| values.iter().map(|v| term(*v)).sum::<f64>();
        let of_column =
            |values: &[f64]| chunks(x.rows()).into_iter().map(|c| of_part(&values[c])).sum::<f64>();
        x.columns().iter().map(|column| of_column(column.values())).sum::<f64>() / values
    };
    let mean = sum_of(&|v| v);
    sum_of(&|v| (v - mean) * (v - mean))
}
