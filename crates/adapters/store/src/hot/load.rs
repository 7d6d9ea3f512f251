//! Loads what a batch touches, one statement per table.

use std::collections::{BTreeMap, BTreeSet};

use gantry_ports::StoreError;
use gantry_rules::account::{AccountState, Lot, MeterUse};
use gantry_rules::overrides::{LimitOverride, derive_terms};
use gantry_rules::plan::PlanTerms;
use gantry_types::{AllowanceId, JobId, OrganizationId, Timestamp};
use uuid::Uuid;

use super::account::HotAccount;
use super::books::Books;
use super::job::{Gate, HotJob};
use super::statements::Statements;
use super::submit::KeyOf;
use crate::batch_sql::BatchSql;
use crate::dialect::JsonRows;
use crate::error::broken;

mod rows;

pub(super) use rows::IdRow;
use rows::{AccountRow, AllowanceRow, JobRow, KeyRow, MoneyRow, OverrideRow, PlanRow};

/// Siblings behind their gate that one batch may open.
const MOST_SIBLINGS: i64 = 512;

/// What a batch needs to know.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Accounts by identifier.
    pub(super) accounts: BTreeSet<OrganizationId>,
    /// Accounts of which the row suffices.
    pub(super) claimants: BTreeSet<OrganizationId>,
    /// Jobs whose accounts, holds, ancestors and siblings are needed too.
    pub(super) money_jobs: BTreeSet<JobId>,
    /// Jobs of which the row suffices.
    pub(super) jobs: BTreeSet<JobId>,
    /// Jobs whose whole trees are needed.
    pub(super) trees: BTreeSet<JobId>,
    /// Allowances; their accounts are named too.
    pub(super) allowances: BTreeSet<AllowanceId>,
    /// Idempotency keys.
    pub(super) keys: BTreeSet<KeyOf>,
    /// The earliest time of a command that limits decide on, which says which limits an account
    /// has and since when its meters count.
    pub(super) now: Option<Timestamp>,
}

/// Terms of plans; plans are never changed, so that what was read once stays right.
pub(super) type PlanCache = BTreeMap<Uuid, PlanTerms>;

/// Loads into empty books.
///
/// # Errors
/// What the database says.
pub(super) async fn load(
    sql: BatchSql<'_>,
    statements: &Statements,
    plans: &mut PlanCache,
    wanted: &Wanted,
) -> Result<Books, StoreError> {
    let mut books = Books::empty();
    let money = id_rows(wanted.money_jobs.iter().map(|id| id.as_uuid()));
    let named = id_rows(wanted.accounts.union(&wanted.claimants).map(|id| id.as_uuid()));
    if named.len() > 0 || !wanted.money_jobs.is_empty() {
        let values = vec![named.finish(), money.finish()];
        let rows =
            sql.all::<AccountRow>("account", &statements.load.select_accounts, values).await?;
        insert_accounts(&mut books, rows, (sql, statements, plans), wanted.now).await?;
    }
    load_jobs(sql, statements, wanted, &mut books).await?;
    load_allowances(sql, statements, wanted, &mut books).await?;
    load_money(sql, statements, wanted, &mut books).await?;
    load_keys(sql, statements, wanted, &mut books).await?;
    Ok(books)
}

