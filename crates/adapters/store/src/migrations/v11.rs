//! Ads watched for credits: sessions, what providers told, decisions, and what fraud came from.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE ad_sessions (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES organizations (id),
        user_id {id} NOT NULL REFERENCES users (id),
        provider TEXT NOT NULL,
        progress TEXT NOT NULL,
        created_at {int} NOT NULL,
        expires_at {int} NOT NULL,
        watched_at {int},
        decided_at {int}
    ) {keyed}",
    "CREATE INDEX ad_sessions_open ON ad_sessions (user_id, expires_at) WHERE decided_at IS NULL",
    "CREATE INDEX ad_sessions_by_organization ON ad_sessions (organization_id, id)",
    "CREATE INDEX ad_sessions_by_time ON ad_sessions (created_at)",
    "CREATE TABLE ad_callbacks (
        id {id} NOT NULL PRIMARY KEY,
        provider TEXT NOT NULL,
        query_sha256 TEXT NOT NULL UNIQUE,
        query TEXT NOT NULL,
        transaction_ref TEXT,
        outcome TEXT NOT NULL,
        note TEXT NOT NULL,
        received_at {int} NOT NULL,
        UNIQUE (provider, transaction_ref)
    ) {keyed}",
    "CREATE INDEX ad_callbacks_pending ON ad_callbacks (id) WHERE outcome = 'pending'",
    "CREATE INDEX ad_callbacks_by_time ON ad_callbacks (received_at)",
    // What was decided outlives its session.
    "CREATE TABLE fraud_events (
        id {id} NOT NULL PRIMARY KEY,
        session_id {id} NOT NULL UNIQUE,
        organization_id {id} NOT NULL REFERENCES organizations (id),
        user_id {id} NOT NULL REFERENCES users (id),
        verdict TEXT NOT NULL,
        score {int} NOT NULL,
        signals TEXT NOT NULL,
        credits {int} NOT NULL,
        lot_id {id},
        address TEXT NOT NULL,
        device TEXT,
        user_agent TEXT NOT NULL,
        note TEXT NOT NULL,
        at {int} NOT NULL,
        review TEXT,
        reviewer_id {id},
        review_note TEXT,
        reviewed_at {int}
    ) {keyed}",
    "CREATE INDEX fraud_events_by_user ON fraud_events (user_id, at)",
    "CREATE INDEX fraud_events_by_address ON fraud_events (address, at)",
    "CREATE INDEX fraud_events_by_device ON fraud_events (device, at) WHERE device IS NOT NULL",
    "CREATE INDEX fraud_events_by_organization ON fraud_events (organization_id, id)",
    "CREATE INDEX fraud_events_open ON fraud_events (id) \
     WHERE review IS NULL AND verdict <> 'allow'",
    "CREATE TABLE fraud_blocks (
        id {id} NOT NULL PRIMARY KEY,
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        reason TEXT NOT NULL,
        created_by {id},
        created_at {int} NOT NULL,
        UNIQUE (kind, value)
    ) {keyed}",
];
