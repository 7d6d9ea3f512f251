//! Principal components: the directions in which rows vary most. Scale the columns first unless
//! they share a unit.

use serde::{Deserialize, Serialize};

use crate::model::{FormatVersion, require_columns};
use crate::numeric::jacobi::eigen;
use crate::numeric::reduce::{add_scaled, dot, sum_vectors};
use crate::{Control, LearnError, Matrix};

/// Most columns; the covariance of all pairs is decomposed.
const MAX_COLUMNS: usize = 1_500;

/// Fitted components, by falling variance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pca {
    version: FormatVersion<1>,
    means: Vec<f64>,
    components: Vec<Vec<f64>>,
    variances: Vec<f64>,
    total: f64,
}

impl Pca {
    /// The first `count` components of complete columns. The largest entry of each is positive.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] for missing values, [`LearnError::TooLarge`], fewer than two
    /// rows, a count out of range, and what [`Control`] says.
    pub fn fit(x: &Matrix, count: usize, control: &Control<'_>) -> Result<Self, LearnError> {
        let width = x.width();
        if count == 0 || count > width {
            let reason = "must be between 1 and the number of columns";
            return Err(LearnError::Parameter { name: "count", reason });
        }
        if width > MAX_COLUMNS {
            let what = "the number of columns";
            return Err(LearnError::TooLarge { what, found: width, limit: MAX_COLUMNS });
        }
        if x.rows() < 2 {
            let reason = "it needs two rows or more";
            return Err(LearnError::Undefined { what: "PCA", reason });
        }
        x.require_complete()?;
        control.begin((x.rows() * width * width) as u64)?;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let means: Vec<f64> = x.columns().iter().map(|c| mean(c.values())).collect();
        let (values, vectors) = eigen(covariance(x, &means), width);
        let kept = vectors.into_iter().take(count).map(with_positive_peak).collect();
        Ok(Self {
            version: FormatVersion,
            means,
            components: kept,
            total: values.iter().sum(),
            variances: values.into_iter().take(count).map(|v| v.max(0.0)).collect(),
        })
    }

    /// One direction a component.
    pub fn components(&self) -> &[Vec<f64>] {
        &self.components
    }

    /// Variance along each component.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// Share of all variance that each component has.
    pub fn shares(&self) -> Vec<f64> {
        self.variances.iter().map(|v| if self.total > 0.0 { v / self.total } else { 0.0 }).collect()
    }

    /// Coordinates of each row along the components.
    ///
    /// # Errors
    /// If the columns differ in number from those of the fit or values are missing.
    pub fn transform(&self, x: &Matrix) -> Result<Matrix, LearnError> {
        require_columns(x, self.means.len())?;
        x.require_complete()?;
        let project = |component: &Vec<f64>| {
            let mut out = vec![-dot(component, &self.means); x.rows()];
            for (weight, column) in component.iter().zip(x.columns()) {
                add_scaled(&mut out, *weight, column.values());
            }
            out
        };
        Ok(Matrix::from_columns(self.components.iter().map(project).collect()))
    }
}

fn with_positive_peak(mut vector: Vec<f64>) -> Vec<f64> {
    let peak = vector.iter().fold(0.0_f64, |a, b| if b.abs() > a.abs() { *b } else { a });
    if peak < 0.0 {
        vector.iter_mut().for_each(|v| *v = -*v);
    }
    vector
}

fn covariance(x: &Matrix, means: &[f64]) -> Vec<f64> {
    let width = x.width();
    let mut sums = sum_vectors(x.rows(), width * width, |range, out| {
        let centred: Vec<Vec<f64>> = x
            .columns()
            .iter()
            .zip(means)
            .map(|(c, mean)| c.values()[range.clone()].iter().map(|v| v - mean).collect())
            .collect();
        for i in 0..width {
            for j in 0..=i {
                out[i * width + j] += dot(&centred[i], &centred[j]);
            }
        }
    });
    let divisor = (x.rows() - 1) as f64;
    for i in 0..width {
        for j in 0..=i {
            let value = sums[i * width + j] / divisor;
            sums[i * width + j] = value;
            sums[j * width + i] = value;
        }
    }
    sums
}
