//! PostgreSQL's way.

use super::Holder;
use super::cells::{NO_ID, NO_NUMBER, NO_TEXT};
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

/// Triggers that refuse removals and changes of some columns, in place of those for all changes.
pub(super) fn append_only_in(table: &str, columns: &[&str]) -> Vec<String> {
    let differs = super::differs(columns);
    vec![
        format!("DROP TRIGGER {table}_append_only ON {table}"),
        format!(
            "CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} \
             FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
        ),
        format!(
            "CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} \
             FOR EACH ROW WHEN ({differs}) EXECUTE FUNCTION {table}_refuse()"
        ),
    ]
}

/// A sub-select over `jsonb_array_elements`.
pub(super) fn rows(source: &str, columns: &[Column]) -> String {
    let select = select(columns);
    format!("(SELECT {select} FROM jsonb_array_elements({source}::jsonb) AS element(value))")
}

/// A sub-select over arrays, one per column, of which the first is parameter `$first`.
pub(super) fn rows_of_arrays(first: usize, columns: &[Column]) -> String {
    let arrays = columns.iter().enumerate().map(|(place, (_, kind))| {
        let of = match kind {
            Kind::Id => "uuid",
            Kind::Int => "bigint",
            Kind::Real => "double precision",
            Kind::Bool => "boolean",
            Kind::Text => "text",
        };
        format!("${}::{of}[]", first + place)
    });
    let values = columns.iter().map(|(name, kind)| match kind {
        Kind::Id => format!("NULLIF({name}, '{NO_ID}') AS {name}"),
        Kind::Int => format!("NULLIF({name}, '{NO_NUMBER}'::bigint) AS {name}"),
        Kind::Real => format!("NULLIF({name}, 'NaN') AS {name}"),
        Kind::Bool => (*name).to_owned(),
        Kind::Text => format!("NULLIF({name}, '{NO_TEXT}') AS {name}"),
    });
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    format!(
        "(SELECT {} FROM unnest({}) AS u({}))",
        values.collect::<Vec<_>>().join(", "),
        arrays.collect::<Vec<_>>().join(", "),
        names.join(", ")
    )
}

/// A SELECT over a row set in a column, beside other columns of its row.
pub(super) fn rows_with(source: &str, columns: &[Column], holder: Holder) -> String {
    let Holder { columns: others, table } = holder;
    let select = select(columns);
    format!(
        "SELECT {others}, {select} FROM {table} CROSS JOIN LATERAL \
         jsonb_array_elements({source}::jsonb) AS element(value)"
    )
}

fn select(columns: &[Column]) -> String {
    let read = |(index, (name, kind)): (usize, &Column)| {
        let cast = match kind {
            Kind::Id => "::uuid",
            Kind::Int => "::bigint",
            Kind::Real => "::double precision",
            Kind::Bool => "::boolean",
            Kind::Text => "",
        };
        format!("(value->>{index}){cast} AS {name}")
    };
    columns.iter().enumerate().map(read).collect::<Vec<_>>().join(", ")
}

/// LATERAL, with locks that wait for nobody.
pub(super) fn first_rows_of_each(rows: &str, condition: &str) -> String {
    format!(
        "SELECT j.id, j.organization_id, j.gate, w.rank FROM {rows} w CROSS JOIN LATERAL \
         (SELECT q.id, q.organization_id, q.gate FROM jobs q WHERE {condition} \
          ORDER BY q.gate, q.id LIMIT 0 + $2 FOR UPDATE SKIP LOCKED) j \
         ORDER BY w.rank, j.organization_id, j.gate, j.id"
    )
}

/// One statement with the others as common table expressions, which run to their end whether
/// somebody reads them or not.
pub(super) fn all_at_once(statements: &[String]) -> String {
    let parts = statements.iter().enumerate();
    let parts: Vec<String> = parts.map(|(place, text)| format!("w{place} AS ({text})")).collect();
    format!("WITH {} SELECT 1", parts.join(", "))
}

/// LATERAL over `jsonb_each_text`, which has no rows for a member that is missing.
pub(super) fn members(object: &str, member: Option<&str>) -> String {
    let path = member.map(|member| format!(" -> '{member}'")).unwrap_or_default();
    format!("CROSS JOIN LATERAL jsonb_each_text({object}::jsonb{path}) AS m(key, value)")
}
