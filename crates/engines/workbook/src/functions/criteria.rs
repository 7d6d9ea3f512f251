//! Conditions written as text, such as `">5"` or `"a*"`, and the functions that count and add
//! what fulfils them.

use std::cmp::Ordering;

use super::search::{has_wildcard, matches};
use super::{Function, MANY, eager};
use crate::cell::Area;
use crate::coerce::{compare_numbers, compare_text};
use crate::eval::{Eval, Operand, Outcome};
use crate::text_number::find_number;
use crate::value::{Array, ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("COUNTIF", (2, 2), "rv", |e, a| {
        let rows = Matching::find(e, a)?;
        Ok(rows.count().into())
    }),
    eager("COUNTIFS", (2, MANY), "rv*rv", |e, a| {
        let rows = Matching::find(e, a)?;
        Ok(rows.count().into())
    }),
    eager("SUMIF", (2, 3), "rvr", |e, a| Ok(sum(&if_numbers(e, a)?).into())),
    eager("AVERAGEIF", (2, 3), "rvr", |e, a| mean(&if_numbers(e, a)?)),
    eager("SUMIFS", (3, MANY), "r*rv", |e, a| Ok(sum(&ifs_numbers(e, a)?).into())),
    eager("AVERAGEIFS", (3, MANY), "r*rv", |e, a| mean(&ifs_numbers(e, a)?)),
    eager("MAXIFS", (3, MANY), "r*rv", |e, a| {
        Ok(ifs_numbers(e, a)?.into_iter().reduce(f64::max).unwrap_or(0.0).into())
    }),
    eager("MINIFS", (3, MANY), "r*rv", |e, a| {
        Ok(ifs_numbers(e, a)?.into_iter().reduce(f64::min).unwrap_or(0.0).into())
    }),
];

/// A sum that begins with zero: one of nothing is not negative.
fn sum(numbers: &[f64]) -> f64 {
    numbers.iter().fold(0.0, |sum, x| sum + x)
}

fn mean(numbers: &[f64]) -> Outcome {
    if numbers.is_empty() {
        return Err(ErrorKind::Div0);
    }
    Ok((sum(numbers) / numbers.len() as f64).into())
}

/// What an order must be.
type Test = fn(Ordering) -> bool;

/// A condition on a value.
#[derive(Debug, Clone)]
pub(super) enum Criterion {
    Number(fn(Ordering) -> bool, f64),
    /// Not this number: other kinds of values count.
    NotNumber(f64),
    Text(fn(Ordering) -> bool, String),
    Pattern(String, bool),
    Bool(bool, bool),
    Error(ErrorKind, bool),
    Empty,
    NotEmpty,
    /// Empty or empty text.
    Blank,
    Never,
}

impl Criterion {
    /// The condition that a value stands for.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Empty => Self::Number(Ordering::is_eq, 0.0),
            Value::Number(x) => Self::Number(Ordering::is_eq, *x),
            Value::Bool(b) => Self::Bool(*b, true),
            Value::Error(e) => Self::Error(*e, true),
            Value::Text(t) => Self::read(t),
        }
    }

    fn read(text: &str) -> Self {
        const SIGNS: [(&str, Test); 6] = [
            ("<>", Ordering::is_ne),
            ("<=", Ordering::is_le),
            (">=", Ordering::is_ge),
            ("<", Ordering::is_lt),
            (">", Ordering::is_gt),
            ("=", Ordering::is_eq),
        ];
        let sign = SIGNS.iter().find(|s| text.starts_with(s.0));
        let (sign, test) =
            sign.map_or(("", Ordering::is_eq as fn(Ordering) -> bool), |s| (s.0, s.1));
        let operand = &text[sign.len()..];
        let equality = matches!(sign, "" | "=" | "<>");
        let positive = sign != "<>";
        if operand.is_empty() {
            return match sign {
                "" => Self::Blank,
                "=" => Self::Empty,
                "<>" => Self::NotEmpty,
                _ => Self::Never,
            };
        }
        if let Some(number) = find_number(operand) {
            return if positive { Self::Number(test, number) } else { Self::NotNumber(number) };
        }
        if let Some(error) = ErrorKind::from_text(operand).filter(|_| equality) {
            return Self::Error(error, positive);
        }
        if equality && operand.eq_ignore_ascii_case("true") {
            return Self::Bool(true, positive);
        }
        if equality && operand.eq_ignore_ascii_case("false") {
            return Self::Bool(false, positive);
        }
        if equality {
            return Self::Pattern(operand.to_owned(), positive);
        }
        Self::Text(test, operand.to_owned())
    }

    /// Whether a value fulfils the condition.
    pub(super) fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Number(test, x) => match value {
                Value::Number(y) => test(compare_numbers(*y, *x)),
                Value::Text(t)
                    if test(Ordering::Equal)
                        && !test(Ordering::Less)
                        && !test(Ordering::Greater) =>
                {
                    find_number(t).is_some_and(|y| y == *x)
                }
                _ => false,
            },
            Self::NotNumber(x) => {
                !matches!(value, Value::Number(y) if compare_numbers(*y, *x).is_eq())
            }
            Self::Text(test, t) => matches!(value, Value::Text(v) if test(compare_text(v, t))),
            Self::Pattern(p, positive) => {
                let fits = match value {
                    Value::Text(v) if has_wildcard(p) => matches(p, v),
                    Value::Text(v) => compare_text(v, p).is_eq(),
                    _ => false,
                };
                fits == *positive
            }
            Self::Bool(b, positive) => (*value == Value::Bool(*b)) == *positive,
            Self::Error(e, positive) => (*value == Value::Error(*e)) == *positive,
            Self::Empty => value.is_empty(),
            Self::NotEmpty => !value.is_empty(),
            Self::Never => false,
            Self::Blank => {
                matches!(value, Value::Empty) || matches!(value, Value::Text(t) if t.is_empty())
            }
        }
    }
}

