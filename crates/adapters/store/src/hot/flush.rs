//! Writes what a batch decided.
//!
//! Invariant: after a flush the books and the database say the same.

use gantry_ports::StoreError;
use gantry_rules::job::CancelRequest;
use gantry_rules::submission::Accounting;
use gantry_types::{JobId, OrganizationId, Timestamp, UserId, WorkerId};

use super::account::HotAccount;
use super::allowance::AllowanceChange;
use super::books::{Additions, Books, encode_cursor};
use super::hold_rows::encode_hold;
use super::job::{HotJob, NewJob, Unsaved};
use super::restrictions::RestrictionRows;
use super::statements::{FlushStatements, Statements};
use crate::batch_sql::BatchSql;
use crate::dialect::{JsonRows, RowSet};
use crate::tables::{encode_json, encode_seed, encode_u64};

/// Writes everything that changed: what every batch writes in one go, what few batches write in
/// statements of its own.
///
/// # Errors
/// What the database says.
pub(super) async fn flush(
    sql: BatchSql<'_>,
    statements: &Statements,
    books: &mut Books,
) -> Result<(), StoreError> {
    let s = &statements.flush;
    let (jobs, accounts) = (collect_jobs(books)?, collect_accounts(books)?);
    let (allowed, ended) = collect_allowances(books)?;
    let additions = books.take_additions();
    let (slots, events) = collect_events(&additions)?;
    run_set(sql, "job event", &s.delete_slots, slots).await?;
    let (results, checkpoints) = collect_results(&additions);
    let keys = collect_keys(&additions)?;
    let refused = additions.quota_events.collect()?;
    let restricted = additions.restrictions.collect()?;
    let Additions { account_events, postings, artifacts, .. } = additions;
    let [inserted, bodies, steps, changed] = jobs;
    let [accounts, lots, debts, meters] = accounts;
    // In the order of `FlushStatements::core`.
    let core = vec![
        inserted,
        bodies,
        steps,
        changed,
        accounts,
        lots,
        meters,
        postings,
        events,
        account_events,
        results,
    ];
    s.core.write(sql, core).await?;
    s.debts.write(sql, vec![debts]).await?;
    s.checkpoints.write(sql, vec![checkpoints]).await?;
    s.keys.write(sql, vec![keys]).await?;
    s.allowances.write(sql, vec![allowed]).await?;
    run_set(sql, "allowance", &s.delete_allowances, ended).await?;
    run_set(sql, "quota event", &s.count_quota_events, refused).await?;
    s.artifacts.write(sql, vec![artifacts]).await?;
    write_restrictions(sql, s, restricted).await
}

/// Restricts jobs, and says so in the audit log.
async fn write_restrictions(
    sql: BatchSql<'_>,
    statements: &FlushStatements,
    rows: RestrictionRows,
) -> Result<(), StoreError> {
    run_set(sql, "restriction", &statements.restrict_jobs, rows.jobs).await?;
    run_set(sql, "grant", &statements.grant_jobs, rows.grants).await?;
    statements.audit.write(sql, vec![rows.entries]).await
}

/// Runs a statement over a set, unless it is empty.
async fn run_set(
    sql: BatchSql<'_>,
    what: &'static str,
    statement: &str,
    rows: JsonRows,
) -> Result<(), StoreError> {
    if rows.len() == 0 {
        return Ok(());
    }
    sql.run(what, statement, vec![rows.finish()]).await.map(drop)
}

/// Jobs to be inserted, their bodies, jobs that went a step, and jobs that changed otherwise.
fn collect_jobs(books: &mut Books) -> Result<[RowSet; 4], StoreError> {
    let [mut inserted, mut bodies, mut steps, mut changed] = [const { RowSet::new() }; 4];
    for job in books.jobs.values_mut() {
        match job.take_unsaved() {
            Unsaved::None => {}
            Unsaved::Step => push_step(steps.row(), job)?,
            Unsaved::Changes => push_changes(changed.row(), job)?,
            Unsaved::Whole(new) => {
                push_changes(inserted.row(), job)?;
                push_constants(&mut inserted, job, &new)?;
                bodies.row().id(job.id().as_uuid());
                bodies.id(job.facts.organization_id.as_uuid());
                bodies.text(&new.params).text(&new.inputs).text(&new.needs);
            }
        }
    }
    Ok([inserted, bodies, steps, changed])
}

/// Accounts, lots, what is owed on lots, and meters that changed.
fn collect_accounts(books: &mut Books) -> Result<[RowSet; 4], StoreError> {
    let [mut accounts, mut lots, mut debts, mut meters] = [const { RowSet::new() }; 4];
    for (id, account) in books.accounts.iter_mut().filter(|(_, account)| account.changed) {
        account.changed = false;
        push_account(&mut accounts, *id, account)?;
        push_lots(&mut lots, account);
        push_debts(&mut debts, account);
        push_meters(&mut meters, *id, account)?;
        account.note_stored();
    }
    Ok([accounts, lots, debts, meters])
}

