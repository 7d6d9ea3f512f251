//! Truth values and choices. Branches that are not taken are not computed.

use super::{Function, MANY, any, eager, lazy, scalar};
use crate::coerce::{compare, to_bool, to_number};
use crate::eval::{Eval, Operand, Outcome};
use crate::formula::Expr;
use crate::value::{Array, ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    lazy("IF", (1, 3), if_),
    lazy("IFS", (2, MANY), ifs),
    lazy("SWITCH", (3, MANY), switch),
    lazy("CHOOSE", (2, MANY), choose),
    lazy("IFERROR", (2, 2), |e, a| if_error(e, a, |_| true)),
    lazy("IFNA", (2, 2), |e, a| if_error(e, a, |k| k == ErrorKind::Na)),
    eager("AND", (1, MANY), "r", |e, a| Ok(truths(e, a)?.iter().all(|b| *b).into())),
    eager("OR", (1, MANY), "r", |e, a| Ok(truths(e, a)?.iter().any(|b| *b).into())),
    eager("XOR", (1, MANY), "r", |e, a| {
        Ok((truths(e, a)?.iter().filter(|b| **b).count() % 2 == 1).into())
    }),
    scalar("NOT", (1, 1), |a| Ok(Value::Bool(!to_bool(a.value(0))?))),
    any("TRUE", (0, 0), |_| Ok(true.into())),
    any("FALSE", (0, 0), |_| Ok(false.into())),
];

/// Truth values of arguments: text in references does not count, text given directly must be one.
fn truths(e: &mut Eval<'_, '_>, args: &[Operand]) -> Result<Vec<bool>, ErrorKind> {
    let mut truths = Vec::new();
    let mut error = None;
    for arg in args {
        e.each(arg, &mut |value, referred| match value {
            Value::Text(_) if referred => {}
            Value::Empty if referred => {}
            Value::Text(t) if t.is_empty() => {}
            other => match to_bool(other) {
                Ok(b) => truths.push(b),
                Err(e) => error = error.or(Some(e)),
            },
        });
    }
    match error {
        Some(e) => Err(e),
        None if truths.is_empty() => Err(ErrorKind::Value),
        None => Ok(truths),
    }
}

/// A branch; one left out between commas is 0.
fn branch(e: &mut Eval<'_, '_>, args: &[Expr], i: usize, absent: Operand) -> Operand {
    match args.get(i) {
        None => absent,
        Some(Expr::Omitted) => 0.0.into(),
        Some(arg) => e.expr(arg),
    }
}

fn if_(e: &mut Eval<'_, '_>, args: &[Expr]) -> Outcome {
    let condition = e.expr(&args[0]);
    match e.plain(&condition) {
        Operand::Array(tests) => {
            let yes = branch(e, args, 1, true.into());
            let no = branch(e, args, 2, false.into());
            let (yes, no) = (e.plain(&yes), e.plain(&no));
            let (yes, no) = (e.array_of(&yes)?, e.array_of(&no)?);
            let rows = tests.rows().max(yes.rows()).max(no.rows());
            let cols = tests.cols().max(yes.cols()).max(no.cols());
            let array = Array::build(rows, cols, |r, c| match to_bool(&tests.broadcast(r, c)) {
                Ok(true) => yes.broadcast(r, c),
                Ok(false) => no.broadcast(r, c),
                Err(e) => e.into(),
            })?;
            Ok(Operand::Array(array.into()))
        }
        other => {
            let test = e.single(&other);
            Ok(if to_bool(&test)? {
                branch(e, args, 1, true.into())
            } else {
                branch(e, args, 2, false.into())
            })
        }
    }
}

fn single_expr(e: &mut Eval<'_, '_>, arg: &Expr) -> Value {
    let operand = e.expr(arg);
    let operand = e.plain(&operand);
    e.single(&operand)
}

fn ifs(e: &mut Eval<'_, '_>, args: &[Expr]) -> Outcome {
    if e.array {
        return ifs_arrays(e, args);
    }
    for pair in args.chunks(2) {
        let test = single_expr(e, &pair[0]);
        if to_bool(&test)? {
            return Ok(e.expr(pair.get(1).ok_or(ErrorKind::Na)?));
        }
    }
    Err(ErrorKind::Na)
}

