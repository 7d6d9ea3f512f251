//! Least squares with an optional L2 penalty: minimises `Σ wᵢ·(yᵢ − ŷᵢ)² + alpha·‖coefficients‖²`
//! with an unpenalised intercept, as scikit-learn's `Ridge` (and `LinearRegression` for 0).

use serde::{Deserialize, Serialize};

use crate::data::Weights;
use crate::model::{FormatVersion, require_columns, require_complete_row};
use crate::numeric::cholesky::Cholesky;
use crate::numeric::reduce::sum_vectors;
use crate::{Column, Control, LearnError, Matrix, Regressor, TrainingSet};

use super::design;

/// Most columns; the solver needs their square in memory.
const MAX_COLUMNS: usize = 10_000;
/// Repeated solving for what is left removes the error of squaring the condition number.
const REFINEMENTS: usize = 2;

/// Settings of a fit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RidgeParams {
    /// Strength of the penalty, from 0 (ordinary least squares).
    pub alpha: f64,
}

/// A fitted linear regression, with or without penalties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RidgeModel {
    version: FormatVersion<1>,
    coefficients: Vec<f64>,
    intercept: f64,
}

impl RidgeParams {
    /// Fits to numbers; the columns must be complete. Of columns that are combinations of
    /// others, the later ones get the coefficient 0 if there is no penalty.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] for missing values, [`LearnError::WrongTarget`] for classes,
    /// and what [`Control`] says.
    pub fn fit(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<RidgeModel, LearnError> {
        let y = data.require_values("linear regression")?;
        let (x, weights) = (data.x(), data.weights());
        if !(self.alpha >= 0.0 && self.alpha.is_finite()) {
            return Err(LearnError::Parameter { name: "alpha", reason: "must be 0 or more" });
        }
        require_width(x)?;
        x.require_complete()?;
        control.begin((x.rows() * x.width() * x.width()) as u64)?;

        let standard = Standardised::new(x, weights);
        let gram = standard.gram(weights, self.alpha);
        let factor = Cholesky::new(gram, x.width());
        let mean = mean(y, weights);
        let mut scaled = vec![0.0; x.width()];
        for _ in 0..=REFINEMENTS {
            control.check()?;
            let mut step = standard.residual_product(y, mean, (&scaled, weights), self.alpha);
            factor.solve(&mut step);
            scaled.iter_mut().zip(&step).for_each(|(s, d)| *s += d);
        }
        let coefficients: Vec<f64> =
            scaled.iter().zip(&standard.scales).map(|(s, scale)| s / scale).collect();
        let shift: f64 = coefficients.iter().zip(&standard.means).map(|(c, m)| c * m).sum();
        Ok(RidgeModel { version: FormatVersion, coefficients, intercept: mean - shift })
    }
}

pub(super) fn require_width(x: &Matrix) -> Result<(), LearnError> {
    if x.width() <= MAX_COLUMNS {
        return Ok(());
    }
    let (what, found) = ("the number of columns", x.width());
    Err(LearnError::TooLarge { what, found, limit: MAX_COLUMNS })
}

impl RidgeModel {
    pub(super) fn new(coefficients: Vec<f64>, intercept: f64) -> Self {
        Self { version: FormatVersion, coefficients, intercept }
    }

    /// One coefficient a column.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// Prediction where all columns are 0.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }
}

impl Regressor for RidgeModel {
    fn features(&self) -> usize {
        self.coefficients.len()
    }

    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, LearnError> {
        require_columns(x, self.coefficients.len())?;
        x.require_complete()?;
        let mut parameters = self.coefficients.clone();
        parameters.push(self.intercept);
        let mut out = vec![0.0; x.rows()];
        design::scores(x, 0..x.rows(), &parameters, &mut out);
        Ok(out)
    }

