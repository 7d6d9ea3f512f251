//! Functions of numbers, the same for one value (recalculation) and for columns of them
//! (simulation): a kernel takes plain `f64`, and [`map1`] and [`map2`] run it over any number of
//! lanes. Errors travel inside the numbers, as NaN with a payload, so that lanes need no tags.
//!
//! Invariant: a kernel gets finite numbers and returns a finite number or an error from [`fail`];
//! error operands never reach it, the lanes pass them on, the left one first.

use crate::general::same_15;
use crate::value::{ErrorKind, Value};

pub mod bessel;
pub mod beta;
pub mod distributions;
pub mod elementary;
pub mod finance;
pub mod gamma;
pub mod rounding;

/// A quiet NaN with room for the error's number.
const NAN_TAG: u64 = 0x7FF8_4741_0000_0000;

/// An error as a number.
#[inline]
#[must_use]
pub fn fail(error: ErrorKind) -> f64 {
    f64::from_bits(NAN_TAG | u64::from(error.number()))
}

/// The error in a number, if it is one; other NaN and infinities are `#NUM!`.
#[must_use]
pub fn find_error(x: f64) -> Option<ErrorKind> {
    if x.is_finite() {
        return None;
    }
    let bits = x.to_bits();
    let number = if bits & !0xFF == NAN_TAG { (bits & 0xFF) as u8 } else { 0 };
    Some(ErrorKind::from_number(number).unwrap_or(ErrorKind::Num))
}

/// A number of a kernel as a cell's value.
#[must_use]
pub fn to_value(x: f64) -> Value {
    find_error(x).map_or(Value::Number(x), Value::Error)
}

/// A result with infinities and foreign NaN made `#NUM!`.
fn settle(x: f64) -> f64 {
    find_error(x).map_or(x, fail)
}

/// Runs a kernel of one operand over lanes.
pub fn map1<const W: usize>(f: impl Fn(f64) -> f64, a: &[f64; W]) -> [f64; W] {
    let mut out = [0.0; W];
    for i in 0..W {
        out[i] = if a[i].is_nan() { a[i] } else { settle(f(a[i])) };
    }
    out
}

/// Runs a kernel of two operands over lanes.
pub fn map2<const W: usize>(f: impl Fn(f64, f64) -> f64, a: &[f64; W], b: &[f64; W]) -> [f64; W] {
    let mut out = [0.0; W];
    for i in 0..W {
        out[i] = if a[i].is_nan() {
            a[i]
        } else if b[i].is_nan() {
            b[i]
        } else {
            settle(f(a[i], b[i]))
        };
    }
    out
}

/// `a + b`
#[must_use]
pub fn add(a: f64, b: f64) -> f64 {
    a + b
}

/// `a - b`
#[must_use]
pub fn subtract(a: f64, b: f64) -> f64 {
    a - b
}

/// `a * b`
#[must_use]
pub fn multiply(a: f64, b: f64) -> f64 {
    a * b
}

/// `a / b`; `#DIV/0!` for a zero divisor.
#[must_use]
pub fn divide(a: f64, b: f64) -> f64 {
    if b == 0.0 { fail(ErrorKind::Div0) } else { a / b }
}

/// `a ^ b`: 0^0 is `#NUM!`, 0 to a negative power `#DIV/0!`.
#[must_use]
pub fn power(a: f64, b: f64) -> f64 {
    let is_product = b.fract() == 0.0 && b.abs() <= MAX_INTEGER_POWER;
    if a == 0.0 && !(is_product && b > 0.0) {
        return match b.partial_cmp(&0.0) {
            Some(std::cmp::Ordering::Greater) => 0.0,
            Some(std::cmp::Ordering::Equal) => fail(ErrorKind::Num),
            _ => fail(ErrorKind::Div0),
        };
    }
    if a < 0.0 && b.fract() != 0.0 {
        // An odd root of a negative number has a real value, which Excel gives.
        let root = 1.0 / b;
        if (root - root.round()).abs() < 1e-9 && root.round().rem_euclid(2.0) == 1.0 {
            return -elementary::pow(-a, b);
        }
        return fail(ErrorKind::Num);
    }
    if is_product {
        return power_integer(a, b as i32);
    }
    elementary::pow(a, b)
}