/// Which elements of equally large ranges fulfil all conditions.
struct Matching {
    rows: usize,
    cols: usize,
    hits: Vec<bool>,
    /// Empty cells beyond those that any sheet uses, and whether they fulfil the conditions.
    beyond: usize,
    beyond_hits: bool,
}

impl Matching {
    /// Arguments in pairs: a range and its condition.
    fn find(e: &mut Eval<'_, '_>, pairs: &[Operand]) -> Result<Self, ErrorKind> {
        let mut matching: Option<Self> = None;
        for pair in pairs.chunks(2) {
            let [range, condition] = pair else { return Err(ErrorKind::Value) };
            if !range.is_reference() {
                return Err(ErrorKind::Value);
            }
            let condition = e.single(condition);
            let criterion = Criterion::of(&condition);
            let values = e.array_of(range)?;
            let hits = values.values().iter().map(|v| criterion.holds(v)).collect();
            let whole = if let Operand::Area(a) = range {
                a.rows() * a.cols()
            } else {
                values.values().len()
            };
            let found = Self {
                rows: values.rows(),
                cols: values.cols(),
                hits,
                beyond: whole - values.values().len(),
                beyond_hits: criterion.holds(&Value::Empty),
            };
            matching = Some(match matching {
                None => found,
                Some(m) => m.and(&found)?,
            });
        }
        matching.ok_or(ErrorKind::Value)
    }

    fn and(mut self, other: &Self) -> Result<Self, ErrorKind> {
        if (self.rows, self.cols) != (other.rows, other.cols) {
            return Err(ErrorKind::Value);
        }
        self.hits.iter_mut().zip(&other.hits).for_each(|(a, b)| *a = *a && *b);
        self.beyond_hits = self.beyond_hits && other.beyond_hits;
        Ok(self)
    }

    fn count(&self) -> f64 {
        let beyond = if self.beyond_hits { self.beyond } else { 0 };
        (self.hits.iter().filter(|h| **h).count() + beyond) as f64
    }

    fn numbers(&self, values: &Array) -> Result<Vec<f64>, ErrorKind> {
        let mut numbers = Vec::new();
        for (i, _) in self.hits.iter().enumerate().filter(|(_, h)| **h) {
            match values.at(i / self.cols, i % self.cols) {
                Value::Number(x) => numbers.push(*x),
                Value::Error(e) => return Err(*e),
                Value::Empty | Value::Text(_) | Value::Bool(_) => {}
            }
        }
        Ok(numbers)
    }
}

/// SUMIF: what is added begins where the third argument begins and is as large as the first.
fn if_numbers(e: &mut Eval<'_, '_>, args: &[Operand]) -> Result<Vec<f64>, ErrorKind> {
    let matching = Matching::find(e, &args[..2])?;
    let values = match (args.get(2), &args[0]) {
        (Some(Operand::Area(to)), Operand::Area(from)) => {
            let from = e.clip(from);
            let area = Area {
                bottom: to
                    .top
                    .saturating_add(from.bottom - from.top)
                    .min(crate::cell::MAX_ROWS - 1),
                right: to
                    .left
                    .saturating_add(from.right - from.left)
                    .min(crate::cell::MAX_COLS - 1),
                ..*to
            };
            e.area_array(&area)?.into()
        }
        (Some(other), _) if !other.is_omitted() => e.array_of(other)?,
        _ => e.array_of(&args[0])?,
    };
    matching.numbers(&values)
}

fn ifs_numbers(e: &mut Eval<'_, '_>, args: &[Operand]) -> Result<Vec<f64>, ErrorKind> {
    let matching = Matching::find(e, &args[1..])?;
    if !args[0].is_reference() {
        return Err(ErrorKind::Value);
    }
    let values = e.array_of(&args[0])?;
    if (values.rows(), values.cols()) != (matching.rows, matching.cols) {
        return Err(ErrorKind::Value);
    }
    matching.numbers(&values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_as_excel_reads_them() {
        let holds = |c: &str, v: Value| Criterion::of(&Value::text(c)).holds(&v);
        assert!(holds(">5", 6.0.into()) && !holds(">5", "6".into()));
        assert!(holds("5", 5.0.into()) && holds("5", "5".into()));
        assert!(
            holds("<>5", "x".into())
                && holds("<>5", "5".into())
                && holds("<>5", Value::Empty)
                && !holds("<>5", 5.0.into())
        );
        assert!(holds("a*", "Abc".into()) && !holds("a*", "bA".into()));
        assert!(holds("<>a*", 1.0.into()));
        assert!(holds("", Value::Empty) && holds("", "".into()) && !holds("=", "".into()));
        assert!(holds("<>", 1.0.into()) && !holds("<>", Value::Empty));
        assert!(holds("#N/A", Value::Error(ErrorKind::Na)));
        assert!(holds("TRUE", true.into()) && !holds("TRUE", 1.0.into()));
        assert!(holds(">=b", "c".into()) && !holds(">=b", "a".into()));
    }
}
