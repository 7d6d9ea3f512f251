//! Rules that every row keeps, by construction rather than by throwing rows away.
//!
//! A rule changes what is learned: of `start <= end` the gap, of `total = a + b` nothing but `a` and
//! `b`, of `fixed(city, country)` the pairs that occur. Drawn rows are turned back, and so keep the
//! rule. Rules that come after learning are met by drawing again and, where that does not help, by
//! moving the cell to the nearest value that keeps the rule.
//!
//! Invariant: no column is rebuilt by two rules, and rebuilding knows no circle.

mod expression;
mod parse;
mod rebuild;

use serde::{Deserialize, Serialize};

pub(crate) use expression::Expression;
pub(crate) use parse::parse_constraints;

use crate::encode::{EncodedTable, Encoding};
use crate::error::SynthError;

/// One rule over modelled columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rule {
    /// `low` is at most `high`, or below it.
    Order { low: usize, high: usize, strict: bool },
    /// The column is what the expression gives.
    Formula { column: usize, expression: Expression },
    /// Only combinations of values that the table has.
    Fixed {
        columns: Vec<usize>,
        /// What occurs, by the code that stands for it; empty before learning.
        combinations: Vec<Vec<Option<f64>>>,
    },
    /// Exactly one of the columns is true or 1.
    OneHot { columns: Vec<usize> },
    /// Both ends included.
    Range { column: usize, low: f64, high: f64 },
    /// No two rows have the same values in these columns.
    Unique { columns: Vec<usize> },
}

/// A rule with its words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Constraint {
    pub(crate) text: String,
    pub(crate) rule: Rule,
}

/// The rules of a generator, in the order in which they are rebuilt.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Constraints {
    pub(crate) list: Vec<Constraint>,
}

impl Rule {
    /// The columns that turning back gives new values.
    fn find_rebuilt(&self) -> Vec<usize> {
        match self {
            Self::Order { high, .. } => vec![*high],
            Self::Formula { column, .. } => vec![*column],
            Self::Fixed { columns, .. } | Self::OneHot { columns } => columns.clone(),
            Self::Range { .. } | Self::Unique { .. } => Vec::new(),
        }
    }

    /// The columns that must have their values before.
    fn find_needed(&self) -> Vec<usize> {
        match self {
            Self::Order { low, .. } => vec![*low],
            Self::Formula { expression, .. } => expression.find_columns(),
            Self::Fixed { .. } | Self::OneHot { .. } | Self::Range { .. } | Self::Unique { .. } => {
                Vec::new()
            }
        }
    }

    /// Whether a row keeps the rule; a missing cell breaks none.
    pub(crate) fn is_kept(&self, row: &dyn Fn(usize) -> f64, encoding: &Encoding) -> bool {
        match self {
            Self::Order { low, high, strict } => {
                let (low, high) = (row(*low), row(*high));
                low.is_nan() || high.is_nan() || low < high || (!strict && low == high)
            }
            Self::Formula { column, expression } => {
                let (found, wanted) = (row(*column), expression.evaluate(row));
                let scale = found.abs().max(wanted.abs()).max(1.0);
                found.is_nan() || wanted.is_nan() || (found - wanted).abs() <= 1e-6 * scale + 0.011
            }
            Self::Fixed { columns, combinations } => {
                combinations.is_empty()
                    || combinations.iter().any(|cells| {
                        let same = |(column, cell): (&usize, &Option<f64>)| match cell {
                            None => row(*column).is_nan(),
                            Some(cell) => row(*column) == *cell,
                        };
                        columns.iter().zip(cells).all(same)
                    })
            }
            Self::OneHot { columns } => {
                let hot = |column: &&usize| encoding.is_one(**column, row(**column));
                columns.iter().filter(hot).count() == 1
            }
            Self::Range { column, low, high } => {
                let value = row(*column);
                value.is_nan() || (*low..=*high).contains(&value)
            }
            Self::Unique { .. } => true,
        }
    }
}

impl Constraints {
    /// Puts rules into the order in which they can be rebuilt.
    pub(crate) fn new(mut list: Vec<Constraint>) -> Result<Self, SynthError> {
        let mut rebuilt = std::collections::HashSet::new();
        for constraint in &list {
            for column in constraint.rule.find_rebuilt() {
                if !rebuilt.insert(column) {
                    return Err(SynthError::Constraint {
                        constraint: constraint.text.clone(),
                        reason: "rebuilds a column that another constraint rebuilds, too".into(),
                    });
                }
            }
        }
        let mut ordered: Vec<Constraint> = Vec::with_capacity(list.len());
        while !list.is_empty() {
            let waits: Vec<usize> =
                list.iter().flat_map(|constraint| constraint.rule.find_rebuilt()).collect();
            let is_ready = |constraint: &Constraint| {
                !constraint.rule.find_needed().iter().any(|column| waits.contains(column))
            };
            let (ready, waiting): (Vec<_>, Vec<_>) = list.into_iter().partition(is_ready);
            if ready.is_empty() {
                let text = waiting.first().map_or_else(String::new, |found| found.text.clone());
                return Err(SynthError::Constraint {
                    constraint: text,
                    reason: "goes round in a circle with other constraints".into(),
                });
            }
            ordered.extend(ready);
            list = waiting;
        }
        Ok(Self { list: ordered })
    }

    /// How many rows of a table break each rule.
    pub(crate) fn count_broken(&self, table: &EncodedTable, encoding: &Encoding) -> Vec<usize> {
        let breaks = |rule: &Rule, row: usize| {
            let cell = |column: usize| table.columns[column].values[row];
            !rule.is_kept(&cell, encoding)
        };
        let count = |constraint: &Constraint| {
            (0..table.rows).filter(|row| breaks(&constraint.rule, *row)).count()
        };
        self.list.iter().map(count).collect()
    }

    /// The column sets that must not repeat.
    pub(crate) fn find_unique(&self) -> Vec<&[usize]> {
        self.list.iter().filter_map(|constraint| constraint.rule.find_unique()).collect()
    }
}

impl Rule {
    fn find_unique(&self) -> Option<&[usize]> {
        match self {
            Self::Unique { columns } => Some(columns),
            Self::Order { .. }
            | Self::Formula { .. }
            | Self::Fixed { .. }
            | Self::OneHot { .. }
            | Self::Range { .. } => None,
        }
    }
}
