//! Dual coordinate descent for linear machines: moves one row's weight at a time to its optimum,
//! in random order, keeping the sum of weighted rows. The bias is one more column of ones, so it
//! is drawn to 0 a little, as in LIBLINEAR.

use crate::numeric::reduce::dot;
use crate::{LearnError, Rng};

use super::machine::{Effort, Machine, Problem};

/// Passes over the rows after which the fit ends as it is.
const MAX_PASSES: u32 = 200;
/// Rows between two looks at the cancellation check.
const CHECK_EVERY: usize = 4_096;

/// Rows of coordinates, row-major.
pub(super) struct RowMajor {
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
}

impl RowMajor {
    pub(super) fn row(&self, row: u32) -> &[f32] {
        &self.values[row as usize * self.width..][..self.width]
    }

    fn copy_row(&self, row: u32, out: &mut [f64]) {
        out.iter_mut().zip(self.row(row)).for_each(|(slot, v)| *slot = f64::from(*v));
    }
}

/// Fits one machine; its terms name coordinates.
pub(super) fn solve(
    problem: &Problem,
    table: &RowMajor,
    mut effort: Effort<'_>,
) -> Result<Machine, LearnError> {
    let mut descent = Descent {
        problem,
        table,
        // The last coordinate is the bias.
        weights: vec![0.0; table.width + 1],
        b: vec![0.0; problem.rows.len()],
        point: vec![0.0; table.width],
    };
    let limit = effort.tolerance * spread(&problem.targets);
    let mut order: Vec<usize> = (0..problem.rows.len()).collect();
    let mut rng = Rng::new(effort.seed);
    for pass in 0..MAX_PASSES {
        if pass > 0 && effort.is_spent()? {
            break;
        }
        rng.shuffle(&mut order);
        let mut largest = 0.0_f64;
        for places in order.chunks(CHECK_EVERY) {
            effort.control.check()?;
            for place in places {
                largest = largest.max(descent.advance(*place));
            }
        }
        effort.used += (problem.rows.len() * table.width) as u64;
        if largest < limit {
            break;
        }
    }
    effort.finish()?;
    let bias = descent.weights.pop().unwrap_or(0.0);
    Ok(Machine { terms: (0..).zip(descent.weights).collect(), bias })
}

/// Unit in which violations are measured: the targets' standard deviation, 1 if they are equal.
fn spread(targets: &[f64]) -> f64 {
    let count = targets.len() as f64;
    let mean = targets.iter().sum::<f64>() / count;
    let deviation = (targets.iter().map(|t| (t - mean) * (t - mean)).sum::<f64>() / count).sqrt();
    if deviation > 0.0 { deviation } else { 1.0 }
}

struct Descent<'a> {
    problem: &'a Problem,
    table: &'a RowMajor,
    weights: Vec<f64>,
    b: Vec<f64>,
    point: Vec<f64>,
}

impl Descent<'_> {
    /// Moves one weight to its optimum; returns by how much its row's decision moved.
    fn advance(&mut self, place: usize) -> f64 {
        let width = self.table.width;
        self.table.copy_row(self.problem.rows[place], &mut self.point);
        let square = dot(&self.point, &self.point) + 1.0;
        let decision = dot(&self.weights[..width], &self.point) + self.weights[width];
        let pull = self.b[place] * square - (decision - self.problem.targets[place]);
        let beyond = (pull.abs() - self.problem.epsilon).max(0.0).copysign(pull);
        let (low, high) = self.problem.bounds[place];
        let wanted = (beyond / square).clamp(low, high);
        let step = wanted - self.b[place];
        if step != 0.0 {
            self.b[place] = wanted;
            let weights = self.weights[..width].iter_mut().zip(&self.point);
            weights.for_each(|(weight, v)| *weight += step * v);
            self.weights[width] += step;
        }
        step.abs() * square
    }
}
