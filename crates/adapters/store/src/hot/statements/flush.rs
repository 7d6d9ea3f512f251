//! Statements that write what a batch decided.

use super::columns::{
    ACCOUNT, ACCOUNT_EVENT, ALLOWANCE, ARTIFACT, CHECKPOINT, IDEMPOTENCY_KEY, IDS, JOB_BODY,
    JOB_CHANGES, JOB_CONSTANTS, JOB_EVENT, JOB_RESULT, LEDGER_ENTRY, LOT, METER,
};
use crate::dialect::{Column, Dialect, Kind};

/// What a batch writes.
#[derive(Debug)]
pub(in crate::hot) struct FlushStatements {
    /// Everything of which most batches have something, one parameter per table: jobs to insert,
    /// their bodies, jobs to change, accounts, lots, meters, ledger entries, events of jobs,
    /// events of accounts, results.
    pub(in crate::hot) write_core: String,
    pub(in crate::hot) delete_slots: String,
    pub(in crate::hot) insert_artifacts: String,
    pub(in crate::hot) upsert_checkpoints: String,
    pub(in crate::hot) upsert_keys: String,
    pub(in crate::hot) upsert_allowances: String,
    pub(in crate::hot) delete_allowances: String,
}

impl FlushStatements {
    /// The statements in a database's dialect.
    pub(super) fn new(dialect: Dialect) -> Self {
        let core = [
            insert(dialect, "jobs", (1, &[JOB_CHANGES, JOB_CONSTANTS].concat())),
            insert(dialect, "job_bodies", (2, JOB_BODY)),
            update(dialect, "jobs", (3, JOB_CHANGES)),
            update(dialect, "accounts", (4, ACCOUNT)),
            update(dialect, "lots", (5, LOT)),
            upsert(dialect, "meter_usage", (6, METER), 3),
            insert(dialect, "ledger_entries", (7, LEDGER_ENTRY)),
            insert(dialect, "job_events", (8, JOB_EVENT)),
            insert(dialect, "account_events", (9, ACCOUNT_EVENT)),
            upsert(dialect, "job_results", (10, JOB_RESULT), 1),
        ];
        Self {
            write_core: dialect.all_at_once(&core),
            delete_slots: delete_slots(dialect),
            insert_artifacts: insert(dialect, "artifacts", (1, ARTIFACT)),
            upsert_checkpoints: upsert(dialect, "checkpoints", (1, CHECKPOINT), 1),
            upsert_keys: upsert(dialect, "idempotency_keys", (1, IDEMPOTENCY_KEY), 3),
            upsert_allowances: upsert(dialect, "allowances", (1, ALLOWANCE), 2),
            delete_allowances: format!(
                "DELETE FROM allowances WHERE id IN (SELECT w.id FROM {} w)",
                dialect.rows(1, IDS)
            ),
        }
    }
}

fn delete_slots(dialect: Dialect) -> String {
    let rows = dialect.rows(1, &[("job_id", Kind::Id), ("slot", Kind::Text)]);
    format!(
        "DELETE FROM job_events WHERE (job_id, cursor) IN (SELECT e.job_id, e.cursor \
         FROM {rows} w JOIN job_events e ON e.job_id = w.job_id AND e.slot = w.slot)"
    )
}

/// Columns of a table, and the parameter that holds their rows.
type Rows<'a> = (u32, &'a [Column]);

fn insert(dialect: Dialect, table: &str, (parameter, columns): Rows) -> String {
    let names = names(columns);
    let rows = dialect.rows(parameter, columns);
    format!("INSERT INTO {table} ({names}) SELECT {names} FROM {rows} r WHERE TRUE")
}

/// The first column is the key.
fn update(dialect: Dialect, table: &str, (parameter, columns): Rows) -> String {
    let rows = dialect.rows(parameter, columns);
    let (key, changes) = columns.split_first().map_or(("", columns), |(key, rest)| (key.0, rest));
    let set: Vec<String> = changes.iter().map(|(name, _)| format!("{name} = r.{name}")).collect();
    format!("UPDATE {table} SET {} FROM {rows} r WHERE {table}.{key} = r.{key}", set.join(", "))
}

/// The first `keys` columns are the key.
fn upsert(dialect: Dialect, table: &str, rows: Rows, keys: usize) -> String {
    let (_, columns) = rows;
    let (key, changes) = columns.split_at(keys);
    let set: Vec<String> =
        changes.iter().map(|(name, _)| format!("{name} = excluded.{name}")).collect();
    format!(
        "{} ON CONFLICT ({}) DO UPDATE SET {}",
        insert(dialect, table, rows),
        names(key),
        set.join(", ")
    )
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
