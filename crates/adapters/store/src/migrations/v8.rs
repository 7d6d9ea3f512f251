//! Accounts elsewhere that sign people in, and ceremonies on their way.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE linked_identities (
        id {id} NOT NULL PRIMARY KEY,
        user_id {id} NOT NULL REFERENCES users (id),
        provider TEXT NOT NULL,
        subject TEXT NOT NULL,
        email TEXT NOT NULL,
        linked_at {int} NOT NULL,
        UNIQUE (provider, subject)
    ) {keyed}",
    "CREATE INDEX linked_identities_by_user ON linked_identities (user_id)",
    "CREATE TABLE ceremonies (
        state_sha256 TEXT NOT NULL PRIMARY KEY,
        purpose TEXT NOT NULL,
        provider TEXT NOT NULL,
        user_id {id},
        browser_sha256 TEXT NOT NULL,
        next TEXT NOT NULL,
        expires_at {int} NOT NULL
    ) {keyed}",
];
