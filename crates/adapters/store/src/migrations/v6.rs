//! Identity: links in mails, second factors, invitations, and mails on their way.

/// What is only ever added to.
pub(super) const APPEND_ONLY: &[&str] = &["audit_seals"];

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "ALTER TABLE users ADD COLUMN locale TEXT NOT NULL DEFAULT 'en'",
    "ALTER TABLE users ADD COLUMN email_verified_at {int}",
    "ALTER TABLE users ADD COLUMN second_factor_at {int}",
    // A JSON list of networks; empty means that an organization may be used from anywhere.
    "ALTER TABLE organizations ADD COLUMN allowed_networks TEXT NOT NULL DEFAULT '[]'",
    "CREATE TABLE one_time_links (
        token_sha256 TEXT NOT NULL PRIMARY KEY,
        purpose TEXT NOT NULL,
        user_id {id} NOT NULL REFERENCES users (id),
        email TEXT NOT NULL,
        created_at {int} NOT NULL,
        expires_at {int} NOT NULL
    ) {keyed}",
    "CREATE INDEX one_time_links_by_user ON one_time_links (user_id, purpose)",
    "CREATE TABLE second_factors (
        user_id {id} NOT NULL PRIMARY KEY REFERENCES users (id),
        secret TEXT NOT NULL,
        confirmed_at {int},
        last_step {int} NOT NULL
    ) {keyed}",
    "CREATE TABLE recovery_codes (
        user_id {id} NOT NULL REFERENCES users (id),
        code_sha256 TEXT NOT NULL,
        PRIMARY KEY (user_id, code_sha256)
    ) {keyed}",
    "CREATE TABLE invitations (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES organizations (id),
        email TEXT NOT NULL,
        role TEXT NOT NULL,
        token_sha256 TEXT NOT NULL UNIQUE,
        invited_by {id} NOT NULL REFERENCES users (id),
        created_at {int} NOT NULL,
        expires_at {int} NOT NULL,
        UNIQUE (organization_id, email)
    ) {keyed}",
    "ALTER TABLE api_keys ADD COLUMN family_id {id}",
    "CREATE INDEX api_keys_by_family ON api_keys (family_id) WHERE family_id IS NOT NULL",
    "CREATE TABLE refresh_tokens (
        token_sha256 TEXT NOT NULL PRIMARY KEY,
        family_id {id} NOT NULL,
        organization_id {id} NOT NULL REFERENCES organizations (id),
        user_id {id} NOT NULL REFERENCES users (id),
        name TEXT NOT NULL,
        scopes TEXT NOT NULL,
        created_at {int} NOT NULL,
        expires_at {int} NOT NULL,
        used_at {int}
    ) {keyed}",
    "CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id)",
    // Digests over the audit log, batch after batch.
    "CREATE TABLE audit_seals (
        number {int} NOT NULL PRIMARY KEY,
        last_id {id} NOT NULL,
        entries {int} NOT NULL,
        digest TEXT NOT NULL,
        sealed_at {int} NOT NULL
    ) {keyed}",
    "CREATE TABLE mails (
        id {id} NOT NULL PRIMARY KEY,
        kind TEXT NOT NULL,
        user_id {id},
        recipient TEXT NOT NULL,
        subject TEXT NOT NULL,
        text TEXT NOT NULL,
        html TEXT NOT NULL,
        attempts {int} NOT NULL,
        created_at {int} NOT NULL,
        due_at {int},
        ended_at {int},
        outcome TEXT NOT NULL,
        reason TEXT NOT NULL
    )",
    "CREATE INDEX mails_due ON mails (due_at) WHERE due_at IS NOT NULL",
];
