//! From a frame and its metadata to an encoded table.

use std::collections::HashMap;

use gantry_kit::{Column, ColumnData, ColumnKind, DateFormat, Frame};

use super::{ColumnPlan, EncodedColumn, EncodedKind, EncodedTable, Encoding, Treatment};
use crate::error::SynthError;
use crate::metadata::{ColumnMetadata, Metadata, Role};
use crate::regenerate::Regenerator;

const MICROS_PER_DAY: i64 = 86_400_000_000;
const MICROS_PER_SECOND: i64 = 1_000_000;
/// More digits behind the point than this are noise of binary numbers.
const MAX_DECIMALS: u8 = 12;

/// An encoded table, how it was encoded, and what should be known about that.
pub(crate) type Encoded = (EncodedTable, Encoding, Vec<String>);

/// Encodes a table.
pub(crate) fn encode_frame(frame: &Frame, metadata: &Metadata) -> Result<Encoded, SynthError> {
    let mut table = EncodedTable { rows: frame.rows(), ..EncodedTable::default() };
    let mut encoding = Encoding::default();
    let mut warnings = Vec::new();
    for (index, column) in frame.columns().iter().enumerate() {
        let about = metadata.get(column.name())?;
        let (treatment, values) = encode_column(column, about, metadata.min_count)?;
        if let Some(values) = values {
            let kind = match &treatment {
                Treatment::Levels { labels, .. } => EncodedKind::Levels(labels.len() as u32),
                Treatment::Ordinal { .. }
                | Treatment::Number { .. }
                | Treatment::Date { .. }
                | Treatment::Regenerated { .. } => EncodedKind::Number,
            };
            table.decimals.push(match &treatment {
                Treatment::Number { decimals, .. } => *decimals,
                Treatment::Levels { .. }
                | Treatment::Ordinal { .. }
                | Treatment::Date { .. }
                | Treatment::Regenerated { .. } => 0,
            });
            let masked = values.iter().filter(|value| **value < 0.0).count();
            if masked > 0 && kind != EncodedKind::Number {
                warnings.push(format!(
                    "Column `{}`: {masked} cells hold values that fewer than {} rows share; these \
                     values are never given.",
                    column.name(),
                    metadata.min_count
                ));
            }
            encoding.modelled.push(index);
            table.columns.push(EncodedColumn { name: column.name().to_owned(), kind, values });
        }
        if about.role == Role::ForeignKey {
            table.kin.push(number_keys(column));
        }
        let (name, role) = (column.name().to_owned(), about.role);
        encoding.columns.push(ColumnPlan { name, role, treatment });
    }
    Ok((table, encoding, warnings))
}

/// Equal cells get equal numbers.
fn number_keys(column: &Column) -> Vec<Option<u32>> {
    let mut known = HashMap::new();
    let mut number = |row: usize| {
        let (cell, next) = (column.find_cell(row)?, known.len() as u32);
        Some(*known.entry(cell.into_owned()).or_insert(next))
    };
    (0..column.len()).map(&mut number).collect()
}

type Cells = (Treatment, Option<Vec<f64>>);

fn encode_column(
    column: &Column,
    about: &ColumnMetadata,
    min_count: usize,
) -> Result<Cells, SynthError> {
    match about.role {
        Role::Number | Role::Integer => encode_numbers(column),
        Role::Date => encode_dates(column),
        Role::Category | Role::Boolean => Ok(encode_levels(column, min_count)),
        Role::Ordinal => encode_ordinal(column, about),
        Role::Pattern
        | Role::Id
        | Role::ForeignKey
        | Role::Text
        | Role::FirstName
        | Role::LastName
        | Role::Name
        | Role::Email
        | Role::Phone
        | Role::Address
        | Role::Company
        | Role::Iban
        | Role::CardNumber
        | Role::Ip
        | Role::Url
        | Role::Uuid => {
            let missing = column.missing().count() as f64 / column.len().max(1) as f64;
            let with = Regenerator::learn(column, about.role, min_count);
            Ok((Treatment::Regenerated { with, missing }, None))
        }
    }
}

fn wrong_kind(column: &Column, role: Role) -> SynthError {
    SynthError::RoleUnfit { column: column.name().to_owned(), role: role.as_str() }
}

fn encode_numbers(column: &Column) -> Result<Cells, SynthError> {
    let values = column.find_numbers().ok_or_else(|| wrong_kind(column, Role::Number))?;
    let integer = column.kind() == ColumnKind::Integer;
    let decimals = if integer { 0 } else { derive_decimals(values) };
    Ok((Treatment::Number { decimals, integer }, Some(values.to_vec())))
}

