//! Claims: which jobs a worker gets, and their leases.
//!
//! Invariants: who is served is decided by `gantry_rules::claim`; the free slots of an account
//! are counted while its row is locked, so that two servers never give the same slot away; a
//! class is looked at only when the ones before it leave room.

use std::collections::BTreeMap;

use gantry_ports::StoreError;
use gantry_ports::store::{ClaimCommand, ClaimedJob, JobRecord, StoredChild};
use gantry_rules::claim::{Claimant, ReadyJob, SlotNeed, choose};
use gantry_rules::job::CancelRequest;
use gantry_rules::transition::Event;
use gantry_types::{JobId, OrganizationId, UserId};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use super::books::{Books, HotAccount};
use super::flush::flush;
use super::job::{Gate, HotJob};
use super::load::{PlanCache, id_rows, load_accounts, load_missing_jobs};
use super::statements::Statements;
use super::stop::Stop;
use crate::dialect::JsonRows;
use crate::error::broken;
use crate::sql::Sql;
use crate::tables::{ChildRow, decode_json, decode_opt_json, decode_seed, decode_u32};

/// The most accounts that one claim looks at.
const MOST_CLAIMANTS: i64 = 256;
/// The fewest, so that accounts whose ready jobs another server takes do not end a claim.
const FEWEST_CLAIMANTS: i64 = 16;

/// An account with ready jobs in one queue.
#[derive(Debug, FromQueryResult)]
struct ClaimantRow {
    rank: i64,
    device: String,
    class: String,
    organization_id: Uuid,
}

/// A ready job.
#[derive(Debug, FromQueryResult)]
struct ReadyRow {
    id: Uuid,
    organization_id: Uuid,
    gate: i64,
    rank: i64,
}

/// What a worker needs of a job beside what the books know.
#[derive(Debug, FromQueryResult)]
struct BodyRow {
    id: Uuid,
    submitted_by: Option<Uuid>,
    operation_version: i64,
    label: Option<String>,
    seed: i64,
    params: String,
    inputs: String,
    checkpoint_version: Option<i64>,
    checkpoint_state: Option<String>,
}

/// Leases jobs to a worker.
///
/// # Errors
/// What the database says, or a fault of ours.
pub(super) async fn claim(
    sql: &Sql,
    (statements, plans): (&Statements, &mut PlanCache),
    books: &mut Books,
    command: &ClaimCommand,
) -> Result<Vec<ClaimedJob>, StoreError> {
    let most = i64::from(command.limit).clamp(FEWEST_CLAIMANTS, MOST_CLAIMANTS);
    let values = vec![derive_queues(command).finish(), most.into()];
    let text = &statements.claim.select_claimants;
    let claimants = sql.all::<ClaimantRow>("queue", text, values).await?;
    if claimants.is_empty() || command.limit == 0 {
        return Ok(Vec::new());
    }
    let accounts = claimants.iter().map(|row| row.organization_id);
    load_accounts(sql, statements, plans, (books, accounts.collect())).await?;
    let chosen = choose_jobs(sql, statements, (books, &claimants), command.limit).await?;
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    load_missing_jobs(sql, statements, books, &chosen).await?;
    for id in &chosen {
        lease(books, *id, command).map_err(|stop| match stop {
            Stop::Fault(error) => error,
            Stop::Refused(error) => StoreError::Broken { reason: error.to_string() },
        })?;
    }
    flush(sql, statements, books).await?;
    read_claimed(sql, statements, books, &chosen).await
}

async fn choose_jobs(
    sql: &Sql,
    statements: &Statements,
    (books, claimants): (&Books, &[ClaimantRow]),
    limit: u32,
) -> Result<Vec<JobId>, StoreError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    // Few jobs of each account first: most of the time they suffice.
    let fair = limit.div_ceil(claimants.len().max(1)).saturating_add(1).min(limit);
    let candidates = (books, claimants);
    let (chosen, cut) = choose_among(sql, statements, candidates, (fair, limit)).await?;
    if chosen.len() >= limit || !cut || fair == limit {
        return Ok(chosen);
    }
    Ok(choose_among(sql, statements, candidates, (limit, limit)).await?.0)
}

/// Chooses among at most `each` jobs of each account and queue; also answers whether there may
/// be more than that.
async fn choose_among(
    sql: &Sql,
    statements: &Statements,
    (books, claimants): (&Books, &[ClaimantRow]),
    (each, limit): (usize, usize),
) -> Result<(Vec<JobId>, bool), StoreError> {
    let mut queues = JsonRows::new();
    for row in claimants {
        queues.row().int(row.rank).text(&row.device).text(&row.class).id(row.organization_id);
    }
    let most = i64::try_from(each).unwrap_or(i64::MAX);
    let values = vec![queues.finish(), most.into()];
    let ready = sql.all::<ReadyRow>("queue", &statements.claim.select_ready, values).await?;
    let mut free: BTreeMap<OrganizationId, Claimant> = BTreeMap::new();
    for row in claimants {
        let id = OrganizationId::from_uuid(row.organization_id);
        if let Some(account) = books.accounts.get(&id) {
            free.insert(id, derive_claimant(account));
        }
    }
    let mut lengths: BTreeMap<(i64, Uuid), usize> = BTreeMap::new();
    for row in &ready {
        *lengths.entry((row.rank, row.organization_id)).or_default() += 1;
    }
    let cut = lengths.values().any(|length| *length >= each);
    let mut chosen: Vec<JobId> = Vec::new();
    for (_, jobs) in group_by_rank(ready)? {
        let accounts: Vec<Claimant> = free.values().copied().collect();
        let picked = choose(&accounts, &jobs, limit - chosen.len());
        for job in jobs.iter().filter(|job| picked.contains(&job.id)) {
            if let (SlotNeed::Free, Some(claimant)) = (job.slot, free.get_mut(&job.organization_id))
            {
                claimant.free_slots = claimant.free_slots.saturating_sub(1);
            }
        }
        chosen.extend(picked);
    }
    Ok((chosen, cut))
}

