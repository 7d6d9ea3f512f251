//! Things that not every member of their organization sees, and to whom they were granted.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    // `kind` is `job`, `dataset`, `workflow` or `model`. A job's row is that of its root.
    "CREATE TABLE object_restrictions (
        object_id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL,
        kind TEXT NOT NULL,
        restricted_by {id},
        restricted_at {int} NOT NULL
    ) {keyed}",
    "CREATE INDEX object_restrictions_by_organization ON object_restrictions (organization_id)",
    "CREATE TABLE object_grants (
        object_id {id} NOT NULL,
        user_id {id} NOT NULL,
        organization_id {id} NOT NULL,
        kind TEXT NOT NULL,
        level TEXT NOT NULL,
        granted_by {id},
        granted_at {int} NOT NULL,
        PRIMARY KEY (object_id, user_id)
    ) {keyed}",
    "CREATE INDEX object_grants_by_organization ON object_grants (organization_id, user_id)",
    "CREATE INDEX object_grants_by_user ON object_grants (user_id)",
];