/// The digits behind the point that nearly all values keep.
fn derive_decimals(values: &[f64]) -> u8 {
    let is_exact = |value: f64, decimals: u8| {
        let scaled = value * 10_f64.powi(i32::from(decimals));
        // Binary numbers are off by their last bits alone.
        (scaled - scaled.round()).abs() <= (4.0 * f64::EPSILON * scaled.abs()).max(1e-9)
    };
    let mut needed = 0;
    for value in values.iter().filter(|value| value.is_finite()) {
        while needed <= MAX_DECIMALS && !is_exact(*value, needed) {
            needed += 1;
        }
    }
    if needed > MAX_DECIMALS { 16 } else { needed }
}

fn encode_dates(column: &Column) -> Result<Cells, SynthError> {
    let ColumnData::Date { micros, format } = column.data() else {
        return Err(wrong_kind(column, Role::Date));
    };
    let unit = derive_unit(micros, *format);
    let cell = |(row, micros): (usize, &i64)| match column.is_missing(row) {
        true => f64::NAN,
        false => micros.div_euclid(unit) as f64,
    };
    let values = micros.iter().enumerate().map(cell).collect();
    Ok((Treatment::Date { format: *format, unit }, Some(values)))
}

/// Days, seconds or microseconds: the coarsest that loses nothing.
fn derive_unit(micros: &[i64], format: DateFormat) -> i64 {
    let fits = |unit: i64| micros.iter().all(|value| value % unit == 0);
    if !format.time || fits(MICROS_PER_DAY) {
        MICROS_PER_DAY
    } else if fits(MICROS_PER_SECOND) {
        MICROS_PER_SECOND
    } else {
        1
    }
}

fn encode_levels(column: &Column, min_count: usize) -> Cells {
    let boolean = column.kind() == ColumnKind::Boolean;
    let (raw, names) = derive_codes(column);
    let mut counts = vec![0_usize; names.len()];
    for code in raw.iter().flatten() {
        counts[*code as usize] += 1;
    }
    let present: usize = counts.iter().sum();
    let kept: usize = counts.iter().filter(|count| **count >= min_count).sum();
    // A table so small that nearly every value is rare keeps its commonest ones.
    let fewest = if kept * 2 >= present { min_count } else { 1 };
    let mut labels = Vec::new();
    let codes: Vec<f64> = names
        .iter()
        .zip(&counts)
        .map(|(name, count)| {
            if *count < fewest.max(1) {
                return -1.0;
            }
            labels.push(name.clone());
            (labels.len() - 1) as f64
        })
        .collect();
    let values = raw.iter().map(|code| code.map_or(f64::NAN, |code| codes[code as usize]));
    (Treatment::Levels { labels, boolean }, Some(values.collect()))
}

type Codes = (Vec<Option<u32>>, Vec<String>);

/// A code for each different cell; those of a category are its own.
fn derive_codes(column: &Column) -> Codes {
    if let Some((codes, levels)) = column.find_levels() {
        let cell = |(row, code): (usize, &u32)| (!column.is_missing(row)).then_some(*code);
        return (codes.iter().enumerate().map(cell).collect(), levels.to_vec());
    }
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut names = Vec::new();
    let codes = (0..column.len())
        .map(|row| {
            let cell = column.find_cell(row)?;
            let next = names.len() as u32;
            let code = *known.entry(cell.to_string()).or_insert(next);
            if code == next {
                names.push(cell.into_owned());
            }
            Some(code)
        })
        .collect();
    (codes, names)
}

fn encode_ordinal(column: &Column, about: &ColumnMetadata) -> Result<Cells, SynthError> {
    let (raw, names) = derive_codes(column);
    let labels = if about.order.is_empty() { names.clone() } else { about.order.clone() };
    let place = |name: &String| {
        labels.iter().position(|label| label == name).map(|place| place as f64).ok_or_else(|| {
            SynthError::OrderIncomplete { column: column.name().to_owned(), value: name.clone() }
        })
    };
    let places: Vec<f64> = names.iter().map(place).collect::<Result<_, _>>()?;
    let values = raw.iter().map(|code| code.map_or(f64::NAN, |code| places[code as usize]));
    Ok((Treatment::Ordinal { labels }, Some(values.collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_those_of_the_values() {
        assert_eq!(derive_decimals(&[1.0, 2.5, f64::NAN]), 1);
        assert_eq!(derive_decimals(&[28.7967, 0.1]), 4);
        assert_eq!(derive_decimals(&[1.0 / 3.0]), 16);
    }

    #[test]
    fn rare_levels_are_masked_but_not_in_tiny_tables() {
        let many: Vec<Option<&str>> =
            std::iter::repeat_n(Some("a"), 9).chain([Some("b"), None]).collect();
        let (treatment, values) = encode_levels(&Column::labels("x", many), 5);
        assert_eq!(treatment, Treatment::Levels { labels: vec!["a".into()], boolean: false });
        let values = values.unwrap();
        assert_eq!(values[9], -1.0);
        assert!(values[10].is_nan());
        let (treatment, _) = encode_levels(&Column::labels("x", [Some("a"), Some("b")]), 5);
        let labels = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(treatment, Treatment::Levels { labels, boolean: false });
    }
}
