//! The rows that a batch touches, in memory, and what it adds to them.
//!
//! Invariants: every change of a job's state goes through [`Books::advance`], which keeps the
//! account's counters and both event streams; every movement of credits goes through
//! [`Books::post`], which keeps balances and ledger together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gantry_ports::StoreError;
use gantry_ports::store::JobEventKind;
use gantry_rules::job::Slot;
use gantry_rules::ledger::Posting;
use gantry_rules::outcome::JobError;
use gantry_rules::transition::{Event, transition};
use gantry_types::{AllowanceId, Attempt, JobId, JobState, OrganizationId, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::account::HotAccount;
use super::allowance::HotAllowance;
use super::job::{Gate, HotJob};
use super::quota_events::QuotaEvents;
use super::restrictions::Restrictions;
use super::stop::{Stop, not_found};
use super::submit::{IdempotencyRow, KeyOf};
use crate::dialect::RowSet;

/// An event of a job on its way to the database.
#[derive(Debug)]
pub(super) struct PendingEvent {
    pub(super) job_id: JobId,
    pub(super) organization_id: OrganizationId,
    pub(super) cursor: u64,
    pub(super) kind: &'static str,
    /// The name under which only the last event is kept.
    pub(super) slot: Option<String>,
    /// JSON.
    pub(super) body: String,
    pub(super) at: Timestamp,
}

/// The report and the error of a job, as JSON.
#[derive(Debug, Default)]
pub(super) struct PendingResult {
    pub(super) organization_id: Option<OrganizationId>,
    pub(super) report: Option<String>,
    pub(super) error: Option<String>,
}

/// A checkpoint on its way to the database.
#[derive(Debug)]
pub(super) struct PendingCheckpoint {
    pub(super) organization_id: OrganizationId,
    pub(super) version: u32,
    /// JSON.
    pub(super) state: String,
}

/// Rows to be added or replaced.
#[derive(Debug)]
pub(super) struct Additions {
    /// Of a slot only the last one is there; its predecessors became `None`.
    pub(super) events: Vec<Option<PendingEvent>>,
    pub(super) slots: HashMap<(JobId, String), usize>,
    pub(super) account_events: RowSet,
    pub(super) postings: RowSet,
    pub(super) artifacts: RowSet,
    pub(super) results: BTreeMap<JobId, PendingResult>,
    pub(super) checkpoints: BTreeMap<JobId, PendingCheckpoint>,
    pub(super) keys: BTreeMap<KeyOf, IdempotencyRow>,
    pub(super) quota_events: QuotaEvents,
    pub(super) restrictions: Restrictions,
}

impl Additions {
    fn none() -> Self {
        Self {
            events: Vec::new(),
            slots: HashMap::new(),
            account_events: RowSet::new(),
            postings: RowSet::new(),
            artifacts: RowSet::new(),
            results: BTreeMap::new(),
            checkpoints: BTreeMap::new(),
            keys: BTreeMap::new(),
            quota_events: QuotaEvents::default(),
            restrictions: Restrictions::default(),
        }
    }
}

/// Everything that a batch knows and has decided.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) accounts: BTreeMap<OrganizationId, HotAccount>,
    pub(super) jobs: BTreeMap<JobId, HotJob>,
    pub(super) keys: BTreeMap<KeyOf, IdempotencyRow>,
    pub(super) allowances: BTreeMap<AllowanceId, HotAllowance>,
    /// Queued children behind their gate, by root.
    pub(super) held_back: BTreeMap<JobId, BTreeSet<JobId>>,
    pub(super) additions: Additions,
}

impl Books {
    /// Nothing is known yet.
    pub(super) fn empty() -> Self {
        Self {
            accounts: BTreeMap::new(),
            jobs: BTreeMap::new(),
            keys: BTreeMap::new(),
            allowances: BTreeMap::new(),
            held_back: BTreeMap::new(),
            additions: Additions::none(),
        }
    }

    /// Adds a child that a fork made.
    pub(super) fn insert_child(&mut self, job: HotJob) {
        if job.gate == Gate::Sibling {
            self.held_back.entry(job.facts.root_id).or_default().insert(job.id());
        }
        self.jobs.insert(job.id(), job);
    }

