//! Complex numbers as text, such as `3+4i`.

use super::{Args, Function, MANY, eager, require, scalar};
use crate::coerce::to_text;
use crate::eval::{Eval, Operand, Outcome};
use crate::general::number_to_text;
use crate::value::{ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    scalar("COMPLEX", (2, 3), |a| {
        let suffix = if a.len() > 2 { a.text(2)?.to_string() } else { "i".into() };
        if suffix != "i" && suffix != "j" && !suffix.is_empty() {
            return Err(ErrorKind::Value);
        }
        let suffix = if suffix == "j" { 'j' } else { 'i' };
        Ok(spell(Complex { re: a.number(0)?, im: a.number(1)? }, suffix).into())
    }),
    scalar("IMREAL", (1, 1), |a| Ok(arg(a, 0)?.0.re.into())),
    scalar("IMAGINARY", (1, 1), |a| Ok(arg(a, 0)?.0.im.into())),
    scalar("IMABS", (1, 1), |a| Ok(arg(a, 0)?.0.abs().into())),
    scalar("IMARGUMENT", (1, 1), |a| {
        let z = arg(a, 0)?.0;
        if z.abs() == 0.0 { Err(ErrorKind::Div0) } else { Ok(z.angle().into()) }
    }),
    scalar("IMCONJUGATE", (1, 1), |a| map(a, |z| Complex { re: z.re, im: -z.im })),
    scalar("IMSQRT", (1, 1), |a| map(a, |z| z.power(0.5))),
    scalar("IMEXP", (1, 1), |a| map(a, Complex::exp)),
    scalar("IMLN", (1, 1), |a| logarithm(a, 1.0)),
    scalar("IMLOG10", (1, 1), |a| logarithm(a, std::f64::consts::LN_10)),
    scalar("IMLOG2", (1, 1), |a| logarithm(a, std::f64::consts::LN_2)),
    scalar("IMPOWER", (2, 2), |a| {
        let n = a.number(1)?;
        let (z, suffix) = arg(a, 0)?;
        require(z.abs() != 0.0 || n > 0.0)?;
        Ok(spell(if z.abs() == 0.0 { z } else { z.power(n) }, suffix).into())
    }),
    scalar("IMSIN", (1, 1), |a| map(a, Complex::sin)),
    scalar("IMCOS", (1, 1), |a| map(a, Complex::cos)),
    scalar("IMTAN", (1, 1), |a| map(a, |z| z.sin().over(z.cos()))),
    scalar("IMSINH", (1, 1), |a| map(a, Complex::sinh)),
    scalar("IMCOSH", (1, 1), |a| map(a, Complex::cosh)),
    scalar("IMSEC", (1, 1), |a| map(a, |z| ONE.over(z.cos()))),
    scalar("IMSECH", (1, 1), |a| map(a, |z| ONE.over(z.cosh()))),
    scalar("IMCSC", (1, 1), |a| map(a, |z| ONE.over(z.sin()))),
    scalar("IMCSCH", (1, 1), |a| map(a, |z| ONE.over(z.sinh()))),
    scalar("IMCOT", (1, 1), |a| map(a, |z| z.cos().over(z.sin()))),
    scalar("IMSUB", (2, 2), |a| two(a, |x, y| Ok(Complex { re: x.re - y.re, im: x.im - y.im }))),
    scalar("IMDIV", (2, 2), |a| {
        two(a, |x, y| if y.abs() == 0.0 { Err(ErrorKind::Num) } else { Ok(x.over(y)) })
    }),
    eager("IMSUM", (1, MANY), "r", |e, a| {
        fold(e, a, ZERO, |x, y| Complex { re: x.re + y.re, im: x.im + y.im })
    }),
    eager("IMPRODUCT", (1, MANY), "r", |e, a| fold(e, a, ONE, Complex::times)),
];

#[derive(Debug, Clone, Copy)]
struct Complex {
    re: f64,
    im: f64,
}

const ONE: Complex = Complex { re: 1.0, im: 0.0 };
const ZERO: Complex = Complex { re: 0.0, im: 0.0 };

impl Complex {
    fn abs(self) -> f64 {
        self.re.hypot(self.im)
    }

    fn angle(self) -> f64 {
        self.im.atan2(self.re)
    }

    fn times(self, o: Self) -> Self {
        Self { re: self.re * o.re - self.im * o.im, im: self.re * o.im + self.im * o.re }
    }

    fn over(self, o: Self) -> Self {
        let d = o.re * o.re + o.im * o.im;
        Self {
            re: (self.re * o.re + self.im * o.im) / d,
            im: (self.im * o.re - self.re * o.im) / d,
        }
    }

    fn power(self, n: f64) -> Self {
        let (r, t) = (self.abs().powf(n), self.angle() * n);
        Self { re: r * t.cos(), im: r * t.sin() }
    }

