//! The registry of functions: name, number of arguments, how each argument is taken, and what
//! computes it. Families have files of their own.
//!
//! Invariant: names are unique; the order never matters to a stored workbook, as ids live only as
//! long as the process.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::coerce::{to_bool, to_number, to_text};
use crate::eval::{Eval, Operand, Outcome};
use crate::formula::Expr;
use crate::value::{ErrorKind, Text, Value};

mod arrays;
mod bonds;
mod complex;
mod convert_units;
mod criteria;
mod database;
mod date;
mod date_count;
mod depreciation;
mod engineering;
mod financial;
mod information;
mod lambda;
mod logical;
mod lookup;
mod math;
mod math_many;
mod matrix;
mod number_format;
mod odd_bonds;
mod probability;
mod probability_old;
mod references;
mod regression;
mod search;
mod shaping;
mod statistics;
mod statistics_rank;
mod statistics_tests;
mod text;
mod text_split;

/// The number of a function in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FunctionId(pub u16);

/// How a function takes an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    /// One value; an error is the call's result, an array repeats the call.
    Value,
    /// As [`Param::Value`], but truth values are `#VALUE!` and what is left out is `#N/A`.
    Strict,
    /// One value, errors included; an array repeats the call.
    Any,
    /// A reference or an array as it is.
    Range,
    /// As [`Param::Range`], computed as in an array formula.
    Array,
}

/// What computes a function.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// A kernel of one number.
    Kernel1(fn(f64) -> f64),
    /// A kernel of two numbers.
    Kernel2(fn(f64, f64) -> f64),
    /// A function of single values.
    Scalar(fn(&Args<'_>) -> Result<Value, ErrorKind>),
    /// A function of computed arguments that may read cells.
    Eager(fn(&mut Eval<'_, '_>, &[Operand]) -> Outcome),
    /// A function that computes its arguments itself.
    Lazy(fn(&mut Eval<'_, '_>, &[Expr]) -> Outcome),
}

/// A function of the registry.
#[derive(Clone, Copy)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// The fewest arguments.
    pub min: usize,
    /// The most arguments.
    pub max: usize,
    /// A letter per argument: `s` value, `n` value that is no truth value, `v` any value, `r`
    /// range, `a` array. What follows `*`
    /// repeats; without it the last letter does.
    params: &'static str,
    pub(crate) body: Body,
}

impl Function {
    /// How the argument at a place, from 0, is taken.
    #[must_use]
    pub fn param(&self, i: usize) -> Param {
        let (fixed, group) = self
            .params
            .split_once('*')
            .unwrap_or_else(|| (self.params, &self.params[self.params.len().saturating_sub(1)..]));
        let letter = fixed.as_bytes().get(i).copied().unwrap_or_else(|| {
            let group = group.as_bytes();
            group.get((i - fixed.len()) % group.len().max(1)).copied().unwrap_or(b's')
        });
        match letter {
            b'r' => Param::Range,
            b'a' => Param::Array,
            b'v' => Param::Any,
            b'n' => Param::Strict,
            _ => Param::Value,
        }
    }

    /// Whether it works number by number, so that columns of numbers go through the same kernel.
    #[must_use]
    pub fn is_kernel(&self) -> bool {
        matches!(self.body, Body::Kernel1(_) | Body::Kernel2(_))
    }

    /// Whether it takes single values alone and gives one, and reads no cells.
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        self.is_kernel() || matches!(self.body, Body::Scalar(_))
    }

    /// Whether it computes its arguments itself.
    #[must_use]
    pub fn is_lazy(&self) -> bool {
        matches!(self.body, Body::Lazy(_))
    }

    /// The kernel of a function of one number.
    #[must_use]
    pub fn find_kernel1(&self) -> Option<fn(f64) -> f64> {
        if let Body::Kernel1(f) = self.body { Some(f) } else { None }
    }

    /// The kernel of a function of two numbers.
    #[must_use]
    pub fn find_kernel2(&self) -> Option<fn(f64, f64) -> f64> {
        if let Body::Kernel2(f) = self.body { Some(f) } else { None }
    }
}

/// As many arguments as Excel allows.
pub(crate) const MANY: usize = 255;

const fn k1(name: &'static str, f: fn(f64) -> f64) -> Function {
    Function { name, min: 1, max: 1, params: "s", body: Body::Kernel1(f) }
}

const fn k2(name: &'static str, f: fn(f64, f64) -> f64) -> Function {
    Function { name, min: 2, max: 2, params: "s", body: Body::Kernel2(f) }
}

