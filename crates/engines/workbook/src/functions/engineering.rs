//! Number systems, comparisons, Bessel and error functions.

use super::{Args, Function, k1, require, scalar};
use crate::kernels::gamma;
use crate::value::{ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    scalar("BIN2DEC", (1, 1), |a| Ok(read(a, 2)?.into())),
    scalar("OCT2DEC", (1, 1), |a| Ok(read(a, 8)?.into())),
    scalar("HEX2DEC", (1, 1), |a| Ok(read(a, 16)?.into())),
    scalar("DEC2BIN", (1, 2), |a| write(a, decimal(a)?, 2)),
    scalar("DEC2OCT", (1, 2), |a| write(a, decimal(a)?, 8)),
    scalar("DEC2HEX", (1, 2), |a| write(a, decimal(a)?, 16)),
    scalar("BIN2OCT", (1, 2), |a| write(a, read(a, 2)?, 8)),
    scalar("BIN2HEX", (1, 2), |a| write(a, read(a, 2)?, 16)),
    scalar("OCT2BIN", (1, 2), |a| write(a, read(a, 8)?, 2)),
    scalar("OCT2HEX", (1, 2), |a| write(a, read(a, 8)?, 16)),
    scalar("HEX2BIN", (1, 2), |a| write(a, read(a, 16)?, 2)),
    scalar("HEX2OCT", (1, 2), |a| write(a, read(a, 16)?, 8)),
    scalar("DELTA", (1, 2), |a| Ok(f64::from(u8::from(a.number(0)? == a.number_or(1, 0.0)?)).into())),
    scalar("GESTEP", (1, 2), |a| Ok(f64::from(u8::from(a.number(0)? >= a.number_or(1, 0.0)?)).into())),
    scalar("ERF", (1, 2), |a| {
        let x = gamma::erf(a.number(0)?);
        Ok(if a.len() > 1 { gamma::erf(a.number(1)?) - x } else { x }.into())
    }),
    k1("ERF.PRECISE", gamma::erf),
    k1("ERFC", gamma::erfc),
    k1("ERFC.PRECISE", gamma::erfc),
    scalar("BESSELJ", (2, 2), |a| bessel(a, j)),
    scalar("BESSELI", (2, 2), |a| bessel(a, i)),
    scalar("BESSELY", (2, 2), |a| {
        require(a.number(0)? > 0.0)?;
        bessel(a, y)
    }),
    scalar("BESSELK", (2, 2), |a| {
        require(a.number(0)? > 0.0)?;
        bessel(a, k)
    }),
];

/// The half of the numbers with ten digits, above which they are negative.
fn half(radix: f64) -> f64 {
    radix.powi(10) / 2.0
}

fn read(a: &Args<'_>, radix: u32) -> Result<f64, ErrorKind> {
    if matches!(a.value(0), Value::Bool(_)) {
        return Err(ErrorKind::Value);
    }
    let text = a.text(0)?;
    require(text.len() <= 10)?;
    let mut value = 0.0;
    for c in text.chars() {
        value = value * f64::from(radix) + f64::from(c.to_digit(radix).ok_or(ErrorKind::Num)?);
    }
    let half = half(f64::from(radix));
    Ok(if value >= half { value - 2.0 * half } else { value })
}

fn decimal(a: &Args<'_>) -> Result<f64, ErrorKind> {
    if matches!(a.value(0), Value::Bool(_)) {
        return Err(ErrorKind::Value);
    }
    Ok(a.number(0)?.trunc())
}

