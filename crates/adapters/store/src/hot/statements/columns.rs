//! The columns that hot commands read and write.
//!
//! Invariant: `flush` adds values in the order in which columns stand here.

use crate::dialect::{Column, Kind};

/// One identifier per row.
pub(super) const IDS: &[Column] = &[("id", Kind::Id)];

/// The columns of `jobs` that hot commands read, in the order of `load::JobRow`.
pub(super) const HOT_COLUMNS: &str = "id, organization_id, root_id, parent_id, ordinal, operation, \
     accounting, state, device, class, gate, attempt, retries, host_deaths, cancel_requested, \
     max_credits, cost, spent_by_children, hold, pending_children, active_children, worker_id, \
     lease_until, due_at, start_at, progress, stage, cursor, created_at, started_at, finished_at, \
     penalty";

/// The columns of `jobs` that change, with the identifier first.
pub(super) const JOB_CHANGES: &[Column] = &[
    ("id", Kind::Id),
    ("state", Kind::Text),
    ("class", Kind::Text),
    ("gate", Kind::Int),
    ("attempt", Kind::Int),
    ("retries", Kind::Int),
    ("host_deaths", Kind::Int),
    ("cancel_requested", Kind::Bool),
    ("max_credits", Kind::Int),
    ("cost", Kind::Int),
    ("spent_by_children", Kind::Int),
    ("hold", Kind::Text),
    ("pending_children", Kind::Int),
    ("active_children", Kind::Int),
    ("worker_id", Kind::Id),
    ("lease_until", Kind::Int),
    ("due_at", Kind::Int),
    ("progress", Kind::Real),
    ("stage", Kind::Text),
    ("cursor", Kind::Int),
    ("started_at", Kind::Int),
    ("finished_at", Kind::Int),
    ("penalty", Kind::Int),
];

/// Those of [`JOB_CHANGES`] that a step of a job's life changes, with the identifier first.
pub(super) const JOB_STEPS: &[Column] = &[
    ("id", Kind::Id),
    ("state", Kind::Text),
    ("gate", Kind::Int),
    ("attempt", Kind::Int),
    ("cost", Kind::Int),
    ("hold", Kind::Text),
    ("worker_id", Kind::Id),
    ("lease_until", Kind::Int),
    ("cursor", Kind::Int),
    ("started_at", Kind::Int),
    ("finished_at", Kind::Int),
];

/// The columns of `jobs` that never change, in the order in which they follow the others.
pub(super) const JOB_CONSTANTS: &[Column] = &[
    ("organization_id", Kind::Id),
    ("root_id", Kind::Id),
    ("parent_id", Kind::Id),
    ("ordinal", Kind::Int),
    ("submitted_by", Kind::Id),
    ("operation", Kind::Text),
    ("operation_version", Kind::Int),
    ("label", Kind::Text),
    ("seed", Kind::Int),
    ("accounting", Kind::Text),
    ("device", Kind::Text),
    ("start_at", Kind::Int),
    ("created_at", Kind::Int),
    ("origin", Kind::Text),
];

/// The columns of `job_bodies`.
pub(super) const JOB_BODY: &[Column] = &[
    ("job_id", Kind::Id),
    ("organization_id", Kind::Id),
    ("params", Kind::Text),
    ("inputs", Kind::Text),
    ("needs", Kind::Text),
];

/// The columns of `accounts` that change, with the identifier first.
pub(super) const ACCOUNT: &[Column] = &[
    ("organization_id", Kind::Id),
    ("available", Kind::Int),
    ("held", Kind::Int),
    ("running_roots", Kind::Int),
    ("queued_roots", Kind::Int),
    ("cursor", Kind::Int),
    ("served_at", Kind::Int),
    ("cancellations", Kind::Text),
];

/// The column of `lots` that changes, with the identifier first.
pub(super) const LOT: &[Column] = &[("id", Kind::Id), ("remaining", Kind::Int)];

/// The column of `lots` that changes where something is owed on one, with the identifier first.
pub(super) const LOT_DEBT: &[Column] = &[("id", Kind::Id), ("owed", Kind::Int)];

/// The columns of `meter_usage`, the key first.
pub(super) const METER: &[Column] = &[
    ("organization_id", Kind::Id),
    ("period_start", Kind::Int),
    ("meter", Kind::Text),
    ("used", Kind::Int),
    ("reserved", Kind::Int),
];

