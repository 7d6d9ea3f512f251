//! Clients of OAuth 2.0, and their codes.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE oauth_clients (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES organizations (id),
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        secret_sha256 TEXT NOT NULL,
        redirect_uris TEXT NOT NULL,
        scopes TEXT NOT NULL,
        created_by {id} NOT NULL REFERENCES users (id),
        created_at {int} NOT NULL,
        last_used_at {int}
    ) {keyed}",
    "CREATE INDEX oauth_clients_by_organization ON oauth_clients (organization_id, id)",
    "CREATE TABLE oauth_codes (
        code_sha256 TEXT NOT NULL PRIMARY KEY,
        client_id {id} NOT NULL,
        organization_id {id} NOT NULL REFERENCES organizations (id),
        user_id {id} NOT NULL REFERENCES users (id),
        redirect_uri TEXT NOT NULL,
        challenge TEXT NOT NULL,
        scopes TEXT NOT NULL,
        family_id {id} NOT NULL,
        created_at {int} NOT NULL,
        expires_at {int} NOT NULL,
        used_at {int}
    ) {keyed}",
    "CREATE INDEX oauth_codes_by_client ON oauth_codes (client_id)",
    "CREATE INDEX oauth_codes_by_expiry ON oauth_codes (expires_at)",
    // Tokens that a client has name it.
    "ALTER TABLE api_keys ADD COLUMN client_id {id}",
    "ALTER TABLE refresh_tokens ADD COLUMN client_id {id}",
    "CREATE INDEX api_keys_by_client ON api_keys (client_id) WHERE client_id IS NOT NULL",
    "CREATE INDEX refresh_tokens_by_client ON refresh_tokens (client_id) \
     WHERE client_id IS NOT NULL",
];
