//! The first schema.
//!
//! Invariants: every row of a tenant carries its organization; times are microseconds since
//! 1970 in UTC; JSON is kept as text; hot rows of jobs are narrow, their bodies lie apart.

/// Tables that refuse every change but an insertion.
pub(super) const APPEND_ONLY: &[&str] = &["ledger_entries", "audit_entries"];

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    // Plans and accounts.
    "CREATE TABLE plans (
        id {id} NOT NULL PRIMARY KEY,
        slug TEXT NOT NULL,
        version {int} NOT NULL,
        title TEXT NOT NULL,
        concurrent_jobs {int} NOT NULL,
        terms TEXT NOT NULL,
        UNIQUE (slug, version)
    ) {keyed}",
    "CREATE TABLE organizations (
        id {id} NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        created_at {int} NOT NULL
    ) {keyed}",
    "CREATE TABLE accounts (
        organization_id {id} NOT NULL PRIMARY KEY REFERENCES organizations (id),
        plan_id {id} NOT NULL REFERENCES plans (id),
        available {int} NOT NULL CHECK (available >= 0),
        held {int} NOT NULL CHECK (held >= 0),
        running_roots {int} NOT NULL CHECK (running_roots >= 0),
        queued_roots {int} NOT NULL CHECK (queued_roots >= 0),
        cursor {int} NOT NULL,
        served_at {int} NOT NULL
    ) {keyed}",
    "CREATE TABLE lots (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES accounts (organization_id),
        origin TEXT NOT NULL,
        reason TEXT NOT NULL,
        granted {int} NOT NULL CHECK (granted >= 0),
        remaining {int} NOT NULL CHECK (remaining >= 0),
        expires_at {int},
        created_at {int} NOT NULL
    ) {keyed}",
    "CREATE INDEX lots_left ON lots (organization_id) WHERE remaining > 0",
    "CREATE INDEX lots_due ON lots (expires_at) WHERE remaining > 0 AND expires_at IS NOT NULL",
    "CREATE INDEX lots_granted ON lots (organization_id, origin, reason)",
    // Stored in the order in which it is read: an account's lines, by time.
    "CREATE TABLE ledger_entries (
        organization_id {id} NOT NULL,
        id {id} NOT NULL,
        posting_id {id} NOT NULL,
        account TEXT NOT NULL,
        amount {int} NOT NULL,
        lot_id {id} NOT NULL,
        job_id {id},
        reason TEXT NOT NULL,
        at {int} NOT NULL,
        PRIMARY KEY (organization_id, id)
    ) {keyed}",
    "CREATE TABLE meter_usage (
        organization_id {id} NOT NULL,
        meter TEXT NOT NULL,
        period_start {int} NOT NULL,
        used {int} NOT NULL CHECK (used >= 0),
        reserved {int} NOT NULL CHECK (reserved >= 0),
        PRIMARY KEY (organization_id, period_start, meter)
    ) {keyed}",
    // Identity.
    "CREATE TABLE users (
        id {id} NOT NULL PRIMARY KEY,
        email TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        administrator {bool} NOT NULL,
        status TEXT NOT NULL,
        created_at {int} NOT NULL
    ) {keyed}",
    "CREATE TABLE memberships (
        organization_id {id} NOT NULL REFERENCES organizations (id),
        user_id {id} NOT NULL REFERENCES users (id),
        role TEXT NOT NULL,
        personal {bool} NOT NULL,
        PRIMARY KEY (user_id, organization_id)
    ) {keyed}",
    "CREATE INDEX memberships_by_organization ON memberships (organization_id)",
    "CREATE TABLE sessions (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES organizations (id),
        user_id {id} NOT NULL REFERENCES users (id),
        token_sha256 TEXT NOT NULL UNIQUE,
        user_agent TEXT NOT NULL,
        ip TEXT NOT NULL,
        created_at {int} NOT NULL,
        last_used_at {int} NOT NULL,
        expires_at {int} NOT NULL
    ) {keyed}",
    "CREATE INDEX sessions_by_user ON sessions (user_id)",
    "CREATE TABLE api_keys (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES organizations (id),
        user_id {id} NOT NULL REFERENCES users (id),
        name TEXT NOT NULL,
        prefix TEXT NOT NULL,
        key_sha256 TEXT NOT NULL UNIQUE,
        scopes TEXT NOT NULL,
        created_at {int} NOT NULL,
        last_used_at {int},
        expires_at {int},
        revoked_at {int}
    ) {keyed}",
    "CREATE INDEX api_keys_by_organization ON api_keys (organization_id, id)",
    "CREATE TABLE sign_in_failures (
        subject TEXT NOT NULL PRIMARY KEY,
        failures {int} NOT NULL,
        last_at {int} NOT NULL
    ) {keyed}",
    // Jobs. `gate` says what a queued job needs to be claimed: 0 nothing (it has its slot or
    // needs none), 1 a free slot of its account, 2 that an earlier sibling ends.
    "CREATE TABLE jobs (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES accounts (organization_id),
        root_id {id} NOT NULL,
        parent_id {id},
        ordinal {int} NOT NULL,
        submitted_by {id},
        operation TEXT NOT NULL,
        operation_version {int} NOT NULL,
        label TEXT,
        seed {int} NOT NULL,
        accounting TEXT NOT NULL,
        state TEXT NOT NULL,
        device TEXT NOT NULL,
        class TEXT NOT NULL,
        gate {int} NOT NULL,
        attempt {int} NOT NULL,
        retries {int} NOT NULL,
        host_deaths {int} NOT NULL,
        cancel_requested {bool} NOT NULL,
        max_credits {int} NOT NULL,
        cost {int} NOT NULL,
        spent_by_children {int} NOT NULL,
        hold TEXT,
        pending_children {int} NOT NULL,
        active_children {int} NOT NULL,
        worker_id {id},
        lease_until {int},
        due_at {int},
        start_at {int},
        progress {real} NOT NULL,
        stage TEXT,
        cursor {int} NOT NULL,
        created_at {int} NOT NULL,
        started_at {int},
        finished_at {int}
    ) {keyed}",
    "CREATE INDEX jobs_queue ON jobs (device, class, organization_id, gate, id)
        WHERE state = 'queued'",
    "CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'running'",
    "CREATE INDEX jobs_due ON jobs (due_at) WHERE state IN ('scheduled', 'blocked')",
    "CREATE INDEX jobs_by_organization ON jobs (organization_id, id) WHERE parent_id IS NULL",
    "CREATE INDEX jobs_by_parent ON jobs (parent_id, ordinal) WHERE parent_id IS NOT NULL",
    "CREATE INDEX jobs_by_root ON jobs (root_id, id) WHERE parent_id IS NOT NULL",
    "CREATE TABLE job_bodies (
        job_id {id} NOT NULL PRIMARY KEY REFERENCES jobs (id),
        organization_id {id} NOT NULL,
        params TEXT NOT NULL,
        inputs TEXT NOT NULL,
        needs TEXT NOT NULL
    ) {keyed}",
    "CREATE TABLE job_results (
        job_id {id} NOT NULL PRIMARY KEY REFERENCES jobs (id),
        organization_id {id} NOT NULL,
        report TEXT,
        error TEXT
    ) {keyed}",
    // What jobs hold, read out of their column.
    "{holds_view}",
    "CREATE TABLE checkpoints (
        job_id {id} NOT NULL PRIMARY KEY REFERENCES jobs (id),
        organization_id {id} NOT NULL,
        version {int} NOT NULL,
        state TEXT NOT NULL
    ) {keyed}",
    // No foreign key here: events are most of the rows that are written, and only ever beside
    // their job. `slot` is the name under which only the last event is kept.
    "CREATE TABLE job_events (
        job_id {id} NOT NULL,
        cursor {int} NOT NULL,
        organization_id {id} NOT NULL,
        kind TEXT NOT NULL,
        slot TEXT,
        body TEXT NOT NULL,
        at {int} NOT NULL,
        PRIMARY KEY (job_id, cursor)
    ) {keyed}",
    "CREATE UNIQUE INDEX job_events_last ON job_events (job_id, slot) WHERE slot IS NOT NULL",
    "CREATE TABLE account_events (
        organization_id {id} NOT NULL,
        cursor {int} NOT NULL,
        job_id {id} NOT NULL,
        operation TEXT NOT NULL,
        state TEXT NOT NULL,
        at {int} NOT NULL,
        PRIMARY KEY (organization_id, cursor)
    ) {keyed}",
    "CREATE TABLE idempotency_keys (
        organization_id {id} NOT NULL,
        route TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        body_sha256 TEXT NOT NULL,
        job_id {id} NOT NULL,
        state TEXT NOT NULL,
        blocked_by TEXT,
        created_at {int} NOT NULL,
        PRIMARY KEY (organization_id, route, idempotency_key)
    ) {keyed}",
    "CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at)",
    // Data.
    "CREATE TABLE artifacts (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL,
        job_id {id} NOT NULL REFERENCES jobs (id),
        name TEXT NOT NULL,
        media_type TEXT NOT NULL,
        role TEXT NOT NULL,
        bytes {int} NOT NULL,
        sha256 TEXT NOT NULL,
        blob_key TEXT NOT NULL,
        created_at {int} NOT NULL,
        UNIQUE (job_id, name)
    ) {keyed}",
    "CREATE TABLE datasets (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES organizations (id),
        name TEXT NOT NULL,
        created_by {id},
        created_at {int} NOT NULL,
        latest_version {int} NOT NULL,
        deleted_at {int}
    ) {keyed}",
    "CREATE INDEX datasets_by_organization ON datasets (organization_id, id)
        WHERE deleted_at IS NULL",
    "CREATE TABLE dataset_versions (
        dataset_id {id} NOT NULL REFERENCES datasets (id),
        version {int} NOT NULL,
        organization_id {id} NOT NULL,
        file_name TEXT NOT NULL,
        media_type TEXT NOT NULL,
        bytes {int} NOT NULL,
        sha256 TEXT NOT NULL,
        blob_key TEXT NOT NULL,
        profile_job {id},
        profile TEXT,
        created_at {int} NOT NULL,
        PRIMARY KEY (dataset_id, version)
    ) {keyed}",
    "CREATE TABLE uploads (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES organizations (id),
        created_by {id},
        dataset_id {id},
        name TEXT NOT NULL,
        file_name TEXT NOT NULL,
        bytes {int} NOT NULL,
        sha256 TEXT,
        part_bytes {int} NOT NULL,
        created_at {int} NOT NULL,
        expires_at {int} NOT NULL
    ) {keyed}",
    "CREATE INDEX uploads_by_expiry ON uploads (expires_at)",
    "CREATE TABLE upload_parts (
        upload_id {id} NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
        number {int} NOT NULL,
        organization_id {id} NOT NULL,
        bytes {int} NOT NULL,
        sha256 TEXT NOT NULL,
        blob_key TEXT NOT NULL,
        PRIMARY KEY (upload_id, number)
    ) {keyed}",
    // The audit log.
    "CREATE TABLE audit_entries (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id},
        user_id {id},
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        details TEXT NOT NULL,
        ip TEXT NOT NULL,
        at {int} NOT NULL
    ) {keyed}",
    "CREATE INDEX audit_by_organization ON audit_entries (organization_id, id)",
];
