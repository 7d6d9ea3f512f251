//! Functions of a table with headings and of a table of conditions.

use super::criteria::Criterion;
use super::statistics::variance;
use super::{Function, eager};
use crate::coerce::{compare_text, to_bool, to_text};
use crate::eval::{Eval, Operand};
use crate::value::{Array, ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("DSUM", (3, 3), "r", |e, a| Ok(numbers(e, a)?.iter().sum::<f64>().into())),
    eager("DCOUNT", (3, 3), "r", |e, a| {
        if a[1].is_omitted() {
            return Ok((selected(e, a)?.len() as f64).into());
        }
        Ok((numbers(e, a)?.len() as f64).into())
    }),
    eager("DCOUNTA", (3, 3), "r", |e, a| {
        Ok((selected(e, a)?.iter().filter(|v| !v.is_empty()).count() as f64).into())
    }),
    eager("DAVERAGE", (3, 3), "r", |e, a| {
        let n = numbers(e, a)?;
        if n.is_empty() {
            Err(ErrorKind::Div0)
        } else {
            Ok((n.iter().sum::<f64>() / n.len() as f64).into())
        }
    }),
    eager("DMAX", (3, 3), "r", |e, a| {
        Ok(numbers(e, a)?.into_iter().reduce(f64::max).unwrap_or(0.0).into())
    }),
    eager("DMIN", (3, 3), "r", |e, a| {
        Ok(numbers(e, a)?.into_iter().reduce(f64::min).unwrap_or(0.0).into())
    }),
    eager("DPRODUCT", (3, 3), "r", |e, a| {
        let n = numbers(e, a)?;
        Ok(if n.is_empty() { 0.0 } else { n.iter().product::<f64>() }.into())
    }),
    eager("DGET", (3, 3), "r", |e, a| {
        let mut found = selected(e, a)?;
        match found.len() {
            0 => Err(ErrorKind::Value),
            1 => Ok(found.remove(0).into()),
            _ => Err(ErrorKind::Num),
        }
    }),
    eager("DVAR", (3, 3), "r", |e, a| Ok(variance(&numbers(e, a)?, 1.0)?.into())),
    eager("DVARP", (3, 3), "r", |e, a| Ok(variance(&numbers(e, a)?, 0.0)?.into())),
    eager("DSTDEV", (3, 3), "r", |e, a| Ok(variance(&numbers(e, a)?, 1.0)?.sqrt().into())),
    eager("DSTDEVP", (3, 3), "r", |e, a| Ok(variance(&numbers(e, a)?, 0.0)?.sqrt().into())),
];

fn find_column(table: &Array, name: &str) -> Option<usize> {
    (0..table.cols()).find(|c| {
        to_text(table.at(0, *c))
            .is_ok_and(|t| !t.is_empty() && compare_text(t.trim(), name.trim()).is_eq())
    })
}

fn field(e: &mut Eval<'_, '_>, table: &Array, arg: &Operand) -> Result<usize, ErrorKind> {
    let value = e.single(arg);
    match value {
        Value::Text(name) => find_column(table, &name).ok_or(ErrorKind::Value),
        Value::Error(e) => Err(e),
        Value::Empty => Ok(0),
        Value::Bool(_) => Err(ErrorKind::Value),
        Value::Number(n) => {
            let inside = n >= 1.0 && n.trunc() <= table.cols() as f64;
            if inside { Ok(n.trunc() as usize - 1) } else { Err(ErrorKind::Value) }
        }
    }
}

/// The field's values in all rows that fulfil a row of conditions.
fn selected(e: &mut Eval<'_, '_>, args: &[Operand]) -> Result<Vec<Value>, ErrorKind> {
    let (table, conditions) = (e.array_of(&args[0])?, e.array_of(&args[2])?);
    let column = field(e, &table, &args[1])?;
    if conditions.rows() < 2 || table.rows() < 2 {
        return Err(ErrorKind::Value);
    }
    let mut found = Vec::new();
    for row in 1..table.rows() {
        if (1..conditions.rows()).any(|r| fulfils(&table, row, &conditions, r)) {
            found.push(table.at(row, column).clone());
        }
    }
    Ok(found)
}

fn fulfils(table: &Array, row: usize, conditions: &Array, r: usize) -> bool {
    (0..conditions.cols()).all(|c| {
        let condition = conditions.at(r, c);
        if condition.is_empty() {
            return true;
        }
        let heading = to_text(conditions.at(0, c)).unwrap_or_default();
        match find_column(table, &heading) {
            Some(column) => criterion(condition).holds(table.at(row, column)),
            // A computed condition has no column's heading; its value decides.
            None => to_bool(condition).unwrap_or(false),
        }
    })
}

/// Text without a sign means "begins with".
fn criterion(condition: &Value) -> Criterion {
    match condition {
        Value::Text(t)
            if !t.starts_with(['=', '<', '>']) && crate::text_number::find_number(t).is_none() =>
        {
            Criterion::Pattern(format!("{t}*"), true)
        }
        other => Criterion::of(other),
    }
}

fn numbers(e: &mut Eval<'_, '_>, args: &[Operand]) -> Result<Vec<f64>, ErrorKind> {
    let mut numbers = Vec::new();
    for value in selected(e, args)? {
        match value {
            Value::Number(x) => numbers.push(x),
            Value::Error(e) => return Err(e),
            Value::Empty | Value::Text(_) | Value::Bool(_) => {}
        }
    }
    Ok(numbers)
}
