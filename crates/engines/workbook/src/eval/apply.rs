//! Calls: arguments are computed as the function's signature wants them, and a function of single
//! values is repeated over arrays.

use std::sync::Arc;

use crate::eval::{Eval, Lambda, MAX_DEPTH, Operand};
use crate::formula::Expr;
use crate::functions::{self, Args, Body, FunctionId, Param};
use crate::kernels;
use crate::value::{Array, ErrorKind, Value};

/// The error that an argument is for its parameter.
fn refused(param: Param, operand: &Operand) -> Option<ErrorKind> {
    match (param, operand) {
        (Param::Value | Param::Strict, Operand::Value(Value::Error(e))) => Some(*e),
        (Param::Strict, Operand::Value(Value::Bool(_))) => Some(ErrorKind::Value),
        (Param::Strict, Operand::Omitted) => Some(ErrorKind::Na),
        _ => None,
    }
}

impl Eval<'_, '_> {
    /// Calls a function of the registry.
    pub(crate) fn call(&mut self, id: FunctionId, args: &[Expr]) -> Operand {
        let function = functions::get(id);
        if args.len() < function.min || args.len() > function.max {
            return ErrorKind::Value.into();
        }
        if let Body::Lazy(f) = function.body {
            return f(self, args).unwrap_or_else(Operand::from);
        }
        let mut operands = Vec::with_capacity(args.len());
        for (i, arg) in args.iter().enumerate() {
            let operand = match function.param(i) {
                Param::Array => self.in_array_mode(arg),
                Param::Range => self.expr(arg),
                Param::Value | Param::Strict | Param::Any => match self.expr(arg) {
                    Operand::Omitted => Operand::Omitted,
                    Operand::Lambda(_) => ErrorKind::Value.into(),
                    other => self.plain(&other),
                },
            };
            operands.push(operand);
        }
        self.call_with(id, operands)
    }

    /// Computes an argument where references yield arrays.
    pub(crate) fn in_array_mode(&mut self, arg: &Expr) -> Operand {
        let mode = std::mem::replace(&mut self.array, true);
        let result = self.expr(arg);
        self.array = mode;
        result
    }

    /// Calls a function with computed arguments.
    pub(crate) fn call_with(&mut self, id: FunctionId, operands: Vec<Operand>) -> Operand {
        let function = functions::get(id);
        let mut shape: Option<(usize, usize)> = None;
        for (i, operand) in operands.iter().enumerate() {
            match (function.param(i), operand) {
                (Param::Value | Param::Strict | Param::Any, Operand::Array(a)) => {
                    let (rows, cols) = shape.unwrap_or((1, 1));
                    shape = Some((rows.max(a.rows()), cols.max(a.cols())));
                }
                // Kernels convert in order, so that the first bad argument's error counts.
                (param, operand) if !function.is_kernel() => {
                    if let Some(e) = refused(param, operand) {
                        return e.into();
                    }
                }
                _ => {}
            }
        }
        match shape {
            None => self.once(id, &operands),
            Some((rows, cols)) => self.repeat(id, operands, (rows, cols)),
        }
    }

    /// Repeats a call over the elements of its array arguments.
    fn repeat(&mut self, id: FunctionId, operands: Vec<Operand>, shape: (usize, usize)) -> Operand {
        let function = functions::get(id);
        let result = Array::build(shape.0, shape.1, |r, c| {
            let mut args = Vec::with_capacity(operands.len());
            for (i, operand) in operands.iter().enumerate() {
                let arg = match (function.param(i), operand) {
                    (Param::Value | Param::Strict | Param::Any, Operand::Array(a)) => {
                        Operand::Value(a.broadcast(r, c))
                    }
                    _ => operand.clone(),
                };
                if let Some(e) = refused(function.param(i), &arg).filter(|_| !function.is_kernel())
                {
                    return e.into();
                }
                args.push(arg);
            }
            let result = self.once(id, &args);
            self.single(&result)
        });
        result.map_or_else(Operand::from, |a| Operand::Array(Arc::new(a)))
    }

    fn once(&mut self, id: FunctionId, operands: &[Operand]) -> Operand {
        match functions::get(id).body {
            Body::Eager(f) => f(self, operands).unwrap_or_else(Operand::from),
            Body::Scalar(f) => {
                let values: Vec<Value> = operands.iter().map(|o| self.single(o)).collect();
                let omitted = operands.iter().rev().fold(0, |bits, operand| {
                    bits << 1 | u32::from(matches!(operand, Operand::Omitted))
                });
                let args = Args::new(&values, omitted, self.model.book.date1904);
                f(&args).map_or_else(Operand::from, Operand::Value)
            }
            Body::Kernel1(f) => {
                let x = self.number(operands, 0);
                x.map_or_else(Operand::from, |x| Operand::Value(kernels::to_value(f(x))))
            }
            Body::Kernel2(f) => {
                let (x, y) = (self.number(operands, 0), self.number(operands, 1));
                match (x, y) {
                    (Ok(x), Ok(y)) => Operand::Value(kernels::to_value(f(x, y))),
                    (Err(e), _) | (_, Err(e)) => e.into(),
                }
            }
            Body::Lazy(_) => ErrorKind::Value.into(),
        }
    }

    /// Calls a function value with expressions.
    pub(crate) fn apply_exprs(&mut self, lambda: &Arc<Lambda>, args: &[Expr]) -> Operand {
        let args = args.iter().map(|a| self.expr(a)).collect();
        self.apply(lambda, args)
    }

    /// Calls a function value.
    pub(crate) fn apply(&mut self, lambda: &Arc<Lambda>, args: Vec<Operand>) -> Operand {
        if self.depth + 2 >= MAX_DEPTH {
            return ErrorKind::Num.into();
        }
        match lambda.as_ref() {
            Lambda::BuiltIn(id) => self.call_with(*id, args),
            Lambda::Own { params, body, scope } => {
                if args.len() > params.len() {
                    return ErrorKind::Value.into();
                }
                let mut inner = scope.clone();
                let mut args = args.into_iter();
                for param in params {
                    inner.push((param.clone(), args.next().unwrap_or(Operand::Omitted)));
                }
                let outer = std::mem::replace(&mut self.scope, inner);
                let result = self.expr(body);
                self.scope = outer;
                result
            }
        }
    }
}
