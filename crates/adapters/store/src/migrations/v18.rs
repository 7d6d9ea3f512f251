//! Requests that may be repeated without doubling what they do.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    // What is done in one transaction is kept with its answer; what a provider has to be asked for
    // is kept first, and answered afterwards.
    "CREATE TABLE kept_requests (
        organization_id {id} NOT NULL,
        route TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        body_sha256 TEXT NOT NULL,
        began TEXT NOT NULL,
        answer TEXT,
        created_at {int} NOT NULL,
        held_until {int} NOT NULL,
        PRIMARY KEY (organization_id, route, idempotency_key)
    ) {keyed}",
    "CREATE INDEX kept_requests_by_age ON kept_requests (created_at)",
];