    /// Opens the gate of the next child of a root that waits behind it.
    ///
    /// # Errors
    /// Not found.
    pub(super) fn open_next_sibling(&mut self, root_id: JobId) -> Result<(), Stop> {
        while let Some(next) = self.held_back.get_mut(&root_id).and_then(BTreeSet::pop_first) {
            let job = self.job(next)?;
            if job.facts.state == JobState::Queued && job.gate == Gate::Sibling {
                self.job_mut(next)?.gate = Gate::Open;
                self.job_mut(root_id)?.active_children += 1;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes what is to be added, leaving nothing.
    pub(super) fn take_additions(&mut self) -> Additions {
        std::mem::replace(&mut self.additions, Additions::none())
    }

    /// A job's row.
    ///
    /// # Errors
    /// Not found.
    pub(super) fn job(&self, id: JobId) -> Result<&HotJob, Stop> {
        self.jobs.get(&id).ok_or_else(|| not_found("job"))
    }

    /// A job's row, to be changed; it counts as changed from now on.
    ///
    /// # Errors
    /// Not found.
    pub(super) fn job_mut(&mut self, id: JobId) -> Result<&mut HotJob, Stop> {
        let job = self.jobs.get_mut(&id).ok_or_else(|| not_found("job"))?;
        job.touch();
        Ok(job)
    }

    /// The row of a job that `attempt` runs.
    ///
    /// # Errors
    /// `LeaseLost` when it does not run, or another attempt does.
    pub(super) fn running(&self, id: JobId, attempt: Attempt) -> Result<&HotJob, Stop> {
        let job = self.job(id)?;
        if job.facts.state == JobState::Running && job.facts.attempt == attempt {
            Ok(job)
        } else {
            Err(Stop::Refused(gantry_ports::store::HotError::LeaseLost))
        }
    }

    /// An account.
    ///
    /// # Errors
    /// Not found.
    pub(super) fn account(&self, id: OrganizationId) -> Result<&HotAccount, Stop> {
        self.accounts.get(&id).ok_or_else(|| not_found("organization"))
    }

    /// An account, to be changed; it counts as changed from now on.
    ///
    /// # Errors
    /// Not found.
    pub(super) fn account_mut(&mut self, id: OrganizationId) -> Result<&mut HotAccount, Stop> {
        let account = self.accounts.get_mut(&id).ok_or_else(|| not_found("organization"))?;
        account.changed = true;
        Ok(account)
    }

    /// Moves a job to the state that follows `event`, and tells both streams.
    ///
    /// # Errors
    /// A fault when the state machine does not allow it.
    pub(super) fn advance(
        &mut self,
        id: JobId,
        event: Event,
        now: Timestamp,
        error: Option<&JobError>,
    ) -> Result<JobState, Stop> {
        let job = self.job_mut(id)?;
        let state = transition(job.facts.state, event)?;
        let before = job.facts.derive_slot();
        job.facts.state = state;
        if event == Event::Claim {
            job.facts.attempt = job.facts.attempt.next();
        }
        if state.is_final() {
            job.finished_at = Some(now);
            job.due_at = None;
        }
        if state != JobState::Running {
            job.facts.lease_until = None;
            job.worker_id = None;
        }
        self.count(id, before)?;
        self.announce(id, now, error)?;
        Ok(state)
    }

    /// Corrects the account's counters after a job's slot may have changed from `before`.
    ///
    /// # Errors
    /// A fault when a counter would fall below zero.
    pub(super) fn count(&mut self, id: JobId, before: Slot) -> Result<(), Stop> {
        let job = self.job(id)?;
        let (after, organization_id) = (job.facts.derive_slot(), job.facts.organization_id);
        if before == after {
            return Ok(());
        }
        let state = &mut self.account_mut(organization_id)?.state;
        let too_few = || StoreError::Broken { reason: "an account's counter is too low".into() };
        match before {
            Slot::None => {}
            Slot::Queue => {
                state.queued_roots = state.queued_roots.checked_sub(1).ok_or_else(too_few)?;
            }
            Slot::Running => {
                state.running_roots = state.running_roots.checked_sub(1).ok_or_else(too_few)?;
            }
        }
        match after {
            Slot::None => {}
            Slot::Queue => state.queued_roots += 1,
            Slot::Running => state.running_roots += 1,
        }
        Ok(())
    }

    /// Writes a job's present state into its own stream and, for a root, its account's.
    ///
    /// # Errors
    /// Not found.
    pub(super) fn announce(
        &mut self,
        id: JobId,
        now: Timestamp,
        error: Option<&JobError>,
    ) -> Result<(), Stop> {
        let job = self.job(id)?;
        let (state, attempt) = (job.facts.state, job.facts.attempt);
        let body = match error {
            None => format!("{{\"state\":\"{state}\",\"attempt\":{attempt}}}"),
            Some(error) => json!({"state": state, "attempt": attempt, "error": error}).to_string(),
        };
        self.add_event(id, JobEventKind::State, None, (body, now))?;
        let job = self.job(id)?;
        if !job.is_root() {
            return Ok(());
        }
        let (organization_id, operation) = (job.facts.organization_id, job.operation.clone());
        let account = self.account_mut(organization_id)?;
        account.cursor += 1;
        let cursor = encode_cursor(account.cursor)?;
        let rows = self.additions.account_events.row();
        rows.id(organization_id.as_uuid()).int(cursor).id(id.as_uuid()).text(&operation);
        rows.text(state.as_str()).int(now.as_micros());
        Ok(())
    }

    /// Adds an event to a job's stream; of one slot only the last event is kept.
    ///
    /// # Errors
    /// Not found.
    pub(super) fn add_event(
        &mut self,
        id: JobId,
        kind: JobEventKind,
        slot: Option<String>,
        (body, at): (String, Timestamp),
    ) -> Result<(), Stop> {
        let job = self.job_mut(id)?;
        job.cursor += 1;
        let (cursor, organization_id) = (job.cursor, job.facts.organization_id);
        let place = self.additions.events.len();
        if let Some(name) = &slot {
            let earlier = self.additions.slots.insert((id, name.clone()), place);
            if let Some(event) = earlier.and_then(|at| self.additions.events.get_mut(at)) {
                *event = None;
            }
        }
        let kind = super::notes::kind_word(kind);
        let event = PendingEvent { job_id: id, organization_id, cursor, kind, slot, body, at };
        self.additions.events.push(Some(event));
        Ok(())
    }

    /// Books movements of credits.
    ///
    /// # Errors
    /// A fault when a balance would fall below zero.
    pub(super) fn post(
        &mut self,
        organization_id: OrganizationId,
        job_id: Option<JobId>,
        postings: &[Posting],
        now: Timestamp,
    ) -> Result<(), Stop> {
        for posting in postings {
            let account = self.account_mut(organization_id)?;
            for (side, amount) in posting.lines() {
                account.book(side, amount)?;
            }
            let (taken_from, given_to) = posting.movement.sides();
            let rows = self.additions.postings.row();
            rows.id(organization_id.as_uuid()).id(Uuid::now_v7());
            rows.text(taken_from.as_str()).text(given_to.as_str()).int(posting.amount.get());
            rows.id(posting.lot_id.as_uuid()).opt_id(job_id.map(JobId::as_uuid));
            rows.text(posting.movement.as_str()).int(now.as_micros());
        }
        Ok(())
    }

    /// Loses what is left of an account's expired lots.
    ///
    /// # Errors
    /// Not found.
    pub(super) fn expire_lots(
        &mut self,
        organization_id: OrganizationId,
        now: Timestamp,
    ) -> Result<(), Stop> {
        let account = self.account_mut(organization_id)?;
        let postings = gantry_rules::lots::expire_due(&mut account.state.lots, now);
        self.post(organization_id, None, &postings, now)
    }
}

/// A cursor for its column.
pub(super) fn encode_cursor(cursor: u64) -> Result<i64, StoreError> {
    crate::tables::encode_u64("cursor", cursor)
}
