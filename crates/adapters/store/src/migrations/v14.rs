//! Who is suspended or banned, and why.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    // Whether somebody is, `users.status` says.
    "CREATE TABLE restrictions (
        user_id {id} NOT NULL PRIMARY KEY REFERENCES users (id),
        reason TEXT NOT NULL,
        at {int} NOT NULL,
        ends_at {int},
        restricted_by {id}
    ) {keyed}",
    "CREATE INDEX users_banned ON users (id) WHERE status = 'banned'",
    // When somebody was last seen.
    "CREATE INDEX api_keys_by_user ON api_keys (user_id)",
];
