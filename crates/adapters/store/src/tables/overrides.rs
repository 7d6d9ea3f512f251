//! Limits that accounts have instead of their plan's.
//!
//! Invariants: an account's row comes first, because it is the lock under which its limits change;
//! it says how many there are, so that hot commands look here for those alone that have some.

use gantry_ports::StoreError;
use gantry_ports::store::OverrideRecord;
use gantry_rules::overrides::{LimitName, LimitOverride};
use gantry_types::{OrganizationId, Timestamp, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::accounts_write::make_blocked_jobs_due;
use super::convert::{decode_time, decode_u64, decode_word, encode_u64};
use crate::session::Session;
use crate::sql::Sql;

/// A row of `limit_overrides`.
#[derive(Debug, FromQueryResult)]
struct OverrideRow {
    organization_id: Uuid,
    limit_name: String,
    value: Option<i64>,
    expires_at: Option<i64>,
    reason: String,
    set_by: Option<Uuid>,
    set_at: i64,
}

impl OverrideRow {
    fn decode(self) -> Result<OverrideRecord, StoreError> {
        Ok(OverrideRecord {
            organization_id: OrganizationId::from_uuid(self.organization_id),
            own: decode_override(&self.limit_name, (self.value, self.expires_at))?,
            reason: self.reason,
            set_by: self.set_by.map(UserId::from_uuid),
            set_at: decode_time(self.set_at),
        })
    }
}

/// A limit from its columns.
///
/// # Errors
/// A name or a number that this version does not know.
pub(crate) fn decode_override(
    limit: &str,
    (value, expires_at): (Option<i64>, Option<i64>),
) -> Result<LimitOverride, StoreError> {
    Ok(LimitOverride {
        limit: decode_word("limit", limit)?,
        value: value.map(|number| decode_u64("limit", number)).transpose()?,
        expires_at: expires_at.map(decode_time),
    })
}

/// The limits of an account, by name.
///
/// # Errors
/// What the database says.
pub(super) async fn list(
    sql: &Sql,
    organization_id: OrganizationId,
) -> Result<Vec<OverrideRecord>, StoreError> {
    let text = "SELECT organization_id, limit_name, value, expires_at, reason, set_by, set_at \
                FROM limit_overrides WHERE organization_id = $1 ORDER BY limit_name";
    let values = vec![organization_id.as_uuid().into()];
    let rows = sql.all::<OverrideRow>("limit", text, values).await?;
    rows.into_iter().map(OverrideRow::decode).collect()
}

/// Gives an account a limit of its own.
///
/// # Errors
/// Not found without the account; what the database says.
pub(super) async fn put(session: &Session, record: &OverrideRecord) -> Result<(), StoreError> {
    note_change(session, record.organization_id, (&record.own.limit, record.set_at)).await?;
    let text = "INSERT INTO limit_overrides (organization_id, limit_name, value, expires_at, \
                reason, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                ON CONFLICT (organization_id, limit_name) DO UPDATE SET value = excluded.value, \
                expires_at = excluded.expires_at, reason = excluded.reason, \
                set_by = excluded.set_by, set_at = excluded.set_at";
    let value = record.own.value.map(|number| encode_u64("limit", number)).transpose()?;
    let values = vec![
        record.organization_id.as_uuid().into(),
        record.own.limit.to_string().into(),
        value.into(),
        record.own.expires_at.map(Timestamp::as_micros).into(),
        record.reason.as_str().into(),
        record.set_by.map(UserId::as_uuid).into(),
        record.set_at.as_micros().into(),
    ];
    session.sql().run("limit", text, values).await?;
    count(session, record.organization_id).await
}

/// Takes a limit of an account's own back; `false` when there was none.
///
/// # Errors
/// As [`put`].
pub(super) async fn delete(
    session: &Session,
    organization_id: OrganizationId,
    (limit, now): (&LimitName, Timestamp),
) -> Result<bool, StoreError> {
    note_change(session, organization_id, (limit, now)).await?;
    let text = "DELETE FROM limit_overrides WHERE organization_id = $1 AND limit_name = $2";
    let values = vec![organization_id.as_uuid().into(), limit.to_string().into()];
    let deleted = session.sql().run("limit", text, values).await? > 0;
    count(session, organization_id).await?;
    Ok(deleted)
}

/// Locks the account. Another number of days for which results are kept counts as another plan,
/// so that nothing is removed for a while.
async fn note_change(
    session: &Session,
    organization_id: OrganizationId,
    (limit, now): (&LimitName, Timestamp),
) -> Result<(), StoreError> {
    let since = (*limit == LimitName::RetentionDays).then(|| now.as_micros());
    let text = "UPDATE accounts SET plan_since = COALESCE($2, plan_since) \
                WHERE organization_id = $1";
    let values = vec![organization_id.as_uuid().into(), since.into()];
    session.sql().run_on_row("account", text, values).await?;
    make_blocked_jobs_due(session, organization_id).await
}

async fn count(session: &Session, organization_id: OrganizationId) -> Result<(), StoreError> {
    let text = "UPDATE accounts SET overrides = (SELECT COUNT(*) FROM limit_overrides o \
                WHERE o.organization_id = accounts.organization_id) WHERE organization_id = $1";
    let values = vec![organization_id.as_uuid().into()];
    session.sql().run_on_row("account", text, values).await
}
