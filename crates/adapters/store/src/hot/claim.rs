//! Claims: which jobs a worker gets, and their leases.
//!
//! Invariants: who is served is decided by `gantry_rules::claim`; the free slots of an account
//! are counted while its row is locked, so that two servers never give the same slot away; all
//! accounts of a batch are locked before its first job, and ready jobs are locked without
//! waiting, so that claims of several servers never wait for each other in a circle; a claim
//! sees what the commands before it left, also what they did not write yet.

use std::collections::{BTreeMap, BTreeSet};

use gantry_ports::StoreError;
use gantry_ports::store::{ClaimCommand, ClaimedJob};
use gantry_rules::claim::{Claimant, ReadyJob, SlotNeed, choose};
use gantry_rules::transition::Event;
use gantry_types::{Device, JobId, OrganizationId, PriorityClass};
use uuid::Uuid;

use super::account::HotAccount;
use super::books::Books;
use super::claimed;
use super::job::{Change, Gate, HotJob};
use super::load::load_missing_jobs;
use super::statements::Statements;
use super::stop::Stop;
use crate::batch_sql::BatchSql;
use crate::dialect::JsonRows;
use crate::error::broken;
use crate::row::read_in_order;
use crate::tables::decode_word;

/// The most accounts that one claim looks at.
const MOST_CLAIMANTS: i64 = 256;
/// The fewest, so that accounts whose ready jobs another server takes do not end a claim.
const FEWEST_CLAIMANTS: i64 = 16;

/// An account's jobs of one class for one device; `rank` is the place of the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Queue {
    rank: usize,
    device: Device,
    class: PriorityClass,
    organization_id: OrganizationId,
}

impl Queue {
    /// Whose jobs.
    pub(super) const fn organization_id(&self) -> OrganizationId {
        self.organization_id
    }
}

/// A ready job and the class and place at which it waits: by class, then by gate and age.
type Candidate = (usize, Gate, JobId, OrganizationId);

#[derive(Debug)]
struct QueueRow {
    rank: i64,
    device: String,
    class: String,
    organization_id: Uuid,
}

read_in_order!(QueueRow: rank, device, class, organization_id);

#[derive(Debug)]
struct ReadyRow {
    id: Uuid,
    organization_id: Uuid,
    gate: i64,
    rank: i64,
}

read_in_order!(ReadyRow: id, organization_id, gate, rank);

/// The queues in which the database has jobs that a worker could get, the longest unserved
/// first. Nothing is locked yet.
///
/// # Errors
/// What the database says.
pub(super) async fn find_queues(
    sql: BatchSql<'_>,
    statements: &Statements,
    command: &ClaimCommand,
) -> Result<Vec<Queue>, StoreError> {
    if command.limit == 0 {
        return Ok(Vec::new());
    }
    let mut kinds = JsonRows::new();
    for (rank, class) in (0_i64..).zip(&command.classes) {
        for device in &command.devices {
            kinds.row().int(rank).text(device.as_str()).text(class.as_str());
        }
    }
    let most = i64::from(command.limit).clamp(FEWEST_CLAIMANTS, MOST_CLAIMANTS);
    let values = vec![kinds.finish(), command.now.as_micros().into(), most.into()];
    let rows = sql.all::<QueueRow>("queue", &statements.claim.select_claimants, values).await?;
    rows.into_iter().map(QueueRow::decode).collect()
}

/// Leases jobs to a worker, in the books.
///
/// # Errors
/// What the database says, or a fault of ours.
pub(super) async fn claim(
    sql: BatchSql<'_>,
    statements: &Statements,
    books: &mut Books,
    (command, queues): (&ClaimCommand, &[Queue]),
) -> Result<Vec<ClaimedJob>, StoreError> {
    let chosen = choose_jobs(sql, statements, books, (command, queues)).await?;
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
    claimed::tell(sql, statements, books, &chosen).await
}

async fn choose_jobs(
    sql: BatchSql<'_>,
    statements: &Statements,
    books: &Books,
    (command, queues): (&ClaimCommand, &[Queue]),
) -> Result<Vec<JobId>, StoreError> {
    let limit = usize::try_from(command.limit).unwrap_or(usize::MAX);
    if limit == 0 {
        return Ok(Vec::new());
    }
    let queues = with_freed(books, command, queues);
    let new = list_new(books, command);
    // Jobs that the database still has as queued, and that are not so any more.
    let stale = books.jobs.values().filter(|job| job.stored_as_queued && !job.is_queued()).count();
    // Few jobs of each account first: most of the time they suffice.
    let fair = limit.div_ceil(queues.len().max(1)).saturating_add(1).min(limit);
    for each in BTreeSet::from([fair, limit]) {
        let most = each.saturating_add(stale);
        let stored = list_stored(sql, statements, books, (&queues, most)).await?;
        let cut = stored.iter().any(|(_, length)| *length >= most);
        let ready = stored.into_iter().flat_map(|(jobs, _)| jobs).chain(new.iter().copied());
        let chosen = choose_among(books, ready.collect(), limit);
        if chosen.len() >= limit || !cut || each == limit {
            return Ok(chosen);
        }
    }
    Ok(Vec::new())
}

/// The queues found, and those of the accounts that were full when they were looked for.
fn with_freed(books: &Books, command: &ClaimCommand, found: &[Queue]) -> BTreeSet<Queue> {
    let freed = books.accounts.iter().filter(|(_, account)| account.has_freed_slots());
    let freed = freed.flat_map(|(organization_id, _)| {
        let ranks = command.classes.iter().enumerate();
        ranks.flat_map(move |(rank, class)| {
            command.devices.iter().map(move |device| Queue {
                rank,
                device: *device,
                class: *class,
                organization_id: *organization_id,
            })
        })
    });
    found.iter().copied().chain(freed).collect()
}

