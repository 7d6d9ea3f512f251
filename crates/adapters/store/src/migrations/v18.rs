//! What limits refused, counted day by day; and since when an account is on its plan.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE quota_events (
        organization_id {id} NOT NULL,
        day {int} NOT NULL,
        kind TEXT NOT NULL,
        limit_name TEXT NOT NULL,
        times {int} NOT NULL CHECK (times > 0),
        first_at {int} NOT NULL,
        last_at {int} NOT NULL,
        message TEXT NOT NULL,
        PRIMARY KEY (organization_id, day, kind, limit_name)
    ) {keyed}",
    "CREATE INDEX quota_events_by_day ON quota_events (day)",
    // Nothing where the plan was never changed.
    "ALTER TABLE accounts ADD COLUMN plan_since {int}",
];
