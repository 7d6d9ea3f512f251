//! Mathematics of one or two numbers.

use std::f64::consts::PI;

use super::{Args, Function, any, k1, k2, require, scalar, strict};
use crate::coerce::to_text;
use crate::kernels::rounding as r;
use crate::kernels::{elementary, fail, gamma, power, to_value};
use crate::value::{ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    k1("ABS", f64::abs),
    k1("SQRT", |x| checked(x >= 0.0, x.sqrt())),
    k1("SQRTPI", |x| checked(x >= 0.0, (x * PI).sqrt())),
    k1("EXP", elementary::exp),
    k1("LN", |x| checked(x > 0.0, elementary::ln(x))),
    k1("LOG10", |x| checked(x > 0.0, elementary::log10(x))),
    k1("SIGN", |x| if x == 0.0 { 0.0 } else { x.signum() }),
    k1("SIN", |x| angle(x, sin)),
    k1("COS", |x| angle(x, cos)),
    k1("TAN", |x| angle(x, |x| sin(x) / cos(x))),
    k1("ASIN", |x| checked(x.abs() <= 1.0, x.asin())),
    k1("ACOS", |x| checked(x.abs() <= 1.0, x.acos())),
    k1("ATAN", f64::atan),
    k1("SINH", f64::sinh),
    k1("COSH", f64::cosh),
    k1("TANH", f64::tanh),
    k1("ASINH", |x| x.abs().asinh().copysign(x)),
    k1("ACOSH", |x| checked(x >= 1.0, x.acosh())),
    k1("ATANH", |x| checked(x.abs() < 1.0, x.atanh())),
    k1("COT", |x| angle(x, |x| inverse(sin(x) / cos(x)))),
    k1("COTH", |x| inverse(x.tanh())),
    k1("SEC", |x| angle(x, |x| 1.0 / cos(x))),
    k1("SECH", |x| 1.0 / x.cosh()),
    k1("CSC", |x| angle(x, |x| inverse(sin(x)))),
    k1("CSCH", |x| inverse(x.sinh())),
    k1("ACOT", acot),
    k1("ACOTH", |x| checked(x.abs() > 1.0, (1.0 / x).atanh())),
    k1("DEGREES", f64::to_degrees),
    k1("RADIANS", f64::to_radians),
    k1("INT", r::int),
    k1("EVEN", r::even),
    k1("ODD", r::odd),
    k1("FACT", |x| checked((0.0..171.0).contains(&x), gamma::factorial(x.floor()))),
    k1("FACTDOUBLE", double_factorial),
    k1("GAMMALN", |x| checked(x > 0.0, gamma::ln_gamma(x))),
    k1("GAMMALN.PRECISE", |x| checked(x > 0.0, gamma::ln_gamma(x))),
    k1("GAMMA", gamma::gamma),
    k2("POWER", power),
    k2("ATAN2", |x, y| if x == 0.0 && y == 0.0 { fail(ErrorKind::Div0) } else { y.atan2(x) }),
    k2("ROUND", r::round),
    k2("ROUNDUP", r::round_up),
    k2("ROUNDDOWN", r::round_down),
    k2("MOD", r::modulo),
    strict("QUOTIENT", (2, 2), |a| Ok(to_value(r::quotient(a.number(0)?, a.number(1)?)))),
    strict("MROUND", (2, 2), |a| Ok(to_value(r::multiple(a.number(0)?, a.number(1)?)))),
    k2("CEILING", r::ceiling),
    k2("FLOOR", r::floor),
    k2("COMBIN", |n, k| {
        let (n, k) = (n.trunc(), k.trunc());
        checked(n >= 0.0 && k >= 0.0 && k <= n, gamma::choose(n, k))
    }),
    k2("COMBINA", |n, k| {
        let (n, k) = (n.trunc(), k.trunc());
        let both = n == 0.0 && k == 0.0;
        if both {
            1.0
        } else {
            checked(n >= 0.0 && k >= 0.0 && (n > 0.0 || k == 0.0), gamma::choose(n + k - 1.0, k))
        }
    }),
    k2("PERMUT", |n, k| permutations(n.trunc(), k.trunc())),
    k2("PERMUTATIONA", |n, k| {
        let (n, k) = (n.trunc(), k.trunc());
        checked(n >= 0.0 && k >= 0.0, n.powf(k))
    }),
    k2("BITAND", |a, b| bits(a, b, |a, b| a & b)),
    k2("BITOR", |a, b| bits(a, b, |a, b| a | b)),
    k2("BITXOR", |a, b| bits(a, b, |a, b| a ^ b)),
    k2("BITLSHIFT", shift),
    k2("BITRSHIFT", |a, n| shift(a, -n)),
    scalar("PI", (0, 0), |_| Ok(PI.into())),
    scalar("TRUNC", (1, 2), |a| Ok(r::round_down(a.number(0)?, a.number_or(1, 0.0)?).into())),
    scalar("LOG", (1, 2), log),
    any("CEILING.MATH", (1, 3), |a| rounded(a, true)),
    any("FLOOR.MATH", (1, 3), |a| rounded(a, false)),
    any("CEILING.PRECISE", (1, 2), |a| {
        Ok(r::ceiling_precise(a.number(0)?, a.number_or(1, 1.0)?).into())
    }),
    any("ISO.CEILING", (1, 2), |a| {
        Ok(r::ceiling_precise(a.number(0)?, a.number_or(1, 1.0)?).into())
    }),
    any("FLOOR.PRECISE", (1, 2), |a| {
        Ok(r::floor_precise(a.number(0)?, a.number_or(1, 1.0)?).into())
    }),
    scalar("ROMAN", (1, 2), roman),
    scalar("ARABIC", (1, 1), arabic),
    scalar("BASE", (2, 3), base),
    scalar("DECIMAL", (2, 2), decimal),
    scalar("RANDBETWEEN", (2, 2), |a| Ok(a.number(0)?.ceil().into())),
    scalar("RAND", (0, 0), |_| Ok(0.5.into())),
];

