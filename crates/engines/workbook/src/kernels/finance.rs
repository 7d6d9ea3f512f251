//! Present values and rates of return of numbers that lie in rows: one step of each is a few
//! operations in a fixed order, so that columns of them can be computed side by side with the same
//! bits.
//!
//! Invariant: powers of a rate are products, period after period, never calls of `pow`.

use super::fail;
use crate::value::ErrorKind;

/// NPV: flows at the ends of periods, the last one first; a rate of -1 is `#DIV/0!`.
#[must_use]
pub fn net_present(rate: f64, flows: &[f64]) -> f64 {
    if rate == -1.0 {
        return fail(ErrorKind::Div0);
    }
    let discount = 1.0 / (1.0 + rate);
    flows.iter().rev().fold(0.0, |later, flow| (later + flow) * discount)
}

/// The value of flows, and its slope and half its curvature by the discount `1 / (1 + rate)`.
#[must_use]
pub fn value_and_slopes(discount: f64, flows: &[f64]) -> (f64, f64, f64) {
    let (mut value, mut slope, mut bend) = (0.0, 0.0, 0.0);
    for flow in flows.iter().rev() {
        bend = bend * discount + slope;
        slope = slope * discount + value;
        value = value * discount + flow;
    }
    (value, slope, bend)
}

/// One step of Halley's method towards the rate at which flows are worth nothing, from a rate and its
/// discount.
#[inline(always)]
#[must_use]
pub fn halley_step((rate, discount): (f64, f64), (value, slope, bend): (f64, f64, f64)) -> f64 {
    let inner = discount * (slope * slope - value * bend) - value * slope;
    rate + value * slope / (discount * inner)
}

/// Whether Halley's method has arrived: the next error is about the cube of this step.
#[must_use]
pub fn has_arrived(rate: f64, next: f64) -> bool {
    (next - rate).abs() < 1e-5 * next.abs().max(1e-2)
}

/// The most steps of Halley's method: as many as Excel says that it tries.
pub const STEPS: usize = 20;

/// The rate of return that Halley's method finds from a start.
#[must_use]
pub fn find_rate(flows: &[f64], start: f64) -> Option<f64> {
    let mut rate = start;
    for _ in 0..STEPS {
        let discount = 1.0 / (1.0 + rate);
        let next = halley_step((rate, discount), value_and_slopes(discount, flows));
        if !next.is_finite() || next <= -1.0 {
            return None;
        }
        if has_arrived(rate, next) {
            return Some(next);
        }
        rate = next;
    }
    None
}

/// IRR: the rate at which flows at the ends of periods are worth nothing.
#[must_use]
pub fn internal_rate(flows: &[f64], guess: f64) -> f64 {
    if guess <= -1.0 {
        return fail(ErrorKind::Value);
    }
    if !has_both_signs(flows) {
        return fail(ErrorKind::Num);
    }
    if let Some(rate) = find_rate(flows, guess) {
        return rate;
    }
    let value = |rate: f64| value_and_slopes(1.0 / (1.0 + rate), flows).0;
    // Where the value changes its sign, nearest to the guess.
    let values = grid_values(flows);
    let crossing = |i: &usize| values[*i] * values[*i + 1] <= 0.0;
    let distance = |i: &usize| (GRID[*i] - guess).abs();
    let nearest =
        (0..GRID.len() - 1).filter(crossing).min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.map_or_else(
        || fail(ErrorKind::Num),
        |i| {
            let near = between(value, (GRID[i], GRID[i + 1]), NEAR);
            let is_inside = |r: &f64| (GRID[i]..=GRID[i + 1]).contains(r);
            find_rate(flows, near)
                .filter(is_inside)
                .unwrap_or_else(|| between(value, (GRID[i], GRID[i + 1]), EXACT))
        },
    )
}

/// Halvings after which Halley's method mostly arrives.
pub const NEAR: usize = 4;
/// Halvings that no rate needs more of.
const EXACT: usize = 100;

/// The values of flows at the rates of the grid, side by side.
fn grid_values(flows: &[f64]) -> [f64; GRID.len()] {
    let discounts = GRID.map(|rate| 1.0 / (1.0 + rate));
    let mut values = [0.0; GRID.len()];
    for flow in flows.iter().rev() {
        for (value, discount) in values.iter_mut().zip(&discounts) {
            *value = *value * discount + flow;
        }
    }
    values
}

