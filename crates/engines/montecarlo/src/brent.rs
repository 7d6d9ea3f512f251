//! Where a function of one variable crosses zero, by Brent's method: quick where the function is
//! smooth, and never slower than halving the bracket in every third step.

/// The width to which a bracket is narrowed, as a share of its own.
const NARROW: f64 = 1e-10;

/// Two values with the function's values there, of which one is below zero and one above.
#[derive(Debug, Clone, Copy)]
pub struct Bracket {
    /// One end.
    pub low: (f64, f64),
    /// The other end.
    pub high: (f64, f64),
}

/// The zero in a bracket, after so many evaluations at most.
///
/// # Errors
/// What the function answers.
pub fn find_root<E>(
    bracket: Bracket,
    steps: u32,
    f: &mut dyn FnMut(f64) -> Result<f64, E>,
) -> Result<f64, E> {
    let (mut a, mut b) = (bracket.low, bracket.high);
    let mut c = a;
    let (mut step, mut before) = (b.0 - a.0, b.0 - a.0);
    let mut width = f64::INFINITY;
    for at in 0..steps {
        if c.1.signum() == b.1.signum() {
            c = a;
            step = b.0 - a.0;
            before = step;
        }
        if c.1.abs() < b.1.abs() {
            (a, b, c) = (b, c, b);
        }
        let near = 2.0 * f64::EPSILON * b.0.abs() + NARROW * (bracket.high.0 - bracket.low.0).abs();
        let half = 0.5 * (c.0 - b.0);
        if half.abs() <= near || b.1 == 0.0 {
            break;
        }
        let stalls = at % 3 == 0 && half.abs() > 0.25 * width;
        if at % 3 == 0 {
            width = 2.0 * half.abs();
        }
        let wanted = if !stalls && before.abs() >= near && a.1.abs() > b.1.abs() {
            interpolate((a, b, c), half)
                .filter(|step| 2.0 * step.abs() < (3.0 * half.abs() - near.abs()).min(before.abs()))
        } else {
            None
        };
        before = if wanted.is_some() { step } else { half };
        step = wanted.unwrap_or(half);
        a = b;
        let x = b.0 + if step.abs() > near { step } else { near.copysign(half) };
        b = (x, f(x)?);
    }
    Ok(b.0)
}

/// The step to where a parabola on its side, or a line, crosses zero.
fn interpolate((a, b, c): ((f64, f64), (f64, f64), (f64, f64)), half: f64) -> Option<f64> {
    let s = b.1 / a.1;
    let (p, q) = if a.0 == c.0 {
        (2.0 * half * s, 1.0 - s)
    } else {
        let (q, r) = (a.1 / c.1, b.1 / c.1);
        let p = s * (2.0 * half * q * (q - r) - (b.0 - a.0) * (r - 1.0));
        (p, (q - 1.0) * (r - 1.0) * (s - 1.0))
    };
    let step = if p > 0.0 { -p.abs() / q } else { p.abs() / q };
    (step.is_finite() && step.signum() == half.signum()).then_some(step)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn zeros_are_found_quickly() {
        type Case = (fn(f64) -> f64, f64, f64, f64);
        let functions: [Case; 4] = [
            (|x| x * x - 2.0, 0.0, 2.0, 2.0_f64.sqrt()),
            (|x| 1.0 - x.exp() / 10.0, 9.0, 0.0, 10.0_f64.ln()),
            (|x| if x < 0.3 { -1.0 } else { 1.0 }, 0.0, 1.0, 0.3),
            (|x| (x - 5.0).powi(3), 0.0, 7.0, 5.0),
        ];
        for (f, low, high, want) in functions {
            let mut count = 0;
            let bracket = Bracket { low: (low, f(low)), high: (high, f(high)) };
            let found = find_root::<Infallible>(bracket, 100, &mut |x| {
                count += 1;
                Ok(f(x))
            });
            let Ok(found) = found;
            assert!((found - want).abs() < 1e-4, "{found} is not {want}");
            assert!(count < 100, "{count} evaluations for {want}");
        }
    }
}
