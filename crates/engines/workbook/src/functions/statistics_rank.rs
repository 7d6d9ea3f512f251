//! Order: medians, percentiles, ranks, modes and frequencies.

use super::statistics::reduce;
use super::{Function, MANY, eager, require};
use crate::eval::{Eval, Operand, Outcome};
use crate::value::{Array, ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("MEDIAN", (1, MANY), "r", |e, a| Ok(percentile(&sorted(e, a)?, 0.5)?.into())),
    eager("PERCENTILE", (2, 2), "rs", |e, a| inclusive(e, a, 1.0)),
    eager("PERCENTILE.INC", (2, 2), "rs", |e, a| inclusive(e, a, 1.0)),
    eager("PERCENTILE.EXC", (2, 2), "rs", |e, a| exclusive(e, a, 1.0)),
    eager("QUARTILE", (2, 2), "rs", |e, a| inclusive(e, a, 4.0)),
    eager("QUARTILE.INC", (2, 2), "rs", |e, a| inclusive(e, a, 4.0)),
    eager("QUARTILE.EXC", (2, 2), "rs", |e, a| exclusive(e, a, 4.0)),
    eager("PERCENTRANK", (2, 3), "rss", |e, a| percent_rank(e, a, false)),
    eager("PERCENTRANK.INC", (2, 3), "rss", |e, a| percent_rank(e, a, false)),
    eager("PERCENTRANK.EXC", (2, 3), "rss", |e, a| percent_rank(e, a, true)),
    eager("LARGE", (2, 2), "rs", |e, a| nth(e, a, true)),
    eager("SMALL", (2, 2), "rs", |e, a| nth(e, a, false)),
    eager("RANK", (2, 3), "srs", |e, a| rank(e, a, false)),
    eager("RANK.EQ", (2, 3), "srs", |e, a| rank(e, a, false)),
    eager("RANK.AVG", (2, 3), "srs", |e, a| rank(e, a, true)),
    eager("MODE", (1, MANY), "a", |e, a| Ok(modes(&e.numbers(a)?)?[0].into())),
    eager("MODE.SNGL", (1, MANY), "a", |e, a| Ok(modes(&e.numbers(a)?)?[0].into())),
    eager("MODE.MULT", (1, MANY), "a", |e, a| {
        let modes = modes(&e.numbers(a)?)?;
        Ok(Array::build(modes.len(), 1, |r, _| modes[r].into())?.into())
    }),
    eager("FREQUENCY", (2, 2), "a", frequency),
    eager("TRIMMEAN", (2, 2), "rs", |e, a| {
        let numbers = sorted(e, &a[..1])?;
        let share = e.number(a, 1)?;
        require((0.0..1.0).contains(&share) && !numbers.is_empty())?;
        let cut = (numbers.len() as f64 * share / 2.0 + 1e-12).floor() as usize;
        let kept = &numbers[cut..numbers.len() - cut];
        Ok((kept.iter().sum::<f64>() / kept.len() as f64).into())
    }),
    eager("PROB", (3, 4), "aass", prob),
];

pub(super) fn sorted(e: &mut Eval<'_, '_>, args: &[Operand]) -> Result<Vec<f64>, ErrorKind> {
    let mut numbers = e.numbers(args)?;
    numbers.sort_by(f64::total_cmp);
    Ok(numbers)
}

/// Between the neighbours of rank `share` × (n − 1).
fn percentile(sorted: &[f64], share: f64) -> Result<f64, ErrorKind> {
    require(!sorted.is_empty() && (0.0..=1.0).contains(&share))?;
    let rank = share * (sorted.len() - 1) as f64;
    Ok(between(sorted, rank))
}

fn between(sorted: &[f64], rank: f64) -> f64 {
    let below = (rank + 1e-12).floor() as usize;
    let part = (rank - below as f64).max(0.0);
    let next = sorted[(below + 1).min(sorted.len() - 1)];
    if part == 0.0 { sorted[below] } else { sorted[below] + part * (next - sorted[below]) }
}

