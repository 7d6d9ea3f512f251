//! Tables as tiers see them, and back: each modelled column as numbers or codes.
//!
//! Invariants: a cell that is missing is NaN; a level that too few rows share is -1 and is never
//! drawn; columns that name or describe single people are not modelled at all.

mod again;
mod build;
mod decode;

use gantry_kit::DateFormat;
use serde::{Deserialize, Serialize};

pub(crate) use build::encode_frame;

use crate::error::derive_list;
use crate::metadata::Role;
use crate::regenerate::Regenerator;

/// What a modelled column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum EncodedKind {
    /// Numbers.
    Number,
    /// Codes below this.
    Levels(u32),
}

/// One modelled column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EncodedColumn {
    pub(crate) name: String,
    pub(crate) kind: EncodedKind,
    /// NaN where missing, -1 for a level that is masked.
    pub(crate) values: Vec<f64>,
}

impl EncodedColumn {
    /// Whether the cell holds a level that must not be given.
    pub(crate) fn is_masked(&self, row: usize) -> bool {
        match self.kind {
            EncodedKind::Number => false,
            EncodedKind::Levels(_) => self.values[row] < 0.0,
        }
    }
}

/// A table of modelled columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct EncodedTable {
    pub(crate) columns: Vec<EncodedColumn>,
    pub(crate) rows: usize,
    /// Digits behind the point, by column; above 15 for any.
    pub(crate) decimals: Vec<u8>,
    /// For each foreign key, the number of the key in each row; none where it is missing.
    pub(crate) kin: Vec<Vec<Option<u32>>>,
}

impl EncodedTable {
    /// These rows.
    pub(crate) fn take(&self, rows: &[usize]) -> Self {
        let take = |column: &EncodedColumn| EncodedColumn {
            name: column.name.clone(),
            kind: column.kind,
            values: rows.iter().map(|row| column.values[*row]).collect(),
        };
        let columns = self.columns.iter().map(take).collect();
        let of_rows = |keys: &Vec<Option<u32>>| rows.iter().map(|row| keys[*row]).collect();
        let kin = self.kin.iter().map(of_rows).collect();
        Self { columns, rows: rows.len(), decimals: self.decimals.clone(), kin }
    }

    /// The cells of a row.
    pub(crate) fn row(&self, row: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column.values[row]).collect()
    }
}

/// Rows of modelled columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Block {
    /// By modelled column.
    pub(crate) columns: Vec<Vec<f64>>,
}

/// How a column is encoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Treatment {
    /// A code for each label.
    Levels {
        labels: Vec<String>,
        /// Whether the column is one of yes and no.
        boolean: bool,
    },
    /// The place of the label in a declared order.
    Ordinal { labels: Vec<String> },
    /// The number itself.
    Number {
        /// Digits behind the point; above 15 for any.
        decimals: u8,
        integer: bool,
    },
    /// Units since 1970.
    Date {
        format: DateFormat,
        /// Microseconds of a unit.
        unit: i64,
    },
    /// Not modelled, but made anew.
    Regenerated {
        with: Regenerator,
        /// Share of cells that are missing.
        missing: f64,
    },
}

/// A column of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ColumnPlan {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) treatment: Treatment,
}

/// How a table is encoded, column by column.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Encoding {
    /// In the order of the table.
    pub(crate) columns: Vec<ColumnPlan>,
    /// The columns that are modelled.
    pub(crate) modelled: Vec<usize>,
}

impl Encoding {
    /// The treatment of a modelled column.
    pub(crate) fn treatment(&self, place: usize) -> &Treatment {
        &self.columns[self.modelled[place]].treatment
    }

    /// The names for a message.
    pub(crate) fn list_names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        derive_list(&names, 12)
    }

    /// Removes what was learned of cells besides the modelled columns, and labels that were not
    /// released.
    pub(crate) fn redact(&mut self, is_released: &dyn Fn(usize, usize) -> bool) {
        let modelled = self.modelled.clone();
        for (index, plan) in self.columns.iter_mut().enumerate() {
            match &mut plan.treatment {
                Treatment::Levels { labels, .. } => {
                    let Some(place) = modelled.iter().position(|column| *column == index) else {
                        continue;
                    };
                    for (code, label) in labels.iter_mut().enumerate() {
                        if !is_released(place, code) {
                            label.clear();
                        }
                    }
                }
                Treatment::Regenerated { with, missing } => {
                    with.redact();
                    *missing = 0.0;
                }
                Treatment::Ordinal { .. } | Treatment::Number { .. } | Treatment::Date { .. } => {}
            }
        }
    }

    /// Digits behind the point of a modelled column; above 15 for any.
    pub(crate) fn decimals(&self, place: usize) -> u8 {
        match self.treatment(place) {
            Treatment::Number { decimals, .. } => *decimals,
            Treatment::Levels { .. }
            | Treatment::Ordinal { .. }
            | Treatment::Date { .. }
            | Treatment::Regenerated { .. } => 0,
        }
    }

    /// Whether a value of a modelled column says yes.
    pub(crate) fn is_one(&self, place: usize, value: f64) -> bool {
        self.derive_one(place, true) == value
    }

    /// Yes or no in a modelled column.
    pub(crate) fn derive_one(&self, place: usize, yes: bool) -> f64 {
        let wanted = f64::from(u8::from(yes));
        match self.treatment(place) {
            Treatment::Levels { labels, boolean: false } | Treatment::Ordinal { labels } => {
                let word = if yes { ["1", "yes", "true"] } else { ["0", "no", "false"] };
                let is_word = |label: &String| word.contains(&label.to_lowercase().as_str());
                labels.iter().position(is_word).map_or(wanted, |code| code as f64)
            }
            Treatment::Levels { .. }
            | Treatment::Number { .. }
            | Treatment::Date { .. }
            | Treatment::Regenerated { .. } => wanted,
        }
    }
}