    fn exp(self) -> Self {
        let r = self.re.exp();
        Self { re: r * self.im.cos(), im: r * self.im.sin() }
    }

    fn sin(self) -> Self {
        Self { re: self.re.sin() * self.im.cosh(), im: self.re.cos() * self.im.sinh() }
    }

    fn cos(self) -> Self {
        Self { re: self.re.cos() * self.im.cosh(), im: -self.re.sin() * self.im.sinh() }
    }

    fn sinh(self) -> Self {
        Self { re: self.re.sinh() * self.im.cos(), im: self.re.cosh() * self.im.sin() }
    }

    fn cosh(self) -> Self {
        Self { re: self.re.cosh() * self.im.cos(), im: self.re.sinh() * self.im.sin() }
    }
}

fn read(value: &Value) -> Result<(Complex, char), ErrorKind> {
    if matches!(value, Value::Bool(_)) {
        return Err(ErrorKind::Value);
    }
    let text = to_text(value)?;
    let text = text.trim();
    if text.is_empty() {
        return Ok((Complex { re: 0.0, im: 0.0 }, 'i'));
    }
    let Some(suffix) = text.chars().last().filter(|c| *c == 'i' || *c == 'j') else {
        let re = text.parse().map_err(|_| ErrorKind::Num)?;
        return Ok((Complex { re, im: 0.0 }, 'i'));
    };
    let body = &text[..text.len() - 1];
    let bytes = body.as_bytes();
    let split = (1..bytes.len())
        .rev()
        .find(|i| matches!(bytes[*i], b'+' | b'-') && !matches!(bytes[*i - 1], b'e' | b'E'));
    let (re, im) = body.split_at(split.unwrap_or(0));
    let part = |t: &str| match t {
        "" | "+" => Ok(1.0),
        "-" => Ok(-1.0),
        t => t.parse::<f64>().map_err(|_| ErrorKind::Num),
    };
    let re = if re.is_empty() { 0.0 } else { re.parse().map_err(|_| ErrorKind::Num)? };
    Ok((Complex { re, im: part(im)? }, suffix))
}

fn spell(z: Complex, suffix: char) -> String {
    let imaginary = |im: f64| match number_to_text(im).as_str() {
        "1" => String::new(),
        "-1" => "-".into(),
        text => text.into(),
    };
    if z.im == 0.0 {
        return number_to_text(z.re);
    }
    if z.re == 0.0 {
        return format!("{}{suffix}", imaginary(z.im));
    }
    let sign = if z.im > 0.0 { "+" } else { "" };
    format!("{}{sign}{}{suffix}", number_to_text(z.re), imaginary(z.im))
}

fn arg(a: &Args<'_>, i: usize) -> Result<(Complex, char), ErrorKind> {
    read(a.value(i))
}

fn result(z: Complex, suffix: char) -> Result<Value, ErrorKind> {
    require(z.re.is_finite() && z.im.is_finite())?;
    Ok(spell(z, suffix).into())
}

fn map(a: &Args<'_>, f: fn(Complex) -> Complex) -> Result<Value, ErrorKind> {
    let (z, suffix) = arg(a, 0)?;
    result(f(z), suffix)
}

fn logarithm(a: &Args<'_>, base: f64) -> Result<Value, ErrorKind> {
    let (z, suffix) = arg(a, 0)?;
    require(z.abs() != 0.0)?;
    result(Complex { re: z.abs().ln() / base, im: z.angle() / base }, suffix)
}

fn two(
    a: &Args<'_>,
    f: fn(Complex, Complex) -> Result<Complex, ErrorKind>,
) -> Result<Value, ErrorKind> {
    let ((x, s), (y, t)) = (arg(a, 0)?, arg(a, 1)?);
    let suffix = if x.im == 0.0 { t } else { s };
    if x.im != 0.0 && y.im != 0.0 && s != t {
        return Err(ErrorKind::Value);
    }
    result(f(x, y)?, suffix)
}

fn fold(
    e: &mut Eval<'_, '_>,
    args: &[Operand],
    start: Complex,
    f: fn(Complex, Complex) -> Complex,
) -> Outcome {
    let (mut total, mut suffix) = (start, None);
    let mut error = None;
    for arg in args {
        // An empty cell by itself is 0; within a range it does not count.
        if let Operand::Area(area) = arg
            && area.is_cell()
            && e.cell(area.first()).is_empty()
        {
            total = f(total, ZERO);
            continue;
        }
        e.each(arg, &mut |value, _| {
            if value.is_empty() {
                return;
            }
            match read(value) {
                Ok((z, s)) => {
                    if z.im != 0.0 && *suffix.get_or_insert(s) != s {
                        error = error.or(Some(ErrorKind::Value));
                    }
                    total = f(total, z);
                }
                Err(e) => error = error.or(Some(e)),
            }
        });
    }
    error.map_or_else(|| Ok(result(total, suffix.unwrap_or('i'))?.into()), Err)
}
