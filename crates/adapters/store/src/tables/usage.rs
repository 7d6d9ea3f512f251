//! Use by day: looked up, rolled up, and taken from those who were erased.
//!
//! Invariant: an answer has the days up to `usage_progress` from `usage_days` and the later ones
//! from the jobs, in one snapshot, so that no job is counted twice or left out. Who rolls up and who
//! erases holds the row of `usage_progress`, so that nothing is rolled up of what is being erased.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    QuotaEvent, QuotaEventFilter, ReadUsage, UsageBy, UsageFilter, UsageKey, UsageSums, WriteUsage,
};
use gantry_rules::period::derive_day;
use gantry_types::{Credits, MeterId, OrganizationId, Timestamp, UserId};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::convert::{decode_json, decode_time, decode_u64, encode_json, encode_u64};
use super::quota_events;
use super::usage_sums::{ENDED, Keys, ROLLED_UP, RowKey, WHAT, add, list_calls};
use crate::dialect::{Column, JsonRows, Kind};
use crate::session::Session;
use crate::sql::Sql;

/// Rows of one statement.
const BATCH: usize = 500;

/// The columns of `usage_days`.
const COLUMNS: &[Column] = &[
    ("organization_id", Kind::Id),
    ("day", Kind::Int),
    ("operation", Kind::Text),
    ("user_id", Kind::Id),
    ("jobs", Kind::Int),
    ("succeeded", Kind::Int),
    ("failed", Kind::Int),
    ("cancelled", Kind::Int),
    ("credits", Kind::Int),
    ("busy_micros", Kind::Int),
    ("units", Kind::Text),
];

#[derive(Debug, FromQueryResult)]
struct TimeRow {
    at: Option<i64>,
}

/// A row of `usage_days`.
#[derive(Debug, FromQueryResult)]
struct DayRow {
    organization_id: Uuid,
    day: i64,
    operation: String,
    jobs: i64,
    succeeded: i64,
    failed: i64,
    cancelled: i64,
    credits: i64,
    busy_micros: i64,
    units: String,
}

impl DayRow {
    fn decode_sums(&self) -> Result<UsageSums, StoreError> {
        Ok(UsageSums {
            jobs: decode_u64(WHAT, self.jobs)?,
            succeeded: decode_u64(WHAT, self.succeeded)?,
            failed: decode_u64(WHAT, self.failed)?,
            cancelled: decode_u64(WHAT, self.cancelled)?,
            credits: Credits::new(self.credits),
            busy: Duration::from_micros(decode_u64(WHAT, self.busy_micros)?),
            units: decode_json(WHAT, &self.units)?,
        })
    }
}

#[async_trait]
impl ReadUsage for Session {
    async fn sum_usage(
        &self,
        filter: &UsageFilter,
        by: UsageBy,
    ) -> Result<BTreeMap<UsageKey, UsageSums>, StoreError> {
        let rolled_up_to = self.find_rolled_up_to().await?.unwrap_or(filter.from);
        let border = rolled_up_to.max(filter.from).min(filter.to);
        let before = UsageFilter { to: border, ..*filter };
        let after = UsageFilter { from: border, ..*filter };
        let mut found = BTreeMap::new();
        add(self.sql(), &ROLLED_UP, &Keys::of(&ROLLED_UP, by), &before, &mut found).await?;
        add(self.sql(), &ENDED, &Keys::of(&ENDED, by), &after, &mut found).await?;
        for (organization_id, day, calls) in list_calls(self.sql(), &after).await? {
            let key = match by {
                UsageBy::Day => UsageKey::Day(day),
                UsageBy::Operation => UsageKey::Operation(None),
                UsageBy::Member => UsageKey::Member(None),
                UsageBy::Organization => UsageKey::Organization(organization_id),
            };
            let sums: &mut UsageSums = found.entry(key).or_default();
            sums.add_units(MeterId::api_calls(), calls);
        }
        Ok(found)
    }

    async fn find_rolled_up_to(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT rolled_up_to AS at FROM usage_progress";
        let row = self.sql().first::<TimeRow>(WHAT, sql, Vec::new()).await?;
        Ok(row.and_then(|row| row.at).map(decode_time))
    }

    async fn find_first_usage(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT finished_at AS at FROM jobs WHERE parent_id IS NULL \
                   AND accounting = 'metered' AND finished_at IS NOT NULL \
                   ORDER BY finished_at LIMIT 1";
        let row = self.sql().first::<TimeRow>(WHAT, sql, Vec::new()).await?;
        Ok(row.and_then(|row| row.at).map(decode_time))
    }

    async fn list_quota_events(
        &self,
        filter: &QuotaEventFilter,
    ) -> Result<Vec<QuotaEvent>, StoreError> {
        quota_events::list(self.sql(), filter).await
    }
}

