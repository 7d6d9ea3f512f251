//! Why two tables could not be compared, said so that their owner can act on it.

use gantry_kit::TableError;
use gantry_learn::LearnError;

/// Why an evaluation was refused or stopped.
#[derive(Debug, thiserror::Error)]
pub enum FidelityError {
    /// A table has no rows.
    #[error("the {table} table has no rows; give a table with at least one row")]
    NoRows {
        /// `real`, `synthetic` or `hold-out`.
        table: &'static str,
    },
    /// The tables share no column that could be compared.
    #[error(
        "the real and the synthetic table have no column in common that can be compared (real: \
         {real}; synthetic: {synthetic}); check the header lines, and that not every column is \
         an id, personal data or free text"
    )]
    NothingInCommon {
        /// Columns of the real table.
        real: String,
        /// Columns of the synthetic table.
        synthetic: String,
    },
    /// The metadata, a rule or an option names a column that the real table lacks.
    #[error("there is no column \"{name}\" in the {table} table; it has {available}")]
    UnknownColumn {
        /// The name that was given.
        name: String,
        /// `real`, `synthetic` or the name of a table.
        table: String,
        /// The names that exist.
        available: String,
    },
    /// A relation names a table that is not there.
    #[error("there is no table \"{name}\"; there are {available}")]
    UnknownTable {
        /// The name that was given.
        name: String,
        /// The names that exist.
        available: String,
    },
    /// The metadata names a column twice.
    #[error("the metadata describes column \"{name}\" twice; remove one of the entries")]
    RepeatedColumn {
        /// The name.
        name: String,
    },
    /// A column holds other values than its kind says.
    #[error(
        "column \"{column}\" is {kind} by the metadata, but the {table} table holds {found} \
         there; correct the kind, or read both files with the same schema"
    )]
    WrongKind {
        /// The column.
        column: String,
        /// The kind of the metadata.
        kind: &'static str,
        /// `real`, `synthetic` or `hold-out`.
        table: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A metric needs something that the tables do not have.
    #[error("{what} cannot be measured here: {reason}")]
    NotMeasurable {
        /// The metric.
        what: &'static str,
        /// Why, and what would help.
        reason: String,
    },
    /// An option lies outside of its range.
    #[error("option `{name}` {reason}")]
    Option {
        /// Name of the option.
        name: &'static str,
        /// What it must be.
        reason: &'static str,
    },
    /// A table could not be taken apart.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A learner refused or was cancelled.
    #[error(transparent)]
    Learn(#[from] LearnError),
}

impl FidelityError {
    /// Whether the caller cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Learn(LearnError::Cancelled))
    }
}

/// A list of names short enough for a message.
pub(crate) fn derive_name_list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let names: Vec<_> = names.collect();
    let mut list = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if names.is_empty() {
        list.push_str("no columns");
    }
    if names.len() > SHOWN {
        list.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    list
}
