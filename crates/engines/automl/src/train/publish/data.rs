//! The columns of the table as a reader wants to see them first: how full they are and what is in
//! them.

use gantry_kit::chart::write_short;
use gantry_kit::report::{Table, TableColumn};
use gantry_kit::{Column, Frame};

use crate::table::derive_kind_name;

/// Columns that are described.
const LISTED_COLUMNS: usize = 200;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// One row a column.
pub(super) fn derive_profile(frame: &Frame) -> Table {
    let all = frame.columns().len();
    let caption = if all > LISTED_COLUMNS {
        format!("The first {LISTED_COLUMNS} of {all} columns, over the rows with a target")
    } else {
        "All columns, over the rows with a target".to_owned()
    };
    Table {
        caption,
        columns: vec![
            TableColumn::words("Column"),
            TableColumn::words("Kind"),
            TableColumn::numbers("Gaps"),
            TableColumn::numbers("Different"),
            TableColumn::words("Values"),
        ],
        rows: frame.columns().iter().take(LISTED_COLUMNS).map(describe).collect(),
    }
}

fn describe(column: &Column) -> Vec<String> {
    let rows = column.len().max(1) as f64;
    vec![
        column.name().to_owned(),
        derive_kind_name(column.kind()).to_owned(),
        format!("{:.1} %", 100.0 * column.missing().count() as f64 / rows),
        column.count_distinct().to_string(),
        describe_values(column),
    ]
}

fn describe_values(column: &Column) -> String {
    if let Some(values) = column.find_numbers() {
        let mut present: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        present.sort_by(f64::total_cmp);
        let (Some(first), Some(last)) = (present.first(), present.last()) else {
            return String::new();
        };
        let median = present.get(present.len() / 2).copied().unwrap_or_default();
        let [first, median, last] = [*first, median, *last].map(write_short);
        return format!("{first} to {last}, median {median}");
    }
    if let Some(micros) = column.find_dates() {
        let present = || {
            let is_present = |(row, _): &(usize, &i64)| !column.is_missing(*row);
            micros.iter().enumerate().filter(is_present).map(|(_, m)| m.div_euclid(MICROS_PER_DAY))
        };
        return match (present().min(), present().max()) {
            (Some(first), Some(last)) => format!("{} days", last - first),
            _ => String::new(),
        };
    }
    let Some((codes, levels)) = column.find_levels() else { return String::new() };
    let mut counts = vec![0_usize; levels.len()];
    for (row, code) in codes.iter().enumerate() {
        if let Some(count) = counts.get_mut(*code as usize).filter(|_| !column.is_missing(row)) {
            *count += 1;
        }
    }
    let most = counts.iter().zip(levels).max_by_key(|(count, _)| **count);
    most.map_or_else(String::new, |(count, label)| {
        let share = 100.0 * *count as f64 / column.len().max(1) as f64;
        format!("most often {label} ({share:.0} %)")
    })
}
