//! Excel workbooks: what is in the file, what its formulas mean, and what they come to.
//!
//! - [`load()`] and [`open()`] read .xlsx and .xlsm into a [`Workbook`]: values as Excel saved them
//!   and formulas as trees ([`Expr`]) that cells filled from one another share.
//!
//! Invariants: no input panics; nothing is read but the file; macros never run.

pub mod book;
pub mod cell;
pub mod formula;
pub mod functions;
pub mod load;
pub mod value;

pub use book::{Cell, Content, FormulaCell, FormulaId, Sheet, Workbook};
pub use cell::{Area, CellRef, SheetId};
pub use formula::{AreaExpr, BinaryOp, Expr, UnaryOp};
pub use load::{Limits, LoadError, load, open};
pub use value::{Array, ErrorKind, Text, Value};