fn write(a: &Args<'_>, value: f64, radix: u32) -> Result<Value, ErrorKind> {
    let half = half(f64::from(radix));
    require((-half..half).contains(&value))?;
    let places = a.number_or(1, 0.0)?.trunc();
    require((0.0..=10.0).contains(&places) && !(a.len() > 1 && places == 0.0))?;
    let mut n = if value < 0.0 { value + 2.0 * half } else { value } as u64;
    let mut digits = Vec::new();
    while n > 0 || digits.is_empty() {
        digits.push(char::from_digit((n % u64::from(radix)) as u32, radix).unwrap_or('0'));
        n /= u64::from(radix);
    }
    if a.len() > 1 && value >= 0.0 {
        require(digits.len() as f64 <= places)?;
        while (digits.len() as f64) < places {
            digits.push('0');
        }
    }
    Ok(digits.iter().rev().collect::<String>().to_uppercase().into())
}

fn bessel(a: &Args<'_>, f: fn(u32, f64) -> f64) -> Result<Value, ErrorKind> {
    let (x, n) = (a.number(0)?, a.number(1)?.trunc());
    require((0.0..=1000.0).contains(&n))?;
    Ok(Value::number(f(n as u32, x)))
}

/// Integrates over 0 to π; the trapezoidal rule converges faster than any power for periodic
/// functions.
fn mean_over_circle(steps: u32, f: impl Fn(f64) -> f64) -> f64 {
    let h = std::f64::consts::PI / f64::from(steps);
    let inner: f64 = (1..steps).map(|k| f(f64::from(k) * h)).sum();
    (inner + f64::midpoint(f(0.0), f(std::f64::consts::PI))) / f64::from(steps)
}

fn steps(n: u32, x: f64) -> u32 {
    (x.abs() as u32).min(100_000) + n + 60
}

/// Bessel's J by his integral.
fn j(n: u32, x: f64) -> f64 {
    mean_over_circle(steps(n, x), |t| (f64::from(n) * t - x * t.sin()).cos())
}

fn i(n: u32, x: f64) -> f64 {
    mean_over_circle(steps(n, x), |t| (x * t.cos()).exp() * (f64::from(n) * t).cos())
}

/// K by its integral over cosh, on a half line that is cut where nothing is left.
fn k(n: u32, x: f64) -> f64 {
    let n = f64::from(n);
    let end = ((750.0 + n * 20.0) / x + 1.0).ln() + 2.0;
    let h = end / 4000.0;
    let f = |t: f64| (n * t - x * t.cosh()).exp() / 2.0 + (-n * t - x * t.cosh()).exp() / 2.0;
    h * (f(0.0) / 2.0 + (1..4000).map(|s| f(f64::from(s) * h)).sum::<f64>())
}

/// Y of orders 0 and 1 by Neumann's and the digamma series or by the integral, then upwards.
fn y(n: u32, x: f64) -> f64 {
    let (mut a, mut b) = (y_integral(0, x), y_integral(1, x));
    if n == 0 {
        return a;
    }
    for m in 1..n {
        (a, b) = (b, 2.0 * f64::from(m) / x * b - a);
    }
    b
}

/// Y(x) = 1/π ∫ sin(x sin t − n t) dt − 1/π ∫ (e^{nt} + (−1)^n e^{−nt}) e^{−x sinh t} dt.
fn y_integral(n: u32, x: f64) -> f64 {
    let order = f64::from(n);
    let sign = if n % 2 == 0 { 1.0 } else { -1.0 };
    let round = simpson((0.0, std::f64::consts::PI), 2000 + 8 * (x as u32).min(20_000), |t| (x * t.sin() - order * t).sin());
    let end = (2.0 * (750.0 + 20.0 * order) / x + 1.0).ln() + 1.0;
    let line = simpson((0.0, end), 20_000, |t| ((order * t).exp() + sign * (-order * t).exp()) * (-x * t.sinh()).exp());
    (round - line) / std::f64::consts::PI
}

fn simpson((from, to): (f64, f64), steps: u32, f: impl Fn(f64) -> f64) -> f64 {
    let h = (to - from) / f64::from(steps);
    let inner: f64 = (1..steps).map(|s| f(from + f64::from(s) * h) * if s % 2 == 1 { 4.0 } else { 2.0 }).sum();
    (f(from) + inner + f(to)) * h / 3.0
}
