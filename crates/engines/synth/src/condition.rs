//! Conditions on rows, as people write them: `sex=Female,age>60`.

use gantry_kit::NumberFormat;
use gantry_kit::value::{parse_date, parse_number};
use serde::{Deserialize, Serialize};

use crate::encode::{Encoding, Treatment};
use crate::error::SynthError;

/// The values of a modelled column that a condition lets through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Allowed {
    /// By code.
    Levels(Vec<bool>),
    /// Both ends included.
    Numbers { low: f64, high: f64 },
}

impl Allowed {
    /// Whether a value passes; a missing cell never does.
    pub(crate) fn admits(&self, value: Option<f64>) -> bool {
        match (self, value) {
            (_, None) => false,
            (Self::Levels(codes), Some(code)) => {
                code >= 0.0 && codes.get(code as usize).copied().unwrap_or(false)
            }
            (Self::Numbers { low, high }, Some(value)) => (*low..=*high).contains(&value),
        }
    }

    /// What passes both.
    pub(crate) fn intersect(self, other: Self) -> Self {
        intersect(self, other)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// Longer signs first, so that `<=` is not read as `<`.
const SIGNS: [(&str, Relation); 8] = [
    ("!=", Relation::Unequal),
    ("<=", Relation::AtMost),
    (">=", Relation::AtLeast),
    ("==", Relation::Equal),
    ("≠", Relation::Unequal),
    ("<", Relation::Less),
    (">", Relation::Greater),
    ("=", Relation::Equal),
];

/// Reads conditions; gives what each modelled column may hold.
pub(crate) fn parse_given(
    text: &str,
    encoding: &Encoding,
) -> Result<Vec<Option<Allowed>>, SynthError> {
    let mut allowed: Vec<Option<Allowed>> = vec![None; encoding.modelled.len()];
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, relation, value) = split_part(part)?;
        let place = find_modelled(name, encoding)?;
        let treatment = encoding.treatment(place);
        let here = derive_allowed(part, (relation, value), treatment)?;
        let merged = match allowed[place].take() {
            Some(before) => intersect(before, here),
            None => here,
        };
        require_possible(part, &merged)?;
        allowed[place] = Some(merged);
    }
    Ok(allowed)
}

/// The columns that conditions speak of, in the order in which they are written.
pub(crate) fn find_given_columns(
    text: &str,
    encoding: &Encoding,
) -> Result<Vec<usize>, SynthError> {
    let mut columns = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let place = find_modelled(split_part(part)?.0, encoding)?;
        if !columns.contains(&place) {
            columns.push(place);
        }
    }
    Ok(columns)
}

fn split_part(part: &str) -> Result<(&str, Relation, &str), SynthError> {
    let found = part.char_indices().find_map(|(at, _)| {
        let rest = part.get(at..)?;
        let (sign, relation) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign))?;
        Some((part.get(..at)?.trim(), *relation, rest.get(sign.len()..)?.trim()))
    });
    found.filter(|(name, _, value)| !name.is_empty() && !value.is_empty()).ok_or_else(|| {
        SynthError::Condition {
            condition: part.to_owned(),
            reason: "it is not of the form column=value".into(),
        }
    })
}

/// The place among the modelled columns of a column that can be asked for.
pub(crate) fn find_modelled(name: &str, encoding: &Encoding) -> Result<usize, SynthError> {
    let names = encoding.columns.iter().map(|column| column.name.as_str());
    let exact = names.clone().position(|known| known == name);
    let found = exact.or_else(|| {
        let mut alike = names.enumerate().filter(|(_, known)| known.eq_ignore_ascii_case(name));
        alike.next().filter(|_| alike.next().is_none()).map(|(index, _)| index)
    });
    let index = found.ok_or_else(|| SynthError::ColumnNotFound {
        column: name.to_owned(),
        available: encoding.list_names(),
    })?;
    encoding
        .modelled
        .iter()
        .position(|column| *column == index)
        .ok_or_else(|| SynthError::NotModelled { column: encoding.columns[index].name.clone() })
}

