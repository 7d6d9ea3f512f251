//! Writes what a batch decided, one statement per table.
//!
//! Invariant: after a flush the books and the database say the same.

use gantry_ports::StoreError;
use gantry_rules::job::CancelRequest;
use gantry_rules::submission::Accounting;
use gantry_types::{JobId, OrganizationId, Timestamp, UserId, WorkerId};

use super::books::{Additions, Books, HotAccount, encode_cursor};
use super::hold_rows::encode_hold;
use super::job::{Change, HotJob, NewJob};
use super::statements::Statements;
use crate::dialect::JsonRows;
use crate::sql::Sql;
use crate::tables::{encode_json, encode_seed, encode_u64};

/// Writes everything that changed.
///
/// # Errors
/// What the database says.
pub(super) async fn flush(
    sql: &Sql,
    statements: &Statements,
    books: &mut Books,
) -> Result<(), StoreError> {
    let writes = Writes { sql, statements };
    writes.jobs(books).await?;
    writes.accounts(books).await?;
    let additions = books.take_additions();
    writes.events(&additions).await?;
    writes.results(&additions).await?;
    writes.keys(&additions).await?;
    let Additions { account_events, ledger, artifacts, .. } = additions;
    let s = statements;
    writes.run("ledger entry", &s.flush.insert_ledger, ledger).await?;
    writes.run("account event", &s.flush.insert_account_events, account_events).await?;
    writes.run("artifact", &s.flush.insert_artifacts, artifacts).await
}

struct Writes<'a> {
    sql: &'a Sql,
    statements: &'a Statements,
}

impl Writes<'_> {
    async fn run(
        &self,
        what: &'static str,
        statement: &str,
        rows: JsonRows,
    ) -> Result<(), StoreError> {
        if rows.len() == 0 {
            return Ok(());
        }
        self.sql.run(what, statement, vec![rows.finish()]).await.map(drop)
    }

    async fn jobs(&self, books: &mut Books) -> Result<(), StoreError> {
        let (mut inserted, mut bodies, mut updated) =
            (JsonRows::new(), JsonRows::new(), JsonRows::new());
        for job in books.jobs.values_mut() {
            match std::mem::replace(&mut job.change, Change::None) {
                Change::None => {}
                Change::Updated => push_changes(updated.row(), job)?,
                Change::Inserted(new) => {
                    push_changes(inserted.row(), job)?;
                    push_constants(&mut inserted, job, &new)?;
                    bodies.row().id(job.id().as_uuid());
                    bodies.id(job.facts.organization_id.as_uuid());
                    bodies.text(&new.params).text(&new.inputs).text(&new.needs);
                }
            }
        }
        self.run("job", &self.statements.flush.insert_jobs, inserted).await?;
        self.run("job", &self.statements.flush.insert_bodies, bodies).await?;
        self.run("job", &self.statements.flush.update_jobs, updated).await
    }

    async fn accounts(&self, books: &mut Books) -> Result<(), StoreError> {
        let (mut accounts, mut lots, mut meters) =
            (JsonRows::new(), JsonRows::new(), JsonRows::new());
        for (id, account) in books.accounts.iter_mut().filter(|(_, account)| account.changed) {
            account.changed = false;
            push_account(&mut accounts, *id, account)?;
            push_lots(&mut lots, account);
            push_meters(&mut meters, *id, account)?;
            account.stored = account.state.clone();
        }
        self.run("account", &self.statements.flush.update_accounts, accounts).await?;
        self.run("lot", &self.statements.flush.update_lots, lots).await?;
        self.run("meter", &self.statements.flush.upsert_meters, meters).await
    }

    async fn events(&self, additions: &Additions) -> Result<(), StoreError> {
        let (mut slots, mut events) = (JsonRows::new(), JsonRows::new());
        for event in additions.events.iter().flatten() {
            if let Some(slot) = &event.slot {
                slots.row().id(event.job_id.as_uuid()).text(slot);
            }
            events.row().id(event.job_id.as_uuid()).int(encode_cursor(event.cursor)?);
            events.id(event.organization_id.as_uuid()).text(event.kind);
            events.opt_text(event.slot.as_deref()).text(&event.body).int(event.at.as_micros());
        }
        self.run("job event", &self.statements.flush.delete_slots, slots).await?;
        self.run("job event", &self.statements.flush.insert_events, events).await
    }

    async fn results(&self, additions: &Additions) -> Result<(), StoreError> {
        let (mut results, mut checkpoints) = (JsonRows::new(), JsonRows::new());
        for (id, result) in &additions.results {
            results.row().id(id.as_uuid());
            results.opt_id(result.organization_id.map(OrganizationId::as_uuid));
            results.opt_text(result.report.as_deref()).opt_text(result.error.as_deref());
        }
        for (id, checkpoint) in &additions.checkpoints {
            checkpoints.row().id(id.as_uuid()).id(checkpoint.organization_id.as_uuid());
            checkpoints.int(checkpoint.version.into()).text(&checkpoint.state);
        }
        self.run("result", &self.statements.flush.upsert_results, results).await?;
        self.run("checkpoint", &self.statements.flush.upsert_checkpoints, checkpoints).await
    }

    async fn keys(&self, additions: &Additions) -> Result<(), StoreError> {
        let mut keys = JsonRows::new();
        for ((organization_id, route, key), row) in &additions.keys {
            let blocked_by = row.blocked_by.as_ref();
            let blocked_by = blocked_by.map(|refusal| encode_json("refusal", refusal));
            keys.row().id(organization_id.as_uuid()).text(route).text(key);
            keys.text(&row.body_sha256).id(row.job_id.as_uuid()).text(row.state.as_str());
            keys.opt_text(blocked_by.transpose()?.as_deref()).int(row.created_at.as_micros());
        }
        self.run("idempotency key", &self.statements.flush.upsert_keys, keys).await
    }
}

