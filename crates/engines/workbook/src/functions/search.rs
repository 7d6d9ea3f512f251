//! Searches in a row or column of values: exact, with wildcards, and Excel's binary search, which
//! takes one certain path through unsorted keys too.

use std::cmp::Ordering;

use regex::RegexBuilder;

use super::{Function, eager};
use crate::coerce::{compare, same, same_kind};
use crate::eval::{Eval, Operand, Outcome};
use crate::value::{Array, ErrorKind, Value};

pub(super) const TABLE: &[Function] =
    &[eager("MATCH", (2, 3), "srs", match_), eager("XMATCH", (2, 4), "srss", xmatch)];

/// The most bytes that a compiled pattern takes.
const MOST_PATTERN: usize = 1 << 20;

/// How a search treats values that are not equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Exact,
    /// Exact, or the next smaller.
    Below,
    /// Exact, or the next larger.
    Above,
    Wildcard,
    /// A regular expression.
    Pattern,
}

/// Whether text contains characters that stand for others.
pub(super) fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '~'])
}

/// Whether a text fits a pattern of `*`, `?` and `~` before either, in any case of letters.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let literal =
            pattern.get(p) == Some(&'~') && matches!(pattern.get(p + 1), Some('*' | '?' | '~'));
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Some('?') => {
                (p, t) = (p + 1, t + 1);
                continue;
            }
            Some(c) => {
                let c = if literal { pattern[p + 1] } else { *c };
                if c == text[t] {
                    (p, t) = (p + 1 + usize::from(literal), t + 1);
                    continue;
                }
            }
            None => {}
        }
        let Some((back, from)) = star else { return false };
        star = Some((back, from + 1));
        (p, t) = (back + 1, from + 1);
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Whether a value is what an exact search with wildcards looks for.
fn fits(key: &Value, value: &Value, wild: bool) -> bool {
    match (key, value) {
        (Value::Text(k), Value::Text(v)) if wild && has_wildcard(k) => matches(k, v),
        _ => same(key, value),
    }
}

/// The first place (or last, backwards) that equals a key.
pub(super) fn find_exact(
    key: &Value,
    values: &[Value],
    (wild, backwards): (bool, bool),
) -> Option<usize> {
    if backwards {
        values.iter().rposition(|v| fits(key, v, wild))
    } else {
        values.iter().position(|v| fits(key, v, wild))
    }
}

/// Excel's binary search for the last value not above a key. Keys of another kind are stepped
/// over; unsorted keys give what Excel gives, as the path is the same.
pub(super) fn find_sorted(key: &Value, values: &[Value], descending: bool) -> Option<usize> {
    let (mut low, mut high) = (0isize, values.len() as isize - 1);
    let mut best: Option<usize> = None;
    while low <= high {
        let middle = low + (high - low) / 2;
        // The nearest value of the key's kind at or before the middle, else after it.
        let mut probe = middle;
        while probe >= low && !same_kind(key, &values[probe as usize]) {
            probe -= 1;
        }
        if probe < low {
            probe = middle + 1;
            while probe <= high && !same_kind(key, &values[probe as usize]) {
                probe += 1;
            }
            if probe > high {
                break;
            }
        }
        let mut order = compare(&values[probe as usize], key);
        if descending {
            order = order.reverse();
        }
        match order {
            Ordering::Equal => {
                best = Some(last_of_run(key, values, (probe as usize, high as usize)));
                break;
            }
            Ordering::Less => {
                best = Some(probe as usize);
                low = probe.max(middle) + 1;
            }
            Ordering::Greater => high = probe.min(middle) - 1,
        }
    }
    best
}

/// Of a run of equal values, the last.
fn last_of_run(key: &Value, values: &[Value], (from, high): (usize, usize)) -> usize {
    let mut at = from;
    while at < high && same(key, &values[at + 1]) {
        at += 1;
    }
    at
}

/// Of a run of equal values, the first.
fn first_of_run(key: &Value, values: &[Value], from: usize) -> usize {
    let before = values.get(..from).unwrap_or_default().iter().rev();
    from - before.take_while(|value| same(key, value)).count()
}

/// The nearest value below or above a key, wherever it stands: numbers are below text. Of equal
/// ones the first, or the last when the search runs backwards.
fn find_nearest(key: &Value, values: &[Value], mode: Mode, backwards: bool) -> Option<usize> {
    let wanted = if mode == Mode::Below { Ordering::Less } else { Ordering::Greater };
    let mut best: Option<usize> = None;
    for (i, value) in values.iter().enumerate() {
        if value.is_empty() || value.find_error().is_some() || compare(value, key) != wanted {
            continue;
        }
        let closer = best.is_none_or(|b| {
            let order = compare(value, &values[b]);
            order == wanted.reverse() || (backwards && order == Ordering::Equal)
        });
        if closer {
            best = Some(i);
        }
    }
    best
}

/// The search of XMATCH and XLOOKUP. Of values that equal the key it finds the first, and in
/// descending order or backwards the last; of the nearest ones the last backwards alone.
pub(super) fn find_x(
    key: &Value,
    values: &[Value],
    mode: Mode,
    search: i64,
) -> Result<Option<usize>, ErrorKind> {
    if mode == Mode::Pattern {
        find_pattern(key, values, search < 0)
    } else {
        Ok(find_key(key, values, mode, search))
    }
}

