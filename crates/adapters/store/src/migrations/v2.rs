//! Schedules, and what keeps a database small: leases of chores, swept jobs, doomed blobs.
//!
//! Invariant: what version 1 wrote is right as it stands; new columns of its tables have defaults.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "ALTER TABLE organizations ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC'",
    "ALTER TABLE jobs ADD COLUMN origin TEXT",
    "ALTER TABLE jobs ADD COLUMN swept_at {int}",
    "CREATE INDEX jobs_by_origin ON jobs (origin, id) WHERE origin IS NOT NULL",
    "CREATE INDEX jobs_dead ON jobs (operation, id) WHERE state = 'dead'",
    "CREATE INDEX jobs_waiting ON jobs (organization_id) WHERE state = 'waiting'",
    // Events of an account up to this cursor were removed.
    "ALTER TABLE accounts ADD COLUMN events_swept_to {int} NOT NULL DEFAULT 0",
    "CREATE TABLE schedules (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES organizations (id),
        created_by {id},
        name TEXT NOT NULL,
        operation TEXT NOT NULL,
        operation_version {int} NOT NULL,
        params TEXT NOT NULL,
        inputs TEXT NOT NULL,
        cron TEXT NOT NULL,
        overlap TEXT NOT NULL,
        on_refusal TEXT NOT NULL,
        state TEXT NOT NULL,
        next_at {int},
        last_job {id},
        created_at {int} NOT NULL
    ) {keyed}",
    "CREATE INDEX schedules_by_organization ON schedules (organization_id, id)",
    "CREATE INDEX schedules_due ON schedules (next_at) WHERE next_at IS NOT NULL",
    "CREATE TABLE schedule_runs (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL,
        schedule_id {id} NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
        nominal_at {int} NOT NULL,
        fired_at {int} NOT NULL,
        outcome TEXT NOT NULL,
        job_id {id},
        reason TEXT,
        UNIQUE (schedule_id, nominal_at)
    ) {keyed}",
    "CREATE INDEX schedule_runs_by_schedule ON schedule_runs (schedule_id, id)",
    // Chores that one server at a time does.
    "CREATE TABLE leases (
        name TEXT NOT NULL PRIMARY KEY,
        holder {id} NOT NULL,
        until {int} NOT NULL
    ) {keyed}",
    // Bytes whose rows are gone; they stay a while, so that a backup that was begun before finds
    // them.
    "CREATE TABLE doomed_blobs (
        blob_key TEXT NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL,
        delete_after {int} NOT NULL
    ) {keyed}",
    "CREATE INDEX doomed_blobs_by_time ON doomed_blobs (delete_after)",
];