/// The largest whole exponent that is computed by multiplication.
pub const MAX_INTEGER_POWER: f64 = 64.0;

/// `a ^ n` of a number that is not 0 by repeated squaring, in a fixed order.
#[must_use]
pub fn power_integer(a: f64, n: i32) -> f64 {
    let (mut square, mut rest, mut result) = (a, n.unsigned_abs(), 1.0);
    while rest > 0 {
        if rest & 1 == 1 {
            result *= square;
        }
        rest >>= 1;
        if rest > 0 {
            square *= square;
        }
    }
    if n < 0 { 1.0 / result } else { result }
}

/// The lesser of two numbers; of equal ones the first.
#[inline]
#[must_use]
pub fn least(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

/// The greater of two numbers; of equal ones the first.
#[inline]
#[must_use]
pub fn greatest(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

/// A result that vanishes against an operand is zero, where a sum is a formula's last step.
#[must_use]
pub fn snap(result: f64, operand: f64) -> f64 {
    if result != 0.0 && result.abs() < operand.abs() * 1e-14 && same_15(operand + result, operand) {
        0.0
    } else {
        result
    }
}

/// `a + b` as a formula's last step: near zero is zero.
#[must_use]
pub fn add_snapped(a: f64, b: f64) -> f64 {
    snap(a + b, a)
}

/// `a - b` as a formula's last step: near zero is zero.
#[must_use]
pub fn subtract_snapped(a: f64, b: f64) -> f64 {
    snap(a - b, a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_travel_in_lanes() {
        let a = [1.0, fail(ErrorKind::Na), 1.0, 4.0];
        let b = [2.0, fail(ErrorKind::Ref), 0.0, fail(ErrorKind::Name)];
        let out = map2(divide, &a, &b).map(to_value);
        let e = |kind| Value::Error(kind);
        let want = [Value::Number(0.5), e(ErrorKind::Na), e(ErrorKind::Div0), e(ErrorKind::Name)];
        assert_eq!(out, want);
        assert_eq!(map1(f64::sqrt, &[-1.0]).map(to_value), [e(ErrorKind::Num)]);
        assert_eq!(map2(multiply, &[1e300], &[1e300]).map(to_value), [e(ErrorKind::Num)]);
    }

    #[test]
    fn width_does_not_change_results() {
        let a: [f64; 64] = std::array::from_fn(|i| i as f64 * 0.7 - 20.0);
        let b: [f64; 64] = std::array::from_fn(|i| (i % 5) as f64 - 2.0);
        let wide = map2(power, &a, &b);
        for i in 0..64 {
            let one = map2(power, &[a[i]], &[b[i]]);
            assert_eq!(one[0].to_bits(), wide[i].to_bits());
        }
    }

    #[test]
    fn differences_near_zero_are_zero() {
        assert_eq!(subtract_snapped(0.5 - 0.4, 0.1), 0.0);
        assert_ne!(subtract(0.5 - 0.4, 0.1), 0.0);
        assert_eq!(subtract_snapped(1.0, 0.999_999_999_9), 1.0 - 0.999_999_999_9);
    }

    #[test]
    fn powers_at_their_edges() {
        assert_eq!(find_error(power(0.0, 0.0)), Some(ErrorKind::Num));
        assert_eq!(find_error(power(0.0, -1.0)), Some(ErrorKind::Div0));
        assert_eq!(power(-8.0, 1.0 / 3.0), -2.0);
        assert_eq!(find_error(power(-8.0, 0.5)), Some(ErrorKind::Num));
    }
}
