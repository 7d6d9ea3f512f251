//! People who leave, and what may be erased of them.

/// What of the audit log is sealed stays as it was written; details and network addresses, which
/// tell of persons, can be erased.
pub(super) const APPEND_ONLY_IN: &[(&str, &[&str])] =
    &[("audit_entries", &["id", "organization_id", "user_id", "action", "subject", "at"])];

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE departures (
        user_id {id} NOT NULL PRIMARY KEY REFERENCES users (id),
        asked_at {int} NOT NULL,
        erase_at {int} NOT NULL,
        billing_ended_at {int},
        erased_at {int}
    ) {keyed}",
    "CREATE INDEX departures_due ON departures (erase_at) WHERE erased_at IS NULL",
    "CREATE INDEX audit_by_user ON audit_entries (user_id, id) WHERE user_id IS NOT NULL",
];