/// The ready jobs that this batch inserts.
fn list_new(books: &Books, command: &ClaimCommand) -> Vec<Candidate> {
    let new = books.jobs.values().filter(|job| matches!(job.change, Change::Inserted(_)));
    let ready = new.filter(|job| job.is_queued() && job.gate != Gate::Sibling);
    let ready = ready.filter(|job| command.devices.contains(&job.device));
    ready
        .filter_map(|job| {
            let rank = command.classes.iter().position(|class| *class == job.class)?;
            Some((rank, job.gate, job.id(), job.facts.organization_id))
        })
        .collect()
}

/// At most `most` jobs of each queue that the database has as ready and that still are, and how
/// many the database had.
async fn list_stored(
    sql: BatchSql<'_>,
    statements: &Statements,
    books: &Books,
    (queues, most): (&BTreeSet<Queue>, usize),
) -> Result<Vec<(Vec<Candidate>, usize)>, StoreError> {
    if queues.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = JsonRows::new();
    for queue in queues {
        rows.row().int(i64::try_from(queue.rank).unwrap_or(i64::MAX)).text(queue.device.as_str());
        rows.text(queue.class.as_str()).id(queue.organization_id.as_uuid());
    }
    let values = vec![rows.finish(), i64::try_from(most).unwrap_or(i64::MAX).into()];
    let ready = sql.all::<ReadyRow>("queue", &statements.claim.select_ready, values).await?;
    let mut stored: BTreeMap<(usize, OrganizationId), (Vec<Candidate>, usize)> = BTreeMap::new();
    for row in ready {
        let (rank, gate, id, organization_id) = row.decode()?;
        let (jobs, length) = stored.entry((rank, organization_id)).or_default();
        *length += 1;
        if books.jobs.get(&id).is_none_or(HotJob::is_queued) {
            jobs.push((rank, gate, id, organization_id));
        }
    }
    Ok(stored.into_values().collect())
}

/// Chooses class by class, the most wanted first.
fn choose_among(books: &Books, mut ready: Vec<Candidate>, limit: usize) -> Vec<JobId> {
    ready.sort_unstable();
    ready.dedup();
    let mut free: BTreeMap<OrganizationId, Claimant> = BTreeMap::new();
    for (_, _, _, id) in &ready {
        if let Some(account) = books.accounts.get(id) {
            free.entry(*id).or_insert_with(|| derive_claimant(account));
        }
    }
    let mut chosen: Vec<JobId> = Vec::new();
    for jobs in ready.chunk_by(|one, other| one.0 == other.0) {
        let jobs: Vec<ReadyJob> = jobs.iter().map(derive_ready).collect();
        let accounts: Vec<Claimant> = free.values().copied().collect();
        let picked = choose(&accounts, &jobs, limit - chosen.len());
        let taken: BTreeSet<&JobId> = picked.iter().collect();
        for job in jobs.iter().filter(|job| taken.contains(&job.id)) {
            if let (SlotNeed::Free, Some(claimant)) = (job.slot, free.get_mut(&job.organization_id))
            {
                claimant.free_slots = claimant.free_slots.saturating_sub(1);
            }
        }
        chosen.extend(picked);
    }
    chosen
}

fn derive_ready((_, gate, id, organization_id): &Candidate) -> ReadyJob {
    let slot = match gate {
        Gate::Open => SlotNeed::None,
        Gate::Slot | Gate::Sibling => SlotNeed::Free,
    };
    ReadyJob { id: *id, organization_id: *organization_id, slot }
}

fn derive_claimant(account: &HotAccount) -> Claimant {
    let state = &account.state;
    Claimant {
        organization_id: state.organization_id,
        free_slots: state.terms.concurrent_jobs.saturating_sub(state.running_roots),
        served_at: account.served_at,
    }
}

fn lease(books: &mut Books, id: JobId, command: &ClaimCommand) -> Result<(), Stop> {
    // A job that came while the claim waited did not start before it was there.
    let now = command.now.max(books.job(id)?.created_at);
    books.advance(id, Event::Claim, now, None)?;
    let job = books.job_mut(id)?;
    job.worker_id = Some(command.worker_id);
    job.facts.lease_until = Some(now.plus(command.lease));
    job.started_at = job.started_at.or(Some(now));
    // From now on it has its slot.
    job.gate = Gate::Open;
    let organization_id = job.facts.organization_id;
    books.account_mut(organization_id)?.served_at = now;
    Ok(())
}

impl QueueRow {
    fn decode(self) -> Result<Queue, StoreError> {
        Ok(Queue {
            rank: usize::try_from(self.rank).map_err(|_| broken("rank", self.rank))?,
            device: decode_word("device", &self.device)?,
            class: decode_word("priority class", &self.class)?,
            organization_id: OrganizationId::from_uuid(self.organization_id),
        })
    }
}

impl ReadyRow {
    fn decode(self) -> Result<Candidate, StoreError> {
        let rank = usize::try_from(self.rank).map_err(|_| broken("rank", self.rank))?;
        let gate = Gate::find(self.gate).ok_or_else(|| broken("gate", self.gate))?;
        let organization_id = OrganizationId::from_uuid(self.organization_id);
        Ok((rank, gate, JobId::from_uuid(self.id), organization_id))
    }
}
