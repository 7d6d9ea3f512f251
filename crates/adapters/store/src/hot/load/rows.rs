//! Rows as hot commands read them.

use std::collections::BTreeMap;

use gantry_ports::StoreError;
use gantry_rules::account::HeldUnits;
use gantry_rules::allowance::AllowancePart;
use gantry_rules::job::{CancelRequest, JobFactsheet};
use gantry_types::{
    AllowanceId, Attempt, Credits, JobId, LotId, MeterId, OrganizationId, Timestamp, WorkerId,
};
use uuid::Uuid;

use super::{
    AccountState, Gate, HotAccount, HotJob, KeyOf, LimitOverride, Lot, MeterUse, PlanTerms, broken,
};
use crate::hot::account::Stored;
use crate::hot::allowance::{AllowanceChange, HotAllowance};
use crate::hot::books::Books;
use crate::hot::hold_rows::decode_hold;
use crate::hot::job::Change;
use crate::hot::submit::IdempotencyRow;
use crate::row::read_in_order;
use crate::tables::{
    decode_json, decode_opt_json, decode_override, decode_serde_word, decode_u32, decode_u64,
    decode_word,
};

/// An identifier alone.
#[derive(Debug)]
pub(in crate::hot) struct IdRow {
    pub(in crate::hot) id: Uuid,
}

read_in_order!(IdRow: id);

/// A row of `accounts`.
#[derive(Debug)]
pub(in crate::hot) struct AccountRow {
    pub(super) organization_id: Uuid,
    pub(super) plan_id: Uuid,
    available: i64,
    held: i64,
    running_roots: i64,
    queued_roots: i64,
    cursor: i64,
    served_at: i64,
    cancellations: Option<String>,
    quota_anchor: i64,
    /// How many limits it has of its own.
    pub(super) overrides: i64,
}

read_in_order!(AccountRow: organization_id, plan_id, available, held, running_roots, queued_roots, cursor, served_at, cancellations, quota_anchor, overrides);

impl AccountRow {
    pub(super) fn decode(self, terms: PlanTerms) -> Result<HotAccount, StoreError> {
        let state = AccountState {
            organization_id: OrganizationId::from_uuid(self.organization_id),
            terms,
            quota_anchor: Timestamp::from_micros(self.quota_anchor),
            running_roots: decode_u32("running jobs", self.running_roots)?,
            queued_roots: decode_u32("queued jobs", self.queued_roots)?,
            lots: Vec::new(),
            meters: Vec::new(),
        };
        Ok(HotAccount {
            stored: Stored { running_roots: state.running_roots, ..Stored::default() },
            state,
            owed: BTreeMap::new(),
            available: self.available,
            held: self.held,
            cursor: decode_u64("cursor", self.cursor)?,
            served_at: Timestamp::from_micros(self.served_at),
            cancellations: decode_opt_json("cancellations", self.cancellations.as_deref())?
                .unwrap_or_default(),
            changed: false,
        })
    }
}

/// A row of `plans`.
#[derive(Debug)]
pub(super) struct PlanRow {
    id: Uuid,
    terms: String,
}

read_in_order!(PlanRow: id, terms);

impl PlanRow {
    pub(super) fn decode(self) -> Result<(Uuid, PlanTerms), StoreError> {
        Ok((self.id, decode_json("plan terms", &self.terms)?))
    }
}

/// A row of `limit_overrides`.
#[derive(Debug)]
pub(super) struct OverrideRow {
    organization_id: Uuid,
    limit_name: String,
    value: Option<i64>,
    expires_at: Option<i64>,
}

read_in_order!(OverrideRow: organization_id, limit_name, value, expires_at);

impl OverrideRow {
    pub(super) fn decode(self) -> Result<(Uuid, LimitOverride), StoreError> {
        let own = decode_override(&self.limit_name, (self.value, self.expires_at))?;
        Ok((self.organization_id, own))
    }
}

/// A row of `jobs`, its columns as in `statements::columns::HOT_COLUMNS`.
#[derive(Debug)]
pub(super) struct JobRow {
    id: Uuid,
    organization_id: Uuid,
    root_id: Uuid,
    parent_id: Option<Uuid>,
    ordinal: i64,
    operation: String,
    accounting: String,
    state: String,
    device: String,
    class: String,
    gate: i64,
    attempt: i64,
    retries: i64,
    host_deaths: i64,
    cancel_requested: bool,
    max_credits: i64,
    cost: i64,
    spent_by_children: i64,
    hold: Option<String>,
    pending_children: i64,
    active_children: i64,
    worker_id: Option<Uuid>,
    lease_until: Option<i64>,
    due_at: Option<i64>,
    start_at: Option<i64>,
    progress: f64,
    stage: Option<String>,
    cursor: i64,
    created_at: i64,
    started_at: Option<i64>,
    finished_at: Option<i64>,
    penalty: i64,
}

read_in_order!(
    JobRow: id, organization_id, root_id, parent_id, ordinal, operation, accounting, state, device, class, gate, attempt, retries, host_deaths, cancel_requested, max_credits, cost, spent_by_children, hold, pending_children, active_children, worker_id, lease_until, due_at, start_at, progress, stage, cursor, created_at, started_at, finished_at, penalty,
);

