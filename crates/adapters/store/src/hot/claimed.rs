//! What a worker gets of the jobs that it claimed.
//!
//! Invariant: what a batch inserts is told from memory, everything else from the database, which
//! has it as the batch found it; a claimed job's parameters never change.

use std::collections::BTreeMap;

use gantry_ports::StoreError;
use gantry_ports::store::{ClaimedJob, JobRecord, StoredChild};
use gantry_rules::job::CancelRequest;
use gantry_rules::submission::Origin;
use gantry_types::{JobId, UserId};
use serde_json::Value;
use uuid::Uuid;

use super::books::Books;
use super::job::{Change, HotJob, NewJob};
use super::load::id_rows;
use super::statements::Statements;
use crate::batch_sql::BatchSql;
use crate::row::read_in_order;
use crate::tables::{ChildRow, decode_json, decode_opt_json, decode_seed, decode_u32, decode_word};

/// What never changes of a job and is not in the books.
struct Constants {
    submitted_by: Option<UserId>,
    operation_version: u32,
    label: Option<String>,
    origin: Option<Origin>,
    seed: u64,
    params: Value,
    inputs: Value,
}

/// What a worker needs of a job beside what the books know.
#[derive(Debug)]
struct BodyRow {
    id: Uuid,
    submitted_by: Option<Uuid>,
    operation_version: i64,
    label: Option<String>,
    origin: Option<String>,
    seed: i64,
    params: String,
    inputs: String,
    checkpoint_version: Option<i64>,
    checkpoint_state: Option<String>,
}

read_in_order!(BodyRow: id, submitted_by, operation_version, label, seed, origin, params, inputs, checkpoint_version, checkpoint_state);

/// Tells the chosen jobs, in their order.
///
/// # Errors
/// What the database says, or a fault of ours.
pub(super) async fn tell(
    sql: BatchSql<'_>,
    statements: &Statements,
    books: &Books,
    chosen: &[JobId],
) -> Result<Vec<ClaimedJob>, StoreError> {
    let mut claimed = BTreeMap::new();
    let mut stored = Vec::new();
    for id in chosen {
        match books.jobs.get(id).map(|job| (job, &job.change)) {
            Some((job, Change::Inserted(new))) => {
                let constants = Constants::of_new(new)?;
                claimed.insert(*id, tell_one(books, (job, constants), None, Vec::new())?);
            }
            Some((_, Change::None | Change::Updated)) | None => stored.push(*id),
        }
    }
    if !stored.is_empty() {
        tell_stored(sql, statements, (books, &stored), &mut claimed).await?;
    }
    Ok(chosen.iter().filter_map(|id| claimed.remove(id)).collect())
}

async fn tell_stored(
    sql: BatchSql<'_>,
    statements: &Statements,
    (books, stored): (&Books, &[JobId]),
    claimed: &mut BTreeMap<JobId, ClaimedJob>,
) -> Result<(), StoreError> {
    let ids = || id_rows(stored.iter().map(|id| id.as_uuid())).finish();
    let rows = sql.all::<BodyRow>("job", &statements.claim.select_bodies, vec![ids()]).await?;
    let resumed = rows.iter().any(|row| row.checkpoint_version.is_some());
    let mut children: BTreeMap<JobId, Vec<StoredChild>> = BTreeMap::new();
    if resumed {
        let text = &statements.claim.select_children;
        for row in sql.all::<ChildRow>("job", text, vec![ids()]).await? {
            children.entry(row.parent()).or_default().push(row.decode()?);
        }
    }
    for row in rows {
        let id = JobId::from_uuid(row.id);
        let job = books.jobs.get(&id).ok_or(StoreError::NotFound { what: "job" })?;
        let children = children.remove(&id).unwrap_or_default();
        let checkpoint = row.decode_checkpoint()?;
        let constants = row.decode()?;
        claimed.insert(id, tell_one(books, (job, constants), checkpoint, children)?);
    }
    Ok(())
}

fn tell_one(
    books: &Books,
    (job, constants): (&HotJob, Constants),
    checkpoint: Option<(u32, Value)>,
    children: Vec<StoredChild>,
) -> Result<ClaimedJob, StoreError> {
    let account = books.accounts.get(&job.facts.organization_id);
    let terms = account.ok_or(StoreError::NotFound { what: "account" })?.state.terms.clone();
    Ok(ClaimedJob { job: constants.into_record(job)?, terms, checkpoint, children })
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

    fn decode(self) -> Result<Constants, StoreError> {
        Ok(Constants {
            submitted_by: self.submitted_by.map(UserId::from_uuid),
            operation_version: decode_u32("operation version", self.operation_version)?,
            label: self.label,
            origin: self.origin.map(|text| decode_word("origin", &text)).transpose()?,
            seed: decode_seed(self.seed),
            params: decode_json("parameters", &self.params)?,
            inputs: decode_json("inputs", &self.inputs)?,
        })
    }
}

impl Constants {
    fn of_new(new: &NewJob) -> Result<Self, StoreError> {
        Ok(Self {
            submitted_by: new.submitted_by,
            operation_version: new.operation_version,
            label: new.label.clone(),
            origin: new.origin,
            seed: new.seed,
            params: decode_json("parameters", &new.params)?,
            inputs: decode_json("inputs", &new.inputs)?,
        })
    }

    /// The job as the port tells it: it runs, so that it has neither report nor error yet.
    fn into_record(self, job: &HotJob) -> Result<JobRecord, StoreError> {
        let facts = &job.facts;
        Ok(JobRecord {
            id: facts.id,
            organization_id: facts.organization_id,
            submitted_by: self.submitted_by,
            root_id: facts.root_id,
            parent_id: facts.parent_id,
            operation: job.operation.clone(),
            operation_version: self.operation_version,
            params: self.params,
            inputs: self.inputs,
            seed: self.seed,
            label: self.label,
            accounting: facts.accounting,
            state: facts.state,
            device: job.device,
            class: job.class,
            attempt: facts.attempt,
            cancel_requested: facts.cancel == CancelRequest::Requested,
            max_credits: facts.max_credits,
            cost: job.cost,
            penalty: job.penalty,
            stage: decode_opt_json("stage", job.stage.as_deref())?,
            progress: job.progress,
            report: None,
            error: None,
            cursor: job.cursor,
            created_at: job.created_at,
            start_at: job.start_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            origin: self.origin,
            swept_at: None,
        })
    }
}
