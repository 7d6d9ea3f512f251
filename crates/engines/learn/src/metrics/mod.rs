//! Scores of predictions, defined exactly as scikit-learn 1.8 defines them: ties, weights,
//! classes without rows and division by zero included.
//!
//! Truth is class codes or numbers; weights are optional, one a row. Every function is an error
//! for empty input, differing lengths or values that are not finite.

mod classification;
mod curves;
mod probability;
mod regression;

pub use classification::{
    Average, ConfusionMatrix, accuracy, balanced_accuracy, f1, matthews, precision, recall,
};
pub use curves::{
    PrCurve, RocCurve, average_precision, precision_recall_curve, roc_auc, roc_auc_ovr, roc_curve,
};
pub use probability::{brier, log_loss};
pub use regression::{
    explained_variance, mae, mape, median_absolute_error, mse, pinball, r2, rmse,
};

use crate::LearnError;
use crate::data::Weights;

/// Checks lengths and weights.
fn require_pairs<'a>(
    truth: usize,
    predicted: usize,
    weights: Option<&'a [f64]>,
) -> Result<Weights<'a>, LearnError> {
    if truth == 0 {
        return Err(LearnError::Empty { what: "the list of true values" });
    }
    if truth != predicted {
        let what = "the list of predictions";
        return Err(LearnError::Shape { what, expected: truth, found: predicted });
    }
    Weights::new(weights, truth)
}

fn require_finite(values: &[f64], what: &'static str) -> Result<(), LearnError> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(LearnError::NotFinite { what, index }),
        None => Ok(()),
    }
}
