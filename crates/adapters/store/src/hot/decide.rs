//! One batch: find out what is needed, load it, decide, write.

use std::collections::BTreeMap;

use gantry_ports::StoreError;
use gantry_ports::store::HotError;
use gantry_rules::submission::Needs;
use gantry_types::{AllowanceId, JobId, OrganizationId, Timestamp};
use uuid::Uuid;

use super::books::Books;
use super::claim::Queue;
use super::commands::{Command, Reply};
use super::job::HotJob;
use super::load::{IdRow, PlanCache, Wanted, id_rows, load};
use super::statements::Statements;
use super::stop::Stop;
use super::submit::{KEY_LIFETIME, derive_key};
use super::{
    allowance, cancel, claim, flush, fork, heartbeat, hold, notes, quota_events, release, settle,
    submit,
};
use crate::batch_sql::BatchSql;
use crate::dialect::Dialect;
use crate::row::read_in_order;
use crate::tables::{decode_json, decode_u32};

/// What a command answers once its batch is committed.
type Decided = Result<Reply, HotError>;

/// Decides batches.
pub(crate) struct Decider {
    statements: Statements,
    plans: PlanCache,
}

/// What was looked up for a command before anything was loaded.
#[derive(Debug, Default)]
struct Findings {
    /// Jobs that a `Reap` or a `Release` is about, by the command's place.
    found: BTreeMap<usize, Vec<JobId>>,
    /// What blocked jobs need.
    needs: BTreeMap<JobId, Needs>,
    /// Accounts in which lots expired.
    expired: Vec<(OrganizationId, Timestamp)>,
    /// Allowances whose time is over.
    spent: Vec<(AllowanceId, Timestamp)>,
    /// Where a `Claim` may find jobs, by the command's place.
    queues: BTreeMap<usize, Vec<Queue>>,
    /// How many children forking jobs have already.
    children: BTreeMap<JobId, u32>,
}

