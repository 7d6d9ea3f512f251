//! Proximal Newton for logistic regression with an L1 penalty: each step minimises the second
//! order model plus the penalty by coordinate descent (Lee, Sun and Saunders, 2014).

use crate::{Control, LearnError};

use super::logistic::Solution;
use super::objective::Objective;

/// Passes of coordinate descent in a step.
const MAX_PASSES: usize = 500;

pub(super) fn minimise(
    objective: &Objective<'_>,
    l1: f64,
    max_iterations: u32,
    control: &Control<'_>,
) -> Result<Solution, LearnError> {
    let (side, size) = (objective.side(), objective.size());
    let penalty = |parameters: &[f64]| {
        let coefficients = parameters.iter().enumerate().filter(|(i, _)| i % side != side - 1);
        l1 * coefficients.map(|(_, p)| p.abs()).sum::<f64>()
    };
    let mut parameters = vec![0.0; size];
    let mut here = objective.slope(&parameters);
    let mut value = here.loss + penalty(&parameters);
    for iteration in 0..max_iterations {
        control.check()?;
        if iteration > 0 && control.must_wrap_up() {
            return Ok(Solution { parameters, iterations: iteration, converged: false });
        }
        control.count((objective.x.rows() * side * size) as u64);
        let hessian = objective.hessian(&parameters);
        let target = descend(&hessian, &here.gradient, &parameters, (l1, side));
        let step: Vec<f64> = target.iter().zip(&parameters).map(|(t, p)| t - p).collect();
        let model_change = step.iter().zip(&here.gradient).map(|(s, g)| s * g).sum::<f64>()
            + penalty(&target)
            - penalty(&parameters);
        if -model_change <= 1e-12 * value.abs().max(1e-9) {
            return Ok(Solution { parameters, iterations: iteration, converged: true });
        }
        let mut length = 1.0;
        loop {
            let trial: Vec<f64> =
                parameters.iter().zip(&step).map(|(p, s)| p + length * s).collect();
            let there = objective.slope(&trial);
            let trial_value = there.loss + penalty(&trial);
            if trial_value <= value + 1e-4 * length * model_change {
                (parameters, here, value) = (trial, there, trial_value);
                break;
            }
            length *= 0.5;
            if length < 1e-8 {
                // Rounding is larger than any further decrease.
                return Ok(Solution { parameters, iterations: iteration, converged: true });
            }
        }
    }
    Ok(Solution { parameters, iterations: max_iterations, converged: false })
}

/// Minimum of the second order model around `start` plus the penalty.
fn descend(hessian: &[f64], gradient: &[f64], start: &[f64], (l1, side): (f64, usize)) -> Vec<f64> {
    let size = start.len();
    let mut at = start.to_vec();
    // Gradient of the model at `at`.
    let mut slope = gradient.to_vec();
    for _ in 0..MAX_PASSES {
        let mut largest = 0.0_f64;
        for j in 0..size {
            let row = &hessian[j * size..(j + 1) * size];
            let curvature = row[j];
            if curvature <= 1e-14 {
                continue;
            }
            let pull = curvature * at[j] - slope[j];
            let shrink = if j % side == side - 1 { 0.0 } else { l1 };
            let target = pull.signum() * (pull.abs() - shrink).max(0.0) / curvature;
            let change = target - at[j];
            if change != 0.0 {
                at[j] = target;
                slope.iter_mut().zip(row).for_each(|(s, h)| *s += change * h);
                largest = largest.max(change * change * curvature);
            }
        }
        if largest <= 1e-20 {
            break;
        }
    }
    at
}
