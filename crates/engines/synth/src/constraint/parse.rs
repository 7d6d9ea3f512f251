//! Rules as people write them.

use gantry_kit::NumberFormat;
use gantry_kit::value::{parse_date, parse_number};

use super::{Constraint, Constraints, Expression, Rule};
use crate::condition::find_modelled;
use crate::encode::{Encoding, Treatment};
use crate::error::SynthError;

/// Reads rules, one a text.
pub(crate) fn parse_constraints(
    texts: &[String],
    encoding: &Encoding,
) -> Result<Constraints, SynthError> {
    let parse = |text: &String| {
        let rule = parse_rule(text.trim(), encoding).map_err(|error| match error {
            Refusal::Reason(reason) => SynthError::Constraint { constraint: text.clone(), reason },
            Refusal::Other(error) => error,
        })?;
        Ok(Constraint { text: text.clone(), rule })
    };
    Constraints::new(texts.iter().map(parse).collect::<Result<_, SynthError>>()?)
}

enum Refusal {
    Reason(String),
    Other(SynthError),
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self::Reason(reason)
    }
}

impl From<SynthError> for Refusal {
    fn from(error: SynthError) -> Self {
        Self::Other(error)
    }
}

fn parse_rule(text: &str, encoding: &Encoding) -> Result<Rule, Refusal> {
    for name in ["fixed", "one_hot", "range", "unique"] {
        let inner = text
            .strip_prefix(name)
            .and_then(|rest| rest.trim_start().strip_prefix('('))
            .and_then(|rest| rest.strip_suffix(')'));
        if let Some(inner) = inner {
            let arguments: Vec<&str> = inner.split(',').map(unquote).collect();
            return parse_call(name, &arguments, encoding);
        }
    }
    for (sign, strict, swapped) in
        [("<=", false, false), (">=", false, true), ("<", true, false), (">", true, true)]
    {
        if let Some((left, right)) = text.split_once(sign) {
            let (low, high) = if swapped { (right, left) } else { (left, right) };
            return parse_order((unquote(low), unquote(high)), strict, encoding);
        }
    }
    let Some((column, formula)) = text.split_once('=') else {
        return Err("is none of the known kinds".to_owned().into());
    };
    let column = require_number(unquote(column), encoding)?;
    let find = |name: &str| {
        require_number(name, encoding).map_err(|refusal| match refusal {
            Refusal::Reason(reason) => reason,
            Refusal::Other(error) => format!("cannot be read: {error}"),
        })
    };
    let expression = Expression::parse(formula.trim_start_matches('='), &find)?;
    if expression.find_columns().contains(&column) {
        return Err("uses the column that it gives".to_owned().into());
    }
    Ok(Rule::Formula { column, expression })
}

fn unquote(text: &str) -> &str {
    text.trim().trim_matches(['`', '"', '\''])
}

fn parse_call(name: &str, arguments: &[&str], encoding: &Encoding) -> Result<Rule, Refusal> {
    let columns = |least: usize| -> Result<Vec<usize>, Refusal> {
        if arguments.len() < least {
            return Err(format!("needs at least {least} columns").into());
        }
        let found = arguments.iter().map(|column| find_modelled(column, encoding));
        Ok(found.collect::<Result<_, _>>()?)
    };
    match name {
        "fixed" => Ok(Rule::Fixed { columns: columns(2)?, combinations: Vec::new() }),
        "one_hot" => Ok(Rule::OneHot { columns: columns(2)? }),
        "unique" => Ok(Rule::Unique { columns: columns(1)? }),
        _ => {
            let [column, low, high] = arguments else {
                return Err("needs a column, the least and the largest value".to_owned().into());
            };
            let column = require_number(column, encoding)?;
            let (low, high) =
                (parse_end(low, column, encoding)?, parse_end(high, column, encoding)?);
            if low > high {
                return Err("has its ends the wrong way round".to_owned().into());
            }
            Ok(Rule::Range { column, low, high })
        }
    }
}

/// Two columns, or a column and a number.
fn parse_order(
    (low, high): (&str, &str),
    strict: bool,
    encoding: &Encoding,
) -> Result<Rule, Refusal> {
    let is_column = |name: &str| encoding.columns.iter().any(|column| column.name == name);
    match (is_column(low), is_column(high)) {
        (true, true) => {
            let (low, high) = (require_number(low, encoding)?, require_number(high, encoding)?);
            if low == high {
                return Err("compares a column with itself".to_owned().into());
            }
            let unit = |place: usize| match encoding.treatment(place) {
                Treatment::Date { unit, .. } => Some(*unit),
                Treatment::Number { .. }
                | Treatment::Ordinal { .. }
                | Treatment::Levels { .. }
                | Treatment::Regenerated { .. } => None,
            };
            if unit(low) != unit(high) {
                return Err("compares columns of different units".to_owned().into());
            }
            Ok(Rule::Order { low, high, strict })
        }
        (true, false) => {
            let column = require_number(low, encoding)?;
            let end = parse_end(high, column, encoding)?;
            let high = if strict { end.next_down() } else { end };
            Ok(Rule::Range { column, low: f64::NEG_INFINITY, high })
        }
        (false, true) => {
            let column = require_number(high, encoding)?;
            let end = parse_end(low, column, encoding)?;
            let low = if strict { end.next_up() } else { end };
            Ok(Rule::Range { column, low, high: f64::INFINITY })
        }
        (false, false) => Err(find_modelled(low, encoding)
            .err()
            .map_or_else(|| Refusal::Reason("names no column".into()), Refusal::Other)),
    }
}

fn require_number(name: &str, encoding: &Encoding) -> Result<usize, Refusal> {
    let place = find_modelled(name, encoding)?;
    match encoding.treatment(place) {
        Treatment::Number { .. } | Treatment::Date { .. } | Treatment::Ordinal { .. } => Ok(place),
        Treatment::Levels { .. } | Treatment::Regenerated { .. } => {
            Err(format!("needs a number or a date, and `{name}` holds labels").into())
        }
    }
}

fn parse_end(text: &str, column: usize, encoding: &Encoding) -> Result<f64, Refusal> {
    let found = match encoding.treatment(column) {
        Treatment::Date { format, unit } => parse_date(text, format.layout)
            .or_else(|| parse_date(text, gantry_kit::DateLayout::Iso))
            .map(|date| date.micros as f64 / *unit as f64),
        Treatment::Ordinal { labels } => {
            labels.iter().position(|label| label == text).map(|place| place as f64)
        }
        Treatment::Number { .. } | Treatment::Levels { .. } | Treatment::Regenerated { .. } => {
            parse_number(text, NumberFormat::Plain)
        }
    };
    found.ok_or_else(|| Refusal::Reason(format!("has `{text}` where a value should stand")))
}
