//! Both tables side by side: one typed column of each, with the same codes for the same labels.
//!
//! Invariants: every column has as many values on a side as the side has rows; a missing number is
//! NaN and a missing label [`MISSING`]; labels are numbered in the order in which they are met,
//! the real table first, and each of them is used by at least one row.

mod labels;

use gantry_kit::{Column, Frame};

use crate::error::derive_name_list;
use crate::{ColumnKind, FidelityError, Pair};
use labels::Labels;

/// The code of a missing label.
pub(crate) const MISSING: u32 = u32::MAX;

/// One of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Real,
    Synthetic,
    Holdout,
}

impl Side {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Synthetic => "synthetic",
            Self::Holdout => "hold-out",
        }
    }
}

/// The same thing of each table; that of the hold-out is empty where there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sides<T> {
    pub(crate) real: T,
    pub(crate) synthetic: T,
    pub(crate) holdout: T,
}

impl<T: Default> Sides<T> {
    /// Nothing of the hold-out.
    pub(crate) fn of_two(real: T, synthetic: T) -> Self {
        Self { real, synthetic, holdout: T::default() }
    }
}

impl<T> Sides<T> {
    pub(crate) fn get(&self, side: Side) -> &T {
        match side {
            Side::Real => &self.real,
            Side::Synthetic => &self.synthetic,
            Side::Holdout => &self.holdout,
        }
    }
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    /// Numbers, or microseconds since 1970.
    Numbers(Sides<Vec<f64>>),
    /// Codes into the names.
    Labels { names: Vec<String>, codes: Sides<Vec<u32>> },
}

/// A column of all tables.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Aligned {
    pub(crate) name: String,
    pub(crate) kind: ColumnKind,
    pub(crate) values: Values,
}

impl Aligned {
    /// A value as a number: labels as their codes, NaN where missing.
    pub(crate) fn number(&self, side: Side, row: usize) -> f64 {
        match &self.values {
            Values::Numbers(numbers) => numbers.get(side).get(row).copied().unwrap_or(f64::NAN),
            Values::Labels { codes, .. } => match codes.get(side).get(row) {
                None | Some(&MISSING) => f64::NAN,
                Some(code) => f64::from(*code),
            },
        }
    }

    /// Number of labels; 0 for numbers.
    pub(crate) fn labels(&self) -> usize {
        match &self.values {
            Values::Numbers(_) => 0,
            Values::Labels { names, .. } => names.len(),
        }
    }

    /// Missing cells of a side.
    pub(crate) fn missing(&self, side: Side) -> usize {
        match &self.values {
            Values::Numbers(numbers) => numbers.get(side).iter().filter(|v| v.is_nan()).count(),
            Values::Labels { codes, .. } => {
                codes.get(side).iter().filter(|code| **code == MISSING).count()
            }
        }
    }
}

/// The columns that are compared, of all tables.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Aligned>,
    pub(crate) rows: Sides<usize>,
    /// What was left out, in words.
    pub(crate) notes: Vec<String>,
}

impl Table {
    /// Lines up the tables of a pair.
    pub(crate) fn new(pair: &Pair<'_>) -> Result<Self, FidelityError> {
        pair.require_valid()?;
        let mut columns = Vec::new();
        let mut absent = Vec::new();
        for column in &pair.metadata.columns {
            let is_key = pair.metadata.is_primary_key(&column.name);
            if !column.kind.is_compared() || is_key {
                continue;
            }
            let holdout = pair.holdout.map(|frame| frame.find_column(&column.name));
            let real = pair.real.get_column(&column.name)?;
            match (pair.synthetic.find_column(&column.name), holdout) {
                (None, _) | (_, Some(None)) => absent.push(column.name.as_str()),
                (Some(synthetic), holdout) => {
                    let frames = (real, synthetic, holdout.flatten());
                    columns.push(align(&column.name, column.kind, frames)?);
                }
            }
        }
        if columns.is_empty() {
            return Err(FidelityError::NothingInCommon {
                real: derive_name_list(pair.real.names()),
                synthetic: derive_name_list(pair.synthetic.names()),
            });
        }
        let mut notes = Vec::new();
        if !absent.is_empty() {
            let list = derive_name_list(absent.iter().copied());
            notes.push(format!(
                "Columns that are missing from the synthetic or the hold-out table were left \
                 out: {list}."
            ));
        }
        note_uncompared(pair, &mut notes);
        let rows = Sides {
            real: pair.real.rows(),
            synthetic: pair.synthetic.rows(),
            holdout: pair.holdout.map_or(0, Frame::rows),
        };
        Ok(Self { columns, rows, notes })
    }

