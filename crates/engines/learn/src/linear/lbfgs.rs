//! Limited-memory BFGS (Nocedal and Wright, "Numerical Optimization", algorithm 7.4) with a
//! diagonal scaling and backtracking, for problems whose Hessian is too large.

use std::collections::VecDeque;

use crate::numeric::reduce::{add_scaled, dot};
use crate::{Control, LearnError};

use super::logistic::Solution;
use super::objective::{Objective, Slope};

const HISTORY: usize = 12;

struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    inverse: f64,
}

pub(super) fn minimise(
    objective: &Objective<'_>,
    max_iterations: u32,
    control: &Control<'_>,
) -> Result<Solution, LearnError> {
    let scale: Vec<f64> = objective.curvature_bound().iter().map(|c| 1.0 / c).collect();
    let total = objective.weights.total(objective.x.rows());
    let mut parameters = vec![0.0; objective.size()];
    let mut here = objective.slope(&parameters);
    let mut history: VecDeque<Pair> = VecDeque::with_capacity(HISTORY);
    for iteration in 0..max_iterations {
        control.check()?;
        if iteration > 0 && control.must_wrap_up() {
            return Ok(Solution { parameters, iterations: iteration, converged: false });
        }
        control.count((2 * objective.x.rows() * objective.size()) as u64);
        let direction = descent_direction(&here.gradient, &history, &scale);
        let slope = dot(&direction, &here.gradient);
        if -slope <= 1e-11 * total.max(1e-9) {
            return Ok(Solution { parameters, iterations: iteration, converged: true });
        }
        let Some((length, there)) = line_search(objective, &parameters, &here, &direction) else {
            let converged = history.is_empty();
            if converged {
                return Ok(Solution { parameters, iterations: iteration, converged });
            }
            history.clear();
            continue;
        };
        let step: Vec<f64> = direction.iter().map(|d| length * d).collect();
        add_scaled(&mut parameters, 1.0, &step);
        let change: Vec<f64> =
            there.gradient.iter().zip(&here.gradient).map(|(a, b)| a - b).collect();
        here = there;
        let curvature = dot(&step, &change);
        if curvature > 1e-14 * dot(&change, &change) {
            if history.len() == HISTORY {
                history.pop_front();
            }
            history.push_back(Pair { step, change, inverse: 1.0 / curvature });
        }
    }
    Ok(Solution { parameters, iterations: max_iterations, converged: false })
}

fn descent_direction(gradient: &[f64], history: &VecDeque<Pair>, scale: &[f64]) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut shares = Vec::with_capacity(history.len());
    for pair in history.iter().rev() {
        let share = pair.inverse * dot(&pair.step, &direction);
        add_scaled(&mut direction, -share, &pair.change);
        shares.push(share);
    }
    for (d, s) in direction.iter_mut().zip(scale) {
        *d *= s;
    }
    for (pair, share) in history.iter().zip(shares.into_iter().rev()) {
        let back = pair.inverse * dot(&pair.change, &direction);
        add_scaled(&mut direction, share - back, &pair.step);
    }
    direction
}

fn line_search(
    objective: &Objective<'_>,
    parameters: &[f64],
    here: &Slope,
    direction: &[f64],
) -> Option<(f64, Slope)> {
    let slope = dot(direction, &here.gradient);
    let mut length = 1.0;
    while length > 1e-10 {
        let trial: Vec<f64> =
            parameters.iter().zip(direction).map(|(p, d)| p + length * d).collect();
        let there = objective.slope(&trial);
        if there.loss <= here.loss + 1e-4 * length * slope {
            return Some((length, there));
        }
        // Minimum of the parabola through both losses and the slope, kept within bounds.
        let parabola = -slope * length / (2.0 * ((there.loss - here.loss) / length - slope));
        length = if parabola.is_finite() {
            parabola.clamp(0.1 * length, 0.5 * length)
        } else {
            0.1 * length
        };
    }
    None
}
