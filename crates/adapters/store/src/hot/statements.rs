//! The statements of the hot path, written once per database when the store opens.
//!
//! Invariants: a statement's text never depends on what a batch contains; a limit is `0 + $2`,
//! because SQLite plans a statement anew whenever the variable of a bare `LIMIT $2` is bound.

mod claim;
mod columns;
mod flush;
mod load;

use crate::dialect::Dialect;

use claim::ClaimStatements;
pub(super) use flush::FlushStatements;
use load::LoadStatements;

/// The statements' texts.
#[derive(Debug)]
pub(super) struct Statements {
    /// What a batch reads.
    pub(super) load: LoadStatements,
    /// What a claim reads.
    pub(super) claim: ClaimStatements,
    /// What a batch writes.
    pub(super) flush: FlushStatements,
}

impl Statements {
    /// The statements in a database's dialect.
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            load: LoadStatements::new(dialect),
            claim: ClaimStatements::new(dialect),
            flush: FlushStatements::new(dialect),
        }
    }
}
