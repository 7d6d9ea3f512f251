//! What jobs of all organizations cost, by operation and day.
//!
//! Invariant: counts and costs come from the rows of root jobs, what was given back from the
//! ledger; both are written by the settlement, in one commit.

use std::collections::BTreeMap;

use gantry_ports::StoreError;
use gantry_ports::store::{CostSums, JobCosts};
use gantry_types::{Credits, Timestamp};
use sea_orm::{FromQueryResult, Value};

use super::convert::{decode_time, decode_u64};
use crate::sql::Sql;

/// Microseconds of a day, as the statements below spell it.
const DAY: i64 = 86_400_000_000;

const SELECT_COSTS: &str = "SELECT j.operation, j.finished_at / 86400000000 AS day, \
     COUNT(*) AS jobs, \
     CAST(SUM(CASE WHEN j.state = 'succeeded' THEN 1 ELSE 0 END) AS BIGINT) AS succeeded, \
     CAST(SUM(CASE WHEN j.state IN ('failed', 'dead') THEN 1 ELSE 0 END) AS BIGINT) AS failed, \
     CAST(SUM(CASE WHEN j.state = 'cancelled' THEN 1 ELSE 0 END) AS BIGINT) AS cancelled, \
     CAST(SUM(j.max_credits) AS BIGINT) AS estimated, \
     CAST(SUM(j.cost) AS BIGINT) AS settled, \
     CAST(SUM(j.penalty) AS BIGINT) AS penalties \
     FROM jobs j WHERE j.parent_id IS NULL AND j.accounting = 'metered' \
     AND j.finished_at >= $1 AND j.finished_at < $2 GROUP BY 1, 2";

const SELECT_RELEASES: &str = "SELECT r.operation, l.at / 86400000000 AS day, \
     CAST(SUM(l.amount) AS BIGINT) AS refunded \
     FROM ledger_lines l JOIN jobs j ON j.id = l.job_id JOIN jobs r ON r.id = j.root_id \
     WHERE l.account = 'available' AND l.reason = 'release' AND l.at >= $1 AND l.at < $2 \
     GROUP BY 1, 2";

/// Sums over `jobs`.
#[derive(Debug, FromQueryResult)]
struct CostRow {
    operation: String,
    day: i64,
    jobs: i64,
    succeeded: i64,
    failed: i64,
    cancelled: i64,
    estimated: i64,
    settled: i64,
    penalties: i64,
}

impl CostRow {
    fn decode(&self) -> Result<CostSums, StoreError> {
        Ok(CostSums {
            jobs: decode_u64("jobs", self.jobs)?,
            succeeded: decode_u64("jobs", self.succeeded)?,
            failed: decode_u64("jobs", self.failed)?,
            cancelled: decode_u64("jobs", self.cancelled)?,
            estimated: Credits::new(self.estimated),
            settled: Credits::new(self.settled),
            refunded: Credits::ZERO,
            penalties: Credits::new(self.penalties),
        })
    }
}

/// Sums over `ledger_lines`.
#[derive(Debug, FromQueryResult)]
struct ReleaseRow {
    operation: String,
    day: i64,
    refunded: i64,
}

/// What jobs cost that ended from `from` until before `to`, by operation and day.
///
/// # Errors
/// What the database says.
pub(super) async fn list(
    sql: &Sql,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<JobCosts>, StoreError> {
    let range = || -> Vec<Value> { vec![from.as_micros().into(), to.as_micros().into()] };
    let mut found: BTreeMap<(String, i64), CostSums> = BTreeMap::new();
    for row in sql.all::<CostRow>("job", SELECT_COSTS, range()).await? {
        let sums = row.decode()?;
        found.insert((row.operation, row.day), sums);
    }
    for row in sql.all::<ReleaseRow>("ledger entry", SELECT_RELEASES, range()).await? {
        let sums = found.entry((row.operation, row.day)).or_default();
        sums.refunded = Credits::new(row.refunded);
    }
    let costs = found.into_iter().map(|((operation, day), sums)| {
        let day = decode_time(day.saturating_mul(DAY));
        JobCosts { operation, day, sums }
    });
    Ok(costs.collect())
}
