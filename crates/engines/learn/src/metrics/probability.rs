//! Scores of predicted probabilities.

use crate::numeric::math;
use crate::{LearnError, Matrix};

use super::{require_finite, require_pairs};

fn require_probabilities(truth: &[u32], probability: &Matrix) -> Result<(), LearnError> {
    if let Some(code) = truth.iter().find(|c| **c as usize >= probability.width()) {
        return Err(LearnError::ClassOutOfRange { code: *code, count: probability.width() });
    }
    for column in probability.columns() {
        require_finite(column.values(), "probability")?;
    }
    Ok(())
}

/// Mean of −ln p of the true class; probabilities are kept away from 0 and 1 by the machine
/// epsilon. `probability` is rows × classes.
///
/// # Errors
/// See the module.
pub fn log_loss(
    truth: &[u32],
    probability: &Matrix,
    weights: Option<&[f64]>,
) -> Result<f64, LearnError> {
    let weights = require_pairs(truth.len(), probability.rows(), weights)?;
    require_probabilities(truth, probability)?;
    let mut sum = 0.0;
    for (row, code) in truth.iter().enumerate() {
        let p = probability.column(*code as usize)[row];
        sum -= weights.get(row) * math::ln(p.clamp(f64::EPSILON, 1.0 - f64::EPSILON));
    }
    Ok(sum / weights.total(truth.len()))
}

/// Brier score: the mean squared distance of the probabilities from the truth, of class 1 alone
/// for two classes, summed over the classes for more.
///
/// # Errors
/// See the module.
pub fn brier(
    truth: &[u32],
    probability: &Matrix,
    weights: Option<&[f64]>,
) -> Result<f64, LearnError> {
    let weights = require_pairs(truth.len(), probability.rows(), weights)?;
    require_probabilities(truth, probability)?;
    let skipped = usize::from(probability.width() == 2);
    let mut sum = 0.0;
    for (class, column) in probability.columns().iter().enumerate().skip(skipped) {
        for (row, p) in column.values().iter().enumerate() {
            let hit = f64::from(u8::from(truth[row] as usize == class));
            sum += weights.get(row) * (p - hit) * (p - hit);
        }
    }
    Ok(sum / weights.total(truth.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainty_that_is_wrong_costs_a_finite_amount() {
        let p = Matrix::from_rows(&[1.0, 0.0, 0.25, 0.75], 2).unwrap();
        let loss = log_loss(&[1, 1], &p, None).unwrap();
        assert!((loss - (36.043_653_389_117_15 - 0.75_f64.ln()) / 2.0).abs() < 1e-12);
        assert_eq!(brier(&[1, 1], &p, None), Ok((1.0 + 0.0625) / 2.0));
        assert!(log_loss(&[2, 0], &p, None).is_err());
    }
}
