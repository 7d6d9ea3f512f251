//! What is learned: codes by column, and the prior that they are drawn from at first.
//!
//! Invariant: after [`CodedTable::require_valid`] every code is below its column's states, and every
//! group below the prior's groups.

use serde::{Deserialize, Serialize};

use crate::error::DeepError;

/// One column as codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodedColumn {
    /// The code of each row; a missing cell is a code like others.
    pub codes: Vec<u8>,
    /// Codes are below this.
    pub states: usize,
    /// Whether neighbouring codes mean neighbouring values.
    pub ordered: bool,
}

/// A table of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodedTable {
    /// The columns, all of one length.
    pub columns: Vec<CodedColumn>,
    /// The group of each row.
    pub groups: Vec<u32>,
    /// For each foreign key, the key of each row: rows of one key belong together. None where a row
    /// names nothing.
    pub kin: Vec<Vec<Option<u32>>>,
}

/// Groups of rows: a distribution of codes for each column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// States of each column.
    pub states: Vec<usize>,
    /// Natural logarithm of the share of each code in a group: by group, and within by column and
    /// code, all columns in a line.
    pub logs: Vec<f32>,
    /// Groups.
    pub groups: usize,
}

impl Prior {
    /// Codes of all columns together.
    #[must_use]
    pub fn width(&self) -> usize {
        self.states.iter().sum()
    }

    /// Where each column begins in a line of codes.
    pub(crate) fn starts(&self) -> Vec<usize> {
        let mut next = 0;
        let begin = |states: &usize| {
            let start = next;
            next += states;
            start
        };
        self.states.iter().map(begin).collect()
    }

    /// The logarithms of a group.
    pub(crate) fn of_group(&self, group: usize) -> &[f32] {
        let width = self.width();
        &self.logs[group * width..(group + 1) * width]
    }
}

impl CodedTable {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.groups.len()
    }

    /// Whether codes and prior fit each other.
    pub(crate) fn require_valid(&self, prior: &Prior) -> Result<(), DeepError> {
        let unfit = |reason: &str| Err(DeepError::Unfit { reason: reason.to_owned() });
        if self.rows() == 0 || self.columns.is_empty() || prior.groups == 0 {
            return unfit("it has no rows, no columns or no groups");
        }
        let states: Vec<usize> = self.columns.iter().map(|column| column.states).collect();
        if states != prior.states || prior.logs.len() != prior.groups * prior.width() {
            return unfit("its columns are not those of the prior");
        }
        if prior.logs.iter().any(|log| !log.is_finite()) {
            return unfit("a share of the prior is zero");
        }
        let is_sound = |column: &CodedColumn| {
            column.codes.len() == self.rows()
                && column.codes.iter().all(|code| usize::from(*code) < column.states)
        };
        if !self.columns.iter().all(is_sound) {
            return unfit("a column has another length, or a code beyond its states");
        }
        if self.kin.iter().any(|keys| keys.len() != self.rows()) {
            return unfit("a foreign key has another length than the columns");
        }
        if self.groups.iter().any(|group| *group as usize >= prior.groups) {
            return unfit("a row is of a group that the prior has not");
        }
        Ok(())
    }
}