/// The columns of `allowances`, the key first.
pub(super) const ALLOWANCE: &[Column] = &[
    ("id", Kind::Id),
    ("meter", Kind::Text),
    ("organization_id", Kind::Id),
    ("period_start", Kind::Int),
    ("units", Kind::Int),
    ("used", Kind::Int),
    ("expires_at", Kind::Int),
];

/// The columns of `postings`.
pub(super) const POSTING: &[Column] = &[
    ("organization_id", Kind::Id),
    ("id", Kind::Id),
    ("taken_from", Kind::Text),
    ("given_to", Kind::Text),
    ("amount", Kind::Int),
    ("lot_id", Kind::Id),
    ("job_id", Kind::Id),
    ("reason", Kind::Text),
    ("at", Kind::Int),
];

/// The columns of `job_events`.
pub(super) const JOB_EVENT: &[Column] = &[
    ("job_id", Kind::Id),
    ("cursor", Kind::Int),
    ("organization_id", Kind::Id),
    ("kind", Kind::Text),
    ("slot", Kind::Text),
    ("body", Kind::Text),
    ("at", Kind::Int),
];

/// The columns of `account_events`.
pub(super) const ACCOUNT_EVENT: &[Column] = &[
    ("organization_id", Kind::Id),
    ("cursor", Kind::Int),
    ("job_id", Kind::Id),
    ("operation", Kind::Text),
    ("state", Kind::Text),
    ("at", Kind::Int),
];

/// The columns of `artifacts`.
pub(super) const ARTIFACT: &[Column] = &[
    ("id", Kind::Id),
    ("organization_id", Kind::Id),
    ("job_id", Kind::Id),
    ("name", Kind::Text),
    ("media_type", Kind::Text),
    ("role", Kind::Text),
    ("bytes", Kind::Int),
    ("sha256", Kind::Text),
    ("blob_key", Kind::Text),
    ("created_at", Kind::Int),
];

/// The columns of `job_results`, the key first.
pub(super) const JOB_RESULT: &[Column] = &[
    ("job_id", Kind::Id),
    ("organization_id", Kind::Id),
    ("report", Kind::Text),
    ("error", Kind::Text),
];

/// The columns of `checkpoints`, the key first.
pub(super) const CHECKPOINT: &[Column] = &[
    ("job_id", Kind::Id),
    ("organization_id", Kind::Id),
    ("version", Kind::Int),
    ("state", Kind::Text),
];

/// The columns of `quota_events`, the key first.
pub(super) const QUOTA_EVENT: &[Column] = &[
    ("organization_id", Kind::Id),
    ("day", Kind::Int),
    ("kind", Kind::Text),
    ("limit_name", Kind::Text),
    ("times", Kind::Int),
    ("first_at", Kind::Int),
    ("last_at", Kind::Int),
    ("message", Kind::Text),
];

/// The columns of `object_restrictions`, the key first.
pub(super) const RESTRICTION: &[Column] = &[
    ("object_id", Kind::Id),
    ("organization_id", Kind::Id),
    ("kind", Kind::Text),
    ("restricted_by", Kind::Id),
    ("restricted_at", Kind::Int),
];

/// The columns of `object_grants`, the key first.
pub(super) const GRANT: &[Column] = &[
    ("object_id", Kind::Id),
    ("user_id", Kind::Id),
    ("organization_id", Kind::Id),
    ("kind", Kind::Text),
    ("level", Kind::Text),
    ("granted_by", Kind::Id),
    ("granted_at", Kind::Int),
];

/// The columns of `audit_entries`, the key first.
pub(super) const AUDIT_ENTRY: &[Column] = &[
    ("id", Kind::Id),
    ("organization_id", Kind::Id),
    ("user_id", Kind::Id),
    ("action", Kind::Text),
    ("subject", Kind::Text),
    ("details", Kind::Text),
    ("ip", Kind::Text),
    ("at", Kind::Int),
];

/// The columns of `idempotency_keys`, the key first.
pub(super) const IDEMPOTENCY_KEY: &[Column] = &[
    ("organization_id", Kind::Id),
    ("route", Kind::Text),
    ("idempotency_key", Kind::Text),
    ("body_sha256", Kind::Text),
    ("job_id", Kind::Id),
    ("state", Kind::Text),
    ("blocked_by", Kind::Text),
    ("created_at", Kind::Int),
];
