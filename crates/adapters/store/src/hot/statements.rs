//! The statements of the hot path, written once per database when the store opens.
//!
//! Invariant: a statement's text never depends on what a batch contains.

use crate::dialect::{Column, Dialect, Kind};
use crate::tables::JOB_COLUMNS;

/// One identifier per row.
const IDS: &[Column] = &[("id", Kind::Id)];

/// The columns of `jobs` that hot commands read, in the order of `load::JobRow`.
const HOT_COLUMNS: &str = "id, organization_id, root_id, parent_id, ordinal, operation, \
     accounting, state, device, class, gate, attempt, retries, host_deaths, cancel_requested, \
     max_credits, cost, spent_by_children, pending_children, active_children, worker_id, \
     lease_until, due_at, start_at, progress, stage, cursor, created_at, started_at, finished_at";

/// The columns of `jobs` that change, with the identifier first.
const JOB_CHANGES: &[Column] = &[
    ("id", Kind::Id),
    ("state", Kind::Text),
    ("class", Kind::Text),
    ("gate", Kind::Int),
    ("attempt", Kind::Int),
    ("retries", Kind::Int),
    ("host_deaths", Kind::Int),
    ("cancel_requested", Kind::Bool),
    ("max_credits", Kind::Int),
    ("cost", Kind::Int),
    ("spent_by_children", Kind::Int),
    ("pending_children", Kind::Int),
    ("active_children", Kind::Int),
    ("worker_id", Kind::Id),
    ("lease_until", Kind::Int),
    ("due_at", Kind::Int),
    ("progress", Kind::Real),
    ("stage", Kind::Text),
    ("cursor", Kind::Int),
    ("started_at", Kind::Int),
    ("finished_at", Kind::Int),
];

/// The columns of `jobs` that never change, in the order in which they follow the others.
const JOB_CONSTANTS: &[Column] = &[
    ("organization_id", Kind::Id),
    ("root_id", Kind::Id),
    ("parent_id", Kind::Id),
    ("ordinal", Kind::Int),
    ("submitted_by", Kind::Id),
    ("operation", Kind::Text),
    ("operation_version", Kind::Int),
    ("label", Kind::Text),
    ("seed", Kind::Int),
    ("accounting", Kind::Text),
    ("device", Kind::Text),
    ("start_at", Kind::Int),
    ("created_at", Kind::Int),
];

/// The statements' texts.
#[derive(Debug)]
pub(super) struct Statements {
    // Loading.
    pub(super) select_accounts: String,
    pub(super) select_plans: String,
    pub(super) select_jobs: String,
    pub(super) select_held_back: String,
    pub(super) select_holds: String,
    pub(super) select_lots: String,
    pub(super) select_meters: String,
    pub(super) select_keys: String,
    pub(super) select_needs: String,
    pub(super) count_children: String,
    pub(super) select_silent: String,
    pub(super) select_due: String,
    pub(super) select_expired: String,
    // Claiming.
    pub(super) select_claimants: String,
    pub(super) select_ready: String,
    pub(super) select_claimed: String,
    pub(super) select_children: String,
    // Flushing.
    pub(super) insert_jobs: String,
    pub(super) insert_bodies: String,
    pub(super) update_jobs: String,
    pub(super) delete_holds: String,
    pub(super) insert_holds: String,
    pub(super) update_accounts: String,
    pub(super) update_lots: String,
    pub(super) upsert_meters: String,
    pub(super) insert_ledger: String,
    pub(super) delete_slots: String,
    pub(super) insert_events: String,
    pub(super) insert_account_events: String,
    pub(super) insert_artifacts: String,
    pub(super) upsert_results: String,
    pub(super) upsert_checkpoints: String,
    pub(super) upsert_keys: String,
    pub(super) delete_keys: String,
}