/// Adds accounts to the books, with what they may and nothing of their lots and meters. Where no
/// command asks for limits, what they may is what their plans say.
async fn insert_accounts(
    books: &mut Books,
    rows: Vec<AccountRow>,
    (sql, statements, plans): (BatchSql<'_>, &Statements, &mut PlanCache),
    now: Option<Timestamp>,
) -> Result<(), StoreError> {
    let missing = rows.iter().map(|row| row.plan_id).filter(|id| !plans.contains_key(id));
    let missing: BTreeSet<Uuid> = missing.collect();
    if !missing.is_empty() {
        let values = vec![id_rows(missing.into_iter()).finish()];
        for row in sql.all::<PlanRow>("plan", &statements.load.select_plans, values).await? {
            let (id, terms) = row.decode()?;
            plans.insert(id, terms);
        }
    }
    let own = load_overrides(sql, statements, &rows).await?;
    for row in rows {
        let plan = plans.get(&row.plan_id).ok_or(StoreError::NotFound { what: "plan" })?;
        let terms = match (now, own.get(&row.organization_id)) {
            (Some(now), Some(own)) => derive_terms(plan, own, now),
            (Some(_) | None, Some(_) | None) => plan.clone(),
        };
        let account = row.decode(terms)?;
        books.accounts.insert(account.state.organization_id, account);
    }
    Ok(())
}

/// The limits that accounts have instead of their plans'. Few have any: nothing is asked for the
/// others.
async fn load_overrides(
    sql: BatchSql<'_>,
    statements: &Statements,
    rows: &[AccountRow],
) -> Result<BTreeMap<Uuid, Vec<LimitOverride>>, StoreError> {
    let mut own: BTreeMap<Uuid, Vec<LimitOverride>> = BTreeMap::new();
    let having =
        id_rows(rows.iter().filter(|row| row.overrides > 0).map(|row| row.organization_id));
    if having.len() == 0 {
        return Ok(own);
    }
    let values = vec![having.finish()];
    for row in sql.all::<OverrideRow>("limit", &statements.load.select_overrides, values).await? {
        let (organization_id, limit) = row.decode()?;
        own.entry(organization_id).or_default().push(limit);
    }
    Ok(own)
}

/// Loads and locks the jobs that the books lack.
///
/// # Errors
/// What the database says.
pub(super) async fn load_missing_jobs(
    sql: BatchSql<'_>,
    statements: &Statements,
    books: &mut Books,
    wanted: &[JobId],
) -> Result<(), StoreError> {
    let missing = wanted.iter().filter(|id| !books.jobs.contains_key(id));
    let missing = id_rows(missing.map(|id| id.as_uuid()));
    if missing.len() == 0 {
        return Ok(());
    }
    let values = vec![missing.finish()];
    for row in sql.all::<JobRow>("job", &statements.load.select_jobs, values).await? {
        // What an earlier command of this batch changed is newer.
        let job = row.decode()?;
        books.jobs.entry(job.id()).or_insert(job);
    }
    Ok(())
}

async fn load_jobs(
    sql: BatchSql<'_>,
    statements: &Statements,
    wanted: &Wanted,
    books: &mut Books,
) -> Result<(), StoreError> {
    if wanted.jobs.is_empty() && wanted.money_jobs.is_empty() {
        return Ok(());
    }
    let named = wanted.jobs.union(&wanted.money_jobs).map(|id| id.as_uuid());
    let values = vec![id_rows(named).finish()];
    for row in sql.all::<JobRow>("job", &statements.load.select_jobs, values).await? {
        let job = row.decode()?;
        books.jobs.insert(job.id(), job);
    }
    load_trees(sql, statements, wanted, books).await?;
    let ending = wanted.money_jobs.iter().filter_map(|id| books.jobs.get(id));
    let roots = ending.filter(|job| !job.is_root()).map(|job| job.facts.root_id);
    let roots: BTreeSet<JobId> = roots.collect();
    if !roots.is_empty() {
        let roots = id_rows(roots.iter().map(|id| id.as_uuid()));
        let values = vec![roots.finish(), MOST_SIBLINGS.into()];
        for row in sql.all::<JobRow>("job", &statements.load.select_held_back, values).await? {
            let job = row.decode()?;
            books.jobs.entry(job.id()).or_insert(job);
        }
    }
    let behind: Vec<&HotJob> =
        books.jobs.values().filter(|job| job.gate == Gate::Sibling && job.is_queued()).collect();
    let behind: Vec<(JobId, JobId)> =
        behind.into_iter().map(|job| (job.facts.root_id, job.id())).collect();
    for (root_id, id) in behind {
        books.held_back.entry(root_id).or_default().insert(id);
    }
    Ok(())
}

/// Loads what stands above the children named and, of the trees named, everything. Two batches
/// that take the jobs of one tree have its account's lock before.
async fn load_trees(
    sql: BatchSql<'_>,
    statements: &Statements,
    wanted: &Wanted,
    books: &mut Books,
) -> Result<(), StoreError> {
    let named = wanted.money_jobs.iter().filter_map(|id| books.jobs.get(id));
    let children = id_rows(named.filter(|job| !job.is_root()).map(|job| job.id().as_uuid()));
    if children.len() == 0 && wanted.trees.is_empty() {
        return Ok(());
    }
    let trees = id_rows(wanted.trees.iter().map(|id| id.as_uuid()));
    let values = vec![children.finish(), trees.finish()];
    for row in sql.all::<JobRow>("job", &statements.load.select_trees, values).await? {
        let job = row.decode()?;
        books.jobs.entry(job.id()).or_insert(job);
    }
    Ok(())
}

/// Their accounts are locked by now, and nobody writes them without that lock.
async fn load_allowances(
    sql: BatchSql<'_>,
    statements: &Statements,
    wanted: &Wanted,
    books: &mut Books,
) -> Result<(), StoreError> {
    if wanted.allowances.is_empty() {
        return Ok(());
    }
    let values = vec![id_rows(wanted.allowances.iter().map(|id| id.as_uuid())).finish()];
    let text = &statements.load.select_allowances;
    for row in sql.all::<AllowanceRow>("allowance", text, values).await? {
        row.decode_into(books)?;
    }
    Ok(())
}

async fn load_money(
    sql: BatchSql<'_>,
    statements: &Statements,
    wanted: &Wanted,
    books: &mut Books,
) -> Result<(), StoreError> {
    let owners: BTreeSet<OrganizationId> =
        books.jobs.values().map(|job| job.facts.organization_id).collect();
    let moved =
        books.accounts.keys().filter(|id| wanted.accounts.contains(id) || owners.contains(id));
    let moved: Vec<OrganizationId> = moved.copied().collect();
    let accounts = id_rows(moved.iter().map(|id| id.as_uuid()));
    if accounts.len() == 0 {
        return Ok(());
    }
    let holds = || books.jobs.values().map(|job| &job.facts.hold);
    let held_lots: BTreeSet<Uuid> =
        holds().flat_map(|hold| &hold.credits).map(|part| part.lot_id.as_uuid()).collect();
    let held_since = holds().flat_map(|hold| &hold.units).map(|part| part.period_start);
    let allowed = books.allowances.values().flat_map(|allowance| &allowance.parts);
    let allowed_since = allowed.map(|part| part.held.period_start);
    let counting = moved.iter().filter_map(|id| books.accounts.get(id));
    let counted_since =
        counting.filter_map(|account| Some(account.state.derive_since(wanted.now?)));
    let earliest = held_since.chain(allowed_since).chain(counted_since).min();
    let values = vec![
        accounts.finish(),
        id_rows(held_lots.into_iter()).finish(),
        earliest.map_or(i64::MAX, Timestamp::as_micros).into(),
    ];
    for row in sql.all::<MoneyRow>("account", &statements.load.select_money, values).await? {
        row.decode_into(books)?;
    }
    for account in books.accounts.values_mut() {
        account.note_stored();
    }
    Ok(())
}

async fn load_keys(
    sql: BatchSql<'_>,
    statements: &Statements,
    wanted: &Wanted,
    books: &mut Books,
) -> Result<(), StoreError> {
    if wanted.keys.is_empty() {
        return Ok(());
    }
    let mut rows = JsonRows::new();
    for (organization_id, route, key) in &wanted.keys {
        rows.row().id(organization_id.as_uuid()).text(route).text(key);
    }
    let values = vec![rows.finish()];
    for row in sql.all::<KeyRow>("idempotency key", &statements.load.select_keys, values).await? {
        let (key, kept) = row.decode()?;
        books.keys.insert(key, kept);
    }
    Ok(())
}

/// A row set of identifiers.
pub(super) fn id_rows(ids: impl Iterator<Item = Uuid>) -> JsonRows {
    let mut rows = JsonRows::new();
    for id in ids {
        rows.row().id(id);
    }
    rows
}
