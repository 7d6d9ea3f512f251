//! SQLite's way.

use std::fmt::Write;

use super::row_set::{Column, Kind};

/// What the words of a schema template mean.
pub(super) const SCHEMA_WORDS: &[(&str, &str)] = &[
    ("{id}", "BLOB"),
    ("{int}", "INTEGER"),
    ("{bool}", "INTEGER"),
    ("{real}", "REAL"),
    ("{keyed}", "STRICT, WITHOUT ROWID"),
];

/// Triggers that refuse changes.
pub(super) fn append_only(table: &str) -> Vec<String> {
    ["UPDATE", "DELETE"]
        .map(|verb| {
            format!(
                "CREATE TRIGGER {table}_no_{} BEFORE {verb} ON {table} \
                 BEGIN SELECT RAISE(ABORT, '{table} is append only'); END",
                verb.to_lowercase()
            )
        })
        .into()
}

/// A sub-select over `jsonb_each`, whose rows need no second parsing.
pub(super) fn rows(position: u32, columns: &[Column]) -> String {
    let mut select = String::new();
    for (index, (name, kind)) in columns.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _infallible = match kind {
            Kind::Id => write!(select, "{comma}unhex(value->>{index}) AS {name}"),
            Kind::Int | Kind::Real | Kind::Bool | Kind::Text => {
                write!(select, "{comma}value->>{index} AS {name}")
            }
        };
    }
    format!("(SELECT {select} FROM jsonb_each(${position}))")
}

/// SQLite has no LATERAL, and a limited sub-select in IN that names the outer row.
pub(super) fn first_rows_of_each(rows: &str, condition: &str) -> String {
    format!(
        "SELECT j.id, j.organization_id, j.gate, w.rank FROM {rows} w JOIN jobs j ON j.id IN \
         (SELECT q.id FROM jobs q WHERE {condition} ORDER BY q.gate, q.id LIMIT $2) \
         ORDER BY w.rank, j.organization_id, j.gate, j.id"
    )
}
