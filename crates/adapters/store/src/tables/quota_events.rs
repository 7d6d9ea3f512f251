//! Looks up what limits refused.

use gantry_ports::StoreError;
use gantry_ports::store::{QuotaEvent, QuotaEventFilter};
use gantry_types::OrganizationId;
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::convert::{decode_serde_word, decode_time, decode_u64};
use crate::sql::Sql;

/// The most rows of one answer, whatever the caller asks for.
const MOST_ROWS: u32 = 1_000;

/// A row of `quota_events`.
#[derive(Debug, FromQueryResult)]
struct EventRow {
    organization_id: Uuid,
    day: i64,
    kind: String,
    limit_name: String,
    times: i64,
    first_at: i64,
    last_at: i64,
    message: String,
}

impl EventRow {
    fn decode(self) -> Result<QuotaEvent, StoreError> {
        Ok(QuotaEvent {
            organization_id: OrganizationId::from_uuid(self.organization_id),
            day: decode_time(self.day),
            kind: decode_serde_word("quota event", &self.kind)?,
            limit: self.limit_name,
            times: decode_u64("quota event", self.times)?,
            first_at: decode_time(self.first_at),
            last_at: decode_time(self.last_at),
            message: self.message,
        })
    }
}

/// What limits refused, the newest days first.
///
/// # Errors
/// What the database says.
pub(super) async fn list(
    sql: &Sql,
    filter: &QuotaEventFilter,
) -> Result<Vec<QuotaEvent>, StoreError> {
    let mut values: Vec<Value> = vec![
        filter.from.as_micros().into(),
        filter.to.as_micros().into(),
        i64::from(filter.limit.min(MOST_ROWS)).into(),
    ];
    let whose = match filter.organization_id {
        None => "",
        Some(organization_id) => {
            values.push(organization_id.as_uuid().into());
            " AND organization_id = $4"
        }
    };
    let text = format!(
        "SELECT organization_id, day, kind, limit_name, times, first_at, last_at, message \
         FROM quota_events WHERE day >= $1 AND day < $2{whose} \
         ORDER BY day DESC, last_at DESC, organization_id, kind, limit_name LIMIT $3"
    );
    let rows = sql.all::<EventRow>("quota event", text, values).await?;
    rows.into_iter().map(EventRow::decode).collect()
}
