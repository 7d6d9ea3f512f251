//! Looks up ads watched for credits, decisions, and what fraud came from.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    AdCallback, AdSession, ClaimSource, FraudBlock, FraudEvent, FraudEventFilter, Page,
    PageRequest, ReadRewards,
};
use gantry_rules::fraud::BlockKind;
use gantry_types::{AdSessionId, FraudBlockId, FraudEventId, OrganizationId, Timestamp, UserId};
use sea_orm::Value;

use super::convert::{decode_serde_word, decode_time, decode_u32, decode_u64};
use super::page::PageSql;
use super::reward_rows::{
    BLOCK_COLUMNS, BlockRow, CALLBACK_COLUMNS, CallbackRow, EVENT_COLUMNS, EventRow, KindRow,
    OpenRow, SESSION_COLUMNS, SessionRow, TimeRow,
};
use crate::session::Session;

/// The column by which the claims of a source are found, and its value.
fn find_column(source: &ClaimSource) -> (&'static str, Value) {
    match source {
        ClaimSource::Person(id) => ("user_id", id.as_uuid().into()),
        ClaimSource::Address(address) => ("address", address.as_str().into()),
        ClaimSource::Device(device) => ("device", device.as_str().into()),
    }
}

#[async_trait]
impl ReadRewards for Session {
    async fn find_ad_session(
        &self,
        organization_id: OrganizationId,
        user_id: UserId,
        id: AdSessionId,
    ) -> Result<Option<AdSession>, StoreError> {
        let sql = format!(
            "SELECT {SESSION_COLUMNS} FROM ad_sessions \
             WHERE id = $1 AND organization_id = $2 AND user_id = $3"
        );
        let values =
            vec![id.as_uuid().into(), organization_id.as_uuid().into(), user_id.as_uuid().into()];
        let row = self.sql().first::<SessionRow>("ad session", sql, values).await?;
        row.map(SessionRow::decode).transpose()
    }

    async fn count_open_ad_sessions(
        &self,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<(u32, Option<Timestamp>), StoreError> {
        let sql = "SELECT COUNT(*) AS open, MIN(expires_at) AS first_end FROM ad_sessions \
                   WHERE user_id = $1 AND expires_at > $2 AND decided_at IS NULL \
                   AND watched_at IS NULL AND progress <> 'failed'";
        let values = vec![user_id.as_uuid().into(), now.as_micros().into()];
        match self.sql().first::<OpenRow>("ad session", sql, values).await? {
            Some(row) => {
                Ok((decode_u32("open sessions", row.open)?, row.first_end.map(decode_time)))
            }
            None => Ok((0, None)),
        }
    }

    async fn count_claims(
        &self,
        source: &ClaimSource,
        since: Timestamp,
    ) -> Result<u32, StoreError> {
        let (column, value) = find_column(source);
        let sql = format!("SELECT COUNT(*) FROM fraud_events WHERE {column} = $1 AND at >= $2");
        let values = vec![value, since.as_micros().into()];
        decode_u32("claims", self.sql().number("fraud event", sql, values).await?)
    }

    async fn count_other_persons(
        &self,
        source: &ClaimSource,
        user_id: UserId,
        since: Timestamp,
    ) -> Result<u32, StoreError> {
        let (column, value) = find_column(source);
        let sql = format!(
            "SELECT COUNT(DISTINCT user_id) FROM fraud_events \
             WHERE {column} = $1 AND at >= $2 AND user_id <> $3"
        );
        let values = vec![value, since.as_micros().into(), user_id.as_uuid().into()];
        decode_u32("persons", self.sql().number("fraud event", sql, values).await?)
    }

    async fn find_last_claim(&self, user_id: UserId) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT MAX(at) AS at FROM fraud_events WHERE user_id = $1";
        let values = vec![user_id.as_uuid().into()];
        let row = self.sql().first::<TimeRow>("fraud event", sql, values).await?;
        Ok(row.and_then(|row| row.at).map(decode_time))
    }

    async fn count_fraud_flags(&self, user_id: UserId) -> Result<u32, StoreError> {
        let sql = "SELECT COUNT(*) FROM fraud_events WHERE user_id = $1 AND verdict <> 'allow' \
                   AND (review IS NULL OR review <> 'cleared')";
        let values = vec![user_id.as_uuid().into()];
        decode_u32("flags", self.sql().number("fraud event", sql, values).await?)
    }

