//! Statements that write what a batch decided.

use super::columns::{
    ACCOUNT, ACCOUNT_EVENT, ALLOWANCE, ARTIFACT, CHECKPOINT, IDEMPOTENCY_KEY, IDS, JOB_BODY,
    JOB_CHANGES, JOB_CONSTANTS, JOB_EVENT, JOB_RESULT, JOB_STEPS, LOT, LOT_DEBT, METER, POSTING,
    QUOTA_EVENT,
};
use crate::dialect::{Action, Column, Dialect, Kind, TableWrite, WriteBatch};

/// What a batch writes.
#[derive(Debug)]
pub(in crate::hot) struct FlushStatements {
    /// Everything of which most batches have something: jobs to insert, their bodies, jobs that
    /// went a step, jobs that changed otherwise, accounts, lots, meters, postings, events
    /// of jobs, events of accounts, results.
    pub(in crate::hot) core: WriteBatch,
    pub(in crate::hot) delete_slots: String,
    /// What is owed on lots.
    pub(in crate::hot) debts: WriteBatch,
    pub(in crate::hot) artifacts: WriteBatch,
    pub(in crate::hot) checkpoints: WriteBatch,
    pub(in crate::hot) keys: WriteBatch,
    pub(in crate::hot) allowances: WriteBatch,
    pub(in crate::hot) delete_allowances: String,
    pub(in crate::hot) count_quota_events: String,
}

impl FlushStatements {
    /// The statements in a database's dialect.
    pub(super) fn new(dialect: Dialect) -> Self {
        let whole_job = [JOB_CHANGES, JOB_CONSTANTS].concat();
        let core = [
            write("jobs", &whole_job, Action::Insert),
            write("job_bodies", JOB_BODY, Action::Insert),
            write("jobs", JOB_STEPS, Action::Update),
            write("jobs", JOB_CHANGES, Action::Update),
            write("accounts", ACCOUNT, Action::Update),
            write("lots", LOT, Action::Update),
            write("meter_usage", METER, Action::Upsert(3)),
            write("postings", POSTING, Action::Insert),
            write("job_events", JOB_EVENT, Action::Insert),
            write("account_events", ACCOUNT_EVENT, Action::Insert),
            write("job_results", JOB_RESULT, Action::Upsert(1)),
        ];
        let alone =
            |what, columns, table, action| WriteBatch::new(what, &[write(table, columns, action)]);
        let key = "idempotency key";
        Self {
            core: WriteBatch::new("job", &core),
            delete_slots: delete_slots(dialect),
            debts: alone("lot", LOT_DEBT, "lots", Action::Update),
            artifacts: alone("artifact", ARTIFACT, "artifacts", Action::Insert),
            checkpoints: alone("checkpoint", CHECKPOINT, "checkpoints", Action::Upsert(1)),
            keys: alone(key, IDEMPOTENCY_KEY, "idempotency_keys", Action::Upsert(3)),
            allowances: alone("allowance", ALLOWANCE, "allowances", Action::Upsert(2)),
            delete_allowances: format!(
                "DELETE FROM allowances WHERE id IN (SELECT w.id FROM {} w)",
                dialect.rows(1, IDS)
            ),
            count_quota_events: count_quota_events(dialect),
        }
    }
}

const fn write<'a>(table: &'a str, columns: &'a [Column], action: Action) -> TableWrite<'a> {
    TableWrite { table, columns, action }
}

fn delete_slots(dialect: Dialect) -> String {
    let rows = dialect.rows(1, &[("job_id", Kind::Id), ("slot", Kind::Text)]);
    format!(
        "DELETE FROM job_events WHERE (job_id, cursor) IN (SELECT e.job_id, e.cursor \
         FROM {rows} w JOIN job_events e ON e.job_id = w.job_id AND e.slot = w.slot)"
    )
}

/// Adds to what was counted before of the same day.
fn count_quota_events(dialect: Dialect) -> String {
    let names: Vec<&str> = QUOTA_EVENT.iter().map(|(name, _)| *name).collect();
    let (names, rows) = (names.join(", "), dialect.rows(1, QUOTA_EVENT));
    format!(
        "INSERT INTO quota_events ({names}) SELECT {names} FROM {rows} r WHERE TRUE \
         ON CONFLICT (organization_id, day, kind, limit_name) DO UPDATE SET \
         times = quota_events.times + excluded.times, last_at = excluded.last_at, \
         message = excluded.message"
    )
}
