//! What an expression yields while it is computed: a value, an array, a reference or a function.

use std::sync::Arc;

use crate::cell::Area;
use crate::formula::Expr;
use crate::functions::FunctionId;
use crate::value::{Array, ErrorKind, Text, Value};

/// A result on its way.
#[derive(Debug, Clone)]
pub(crate) enum Operand {
    Value(Value),
    Array(Arc<Array>),
    Area(Area),
    Areas(Arc<[Area]>),
    Lambda(Arc<Lambda>),
    /// An argument that was left out.
    Omitted,
}

/// A function as a value.
#[derive(Debug)]
pub(crate) enum Lambda {
    /// A LAMBDA with the variables around it.
    Own { params: Vec<Text>, body: Expr, scope: Vec<(Text, Operand)> },
    /// A function of the registry, passed by its name.
    BuiltIn(FunctionId),
}

/// What functions return.
pub(crate) type Outcome = Result<Operand, ErrorKind>;

impl From<Value> for Operand {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl From<f64> for Operand {
    fn from(x: f64) -> Self {
        Self::Value(Value::number(x))
    }
}

impl From<bool> for Operand {
    fn from(b: bool) -> Self {
        Self::Value(Value::Bool(b))
    }
}

impl From<String> for Operand {
    fn from(t: String) -> Self {
        Self::Value(Value::text(t))
    }
}

impl From<ErrorKind> for Operand {
    fn from(e: ErrorKind) -> Self {
        Self::Value(Value::Error(e))
    }
}

impl From<Array> for Operand {
    fn from(array: Array) -> Self {
        if array.rows() == 1 && array.cols() == 1 {
            Self::Value(array.at(0, 0).clone())
        } else {
            Self::Array(Arc::new(array))
        }
    }
}

impl Operand {
    /// Whether this is a reference to cells.
    pub(crate) fn is_reference(&self) -> bool {
        matches!(self, Self::Area(_) | Self::Areas(_))
    }

    /// Whether an argument is absent.
    pub(crate) fn is_omitted(&self) -> bool {
        matches!(self, Self::Omitted)
    }
}