impl Statements {
    /// The statements in a database's dialect.
    pub(super) fn new(dialect: Dialect) -> Self {
        let ids = |position| dialect.rows(position, IDS);
        let lock = dialect.for_update();
        Self {
            select_accounts: format!(
                "SELECT organization_id, plan_id, available, held, running_roots, queued_roots, \
                 cursor, served_at FROM accounts WHERE organization_id IN \
                 (SELECT w.id FROM {} w UNION \
                  SELECT j.organization_id FROM {} w JOIN jobs j ON j.id = w.id) \
                 ORDER BY organization_id{lock}",
                ids(1),
                ids(2)
            ),
            select_plans: format!(
                "SELECT id, terms FROM plans WHERE id IN (SELECT w.id FROM {} w)",
                ids(1)
            ),
            select_jobs: select_jobs(dialect),
            select_held_back: format!(
                "SELECT {HOT_COLUMNS} FROM jobs WHERE id IN (SELECT j.id FROM {} w \
                 JOIN jobs j ON j.root_id = w.id AND j.parent_id IS NOT NULL \
                 WHERE j.state = 'queued' AND j.gate = 2 ORDER BY j.id LIMIT $2) ORDER BY id{lock}",
                ids(1)
            ),
            select_holds: format!(
                "SELECT job_id, lot_id, meter, period_start, amount FROM holds \
                 WHERE job_id IN (SELECT w.id FROM {} w) ORDER BY job_id, ordinal",
                ids(1)
            ),
            select_lots: format!(
                "SELECT l.id, l.organization_id, l.origin, l.expires_at, l.remaining \
                 FROM {} w JOIN lots l ON l.organization_id = w.id WHERE l.remaining > 0 UNION \
                 SELECT l.id, l.organization_id, l.origin, l.expires_at, l.remaining \
                 FROM {} w JOIN holds h ON h.job_id = w.id JOIN lots l ON l.id = h.lot_id",
                ids(1),
                ids(2)
            ),
            select_meters: format!(
                "SELECT m.organization_id, m.meter, m.period_start, m.used, m.reserved \
                 FROM {} w JOIN meter_usage m ON m.organization_id = w.id \
                 WHERE m.period_start >= $3 UNION \
                 SELECT m.organization_id, m.meter, m.period_start, m.used, m.reserved \
                 FROM {} w JOIN holds h ON h.job_id = w.id JOIN meter_usage m \
                 ON m.organization_id = h.organization_id AND m.period_start = h.period_start \
                 AND m.meter = h.meter",
                ids(1),
                ids(2)
            ),
            select_keys: format!(
                "SELECT k.organization_id, k.route, k.idempotency_key, k.body_sha256, k.job_id, \
                 k.state, k.blocked_by, k.created_at FROM {} w JOIN idempotency_keys k \
                 ON k.organization_id = w.organization_id AND k.route = w.route \
                 AND k.idempotency_key = w.idempotency_key",
                dialect.rows(
                    1,
                    &[
                        ("organization_id", Kind::Id),
                        ("route", Kind::Text),
                        ("idempotency_key", Kind::Text)
                    ]
                )
            ),
            select_needs: format!(
                "SELECT b.job_id, b.needs FROM {} w JOIN job_bodies b ON b.job_id = w.id",
                ids(1)
            ),
            count_children: format!(
                "SELECT j.parent_id AS id, COUNT(*) AS number FROM {} w \
                 JOIN jobs j ON j.parent_id = w.id GROUP BY j.parent_id",
                ids(1)
            ),
            select_silent: "SELECT id FROM jobs WHERE state = 'running' AND lease_until < $1 \
                            ORDER BY lease_until LIMIT $2"
                .into(),
            select_due: "SELECT id FROM jobs WHERE state IN ('scheduled', 'blocked') \
                         AND due_at <= $1 ORDER BY due_at, id LIMIT $2"
                .into(),
            select_expired: "SELECT DISTINCT organization_id AS id FROM lots \
                             WHERE remaining > 0 AND expires_at IS NOT NULL \
                             AND expires_at <= $1 LIMIT $2"
                .into(),
            select_claimants: select_claimants(dialect),
            select_ready: dialect.first_rows_of_each(
                &dialect.rows(
                    1,
                    &[
                        ("rank", Kind::Int),
                        ("device", Kind::Text),
                        ("class", Kind::Text),
                        ("organization_id", Kind::Id),
                    ],
                ),
                "q.state = 'queued' AND q.device = w.device AND q.class = w.class \
                 AND q.organization_id = w.organization_id AND q.gate < 2",
            ),
            select_claimed: format!(
                "SELECT {JOB_COLUMNS}, c.version AS checkpoint_version, \
                 c.state AS checkpoint_state FROM {} w JOIN jobs j ON j.id = w.id \
                 JOIN job_bodies b ON b.job_id = j.id LEFT JOIN job_results r ON r.job_id = j.id \
                 LEFT JOIN checkpoints c ON c.job_id = j.id",
                ids(1)
            ),
            select_children: format!(
                "SELECT j.id, j.parent_id, j.ordinal, j.state, r.report, r.error FROM {} w \
                 JOIN jobs j ON j.parent_id = w.id LEFT JOIN job_results r ON r.job_id = j.id \
                 WHERE j.state IN ('succeeded', 'failed', 'cancelled', 'dead') \
                 ORDER BY j.parent_id, j.ordinal",
                ids(1)
            ),
            insert_jobs: insert(dialect, "jobs", &[JOB_CHANGES, JOB_CONSTANTS].concat()),
            insert_bodies: insert(dialect, "job_bodies", JOB_BODY),
            update_jobs: update(dialect, "jobs", JOB_CHANGES),
            delete_holds: format!(
                "DELETE FROM holds WHERE job_id IN (SELECT w.id FROM {} w)",
                ids(1)
            ),
            insert_holds: insert(dialect, "holds", HOLD),
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
            delete_keys: "DELETE FROM idempotency_keys WHERE created_at <= $1".into(),
        }
    }
}

