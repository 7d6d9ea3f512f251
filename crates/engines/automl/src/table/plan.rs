//! Which columns explain the target, and how each is taken.

use std::collections::HashSet;

use gantry_kit::{Column, ColumnKind, ColumnSpec, Frame};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{AutomlError, derive_list};
use crate::preprocess::TextColumn;

/// Rows from which "every value is different" says something.
const ENOUGH_ROWS: usize = 20;

/// What was done with one column of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnUse {
    /// The column's name.
    pub name: String,
    /// What its values are: `number`, `integer`, `category`, `boolean`, `date`, `text` or `id`.
    pub kind: String,
    /// Whether models see it.
    pub used: bool,
    /// How it is prepared for the models, or why it was left out.
    pub treatment: String,
}

/// The columns that models see, in the order of the table.
pub(crate) struct Plan {
    pub(crate) used: Vec<usize>,
    pub(crate) uses: Vec<ColumnUse>,
    pub(crate) warnings: Vec<String>,
}

impl Plan {
    /// The columns that models see.
    pub(crate) fn select<'f>(&self, frame: &'f Frame) -> Vec<&'f Column> {
        self.used.iter().filter_map(|index| frame.columns().get(*index)).collect()
    }

    /// How to read these columns from another file. Labels are kept by the preprocessing.
    pub(crate) fn derive_specs(&self, frame: &Frame) -> Vec<ColumnSpec> {
        let spec = |column: &&Column| {
            let mut spec = column.spec();
            if column.kind() == ColumnKind::Category {
                spec.levels.clear();
            }
            spec
        };
        self.select(frame).iter().map(spec).collect()
    }
}

/// Places in `rows` of those that repeat no earlier one in every column.
pub(crate) fn find_first_rows(frame: &Frame, rows: &[usize]) -> Vec<usize> {
    let mut seen: HashSet<Vec<Option<String>>> = HashSet::new();
    let mut is_first = |row: usize| {
        let cells = frame.cells(row).map(|cell| cell.map(|cell| cell.into_owned()));
        seen.insert(cells.collect())
    };
    rows.iter().enumerate().filter(|(_, row)| is_first(**row)).map(|(place, _)| place).collect()
}

/// Why a column cannot be used.
enum Refusal {
    Ignored,
    Empty,
    Constant,
    Id,
    RowNumber,
    NoWords,
    Unique,
}

impl Refusal {
    fn derive_text(&self) -> &'static str {
        match self {
            Self::Ignored => "left out as asked",
            Self::Empty => "left out: every cell is missing",
            Self::Constant => "left out: every row has the same value",
            Self::Id => "left out: it names the row",
            Self::RowNumber => "left out: it counts the rows",
            Self::NoWords => "left out: no word of its texts tells some rows from others",
            Self::Unique => "left out: nearly every row has a label of its own",
        }
    }
}

/// Decides over every column but the target, by the rows that have a target.
pub(crate) fn plan_columns(
    frame: &Frame,
    target: &str,
    ignored: &[String],
    rows: &[usize],
) -> Result<Plan, AutomlError> {
    require_ignorable(frame, target, ignored)?;
    let mut plan = Plan { used: Vec::new(), uses: Vec::new(), warnings: Vec::new() };
    let mut left_out: Vec<(&'static str, Vec<&str>)> = Vec::new();
    for (index, column) in frame.columns().iter().enumerate() {
        if column.name() == target {
            plan.uses.push(describe(column, "the target"));
            continue;
        }
        match find_refusal(column, ignored, rows) {
            None => {
                plan.used.push(index);
                plan.uses
                    .push(ColumnUse { used: true, ..describe(column, derive_treatment(column)) });
            }
            Some(refusal) => {
                let text = refusal.derive_text();
                plan.uses.push(describe(column, text));
                if matches!(refusal, Refusal::Ignored) {
                    continue;
                }
                match left_out.iter_mut().find(|(why, _)| *why == text) {
                    Some((_, names)) => names.push(column.name()),
                    None => left_out.push((text, vec![column.name()])),
                }
            }
        }
    }
    for (why, names) in &left_out {
        let noun = if names.len() == 1 { "Column" } else { "Columns" };
        plan.warnings.push(format!("{noun} {} {why}.", derive_list(names, 10)));
    }
    if plan.used.is_empty() {
        let reasons = if left_out.is_empty() {
            "the table has no other column".to_owned()
        } else {
            let reason =
                |(why, names): &(&str, Vec<&str>)| format!("{} {why}", derive_list(names, 5));
            left_out.iter().map(reason).collect::<Vec<_>>().join("; ")
        };
        return Err(AutomlError::NoColumns { reasons });
    }
    Ok(plan)
}

fn require_ignorable(frame: &Frame, target: &str, ignored: &[String]) -> Result<(), AutomlError> {
    for column in ignored {
        if column == target {
            return Err(AutomlError::TargetIgnored { target: target.to_owned() });
        }
        if frame.find_column(column).is_none() {
            let names: Vec<&str> = frame.names().collect();
            let available = derive_list(&names, 12);
            return Err(AutomlError::IgnoredNotFound { column: column.clone(), available });
        }
    }
    Ok(())
}

fn describe(column: &Column, treatment: &str) -> ColumnUse {
    ColumnUse {
        name: column.name().to_owned(),
        kind: derive_kind_name(column.kind()).to_owned(),
        used: false,
        treatment: treatment.to_owned(),
    }
}

pub(crate) fn derive_kind_name(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Number => "number",
        ColumnKind::Integer => "integer",
        ColumnKind::Category => "category",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Date => "date",
        ColumnKind::Text => "text",
        ColumnKind::Id => "id",
    }
}