type ScalarFn = fn(&Args<'_>) -> Result<Value, ErrorKind>;

const fn scalar(name: &'static str, count: (usize, usize), f: ScalarFn) -> Function {
    Function { name, min: count.0, max: count.1, params: "s", body: Body::Scalar(f) }
}

const fn strict(name: &'static str, count: (usize, usize), f: ScalarFn) -> Function {
    Function { name, min: count.0, max: count.1, params: "n", body: Body::Scalar(f) }
}

const fn any(name: &'static str, count: (usize, usize), f: ScalarFn) -> Function {
    Function { name, min: count.0, max: count.1, params: "v", body: Body::Scalar(f) }
}

const fn eager(
    name: &'static str,
    count: (usize, usize),
    params: &'static str,
    f: fn(&mut Eval<'_, '_>, &[Operand]) -> Outcome,
) -> Function {
    Function { name, min: count.0, max: count.1, params, body: Body::Eager(f) }
}

const fn lazy(
    name: &'static str,
    count: (usize, usize),
    f: fn(&mut Eval<'_, '_>, &[Expr]) -> Outcome,
) -> Function {
    Function { name, min: count.0, max: count.1, params: "r", body: Body::Lazy(f) }
}

const FAMILIES: &[&[Function]] = &[
    math::TABLE,
    math_many::TABLE,
    matrix::TABLE,
    statistics::TABLE,
    statistics_rank::TABLE,
    statistics_tests::TABLE,
    regression::TABLE,
    probability::TABLE,
    probability_old::TABLE,
    criteria::TABLE,
    database::TABLE,
    logical::TABLE,
    information::TABLE,
    lookup::TABLE,
    search::TABLE,
    references::TABLE,
    arrays::TABLE,
    shaping::TABLE,
    lambda::TABLE,
    text::TABLE,
    text_split::TABLE,
    number_format::TABLE,
    date::TABLE,
    date_count::TABLE,
    financial::TABLE,
    depreciation::TABLE,
    bonds::TABLE,
    odd_bonds::TABLE,
    engineering::TABLE,
    complex::TABLE,
    convert_units::TABLE,
];

static REGISTRY: LazyLock<Vec<Function>> = LazyLock::new(|| FAMILIES.concat());

static BY_NAME: LazyLock<HashMap<&'static str, FunctionId>> = LazyLock::new(|| {
    REGISTRY.iter().enumerate().map(|(i, f)| (f.name, FunctionId(i as u16))).collect()
});

/// The function of a name, in any case of letters.
#[must_use]
pub fn find(name: &str) -> Option<FunctionId> {
    BY_NAME.get(name.to_ascii_uppercase().as_str()).copied()
}

/// A function by its number.
#[must_use]
pub fn get(id: FunctionId) -> &'static Function {
    &REGISTRY[id.0 as usize]
}

/// All functions.
#[must_use]
pub fn all() -> &'static [Function] {
    &REGISTRY
}

/// Whether a function's value changes without its arguments: clock and chance.
#[must_use]
pub fn is_volatile(id: FunctionId) -> bool {
    ["NOW", "TODAY", "RAND", "RANDBETWEEN", "RANDARRAY"].contains(&get(id).name)
}

/// Arguments of a function of single values.
pub(crate) struct Args<'a> {
    values: &'a [Value],
    omitted: u32,
    pub(crate) date1904: bool,
}

impl<'a> Args<'a> {
    /// Values, of which those whose bit is set in `omitted` were left out between two commas.
    pub(crate) fn new(values: &'a [Value], omitted: u32, date1904: bool) -> Self {
        Self { values, omitted, date1904 }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether an argument was given: an empty cell is, and counts as 0.
    pub(crate) fn has(&self, i: usize) -> bool {
        i < self.values.len() && self.omitted.checked_shr(i as u32).unwrap_or(0) & 1 == 0
    }

    pub(crate) fn value(&self, i: usize) -> &Value {
        self.values.get(i).unwrap_or(&Value::Empty)
    }

    pub(crate) fn number(&self, i: usize) -> Result<f64, ErrorKind> {
        to_number(self.value(i))
    }

    /// An argument that may be left out.
    pub(crate) fn number_or(&self, i: usize, default: f64) -> Result<f64, ErrorKind> {
        if i < self.values.len() { self.number(i) } else { Ok(default) }
    }

    /// A whole number, cut off towards zero.
    pub(crate) fn integer(&self, i: usize) -> Result<i64, ErrorKind> {
        Ok(self.number(i)?.trunc() as i64)
    }

    pub(crate) fn integer_or(&self, i: usize, default: i64) -> Result<i64, ErrorKind> {
        Ok(self.number_or(i, default as f64)?.trunc() as i64)
    }

    pub(crate) fn text(&self, i: usize) -> Result<Text, ErrorKind> {
        to_text(self.value(i))
    }

    pub(crate) fn bool_or(&self, i: usize, default: bool) -> Result<bool, ErrorKind> {
        if i < self.values.len() { to_bool(self.value(i)) } else { Ok(default) }
    }
}

/// What a function of single values that is no kernel gives for values none of which was left out;
/// nothing for other functions.
#[must_use]
pub fn call_scalar(id: FunctionId, values: &[Value], date1904: bool) -> Option<Value> {
    let function = get(id);
    let Body::Scalar(f) = function.body else { return None };
    for (i, value) in values.iter().enumerate() {
        match (function.param(i), value) {
            (Param::Value | Param::Strict, Value::Error(e)) => return Some(Value::Error(*e)),
            (Param::Strict, Value::Bool(_)) => return Some(Value::Error(ErrorKind::Value)),
            _ => {}
        }
    }
    Some(f(&Args::new(values, 0, date1904)).unwrap_or_else(Value::Error))
}

/// `#NUM!` unless a condition holds.
pub(crate) fn require(holds: bool) -> Result<(), ErrorKind> {
    if holds { Ok(()) } else { Err(ErrorKind::Num) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_many() {
        assert_eq!(BY_NAME.len(), REGISTRY.len(), "a name is registered twice");
        assert!(REGISTRY.len() >= 400, "{} functions", REGISTRY.len());
        for function in all() {
            assert!(
                function.min <= function.max && !function.params.is_empty(),
                "{}",
                function.name
            );
            assert_eq!(function.name, function.name.to_ascii_uppercase());
        }
    }

    #[test]
    fn signatures_repeat_their_end() {
        let f = Function { params: "rs*rs", ..*get(find("SUM").unwrap()) };
        let letters: Vec<_> = (0..5).map(|i| f.param(i)).collect();
        assert_eq!(letters, [Param::Range, Param::Value, Param::Range, Param::Value, Param::Range]);
    }
}
