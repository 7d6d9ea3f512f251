//! How values turn into one another, and how they compare: Excel's rules, by name.

use std::cmp::Ordering;

use crate::general;
use crate::text_number::find_number;
use crate::value::{ErrorKind, Text, Value};

/// A value as a number: empty is 0, TRUE is 1, text is read as Excel reads typed text.
///
/// # Errors
/// The value's own error; `#VALUE!` for text that is no number.
pub fn to_number(value: &Value) -> Result<f64, ErrorKind> {
    match value {
        Value::Empty => Ok(0.0),
        Value::Number(x) => Ok(*x),
        Value::Bool(b) => Ok(f64::from(u8::from(*b))),
        Value::Text(t) => find_number(t).ok_or(ErrorKind::Value),
        Value::Error(e) => Err(*e),
    }
}

/// A value as text: empty is "", numbers have up to 15 digits.
///
/// # Errors
/// The value's own error.
pub fn to_text(value: &Value) -> Result<Text, ErrorKind> {
    match value {
        Value::Empty => Ok(Text::from("")),
        Value::Number(x) => Ok(Text::from(general::number_to_text(*x))),
        Value::Bool(b) => Ok(Text::from(if *b { "TRUE" } else { "FALSE" })),
        Value::Text(t) => Ok(t.clone()),
        Value::Error(e) => Err(*e),
    }
}

/// A value as a truth value: numbers other than 0 are true, text only if it says so.
///
/// # Errors
/// The value's own error; `#VALUE!` for other text.
pub fn to_bool(value: &Value) -> Result<bool, ErrorKind> {
    match value {
        Value::Empty => Ok(false),
        Value::Number(x) => Ok(*x != 0.0),
        Value::Bool(b) => Ok(*b),
        Value::Text(t) if t.eq_ignore_ascii_case("true") => Ok(true),
        Value::Text(t) if t.eq_ignore_ascii_case("false") => Ok(false),
        Value::Text(_) => Err(ErrorKind::Value),
        Value::Error(e) => Err(*e),
    }
}

/// The order of kinds: numbers before text before truth values before errors.
fn rank(value: &Value) -> u8 {
    match value {
        Value::Empty => 0,
        Value::Number(_) => 1,
        Value::Text(_) => 2,
        Value::Bool(_) => 3,
        Value::Error(_) => 4,
    }
}

/// Two numbers in the order of their first 15 digits, as Excel's comparisons see them.
#[must_use]
pub fn compare_numbers(a: f64, b: f64) -> Ordering {
    if a == b || (a - b).abs() > 1e-14 * a.abs().max(b.abs()) {
        return a.partial_cmp(&b).unwrap_or(Ordering::Equal);
    }
    if general::same_15(a, b) {
        return Ordering::Equal;
    }
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

/// Text in Excel's order: letters of either case are equal.
#[must_use]
pub fn compare_text(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        let fold = |t: &str| t.bytes().map(|b| b.to_ascii_lowercase()).collect::<Vec<u8>>();
        return if a.eq_ignore_ascii_case(b) {
            Ordering::Equal
        } else {
            text_key(&fold(a)).cmp(text_key(&fold(b)))
        };
    }
    a.to_lowercase().chars().map(char_key).cmp(b.to_lowercase().chars().map(char_key))
}

fn text_key(folded: &[u8]) -> impl Iterator<Item = (u8, u32)> {
    folded.iter().map(|b| char_key(char::from(*b)))
}

/// Signs stand before digits, and digits before letters.
fn char_key(c: char) -> (u8, u32) {
    let class = if c.is_alphabetic() { 2 } else { u8::from(c.is_numeric()) };
    (class, u32::from(c))
}

/// The order of two values as `<` sees it; empty counts as the other's zero.
#[must_use]
pub fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => compare_numbers(*x, *y),
        (Value::Text(x), Value::Text(y)) => compare_text(x, y),
        (Value::Bool(x), Value::Bool(y)) => x.cmp(y),
        (Value::Empty, Value::Empty) => Ordering::Equal,
        (Value::Empty, Value::Number(y)) => compare_numbers(0.0, *y),
        (Value::Number(x), Value::Empty) => compare_numbers(*x, 0.0),
        (Value::Empty, Value::Text(y)) => compare_text("", y),
        (Value::Text(x), Value::Empty) => compare_text(x, ""),
        (Value::Empty, Value::Bool(y)) => false.cmp(y),
        (Value::Bool(x), Value::Empty) => x.cmp(&false),
        (Value::Error(x), Value::Error(y)) => x.cmp(y),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// Whether a look-up treats two values as the same: of one kind and equal.
#[must_use]
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || compare_numbers(*x, *y).is_eq(),
        (Value::Text(x), Value::Text(y)) => {
            x == y || x.eq_ignore_ascii_case(y) || compare_text(x, y).is_eq()
        }
        (Value::Bool(x), Value::Bool(y)) => x == y,
        (Value::Empty, Value::Empty) => true,
        _ => false,
    }
}

/// Whether two values are of one kind, so that an ordered search may compare them.
#[must_use]
pub fn same_kind(a: &Value, b: &Value) -> bool {
    rank(a) == rank(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_ordered_and_empty_adapts() {
        assert!(compare(&Value::Number(1e300), &Value::text("")).is_lt());
        assert!(compare(&Value::text("zz"), &Value::Bool(false)).is_lt());
        assert!(compare(&Value::Empty, &Value::Number(0.0)).is_eq());
        assert!(compare(&Value::Empty, &Value::text("")).is_eq());
        assert!(compare(&Value::text("ABC"), &Value::text("abd")).is_lt());
    }

    #[test]
    fn comparison_sees_15_digits() {
        assert!(compare(&Value::Number(0.1 + 0.2), &Value::Number(0.3)).is_eq());
        assert!(compare(&Value::Number(1.000_000_000_001), &Value::Number(1.0)).is_gt());
    }
}
