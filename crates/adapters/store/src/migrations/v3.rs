//! Allowances: units that calls of services draw on for a while.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE allowances (
        id {id} NOT NULL,
        meter TEXT NOT NULL,
        organization_id {id} NOT NULL,
        period_start {int} NOT NULL,
        units {int} NOT NULL,
        used {int} NOT NULL,
        expires_at {int} NOT NULL,
        PRIMARY KEY (id, meter)
    ) {keyed}",
    "CREATE INDEX allowances_by_expiry ON allowances (expires_at)",
    "CREATE INDEX allowances_by_organization ON allowances (organization_id)",
];
