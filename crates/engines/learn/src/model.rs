//! What every fitted model offers, whichever learner made it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{LearnError, Matrix};

/// A fitted model that tells classes apart.
pub trait Classifier: Send + Sync {
    /// Number of classes.
    fn classes(&self) -> usize;

    /// Number of columns that the model was fitted on.
    fn features(&self) -> usize;

    /// Probabilities, rows × classes; each row sums to 1.
    ///
    /// # Errors
    /// If the columns differ in number from those of the fit, or hold values that the learner
    /// does not accept.
    fn predict_proba(&self, x: &Matrix) -> Result<Matrix, LearnError>;
}

/// A fitted model that predicts a number.
pub trait Regressor: Send + Sync {
    /// Number of columns that the model was fitted on.
    fn features(&self) -> usize;

    /// One number a row.
    ///
    /// # Errors
    /// As [`Classifier::predict_proba`].
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, LearnError>;
}

/// The most probable class of each row; the lower code wins a tie.
pub fn derive_labels(probability: &Matrix) -> Vec<u32> {
    let mut best = vec![(f64::NEG_INFINITY, 0_u32); probability.rows()];
    for (code, column) in (0_u32..).zip(probability.columns()) {
        for (slot, p) in best.iter_mut().zip(column.values()) {
            if *p > slot.0 {
                *slot = (*p, code);
            }
        }
    }
    best.into_iter().map(|(_, code)| code).collect()
}

pub(crate) fn require_columns(x: &Matrix, expected: usize) -> Result<(), LearnError> {
    if x.width() == expected {
        return Ok(());
    }
    Err(LearnError::Shape { what: "the table's list of columns", expected, found: x.width() })
}

/// Written with every model as the number `N`; reading another number is an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FormatVersion<const N: u32>;

impl<const N: u32> Serialize for FormatVersion<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(N)
    }
}

impl<'de, const N: u32> Deserialize<'de> for FormatVersion<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = u32::deserialize(deserializer)?;
        if found == N {
            return Ok(Self);
        }
        Err(de::Error::custom(format!(
            "this model has format {found}, but this version of Gantry reads format {N}"
        )))
    }
}
