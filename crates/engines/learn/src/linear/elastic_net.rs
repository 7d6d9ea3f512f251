//! Least squares with L1 and L2 penalties: minimises
//! `Σ wᵢ·(yᵢ − ŷᵢ)² / (2·Σ wᵢ) + alpha·(ratio·‖b‖₁ + ½·(1 − ratio)·‖b‖²)`, as scikit-learn's
//! `ElasticNet` (and `Lasso` for a ratio of 1), by coordinate descent on the products of columns.

use serde::{Deserialize, Serialize};

use crate::{Control, LearnError, TrainingSet};

use super::products::Products;
use super::ridge::{RidgeModel, require_width};

/// Settings of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ElasticNetParams {
    /// Strength of both penalties, 0 or more.
    pub alpha: f64,
    /// Share of the L1 penalty, from 0 to 1.
    pub l1_ratio: f64,
    /// Most passes over the columns.
    pub max_iterations: u32,
}

impl Default for ElasticNetParams {
    fn default() -> Self {
        Self { alpha: 1.0, l1_ratio: 0.5, max_iterations: 10_000 }
    }
}

impl ElasticNetParams {
    /// Fits to numbers; the columns must be complete.
    ///
    /// # Errors
    /// As [`RidgeParams::fit`](super::RidgeParams::fit).
    pub fn fit(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<RidgeModel, LearnError> {
        let y = data.require_values("elastic net")?;
        let x = data.x();
        if !(self.alpha >= 0.0 && self.alpha.is_finite()) {
            return Err(LearnError::Parameter { name: "alpha", reason: "must be 0 or more" });
        }
        if !(0.0..=1.0).contains(&self.l1_ratio) {
            let reason = "must be between 0 and 1";
            return Err(LearnError::Parameter { name: "l1_ratio", reason });
        }
        require_width(x)?;
        x.require_complete()?;
        control.begin((x.rows() * x.width() * x.width()) as u64)?;
        let products = Products::new(x, y, data.weights());
        let coefficients = self.descend(&products, control)?;
        Ok(products.model(coefficients))
    }

    fn descend(&self, products: &Products, control: &Control<'_>) -> Result<Vec<f64>, LearnError> {
        let width = products.width();
        let (l1, l2) = (self.alpha * self.l1_ratio, self.alpha * (1.0 - self.l1_ratio));
        let mut coefficients = vec![0.0; width];
        // Products of the columns with what is left of the target.
        let mut rest = products.with_target().to_vec();
        for _ in 0..self.max_iterations {
            control.check()?;
            control.count((width * width) as u64);
            let mut largest = 0.0_f64;
            for j in 0..width {
                let row = products.row(j);
                let curvature = row[j];
                if curvature <= 0.0 {
                    continue;
                }
                let pull = rest[j] + curvature * coefficients[j];
                let target = pull.signum() * (pull.abs() - l1).max(0.0) / (curvature + l2);
                let change = target - coefficients[j];
                if change != 0.0 {
                    coefficients[j] = target;
                    rest.iter_mut().zip(row).for_each(|(r, g)| *r -= change * g);
                    largest = largest.max(change * change * curvature);
                }
            }
            if largest <= 1e-18 * products.target_variance() {
                break;
            }
        }
        Ok(coefficients)
    }
}
