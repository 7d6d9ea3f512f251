//! What is to be learnt, checked once before any learner sees it.

use crate::{LearnError, Matrix};

/// The target of a fit.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// Class codes in `0..count`.
    Classes {
        /// One code a row.
        codes: &'a [u32],
        /// Number of classes; classes without a row are allowed, a single one is not.
        count: usize,
    },
    /// Numbers.
    Values(&'a [f64]),
}

impl Target<'_> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes { codes, .. } => codes.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A table with its target and optional weights, of equal length and valid.
#[derive(Debug, Clone, Copy)]
pub struct TrainingSet<'a> {
    x: &'a Matrix,
    target: Target<'a>,
    weights: Option<&'a [f64]>,
}

impl<'a> TrainingSet<'a> {
    /// Pairs a table with its target.
    ///
    /// # Errors
    /// If the sizes differ, a code is out of range, fewer than two classes have rows, or a
    /// target value is missing or infinite.
    pub fn new(x: &'a Matrix, target: Target<'a>) -> Result<Self, LearnError> {
        if target.len() != x.rows() {
            return Err(LearnError::Shape {
                what: "the target",
                expected: x.rows(),
                found: target.len(),
            });
        }
        if x.rows() == 0 {
            return Err(LearnError::Empty { what: "the table" });
        }
        require_target(&target)?;
        Ok(Self { x, target, weights: None })
    }

    /// Adds one weight a row.
    ///
    /// # Errors
    /// If the number differs, a weight is negative or not finite, or all are zero.
    pub fn with_weights(mut self, weights: &'a [f64]) -> Result<Self, LearnError> {
        require_weights(weights, self.x.rows())?;
        self.weights = Some(weights);
        Ok(self)
    }

    /// The table.
    pub fn x(&self) -> &'a Matrix {
        self.x
    }

    /// The target.
    pub fn target(&self) -> Target<'a> {
        self.target
    }

    pub(crate) fn weights(&self) -> Weights<'a> {
        Weights(self.weights)
    }

    pub(crate) fn require_classes(
        &self,
        learner: &'static str,
    ) -> Result<(&'a [u32], usize), LearnError> {
        match self.target {
            Target::Classes { codes, count } => Ok((codes, count)),
            Target::Values(_) => Err(LearnError::WrongTarget { learner, needed: "classes" }),
        }
    }

    pub(crate) fn require_values(&self, learner: &'static str) -> Result<&'a [f64], LearnError> {
        match self.target {
            Target::Values(values) => Ok(values),
            Target::Classes { .. } => Err(LearnError::WrongTarget { learner, needed: "numbers" }),
        }
    }
}

fn require_target(target: &Target<'_>) -> Result<(), LearnError> {
    match *target {
        Target::Classes { codes, count } => {
            if let Some(code) = codes.iter().find(|c| **c as usize >= count) {
                return Err(LearnError::ClassOutOfRange { code: *code, count });
            }
            if codes.iter().all(|c| *c == codes[0]) {
                return Err(LearnError::OneClass);
            }
        }
        Target::Values(values) => {
            if let Some(index) = values.iter().position(|v| !v.is_finite()) {
                return Err(LearnError::NotFinite { what: "target value", index });
            }
        }
    }
    Ok(())
}

pub(crate) fn require_weights(weights: &[f64], rows: usize) -> Result<(), LearnError> {
    if weights.len() != rows {
        return Err(LearnError::Shape {
            what: "the list of weights",
            expected: rows,
            found: weights.len(),
        });
    }
    if let Some(index) = weights.iter().position(|w| !w.is_finite()) {
        return Err(LearnError::NotFinite { what: "weight", index });
    }
    if let Some(index) = weights.iter().position(|w| *w < 0.0) {
        return Err(LearnError::Negative { what: "weight", index });
    }
    if weights.iter().all(|w| *w == 0.0) {
        return Err(LearnError::NoWeight);
    }
    Ok(())
}

/// Weights that are all 1 where none were given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights<'a>(Option<&'a [f64]>);

impl<'a> Weights<'a> {
    /// Checked weights of `rows` rows.
    pub(crate) fn new(weights: Option<&'a [f64]>, rows: usize) -> Result<Self, LearnError> {
        if let Some(weights) = weights {
            require_weights(weights, rows)?;
        }
        Ok(Self(weights))
    }

    pub(crate) fn get(&self, row: usize) -> f64 {
        self.0.map_or(1.0, |w| w[row])
    }

    pub(crate) fn total(&self, rows: usize) -> f64 {
        self.0.map_or(rows as f64, |w| w.iter().sum())
    }
}
