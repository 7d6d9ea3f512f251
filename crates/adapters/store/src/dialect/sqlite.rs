//! SQLite's way.

use super::Holder;
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

/// Triggers that refuse removals and changes of some columns, in place of those for all changes.
pub(super) fn append_only_in(table: &str, columns: &[&str]) -> Vec<String> {
    let differs = super::differs(columns);
    vec![
        format!("DROP TRIGGER {table}_no_update"),
        format!(
            "CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN {differs} \
             BEGIN SELECT RAISE(ABORT, '{table} is append only'); END"
        ),
    ]
}

/// A sub-select over `jsonb_each`, whose rows need no second parsing.
pub(super) fn rows(source: &str, columns: &[Column]) -> String {
    format!("(SELECT {} FROM jsonb_each({source}))", select(columns))
}

/// A SELECT over a row set in a column, beside other columns of its row.
pub(super) fn rows_with(source: &str, columns: &[Column], holder: Holder) -> String {
    let Holder { columns: others, table } = holder;
    format!("SELECT {others}, {} FROM {table}, jsonb_each({source})", select(columns))
}

fn select(columns: &[Column]) -> String {
    let read = |(index, (name, kind)): (usize, &Column)| match kind {
        Kind::Id => format!("unhex(value->>{index}) AS {name}"),
        Kind::Int | Kind::Real | Kind::Bool | Kind::Text => format!("value->>{index} AS {name}"),
    };
    columns.iter().enumerate().map(read).collect::<Vec<_>>().join(", ")
}

/// SQLite has no LATERAL, and a limited sub-select in IN that names the outer row.
pub(super) fn first_rows_of_each(rows: &str, condition: &str) -> String {
    format!(
        "SELECT j.id, j.organization_id, j.gate, w.rank FROM {rows} w JOIN jobs j ON j.id IN \
         (SELECT q.id FROM jobs q WHERE {condition} ORDER BY q.gate, q.id LIMIT 0 + $2) \
         ORDER BY w.rank, j.organization_id, j.gate, j.id"
    )
}

/// `json_each`, which sees the tables before it.
pub(super) fn members(object: &str, member: Option<&str>) -> String {
    match member {
        Some(member) => format!("CROSS JOIN json_each({object}, '$.{member}') m"),
        None => format!("CROSS JOIN json_each({object}) m"),
    }
}