fn derive_treatment(column: &Column) -> &'static str {
    match column.kind() {
        ColumnKind::Number | ColumnKind::Integer => {
            "linear: gaps filled with the median and marked, standardised; trees: as it is"
        }
        ColumnKind::Category | ColumnKind::Boolean => {
            "linear: one column per frequent label, rare ones together; trees: codes"
        }
        ColumnKind::Date => "split into day number, year, month, day, weekday and hour",
        ColumnKind::Text => "frequent words, weighed by how rare they are among the rows",
        ColumnKind::Id => "left out",
    }
}

fn find_refusal(column: &Column, ignored: &[String], rows: &[usize]) -> Option<Refusal> {
    if ignored.iter().any(|name| name == column.name()) {
        return Some(Refusal::Ignored);
    }
    let seen = column.take(rows);
    let present = seen.len() - seen.missing().count();
    if present == 0 {
        return Some(Refusal::Empty);
    }
    match seen.kind() {
        ColumnKind::Id => return Some(Refusal::Id),
        ColumnKind::Text => {
            let words = TextColumn::fit(column, rows).map_or(0, |text| text.width());
            return (words == 0).then_some(Refusal::NoWords);
        }
        ColumnKind::Number
        | ColumnKind::Integer
        | ColumnKind::Category
        | ColumnKind::Boolean
        | ColumnKind::Date => {}
    }
    let distinct = seen.count_distinct();
    // A gap in a constant column may still say something.
    if distinct == 1 && present == seen.len() {
        return Some(Refusal::Constant);
    }
    if present < ENOUGH_ROWS {
        return None;
    }
    if seen.kind() == ColumnKind::Category && distinct * 10 > present * 9 {
        return Some(Refusal::Unique);
    }
    let counts_up = |values: &[f64]| values.windows(2).all(|pair| pair[1] == pair[0] + 1.0);
    let is_count =
        column.kind() == ColumnKind::Integer && column.find_numbers().is_some_and(counts_up);
    is_count.then_some(Refusal::RowNumber)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Frame {
        let rows = 40;
        let number = |f: fn(usize) -> f64| (0..rows).map(f).collect::<Vec<f64>>();
        let names: Vec<String> = (0..rows).map(|i| format!("name {i}")).collect();
        Frame::new(vec![
            Column::integer("row", number(|i| i as f64 + 7.0)),
            Column::number("x", number(|i| (i * i % 7) as f64)),
            Column::number("same", number(|_| 3.0)),
            Column::number("empty", number(|_| f64::NAN)),
            Column::labels("unique", names.iter().map(|n| Some(n.as_str()))),
            Column::text("note", names.iter().map(|n| Some(n.as_str()))),
            Column::id("key", names.iter().map(|n| Some(n.as_str()))),
            Column::labels("y", (0..rows).map(|i| Some(if i % 2 == 0 { "a" } else { "b" }))),
        ])
        .unwrap()
    }

    #[test]
    fn useless_columns_are_left_out_and_named() {
        let frame = sample();
        let rows: Vec<usize> = (0..frame.rows()).collect();
        let plan = plan_columns(&frame, "y", &[], &rows).unwrap();
        assert_eq!(plan.used, [1]);
        assert_eq!(plan.uses.len(), 8);
        for name in ["row", "same", "empty", "unique", "note", "key"] {
            let found = plan.warnings.iter().any(|w| w.contains(&format!("`{name}`")));
            assert!(found, "{name}: {:?}", plan.warnings);
        }
    }

    #[test]
    fn nothing_to_learn_from_is_an_error_that_says_why() {
        let frame = sample();
        let rows: Vec<usize> = (0..frame.rows()).collect();
        let error = plan_columns(&frame, "y", &["x".to_owned()], &rows).err().unwrap().to_string();
        assert!(error.contains("`note`") && error.contains("no word"), "{error}");
        assert!(plan_columns(&frame, "y", &["y".to_owned()], &rows).is_err());
        let error = plan_columns(&frame, "y", &["z".to_owned()], &rows).err().unwrap().to_string();
        assert!(error.contains("`z`") && error.contains("`row`"), "{error}");
    }
}