/// The first text (or last, backwards) in which a regular expression finds something.
fn find_pattern(
    key: &Value,
    values: &[Value],
    backwards: bool,
) -> Result<Option<usize>, ErrorKind> {
    let Value::Text(key) = key else { return Ok(None) };
    let pattern = RegexBuilder::new(key).size_limit(MOST_PATTERN).build();
    let pattern = pattern.map_err(|_| ErrorKind::Value)?;
    let is_found = |value: &Value| matches!(value, Value::Text(t) if pattern.is_match(t));
    Ok(if backwards { values.iter().rposition(is_found) } else { values.iter().position(is_found) })
}

fn find_key(key: &Value, values: &[Value], mode: Mode, search: i64) -> Option<usize> {
    let nearest = || find_nearest(key, values, mode, search == -1);
    let sorted = match (mode, search) {
        (Mode::Exact | Mode::Below, 2) => find_sorted(key, values, false),
        (Mode::Exact | Mode::Above, -2) => find_sorted(key, values, true),
        _ => {
            let exact = find_exact(key, values, (mode == Mode::Wildcard, search < 0));
            return match mode {
                Mode::Exact | Mode::Wildcard | Mode::Pattern => exact,
                Mode::Below | Mode::Above => exact.or_else(nearest),
            };
        }
    };
    match sorted {
        Some(at) if same(key, &values[at]) => {
            Some(if search < 0 { at } else { first_of_run(key, values, at) })
        }
        found => match mode {
            Mode::Exact | Mode::Wildcard | Mode::Pattern => None,
            Mode::Below | Mode::Above => found.or_else(nearest),
        },
    }
}

/// The modes of XMATCH and XLOOKUP by their numbers.
pub(super) fn get_mode(number: i64) -> Result<Mode, ErrorKind> {
    match number {
        0 => Ok(Mode::Exact),
        -1 => Ok(Mode::Below),
        1 => Ok(Mode::Above),
        2 => Ok(Mode::Wildcard),
        3 => Ok(Mode::Pattern),
        _ => Err(ErrorKind::Value),
    }
}

/// How XMATCH and XLOOKUP go through the keys: 1 or -1 one by one, 2 or -2 by bisection, which
/// cannot look for patterns.
pub(super) fn get_search(number: i64, mode: Mode) -> Result<i64, ErrorKind> {
    match number {
        1 | -1 => Ok(number),
        2 | -2 if !matches!(mode, Mode::Wildcard | Mode::Pattern) => Ok(number),
        _ => Err(ErrorKind::Value),
    }
}

/// A row or column as a list; others are `#N/A`.
pub(super) fn list(array: &Array) -> Result<&[Value], ErrorKind> {
    if array.rows() == 1 || array.cols() == 1 { Ok(array.values()) } else { Err(ErrorKind::Na) }
}

/// An empty key is looked for as 0.
pub(super) fn key_of(value: Value) -> Value {
    if value.is_empty() { Value::Number(0.0) } else { value }
}

fn match_(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let key = key_of(e.value(args, 0));
    let array = e.array_of(&args[1])?;
    let values = list(&array)?;
    let kind = e.number_or(args, 2, 1.0)?;
    if let Value::Text(t) = &key
        && t.chars().count() > 255
    {
        return Err(ErrorKind::Value);
    }
    let found = if kind == 0.0 {
        find_exact(&key, values, (true, false))
    } else {
        find_sorted(&key, values, kind < 0.0)
    };
    found.map(|i| (i as f64 + 1.0).into()).ok_or(ErrorKind::Na)
}

fn xmatch(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let key = e.value(args, 0);
    let array = e.array_of(&args[1])?;
    let values = list(&array).map_err(|_| ErrorKind::Value)?;
    let mode = get_mode(e.integer_or(args, 2, 0)?)?;
    let search = get_search(e.integer_or(args, 3, 1)?, mode)?;
    find_x(&key, values, mode, search)?.map(|i| (i as f64 + 1.0).into()).ok_or(ErrorKind::Na)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match() {
        for (pattern, text, fit) in [
            ("a*", "Apple", true),
            ("*e", "apple", true),
            ("a?p*", "apple", true),
            ("a~*", "a*", true),
            ("a~*", "ab", false),
            ("*a*b*", "xxaybz", true),
            ("", "", true),
            ("?", "", false),
        ] {
            assert_eq!(matches(pattern, text), fit, "{pattern} {text}");
        }
    }

    #[test]
    fn binary_search_takes_excels_path() {
        let values = |v: &[f64]| v.iter().map(|x| Value::Number(*x)).collect::<Vec<_>>();
        let find = |key: f64, v: &[f64]| find_sorted(&Value::Number(key), &values(v), false);
        assert_eq!(find(3.5, &[1.0, 2.0, 3.0, 4.0]), Some(2));
        assert_eq!(find(0.5, &[1.0, 2.0]), None);
        assert_eq!(find(2.0, &[1.0, 2.0, 2.0, 2.0, 3.0]), Some(3));
        assert_eq!(find(9.0, &[5.0, 1.0, 9.0, 2.0, 3.0]), Some(2));
        assert_eq!(find(1e300, &[3.0, 9.0, 1.0]), Some(2));
    }
}
