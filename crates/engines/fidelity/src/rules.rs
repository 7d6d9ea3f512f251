//! What every row of a table must fulfil, as a list of named rules.
//!
//! A rule is checked on both tables: what the real rows break themselves is no fault of a
//! generator. A row whose cells are missing breaks no rule but those about missing cells.

mod check;

use gantry_kit::Frame;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FidelityError, Pair};
use check::Checker;

/// Rows that are named for each table.
const NAMED_ROWS: usize = 10;

/// A named condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is called in the report.
    pub name: String,
    /// What must hold.
    pub must: Condition,
}

/// What must hold of every row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// A number or date (in microseconds since 1970) lies between two bounds, both included.
    Range {
        /// The column.
        column: String,
        /// Smallest value, if there is one.
        #[serde(default)]
        min: Option<f64>,
        /// Largest value, if there is one.
        #[serde(default)]
        max: Option<f64>,
    },
    /// The numbers or dates of these columns never fall from left to right.
    Rising {
        /// The columns, from the smallest to the largest.
        columns: Vec<String>,
        /// Whether equal neighbours break the rule too.
        #[serde(default)]
        strictly: bool,
    },
    /// The parts add up to the total, up to rounding (one part in a thousand million, or the
    /// tolerance).
    Sum {
        /// The columns that are added.
        parts: Vec<String>,
        /// The column that holds the sum.
        total: String,
        /// Largest difference that is no break.
        #[serde(default)]
        tolerance: f64,
    },
    /// Exactly one of these columns is 1 or yes, all others are 0 or no.
    OneHot {
        /// The columns.
        columns: Vec<String>,
    },
    /// The combination of cells occurs in the real table.
    Known {
        /// The columns.
        columns: Vec<String>,
    },
    /// The combination of cells occurs only once in its table.
    Unique {
        /// The columns.
        columns: Vec<String>,
    },
    /// The cell is one of these texts.
    OneOf {
        /// The column.
        column: String,
        /// The texts that are allowed.
        values: Vec<String>,
    },
    /// The cell is not missing.
    Present {
        /// The column.
        column: String,
    },
}

/// How well a rule holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RuleReport {
    /// Name of the rule.
    pub name: String,
    /// In the real table.
    pub real: Breaks,
    /// In the synthetic table.
    pub synthetic: Breaks,
}

/// Rows that break a rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Breaks {
    /// Their number.
    pub count: usize,
    /// Share of the rows that keep the rule, from 0 to 1.
    pub held: f64,
    /// The first of them, counted from 0.
    pub first_rows: Vec<usize>,
}

impl Breaks {
    /// Counts the rows for which `holds` is false.
    pub fn count(rows: usize, mut holds: impl FnMut(usize) -> bool) -> Self {
        let mut breaks = Self::default();
        for row in (0..rows).filter(|row| !holds(*row)) {
            breaks.count += 1;
            if breaks.first_rows.len() < NAMED_ROWS {
                breaks.first_rows.push(row);
            }
        }
        breaks.held = 1.0 - breaks.count as f64 / rows.max(1) as f64;
        breaks
    }
}

/// Checks a condition of any kind on both tables: `holds` takes a table and a row.
pub fn check_predicate(
    pair: &Pair<'_>,
    name: impl Into<String>,
    holds: impl Fn(&Frame, usize) -> bool,
) -> RuleReport {
    RuleReport {
        name: name.into(),
        real: Breaks::count(pair.real.rows(), |row| holds(pair.real, row)),
        synthetic: Breaks::count(pair.synthetic.rows(), |row| holds(pair.synthetic, row)),
    }
}

/// Checks every rule on both tables.
///
/// # Errors
/// [`FidelityError::UnknownColumn`] for a column that a table lacks, and
/// [`FidelityError::WrongKind`] for text where a rule needs numbers.
pub fn check_rules(pair: &Pair<'_>, rules: &[Rule]) -> Result<Vec<RuleReport>, FidelityError> {
    let check = |rule: &Rule| -> Result<RuleReport, FidelityError> {
        let on = |frame: &Frame, table: &'static str| -> Result<Breaks, FidelityError> {
            let checker = Checker::new(&rule.must, (frame, table), pair.real)?;
            Ok(Breaks::count(frame.rows(), |row| checker.holds(row)))
        };
        Ok(RuleReport {
            name: rule.name.clone(),
            real: on(pair.real, "real")?,
            synthetic: on(pair.synthetic, "synthetic")?,
        })
    };
    rules.iter().map(check).collect()
}
