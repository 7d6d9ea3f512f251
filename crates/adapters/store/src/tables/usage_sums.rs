//! Sums of use: over days that were rolled up, and over the jobs of those that were not.
//!
//! Invariants: both sources are summed by the same keys, in one statement for counts and one for
//! units each; a person who was erased is nobody; units count as the settlement counts them, those
//! of jobs that succeeded or were cancelled after they had begun.

use std::collections::BTreeMap;
use std::time::Duration;

use gantry_ports::StoreError;
use gantry_ports::store::{UsageBy, UsageFilter, UsageKey, UsageSums};
use gantry_types::{Credits, MeterId, OrganizationId, Timestamp, UserId};
use sea_orm::{DbErr, FromQueryResult, QueryResult, Value};
use uuid::Uuid;

use super::convert::{decode_time, decode_u64, decode_word};
use crate::error::derive_store_error;
use crate::sql::Sql;

/// The rows in the product's words.
pub(super) const WHAT: &str = "usage";

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// From where sums come.
pub(super) struct Source {
    tables: &'static str,
    /// What beside the tables `units` is read from.
    bodies: &'static str,
    /// Which rows count.
    counted: &'static str,
    /// Which of them used units.
    used: &'static str,
    time: &'static str,
    organization: &'static str,
    operation: &'static str,
    user: &'static str,
    /// Six sums; see [`read_sums`].
    sums: &'static str,
    /// The column with units by meter, and the member of it.
    units: (&'static str, Option<&'static str>),
}

/// Days that were rolled up.
pub(super) const ROLLED_UP: Source = Source {
    tables: "usage_days u",
    bodies: "",
    counted: "TRUE",
    used: "TRUE",
    time: "u.day",
    organization: "u.organization_id",
    operation: "u.operation",
    user: "u.user_id",
    sums: "CAST(SUM(u.jobs) AS BIGINT), CAST(SUM(u.succeeded) AS BIGINT), \
           CAST(SUM(u.failed) AS BIGINT), CAST(SUM(u.cancelled) AS BIGINT), \
           CAST(SUM(u.credits) AS BIGINT), CAST(SUM(u.busy_micros) AS BIGINT)",
    units: ("u.units", None),
};

/// Root jobs that ended.
pub(super) const ENDED: Source = Source {
    tables: "jobs j LEFT JOIN users p ON p.id = j.submitted_by AND p.status <> 'erased'",
    bodies: " JOIN job_bodies b ON b.job_id = j.id",
    counted: "j.parent_id IS NULL AND j.accounting = 'metered'",
    used: "(j.state = 'succeeded' OR j.state = 'cancelled' AND j.attempt > 0)",
    time: "j.finished_at",
    organization: "j.organization_id",
    operation: "j.operation",
    user: "p.id",
    sums: "COUNT(*), \
           CAST(SUM(CASE WHEN j.state = 'succeeded' THEN 1 ELSE 0 END) AS BIGINT), \
           CAST(SUM(CASE WHEN j.state IN ('failed', 'dead') THEN 1 ELSE 0 END) AS BIGINT), \
           CAST(SUM(CASE WHEN j.state = 'cancelled' THEN 1 ELSE 0 END) AS BIGINT), \
           CAST(SUM(j.cost) AS BIGINT), \
           CAST(SUM(CASE WHEN j.finished_at > j.started_at \
           THEN j.finished_at - j.started_at ELSE 0 END) AS BIGINT)",
    units: ("b.needs", Some("meters")),
};

/// By what rows are grouped, and how that is read back: it stands first in a row.
pub(super) struct Keys<K> {
    columns: String,
    width: usize,
    read: Read<K>,
}

/// Reads what a row is grouped by.
type Read<K> = fn(&QueryResult) -> Result<K, DbErr>;

/// The key of a row of `usage_days` beside its day.
pub(super) type RowKey = (OrganizationId, String, Option<UserId>);