#[async_trait]
impl WriteUsage for Session {
    async fn roll_up_day(&self, day: Timestamp) -> Result<u64, StoreError> {
        let period = derive_day(day);
        let (from, to) = (period.start, period.end);
        let sql = "UPDATE usage_progress SET rolled_up_to = CASE WHEN rolled_up_to > $1 \
                   THEN rolled_up_to ELSE $1 END";
        self.sql().run_on_row(WHAT, sql, vec![to.as_micros().into()]).await?;
        let filter = UsageFilter { from, to, organization_id: None, user_id: None };
        let mut found: BTreeMap<RowKey, UsageSums> = BTreeMap::new();
        add(self.sql(), &ENDED, &Keys::of_row(&ENDED), &filter, &mut found).await?;
        for (organization_id, _, calls) in list_calls(self.sql(), &filter).await? {
            let sums = found.entry((organization_id, String::new(), None)).or_default();
            sums.add_units(MeterId::api_calls(), calls);
        }
        let sql = "DELETE FROM usage_days WHERE day = $1";
        self.sql().run(WHAT, sql, vec![from.as_micros().into()]).await?;
        let rows: Vec<(Timestamp, RowKey, UsageSums)> =
            found.into_iter().map(|(key, sums)| (from, key, sums)).collect();
        insert(self.sql(), &rows).await?;
        Ok(rows.len() as u64)
    }
}

async fn insert(sql: &Sql, rows: &[(Timestamp, RowKey, UsageSums)]) -> Result<(), StoreError> {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    let given = sql.dialect().rows(1, COLUMNS);
    let text = format!("INSERT INTO usage_days ({names}) SELECT {names} FROM {given} r");
    for batch in rows.chunks(BATCH) {
        let mut set = JsonRows::new();
        for (day, (organization_id, operation, user_id), sums) in batch {
            let user_id = user_id.map_or(Uuid::nil(), UserId::as_uuid);
            let micros = u64::try_from(sums.busy.as_micros()).unwrap_or(u64::MAX);
            set.row()
                .id(organization_id.as_uuid())
                .int(day.as_micros())
                .text(operation)
                .id(user_id)
                .int(encode_u64(WHAT, sums.jobs)?)
                .int(encode_u64(WHAT, sums.succeeded)?)
                .int(encode_u64(WHAT, sums.failed)?)
                .int(encode_u64(WHAT, sums.cancelled)?)
                .int(sums.credits.get())
                .int(encode_u64(WHAT, micros)?)
                .text(&encode_json(WHAT, &sums.units)?);
        }
        sql.run(WHAT, text.clone(), vec![set.finish()]).await?;
    }
    Ok(())
}

/// Lets no day be rolled up until the transaction ends.
///
/// # Errors
/// What the database says.
pub(super) async fn hold_back(sql: &Sql) -> Result<(), StoreError> {
    let text = format!(
        "SELECT rolled_up_to AS at FROM usage_progress WHERE id = 1{}",
        sql.dialect().for_update()
    );
    sql.first::<TimeRow>(WHAT, text, Vec::new()).await.map(drop)
}

/// What an erased person used becomes nobody's: their rows are added to those of nobody.
///
/// # Errors
/// What the database says.
pub(super) async fn forget_person(sql: &Sql, user_id: UserId) -> Result<(), StoreError> {
    hold_back(sql).await?;
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let beside = "EXISTS (SELECT 1 FROM usage_days o WHERE o.user_id = $1 \
                  AND o.organization_id = usage_days.organization_id \
                  AND o.day = usage_days.day AND o.operation = usage_days.operation)";
    let select = format!(
        "SELECT {} FROM usage_days WHERE user_id = $1 OR user_id = $2 AND {beside}",
        names.join(", ")
    );
    let ids = || -> Vec<Value> { vec![user_id.as_uuid().into(), Uuid::nil().into()] };
    let mut merged: BTreeMap<(OrganizationId, i64, String), UsageSums> = BTreeMap::new();
    for row in sql.all::<DayRow>(WHAT, select, ids()).await? {
        let sums = row.decode_sums()?;
        let key = (OrganizationId::from_uuid(row.organization_id), row.day, row.operation);
        merged.entry(key).or_default().add(&sums);
    }
    if merged.is_empty() {
        return Ok(());
    }
    let delete = format!("DELETE FROM usage_days WHERE user_id = $2 AND {beside}");
    sql.run(WHAT, delete, ids()).await?;
    let delete = "DELETE FROM usage_days WHERE user_id = $1";
    sql.run(WHAT, delete, vec![user_id.as_uuid().into()]).await?;
    let rows: Vec<(Timestamp, RowKey, UsageSums)> = merged
        .into_iter()
        .map(|((id, day, operation), sums)| (decode_time(day), (id, operation, None), sums))
        .collect();
    insert(sql, &rows).await
}