impl Decider {
    /// A decider for a database.
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { statements: Statements::new(dialect), plans: PlanCache::new() }
    }

    /// Decides a batch in a transaction that the caller commits; one answer per command.
    ///
    /// # Errors
    /// What the database says, or a fault of ours; the batch must be rolled back then.
    pub(crate) async fn decide(
        &mut self,
        sql: BatchSql<'_>,
        commands: &[Command],
    ) -> Result<Vec<Decided>, StoreError> {
        let mut wanted = Wanted::default();
        let findings = self.look_up(sql, commands, &mut wanted).await?;
        let statements = &self.statements;
        let mut books = load(sql, statements, &mut self.plans, &wanted).await?;
        for (organization_id, now) in &findings.expired {
            if books.accounts.contains_key(organization_id) {
                settle_fault(books.expire_lots(*organization_id, *now))?;
            }
        }
        for (id, now) in &findings.spent {
            settle_fault(allowance::expire(&mut books, *id, *now))?;
        }
        let mut answers: BTreeMap<usize, Decided> = BTreeMap::new();
        for (place, command) in commands.iter().enumerate() {
            if !matches!(command, Command::Claim(_)) {
                let answer = decide_one(&mut books, (place, command), &findings);
                quota_events::note_refused(&mut books, command, &answer);
                answers.insert(place, into_answer(answer)?);
            }
        }
        let claims = findings.queues.iter().map(|(place, queues)| (*place, queues.as_slice()));
        for (place, queues) in claims {
            if books.jobs.values().any(HotJob::is_ready_again) {
                flush::flush(sql, statements, &mut books).await?;
            }
            if let Some(Command::Claim(command)) = commands.get(place) {
                let claimed = claim::claim(sql, statements, &mut books, (command, queues)).await?;
                answers.insert(place, Ok(Reply::Claimed(claimed)));
            }
        }
        flush::flush(sql, statements, &mut books).await?;
        Ok(answers.into_values().collect())
    }

    async fn look_up(
        &self,
        sql: BatchSql<'_>,
        commands: &[Command],
        wanted: &mut Wanted,
    ) -> Result<Findings, StoreError> {
        let mut findings = Findings::default();
        for (place, command) in commands.iter().enumerate() {
            note_wanted(command, wanted);
            match command {
                Command::Reap(reap) => {
                    let text = &self.statements.load.select_silent;
                    let silent = find_ids(sql, text, (reap.now, reap.limit)).await?;
                    let silent: Vec<JobId> = silent.into_iter().map(JobId::from_uuid).collect();
                    wanted.money_jobs.extend(&silent);
                    findings.found.insert(place, silent);
                }
                Command::Release(release) => {
                    let (now, limit) = (release.now, release.limit);
                    let due = find_ids(sql, &self.statements.load.select_due, (now, limit)).await?;
                    let due: Vec<JobId> = due.into_iter().map(JobId::from_uuid).collect();
                    wanted.money_jobs.extend(&due);
                    findings.found.insert(place, due);
                    self.find_expired(sql, (now, limit), wanted, &mut findings).await?;
                    self.find_spent(sql, (now, limit), wanted, &mut findings).await?;
                    let oldest = now.minus(KEY_LIFETIME).as_micros();
                    let forget = &self.statements.load.delete_keys;
                    sql.run("idempotency key", forget, vec![oldest.into()]).await?;
                    let forget = &self.statements.load.delete_requests;
                    sql.run("request", forget, vec![oldest.into()]).await?;
                }
                Command::Fork(fork) => {
                    findings.children.insert(fork.job_id, 0);
                }
                Command::Claim(command) => {
                    let queues = claim::find_queues(sql, &self.statements, command).await?;
                    wanted.claimants.extend(queues.iter().map(Queue::organization_id));
                    findings.queues.insert(place, queues);
                }
                Command::Submit(..)
                | Command::Heartbeat(_)
                | Command::Notes(_)
                | Command::Checkpoint(_)
                | Command::RaiseHold(_)
                | Command::Settle(_)
                | Command::Cancel(_)
                | Command::Allow(_)
                | Command::ReportUse(_) => {}
            }
        }
        self.find_needs(sql, &mut findings).await?;
        self.count_children(sql, &mut findings).await?;
        Ok(findings)
    }

    async fn find_expired(
        &self,
        sql: BatchSql<'_>,
        (now, limit): (Timestamp, u32),
        wanted: &mut Wanted,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        for id in find_ids(sql, &self.statements.load.select_expired, (now, limit)).await? {
            let organization_id = OrganizationId::from_uuid(id);
            wanted.accounts.insert(organization_id);
            findings.expired.push((organization_id, now));
        }
        Ok(())
    }

    async fn find_spent(
        &self,
        sql: BatchSql<'_>,
        (now, limit): (Timestamp, u32),
        wanted: &mut Wanted,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let values = vec![now.as_micros().into(), i64::from(limit).into()];
        let text = &self.statements.load.select_spent;
        for row in sql.all::<OwnedRow>("allowance", text, values).await? {
            let id = AllowanceId::from_uuid(row.id);
            wanted.accounts.insert(OrganizationId::from_uuid(row.organization_id));
            wanted.allowances.insert(id);
            findings.spent.push((id, now));
        }
        Ok(())
    }

    async fn find_needs(
        &self,
        sql: BatchSql<'_>,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        let jobs: Vec<Uuid> = findings.found.values().flatten().map(|id| id.as_uuid()).collect();
        if jobs.is_empty() {
            return Ok(());
        }
        let values = vec![id_rows(jobs.into_iter()).finish()];
        for row in sql.all::<NeedsRow>("job", &self.statements.load.select_needs, values).await? {
            let needs = decode_json("needs", &row.needs)?;
            findings.needs.insert(JobId::from_uuid(row.job_id), needs);
        }
        Ok(())
    }

    async fn count_children(
        &self,
        sql: BatchSql<'_>,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        if findings.children.is_empty() {
            return Ok(());
        }
        let parents = id_rows(findings.children.keys().map(|id| id.as_uuid()));
        let values = vec![parents.finish()];
        for row in sql.all::<CountRow>("job", &self.statements.load.count_children, values).await? {
            let number = decode_u32("children", row.number)?;
            findings.children.insert(JobId::from_uuid(row.id), number);
        }
        Ok(())
    }
}

#[derive(Debug)]
struct NeedsRow {
    job_id: Uuid,
    needs: String,
}

read_in_order!(NeedsRow: job_id, needs);

#[derive(Debug)]
struct OwnedRow {
    id: Uuid,
    organization_id: Uuid,
}

read_in_order!(OwnedRow: id, organization_id);

#[derive(Debug)]
struct CountRow {
    id: Uuid,
    number: i64,
}

read_in_order!(CountRow: id, number);

