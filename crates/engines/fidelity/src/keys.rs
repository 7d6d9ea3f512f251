//! Cells as texts that are the same for the same value, whichever kind a column was read as.

use gantry_kit::Column;

/// The cell of a row; whole numbers without a fraction, `None` where missing.
pub(crate) fn find_key(column: &Column, row: usize) -> Option<String> {
    match column.find_numbers().and_then(|values| values.get(row)).copied() {
        Some(value) if value.is_nan() => None,
        // Adding zero makes minus zero zero.
        Some(value) => Some(format!("{}", value + 0.0)),
        None => column.find_cell(row).map(std::borrow::Cow::into_owned),
    }
}
