//! PostgreSQL's way.

use std::fmt::Write;

use super::row_set::{Column, Kind};

/// What the words of a schema template mean.
pub(super) const SCHEMA_WORDS: &[(&str, &str)] = &[
    ("{id}", "UUID"),
    ("{int}", "BIGINT"),
    ("{bool}", "BOOLEAN"),
    ("{real}", "DOUBLE PRECISION"),
    ("{keyed}", ""),
];

/// Triggers that refuse changes.
pub(super) fn append_only(table: &str) -> Vec<String> {
    vec![
        format!(
            "CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$BEGIN RAISE EXCEPTION '{table} is append only'; END$$"
        ),
        format!(
            "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} \
             FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
        ),
        format!(
            "CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} \
             FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
        ),
    ]
}

/// A sub-select over `jsonb_array_elements`.
pub(super) fn rows(position: u32, columns: &[Column]) -> String {
    let mut select = String::new();
    for (index, (name, kind)) in columns.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let cast = match kind {
            Kind::Id => "::uuid",
            Kind::Int => "::bigint",
            Kind::Real => "::double precision",
            Kind::Bool => "::boolean",
            Kind::Text => "",
        };
        // Writing to a string cannot fail.
        let _infallible = write!(select, "{comma}(value->>{index}){cast} AS {name}");
    }
    format!("(SELECT {select} FROM jsonb_array_elements(${position}::jsonb) AS element(value))")
}

/// LATERAL, with locks that wait for nobody.
pub(super) fn first_rows_of_each(rows: &str, condition: &str) -> String {
    format!(
        "SELECT j.id, j.organization_id, j.gate, w.rank FROM {rows} w CROSS JOIN LATERAL \
         (SELECT q.id, q.organization_id, q.gate FROM jobs q WHERE {condition} \
          ORDER BY q.gate, q.id LIMIT $2 FOR UPDATE SKIP LOCKED) j \
         ORDER BY w.rank, j.organization_id, j.gate, j.id"
    )
}
