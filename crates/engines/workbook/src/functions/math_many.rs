//! Sums and products of many numbers.

use super::{Function, MANY, eager};
use crate::coerce::to_number;
use crate::eval::{Eval, Operand, Outcome};
use crate::kernels::gamma::factorial;
use crate::value::{ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("SUM", (1, MANY), "r", |e, a| Ok(sum(&e.numbers(a)?).into())),
    eager("SUMSQ", (1, MANY), "r", |e, a| {
        Ok(e.numbers(a)?.iter().map(|x| x * x).sum::<f64>().into())
    }),
    eager("PRODUCT", (1, MANY), "r", |e, a| {
        let numbers = e.numbers(a)?;
        Ok(if numbers.is_empty() { 0.0 } else { numbers.iter().product::<f64>() }.into())
    }),
    eager("GCD", (1, MANY), "r", |e, a| Ok(whole(e, a)?.into_iter().fold(0.0, gcd).into())),
    eager("LCM", (1, MANY), "r", |e, a| {
        let multiple = least_multiple(&whole(e, a)?);
        // Beyond, not every whole number is one.
        if multiple < MAX_WHOLE { Ok(multiple.into()) } else { Err(ErrorKind::Num) }
    }),
    eager("MULTINOMIAL", (1, MANY), "r", multinomial),
    eager("SUMPRODUCT", (1, MANY), "a", sum_product),
    eager("SUMXMY2", (2, 2), "a", |e, a| pairs(e, a, |x, y| (x - y) * (x - y))),
    eager("SUMX2MY2", (2, 2), "a", |e, a| pairs(e, a, |x, y| x * x - y * y)),
    eager("SUMX2PY2", (2, 2), "a", |e, a| pairs(e, a, |x, y| x * x + y * y)),
    eager("SERIESSUM", (4, 4), "nnnr", series_sum),
];

/// A sum whose rounding near zero is cleared as in a formula's last step.
pub(super) fn sum(numbers: &[f64]) -> f64 {
    numbers.iter().sum()
}

/// Whole numbers as the engineering functions take them: text is read wherever it stands, truth
/// values are `#VALUE!`, and nothing but empty cells is `#VALUE!` too.
fn whole(e: &mut Eval<'_, '_>, args: &[Operand]) -> Result<Vec<f64>, ErrorKind> {
    let mut numbers = Vec::new();
    let mut error = None;
    let mut several = false;
    for arg in args {
        if arg.is_omitted() {
            return Err(ErrorKind::Na);
        }
        several = several || matches!(arg, Operand::Area(a) if !a.is_cell());
        e.each(arg, &mut |value, _| match value {
            Value::Empty => {}
            Value::Bool(_) => error = error.or(Some(ErrorKind::Value)),
            other => match to_number(other) {
                Ok(x) if (0.0..9_007_199_254_740_992.0).contains(&x) => numbers.push(x.trunc()),
                Ok(_) => error = error.or(Some(ErrorKind::Num)),
                Err(e) => error = error.or(Some(e)),
            },
        });
    }
    match error {
        Some(e) => Err(e),
        None if numbers.is_empty() && !several => Err(ErrorKind::Value),
        None => Ok(numbers),
    }
}

/// The least common multiple; of no numbers 0.
/// Where whole numbers begin to be left out.
const MAX_WHOLE: f64 = (1u64 << 53) as f64;

fn least_multiple(numbers: &[f64]) -> f64 {
    if numbers.is_empty() || numbers.contains(&0.0) {
        return 0.0;
    }
    numbers.iter().fold(1.0, |m, x| m / gcd(m, *x) * x)
}

fn gcd(a: f64, b: f64) -> f64 {
    let (mut a, mut b) = (a, b);
    while b != 0.0 {
        (a, b) = (b, a % b);
    }
    a
}

fn multinomial(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let numbers = whole(e, args)?;
    let total: f64 = numbers.iter().sum();
    if total > 170.0 {
        let log = crate::kernels::gamma::ln_gamma;
        let sum: f64 = numbers.iter().map(|x| log(x + 1.0)).sum();
        return Ok((log(total + 1.0) - sum).exp().into());
    }
    Ok(numbers.iter().fold(factorial(total), |q, x| q / factorial(*x)).round().into())
}

/// Text and truth values count as 0; all arguments must have one shape.
fn sum_product(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let mut products: Vec<f64> = Vec::new();
    let mut shape = None;
    for arg in args {
        let array = e.array_of(arg)?;
        if *shape.get_or_insert((array.rows(), array.cols())) != (array.rows(), array.cols()) {
            return Err(ErrorKind::Value);
        }
        if products.is_empty() {
            products = vec![1.0; array.values().len()];
        }
        for (p, v) in products.iter_mut().zip(array.values()) {
            match v {
                Value::Number(x) => *p *= x,
                Value::Error(e) => return Err(*e),
                Value::Empty | Value::Text(_) | Value::Bool(_) => *p = 0.0,
            }
        }
    }
    Ok(sum(&products).into())
}

fn pairs(e: &mut Eval<'_, '_>, args: &[Operand], f: fn(f64, f64) -> f64) -> Outcome {
    let (a, b) = (e.array_of(&args[0])?, e.array_of(&args[1])?);
    if a.values().len() != b.values().len() {
        return Err(ErrorKind::Na);
    }
    let mut total = 0.0;
    let mut count = 0;
    for (x, y) in a.values().iter().zip(b.values()) {
        match (x, y) {
            (Value::Error(e), _) | (_, Value::Error(e)) => return Err(*e),
            (Value::Number(x), Value::Number(y)) => {
                total += f(*x, *y);
                count += 1;
            }
            _ => {}
        }
    }
    if count == 0 { Err(ErrorKind::Div0) } else { Ok(total.into()) }
}

fn series_sum(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let (x, n, m) = (e.number(args, 0)?, e.number(args, 1)?, e.number(args, 2)?);
    let coefficients = e.numbers(&args[3..])?;
    let mut total = 0.0;
    for (i, c) in coefficients.iter().enumerate() {
        let exponent = n + i as f64 * m;
        total += c * if x == 0.0 && exponent == 0.0 {
            return Err(ErrorKind::Num);
        } else {
            x.powf(exponent)
        };
    }
    Ok(total.into())
}
