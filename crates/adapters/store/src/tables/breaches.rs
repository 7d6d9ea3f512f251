//! What must hold of the ledger and of every counter, checked in SQL.
//!
//! Invariant: each check selects the rows that break it, so that no row means that all is well.

use gantry_ports::StoreError;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::sql::Sql;

/// The most breaches of one kind that are told.
const MOST_ROWS: usize = 20;

/// A row that breaks a rule, with the two amounts that differ.
#[derive(Debug, FromQueryResult)]
struct BreachRow {
    id: Uuid,
    expected: i64,
    found: i64,
}

/// A rule and the SELECT (of id, expected, found) of the rows that break it.
struct Check {
    rule: &'static str,
    sql: &'static str,
}

// Sums are cast because PostgreSQL adds BIGINTs to a NUMERIC.
const CHECKS: &[Check] = &[
    Check {
        rule: "a posting moves credits from one side to another",
        sql: "SELECT id, CAST(1 AS BIGINT) AS expected, amount AS found \
              FROM postings WHERE amount <= 0 OR taken_from = given_to",
    },
    Check {
        rule: "an account's available credits are what its lots have left",
        sql: "SELECT a.organization_id AS id, a.available AS expected, \
              CAST(COALESCE(SUM(l.remaining), 0) AS BIGINT) AS found \
              FROM accounts a LEFT JOIN lots l ON l.organization_id = a.organization_id \
              GROUP BY a.organization_id, a.available \
              HAVING a.available <> COALESCE(SUM(l.remaining), 0)",
    },
    Check {
        rule: "an account's available credits are what its ledger says",
        sql: "SELECT a.organization_id AS id, a.available AS expected, \
              CAST(COALESCE(SUM(e.amount), 0) AS BIGINT) AS found \
              FROM accounts a LEFT JOIN ledger_lines e \
              ON e.organization_id = a.organization_id AND e.account = 'available' \
              GROUP BY a.organization_id, a.available \
              HAVING a.available <> COALESCE(SUM(e.amount), 0)",
    },
    Check {
        rule: "an account's held credits are what its ledger says",
        sql: "SELECT a.organization_id AS id, a.held AS expected, \
              CAST(COALESCE(SUM(e.amount), 0) AS BIGINT) AS found \
              FROM accounts a LEFT JOIN ledger_lines e \
              ON e.organization_id = a.organization_id AND e.account = 'held' \
              GROUP BY a.organization_id, a.held HAVING a.held <> COALESCE(SUM(e.amount), 0)",
    },
    Check {
        rule: "an account's held credits are what its jobs hold",
        sql: "SELECT a.organization_id AS id, a.held AS expected, \
              CAST(COALESCE(SUM(h.amount), 0) AS BIGINT) AS found \
              FROM accounts a LEFT JOIN holds h \
              ON h.organization_id = a.organization_id AND h.lot_id IS NOT NULL \
              GROUP BY a.organization_id, a.held HAVING a.held <> COALESCE(SUM(h.amount), 0)",
    },
    Check {
        rule: "a lot has left what its ledger says",
        sql: "SELECT l.id AS id, l.remaining AS expected, \
              CAST(COALESCE(SUM(e.amount), 0) AS BIGINT) AS found \
              FROM lots l LEFT JOIN ledger_lines e \
              ON e.lot_id = l.id AND e.account = 'available' \
              GROUP BY l.id, l.remaining HAVING l.remaining <> COALESCE(SUM(e.amount), 0)",
    },
    Check {
        rule: "a lot owes what its ledger says",
        sql: "SELECT l.id AS id, l.owed AS expected, \
              CAST(COALESCE(-SUM(e.amount), 0) AS BIGINT) AS found \
              FROM lots l LEFT JOIN ledger_lines e \
              ON e.lot_id = l.id AND e.account = 'receivable' \
              GROUP BY l.id, l.owed HAVING l.owed <> COALESCE(-SUM(e.amount), 0)",
    },
    Check {
        rule: "a job that ended holds nothing",
        sql: "SELECT j.id AS id, CAST(0 AS BIGINT) AS expected, h.amount AS found \
              FROM holds h JOIN jobs j ON j.id = h.job_id \
              WHERE j.state IN ('succeeded', 'failed', 'cancelled', 'dead', 'blocked')",
    },
    Check {
        rule: "a metered root that did not end holds its maximum less what its children spent",
        sql: "SELECT j.id AS id, j.max_credits - j.spent_by_children AS expected, \
              CAST(COALESCE(SUM(h.amount), 0) AS BIGINT) AS found \
              FROM jobs j LEFT JOIN holds h ON h.job_id = j.id AND h.lot_id IS NOT NULL \
              WHERE j.parent_id IS NULL AND j.accounting = 'metered' \
              AND j.state IN ('scheduled', 'queued', 'running', 'waiting') \
              GROUP BY j.id, j.max_credits, j.spent_by_children \
              HAVING j.max_credits - j.spent_by_children <> COALESCE(SUM(h.amount), 0)",
    },
    Check {
        rule: "a meter's reservation is what jobs and allowances hold of it",
        sql: "SELECT m.organization_id AS id, m.reserved AS expected, \
              CAST(COALESCE(SUM(h.amount), 0) AS BIGINT) AS found \
              FROM meter_usage m LEFT JOIN \
              (SELECT organization_id, meter, period_start, amount FROM holds \
              WHERE meter IS NOT NULL UNION ALL \
              SELECT organization_id, meter, period_start, units AS amount FROM allowances) h \
              ON h.organization_id = m.organization_id \
              AND h.meter = m.meter AND h.period_start = m.period_start \
              GROUP BY m.organization_id, m.meter, m.period_start, m.reserved \
              HAVING m.reserved <> COALESCE(SUM(h.amount), 0)",
    },
    Check {
        rule: "an account counts every root between its first claim and its end as running",
        sql: "SELECT a.organization_id AS id, a.running_roots AS expected, \
              COUNT(j.id) AS found FROM accounts a LEFT JOIN jobs j \
              ON j.organization_id = a.organization_id AND j.parent_id IS NULL \
              AND j.accounting = 'metered' AND j.attempt > 0 \
              AND j.state IN ('scheduled', 'blocked', 'queued', 'running', 'waiting') \
              GROUP BY a.organization_id, a.running_roots HAVING a.running_roots <> COUNT(j.id)",
    },
    Check {
        rule: "an account counts every root before its first claim as queued",
        sql: "SELECT a.organization_id AS id, a.queued_roots AS expected, \
              COUNT(j.id) AS found FROM accounts a LEFT JOIN jobs j \
              ON j.organization_id = a.organization_id AND j.parent_id IS NULL \
              AND j.accounting = 'metered' AND j.attempt = 0 \
              AND j.state IN ('scheduled', 'blocked', 'queued') \
              GROUP BY a.organization_id, a.queued_roots HAVING a.queued_roots <> COUNT(j.id)",
    },
    Check {
        rule: "a job waits for as many children as did not end",
        sql: "SELECT p.id AS id, p.pending_children AS expected, COUNT(c.id) AS found \
              FROM jobs p LEFT JOIN jobs c ON c.parent_id = p.id \
              AND c.state IN ('scheduled', 'queued', 'running', 'waiting') \
              WHERE p.pending_children > 0 OR p.state = 'waiting' \
              GROUP BY p.id, p.pending_children HAVING p.pending_children <> COUNT(c.id)",
    },
];

/// Every breach, in words.
///
/// # Errors
/// What the database says.
pub(super) async fn list(sql: &Sql) -> Result<Vec<String>, StoreError> {
    let mut breaches = Vec::new();
    for check in CHECKS {
        let rows = sql.all::<BreachRow>("ledger check", check.sql, vec![]).await?;
        for row in rows.iter().take(MOST_ROWS) {
            let BreachRow { id, expected, found } = row;
            breaches.push(format!("{}: {id} has {expected}, and {found} were found", check.rule));
        }
    }
    Ok(breaches)
}
