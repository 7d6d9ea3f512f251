//! What is owed on a lot, beside what it has left, so that what returns to the lot can pay it.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "ALTER TABLE lots ADD COLUMN owed {int} NOT NULL DEFAULT 0 CHECK (owed >= 0)",
    "UPDATE lots SET owed = (SELECT CAST(-SUM(e.amount) AS BIGINT) FROM ledger_lines e
            WHERE e.organization_id = lots.organization_id AND e.lot_id = lots.id
                AND e.account = 'receivable')
        WHERE id IN (SELECT lot_id FROM ledger_lines WHERE account = 'receivable')",
];
