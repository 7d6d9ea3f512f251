//! Counts, means, spreads and shapes.

use super::{Function, MANY, eager};
use crate::coerce::{to_bool, to_number};
use crate::eval::{Eval, Operand, Outcome};
use crate::kernels::{greatest, least};
use crate::value::{ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("COUNT", (1, MANY), "r", |e, a| Ok((count(e, a) as f64).into())),
    eager("COUNTA", (1, MANY), "r", |e, a| {
        let mut n = 0.0;
        for arg in a {
            e.each(arg, &mut |v, referred| n += f64::from(u8::from(!(referred && v.is_empty()))));
        }
        Ok(n.into())
    }),
    eager("COUNTBLANK", (1, 1), "r", count_blank),
    eager("AVERAGE", (1, MANY), "r", |e, a| Ok(mean(&e.numbers(a)?)?.into())),
    eager("AVERAGEA", (1, MANY), "r", |e, a| Ok(mean(&all_numbers(e, a)?)?.into())),
    eager("MAX", (1, MANY), "r", |e, a| {
        Ok(e.numbers(a)?.into_iter().reduce(greatest).unwrap_or(0.0).into())
    }),
    eager("MIN", (1, MANY), "r", |e, a| {
        Ok(e.numbers(a)?.into_iter().reduce(least).unwrap_or(0.0).into())
    }),
    eager("MAXA", (1, MANY), "r", |e, a| {
        Ok(all_numbers(e, a)?.into_iter().reduce(greatest).unwrap_or(0.0).into())
    }),
    eager("MINA", (1, MANY), "r", |e, a| {
        Ok(all_numbers(e, a)?.into_iter().reduce(least).unwrap_or(0.0).into())
    }),
    eager("VAR", (1, MANY), "r", |e, a| Ok(variance(&e.numbers(a)?, 1.0)?.into())),
    eager("VAR.S", (1, MANY), "r", |e, a| Ok(variance(&e.numbers(a)?, 1.0)?.into())),
    eager("VARP", (1, MANY), "r", |e, a| Ok(variance(&e.numbers(a)?, 0.0)?.into())),
    eager("VAR.P", (1, MANY), "r", |e, a| Ok(variance(&e.numbers(a)?, 0.0)?.into())),
    eager("VARA", (1, MANY), "r", |e, a| Ok(variance(&all_numbers(e, a)?, 1.0)?.into())),
    eager("VARPA", (1, MANY), "r", |e, a| Ok(variance(&all_numbers(e, a)?, 0.0)?.into())),
    eager("STDEV", (1, MANY), "r", |e, a| Ok(variance(&e.numbers(a)?, 1.0)?.sqrt().into())),
    eager("STDEV.S", (1, MANY), "r", |e, a| Ok(variance(&e.numbers(a)?, 1.0)?.sqrt().into())),
    eager("STDEVP", (1, MANY), "r", |e, a| Ok(variance(&e.numbers(a)?, 0.0)?.sqrt().into())),
    eager("STDEV.P", (1, MANY), "r", |e, a| Ok(variance(&e.numbers(a)?, 0.0)?.sqrt().into())),
    eager("STDEVA", (1, MANY), "r", |e, a| Ok(variance(&all_numbers(e, a)?, 1.0)?.sqrt().into())),
    eager("STDEVPA", (1, MANY), "r", |e, a| Ok(variance(&all_numbers(e, a)?, 0.0)?.sqrt().into())),
    eager("DEVSQ", (1, MANY), "r", |e, a| {
        let n = e.numbers(a)?;
        if n.is_empty() { Err(ErrorKind::Num) } else { Ok(squares(&n).into()) }
    }),
    eager("AVEDEV", (1, MANY), "r", |e, a| {
        let n = e.numbers(a)?;
        let m = mean(&n).map_err(|_| ErrorKind::Num)?;
        Ok((n.iter().map(|x| (x - m).abs()).sum::<f64>() / n.len() as f64).into())
    }),
    eager("GEOMEAN", (1, MANY), "r", |e, a| {
        let n = positive(e.numbers(a)?)?;
        Ok((n.iter().map(|x| x.ln()).sum::<f64>() / n.len() as f64).exp().into())
    }),
    eager("HARMEAN", (1, MANY), "r", |e, a| {
        let n = positive(e.numbers(a)?)?;
        Ok((n.len() as f64 / n.iter().map(|x| 1.0 / x).sum::<f64>()).into())
    }),
    eager("SKEW", (1, MANY), "r", |e, a| {
        let n = e.numbers(a)?;
        let count = n.len() as f64;
        if count < 3.0 {
            return Err(ErrorKind::Div0);
        }
        let third = standard_moment(&n, variance(&n, 1.0)?, 3)?;
        Ok((count / ((count - 1.0) * (count - 2.0)) * third).into())
    }),
    eager("SKEW.P", (1, MANY), "r", |e, a| {
        let n = e.numbers(a)?;
        if n.len() < 3 {
            return Err(ErrorKind::Div0);
        }
        Ok((standard_moment(&n, variance(&n, 0.0)?, 3)? / n.len() as f64).into())
    }),
    eager("KURT", (1, MANY), "r", |e, a| {
        let n = e.numbers(a)?;
        let c = n.len() as f64;
        if c < 4.0 {
            return Err(ErrorKind::Div0);
        }
        let fourth = standard_moment(&n, variance(&n, 1.0)?, 4)?;
        let scale = c * (c + 1.0) / ((c - 1.0) * (c - 2.0) * (c - 3.0));
        Ok((scale * fourth - 3.0 * (c - 1.0) * (c - 1.0) / ((c - 2.0) * (c - 3.0))).into())
    }),
    eager("SUBTOTAL", (2, MANY), "sr", |e, a| {
        let code = e.integer_or(a, 0, 9)?;
        aggregate(e, code % 100, code > 100, &a[1..])
    }),
    eager("AGGREGATE", (3, MANY), "ssr", super::statistics_rank::aggregate_with_options),
];