fn derive_allowed(
    condition: &str,
    (relation, value): (Relation, &str),
    treatment: &Treatment,
) -> Result<Allowed, SynthError> {
    let refuse = |reason: String| SynthError::Condition { condition: condition.to_owned(), reason };
    match treatment {
        Treatment::Levels { labels, .. } => {
            let code = find_label(labels, value)
                .ok_or_else(|| refuse(format!("the column has no value `{value}`")))?;
            let wanted = match relation {
                Relation::Equal => true,
                Relation::Unequal => false,
                Relation::Less | Relation::AtMost | Relation::Greater | Relation::AtLeast => {
                    return Err(refuse("labels have no order".into()));
                }
            };
            Ok(Allowed::Levels((0..labels.len()).map(|level| (level == code) == wanted).collect()))
        }
        Treatment::Ordinal { labels } => {
            let code = find_label(labels, value)
                .ok_or_else(|| refuse(format!("the column has no value `{value}`")))?;
            derive_range(relation, code as f64).ok_or_else(|| refuse(NO_UNEQUAL.into()))
        }
        Treatment::Number { .. } => {
            let number = parse_number(value, NumberFormat::Plain)
                .ok_or_else(|| refuse(format!("`{value}` is no number")))?;
            derive_range(relation, number).ok_or_else(|| refuse(NO_UNEQUAL.into()))
        }
        Treatment::Date { format, unit } => {
            let date = parse_date(value, format.layout)
                .or_else(|| parse_date(value, gantry_kit::DateLayout::Iso))
                .ok_or_else(|| refuse(format!("`{value}` is no date")))?;
            let number = date.micros as f64 / *unit as f64;
            derive_range(relation, number).ok_or_else(|| refuse(NO_UNEQUAL.into()))
        }
        Treatment::Regenerated { .. } => Err(refuse("the column is not modelled".into())),
    }
}

const NO_UNEQUAL: &str = "numbers and dates take <, <=, =, >= and >, but not !=";

fn find_label(labels: &[String], value: &str) -> Option<usize> {
    let value = value.trim_matches(['"', '\'']);
    labels
        .iter()
        .position(|label| label == value)
        .or_else(|| labels.iter().position(|label| label.eq_ignore_ascii_case(value)))
}

fn derive_range(relation: Relation, value: f64) -> Option<Allowed> {
    let (low, high) = match relation {
        Relation::Equal => (value, value),
        Relation::Unequal => return None,
        Relation::Less => (f64::NEG_INFINITY, value.next_down()),
        Relation::AtMost => (f64::NEG_INFINITY, value),
        Relation::Greater => (value.next_up(), f64::INFINITY),
        Relation::AtLeast => (value, f64::INFINITY),
    };
    Some(Allowed::Numbers { low, high })
}

fn intersect(before: Allowed, after: Allowed) -> Allowed {
    match (before, after) {
        (Allowed::Levels(a), Allowed::Levels(b)) => {
            Allowed::Levels(a.iter().zip(&b).map(|(a, b)| *a && *b).collect())
        }
        (Allowed::Numbers { low: a, high: b }, Allowed::Numbers { low: c, high: d }) => {
            Allowed::Numbers { low: a.max(c), high: b.min(d) }
        }
        // Both speak of one column, which is of one kind.
        (Allowed::Levels(_), numbers @ Allowed::Numbers { .. }) => numbers,
        (Allowed::Numbers { .. }, levels @ Allowed::Levels(_)) => levels,
    }
}

fn require_possible(condition: &str, allowed: &Allowed) -> Result<(), SynthError> {
    let possible = match allowed {
        Allowed::Levels(codes) => codes.contains(&true),
        Allowed::Numbers { low, high } => low <= high,
    };
    if possible {
        return Ok(());
    }
    Err(SynthError::Condition {
        condition: condition.to_owned(),
        reason: "no value fits it together with the other conditions".into(),
    })
}