fn ifs_arrays(e: &mut Eval<'_, '_>, args: &[Expr]) -> Outcome {
    let mut arrays = Vec::new();
    for arg in args {
        let operand = e.expr(arg);
        let operand = e.plain(&operand);
        arrays.push(e.array_of(&operand)?);
    }
    let rows = arrays.iter().map(|a| a.rows()).max().unwrap_or(1);
    let cols = arrays.iter().map(|a| a.cols()).max().unwrap_or(1);
    let pick = |r: usize, c: usize| {
        for pair in arrays.chunks(2) {
            match to_bool(&pair[0].broadcast(r, c)) {
                Ok(true) => return pair.get(1).map_or(ErrorKind::Na.into(), |a| a.broadcast(r, c)),
                Ok(false) => {}
                Err(e) => return e.into(),
            }
        }
        Value::Error(ErrorKind::Na)
    };
    Ok(Array::build(rows, cols, pick)?.into())
}

fn switch(e: &mut Eval<'_, '_>, args: &[Expr]) -> Outcome {
    let wanted = single_expr(e, &args[0]);
    if let Some(error) = wanted.find_error() {
        return Err(error);
    }
    for pair in args[1..].chunks(2) {
        let [case, result] = pair else { return Ok(e.expr(&pair[0])) };
        let case = single_expr(e, case);
        if let Some(error) = case.find_error() {
            return Err(error);
        }
        if compare(&wanted, &case).is_eq() {
            return Ok(e.expr(result));
        }
    }
    Err(ErrorKind::Na)
}

fn choose(e: &mut Eval<'_, '_>, args: &[Expr]) -> Outcome {
    let index = e.expr(&args[0]);
    let index = e.plain(&index);
    if let Operand::Array(index) = &index {
        return choose_many(e, args, index);
    }
    let index = e.single(&index);
    let i = to_number(&index)?.trunc();
    if i < 1.0 || i >= args.len() as f64 {
        return Err(ErrorKind::Value);
    }
    Ok(branch(e, args, i as usize, Operand::Omitted))
}

/// CHOOSE with an array of indices, which joins columns: `CHOOSE({1,2}, A1:A9, C1:C9)`.
fn choose_many(e: &mut Eval<'_, '_>, args: &[Expr], index: &Array) -> Outcome {
    let mut parts = Vec::new();
    for arg in &args[1..] {
        let part = e.in_array_mode(arg);
        parts.push(e.array_of(&part)?);
    }
    let rows = parts.iter().map(|p| p.rows()).max().unwrap_or(1).max(index.rows());
    let cols = parts.iter().map(|p| p.cols()).max().unwrap_or(1).max(index.cols());
    let pick = |r: usize, c: usize| {
        let i = match to_number(&index.broadcast(r, c)) {
            Ok(i) => i.trunc(),
            Err(e) => return e.into(),
        };
        if i < 1.0 || i > parts.len() as f64 {
            return ErrorKind::Value.into();
        }
        parts[i as usize - 1].broadcast(r, c)
    };
    Ok(Array::build(rows, cols, pick)?.into())
}

fn if_error(e: &mut Eval<'_, '_>, args: &[Expr], caught: fn(ErrorKind) -> bool) -> Outcome {
    let value = e.expr(&args[0]);
    let is_caught = |v: &Value| v.find_error().is_some_and(caught);
    match e.plain(&value) {
        Operand::Array(array) => {
            let other = e.expr(&args[1]);
            let other = e.plain(&other);
            let other = e.array_of(&other)?;
            let rows = array.rows().max(other.rows());
            let cols = array.cols().max(other.cols());
            Ok(Array::build(rows, cols, |r, c| {
                let v = array.broadcast(r, c);
                if is_caught(&v) { other.broadcast(r, c) } else { v }
            })?
            .into())
        }
        single => {
            let single = e.single(&single);
            if !is_caught(&single) {
                return Ok(single.into());
            }
            Ok(branch(e, args, 1, Operand::Omitted))
        }
    }
}
