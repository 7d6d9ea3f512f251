//! Statements that find and load what a batch touches.

use super::columns::{HOT_COLUMNS, IDS};
use crate::dialect::{Dialect, Kind};

/// What a batch reads.
#[derive(Debug)]
pub(in crate::hot) struct LoadStatements {
    pub(in crate::hot) select_accounts: String,
    pub(in crate::hot) select_plans: String,
    pub(in crate::hot) select_overrides: String,
    pub(in crate::hot) select_jobs: String,
    pub(in crate::hot) select_trees: String,
    pub(in crate::hot) select_held_back: String,
    pub(in crate::hot) select_money: String,
    pub(in crate::hot) select_keys: String,
    pub(in crate::hot) select_needs: String,
    pub(in crate::hot) count_children: String,
    pub(in crate::hot) select_silent: String,
    pub(in crate::hot) select_due: String,
    pub(in crate::hot) select_expired: String,
    pub(in crate::hot) select_allowances: String,
    pub(in crate::hot) select_spent: String,
    pub(in crate::hot) delete_keys: String,
    pub(in crate::hot) delete_requests: String,
}

impl LoadStatements {
    /// The statements in a database's dialect.
    pub(super) fn new(dialect: Dialect) -> Self {
        let ids = |position| dialect.rows(position, IDS);
        let lock = dialect.for_update();
        Self {
            select_accounts: select_accounts(dialect),
            select_plans: format!(
                "SELECT id, terms FROM plans WHERE id IN (SELECT w.id FROM {} w)",
                ids(1)
            ),
            select_overrides: format!(
                "SELECT o.organization_id, o.limit_name, o.value, o.expires_at FROM {} w \
                 JOIN limit_overrides o ON o.organization_id = w.id",
                ids(1)
            ),
            select_jobs: format!(
                "SELECT {HOT_COLUMNS} FROM jobs WHERE id IN (SELECT w.id FROM {} w) \
                 ORDER BY id{lock}",
                ids(1)
            ),
            select_trees: select_trees(dialect),
            select_held_back: format!(
                "SELECT {HOT_COLUMNS} FROM jobs WHERE id IN (SELECT j.id FROM {} w \
                 JOIN jobs j ON j.root_id = w.id AND j.parent_id IS NOT NULL \
                 WHERE j.state = 'queued' AND j.gate = 2 ORDER BY j.id LIMIT 0 + $2) ORDER BY id{lock}",
                ids(1)
            ),
            select_money: select_money(dialect),
            select_keys: select_keys(dialect),
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
                            ORDER BY lease_until LIMIT 0 + $2"
                .into(),
            select_due: "SELECT id FROM jobs WHERE state IN ('scheduled', 'blocked') \
                         AND due_at <= $1 ORDER BY due_at, id LIMIT 0 + $2"
                .into(),
            select_expired: "SELECT DISTINCT organization_id AS id FROM lots \
                             WHERE remaining > 0 AND expires_at IS NOT NULL \
                             AND expires_at <= $1 LIMIT 0 + $2"
                .into(),
            select_allowances: format!(
                "SELECT a.id, a.organization_id, a.meter, a.period_start, a.units, a.used, \
                 a.expires_at FROM {} w JOIN allowances a ON a.id = w.id ORDER BY a.id, a.meter",
                ids(1)
            ),
            select_spent: "SELECT id, organization_id FROM allowances WHERE expires_at <= $1 \
                           ORDER BY expires_at, id LIMIT 0 + $2"
                .into(),
            delete_keys: "DELETE FROM idempotency_keys WHERE created_at <= $1".into(),
            delete_requests: "DELETE FROM kept_requests WHERE created_at <= $1".into(),
        }
    }
}

/// The jobs named, everything above them, and the whole trees of the jobs named second.
fn select_trees(dialect: Dialect) -> String {
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

/// The accounts named, and those of the jobs named second.
fn select_accounts(dialect: Dialect) -> String {
    let ids = |position| dialect.rows(position, IDS);
    let lock = dialect.for_update();
    format!(
        "SELECT organization_id, plan_id, available, held, running_roots, queued_roots, \
         cursor, served_at, cancellations, quota_anchor, overrides FROM accounts WHERE organization_id IN \
         (SELECT w.id FROM {} w UNION \
          SELECT j.organization_id FROM {} w JOIN jobs j ON j.id = w.id) \
         ORDER BY organization_id{lock}",
        ids(1),
        ids(2)
    )
}

/// The lots with something left and those named, with what is owed on them; the meters since a
/// time.
fn select_money(dialect: Dialect) -> String {
    let ids = |position| dialect.rows(position, IDS);
    format!(
        "SELECT l.organization_id, l.id AS lot_id, l.origin AS word, l.expires_at AS at, \
         l.remaining AS amount, l.owed AS bound \
         FROM {named} w JOIN lots l ON l.organization_id = w.id WHERE l.remaining > 0 \
         UNION SELECT l.organization_id, l.id, l.origin, l.expires_at, l.remaining, l.owed \
         FROM {} w JOIN lots l ON l.id = w.id \
         UNION ALL SELECT m.organization_id, NULL, m.meter, m.period_start, m.used, \
         m.reserved FROM {named} w JOIN meter_usage m ON m.organization_id = w.id \
         WHERE m.period_start >= $3",
        ids(2),
        named = ids(1)
    )
}

/// The idempotency keys named.
fn select_keys(dialect: Dialect) -> String {
    format!(
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
    )
}
