//! What is done with the mean of the members: probabilities are calibrated, and classes weighed
//! before the most probable one is chosen.
//!
//! Invariants: calibrated probabilities of a row sum to 1; an empty list of weights means that the
//! most probable class is the answer.

use gantry_learn::Matrix;
use gantry_learn::calibration::{Calibration, Way, fit_calibration};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Predictions;
use crate::error::AutomlError;

/// How probabilities are calibrated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CalibrationChoice {
    /// Whichever way lowers the log loss of held-out rows, or none.
    #[default]
    Auto,
    /// Not at all.
    None,
    /// By a sigmoid.
    Platt,
    /// By rising steps.
    Isotonic,
}

/// What is done with the members' mean.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Finish {
    pub(crate) calibration: Option<Calibration>,
    /// One weight a class; empty means that all are equal.
    pub(crate) decision: Vec<f64>,
}

impl Finish {
    /// Calibrates probabilities; numbers stay as they are.
    pub(crate) fn apply(&self, predictions: Predictions) -> Result<Predictions, AutomlError> {
        match (&self.calibration, predictions) {
            (Some(calibration), Predictions::Probabilities(p)) => {
                Ok(Predictions::Probabilities(calibration.apply(&p)?))
            }
            (_, predictions) => Ok(predictions),
        }
    }

    /// The class of each row; none for numbers.
    pub(crate) fn decide(&self, predictions: &Predictions) -> Option<Vec<u32>> {
        let Predictions::Probabilities(probability) = predictions else { return None };
        if self.decision.is_empty() {
            return predictions.derive_classes();
        }
        let mut best = vec![(f64::NEG_INFINITY, 0_u32); probability.rows()];
        for ((code, column), weight) in (0_u32..).zip(probability.columns()).zip(&self.decision) {
            for (slot, p) in best.iter_mut().zip(column.values()) {
                if p * weight > slot.0 {
                    *slot = (p * weight, code);
                }
            }
        }
        Some(best.into_iter().map(|(_, code)| code).collect())
    }
}

/// The calibration that was chosen for held-out rows; each of `folds` lists some of them. None where
/// nothing helps, or rows are few.
pub(crate) fn choose_calibration(
    choice: CalibrationChoice,
    codes: &[u32],
    probability: &Matrix,
    folds: &[Vec<usize>],
) -> Result<Option<Calibration>, AutomlError> {
    let way = match choice {
        CalibrationChoice::None => return Ok(None),
        CalibrationChoice::Auto => None,
        CalibrationChoice::Platt => Some(Way::Sigmoid),
        CalibrationChoice::Isotonic => Some(Way::Steps),
    };
    Ok(fit_calibration(way, codes, probability, folds)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_move_the_choice() {
        let columns = vec![vec![0.7, 0.9], vec![0.3, 0.1]];
        let predictions = Predictions::of_columns(columns, true).unwrap();
        assert_eq!(Finish::default().decide(&predictions), Some(vec![0, 0]));
        let finish = Finish { calibration: None, decision: vec![0.2, 0.8] };
        assert_eq!(finish.decide(&predictions), Some(vec![1, 0]));
    }
}
