//! Excel workbooks: what is in the file, what its formulas mean, and what they come to.
//!
//! - [`load()`] and [`open()`] read .xlsx and .xlsm into a [`Workbook`]: values as Excel saved them
//!   and formulas as trees ([`Expr`]) that cells filled from one another share.
//! - [`recalculate()`] computes all formulas; [`compare()`] tells where the result differs from the
//!   values in the file.
//! - [`graph`] gives the areas that a formula reads and an order of computation, [`functions`] the
//!   registry, and [`kernels`] the functions of numbers, which run over any number of lanes.
//!
//! ```no_run
//! use gantry_workbook::{Limits, Options, compare, open, recalculate};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let book = open("model.xlsx".as_ref(), &Limits::default())?;
//! let result = recalculate(&book, &Options::default())?;
//! for difference in compare(&book, &result).differences {
//!     let place = book.spell(difference.cell);
//!     println!("{place}: {:?} instead of {:?}", difference.computed, difference.saved);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Invariants: no input panics; nothing is read but the file; macros never run; the same workbook
//! comes to the same values wherever the system computes powers and logarithms alike.

pub mod book;
pub mod cell;
pub mod coerce;
pub mod dates;
mod eval;
mod format_code;
pub mod formula;
pub mod functions;
mod general;
pub mod graph;
pub mod kernels;
pub mod live;
pub mod load;
mod recalculate;
mod text_number;
pub mod value;

pub use book::{Cell, Content, FormulaCell, FormulaId, Sheet, Workbook};
pub use cell::{Area, CellRef, SheetId};
pub use formula::{AreaExpr, BinaryOp, Expr, UnaryOp};
pub use load::{Limits, LoadError, load, open};
pub use recalculate::{
    Comparison, Difference, Options, Recalculated, Skip, TOLERANCE, agree, compare, recalculate,
};
pub use value::{Array, ErrorKind, Text, Value};