impl Keys<UsageKey> {
    /// One column.
    pub(super) fn of(source: &Source, by: UsageBy) -> Self {
        let columns = match by {
            UsageBy::Day => format!("{} / {DAY}", source.time),
            UsageBy::Operation => source.operation.to_owned(),
            UsageBy::Member => source.user.to_owned(),
            UsageBy::Organization => source.organization.to_owned(),
        };
        let read: Read<UsageKey> = match by {
            UsageBy::Day => read_day,
            UsageBy::Operation => read_operation,
            UsageBy::Member => read_member,
            UsageBy::Organization => read_organization,
        };
        Self { columns, width: 1, read }
    }
}

impl Keys<RowKey> {
    /// What tells the rows of a day apart.
    pub(super) fn of_row(source: &Source) -> Self {
        let Source { organization, operation, user, .. } = source;
        Self { columns: format!("{organization}, {operation}, {user}"), width: 3, read: read_row }
    }
}

fn read_day(row: &QueryResult) -> Result<UsageKey, DbErr> {
    let day = row.try_get_by_index::<i64>(0)?;
    Ok(UsageKey::Day(decode_time(day.saturating_mul(DAY))))
}

fn read_operation(row: &QueryResult) -> Result<UsageKey, DbErr> {
    let name = row.try_get_by_index::<String>(0)?;
    Ok(UsageKey::Operation(Some(name).filter(|name| !name.is_empty())))
}

fn read_member(row: &QueryResult) -> Result<UsageKey, DbErr> {
    Ok(UsageKey::Member(find_person(row.try_get_by_index::<Option<Uuid>>(0)?)))
}

fn read_organization(row: &QueryResult) -> Result<UsageKey, DbErr> {
    let id = row.try_get_by_index::<Uuid>(0)?;
    Ok(UsageKey::Organization(OrganizationId::from_uuid(id)))
}

fn read_row(row: &QueryResult) -> Result<RowKey, DbErr> {
    let organization_id = OrganizationId::from_uuid(row.try_get_by_index::<Uuid>(0)?);
    let operation = row.try_get_by_index::<String>(1)?;
    Ok((organization_id, operation, find_person(row.try_get_by_index::<Option<Uuid>>(2)?)))
}

/// Nobody is kept as an identifier without bits.
fn find_person(id: Option<Uuid>) -> Option<UserId> {
    id.filter(|id| !id.is_nil()).map(UserId::from_uuid)
}

/// Adds what a source says of the filter's days.
///
/// # Errors
/// What the database says.
pub(super) async fn add<K: Ord + Send>(
    sql: &Sql,
    source: &Source,
    keys: &Keys<K>,
    filter: &UsageFilter,
    found: &mut BTreeMap<K, UsageSums>,
) -> Result<(), StoreError> {
    if filter.from >= filter.to {
        return Ok(());
    }
    let Keys { columns, width, read } = keys;
    let (condition, values) = derive_condition(source, filter);
    let places: Vec<String> = (1..=width + 1).map(|place| place.to_string()).collect();
    let Source { tables, bodies, used, sums, units: (object, member), .. } = source;
    let by_key = places[..*width].join(", ");
    let text =
        format!("SELECT {columns}, {sums} FROM {tables} WHERE {condition} GROUP BY {by_key}");
    let read_counts = |row: &QueryResult| -> Result<(K, UsageSums), StoreError> {
        let key = read(row).map_err(|error| derive_store_error(&error, WHAT))?;
        Ok((key, read_sums(row, *width)?))
    };
    for (key, sums) in sql.all_by(WHAT, text, values.clone(), read_counts).await? {
        found.entry(key).or_default().add(&sums);
    }
    let members = sql.dialect().members(object, *member);
    let text = format!(
        "SELECT {columns}, m.key, CAST(SUM(CAST(m.value AS BIGINT)) AS BIGINT) \
         FROM {tables}{bodies} {members} WHERE {condition} AND {used} GROUP BY {}",
        places.join(", ")
    );
    let read_units = |row: &QueryResult| -> Result<(K, (MeterId, u64)), StoreError> {
        let key = read(row).map_err(|error| derive_store_error(&error, WHAT))?;
        Ok((key, read_meter(row, *width)?))
    };
    for (key, (meter, units)) in sql.all_by(WHAT, text, values, read_units).await? {
        found.entry(key).or_default().add_units(meter, units);
    }
    Ok(())
}

