//! Scores of predicted numbers.

use crate::LearnError;
use crate::data::Weights;

use super::{require_finite, require_pairs};

fn require_numbers<'a>(
    truth: &[f64],
    predicted: &[f64],
    weights: Option<&'a [f64]>,
) -> Result<Weights<'a>, LearnError> {
    let weights = require_pairs(truth.len(), predicted.len(), weights)?;
    require_finite(truth, "true value")?;
    require_finite(predicted, "prediction")?;
    Ok(weights)
}

fn mean_of(rows: usize, weights: Weights<'_>, value: impl Fn(usize) -> f64) -> f64 {
    (0..rows).map(|row| weights.get(row) * value(row)).sum::<f64>() / weights.total(rows)
}

/// Mean squared error.
///
/// # Errors
/// See the module.
pub fn mse(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> Result<f64, LearnError> {
    let weights = require_numbers(truth, predicted, weights)?;
    Ok(mean_of(truth.len(), weights, |i| (truth[i] - predicted[i]).powi(2)))
}

/// Root of the mean squared error.
///
/// # Errors
/// See the module.
pub fn rmse(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> Result<f64, LearnError> {
    Ok(mse(truth, predicted, weights)?.sqrt())
}

/// Mean absolute error.
///
/// # Errors
/// See the module.
pub fn mae(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> Result<f64, LearnError> {
    let weights = require_numbers(truth, predicted, weights)?;
    Ok(mean_of(truth.len(), weights, |i| (truth[i] - predicted[i]).abs()))
}

/// Median of the absolute errors (unweighted).
///
/// # Errors
/// See the module.
pub fn median_absolute_error(truth: &[f64], predicted: &[f64]) -> Result<f64, LearnError> {
    require_numbers(truth, predicted, None)?;
    let mut errors: Vec<f64> = truth.iter().zip(predicted).map(|(t, p)| (t - p).abs()).collect();
    errors.sort_by(f64::total_cmp);
    let middle = errors.len() / 2;
    if errors.len() % 2 == 1 {
        return Ok(errors[middle]);
    }
    Ok((errors[middle - 1] + errors[middle]) / 2.0)
}

/// Mean absolute error relative to the truth, as a fraction (not percent); a truth of 0 counts
/// as the machine epsilon.
///
/// # Errors
/// See the module.
pub fn mape(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> Result<f64, LearnError> {
    let weights = require_numbers(truth, predicted, weights)?;
    let relative = |i: usize| (truth[i] - predicted[i]).abs() / truth[i].abs().max(f64::EPSILON);
    Ok(mean_of(truth.len(), weights, relative))
}

/// Share of the variance that is explained, R². For a constant truth: 1 if every prediction is
/// exact, else 0.
///
/// # Errors
/// See the module; not defined for fewer than two rows.
pub fn r2(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> Result<f64, LearnError> {
    let weights = require_numbers(truth, predicted, weights)?;
    if truth.len() < 2 {
        return Err(LearnError::Undefined { what: "R²", reason: "it needs two rows or more" });
    }
    let mean = mean_of(truth.len(), weights, |i| truth[i]);
    let residual = mean_of(truth.len(), weights, |i| (truth[i] - predicted[i]).powi(2));
    let spread = mean_of(truth.len(), weights, |i| (truth[i] - mean).powi(2));
    Ok(explained_share(residual, spread))
}

/// As R², but a constant shift of the predictions is free.
///
/// # Errors
/// See the module.
pub fn explained_variance(
    truth: &[f64],
    predicted: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, LearnError> {
    let weights = require_numbers(truth, predicted, weights)?;
    let rows = truth.len();
    let bias = mean_of(rows, weights, |i| truth[i] - predicted[i]);
    let residual = mean_of(rows, weights, |i| (truth[i] - predicted[i] - bias).powi(2));
    let mean = mean_of(rows, weights, |i| truth[i]);
    let spread = mean_of(rows, weights, |i| (truth[i] - mean).powi(2));
    Ok(explained_share(residual, spread))
}

fn explained_share(residual: f64, spread: f64) -> f64 {
    if spread > 0.0 {
        1.0 - residual / spread
    } else if residual == 0.0 {
        1.0
    } else {
        0.0
    }
}

/// Mean pinball loss of predictions of the quantile `alpha` in [0, 1].
///
/// # Errors
/// See the module; also for `alpha` out of range.
pub fn pinball(
    truth: &[f64],
    predicted: &[f64],
    alpha: f64,
    weights: Option<&[f64]>,
) -> Result<f64, LearnError> {
    if !(0.0..=1.0).contains(&alpha) {
        return Err(LearnError::Parameter { name: "alpha", reason: "must be between 0 and 1" });
    }
    let weights = require_numbers(truth, predicted, weights)?;
    Ok(mean_of(truth.len(), weights, |i| {
        let error = truth[i] - predicted[i];
        if error >= 0.0 { alpha * error } else { (alpha - 1.0) * error }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let (truth, predicted) = ([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0]);
        assert_eq!(mse(&truth, &predicted, None), Ok(0.375));
        assert_eq!(mae(&truth, &predicted, None), Ok(0.5));
        assert_eq!(median_absolute_error(&truth, &predicted), Ok(0.5));
        assert!((r2(&truth, &predicted, None).unwrap() - 0.948_608_137).abs() < 1e-9);
        assert!(
            (explained_variance(&truth, &predicted, None).unwrap() - 0.957_173_447).abs() < 1e-9
        );
        assert_eq!(pinball(&[1.0, 2.0], &[0.0, 3.0], 0.1, None), Ok(0.5));
        assert_eq!(r2(&[1.0, 1.0], &[1.0, 1.0], None), Ok(1.0));
        assert_eq!(r2(&[1.0, 1.0], &[1.0, 2.0], None), Ok(0.0));
    }
}
