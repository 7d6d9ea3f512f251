//! How single cells are spelled: numbers, dates, Booleans and missing markers.
//!
//! Parsing is pure and total: any text gives a value or `None`.

mod boolean;
mod calendar;
mod date;
mod missing;
mod number;

pub(crate) use boolean::{BooleanGuess, parse_boolean};
pub use date::{DateFormat, DateLayout, parse_date, write_date};
pub use missing::MissingMarkers;
pub(crate) use number::is_integer;
pub use number::{NumberFormat, parse_number};

use crate::frame::ColumnKind;

/// The largest magnitude below which every whole number is an exact `f64`.
pub(crate) const EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

/// A number as the shortest text that reads back as the same value and kind.
#[must_use]
pub fn write_number(value: f64, kind: ColumnKind) -> String {
    if kind == ColumnKind::Integer && value.fract() == 0.0 && value.abs() <= EXACT_INTEGER {
        // Adding zero turns minus zero into zero, which no integer file contains.
        format!("{}", value + 0.0)
    } else {
        format!("{value:?}")
    }
}