fn derive_queues(command: &ClaimCommand) -> JsonRows {
    let mut rows = JsonRows::new();
    for (rank, class) in (0_i64..).zip(&command.classes) {
        for device in &command.devices {
            rows.row().int(rank).text(device.as_str()).text(class.as_str());
        }
    }
    rows
}

fn derive_claimant(account: &HotAccount) -> Claimant {
    let state = &account.state;
    Claimant {
        organization_id: state.organization_id,
        free_slots: state.terms.concurrent_jobs.saturating_sub(state.running_roots),
        served_at: account.served_at,
    }
}

fn group_by_rank(rows: Vec<ReadyRow>) -> Result<BTreeMap<i64, Vec<ReadyJob>>, StoreError> {
    let mut groups: BTreeMap<i64, Vec<ReadyJob>> = BTreeMap::new();
    for row in rows {
        let slot = match Gate::find(row.gate) {
            Some(Gate::Open) => SlotNeed::None,
            Some(Gate::Slot) => SlotNeed::Free,
            Some(Gate::Sibling) | None => return Err(broken("gate", row.gate)),
        };
        let organization_id = OrganizationId::from_uuid(row.organization_id);
        let job = ReadyJob { id: JobId::from_uuid(row.id), organization_id, slot };
        groups.entry(row.rank).or_default().push(job);
    }
    Ok(groups)
}

fn lease(books: &mut Books, id: JobId, command: &ClaimCommand) -> Result<(), Stop> {
    books.advance(id, Event::Claim, command.now, None)?;
    let job = books.job_mut(id)?;
    job.worker_id = Some(command.worker_id);
    job.facts.lease_until = Some(command.now.plus(command.lease));
    job.started_at = job.started_at.or(Some(command.now));
    // From now on it has its slot.
    job.gate = Gate::Open;
    let organization_id = job.facts.organization_id;
    books.account_mut(organization_id)?.served_at = command.now;
    Ok(())
}

async fn read_claimed(
    sql: &Sql,
    statements: &Statements,
    books: &Books,
    chosen: &[JobId],
) -> Result<Vec<ClaimedJob>, StoreError> {
    let ids = || id_rows(chosen.iter().map(|id| id.as_uuid())).finish();
    let rows = sql.all::<BodyRow>("job", &statements.claim.select_bodies, vec![ids()]).await?;
    let resumed = rows.iter().any(|row| row.checkpoint_version.is_some());
    let mut children: BTreeMap<JobId, Vec<StoredChild>> = BTreeMap::new();
    if resumed {
        let text = &statements.claim.select_children;
        for row in sql.all::<ChildRow>("job", text, vec![ids()]).await? {
            children.entry(row.parent()).or_default().push(row.decode()?);
        }
    }
    let mut claimed = BTreeMap::new();
    for row in rows {
        let id = JobId::from_uuid(row.id);
        let job = books.jobs.get(&id).ok_or(StoreError::NotFound { what: "job" })?;
        let account = books.accounts.get(&job.facts.organization_id);
        let terms = account.ok_or(StoreError::NotFound { what: "account" })?.state.terms.clone();
        let children = children.remove(&id).unwrap_or_default();
        let checkpoint = row.decode_checkpoint()?;
        claimed.insert(id, ClaimedJob { job: row.decode(job)?, terms, checkpoint, children });
    }
    Ok(chosen.iter().filter_map(|id| claimed.remove(id)).collect())
}

impl BodyRow {
    fn decode_checkpoint(&self) -> Result<Option<(u32, Value)>, StoreError> {
        match (self.checkpoint_version, &self.checkpoint_state) {
            (Some(version), Some(state)) => {
                let version = decode_u32("checkpoint version", version)?;
                Ok(Some((version, decode_json("checkpoint", state)?)))
            }
            (Some(_) | None, Some(_) | None) => Ok(None),
        }
    }

    /// The job as the port tells it: it runs, so that it has neither report nor error yet.
    fn decode(self, job: &HotJob) -> Result<JobRecord, StoreError> {
        let facts = &job.facts;
        Ok(JobRecord {
            id: facts.id,
            organization_id: facts.organization_id,
            submitted_by: self.submitted_by.map(UserId::from_uuid),
            root_id: facts.root_id,
            parent_id: facts.parent_id,
            operation: job.operation.clone(),
            operation_version: decode_u32("operation version", self.operation_version)?,
            params: decode_json("parameters", &self.params)?,
            inputs: decode_json("inputs", &self.inputs)?,
            seed: decode_seed(self.seed),
            label: self.label,
            accounting: facts.accounting,
            state: facts.state,
            device: job.device,
            class: job.class,
            attempt: facts.attempt,
            cancel_requested: facts.cancel == CancelRequest::Requested,
            max_credits: facts.max_credits,
            cost: job.cost,
            stage: decode_opt_json("stage", job.stage.as_deref())?,
            progress: job.progress,
            report: None,
            error: None,
            cursor: job.cursor,
            created_at: job.created_at,
            start_at: job.start_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
        })
    }
}
