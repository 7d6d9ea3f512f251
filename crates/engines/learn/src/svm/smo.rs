//! Sequential minimal optimisation: moves the two variables whose joint step promises most until
//! none violates the conditions of the optimum by more than the tolerance.
//!
//! A variable is the signed weight `b` of a row in the decision: it minimises
//! `½ bᵀKb − Σ targetᵢ bᵢ + epsilon · Σ |bᵢ|` with `Σ b = 0` and `b` within its bounds. Numbers
//! need two variables a row, one for each sign, as `|b|` has a kink.

use crate::LearnError;

use super::kernel::KernelRows;
use super::machine::{Effort, Machine, Problem};

/// Curvature below which a pair counts as flat.
const FLAT: f64 = 1e-12;
/// Steps between two looks at the caller's wishes.
const CHECK_EVERY: u64 = 256;
/// Steps after which the fit ends as it is.
const MAX_STEPS: u64 = 10_000_000;

/// One signed variable a row, or two.
struct State<'a> {
    problem: &'a Problem,
    kernel: &'a KernelRows<'a>,
    b: Vec<f64>,
    /// Derivative of the objective by each variable.
    slopes: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

/// The most violating pair.
struct Pair {
    up: usize,
    down: usize,
}

/// Fits one machine; its terms name rows of the kernel's table.
pub(super) fn solve(
    problem: &Problem,
    kernel: &KernelRows<'_>,
    mut effort: Effort<'_>,
) -> Result<Machine, LearnError> {
    let mut state = State::new(problem, kernel);
    for step in 0..MAX_STEPS {
        if step % CHECK_EVERY == 0 && step > 0 && effort.is_spent()? {
            break;
        }
        let Some(pair) = state.find_pair(effort.tolerance) else { break };
        state.advance(&pair);
        effort.used += 3 * state.b.len() as u64;
    }
    effort.finish()?;
    Ok(state.into_machine())
}

impl<'a> State<'a> {
    fn new(problem: &'a Problem, kernel: &'a KernelRows<'a>) -> Self {
        let rows = problem.rows.len();
        let (mut slopes, mut lower, mut upper) = (Vec::new(), Vec::new(), Vec::new());
        let signs: &[f64] = if problem.is_one_sided() { &[0.0] } else { &[1.0, -1.0] };
        for sign in signs {
            for place in 0..rows {
                let (low, high) = problem.bounds[place];
                slopes.push(sign * problem.epsilon - problem.targets[place]);
                lower.push(if *sign > 0.0 { 0.0 } else { low });
                upper.push(if *sign < 0.0 { 0.0 } else { high });
            }
        }
        Self { problem, kernel, b: vec![0.0; slopes.len()], slopes, lower, upper }
    }

    fn row(&self, variable: usize) -> u32 {
        self.problem.rows[variable % self.problem.rows.len()]
    }

    /// The variable whose rise helps most, with the one whose fall, together with it, promises
    /// the largest step; none at the optimum.
    fn find_pair(&self, tolerance: f64) -> Option<Pair> {
        let mut steepest = (f64::NEG_INFINITY, 0);
        for (v, slope) in self.slopes.iter().enumerate() {
            if self.b[v] < self.upper[v] && -slope > steepest.0 {
                steepest = (-slope, v);
            }
        }
        let (rise, up) = steepest;
        let up_row = self.row(up);
        let values = self.kernel.row(up_row);
        let own = self.kernel.diagonal(up_row);
        let mut widest = f64::NEG_INFINITY;
        let mut best: Option<(f64, usize)> = None;
        let rows = &self.problem.rows;
        for start in (0..self.b.len()).step_by(rows.len()) {
            for (place, row) in rows.iter().enumerate() {
                let v = start + place;
                let gap = rise + self.slopes[v];
                if self.b[v] <= self.lower[v] || gap <= 0.0 {
                    continue;
                }
                widest = widest.max(gap);
                let value = f64::from(values[*row as usize]);
                let curvature = (own + self.kernel.diagonal(*row) - 2.0 * value).max(FLAT);
                let gain = gap * gap / curvature;
                if best.is_none_or(|(most, _)| gain > most) {
                    best = Some((gain, v));
                }
            }
        }
        let (_, down) = best?;
        (widest >= tolerance).then_some(Pair { up, down })
    }

    fn advance(&mut self, &Pair { up, down }: &Pair) {
        let (up_row, down_row) = (self.row(up), self.row(down));
        let (up_values, down_values) = (self.kernel.row(up_row), self.kernel.row(down_row));
        let curvature = self.kernel.diagonal(up_row) + self.kernel.diagonal(down_row)
            - 2.0 * f64::from(up_values[down_row as usize]);
        let (room_up, room_down) = (self.upper[up] - self.b[up], self.b[down] - self.lower[down]);
        let free = (self.slopes[down] - self.slopes[up]) / curvature.max(FLAT);
        let step = free.min(room_up).min(room_down);
        self.b[up] = if step == room_up { self.upper[up] } else { self.b[up] + step };
        self.b[down] = if step == room_down { self.lower[down] } else { self.b[down] - step };
        let rows = &self.problem.rows;
        for slopes in self.slopes.chunks_mut(rows.len()) {
            for (slope, row) in slopes.iter_mut().zip(rows) {
                let at = *row as usize;
                *slope += step * (f64::from(up_values[at]) - f64::from(down_values[at]));
            }
        }
    }

    /// The bias is what makes the slopes of the free variables 0 on average.
    fn bias(&self) -> f64 {
        let (mut sum, mut count) = (0.0, 0.0);
        let (mut least, mut most) = (f64::NEG_INFINITY, f64::INFINITY);
        for (v, slope) in self.slopes.iter().enumerate() {
            let (may_rise, may_fall) = (self.b[v] < self.upper[v], self.b[v] > self.lower[v]);
            if may_rise && may_fall {
                (sum, count) = (sum + slope, count + 1.0);
            } else if may_rise {
                most = most.min(*slope);
            } else if may_fall {
                least = least.max(*slope);
            }
        }
        if count > 0.0 { -sum / count } else { -(least + most) / 2.0 }
    }

    fn into_machine(self) -> Machine {
        let bias = self.bias();
        let rows = &self.problem.rows;
        let weight = |place: usize| self.b.iter().skip(place).step_by(rows.len()).sum::<f64>();
        let terms = rows
            .iter()
            .enumerate()
            .map(|(place, row)| (*row, weight(place)))
            .filter(|(_, weight)| *weight != 0.0)
            .collect();
        Machine { terms, bias }
    }
}
