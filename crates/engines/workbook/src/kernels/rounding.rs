//! Rounding. Decimal digits are those that a user sees: a number is rounded as its 15 digits say,
//! so that 2.675 rounds up although its binary value lies below.

use super::fail;
use crate::value::ErrorKind;

fn scaled(x: f64, digits: f64, round: impl Fn(f64) -> f64) -> f64 {
    let digits = digits.trunc();
    if !(-308.0..=308.0).contains(&digits) {
        return if digits > 0.0 { x } else { 0.0 };
    }
    let d = digits as i32;
    let (up, down) = if d >= 0 { (10f64.powi(d), 1.0) } else { (1.0, 10f64.powi(-d)) };
    let y = x * up / down;
    if !y.is_finite() || y.abs() > 9e15 {
        return x;
    }
    round(y) * down / up
}

/// A scaled number without the rounding noise of its last bits.
fn shown(y: f64) -> f64 {
    let near = y.round();
    if (y - near).abs() < near.abs() * 4e-15 { near } else { y }
}

/// ROUND: half away from zero.
#[must_use]
pub fn round(x: f64, digits: f64) -> f64 {
    scaled(x, digits, |y| {
        let a = y.abs();
        let noise = (a.max(1.0) * 4.5e-16).min(0.05);
        let up = (a + 0.5 + noise).floor();
        up.copysign(y) + 0.0
    })
}

/// ROUNDUP: away from zero.
#[must_use]
pub fn round_up(x: f64, digits: f64) -> f64 {
    scaled(x, digits, |y| shown(y.abs()).ceil().copysign(y) + 0.0)
}

/// ROUNDDOWN and TRUNC: towards zero.
#[must_use]
pub fn round_down(x: f64, digits: f64) -> f64 {
    scaled(x, digits, |y| shown(y.abs()).floor().copysign(y) + 0.0)
}

/// INT: down to a whole number.
#[must_use]
pub fn int(x: f64) -> f64 {
    x.floor()
}

/// MOD: the rest has the divisor's sign.
#[must_use]
pub fn modulo(x: f64, divisor: f64) -> f64 {
    if divisor == 0.0 {
        return fail(ErrorKind::Div0);
    }
    let quotient = x / divisor;
    if quotient.abs() > 1.125_899_9e15 {
        return fail(ErrorKind::Num);
    }
    let rest = x % divisor;
    if rest != 0.0 && (rest < 0.0) != (divisor < 0.0) { rest + divisor } else { rest }
}

/// QUOTIENT: the whole part of a division.
#[must_use]
pub fn quotient(a: f64, b: f64) -> f64 {
    if b == 0.0 { fail(ErrorKind::Div0) } else { (a / b).trunc() }
}

/// MROUND: the nearest multiple; signs must agree.
#[must_use]
pub fn multiple(x: f64, step: f64) -> f64 {
    if x == 0.0 || step == 0.0 {
        return 0.0;
    }
    if x.signum() != step.signum() {
        return fail(ErrorKind::Num);
    }
    round(x / step, 0.0) * step
}

/// EVEN: away from zero to an even number.
#[must_use]
pub fn even(x: f64) -> f64 {
    (x.abs() / 2.0).ceil() * 2.0 * x.signum() + 0.0
}

/// ODD: away from zero to an odd number.
#[must_use]
pub fn odd(x: f64) -> f64 {
    let a = ((x.abs() - 1.0) / 2.0).ceil().max(0.0) * 2.0 + 1.0;
    if x < 0.0 { -a } else { a }
}

/// CEILING: up to a multiple; of a negative number and step, away from zero.
#[must_use]
pub fn ceiling(x: f64, step: f64) -> f64 {
    if x == 0.0 || step == 0.0 {
        return 0.0;
    }
    if x > 0.0 && step < 0.0 {
        return fail(ErrorKind::Num);
    }
    if x < 0.0 && step < 0.0 {
        return shown(x / step).ceil() * step;
    }
    shown(x / step).ceil() * step + 0.0
}

/// FLOOR: down to a multiple; of a negative number and step, towards zero.
#[must_use]
pub fn floor(x: f64, step: f64) -> f64 {
    if x == 0.0 {
        return 0.0;
    }
    if step == 0.0 {
        return fail(ErrorKind::Div0);
    }
    if x > 0.0 && step < 0.0 {
        return fail(ErrorKind::Num);
    }
    shown(x / step).floor() * step + 0.0
}

/// CEILING.PRECISE: up to a multiple, whatever the signs.
#[must_use]
pub fn ceiling_precise(x: f64, step: f64) -> f64 {
    let step = step.abs();
    if step == 0.0 { 0.0 } else { shown(x / step).ceil() * step + 0.0 }
}

/// FLOOR.PRECISE: down to a multiple, whatever the signs.
#[must_use]
pub fn floor_precise(x: f64, step: f64) -> f64 {
    let step = step.abs();
    if step == 0.0 { 0.0 } else { shown(x / step).floor() * step + 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_sees_decimal_digits() {
        assert_eq!(round(2.675, 2.0), 2.68);
        assert_eq!(round(-1.475, 2.0), -1.48);
        assert_eq!(round(1.005, 2.0), 1.01);
        assert_eq!(round(1234.5, -2.0), 1200.0);
        assert_eq!(round_up(3.2, 0.0), 4.0);
        assert_eq!(round_up(1.1, 1.0), 1.1);
        assert_eq!(round_down(-31_415.926_54, -2.0), -31_400.0);
        assert_eq!(round_down(0.29, 2.0), 0.29);
    }

    #[test]
    fn multiples_and_rests() {
        assert_eq!(modulo(-3.0, 2.0), 1.0);
        assert_eq!(modulo(3.0, -2.0), -1.0);
        assert_eq!(multiple(-10.0, -3.0), -9.0);
        assert_eq!(ceiling(-2.5, -2.0), -4.0);
        assert_eq!(ceiling(-2.5, 2.0), -2.0);
        assert_eq!(floor(-2.5, -2.0), -2.0);
        assert_eq!(
            (even(1.5), even(-1.0), odd(0.0), odd(-2.0), odd(1.5)),
            (2.0, -2.0, 1.0, -3.0, 3.0)
        );
    }
}