fn count(e: &mut Eval<'_, '_>, args: &[Operand]) -> usize {
    let mut n = 0;
    for arg in args {
        e.each(arg, &mut |v, referred| {
            let counts = match v {
                Value::Number(_) => true,
                Value::Empty | Value::Bool(_) | Value::Text(_) => !referred && to_number(v).is_ok(),
                Value::Error(_) => false,
            };
            n += usize::from(counts);
        });
    }
    n
}

fn count_blank(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let Operand::Area(area) = &args[0] else { return Err(ErrorKind::Value) };
    let mut filled = 0usize;
    e.each(&args[0], &mut |v, _| {
        filled += usize::from(!matches!(v, Value::Text(t) if t.is_empty()))
    });
    Ok(((area.rows() * area.cols() - filled) as f64).into())
}

/// Numbers as the functions ending in A see them: text in ranges is 0, TRUE is 1.
fn all_numbers(e: &mut Eval<'_, '_>, args: &[Operand]) -> Result<Vec<f64>, ErrorKind> {
    let mut numbers = Vec::new();
    let mut error = None;
    for arg in args {
        e.each(arg, &mut |v, referred| match v {
            Value::Number(x) => numbers.push(*x),
            Value::Bool(_) => numbers.push(f64::from(u8::from(to_bool(v) == Ok(true)))),
            Value::Text(_) if referred => numbers.push(0.0),
            Value::Empty if referred => {}
            other => match to_number(other) {
                Ok(x) => numbers.push(x),
                Err(e) => error = error.or(Some(e)),
            },
        });
    }
    error.map_or(Ok(numbers), Err)
}

pub(super) fn mean(numbers: &[f64]) -> Result<f64, ErrorKind> {
    if numbers.is_empty() {
        return Err(ErrorKind::Div0);
    }
    Ok(numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// Sum of squared deviations from the mean.
pub(super) fn squares(numbers: &[f64]) -> f64 {
    let m = numbers.iter().sum::<f64>() / numbers.len() as f64;
    numbers.iter().map(|x| (x - m) * (x - m)).sum()
}

/// The variance with `lost` degrees of freedom less than numbers.
pub(super) fn variance(numbers: &[f64], lost: f64) -> Result<f64, ErrorKind> {
    let freedom = numbers.len() as f64 - lost;
    if freedom <= 0.0 { Err(ErrorKind::Div0) } else { Ok(squares(numbers) / freedom) }
}

fn positive(numbers: Vec<f64>) -> Result<Vec<f64>, ErrorKind> {
    let good = !numbers.is_empty() && numbers.iter().all(|x| *x > 0.0);
    if good { Ok(numbers) } else { Err(ErrorKind::Num) }
}

fn standard_moment(numbers: &[f64], variance: f64, power: i32) -> Result<f64, ErrorKind> {
    if variance == 0.0 {
        return Err(ErrorKind::Div0);
    }
    let (m, s) = (mean(numbers)?, variance.sqrt());
    Ok(numbers.iter().map(|x| ((x - m) / s).powi(power)).sum())
}

/// The functions 1 to 11 of SUBTOTAL: rows that a filter hides do not count, nor do other
/// subtotals; rows hidden by hand are left out on wish.
fn aggregate(e: &mut Eval<'_, '_>, code: i64, skip_hidden: bool, args: &[Operand]) -> Outcome {
    let mut values = Vec::new();
    for arg in args {
        let areas = match arg {
            Operand::Area(a) => vec![*a],
            Operand::Areas(a) => a.to_vec(),
            Operand::Value(Value::Error(e)) => return Err(*e),
            _ => return Err(ErrorKind::Value),
        };
        for area in areas {
            values.extend(e.model.visible_values(&area, (skip_hidden, true)));
        }
    }
    reduce(code, values)
}

/// Reduces values by the number that SUBTOTAL and AGGREGATE give a function.
pub(super) fn reduce(code: i64, values: Vec<Value>) -> Outcome {
    if code == 3 {
        return Ok((values.iter().filter(|v| !v.is_empty()).count() as f64).into());
    }
    let mut numbers = Vec::new();
    for v in values {
        match v {
            Value::Number(x) => numbers.push(x),
            Value::Error(e) if code != 2 => return Err(e),
            _ => {}
        }
    }
    let n = &numbers;
    Ok(match code {
        1 => mean(n)?,
        2 => n.len() as f64,
        4 => n.iter().copied().reduce(greatest).unwrap_or(0.0),
        5 => n.iter().copied().reduce(least).unwrap_or(0.0),
        6 => {
            if n.is_empty() {
                0.0
            } else {
                n.iter().product()
            }
        }
        7 => variance(n, 1.0)?.sqrt(),
        8 => variance(n, 0.0)?.sqrt(),
        9 => n.iter().sum(),
        10 => variance(n, 1.0)?,
        11 => variance(n, 0.0)?,
        _ => return Err(ErrorKind::Value),
    }
    .into())
}
