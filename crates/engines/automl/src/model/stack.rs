//! A second layer: a linear model that reads what the members of an ensemble predict.
//!
//! Invariants: it is fitted to predictions for rows that the members have not seen; probabilities
//! are read as logits within limits, numbers in standard deviations of the target.

use gantry_learn::calibration::derive_logit;
use gantry_learn::linear::{LogisticParams, RidgeParams};
use gantry_learn::{Column, Control, Matrix, TrainingSet};
use serde::{Deserialize, Serialize};

use super::{FittedLearner, Predictions};
use crate::error::AutomlError;
use crate::target::TargetValues;

/// Strength of the penalty: members say nearly the same.
const INVERSE_PENALTY: f64 = 0.1;
const PENALTY: f64 = 10.0;

/// The fitted layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stack {
    learner: FittedLearner,
    /// Taken from every number of a member, and from classes nothing.
    pub(crate) center: f64,
    /// What the rest is divided by.
    pub(crate) scale: f64,
}

impl Stack {
    /// Learns from the members' held-out predictions of rows with this truth.
    pub(crate) fn fit(
        members: &[Predictions],
        truth: &TargetValues,
        control: &Control<'_>,
    ) -> Result<Self, AutomlError> {
        let (center, scale) = derive_spread(truth);
        let x = derive_features(members, (center, scale))?;
        let learner = match truth {
            TargetValues::Classes { .. } => {
                let data = TrainingSet::new(&x, truth.as_learn())?;
                let params = LogisticParams { c: INVERSE_PENALTY, ..LogisticParams::default() };
                FittedLearner::Logistic(params.fit(&data, control)?)
            }
            TargetValues::Numbers(values) => {
                let scaled: Vec<f64> = values.iter().map(|v| (v - center) / scale).collect();
                let scaled = TargetValues::Numbers(scaled);
                let data = TrainingSet::new(&x, scaled.as_learn())?;
                let params = RidgeParams { alpha: PENALTY };
                FittedLearner::Ridge(params.fit(&data, control)?)
            }
        };
        Ok(Self { learner, center, scale })
    }

    /// The layer's predictions from those of the members, in the order of the fit.
    pub(crate) fn apply(&self, members: &[Predictions]) -> Result<Predictions, AutomlError> {
        let x = derive_features(members, (self.center, self.scale))?;
        Ok(match self.learner.predict(&x)? {
            Predictions::Numbers(values) => Predictions::Numbers(
                values.into_iter().map(|value| value * self.scale + self.center).collect(),
            ),
            classes @ Predictions::Probabilities(_) => classes,
        })
    }

    /// The linear model.
    pub(crate) fn learner(&self) -> &FittedLearner {
        &self.learner
    }
}

/// Mean and standard deviation of numbers; nothing is done to classes.
fn derive_spread(truth: &TargetValues) -> (f64, f64) {
    let TargetValues::Numbers(values) = truth else { return (0.0, 1.0) };
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count;
    let deviation = variance.sqrt();
    (mean, if deviation.is_normal() { deviation } else { 1.0 })
}

/// One column a member, or one for each class but the first.
fn derive_features(
    members: &[Predictions],
    (center, scale): (f64, f64),
) -> Result<Matrix, AutomlError> {
    let mut features = Vec::new();
    for member in members {
        match member {
            Predictions::Probabilities(p) => {
                for column in p.columns().iter().skip(1) {
                    let logits = column.values().iter().map(|p| derive_logit(*p));
                    features.push(Column::numeric(logits.collect()));
                }
            }
            Predictions::Numbers(values) => {
                let scaled = values.iter().map(|value| (value - center) / scale);
                features.push(Column::numeric(scaled.collect()));
            }
        }
    }
    Ok(Matrix::new(features)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_learn::Rng;

    #[test]
    fn members_that_err_against_each_other_are_corrected() {
        let mut rng = Rng::new(3);
        let truth: Vec<f64> = (0..500).map(|_| 1e6 + 1e5 * rng.normal()).collect();
        // The second one is good where it is turned around.
        let first = truth.iter().map(|t| t + 8e4 * rng.normal()).collect();
        let second = truth.iter().map(|t| 2e6 - t + 2e4 * rng.normal()).collect();
        let members = [Predictions::Numbers(first), Predictions::Numbers(second)];
        let target = TargetValues::Numbers(truth.clone());
        let stack = Stack::fit(&members, &target, &Control::unlimited()).unwrap();
        let Predictions::Numbers(found) = stack.apply(&members).unwrap() else {
            panic!("numbers were expected")
        };
        let squares: f64 = found.iter().zip(&truth).map(|(f, t)| (f - t) * (f - t)).sum();
        assert!((squares / 500.0).sqrt() < 2.5e4, "{}", (squares / 500.0).sqrt());
        let text = serde_json::to_string(&stack).unwrap();
        assert_eq!(serde_json::from_str::<Stack>(&text).unwrap(), stack);
    }
}