fn share(e: &mut Eval<'_, '_>, args: &[Operand], parts: f64) -> Result<f64, ErrorKind> {
    let share = e.number(args, 1)?;
    Ok(if parts == 1.0 { share } else { share.trunc() / parts })
}

fn inclusive(e: &mut Eval<'_, '_>, args: &[Operand], parts: f64) -> Outcome {
    let numbers = sorted(e, &args[..1])?;
    Ok(percentile(&numbers, share(e, args, parts)?)?.into())
}

fn exclusive(e: &mut Eval<'_, '_>, args: &[Operand], parts: f64) -> Outcome {
    let numbers = sorted(e, &args[..1])?;
    let rank = share(e, args, parts)? * (numbers.len() as f64 + 1.0);
    require(!numbers.is_empty() && rank >= 1.0 - 1e-12 && rank <= numbers.len() as f64 + 1e-12)?;
    Ok(between(&numbers, (rank - 1.0).clamp(0.0, numbers.len() as f64 - 1.0)).into())
}

fn percent_rank(e: &mut Eval<'_, '_>, args: &[Operand], outside: bool) -> Outcome {
    let numbers = sorted(e, &args[..1])?;
    let x = e.number(args, 1)?;
    let digits = e.integer_or(args, 2, 3)?;
    require(!numbers.is_empty() && (1..=15).contains(&digits))?;
    let (first, last) = (numbers[0], numbers[numbers.len() - 1]);
    if x < first || x > last {
        return Err(ErrorKind::Na);
    }
    let below = numbers.iter().filter(|n| **n < x).count();
    let rank = if numbers.contains(&x) {
        below as f64
    } else {
        let (a, b) = (numbers[below - 1], numbers[below]);
        below as f64 - 1.0 + (x - a) / (b - a)
    };
    let n = numbers.len() as f64;
    let share = if outside {
        (rank + 1.0) / (n + 1.0)
    } else if n == 1.0 {
        1.0
    } else {
        rank / (n - 1.0)
    };
    let scale = 10f64.powi(digits as i32);
    Ok(((share * scale + 1e-9).floor() / scale).into())
}

fn nth(e: &mut Eval<'_, '_>, args: &[Operand], largest: bool) -> Outcome {
    let numbers = sorted(e, &args[..1])?;
    let k = e.number(args, 1)?;
    let k = k.ceil();
    require(k >= 1.0 && k <= numbers.len() as f64)?;
    let k = k as usize;
    Ok(numbers[if largest { numbers.len() - k } else { k - 1 }].into())
}

fn rank(e: &mut Eval<'_, '_>, args: &[Operand], mean: bool) -> Outcome {
    let x = e.number(args, 0)?;
    if !args[1].is_reference() {
        return Err(ErrorKind::Value);
    }
    let numbers = e.numbers(&args[1..2])?;
    let rising = e.number_or(args, 2, 0.0)? != 0.0;
    let equal = numbers.iter().filter(|n| **n == x).count();
    if equal == 0 {
        return Err(ErrorKind::Na);
    }
    let before = numbers.iter().filter(|n| if rising { **n < x } else { **n > x }).count();
    let shift = if mean { (equal as f64 - 1.0) / 2.0 } else { 0.0 };
    Ok((before as f64 + 1.0 + shift).into())
}

/// The most frequent numbers, in the order in which they first appear.
fn modes(numbers: &[f64]) -> Result<Vec<f64>, ErrorKind> {
    let mut counts: std::collections::HashMap<u64, usize> = std::collections::HashMap::new();
    for x in numbers {
        *counts.entry((x + 0.0).to_bits()).or_default() += 1;
    }
    let most = counts.values().copied().max().unwrap_or(0);
    if most < 2 {
        return Err(ErrorKind::Na);
    }
    let mut modes = Vec::new();
    for x in numbers {
        if counts.remove(&(x + 0.0).to_bits()) == Some(most) {
            modes.push(*x);
        }
    }
    Ok(modes)
}