impl JobRow {
    pub(super) fn decode(self) -> Result<HotJob, StoreError> {
        let cancel =
            if self.cancel_requested { CancelRequest::Requested } else { CancelRequest::None };
        let facts = JobFactsheet {
            id: JobId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            root_id: JobId::from_uuid(self.root_id),
            parent_id: self.parent_id.map(JobId::from_uuid),
            state: decode_word("job state", &self.state)?,
            attempt: Attempt::new(decode_u32("attempt", self.attempt)?),
            retries: decode_u32("retries", self.retries)?,
            host_deaths: decode_u32("host deaths", self.host_deaths)?,
            accounting: decode_serde_word("accounting", &self.accounting)?,
            max_credits: Credits::new(self.max_credits),
            hold: decode_hold(self.hold.as_deref())?,
            spent_by_children: Credits::new(self.spent_by_children),
            pending_children: decode_u32("pending children", self.pending_children)?,
            cancel,
            lease_until: self.lease_until.map(Timestamp::from_micros),
        };
        let mut job = HotJob {
            stored_as_queued: false,
            stored: None,
            facts,
            operation: self.operation,
            device: decode_word("device", &self.device)?,
            class: decode_word("priority class", &self.class)?,
            ordinal: decode_u32("ordinal", self.ordinal)?,
            gate: Gate::find(self.gate).ok_or_else(|| broken("gate", self.gate))?,
            active_children: decode_u32("active children", self.active_children)?,
            worker_id: self.worker_id.map(WorkerId::from_uuid),
            due_at: self.due_at.map(Timestamp::from_micros),
            start_at: self.start_at.map(Timestamp::from_micros),
            cost: Credits::new(self.cost),
            penalty: Credits::new(self.penalty),
            progress: self.progress,
            stage: self.stage,
            cursor: decode_u64("cursor", self.cursor)?,
            created_at: Timestamp::from_micros(self.created_at),
            started_at: self.started_at.map(Timestamp::from_micros),
            finished_at: self.finished_at.map(Timestamp::from_micros),
            change: Change::None,
        };
        job.note_stored();
        Ok(job)
    }
}

/// A row of `lots` or of `meter_usage`.
#[derive(Debug)]
pub(super) struct MoneyRow {
    organization_id: Uuid,
    /// Of a lot.
    lot_id: Option<Uuid>,
    /// A lot's origin, or the meter.
    word: String,
    /// When a lot expires, or the period began.
    at: Option<i64>,
    /// What is left of a lot, or was used of a meter.
    amount: i64,
    /// What is owed on a lot, or reserved of a meter.
    bound: i64,
}

read_in_order!(MoneyRow: organization_id, lot_id, word, at, amount, bound);

impl MoneyRow {
    /// Adds the row to its account.
    pub(super) fn decode_into(self, books: &mut Books) -> Result<(), StoreError> {
        let organization_id = OrganizationId::from_uuid(self.organization_id);
        let Some(account) = books.accounts.get_mut(&organization_id) else { return Ok(()) };
        match (self.lot_id, self.at) {
            (Some(id), expires_at) => {
                let id = LotId::from_uuid(id);
                if self.bound > 0 {
                    account.owed.insert(id, Credits::new(self.bound));
                }
                account.state.lots.push(Lot {
                    id,
                    origin: decode_serde_word("lot origin", &self.word)?,
                    expires_at: expires_at.map(Timestamp::from_micros),
                    remaining: Credits::new(self.amount),
                });
            }
            (None, Some(period_start)) => account.state.meters.push(MeterUse {
                meter: decode_word::<MeterId>("meter", &self.word)?,
                period_start: Timestamp::from_micros(period_start),
                used: decode_u64("meter use", self.amount)?,
                reserved: decode_u64("meter reservation", self.bound)?,
            }),
            (None, None) => return Err(broken("meter", "it is of no period")),
        }
        Ok(())
    }
}

/// A row of `idempotency_keys`.
#[derive(Debug)]
pub(super) struct KeyRow {
    organization_id: Uuid,
    route: String,
    idempotency_key: String,
    body_sha256: String,
    job_id: Uuid,
    state: String,
    blocked_by: Option<String>,
    created_at: i64,
}

read_in_order!(KeyRow: organization_id, route, idempotency_key, body_sha256, job_id, state, blocked_by, created_at);

impl KeyRow {
    pub(super) fn decode(self) -> Result<(KeyOf, IdempotencyRow), StoreError> {
        let row = IdempotencyRow {
            body_sha256: self.body_sha256,
            job_id: JobId::from_uuid(self.job_id),
            state: decode_word("job state", &self.state)?,
            blocked_by: decode_opt_json("refusal", self.blocked_by.as_deref())?,
            created_at: Timestamp::from_micros(self.created_at),
        };
        let organization_id = OrganizationId::from_uuid(self.organization_id);
        Ok(((organization_id, self.route, self.idempotency_key), row))
    }
}

/// A row of `allowances`.
#[derive(Debug)]
pub(in crate::hot) struct AllowanceRow {
    id: Uuid,
    organization_id: Uuid,
    meter: String,
    period_start: i64,
    units: i64,
    used: i64,
    expires_at: i64,
}

read_in_order!(AllowanceRow: id, organization_id, meter, period_start, units, used, expires_at);

impl AllowanceRow {
    pub(super) fn decode_into(self, books: &mut Books) -> Result<(), StoreError> {
        let held = HeldUnits {
            meter: decode_word("meter", &self.meter)?,
            period_start: Timestamp::from_micros(self.period_start),
            units: decode_u64("units", self.units)?,
        };
        let part = AllowancePart { held, used: decode_u64("units", self.used)? };
        let allowance =
            books.allowances.entry(AllowanceId::from_uuid(self.id)).or_insert_with(|| {
                HotAllowance {
                    organization_id: OrganizationId::from_uuid(self.organization_id),
                    expires_at: Timestamp::from_micros(self.expires_at),
                    parts: Vec::new(),
                    change: AllowanceChange::None,
                }
            });
        allowance.parts.push(part);
        Ok(())
    }
}
