//! A condition made ready for one table.

use std::collections::{HashMap, HashSet};

use gantry_kit::{Column, ColumnKind, Frame};

use super::Condition;
use crate::FidelityError;
use crate::error::derive_name_list;
use crate::keys::find_key;

/// Share of the total by which a sum may be off for rounding alone.
const ROUNDING: f64 = 1e-9;

type Cells = Vec<Option<String>>;

/// A condition with the cells that it reads.
pub(super) enum Checker {
    Range { values: Vec<f64>, low: f64, high: f64 },
    Rising { columns: Vec<Vec<f64>>, strictly: bool },
    Sum { parts: Vec<Vec<f64>>, total: Vec<f64>, tolerance: f64 },
    OneHot { columns: Vec<Vec<f64>> },
    Known { rows: Vec<Cells>, known: HashSet<Cells> },
    Unique { rows: Vec<Cells>, counts: HashMap<Cells, usize> },
    OneOf { rows: Vec<Cells>, allowed: HashSet<String> },
    Present { rows: Vec<Cells> },
}

impl Checker {
    pub(super) fn new(
        condition: &Condition,
        (frame, table): (&Frame, &'static str),
        real: &Frame,
    ) -> Result<Self, FidelityError> {
        let numbers = |name: &str| read_numbers(get(frame, table, name)?, table);
        let all = |names: &[String]| -> Result<Vec<Vec<f64>>, FidelityError> {
            names.iter().map(|name| numbers(name)).collect()
        };
        let cells = |names: &[String]| read_cells(frame, table, names);
        let one = std::slice::from_ref;
        Ok(match condition {
            Condition::Range { column, min, max } => Self::Range {
                values: numbers(column)?,
                low: min.unwrap_or(f64::NEG_INFINITY),
                high: max.unwrap_or(f64::INFINITY),
            },
            Condition::Rising { columns, strictly } => {
                Self::Rising { columns: all(columns)?, strictly: *strictly }
            }
            Condition::Sum { parts, total, tolerance } => {
                Self::Sum { parts: all(parts)?, total: numbers(total)?, tolerance: *tolerance }
            }
            Condition::OneHot { columns } => Self::OneHot { columns: all(columns)? },
            Condition::Known { columns } => Self::Known {
                rows: cells(columns)?,
                known: read_cells(real, "real", columns)?.into_iter().collect(),
            },
            Condition::Unique { columns } => {
                let rows = cells(columns)?;
                let mut counts: HashMap<Cells, usize> = HashMap::new();
                rows.iter().for_each(|row| *counts.entry(row.clone()).or_default() += 1);
                Self::Unique { rows, counts }
            }
            Condition::OneOf { column, values } => {
                Self::OneOf { rows: cells(one(column))?, allowed: values.iter().cloned().collect() }
            }
            Condition::Present { column } => Self::Present { rows: cells(one(column))? },
        })
    }

    pub(super) fn holds(&self, row: usize) -> bool {
        let at = |values: &Vec<f64>| values.get(row).copied().unwrap_or(f64::NAN);
        match self {
            Self::Range { values, low, high } => {
                let value = at(values);
                value.is_nan() || (*low..=*high).contains(&value)
            }
            Self::Rising { columns, strictly } => {
                let values: Vec<f64> = columns.iter().map(at).filter(|v| !v.is_nan()).collect();
                let falls =
                    |(left, right): (&f64, &f64)| left > right || (*strictly && left == right);
                !values.iter().zip(values.iter().skip(1)).any(falls)
            }
            Self::Sum { parts, total, tolerance } => {
                let (sum, total): (f64, f64) = (parts.iter().map(at).sum(), at(total));
                let allowed = tolerance.max(ROUNDING * total.abs().max(sum.abs()));
                sum.is_nan() || total.is_nan() || (sum - total).abs() <= allowed
            }
            Self::OneHot { columns } => {
                let values: Vec<f64> = columns.iter().map(at).collect();
                let count = |wanted: f64| values.iter().filter(|value| **value == wanted).count();
                values.iter().any(|value| value.is_nan())
                    || (count(1.0) == 1 && count(0.0) + 1 == values.len())
            }
            Self::Known { rows, known } => {
                rows.get(row).is_none_or(|cells| is_partial(cells) || known.contains(cells))
            }
            Self::Unique { rows, counts } => rows.get(row).is_none_or(|cells| {
                is_partial(cells) || counts.get(cells).is_none_or(|count| *count == 1)
            }),
            Self::OneOf { rows, allowed } => rows
                .get(row)
                .is_none_or(|cells| cells.iter().flatten().all(|cell| allowed.contains(cell))),
            Self::Present { rows } => rows.get(row).is_none_or(|cells| !is_partial(cells)),
        }
    }
}

fn is_partial(cells: &Cells) -> bool {
    cells.iter().any(Option::is_none)
}

fn get<'a>(frame: &'a Frame, table: &str, name: &str) -> Result<&'a Column, FidelityError> {
    frame.find_column(name).ok_or_else(|| FidelityError::UnknownColumn {
        name: name.to_owned(),
        table: table.to_owned(),
        available: derive_name_list(frame.names()),
    })
}

fn read_cells(frame: &Frame, table: &str, names: &[String]) -> Result<Vec<Cells>, FidelityError> {
    let columns: Vec<&Column> =
        names.iter().map(|name| get(frame, table, name)).collect::<Result<_, _>>()?;
    let cell = |column: &&Column, row: usize| find_key(column, row);
    Ok((0..frame.rows()).map(|row| columns.iter().map(|c| cell(c, row)).collect()).collect())
}

/// Numbers, dates in microseconds, yes and no as 1 and 0; NaN where missing.
fn read_numbers(column: &Column, table: &'static str) -> Result<Vec<f64>, FidelityError> {
    let present = |row: usize, value: f64| if column.is_missing(row) { f64::NAN } else { value };
    if let Some(values) = column.find_numbers() {
        return Ok(values.to_vec());
    }
    if let Some(micros) = column.find_dates() {
        return Ok(micros.iter().enumerate().map(|(row, m)| present(row, *m as f64)).collect());
    }
    match column.find_levels() {
        Some((codes, _)) if column.kind() == ColumnKind::Boolean => {
            Ok(codes.iter().enumerate().map(|(row, c)| present(row, f64::from(*c))).collect())
        }
        Some(_) | None if column.missing().count() == column.len() => {
            Ok(vec![f64::NAN; column.len()])
        }
        Some(_) | None => Err(FidelityError::WrongKind {
            column: column.name().to_owned(),
            kind: "used as a number",
            table,
            found: "text",
        }),
    }
}
