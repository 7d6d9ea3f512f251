//! Zeros of monotone functions of one variable.

/// Where an increasing function crosses zero between `low` and `high`: regula falsi (Illinois)
/// held to bisection, until the bracket has no number inside or the function is exactly zero.
pub(crate) fn find_zero((low, high): (f64, f64), f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (low, high);
    let (mut below, mut above) = (f(low), f(high));
    if below >= 0.0 {
        return low;
    }
    if above <= 0.0 {
        return high;
    }
    let mut side = 0_i8;
    for step in 0..300_u32 {
        let middle = low + 0.5 * (high - low);
        if middle <= low || middle >= high {
            break;
        }
        let secant = high - above * (high - low) / (above - below);
        let inside = secant > low && secant < high && step % 4 != 3;
        let at = if inside { secant } else { middle };
        let value = f(at);
        if value == 0.0 || value.is_nan() || (high - low) <= 4.0 * f64::EPSILON * at.abs() {
            return at;
        }
        if value < 0.0 {
            (low, below) = (at, value);
            above *= if side < 0 { 0.5 } else { 1.0 };
            side = -1;
        } else {
            (high, above) = (at, value);
            below *= if side > 0 { 0.5 } else { 1.0 };
            side = 1;
        }
    }
    low + 0.5 * (high - low)
}
