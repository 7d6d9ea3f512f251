//! Organizations that are closed.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE organization_closings (
        organization_id {id} NOT NULL PRIMARY KEY REFERENCES organizations (id),
        asked_by {id} NOT NULL REFERENCES users (id),
        asked_at {int} NOT NULL,
        erase_at {int} NOT NULL,
        billing_ended_at {int},
        erased_at {int}
    ) {keyed}",
    "CREATE INDEX closings_due ON organization_closings (erase_at) WHERE erased_at IS NULL",
];
