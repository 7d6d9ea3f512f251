//! Sequential minimal optimisation: moves the two variables whose joint step promises most until
//! none violates the conditions of the optimum by more than the tolerance.
//!
//! A variable is the signed weight `b` of a row in the decision: it minimises
//! `½ bᵀKb − Σ targetᵢ bᵢ + epsilon · Σ |bᵢ|` with `Σ b = 0` and `b` within its bounds. Numbers
//! need two variables a row, one for each sign, as `|b|` has a kink.
//!
//! Variables that rest at a bound with a slope that keeps them there are left out for a while;
//! before the fit ends, all slopes are computed again, so that this costs no accuracy.

use crate::LearnError;

use super::kernel::{KernelRow, KernelRows};
use super::machine::{Effort, Machine, Problem};

/// Curvature below which a pair counts as flat.
const FLAT: f64 = 1e-12;
/// Steps between two looks at the caller's wishes.
const CHECK_EVERY: u64 = 256;
/// Steps between two looks for variables to leave out.
const SHRINK_EVERY: u64 = 1_000;
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
    /// Derivatives where every variable is 0.
    start: Vec<f64>,
    /// Row and kernel value with itself, by variable.
    rows: Vec<u32>,
    diagonal: Vec<f64>,
    /// Variables that take part, rising; slopes of the others are out of date.
    active: Vec<usize>,
}

/// The most violating pair.
struct Pair<'a> {
    up: usize,
    down: usize,
    up_values: KernelRow<'a>,
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
        if step % SHRINK_EVERY == 0 && step > 0 {
            state.shrink();
        }
        let pair = match state.find_pair(effort.tolerance) {
            None if state.is_shrunk() => {
                state.restore();
                state.find_pair(effort.tolerance)
            }
            found => found,
        };
        let Some(pair) = pair else { break };
        state.advance(&pair);
        effort.used += 3 * state.active.len() as u64;
    }
    state.restore();
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
        let row_of = |v: usize| problem.rows[v % rows];
        let variables = slopes.len();
        Self {
            problem,
            kernel,
            b: vec![0.0; variables],
            start: slopes.clone(),
            slopes,
            lower,
            upper,
            rows: (0..variables).map(row_of).collect(),
            diagonal: (0..variables).map(|v| kernel.diagonal(row_of(v))).collect(),
            active: (0..variables).collect(),
        }
    }

    fn may_rise(&self, v: usize) -> bool {
        self.b[v] < self.upper[v]
    }

    fn may_fall(&self, v: usize) -> bool {
        self.b[v] > self.lower[v]
    }

    fn is_shrunk(&self) -> bool {
        self.active.len() < self.b.len()
    }

    /// Leaves out variables at a bound that no pair would move.
    fn shrink(&mut self) {
        let (mut most, mut least) = (f64::NEG_INFINITY, f64::INFINITY);
        for v in &self.active {
            if self.may_rise(*v) {
                most = most.max(-self.slopes[*v]);
            }
            if self.may_fall(*v) {
                least = least.min(-self.slopes[*v]);
            }
        }
        let active = std::mem::take(&mut self.active);
        let moves = |v: &usize| {
            let pull = -self.slopes[*v];
            (self.may_rise(*v) || pull <= most) && (self.may_fall(*v) || pull >= least)
        };
        self.active = active.into_iter().filter(moves).collect();
    }

    /// Lets all variables take part again.
    fn restore(&mut self) {
        if !self.is_shrunk() {
            return;
        }
        let mut sums = vec![0.0; self.problem.rows.len()];
        for (v, b) in self.b.iter().enumerate().filter(|(_, b)| **b != 0.0) {
            let values = self.kernel.row(self.rows[v]);
            for (sum, row) in sums.iter_mut().zip(&self.problem.rows) {
                *sum += b * f64::from(values[*row as usize]);
            }
        }
        for (v, slope) in self.slopes.iter_mut().enumerate() {
            *slope = self.start[v] + sums[v % sums.len()];
        }
        self.active = (0..self.b.len()).collect();
    }

    /// The variable whose rise helps most, with the one whose fall, together with it, promises
    /// the largest step; none at the optimum.
    fn find_pair(&self, tolerance: f64) -> Option<Pair<'a>> {
        let mut steepest = (f64::NEG_INFINITY, 0);
        for v in &self.active {
            if self.may_rise(*v) && -self.slopes[*v] > steepest.0 {
                steepest = (-self.slopes[*v], *v);
            }
        }
        let (rise, up) = steepest;
        let values = self.kernel.row(self.rows[up]);
        let own = self.diagonal[up];
        let mut widest = f64::NEG_INFINITY;
        let mut best: Option<(f64, usize)> = None;
        for v in self.active.iter().copied() {
            let gap = rise + self.slopes[v];
            if !self.may_fall(v) || gap <= 0.0 {
                continue;
            }
            widest = widest.max(gap);
            let value = f64::from(values[self.rows[v] as usize]);
            let curvature = (own + self.diagonal[v] - 2.0 * value).max(FLAT);
            let gain = gap * gap / curvature;
            if best.is_none_or(|(most, _)| gain > most) {
                best = Some((gain, v));
            }
        }
        let (_, down) = best?;
        (widest >= tolerance).then_some(Pair { up, down, up_values: values })
    }

    fn advance(&mut self, pair: &Pair<'_>) {
        let Pair { up, down, ref up_values } = *pair;
        let down_values = self.kernel.row(self.rows[down]);
        let between = f64::from(up_values[self.rows[down] as usize]);
        let curvature = self.diagonal[up] + self.diagonal[down] - 2.0 * between;
        let (room_up, room_down) = (self.upper[up] - self.b[up], self.b[down] - self.lower[down]);
        let free = (self.slopes[down] - self.slopes[up]) / curvature.max(FLAT);
        let step = free.min(room_up).min(room_down);
        self.b[up] = if step == room_up { self.upper[up] } else { self.b[up] + step };
        self.b[down] = if step == room_down { self.lower[down] } else { self.b[down] - step };
        for v in &self.active {
            let at = self.rows[*v] as usize;
            self.slopes[*v] += step * (f64::from(up_values[at]) - f64::from(down_values[at]));
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
