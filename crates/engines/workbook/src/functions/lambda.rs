//! LET and LAMBDA, and the functions that call functions.

use std::sync::Arc;

use super::{Function, MANY, eager, lazy};
use crate::eval::{Eval, Lambda, Operand, Outcome};
use crate::formula::Expr;
use crate::value::{Array, ErrorKind, Text, Value};

pub(super) const TABLE: &[Function] = &[
    lazy("LET", (3, MANY), let_),
    lazy("LAMBDA", (1, MANY), |e, a| {
        let params: Option<Vec<Text>> = a[..a.len() - 1].iter().map(variable).collect();
        let params = params.ok_or(ErrorKind::Value)?;
        let (body, scope) = (a[a.len() - 1].clone(), e.scope.clone());
        Ok(Operand::Lambda(Arc::new(Lambda::Own { params, body, scope })))
    }),
    eager("MAP", (2, MANY), "a", map),
    eager("REDUCE", (3, 3), "rar", |e, a| fold(e, a, false)),
    eager("SCAN", (3, 3), "rar", |e, a| fold(e, a, true)),
    eager("BYROW", (2, 2), "ar", |e, a| lines(e, a, true)),
    eager("BYCOL", (2, 2), "ar", |e, a| lines(e, a, false)),
    eager("MAKEARRAY", (3, 3), "ssr", make),
];

/// The variable that an expression names; one that looks like a cell is none.
fn variable(expr: &Expr) -> Option<Text> {
    if let Expr::Name(name) = expr { Some(name.clone()) } else { None }
}

fn let_(e: &mut Eval<'_, '_>, args: &[Expr]) -> Outcome {
    if args.len().is_multiple_of(2) {
        return Err(ErrorKind::Value);
    }
    let outer = e.scope.len();
    let last = args.len() - 1;
    for pair in args[..last].chunks(2) {
        let Some(name) = variable(&pair[0]) else {
            e.scope.truncate(outer);
            return Err(ErrorKind::Name);
        };
        let value = e.expr(&pair[1]);
        e.scope.push((name, value));
    }
    let result = e.expr(&args[last]);
    e.scope.truncate(outer);
    Ok(result)
}

fn function(operand: &Operand) -> Result<Arc<Lambda>, ErrorKind> {
    match operand {
        Operand::Lambda(f) => Ok(Arc::clone(f)),
        Operand::Value(Value::Error(e)) => Err(*e),
        _ => Err(ErrorKind::Value),
    }
}

/// One value of what a function returned; an array in an array is `#CALC!`.
fn one(e: &mut Eval<'_, '_>, result: &Operand) -> Value {
    match result {
        Operand::Array(a) if a.values().len() > 1 => ErrorKind::Calc.into(),
        Operand::Area(a) if !a.is_cell() => ErrorKind::Calc.into(),
        other => e.single(other),
    }
}

fn map(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let last = args.len() - 1;
    let f = function(&args[last])?;
    let mut arrays = Vec::new();
    for arg in &args[..last] {
        arrays.push(e.array_of(arg)?);
    }
    let rows = arrays.iter().map(|a| a.rows()).max().unwrap_or(1);
    let cols = arrays.iter().map(|a| a.cols()).max().unwrap_or(1);
    let array = Array::build(rows, cols, |r, c| {
        let args = arrays.iter().map(|a| Operand::Value(a.broadcast(r, c))).collect();
        let result = e.apply(&f, args);
        one(e, &result)
    })?;
    Ok(array.into())
}

fn fold(e: &mut Eval<'_, '_>, args: &[Operand], keep: bool) -> Outcome {
    let f = function(&args[2])?;
    let array = e.array_of(&args[1])?;
    let mut state = args[0].clone();
    let mut steps = Vec::new();
    for (i, value) in array.values().iter().enumerate() {
        let first = i == 0 && state.is_omitted();
        state = if first {
            value.clone().into()
        } else {
            e.apply(&f, vec![state, value.clone().into()])
        };
        if keep {
            steps.push(one(e, &state));
        }
    }
    if keep {
        return Ok(Array::new(array.rows(), array.cols(), steps)?.into());
    }
    Ok(state)
}

fn lines(e: &mut Eval<'_, '_>, args: &[Operand], rows: bool) -> Outcome {
    let f = function(&args[1])?;
    let array = e.array_of(&args[0])?;
    let count = if rows { array.rows() } else { array.cols() };
    let mut results = Vec::with_capacity(count);
    for i in 0..count {
        let line = if rows {
            Array::build(1, array.cols(), |_, c| array.at(i, c).clone())?
        } else {
            Array::build(array.rows(), 1, |r, _| array.at(r, i).clone())?
        };
        let result = e.apply(&f, vec![Operand::Array(line.into())]);
        results.push(one(e, &result));
    }
    Ok(if rows { Array::new(count, 1, results) } else { Array::new(1, count, results) }?.into())
}

fn make(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let (rows, cols) = (e.number(args, 0)?.trunc(), e.number(args, 1)?.trunc());
    if rows < 1.0 || cols < 1.0 {
        return Err(ErrorKind::Value);
    }
    let f = function(&args[2])?;
    let array = Array::build(rows as usize, cols as usize, |r, c| {
        let result = e.apply(&f, vec![(r as f64 + 1.0).into(), (c as f64 + 1.0).into()]);
        one(e, &result)
    })?;
    Ok(array.into())
}