/// Rates between which the value of flows is looked at when Halley's method does not arrive.
pub const GRID: [f64; 20] = [
    -0.999, -0.99, -0.95, -0.9, -0.8, -0.7, -0.6, -0.5, -0.35, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4, 0.7,
    1.0, 2.0, 10.0, 100.0,
];

/// The place between two where a function changes its sign, after so many halvings.
fn between(f: impl Fn(f64) -> f64, (low, high): (f64, f64), halvings: usize) -> f64 {
    let (mut low, mut high) = (low, high);
    let falls = f(low) > f(high);
    for _ in 0..halvings {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if (f(middle) > 0.0) == falls {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Where a search for a rate of return begins: at the guess, then elsewhere.
const STARTS: [Option<f64>; 8] =
    [None, Some(0.1), Some(0.01), Some(0.5), Some(-0.3), Some(-0.7), Some(-0.9), Some(2.0)];

fn has_both_signs(flows: &[f64]) -> bool {
    flows.iter().any(|f| *f > 0.0) && flows.iter().any(|f| *f < 0.0)
}

/// A root near a start by the secant method, which needs no derivative.
#[must_use]
pub fn find_root(f: impl Fn(f64) -> f64, start: f64) -> Option<f64> {
    let (mut a, mut b) = (start, start * 1.01 + 1e-4);
    let (mut fa, mut fb) = (f(a), f(b));
    for _ in 0..200 {
        if !fb.is_finite() || !fa.is_finite() {
            return None;
        }
        if fb == 0.0 {
            return Some(b);
        }
        if fb == fa {
            return ((b - a).abs() < 1e-12).then_some(b);
        }
        let next = b - fb * (b - a) / (fb - fa);
        if !next.is_finite() || next <= -1.0 {
            return None;
        }
        (a, fa) = (b, fb);
        b = next;
        fb = f(b);
        if (b - a).abs() <= 1e-15 * b.abs().max(1e-3) {
            return Some(b);
        }
    }
    ((b - a).abs() < 1e-9 * b.abs().max(1.0)).then_some(b)
}

/// The rate at which flows at their times are worth nothing.
///
/// # Errors
/// `#NUM!` when the flows have one sign, or no rate is found.
pub fn return_rate(flows: &[f64], times: &[f64], guess: f64) -> Result<f64, ErrorKind> {
    if !has_both_signs(flows) {
        return Err(ErrorKind::Num);
    }
    let value =
        |r: f64| -> f64 { flows.iter().zip(times).map(|(f, t)| f / (1.0 + r).powf(*t)).sum() };
    for start in STARTS.map(|s| s.unwrap_or(guess)) {
        if let Some(r) = newton(flows, times, start).or_else(|| find_root(value, start)) {
            return Ok(r);
        }
    }
    Err(ErrorKind::Num)
}

fn newton(flows: &[f64], times: &[f64], start: f64) -> Option<f64> {
    let mut r = start;
    for _ in 0..100 {
        let (mut value, mut slope) = (0.0, 0.0);
        for (f, t) in flows.iter().zip(times) {
            let term = f / (1.0 + r).powf(*t);
            value += term;
            slope -= t * term / (1.0 + r);
        }
        let next = r - value / slope;
        if !next.is_finite() || next <= -1.0 {
            return None;
        }
        if (next - r).abs() < 1e-14 * next.abs().max(1e-2) {
            return Some(next);
        }
        r = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let flows = [-70_000.0, 12_000.0, 15_000.0, 18_000.0, 21_000.0, 26_000.0];
        let rate = find_rate(&flows, 0.1).unwrap();
        assert!((rate - 0.086_630_948_036_531_6).abs() < 1e-14);
        let value = net_present(0.1, &[-10_000.0, 3_000.0, 4_200.0, 6_800.0]);
        assert!((value - 1_188.443_412_335_21).abs() < 1e-9);
        assert_eq!(net_present(-1.0, &flows).to_bits(), fail(ErrorKind::Div0).to_bits());
    }
}
