//! A posting is one row, so that its two lines sum to zero by what a row is.

/// Tables that refuse every change but an insertion.
pub(super) const APPEND_ONLY: &[&str] = &["postings"];

/// Tables whose rows are elsewhere now.
pub(super) const REPLACED: &[&str] = &["ledger_entries"];

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE postings (
        organization_id {id} NOT NULL,
        id {id} NOT NULL,
        taken_from TEXT NOT NULL,
        given_to TEXT NOT NULL,
        amount {int} NOT NULL CHECK (amount > 0),
        lot_id {id} NOT NULL,
        job_id {id},
        reason TEXT NOT NULL,
        at {int} NOT NULL,
        PRIMARY KEY (organization_id, id)
    ) {keyed}",
    "INSERT INTO postings
        (organization_id, id, taken_from, given_to, amount, lot_id, job_id, reason, at)
        SELECT g.organization_id, g.posting_id, t.account, g.account, g.amount, g.lot_id, g.job_id,
            g.reason, g.at
        FROM ledger_entries g JOIN ledger_entries t
            ON t.organization_id = g.organization_id AND t.posting_id = g.posting_id
        WHERE g.amount > 0 AND t.amount < 0",
    // The lines of every posting, for sums over one side.
    "CREATE VIEW ledger_lines AS
        SELECT organization_id, id AS posting_id, taken_from AS account, -amount AS amount,
            lot_id, job_id, reason, at FROM postings
        UNION ALL
        SELECT organization_id, id AS posting_id, given_to AS account, amount,
            lot_id, job_id, reason, at FROM postings",
];