async fn find_ids(
    sql: BatchSql<'_>,
    text: &str,
    (now, limit): (Timestamp, u32),
) -> Result<Vec<Uuid>, StoreError> {
    let values = vec![now.as_micros().into(), i64::from(limit).into()];
    let rows = sql.all::<IdRow>("job", text, values).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Notes which rows a command needs.
fn note_wanted(command: &Command, wanted: &mut Wanted) {
    let now = match command {
        Command::Submit(submission, _) => {
            wanted.accounts.insert(submission.organization_id);
            wanted.jobs.insert(submission.job_id);
            wanted.keys.extend(derive_key(submission));
            Some(submission.submitted_at)
        }
        Command::Claim(claim) => Some(claim.now),
        Command::Heartbeat(heartbeat) => {
            wanted.jobs.insert(heartbeat.job_id);
            None
        }
        Command::Notes(notes) => {
            wanted.jobs.insert(notes.job_id);
            None
        }
        Command::Checkpoint(checkpoint) => {
            wanted.jobs.insert(checkpoint.job_id);
            None
        }
        Command::Fork(fork) => {
            wanted.money_jobs.insert(fork.job_id);
            None
        }
        Command::RaiseHold(raise) => {
            wanted.money_jobs.insert(raise.job_id);
            None
        }
        Command::Settle(settle) => {
            wanted.money_jobs.insert(settle.job_id);
            None
        }
        Command::Cancel(cancel) => {
            wanted.money_jobs.insert(cancel.job_id);
            wanted.trees.insert(cancel.job_id);
            None
        }
        Command::Reap(_) => None,
        Command::Release(release) => Some(release.now),
        Command::Allow(allow) => {
            wanted.accounts.insert(allow.organization_id);
            wanted.allowances.insert(allow.allowance_id);
            Some(allow.now)
        }
        Command::ReportUse(report) => {
            wanted.accounts.insert(report.organization_id);
            wanted.allowances.insert(report.allowance_id);
            None
        }
    };
    if let Some(now) = now {
        wanted.now = Some(wanted.now.map_or(now, |known| known.min(now)));
    }
}

fn decide_one(
    books: &mut Books,
    (place, command): (usize, &Command),
    findings: &Findings,
) -> Result<Reply, Stop> {
    let found = || findings.found.get(&place).map_or(&[][..], Vec::as_slice);
    match command {
        Command::Submit(submission, restriction) => {
            submit::submit(books, submission, restriction.as_deref()).map(Reply::Submitted)
        }
        // Claims are decided after everything else.
        Command::Claim(_) => Ok(Reply::Claimed(Vec::new())),
        Command::Heartbeat(command) => heartbeat::heartbeat(books, command).map(Reply::Heartbeat),
        Command::Notes(command) => notes::record(books, command).map(|()| Reply::Done),
        Command::Checkpoint(command) => {
            heartbeat::save_checkpoint(books, command).map(|()| Reply::Done)
        }
        Command::Fork(command) => {
            let earlier = findings.children.get(&command.job_id).copied().unwrap_or_default();
            fork::fork(books, command, earlier).map(Reply::Forked)
        }
        Command::RaiseHold(command) => hold::raise(books, command).map(|()| Reply::Done),
        Command::Settle(command) => settle::settle(books, command).map(Reply::Settled),
        Command::Cancel(command) => cancel::cancel(books, command).map(Reply::Cancelled),
        Command::Reap(command) => release::reap(books, command, found()).map(Reply::Reaped),
        Command::Release(command) => {
            release::release(books, command, found(), &findings.needs).map(Reply::Released)
        }
        Command::Allow(command) => allowance::allow(books, command).map(Reply::Allowed),
        Command::ReportUse(command) => allowance::report_use(books, command).map(|()| Reply::Done),
    }
}

fn into_answer(decided: Result<Reply, Stop>) -> Result<Decided, StoreError> {
    match decided {
        Ok(reply) => Ok(Ok(reply)),
        Err(Stop::Refused(error)) => Ok(Err(error)),
        Err(Stop::Fault(error)) => Err(error),
    }
}

/// Outside of a command there is nobody to refuse: a refusal is a fault.
fn settle_fault(done: Result<(), Stop>) -> Result<(), StoreError> {
    match done {
        Ok(()) => Ok(()),
        Err(Stop::Fault(error)) => Err(error),
        Err(Stop::Refused(error)) => Err(StoreError::Broken { reason: error.to_string() }),
    }
}