fn checked(holds: bool, x: f64) -> f64 {
    if holds { x } else { fail(ErrorKind::Num) }
}

/// Angles beyond 2^27 are `#NUM!`.
fn angle(x: f64, f: impl Fn(f64) -> f64) -> f64 {
    checked(x.abs() < 134_217_728.0, f(x))
}

/// Sine and cosine reduce their angle by π in two parts, as Excel does: near multiples of π this
/// leaves another small rest than an exact reduction.
fn sin(x: f64) -> f64 {
    let n = (x / PI).round();
    let f = reduced(x, n);
    if n % 2.0 == 0.0 { f.sin() } else { -f.sin() }
}

fn cos(x: f64) -> f64 {
    let n = (x.abs() / PI + 0.5).round();
    let f = reduced(x.abs(), n - 0.5);
    if n == 0.0 {
        x.cos()
    } else if n % 2.0 == 0.0 {
        f.sin()
    } else {
        -f.sin()
    }
}

fn reduced(x: f64, turns: f64) -> f64 {
    if turns == 0.0 { x } else { x - turns * 3.140_625 - turns * 9.676_535_897_932_385e-4 }
}

fn inverse(x: f64) -> f64 {
    if x == 0.0 { fail(ErrorKind::Div0) } else { 1.0 / x }
}

fn double_factorial(x: f64) -> f64 {
    let n = x.floor();
    if !(-1.0..=300.0).contains(&n) {
        return fail(ErrorKind::Num);
    }
    let mut product = 1.0;
    let mut k = n;
    while k > 1.0 {
        product *= k;
        k -= 2.0;
    }
    product
}

fn permutations(n: f64, k: f64) -> f64 {
    if n <= 0.0 || k < 0.0 || n < k {
        return fail(ErrorKind::Num);
    }
    if k > 1000.0 {
        return fail(ErrorKind::Num);
    }
    (0..k as u32).fold(1.0, |p, i| p * (n - f64::from(i)))
}

/// The largest number that the functions of bits take.
const MAX_BITS: f64 = 281_474_976_710_655.0;

fn is_bits(x: f64) -> bool {
    (0.0..=MAX_BITS).contains(&x) && x.fract() == 0.0
}

fn bits(a: f64, b: f64, f: impl Fn(u64, u64) -> u64) -> f64 {
    if is_bits(a) && is_bits(b) { f(a as u64, b as u64) as f64 } else { fail(ErrorKind::Num) }
}

fn shift(a: f64, n: f64) -> f64 {
    let n = n.trunc();
    if !is_bits(a) || n.abs() > 53.0 {
        return fail(ErrorKind::Num);
    }
    let result = (a * 2f64.powf(n)).floor();
    if result > MAX_BITS { fail(ErrorKind::Num) } else { result }
}

fn log(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let (x, base) = (a.number(0)?, a.number_or(1, 10.0)?);
    require(x > 0.0 && base > 0.0)?;
    if base == 1.0 {
        return Err(ErrorKind::Div0);
    }
    Ok(if base == 10.0 {
        x.log10()
    } else if base == 2.0 {
        x.log2()
    } else {
        x.ln() / base.ln()
    }
    .into())
}