const JOB_BODY: &[Column] = &[
    ("job_id", Kind::Id),
    ("organization_id", Kind::Id),
    ("params", Kind::Text),
    ("inputs", Kind::Text),
    ("needs", Kind::Text),
];
const HOLD: &[Column] = &[
    ("job_id", Kind::Id),
    ("ordinal", Kind::Int),
    ("organization_id", Kind::Id),
    ("lot_id", Kind::Id),
    ("meter", Kind::Text),
    ("period_start", Kind::Int),
    ("amount", Kind::Int),
];
const ACCOUNT: &[Column] = &[
    ("organization_id", Kind::Id),
    ("available", Kind::Int),
    ("held", Kind::Int),
    ("running_roots", Kind::Int),
    ("queued_roots", Kind::Int),
    ("cursor", Kind::Int),
    ("served_at", Kind::Int),
];
const LOT: &[Column] = &[("id", Kind::Id), ("remaining", Kind::Int)];
const METER: &[Column] = &[
    ("organization_id", Kind::Id),
    ("period_start", Kind::Int),
    ("meter", Kind::Text),
    ("used", Kind::Int),
    ("reserved", Kind::Int),
];
const LEDGER_ENTRY: &[Column] = &[
    ("id", Kind::Id),
    ("organization_id", Kind::Id),
    ("posting_id", Kind::Id),
    ("account", Kind::Text),
    ("amount", Kind::Int),
    ("lot_id", Kind::Id),
    ("job_id", Kind::Id),
    ("reason", Kind::Text),
    ("at", Kind::Int),
];
const JOB_EVENT: &[Column] = &[
    ("job_id", Kind::Id),
    ("cursor", Kind::Int),
    ("organization_id", Kind::Id),
    ("kind", Kind::Text),
    ("slot", Kind::Text),
    ("body", Kind::Text),
    ("at", Kind::Int),
];
const ACCOUNT_EVENT: &[Column] = &[
    ("organization_id", Kind::Id),
    ("cursor", Kind::Int),
    ("job_id", Kind::Id),
    ("operation", Kind::Text),
    ("state", Kind::Text),
    ("at", Kind::Int),
];
const ARTIFACT: &[Column] = &[
    ("id", Kind::Id),
    ("organization_id", Kind::Id),
    ("job_id", Kind::Id),
    ("name", Kind::Text),
    ("media_type", Kind::Text),
    ("role", Kind::Text),
    ("bytes", Kind::Int),
    ("sha256", Kind::Text),
    ("blob_key", Kind::Text),
    ("created_at", Kind::Int),
];
const JOB_RESULT: &[Column] = &[
    ("job_id", Kind::Id),
    ("organization_id", Kind::Id),
    ("report", Kind::Text),
    ("error", Kind::Text),
];
const CHECKPOINT: &[Column] = &[
    ("job_id", Kind::Id),
    ("organization_id", Kind::Id),
    ("version", Kind::Int),
    ("state", Kind::Text),
];
const IDEMPOTENCY_KEY: &[Column] = &[
    ("organization_id", Kind::Id),
    ("route", Kind::Text),
    ("idempotency_key", Kind::Text),
    ("body_sha256", Kind::Text),
    ("job_id", Kind::Id),
    ("state", Kind::Text),
    ("blocked_by", Kind::Text),
    ("created_at", Kind::Int),
];

