//! What limits refused, counted day by day.

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
];