/// The angle of a cotangent, between 0 and π: by its reciprocal, which stays exact near 0.
fn acot(x: f64) -> f64 {
    if x == 0.0 {
        return PI / 2.0;
    }
    let angle = (1.0 / x).atan();
    if x < 0.0 { angle + PI } else { angle }
}

/// CEILING.MATH and FLOOR.MATH: a mode turns the direction of negative numbers around.
fn rounded(a: &Args<'_>, up: bool) -> Result<Value, ErrorKind> {
    let x = a.number(0)?;
    let step = if a.has(1) { a.number(1)?.abs() } else { 1.0 };
    let turned = a.number_or(2, 0.0)? != 0.0 && x < 0.0;
    if step == 0.0 {
        return Ok(0.0.into());
    }
    Ok(if up != turned { r::ceiling_precise(x, step) } else { r::floor_precise(x, step) }.into())
}

const NUMERALS: [(i64, &str); 13] = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
];

/// Numerals that the shorter forms of ROMAN add: value, text and the form that first allows it.
const SHORTER: [(i64, &str, i64); 14] = [
    (950, "LM", 1),
    (450, "LD", 1),
    (990, "XM", 2),
    (490, "XD", 2),
    (995, "VM", 3),
    (495, "VD", 3),
    (999, "IM", 4),
    (499, "ID", 4),
    (95, "VC", 1),
    (45, "VL", 1),
    (99, "IC", 2),
    (49, "IL", 2),
    (0, "", 9),
    (0, "", 9),
];

fn roman(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let mut n = a.integer(0)?;
    let form = match a.value(1) {
        Value::Bool(b) => {
            if *b {
                0
            } else {
                4
            }
        }
        _ => a.integer_or(1, 0)?,
    };
    if !(0..=3999).contains(&n) || !(0..=4).contains(&form) {
        return Err(ErrorKind::Value);
    }
    let mut all: Vec<(i64, &str)> = NUMERALS.to_vec();
    all.extend(SHORTER.iter().filter(|s| s.2 <= form && s.0 > 0).map(|s| (s.0, s.1)));
    all.sort_by_key(|e| -e.0);
    let mut text = String::new();
    for (value, numeral) in all {
        while n >= value {
            text.push_str(numeral);
            n -= value;
        }
    }
    Ok(text.into())
}

fn arabic(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let text = to_text(a.value(0))?.trim().to_uppercase();
    let (negative, text) = text.strip_prefix('-').map_or((false, text.as_str()), |t| (true, t));
    if text.len() > 255 {
        return Err(ErrorKind::Value);
    }
    let mut total = 0.0;
    let mut largest = 0.0;
    for c in text.bytes().rev() {
        let value = match c {
            b'I' => 1.0,
            b'V' => 5.0,
            b'X' => 10.0,
            b'L' => 50.0,
            b'C' => 100.0,
            b'D' => 500.0,
            b'M' => 1000.0,
            _ => return Err(ErrorKind::Value),
        };
        if value >= largest {
            largest = value;
            total += value;
        } else {
            total -= value;
        }
    }
    Ok(if negative { -total } else { total }.into())
}

fn base(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let (n, radix, width) = (a.number(0)?.trunc(), a.integer(1)?, a.integer_or(2, 0)?);
    require(
        (0.0..9_007_199_254_740_992.0).contains(&n)
            && (2..=36).contains(&radix)
            && (0..=255).contains(&width),
    )?;
    let mut n = n as u64;
    let mut digits = Vec::new();
    while n > 0 || digits.is_empty() {
        digits.push(char::from_digit((n % radix as u64) as u32, radix as u32).unwrap_or('0'));
        n /= radix as u64;
    }
    while (digits.len() as i64) < width {
        digits.push('0');
    }
    Ok(digits.iter().rev().collect::<String>().to_uppercase().into())
}

fn decimal(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let (text, radix) = (a.text(0)?, a.integer(1)?);
    require((2..=36).contains(&radix))?;
    if text.len() > 255 {
        return Err(ErrorKind::Value);
    }
    let text = text.trim().to_lowercase();
    let text = match radix {
        16 => text
            .strip_prefix("0x")
            .or(text.strip_prefix('x'))
            .unwrap_or(&text)
            .trim_end_matches('h'),
        2 => text.trim_end_matches('b'),
        _ => &text,
    };
    let mut value = 0.0;
    for c in text.chars() {
        let digit = c.to_digit(radix as u32).ok_or(ErrorKind::Num)?;
        value = value * radix as f64 + f64::from(digit);
    }
    Ok(value.into())
}
