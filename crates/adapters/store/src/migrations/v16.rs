//! What was used, day by day.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    // `user_id` has no bits set where jobs were nobody's, `operation` is empty for what none used.
    "CREATE TABLE usage_days (
        organization_id {id} NOT NULL,
        day {int} NOT NULL,
        operation TEXT NOT NULL,
        user_id {id} NOT NULL,
        jobs {int} NOT NULL CHECK (jobs >= 0),
        succeeded {int} NOT NULL CHECK (succeeded >= 0),
        failed {int} NOT NULL CHECK (failed >= 0),
        cancelled {int} NOT NULL CHECK (cancelled >= 0),
        credits {int} NOT NULL,
        busy_micros {int} NOT NULL CHECK (busy_micros >= 0),
        units TEXT NOT NULL,
        PRIMARY KEY (organization_id, day, operation, user_id)
    ) {keyed}",
    "CREATE INDEX usage_days_by_day ON usage_days (day)",
    // One row: the end of the last day that is in `usage_days`. Its lock keeps those who roll up
    // and those who erase apart.
    "CREATE TABLE usage_progress (
        id {int} NOT NULL PRIMARY KEY CHECK (id = 1),
        rolled_up_to {int}
    ) {keyed}",
    "INSERT INTO usage_progress (id, rolled_up_to) VALUES (1, NULL)",
    // A day's jobs; entries come at its end alone, when a root ends.
    "CREATE INDEX jobs_ended ON jobs (finished_at)
        WHERE parent_id IS NULL AND finished_at IS NOT NULL",
];
