//! Number systems, comparisons, Bessel and error functions.

use super::{Args, Function, require, scalar, strict};
use crate::kernels::{bessel as b, gamma};
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
    strict("DELTA", (1, 2), |a| {
        Ok(f64::from(u8::from(a.number(0)? == a.number_or(1, 0.0)?)).into())
    }),
    strict("GESTEP", (1, 2), |a| {
        Ok(f64::from(u8::from(a.number(0)? >= a.number_or(1, 0.0)?)).into())
    }),
    strict("ERF", (1, 2), |a| {
        let x = gamma::erf(a.number(0)?);
        Ok(if a.len() > 1 { gamma::erf(a.number(1)?) - x } else { x }.into())
    }),
    strict("ERF.PRECISE", (1, 1), |a| Ok(gamma::erf(a.number(0)?).into())),
    strict("ERFC", (1, 1), |a| Ok(gamma::erfc(a.number(0)?).into())),
    strict("ERFC.PRECISE", (1, 1), |a| Ok(gamma::erfc(a.number(0)?).into())),
    strict("BESSELJ", (2, 2), |a| bessel(a, b::j)),
    strict("BESSELI", (2, 2), |a| bessel(a, b::i)),
    strict("BESSELY", (2, 2), |a| {
        require(a.number(0)? > 0.0)?;
        bessel(a, b::y)
    }),
    strict("BESSELK", (2, 2), |a| {
        require(a.number(0)? > 0.0)?;
        bessel(a, b::k)
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
