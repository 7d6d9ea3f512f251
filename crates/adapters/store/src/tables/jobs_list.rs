//! Lists of jobs.
//!
//! Invariant: a list shows the jobs of one organization, roots unless a parent is named, and
//! of those what the snapshot's eyes see.

use gantry_ports::StoreError;
use gantry_ports::store::{JobFilter, JobRecord, Order, Page, PageRequest};
use gantry_types::{JobId, OrganizationId};
use sea_orm::Value;

use super::job_rows::{JOB_COLUMNS, JOB_TABLES, JobRow};
use super::page::{PageSql, contains_pattern};
use super::sight::{Thing, and_seen};
use crate::session::Session;
use crate::sql::Sql;

/// A page of jobs.
///
/// # Errors
/// What the database says.
pub(super) async fn list(
    session: &Session,
    organization_id: OrganizationId,
    filter: &JobFilter,
    page: &PageRequest<JobId>,
) -> Result<Page<JobRecord, JobId>, StoreError> {
    let (mut conditions, mut values) = derive_conditions(organization_id, filter);
    conditions.push_str(&and_seen(session.sight(), &[Thing::Job], &mut values));
    let tail = PageSql::new(page, "j.id", values.len() + 1, JobId::as_uuid);
    values.extend(tail.values.iter().cloned());
    let text = format!("SELECT {JOB_COLUMNS} FROM {JOB_TABLES} WHERE {conditions}{}", tail.tail);
    let rows = session.sql().all::<JobRow>("job", text, values).await?;
    let jobs = rows.into_iter().map(JobRow::decode).collect::<Result<_, _>>()?;
    Ok(tail.finish(jobs, |job: &JobRecord| job.id))
}

/// Dead roots of an operation that were not redriven, oldest first.
///
/// # Errors
/// What the database says.
pub(super) async fn list_dead(
    sql: &Sql,
    operation: &str,
    after: Option<JobId>,
    limit: u32,
) -> Result<Vec<JobRecord>, StoreError> {
    let page = PageRequest { after, limit, order: Order::OldestFirst };
    let tail = PageSql::new(&page, "j.id", 2, JobId::as_uuid);
    let mut values: Vec<Value> = vec![operation.into()];
    values.extend(tail.values.iter().cloned());
    let text = format!(
        "SELECT {JOB_COLUMNS} FROM {JOB_TABLES} WHERE j.state = 'dead' AND j.operation = $1 \
         AND j.parent_id IS NULL{}",
        tail.tail
    );
    let rows = sql.all::<JobRow>("job", text, values).await?;
    let mut jobs: Vec<JobRecord> =
        rows.into_iter().map(JobRow::decode).collect::<Result<_, _>>()?;
    jobs.truncate(limit as usize);
    Ok(jobs)
}

fn derive_conditions(organization_id: OrganizationId, filter: &JobFilter) -> (String, Vec<Value>) {
    let mut conditions = String::from("j.organization_id = $1");
    let mut values: Vec<Value> = vec![organization_id.as_uuid().into()];
    let mut require = |condition: &str, value: Value| {
        values.push(value);
        let place = format!("${}", values.len());
        conditions.push_str(" AND ");
        conditions.push_str(&condition.replace("$?", &place));
    };
    if let Some(parent) = filter.parent_id {
        require("j.parent_id = $?", parent.as_uuid().into());
    }
    if let Some(operation) = &filter.operation {
        require("j.operation = $?", operation.as_str().into());
    }
    if let Some(text) = &filter.text {
        require(
            "(LOWER(j.label) LIKE $? ESCAPE '\\' OR LOWER(j.operation) LIKE $? ESCAPE '\\')",
            contains_pattern(text).into(),
        );
    }
    if let Some(origin) = filter.origin {
        require("j.origin = $?", origin.to_string().into());
    }
    if filter.parent_id.is_none() {
        conditions.push_str(" AND j.parent_id IS NULL");
    }
    if !filter.include_platform {
        conditions.push_str(" AND j.accounting = 'metered'");
    }
    if !filter.states.is_empty() {
        // Words of a closed set of ours: they cannot carry anything else into the statement.
        let words: Vec<String> = filter.states.iter().map(|state| format!("'{state}'")).collect();
        conditions.push_str(&format!(" AND j.state IN ({})", words.join(", ")));
    }
    (conditions, values)
}
