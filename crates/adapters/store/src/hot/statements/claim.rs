//! Statements that choose jobs for a worker.

use super::columns::IDS;
use crate::dialect::{Dialect, Kind};

/// What a claim reads.
#[derive(Debug)]
pub(in crate::hot) struct ClaimStatements {
    pub(in crate::hot) select_claimants: String,
    pub(in crate::hot) select_ready: String,
    pub(in crate::hot) select_bodies: String,
    pub(in crate::hot) select_children: String,
}

impl ClaimStatements {
    /// The statements in a database's dialect.
    pub(super) fn new(dialect: Dialect) -> Self {
        let ids = |position| dialect.rows(position, IDS);
        Self {
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
            select_bodies: format!(
                "SELECT j.id, j.submitted_by, j.operation_version, j.label, j.seed, \
                 j.origin, b.params, b.inputs, c.version AS checkpoint_version, c.state AS checkpoint_state \
                 FROM {} w JOIN jobs j ON j.id = w.id JOIN job_bodies b ON b.job_id = j.id \
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
        }
    }
}

/// The accounts with ready jobs in the queues named, found by skipping from one account to the
/// next in the queue's index, so that the length of a queue costs nothing. Parameter 2 is the time,
/// 3 how many.
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
         LEFT JOIN limit_overrides o ON a.overrides > 0 \
         AND o.organization_id = a.organization_id AND o.limit_name = 'concurrent_jobs' \
         AND (o.expires_at IS NULL OR o.expires_at > $2) \
         WHERE a.running_roots < p.concurrent_jobs AND o.organization_id IS NULL \
         OR o.organization_id IS NOT NULL AND (o.value IS NULL OR a.running_roots < o.value) \
         OR EXISTS (SELECT 1 FROM jobs j \
         WHERE j.state = 'queued' AND j.device = h.device AND j.class = h.class \
         AND j.organization_id = h.organization_id AND j.gate = 0) \
         ORDER BY h.rank, a.served_at, h.organization_id LIMIT 0 + $3",
        dialect.rows(1, &[("rank", Kind::Int), ("device", Kind::Text), ("class", Kind::Text)])
    )
}
