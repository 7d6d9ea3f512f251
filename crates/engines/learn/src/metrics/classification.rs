//! Scores of predicted classes, all derived from the confusion matrix.

use serde::{Deserialize, Serialize};

use crate::LearnError;

use super::require_pairs;

/// Weighted counts of (true class, predicted class).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    classes: usize,
    counts: Vec<f64>,
}

/// How scores of single classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// The score of this class alone.
    Binary {
        /// The positive class.
        positive: u32,
    },
    /// Plain mean over the classes that occur in truth or prediction.
    Macro,
    /// Mean weighted by the true rows of each class.
    Weighted,
}

impl ConfusionMatrix {
    /// Counts `predicted` against `truth`; both hold codes below `classes`.
    ///
    /// # Errors
    /// See the module; also for codes out of range.
    pub fn new(
        truth: &[u32],
        predicted: &[u32],
        classes: usize,
        weights: Option<&[f64]>,
    ) -> Result<Self, LearnError> {
        let weights = require_pairs(truth.len(), predicted.len(), weights)?;
        if let Some(code) = truth.iter().chain(predicted).find(|c| **c as usize >= classes) {
            return Err(LearnError::ClassOutOfRange { code: *code, count: classes });
        }
        let mut counts = vec![0.0; classes * classes];
        for (row, (t, p)) in truth.iter().zip(predicted).enumerate() {
            counts[*t as usize * classes + *p as usize] += weights.get(row);
        }
        Ok(Self { classes, counts })
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Weight of rows of class `truth` that were predicted as `predicted`.
    pub fn count(&self, truth: usize, predicted: usize) -> f64 {
        if truth < self.classes && predicted < self.classes {
            self.counts[truth * self.classes + predicted]
        } else {
            0.0
        }
    }

    /// One row of counts for each true class.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.counts.chunks_exact(self.classes)
    }

    fn total(&self) -> f64 {
        self.counts.iter().sum()
    }

    fn correct(&self) -> f64 {
        (0..self.classes).map(|k| self.count(k, k)).sum()
    }

    fn true_rows(&self, class: usize) -> f64 {
        (0..self.classes).map(|p| self.count(class, p)).sum()
    }

    fn predicted_rows(&self, class: usize) -> f64 {
        (0..self.classes).map(|t| self.count(t, class)).sum()
    }

    /// Share of rows that are right.
    pub fn accuracy(&self) -> f64 {
        self.correct() / self.total()
    }

    /// Mean of the recall of each class that has rows.
    pub fn balanced_accuracy(&self) -> f64 {
        let recalls: Vec<f64> = (0..self.classes)
            .filter(|k| self.true_rows(*k) > 0.0)
            .map(|k| self.count(k, k) / self.true_rows(k))
            .collect();
        recalls.iter().sum::<f64>() / recalls.len() as f64
    }

    /// Share of predictions of a class that are right; 0 where there are none.
    pub fn precision(&self, average: Average) -> f64 {
        self.averaged(average, |k| ratio(self.count(k, k), self.predicted_rows(k)))
    }

    /// Share of rows of a class that are found; 0 where there are none.
    pub fn recall(&self, average: Average) -> f64 {
        self.averaged(average, |k| ratio(self.count(k, k), self.true_rows(k)))
    }

    /// Harmonic mean of precision and recall; 0 where both are.
    pub fn f1(&self, average: Average) -> f64 {
        self.averaged(average, |k| {
            ratio(2.0 * self.count(k, k), self.predicted_rows(k) + self.true_rows(k))
        })
    }

    /// Matthews' correlation coefficient, between −1 and 1; 0 if one side is constant.
    pub fn matthews(&self) -> f64 {
        let (total, correct) = (self.total(), self.correct());
        let classes = || (0..self.classes).map(|k| (self.true_rows(k), self.predicted_rows(k)));
        let both: f64 = classes().map(|(t, p)| t * p).sum();
        let truth: f64 = total * total - classes().map(|(t, _)| t * t).sum::<f64>();
        let predicted: f64 = total * total - classes().map(|(_, p)| p * p).sum::<f64>();
        if truth * predicted <= 0.0 {
            return 0.0;
        }
        (correct * total - both) / (truth * predicted).sqrt()
    }

