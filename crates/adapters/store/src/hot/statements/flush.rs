//! Statements that write what a batch decided.

use super::columns::{
    ACCOUNT, ACCOUNT_EVENT, ALLOWANCE, ARTIFACT, CHECKPOINT, IDEMPOTENCY_KEY, IDS, JOB_BODY,
    JOB_CHANGES, JOB_CONSTANTS, JOB_EVENT, JOB_RESULT, JOB_STEPS, LEDGER_ENTRY, LOT, METER,
};
use crate::dialect::{Action, Column, Dialect, Kind, TableWrite, WriteBatch};

/// What a batch writes.
#[derive(Debug)]
pub(in crate::hot) struct FlushStatements {
    /// Everything of which most batches have something: jobs to insert, their bodies, jobs that
    /// went a step, jobs that changed otherwise, accounts, lots, meters, ledger entries, events
    /// of jobs, events of accounts, results.
    pub(in crate::hot) core: WriteBatch,
    pub(in crate::hot) delete_slots: String,
    pub(in crate::hot) artifacts: WriteBatch,
    pub(in crate::hot) checkpoints: WriteBatch,
    pub(in crate::hot) keys: WriteBatch,
    pub(in crate::hot) allowances: WriteBatch,
    pub(in crate::hot) delete_allowances: String,
}

impl FlushStatements {
    /// The statements in a database's dialect.
    pub(super) fn new(dialect: Dialect) -> Self {
        let whole_job = [JOB_CHANGES, JOB_CONSTANTS].concat();
        let core = [
            write("job", "jobs", &whole_job, Action::Insert),
            write("job", "job_bodies", JOB_BODY, Action::Insert),
            write("job", "jobs", JOB_STEPS, Action::Update),
            write("job", "jobs", JOB_CHANGES, Action::Update),
            write("account", "accounts", ACCOUNT, Action::Update),
            write("account", "lots", LOT, Action::Update),
            write("account", "meter_usage", METER, Action::Upsert(3)),
            write("ledger entry", "ledger_entries", LEDGER_ENTRY, Action::Insert),
            write("job event", "job_events", JOB_EVENT, Action::Insert),
            write("account event", "account_events", ACCOUNT_EVENT, Action::Insert),
            write("job", "job_results", JOB_RESULT, Action::Upsert(1)),
        ];
        let alone = |write| WriteBatch::new(dialect, &[write]);
        let key = "idempotency key";
        Self {
            core: WriteBatch::new(dialect, &core),
            delete_slots: delete_slots(dialect),
            artifacts: alone(write("artifact", "artifacts", ARTIFACT, Action::Insert)),
            checkpoints: alone(write("checkpoint", "checkpoints", CHECKPOINT, Action::Upsert(1))),
            keys: alone(write(key, "idempotency_keys", IDEMPOTENCY_KEY, Action::Upsert(3))),
            allowances: alone(write("allowance", "allowances", ALLOWANCE, Action::Upsert(2))),
            delete_allowances: format!(
                "DELETE FROM allowances WHERE id IN (SELECT w.id FROM {} w)",
                dialect.rows(1, IDS)
            ),
        }
    }
}

const fn write<'a>(
    what: &'static str,
    table: &'a str,
    columns: &'a [Column],
    action: Action,
) -> TableWrite<'a> {
    TableWrite { what, table, columns, action }
}

fn delete_slots(dialect: Dialect) -> String {
    let rows = dialect.rows(1, &[("job_id", Kind::Id), ("slot", Kind::Text)]);
    format!(
        "DELETE FROM job_events WHERE (job_id, cursor) IN (SELECT e.job_id, e.cursor \
         FROM {rows} w JOIN job_events e ON e.job_id = w.job_id AND e.slot = w.slot)"
    )
}