    /// Whether there are hold-out rows.
    pub(crate) fn has_holdout(&self) -> bool {
        self.rows.holdout > 0
    }

    /// The column of this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

fn note_uncompared(pair: &Pair<'_>, notes: &mut Vec<String>) {
    let passed: Vec<&str> = pair
        .metadata
        .columns
        .iter()
        .filter(|c| !c.kind.is_compared() || pair.metadata.is_primary_key(&c.name))
        .map(|c| c.name.as_str())
        .collect();
    if !passed.is_empty() {
        let list = derive_name_list(passed.into_iter());
        notes.push(format!(
            "Ids, personal data and free text are not compared by distribution: {list}."
        ));
    }
    let unlisted: Vec<&str> =
        pair.real.names().filter(|name| pair.metadata.find_column(name).is_none()).collect();
    if !unlisted.is_empty() {
        let list = derive_name_list(unlisted.into_iter());
        notes.push(format!("The metadata does not list, so that they were passed over: {list}."));
    }
}

type Three<'a> = (&'a Column, &'a Column, Option<&'a Column>);

fn align(
    name: &str,
    kind: ColumnKind,
    (real, synthetic, holdout): Three<'_>,
) -> Result<Aligned, FidelityError> {
    let values = if kind.is_continuous() {
        let read = |column: &Column, side: Side| numbers(column, kind, side);
        Values::Numbers(Sides {
            real: read(real, Side::Real)?,
            synthetic: read(synthetic, Side::Synthetic)?,
            holdout: match holdout {
                Some(column) => read(column, Side::Holdout)?,
                None => Vec::new(),
            },
        })
    } else {
        let columns: Vec<&Column> =
            [Some(real), Some(synthetic), holdout].into_iter().flatten().collect();
        let mut labels = Labels::new(&columns);
        let codes = Sides {
            real: labels.codes(real),
            synthetic: labels.codes(synthetic),
            holdout: holdout.map(|column| labels.codes(column)).unwrap_or_default(),
        };
        Values::Labels { names: labels.into_names(), codes }
    };
    Ok(Aligned { name: name.to_owned(), kind, values })
}

/// The numbers of a column. A column without any value is of every kind.
fn numbers(column: &Column, kind: ColumnKind, side: Side) -> Result<Vec<f64>, FidelityError> {
    if let Some(values) = column.find_numbers() {
        // Adding zero makes minus zero zero, which is the same value.
        return Ok(values.iter().map(|value| value + 0.0).collect());
    }
    if let Some(micros) = column.find_dates() {
        let value = |(row, micros): (usize, &i64)| {
            if column.is_missing(row) { f64::NAN } else { *micros as f64 }
        };
        return Ok(micros.iter().enumerate().map(value).collect());
    }
    if let Some((codes, _)) = column.find_levels()
        && column.kind() == gantry_kit::ColumnKind::Boolean
    {
        let value = |(row, code): (usize, &u32)| {
            if column.is_missing(row) { f64::NAN } else { f64::from(*code) }
        };
        return Ok(codes.iter().enumerate().map(value).collect());
    }
    if column.missing().count() == column.len() {
        return Ok(vec![f64::NAN; column.len()]);
    }
    Err(FidelityError::WrongKind {
        column: column.name().to_owned(),
        kind: kind.name(),
        table: side.name(),
        found: match column.kind() {
            gantry_kit::ColumnKind::Category | gantry_kit::ColumnKind::Boolean => "labels",
            gantry_kit::ColumnKind::Text | gantry_kit::ColumnKind::Id => "text",
            gantry_kit::ColumnKind::Number | gantry_kit::ColumnKind::Integer => "numbers",
            gantry_kit::ColumnKind::Date => "dates",
        },
    })
}
