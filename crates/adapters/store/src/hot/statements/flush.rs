//! Statements that write what a batch decided.

use super::columns::{
    ACCOUNT, ACCOUNT_EVENT, ALLOWANCE, ARTIFACT, AUDIT_ENTRY, CHECKPOINT, GRANT, IDEMPOTENCY_KEY,
    IDS, JOB_BODY, JOB_CHANGES, JOB_CONSTANTS, JOB_EVENT, JOB_RESULT, JOB_STEPS, LOT, LOT_DEBT,
    METER, POSTING, QUOTA_EVENT, RESTRICTION,
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
    pub(in crate::hot) restrict_jobs: String,
    pub(in crate::hot) grant_jobs: String,
    pub(in crate::hot) audit: WriteBatch,
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
            restrict_jobs: restrict_jobs(dialect),
            grant_jobs: grant_jobs(dialect),
            audit: alone("audit entry", AUDIT_ENTRY, "audit_entries", Action::Insert),
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
    let (names, rows) = (names_of("", QUOTA_EVENT), dialect.rows(1, QUOTA_EVENT));
    format!(
        "INSERT INTO quota_events ({names}) SELECT {names} FROM {rows} r WHERE TRUE \
         ON CONFLICT (organization_id, day, kind, limit_name) DO UPDATE SET \
         times = quota_events.times + excluded.times, last_at = excluded.last_at, \
         message = excluded.message"
    )
}

/// A job's identifier is new: only what was left behind under it can be there.
fn restrict_jobs(dialect: Dialect) -> String {
    let (names, rows) = (names_of("", RESTRICTION), dialect.rows(1, RESTRICTION));
    format!(
        "INSERT INTO object_restrictions ({names}) SELECT {names} FROM {rows} r WHERE TRUE \
         ON CONFLICT (object_id) DO NOTHING"
    )
}

/// Members alone are granted something; they stay until the commit, so that what takes a leaving
/// member's grants back finds these too.
fn grant_jobs(dialect: Dialect) -> String {
    let (names, granted) = (names_of("", GRANT), names_of("r.", GRANT));
    let (rows, lock) = (dialect.rows(1, GRANT), dialect.for_staying("m"));
    format!(
        "INSERT INTO object_grants ({names}) SELECT {granted} FROM {rows} r \
         JOIN memberships m ON m.organization_id = r.organization_id AND m.user_id = r.user_id \
         WHERE TRUE{lock} ON CONFLICT (object_id, user_id) DO UPDATE SET level = excluded.level"
    )
}

fn names_of(alias: &str, columns: &[Column]) -> String {
    let names = columns.iter().map(|(name, _)| format!("{alias}{name}"));
    names.collect::<Vec<_>>().join(", ")
}
