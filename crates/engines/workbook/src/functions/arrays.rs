//! Arrays that are made, filtered and sorted.

use std::cmp::Ordering;

use super::{Function, MANY, eager};
use crate::coerce::{compare, same, to_bool};
use crate::eval::{Eval, Operand, Outcome};
use crate::value::{Array, ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("SEQUENCE", (1, 4), "s", |e, a| {
        let (rows, cols) = (e.number_or(a, 0, 1.0)?.trunc(), e.number_or(a, 1, 1.0)?.trunc());
        let (start, step) = (e.number_or(a, 2, 1.0)?, e.number_or(a, 3, 1.0)?);
        let (rows, cols) = size(rows, cols)?;
        Ok(Array::build(rows, cols, |r, c| (start + (r * cols + c) as f64 * step).into())?.into())
    }),
    eager("RANDARRAY", (0, 5), "s", |e, a| {
        let (rows, cols) = size(e.number_or(a, 0, 1.0)?.trunc(), e.number_or(a, 1, 1.0)?.trunc())?;
        let (low, high) = (e.number_or(a, 2, 0.0)?, e.number_or(a, 3, 1.0)?);
        let middle = f64::midpoint(low, high);
        let value = if e.bool_or(a, 4, false)? { middle.floor() } else { middle };
        Ok(Array::build(rows, cols, |_, _| value.into())?.into())
    }),
    eager("FILTER", (2, 3), "aar", filter),
    eager("SORT", (1, 4), "arrs", sort),
    eager("SORTBY", (2, MANY), "a*as", sort_by),
    eager("UNIQUE", (1, 3), "ass", unique),
];

fn size(rows: f64, cols: f64) -> Result<(usize, usize), ErrorKind> {
    if rows < 0.0 || cols < 0.0 {
        return Err(ErrorKind::Value);
    }
    if rows == 0.0 || cols == 0.0 {
        return Err(ErrorKind::Calc);
    }
    Ok((rows as usize, cols as usize))
}

/// The rows of an array in a new order.
pub(super) fn rows_of(array: &Array, rows: &[usize]) -> Result<Array, ErrorKind> {
    Array::build(rows.len(), array.cols(), |r, c| array.at(rows[r], c).clone())
}

/// The columns of an array in a new order.
pub(super) fn cols_of(array: &Array, cols: &[usize]) -> Result<Array, ErrorKind> {
    Array::build(array.rows(), cols.len(), |r, c| array.at(r, cols[c]).clone())
}

fn filter(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let (array, include) = (e.array_of(&args[0])?, e.array_of(&args[1])?);
    let by_rows = include.cols() == 1 && include.rows() == array.rows();
    let by_cols = include.rows() == 1 && include.cols() == array.cols();
    if !by_rows && !by_cols {
        return Err(ErrorKind::Value);
    }
    let mut kept = Vec::new();
    for (i, value) in include.values().iter().enumerate() {
        if to_bool(value)? {
            kept.push(i);
        }
    }
    if kept.is_empty() {
        return match args.get(2) {
            None | Some(Operand::Omitted) => Err(ErrorKind::Calc),
            Some(other) => Ok(other.clone()),
        };
    }
    Ok(if by_rows { rows_of(&array, &kept) } else { cols_of(&array, &kept) }?.into())
}

/// The order of sorting: numbers, text, truth values, errors; empty cells last either way.
fn sort_order(a: &Value, b: &Value, descending: bool) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let order = compare(a, b);
    if descending { order.reverse() } else { order }
}

fn direction(order: f64) -> Result<bool, ErrorKind> {
    if order == 1.0 {
        Ok(false)
    } else if order == -1.0 {
        Ok(true)
    } else {
        Err(ErrorKind::Value)
    }
}

fn sort(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let by_cols = e.bool_or(args, 3, false)?;
    let array = e.array_of(&args[0])?;
    let array = if by_cols { array.transposed() } else { array.as_ref().clone() };
    let default = Operand::Value(Value::Number(1.0));
    let given = |i: usize| args.get(i).filter(|a| !a.is_omitted()).unwrap_or(&default).clone();
    let keys = e.numbers(&[given(1)])?;
    let orders = e.numbers(&[given(2)])?;
    let mut by = Vec::new();
    for (i, key) in keys.iter().enumerate() {
        let inside = *key >= 1.0 && *key <= array.cols() as f64;
        let order = orders.get(i).or(orders.first()).copied().unwrap_or(1.0);
        by.push((
            if inside { *key as usize - 1 } else { return Err(ErrorKind::Value) },
            direction(order)?,
        ));
    }
    let mut rows: Vec<usize> = (0..array.rows()).collect();
    rows.sort_by(|a, b| {
        by.iter().fold(Ordering::Equal, |o, (c, down)| {
            o.then_with(|| sort_order(array.at(*a, *c), array.at(*b, *c), *down))
        })
    });
    let sorted = rows_of(&array, &rows)?;
    Ok(if by_cols { sorted.transposed() } else { sorted }.into())
}

fn sort_by(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let array = e.array_of(&args[0])?;
    let mut keys = Vec::new();
    for pair in args[1..].chunks(2) {
        let key = e.array_of(&pair[0])?;
        let order = if pair.len() > 1 { e.number_or(pair, 1, 1.0)? } else { 1.0 };
        keys.push((key, direction(order)?));
    }
    let first = &keys[0].0;
    let by_rows = first.cols() == 1 && first.rows() == array.rows();
    let by_cols = first.rows() == 1 && first.cols() == array.cols();
    let same_shape = keys.iter().all(|k| (k.0.rows(), k.0.cols()) == (first.rows(), first.cols()));
    if !(by_rows || by_cols) || !same_shape {
        return Err(ErrorKind::Value);
    }
    let mut order: Vec<usize> = (0..first.values().len()).collect();
    order.sort_by(|a, b| {
        keys.iter().fold(Ordering::Equal, |o, (key, down)| {
            o.then_with(|| sort_order(&key.values()[*a], &key.values()[*b], *down))
        })
    });
    Ok(if by_rows { rows_of(&array, &order) } else { cols_of(&array, &order) }?.into())
}

fn unique(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let (by_cols, once) = (e.bool_or(args, 1, false)?, e.bool_or(args, 2, false)?);
    let array = e.array_of(&args[0])?;
    let array = if by_cols { array.transposed() } else { array.as_ref().clone() };
    let equal = |a: usize, b: usize| {
        (0..array.cols()).all(|c| {
            let (x, y) = (array.at(a, c), array.at(b, c));
            same(x, y) || x == y
        })
    };
    let mut firsts: Vec<(usize, usize)> = Vec::new();
    for row in 0..array.rows() {
        match firsts.iter_mut().find(|(first, _)| equal(*first, row)) {
            Some(entry) => entry.1 += 1,
            None => firsts.push((row, 1)),
        }
    }
    let rows: Vec<usize> = firsts.iter().filter(|f| !once || f.1 == 1).map(|f| f.0).collect();
    let result = rows_of(&array, &rows)?;
    Ok(if by_cols { result.transposed() } else { result }.into())
}