    fn predict_row(&self, row: &[f64]) -> Result<f64, LearnError> {
        require_complete_row(row, self.coefficients.len())?;
        let mut parameters = self.coefficients.clone();
        parameters.push(self.intercept);
        Ok(design::row_score(row, &parameters))
    }
}

/// The table with each column centred and scaled, which keeps the normal equations well
/// conditioned; the penalty is translated so that it still applies to the original scale.
struct Standardised {
    means: Vec<f64>,
    scales: Vec<f64>,
    x: Matrix,
}

impl Standardised {
    fn new(x: &Matrix, weights: Weights<'_>) -> Self {
        let rows = 0..x.rows();
        let means: Vec<f64> =
            x.columns().iter().map(|c| mean(&c.slice(rows.clone()), weights)).collect();
        let mut scales = Vec::with_capacity(means.len());
        let mut columns = Vec::with_capacity(means.len());
        for (column, mean) in x.columns().iter().zip(&means) {
            let values = column.slice(rows.clone());
            let centred: Vec<f64> = values.iter().map(|v| v - mean).collect();
            let largest = centred.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
            // Rounding in the mean is not variation.
            let constant = largest <= 1e-14 * mean.abs();
            let scale = if constant { 1.0 } else { largest };
            scales.push(scale);
            let scaled = |v: f64| if constant { 0.0 } else { v / scale };
            columns.push(Column::numeric(centred.into_iter().map(scaled).collect()));
        }
        Self { means, scales, x: Matrix::from_valid(columns) }
    }

    fn gram(&self, weights: Weights<'_>, alpha: f64) -> Vec<f64> {
        let side = self.x.width() + 1;
        let sums = sum_vectors(self.x.rows(), side * side, |range, out| {
            let d: Vec<f64> = range.clone().map(|row| weights.get(row)).collect();
            design::add_gram(&self.x, range, &d, out);
        });
        let width = self.x.width();
        let mut gram = vec![0.0; width * width];
        for i in 0..width {
            gram[i * width..=i * width + i].copy_from_slice(&sums[i * side..=i * side + i]);
            gram[i * width + i] += alpha / (self.scales[i] * self.scales[i]);
        }
        gram
    }

    /// Xᵀ·W·(y − mean − X·b) − penalty·b for the scaled coefficients b.
    fn residual_product(
        &self,
        y: &[f64],
        mean: f64,
        (scaled, weights): (&[f64], Weights<'_>),
        alpha: f64,
    ) -> Vec<f64> {
        let width = self.x.width();
        let mut product = sum_vectors(self.x.rows(), width, |range, out| {
            let mut residuals = vec![0.0; range.len()];
            design::scores(&self.x, range.clone(), scaled, &mut residuals);
            for (slot, row) in residuals.iter_mut().zip(range.clone()) {
                *slot = weights.get(row) * (y[row] - mean - *slot);
            }
            design::add_transposed_product(&self.x, range, &residuals, out);
        });
        for ((slot, b), scale) in product.iter_mut().zip(scaled).zip(&self.scales) {
            *slot -= alpha * b / (scale * scale);
        }
        product
    }
}

pub(super) fn mean(values: &[f64], weights: Weights<'_>) -> f64 {
    let sums = sum_vectors(values.len(), 1, |range, out| {
        out[0] += range.map(|row| weights.get(row) * values[row]).sum::<f64>();
    });
    sums[0] / weights.total(values.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rng, Target};

    #[test]
    fn exact_data_is_recovered_in_spite_of_scales_and_copies() {
        let mut rng = Rng::new(9);
        let a: Vec<f64> = (0..500).map(|_| 1e6 + rng.normal()).collect();
        let b: Vec<f64> = (0..500).map(|_| 1e-6 * rng.normal()).collect();
        let y: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 3.0 * a - 2e6 * b + 5.0).collect();
        let constant = vec![0.1; 500];
        let columns = [a.clone(), b, a, constant].map(Column::numeric);
        let x = Matrix::new(columns.to_vec()).unwrap();
        let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
        let model = RidgeParams::default().fit(&data, &Control::unlimited()).unwrap();
        let c = model.coefficients();
        assert!((c[0] - 3.0).abs() < 1e-8 && (c[1] + 2e6).abs() < 1e-2, "{c:?}");
        assert_eq!(c[2..], [0.0, 0.0]);
        for (p, y) in model.predict(&x).unwrap().iter().zip(&y) {
            assert!((p - y).abs() < 1e-6);
        }
    }
}