    async fn find_decision(&self, id: AdSessionId) -> Result<Option<FraudEvent>, StoreError> {
        let sql = format!("SELECT {EVENT_COLUMNS} FROM fraud_events WHERE session_id = $1");
        let row = self.sql().first::<EventRow>("fraud event", sql, vec![id.as_uuid().into()]);
        row.await?.map(EventRow::decode).transpose()
    }

    async fn find_fraud_event(&self, id: FraudEventId) -> Result<Option<FraudEvent>, StoreError> {
        let sql = format!("SELECT {EVENT_COLUMNS} FROM fraud_events WHERE id = $1");
        let row = self.sql().first::<EventRow>("fraud event", sql, vec![id.as_uuid().into()]);
        row.await?.map(EventRow::decode).transpose()
    }

    async fn list_fraud_events(
        &self,
        filter: &FraudEventFilter,
        page: &PageRequest<FraudEventId>,
    ) -> Result<Page<FraudEvent, FraudEventId>, StoreError> {
        let mut wanted = String::from("TRUE");
        let mut values: Vec<Value> = Vec::new();
        if let Some(verdict) = filter.verdict {
            values.push(verdict.as_str().into());
            wanted.push_str(&format!(" AND verdict = ${}", values.len()));
        }
        if let Some(organization_id) = filter.organization_id {
            values.push(organization_id.as_uuid().into());
            wanted.push_str(&format!(" AND organization_id = ${}", values.len()));
        }
        if filter.open_only {
            wanted.push_str(" AND review IS NULL AND verdict <> 'allow'");
        }
        let tail = PageSql::new(page, "id", values.len() + 1, FraudEventId::as_uuid);
        let sql = format!("SELECT {EVENT_COLUMNS} FROM fraud_events WHERE {wanted}{}", tail.tail);
        values.extend(tail.values.iter().cloned());
        let rows = self.sql().all::<EventRow>("fraud event", sql, values).await?;
        let events = rows.into_iter().map(EventRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(events, |event: &FraudEvent| event.id))
    }

    async fn list_fraud_blocks(
        &self,
        page: &PageRequest<FraudBlockId>,
    ) -> Result<Page<FraudBlock, FraudBlockId>, StoreError> {
        let tail = PageSql::new(page, "id", 1, FraudBlockId::as_uuid);
        let sql = format!("SELECT {BLOCK_COLUMNS} FROM fraud_blocks WHERE TRUE{}", tail.tail);
        let rows = self.sql().all::<BlockRow>("block", sql, tail.values.clone()).await?;
        let blocks = rows.into_iter().map(BlockRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(blocks, |block: &FraudBlock| block.id))
    }

    async fn find_blocked(
        &self,
        device: Option<&str>,
        networks: &[String],
    ) -> Result<Vec<BlockKind>, StoreError> {
        let mut values: Vec<Value> = Vec::new();
        let mut wanted: Vec<String> = Vec::new();
        if let Some(device) = device {
            values.push(device.into());
            wanted.push("(kind = 'device' AND value = $1)".to_owned());
        }
        if !networks.is_empty() {
            let first = values.len() + 1;
            let places: Vec<String> =
                (first..first + networks.len()).map(|place| format!("${place}")).collect();
            values.extend(networks.iter().map(|network| Value::from(network.as_str())));
            wanted.push(format!("(kind = 'network' AND value IN ({}))", places.join(", ")));
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT DISTINCT kind FROM fraud_blocks WHERE {}", wanted.join(" OR "));
        let rows = self.sql().all::<KindRow>("block", sql, values).await?;
        rows.iter().map(|row| decode_serde_word("kind of a block", &row.kind)).collect()
    }

    async fn list_pending_callbacks(&self, limit: u32) -> Result<Vec<AdCallback>, StoreError> {
        let sql = format!(
            "SELECT {CALLBACK_COLUMNS} FROM ad_callbacks WHERE outcome = 'pending' \
             ORDER BY id LIMIT $1"
        );
        let values = vec![i64::from(limit).into()];
        let rows = self.sql().all::<CallbackRow>("callback", sql, values).await?;
        rows.into_iter().map(CallbackRow::decode).collect()
    }

    async fn count_pending_callbacks(&self) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM ad_callbacks WHERE outcome = 'pending'";
        decode_u64("callbacks", self.sql().number("callback", sql, vec![]).await?)
    }
}
