//! Square symmetric matrices, checked to be correlations.

use super::cholesky;
use super::nearest::nearest;
use crate::{Result, SamplingError};

/// Largest number of inputs that may be correlated together.
const LARGEST: usize = 500;
/// Rounding that a matrix written with few digits may have.
const SLACK: f64 = 1e-9;

/// A matrix of correlations by rows; ones on the diagonal, symmetric, all within -1 and 1. Whether
/// such correlations can hold together is a question of its own: [`Matrix::check`].
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Vec<Vec<f64>>", into = "Vec<Vec<f64>>")]
pub struct Matrix {
    size: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// A matrix from its rows.
    ///
    /// # Errors
    /// Rows that are not a square, a diagonal that is not 1, values outside of -1 to 1, or values
    /// that are not symmetric. Each names the first entry that is wrong.
    pub fn new(rows: &[Vec<f64>]) -> Result<Self> {
        let size = rows.len();
        if size == 0 || size > LARGEST {
            return Err(refuse(format!("are of {size} inputs; give between 1 and {LARGEST}")));
        }
        for (i, row) in rows.iter().enumerate() {
            if row.len() != size {
                let (found, line) = (row.len(), i + 1);
                return Err(refuse(format!(
                    "have {found} values in row {line}, but there are {size} rows"
                )));
            }
            for (j, value) in row.iter().enumerate() {
                check_entry(rows, (i, j), *value)?;
            }
        }
        Ok(Self { size, values: rows.concat() })
    }

    /// A matrix whose rows are known to fit, such as a result of this crate.
    pub(super) fn from_values(size: usize, values: Vec<f64>) -> Self {
        Self { size, values }
    }

    /// Number of inputs.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Entry of row `i` and column `j`, from 0.
    #[must_use]
    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.size + j]
    }

    /// All entries by rows.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The matrix with a function applied to the entries beside the diagonal.
    #[must_use]
    pub(super) fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        let entry =
            |(k, value): (usize, &f64)| if k % (self.size + 1) == 0 { 1.0 } else { f(*value) };
        Self { size: self.size, values: self.values.iter().enumerate().map(entry).collect() }
    }

    /// The correlations that normal scores must have for these rank correlations: `2 sin(π ρ / 6)`.
    #[must_use]
    pub fn to_normal_scores(&self) -> Self {
        self.map(|rho| 2.0 * sine_sixth(rho))
    }

    /// The rank correlations of normal scores with these correlations: `6 asin(r / 2) / π`.
    #[must_use]
    pub fn to_ranks(&self) -> Self {
        self.map(|r| {
            // The inverse by bisection of a smooth rising function.
            let f = |rho: f64| 2.0 * sine_sixth(rho) - r;
            crate::math::root::find_zero((-1.0, 1.0), f)
        })
    }

    /// Refuses rank correlations that cannot hold together, and offers the nearest that can.
    ///
    /// # Errors
    /// Correlations whose matrix of normal scores has an eigenvalue below zero.
    pub fn check(&self) -> Result<()> {
        if cholesky::find_factor(&self.to_normal_scores()).is_some() {
            return Ok(());
        }
        let offer = nearest(self);
        let (mut worst, mut at) = (0.0, (0, 0));
        for i in 0..self.size {
            for j in 0..i {
                let change = (offer.at(i, j) - self.at(i, j)).abs();
                if change > worst {
                    (worst, at) = (change, (j, i));
                }
            }
        }
        let (i, j) = at;
        Err(refuse(format!(
            "cannot hold together: the matrix is not positive definite; the nearest that can \
             changes values by up to {worst:.3} (inputs {} and {}: {} instead of {}); take it, or \
             bring strong correlations in line with each other",
            i + 1,
            j + 1,
            (offer.at(i, j) * 1e4).trunc() / 1e4,
            self.at(i, j)
        )))
    }
}

fn refuse(problem: String) -> SamplingError {
    SamplingError::Correlation { problem }
}

fn check_entry(rows: &[Vec<f64>], (i, j): (usize, usize), value: f64) -> Result<()> {
    let place = format!("row {}, column {}", i + 1, j + 1);
    if !(-1.0..=1.0).contains(&value) {
        return Err(refuse(format!("have {value} in {place}; they must lie between -1 and 1")));
    }
    if i == j && (value - 1.0).abs() > SLACK {
        return Err(refuse(format!("have {value} in {place}; the diagonal must be 1")));
    }
    let mirrored = rows.get(j).and_then(|row| row.get(i)).copied().unwrap_or(value);
    if (mirrored - value).abs() > SLACK {
        return Err(refuse(format!(
            "have {value} in {place} but {mirrored} mirrored; they must be equal"
        )));
    }
    Ok(())
}

/// `sin(π ρ / 6)` for |ρ| ≤ 1, by its series.
fn sine_sixth(rho: f64) -> f64 {
    let x = rho * std::f64::consts::FRAC_PI_6;
    let square = x * x;
    let lost = (1..=8_u32).rev().fold(0.0, |sum, n| {
        let n = f64::from(2 * n);
        (1.0 - sum) * square / (n * (n + 1.0))
    });
    x - x * lost
}

impl TryFrom<Vec<Vec<f64>>> for Matrix {
    type Error = SamplingError;

    fn try_from(rows: Vec<Vec<f64>>) -> Result<Self> {
        Self::new(&rows)
    }
}

impl From<Matrix> for Vec<Vec<f64>> {
    fn from(matrix: Matrix) -> Self {
        matrix.values.chunks(matrix.size).map(<[f64]>::to_vec).collect()
    }
}