/// The columns of `JOB_CHANGES`.
fn push_changes(row: &mut JsonRows, job: &HotJob) -> Result<(), StoreError> {
    let facts = &job.facts;
    let micros = |time: Option<Timestamp>| time.map(Timestamp::as_micros);
    row.id(facts.id.as_uuid()).text(facts.state.as_str()).text(job.class.as_str());
    row.int(job.gate.number()).int(facts.attempt.get().into()).int(facts.retries.into());
    row.int(facts.host_deaths.into()).bool(facts.cancel == CancelRequest::Requested);
    row.int(facts.max_credits.get()).int(job.cost.get()).int(facts.spent_by_children.get());
    row.opt_text(encode_hold(&facts.hold)?.as_deref());
    row.int(facts.pending_children.into()).int(job.active_children.into());
    row.opt_id(job.worker_id.map(WorkerId::as_uuid)).opt_int(micros(facts.lease_until));
    row.opt_int(micros(job.due_at)).real(job.progress).opt_text(job.stage.as_deref());
    row.int(encode_cursor(job.cursor)?).opt_int(micros(job.started_at));
    row.opt_int(micros(job.finished_at));
    Ok(())
}

/// The columns of `JOB_CONSTANTS`.
fn push_constants(row: &mut JsonRows, job: &HotJob, new: &NewJob) -> Result<(), StoreError> {
    let accounting = match job.facts.accounting {
        Accounting::Metered => "metered",
        Accounting::Platform => "platform",
    };
    row.id(job.facts.organization_id.as_uuid()).id(job.facts.root_id.as_uuid());
    row.opt_id(job.facts.parent_id.map(JobId::as_uuid)).int(job.ordinal.into());
    row.opt_id(new.submitted_by.map(UserId::as_uuid)).text(&job.operation);
    row.int(new.operation_version.into()).opt_text(new.label.as_deref());
    row.int(encode_seed(new.seed)).text(accounting).text(job.device.as_str());
    row.opt_int(job.start_at.map(Timestamp::as_micros)).int(job.created_at.as_micros());
    Ok(())
}

fn push_account(
    rows: &mut JsonRows,
    id: OrganizationId,
    account: &HotAccount,
) -> Result<(), StoreError> {
    rows.row().id(id.as_uuid()).int(account.available).int(account.held);
    rows.int(account.state.running_roots.into()).int(account.state.queued_roots.into());
    rows.int(encode_cursor(account.cursor)?).int(account.served_at.as_micros());
    Ok(())
}

fn push_lots(rows: &mut JsonRows, account: &HotAccount) {
    for (now, stored) in account.state.lots.iter().zip(&account.stored.lots) {
        if now != stored {
            rows.row().id(now.id.as_uuid()).int(now.remaining.get());
        }
    }
}

fn push_meters(
    rows: &mut JsonRows,
    id: OrganizationId,
    account: &HotAccount,
) -> Result<(), StoreError> {
    for (place, usage) in account.state.meters.iter().enumerate() {
        if account.stored.meters.get(place) != Some(usage) {
            rows.row().id(id.as_uuid()).int(usage.period_start.as_micros());
            rows.text(usage.meter.as_str()).int(encode_u64("meter use", usage.used)?);
            rows.int(encode_u64("meter reservation", usage.reserved)?);
        }
    }
    Ok(())
}
