//! What cancelling costs, and who was warned of a low balance.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "ALTER TABLE jobs ADD COLUMN penalty {int} NOT NULL DEFAULT 0",
    // The jobs that an account cancelled of late, as JSON; its row's lock keeps the count exact.
    "ALTER TABLE accounts ADD COLUMN cancellations TEXT",
    // 1 once an account had enough since it was warned last.
    "ALTER TABLE accounts ADD COLUMN had_enough {int} NOT NULL DEFAULT 0",
];
