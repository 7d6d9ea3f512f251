//! Flags that operators turn while the server runs.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &["CREATE TABLE flags (
        flag_key TEXT NOT NULL PRIMARY KEY,
        description TEXT NOT NULL,
        enabled {bool} NOT NULL,
        visible {bool} NOT NULL,
        rules TEXT NOT NULL,
        variants TEXT NOT NULL,
        revision {int} NOT NULL,
        updated_by {id},
        updated_at {int} NOT NULL
    ) {keyed}"];
