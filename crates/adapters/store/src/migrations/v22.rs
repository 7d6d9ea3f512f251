//! Passwords that were hashed elsewhere, sessions for administering alone, and plans that people
//! chose when they registered.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    // The cost of a hash of bcrypt; nothing for every other.
    "ALTER TABLE users ADD COLUMN imported_cost {int}",
    "CREATE INDEX users_by_imported_cost ON users (imported_cost)",
    "ALTER TABLE sessions ADD COLUMN administering {bool} NOT NULL DEFAULT FALSE",
    "CREATE TABLE plan_choices (
        organization_id {id} NOT NULL PRIMARY KEY,
        plan TEXT NOT NULL,
        paid_each TEXT NOT NULL,
        chosen_at {int} NOT NULL
    ) {keyed}",
];
