//! Statements that write what a batch decided.

use super::columns::{
    ACCOUNT, ACCOUNT_EVENT, ARTIFACT, CHECKPOINT, IDEMPOTENCY_KEY, JOB_BODY, JOB_CHANGES,
    JOB_CONSTANTS, JOB_EVENT, JOB_RESULT, LEDGER_ENTRY, LOT, METER,
};
use crate::dialect::{Column, Dialect, Kind};

/// What a batch writes.
#[derive(Debug)]
pub(in crate::hot) struct FlushStatements {
    pub(in crate::hot) insert_jobs: String,
    pub(in crate::hot) insert_bodies: String,
    pub(in crate::hot) update_jobs: String,
    pub(in crate::hot) update_accounts: String,
    pub(in crate::hot) update_lots: String,
    pub(in crate::hot) upsert_meters: String,
    pub(in crate::hot) insert_ledger: String,
    pub(in crate::hot) delete_slots: String,
    pub(in crate::hot) insert_events: String,
    pub(in crate::hot) insert_account_events: String,
    pub(in crate::hot) insert_artifacts: String,
    pub(in crate::hot) upsert_results: String,
    pub(in crate::hot) upsert_checkpoints: String,
    pub(in crate::hot) upsert_keys: String,
}

impl FlushStatements {
    /// The statements in a database's dialect.
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            insert_jobs: insert(dialect, "jobs", &[JOB_CHANGES, JOB_CONSTANTS].concat()),
            insert_bodies: insert(dialect, "job_bodies", JOB_BODY),
            update_jobs: update(dialect, "jobs", JOB_CHANGES),
            update_accounts: update(dialect, "accounts", ACCOUNT),
            update_lots: update(dialect, "lots", LOT),
            upsert_meters: upsert(dialect, "meter_usage", METER, 3),
            insert_ledger: insert(dialect, "ledger_entries", LEDGER_ENTRY),
            delete_slots: delete_slots(dialect),
            insert_events: insert(dialect, "job_events", JOB_EVENT),
            insert_account_events: insert(dialect, "account_events", ACCOUNT_EVENT),
            insert_artifacts: insert(dialect, "artifacts", ARTIFACT),
            upsert_results: upsert(dialect, "job_results", JOB_RESULT, 1),
            upsert_checkpoints: upsert(dialect, "checkpoints", CHECKPOINT, 1),
            upsert_keys: upsert(dialect, "idempotency_keys", IDEMPOTENCY_KEY, 3),
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

fn insert(dialect: Dialect, table: &str, columns: &[Column]) -> String {
    let names = names(columns);
    let rows = dialect.rows(1, columns);
    format!("INSERT INTO {table} ({names}) SELECT {names} FROM {rows} r WHERE TRUE")
}

/// The first column is the key.
fn update(dialect: Dialect, table: &str, columns: &[Column]) -> String {
    let rows = dialect.rows(1, columns);
    let (key, changes) = columns.split_first().map_or(("", columns), |(key, rest)| (key.0, rest));
    let set: Vec<String> = changes.iter().map(|(name, _)| format!("{name} = r.{name}")).collect();
    format!("UPDATE {table} SET {} FROM {rows} r WHERE {table}.{key} = r.{key}", set.join(", "))
}

/// The first `keys` columns are the key.
fn upsert(dialect: Dialect, table: &str, columns: &[Column], keys: usize) -> String {
    let (key, changes) = columns.split_at(keys);
    let set: Vec<String> =
        changes.iter().map(|(name, _)| format!("{name} = excluded.{name}")).collect();
    format!(
        "{} ON CONFLICT ({}) DO UPDATE SET {}",
        insert(dialect, table, columns),
        names(key),
        set.join(", ")
    )
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
