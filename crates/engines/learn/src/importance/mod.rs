//! What columns matter: contributions to single predictions of trees, and permutation importance,
//! how much worse a score gets when one column is shuffled (Breiman, "Random forests",
//! 2001), which works with every model, through a closure.

mod contributions;

pub use contributions::Contributions;
pub(crate) use contributions::{Explained, derive_contributions};

use serde::{Deserialize, Serialize};

use crate::{Control, LearnError, Matrix, Rng};

/// Drop of the score caused by shuffling one column.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// Mean drop over the repeats; negative if shuffling helped.
    pub mean: f64,
    /// Standard deviation over the repeats (population).
    pub deviation: f64,
}

/// How often and by what seed columns are shuffled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shuffles {
    /// Shuffles of each column, at least one.
    pub repeats: u32,
    /// Seed; each (column, repeat) has its own stream.
    pub seed: u64,
}

/// One [`Importance`] a column. `score` is higher for better predictions and is called once for
/// the table as it is and `repeats` times for each column.
///
/// # Errors
/// What `score` returns, and [`LearnError::Cancelled`].
pub fn permutation_importance(
    x: &Matrix,
    shuffles: Shuffles,
    control: &Control<'_>,
    score: impl Fn(&Matrix) -> Result<f64, LearnError>,
) -> Result<Vec<Importance>, LearnError> {
    let base = score(x)?;
    let repeats = shuffles.repeats.max(1);
    let mut table = x.clone();
    let mut importances = Vec::with_capacity(x.width());
    for column in 0..x.width() {
        let mut drops = Vec::with_capacity(repeats as usize);
        for repeat in 0..repeats {
            control.check()?;
            let stream = column as u64 * u64::from(repeats) + u64::from(repeat);
            table.shuffle_column(column, &mut Rng::stream(shuffles.seed, stream));
            drops.push(base - score(&table)?);
        }
        table.restore_column(column, x);
        let mean = drops.iter().sum::<f64>() / drops.len() as f64;
        let variance = drops.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / drops.len() as f64;
        importances.push(Importance { mean, deviation: variance.sqrt() });
    }
    Ok(importances)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics;

    #[test]
    fn only_the_column_that_matters_counts() {
        let mut rng = Rng::new(4);
        let values: Vec<f64> = (0..2_000).map(|_| rng.normal()).collect();
        let x = Matrix::from_rows(&values, 2).unwrap();
        let truth = x.column(0).to_vec();
        let shuffles = Shuffles { repeats: 3, seed: 1 };
        let score = |x: &Matrix| metrics::r2(&truth, x.column(0), None);
        let found = permutation_importance(&x, shuffles, &Control::unlimited(), score).unwrap();
        assert!((found[0].mean - 2.0).abs() < 0.2 && found[0].deviation > 0.0);
        assert_eq!(found[1], Importance { mean: 0.0, deviation: 0.0 });
    }
}
