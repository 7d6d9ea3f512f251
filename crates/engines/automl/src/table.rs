//! Reading the job's table, and choosing which of its columns explain the target.
//!
//! Invariant: what was repaired, converted or left out is said in a warning; nothing about the
//! target is used to choose columns.

mod plan;
mod read;

pub use plan::ColumnUse;
pub(crate) use plan::{Plan, derive_kind_name, find_first_rows, plan_columns};
pub(crate) use read::{Table, read_table, read_table_as};