/// The condition of the rows that a filter means, and its values.
fn derive_condition(source: &Source, filter: &UsageFilter) -> (String, Vec<Value>) {
    let Source { counted, time, organization, user, .. } = source;
    let mut text = format!("{counted} AND {time} >= $1 AND {time} < $2");
    let mut values: Vec<Value> = vec![filter.from.as_micros().into(), filter.to.as_micros().into()];
    if let Some(id) = filter.organization_id {
        values.push(id.as_uuid().into());
        text = format!("{text} AND {organization} = ${}", values.len());
    }
    if let Some(id) = filter.user_id {
        values.push(id.as_uuid().into());
        text = format!("{text} AND {user} = ${}", values.len());
    }
    (text, values)
}

fn read_number(row: &QueryResult, place: usize) -> Result<i64, StoreError> {
    row.try_get_by_index::<i64>(place).map_err(|error| derive_store_error(&error, WHAT))
}

/// Jobs, succeeded, failed, cancelled, credits and microseconds, from `first` on.
fn read_sums(row: &QueryResult, first: usize) -> Result<UsageSums, StoreError> {
    let count = |place: usize| decode_u64(WHAT, read_number(row, first + place)?);
    Ok(UsageSums {
        jobs: count(0)?,
        succeeded: count(1)?,
        failed: count(2)?,
        cancelled: count(3)?,
        credits: Credits::new(read_number(row, first + 4)?),
        busy: Duration::from_micros(count(5)?),
        units: BTreeMap::new(),
    })
}

fn read_meter(row: &QueryResult, place: usize) -> Result<(MeterId, u64), StoreError> {
    let name = row.try_get_by_index::<String>(place);
    let name = name.map_err(|error| derive_store_error(&error, WHAT))?;
    Ok((decode_word("meter", &name)?, decode_u64(WHAT, read_number(row, place + 1)?)?))
}

/// Requests with keys of an organization on a day.
#[derive(Debug, FromQueryResult)]
struct CallsRow {
    organization_id: Uuid,
    period_start: i64,
    used: i64,
}

/// Requests with keys, where the plan counts them by the day, which are nobody's.
///
/// # Errors
/// What the database says.
pub(super) async fn list_calls(
    sql: &Sql,
    filter: &UsageFilter,
) -> Result<Vec<(OrganizationId, Timestamp, u64)>, StoreError> {
    if filter.user_id.is_some() || filter.from >= filter.to {
        return Ok(Vec::new());
    }
    let mut text = "SELECT c.organization_id, c.period_start, c.used FROM meter_usage c \
                    WHERE c.meter = $1 AND c.period_start >= $2 AND c.period_start < $3 \
                    AND c.used > 0"
        .to_owned();
    let mut values: Vec<Value> = vec![
        MeterId::api_calls().of_day().as_str().into(),
        filter.from.as_micros().into(),
        filter.to.as_micros().into(),
    ];
    if let Some(id) = filter.organization_id {
        values.push(id.as_uuid().into());
        text.push_str(" AND c.organization_id = $4");
    }
    let rows = sql.all::<CallsRow>(WHAT, text, values).await?;
    let decode = |row: CallsRow| -> Result<(OrganizationId, Timestamp, u64), StoreError> {
        let id = OrganizationId::from_uuid(row.organization_id);
        Ok((id, decode_time(row.period_start), decode_u64(WHAT, row.used)?))
    };
    rows.into_iter().map(decode).collect()
}
