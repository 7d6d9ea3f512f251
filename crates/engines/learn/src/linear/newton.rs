//! Newton's method with step halving, for problems whose Hessian fits.

use crate::numeric::cholesky::Cholesky;
use crate::{Control, LearnError};

use super::logistic::Solution;
use super::objective::Objective;

pub(super) fn minimise(
    objective: &Objective<'_>,
    max_iterations: u32,
    control: &Control<'_>,
) -> Result<Solution, LearnError> {
    let size = objective.size();
    let mut parameters = vec![0.0; size];
    let mut here = objective.slope(&parameters);
    for iteration in 0..max_iterations {
        control.check()?;
        if iteration > 0 && control.must_wrap_up() {
            return Ok(Solution { parameters, iterations: iteration, converged: false });
        }
        control.count((objective.x.rows() * objective.side() * size) as u64);
        let mut step = here.gradient.clone();
        Cholesky::new(objective.hessian(&parameters), size).solve(&mut step);
        objective.centre(&mut step);
        let decrease: f64 = step.iter().zip(&here.gradient).map(|(s, g)| s * g).sum();
        if decrease <= 1e-13 * here.loss.abs().max(1e-9) {
            return Ok(Solution { parameters, iterations: iteration, converged: true });
        }
        let mut length = 1.0;
        loop {
            let trial: Vec<f64> =
                parameters.iter().zip(&step).map(|(p, s)| p - length * s).collect();
            let there = objective.slope(&trial);
            if there.loss <= here.loss - 1e-4 * length * decrease {
                (parameters, here) = (trial, there);
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