/// Allowances that changed, and those that ended.
fn collect_allowances(books: &mut Books) -> Result<(RowSet, JsonRows), StoreError> {
    let (mut changed, mut ended) = (RowSet::new(), JsonRows::new());
    for (id, allowance) in &mut books.allowances {
        match allowance.change {
            AllowanceChange::None => continue,
            AllowanceChange::Ended => {
                ended.row().id(id.as_uuid());
                continue;
            }
            AllowanceChange::Changed => allowance.change = AllowanceChange::None,
        }
        for part in &allowance.parts {
            changed.row().id(id.as_uuid()).text(part.held.meter.as_str());
            changed.id(allowance.organization_id.as_uuid());
            changed.int(part.held.period_start.as_micros());
            changed.int(encode_u64("units", part.held.units)?).int(encode_u64("units", part.used)?);
            changed.int(allowance.expires_at.as_micros());
        }
    }
    Ok((changed, ended))
}

/// Slots whose last event is replaced, and events.
fn collect_events(additions: &Additions) -> Result<(JsonRows, RowSet), StoreError> {
    let (mut slots, mut events) = (JsonRows::new(), RowSet::new());
    for event in additions.events.iter().flatten() {
        if let Some(slot) = &event.slot {
            slots.row().id(event.job_id.as_uuid()).text(slot);
        }
        events.row().id(event.job_id.as_uuid()).int(encode_cursor(event.cursor)?);
        events.id(event.organization_id.as_uuid()).text(event.kind);
        events.opt_text(event.slot.as_deref()).text(&event.body).int(event.at.as_micros());
    }
    Ok((slots, events))
}

fn collect_results(additions: &Additions) -> (RowSet, RowSet) {
    let (mut results, mut checkpoints) = (RowSet::new(), RowSet::new());
    for (id, result) in &additions.results {
        results.row().id(id.as_uuid());
        results.opt_id(result.organization_id.map(OrganizationId::as_uuid));
        results.opt_text(result.report.as_deref()).opt_text(result.error.as_deref());
    }
    for (id, checkpoint) in &additions.checkpoints {
        checkpoints.row().id(id.as_uuid()).id(checkpoint.organization_id.as_uuid());
        checkpoints.int(checkpoint.version.into()).text(&checkpoint.state);
    }
    (results, checkpoints)
}

fn collect_keys(additions: &Additions) -> Result<RowSet, StoreError> {
    let mut keys = RowSet::new();
    for ((organization_id, route, key), row) in &additions.keys {
        let blocked_by = row.blocked_by.as_ref();
        let blocked_by = blocked_by.map(|refusal| encode_json("refusal", refusal));
        keys.row().id(organization_id.as_uuid()).text(route).text(key);
        keys.text(&row.body_sha256).id(row.job_id.as_uuid()).text(row.state.as_str());
        keys.opt_text(blocked_by.transpose()?.as_deref()).int(row.created_at.as_micros());
    }
    Ok(keys)
}

/// The columns of `JOB_CHANGES`.
fn push_changes(row: &mut RowSet, job: &HotJob) -> Result<(), StoreError> {
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
    row.opt_int(micros(job.finished_at)).int(job.penalty.get());
    Ok(())
}

/// The columns of `JOB_STEPS`.
fn push_step(row: &mut RowSet, job: &HotJob) -> Result<(), StoreError> {
    let facts = &job.facts;
    let micros = |time: Option<Timestamp>| time.map(Timestamp::as_micros);
    row.id(facts.id.as_uuid()).text(facts.state.as_str()).int(job.gate.number());
    row.int(facts.attempt.get().into()).int(job.cost.get());
    row.opt_text(encode_hold(&facts.hold)?.as_deref());
    row.opt_id(job.worker_id.map(WorkerId::as_uuid)).opt_int(micros(facts.lease_until));
    row.int(encode_cursor(job.cursor)?).opt_int(micros(job.started_at));
    row.opt_int(micros(job.finished_at));
    Ok(())
}

/// The columns of `JOB_CONSTANTS`.
fn push_constants(row: &mut RowSet, job: &HotJob, new: &NewJob) -> Result<(), StoreError> {
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
    row.opt_text(new.origin.map(|origin| origin.to_string()).as_deref());
    Ok(())
}

fn push_account(
    rows: &mut RowSet,
    id: OrganizationId,
    account: &HotAccount,
) -> Result<(), StoreError> {
    rows.row().id(id.as_uuid()).int(account.available).int(account.held);
    rows.int(account.state.running_roots.into()).int(account.state.queued_roots.into());
    rows.int(encode_cursor(account.cursor)?).int(account.served_at.as_micros());
    let cancellations = &account.cancellations;
    let kept = (!cancellations.is_empty()).then(|| encode_json("cancellations", cancellations));
    rows.opt_text(kept.transpose()?.as_deref());
    Ok(())
}

fn push_lots(rows: &mut RowSet, account: &HotAccount) {
    for (now, stored) in account.state.lots.iter().zip(&account.stored.lots) {
        if now != stored {
            rows.row().id(now.id.as_uuid()).int(now.remaining.get());
        }
    }
}

fn push_debts(rows: &mut RowSet, account: &HotAccount) {
    for (lot_id, owed) in &account.owed {
        if account.stored.owed.get(lot_id) != Some(owed) {
            rows.row().id(lot_id.as_uuid()).int(owed.get());
        }
    }
}

fn push_meters(
    rows: &mut RowSet,
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