/// The jobs named, everything above them, and the whole trees of the jobs named second.
fn select_jobs(dialect: Dialect) -> String {
    format!(
        "WITH RECURSIVE named(id) AS (SELECT w.id FROM {} w UNION SELECT j.parent_id \
         FROM named n JOIN jobs j ON j.id = n.id WHERE j.parent_id IS NOT NULL), \
         wanted(id) AS (SELECT id FROM named UNION SELECT t.id FROM {} w \
         JOIN jobs j ON j.id = w.id \
         JOIN jobs t ON t.root_id = j.root_id AND t.parent_id IS NOT NULL) \
         SELECT {HOT_COLUMNS} FROM jobs WHERE id IN (SELECT id FROM wanted) ORDER BY id{}",
        dialect.rows(1, IDS),
        dialect.rows(2, IDS),
        dialect.for_update()
    )
}

/// The accounts with ready jobs in the queues named, found by skipping from one account to the
/// next in the queue's index, so that the length of a queue costs nothing.
fn select_claimants(dialect: Dialect) -> String {
    let first = "SELECT j.organization_id FROM jobs j WHERE j.state = 'queued' \
                 AND j.device = h.device AND j.class = h.class";
    let end = "ORDER BY j.organization_id LIMIT 1";
    format!(
        "WITH RECURSIVE heads(rank, device, class, organization_id) AS ( \
         SELECT h.rank, h.device, h.class, ({first} {end}) FROM {} h UNION ALL \
         SELECT h.rank, h.device, h.class, \
         ({first} AND j.organization_id > h.organization_id {end}) \
         FROM heads h WHERE h.organization_id IS NOT NULL) \
         SELECT h.rank, h.device, h.class, h.organization_id FROM heads h \
         JOIN accounts a ON a.organization_id = h.organization_id \
         JOIN plans p ON p.id = a.plan_id \
         WHERE a.running_roots < p.concurrent_jobs OR EXISTS (SELECT 1 FROM jobs j \
         WHERE j.state = 'queued' AND j.device = h.device AND j.class = h.class \
         AND j.organization_id = h.organization_id AND j.gate = 0) \
         ORDER BY h.rank, a.served_at, h.organization_id LIMIT $2",
        dialect.rows(1, &[("rank", Kind::Int), ("device", Kind::Text), ("class", Kind::Text)])
    )
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