fn frequency(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let numbers = e.numbers(&args[..1])?;
    let edges = e.numbers(&args[1..2])?;
    if edges.is_empty() {
        let counts = [0.0, numbers.len() as f64];
        return Ok(Array::build(2, 1, |r, _| counts[r].into())?.into());
    }
    let mut order: Vec<usize> = (0..edges.len()).collect();
    order.sort_by(|a, b| edges[*a].total_cmp(&edges[*b]));
    let mut counts = vec![0.0; edges.len() + 1];
    for x in numbers {
        let bin = order.iter().find(|i| x <= edges[**i]).copied().unwrap_or(edges.len());
        counts[bin] += 1.0;
    }
    Ok(Array::build(counts.len(), 1, |r, _| counts[r].into())?.into())
}

fn prob(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let (x, p) = (e.array_of(&args[0])?, e.array_of(&args[1])?);
    if x.values().len() != p.values().len() {
        return Err(ErrorKind::Na);
    }
    let low = e.number(args, 2)?;
    let high = e.number_or(args, 3, low)?;
    let mut total = 0.0;
    let mut inside = 0.0;
    let mut found = false;
    for (x, p) in x.values().iter().zip(p.values()) {
        let (Value::Number(x), Value::Number(p)) = (x, p) else { continue };
        require(*p >= 0.0 && *p <= 1.0)?;
        found = true;
        total += p;
        if *x >= low && *x <= high {
            inside += p;
        }
    }
    if !found {
        return Err(ErrorKind::Div0);
    }
    require((total - 1.0).abs() < 1e-7)?;
    Ok(inside.into())
}

/// AGGREGATE: options say whether hidden rows, errors and other aggregates count.
pub(super) fn aggregate_with_options(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let (code, option) = (e.integer_or(args, 0, 0)?, e.integer_or(args, 1, 0)?);
    if !(1..=19).contains(&code) || !(0..=7).contains(&option) {
        return Err(ErrorKind::Value);
    }
    let (skip_hidden, skip_errors) =
        (matches!(option, 1 | 3 | 5 | 7), matches!(option, 2 | 3 | 6 | 7));
    let last = if code >= 14 { args.len() - 1 } else { args.len() };
    let mut values = Vec::new();
    for arg in &args[2..last.max(3)] {
        match arg {
            Operand::Area(area) => {
                values.extend(e.model.visible_values(area, (skip_hidden, option < 4)))
            }
            other => values.extend(e.array_of(other)?.values().iter().cloned()),
        }
    }
    if skip_errors {
        values.retain(|v| v.find_error().is_none());
    }
    if code <= 11 {
        return reduce(code, values);
    }
    ordered(e, code, values, args.get(3))
}

/// The functions 12 to 19 of AGGREGATE.
fn ordered(
    e: &mut Eval<'_, '_>,
    code: i64,
    mut values: Vec<Value>,
    k: Option<&Operand>,
) -> Outcome {
    if let Some(error) = values.iter().find_map(Value::find_error) {
        return Err(error);
    }
    values.retain(|v| matches!(v, Value::Number(_)));
    let n = values.len();
    let data = Operand::Array(
        Array::new(n.max(1), 1, if n == 0 { vec![Value::Empty] } else { values })?.into(),
    );
    let args: Vec<Operand> = std::iter::once(data).chain(k.cloned()).collect();
    match code {
        12 => Ok(percentile(&sorted(e, &args[..1])?, 0.5)?.into()),
        13 => Ok(modes(&e.numbers(&args[..1])?)?[0].into()),
        14 => nth(e, &args, true),
        15 => nth(e, &args, false),
        16 => inclusive(e, &args, 1.0),
        17 => inclusive(e, &args, 4.0),
        18 => exclusive(e, &args, 1.0),
        _ => exclusive(e, &args, 4.0),
    }
}