    fn averaged(&self, average: Average, score: impl Fn(usize) -> f64) -> f64 {
        match average {
            Average::Binary { positive } => score(positive as usize),
            Average::Macro => {
                let met: Vec<usize> = (0..self.classes)
                    .filter(|k| self.true_rows(*k) > 0.0 || self.predicted_rows(*k) > 0.0)
                    .collect();
                met.iter().map(|k| score(*k)).sum::<f64>() / met.len() as f64
            }
            Average::Weighted => {
                (0..self.classes).map(|k| self.true_rows(k) * score(k)).sum::<f64>() / self.total()
            }
        }
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn derive_matrix(
    truth: &[u32],
    predicted: &[u32],
    weights: Option<&[f64]>,
) -> Result<ConfusionMatrix, LearnError> {
    let classes = truth.iter().chain(predicted).max().map_or(0, |c| *c as usize + 1);
    ConfusionMatrix::new(truth, predicted, classes, weights)
}

/// [`ConfusionMatrix::accuracy`] of codes.
///
/// # Errors
/// See the module.
pub fn accuracy(
    truth: &[u32],
    predicted: &[u32],
    weights: Option<&[f64]>,
) -> Result<f64, LearnError> {
    Ok(derive_matrix(truth, predicted, weights)?.accuracy())
}

/// [`ConfusionMatrix::balanced_accuracy`] of codes.
///
/// # Errors
/// See the module.
pub fn balanced_accuracy(
    truth: &[u32],
    predicted: &[u32],
    weights: Option<&[f64]>,
) -> Result<f64, LearnError> {
    Ok(derive_matrix(truth, predicted, weights)?.balanced_accuracy())
}

/// [`ConfusionMatrix::precision`] of codes.
///
/// # Errors
/// See the module.
pub fn precision(
    truth: &[u32],
    predicted: &[u32],
    average: Average,
    weights: Option<&[f64]>,
) -> Result<f64, LearnError> {
    Ok(derive_matrix(truth, predicted, weights)?.precision(average))
}

/// [`ConfusionMatrix::recall`] of codes.
///
/// # Errors
/// See the module.
pub fn recall(
    truth: &[u32],
    predicted: &[u32],
    average: Average,
    weights: Option<&[f64]>,
) -> Result<f64, LearnError> {
    Ok(derive_matrix(truth, predicted, weights)?.recall(average))
}

/// [`ConfusionMatrix::f1`] of codes.
///
/// # Errors
/// See the module.
pub fn f1(
    truth: &[u32],
    predicted: &[u32],
    average: Average,
    weights: Option<&[f64]>,
) -> Result<f64, LearnError> {
    Ok(derive_matrix(truth, predicted, weights)?.f1(average))
}

/// [`ConfusionMatrix::matthews`] of codes.
///
/// # Errors
/// See the module.
pub fn matthews(
    truth: &[u32],
    predicted: &[u32],
    weights: Option<&[f64]>,
) -> Result<f64, LearnError> {
    Ok(derive_matrix(truth, predicted, weights)?.matthews())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let (truth, predicted) = ([0, 0, 1, 1, 1, 2], [0, 1, 1, 1, 0, 1]);
        let m = ConfusionMatrix::new(&truth, &predicted, 4, None).unwrap();
        assert_eq!(m.accuracy(), 0.5);
        assert!((m.balanced_accuracy() - (0.5 + 2.0 / 3.0) / 3.0).abs() < 1e-15);
        assert_eq!(m.precision(Average::Binary { positive: 1 }), 0.5);
        assert!((m.recall(Average::Macro) - (0.5 + 2.0 / 3.0) / 3.0).abs() < 1e-15);
        assert!((m.f1(Average::Binary { positive: 1 }) - 4.0 / 7.0).abs() < 1e-15);
        assert_eq!(matthews(&[0, 1], &[1, 1], None), Ok(0.0));
        assert_eq!(matthews(&[0, 1, 0], &[1, 0, 1], None), Ok(-1.0));
        assert!(accuracy(&[], &[], None).is_err());
        assert!(accuracy(&[1], &[1], Some(&[0.0])).is_err());
    }
}
