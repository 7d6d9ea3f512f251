//! Passkeys.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE passkeys (
        id {id} NOT NULL PRIMARY KEY,
        user_id {id} NOT NULL REFERENCES users (id),
        credential_id TEXT NOT NULL UNIQUE,
        public_key TEXT NOT NULL,
        counter {int} NOT NULL,
        name TEXT NOT NULL,
        created_at {int} NOT NULL,
        last_used_at {int}
    ) {keyed}",
    "CREATE INDEX passkeys_by_user ON passkeys (user_id)",
];
