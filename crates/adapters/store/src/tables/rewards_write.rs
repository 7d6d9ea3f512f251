//! Changes ads watched for credits, decisions, and the list of what fraud came from.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    AdCallback, AdProgress, AdSession, CallbackOutcome, ClaimSource, FraudBlock, FraudEvent,
    FraudReview, WriteRewards,
};
use gantry_types::{
    AdCallbackId, AdSessionId, FraudBlockId, FraudEventId, LotId, OrganizationId, Timestamp, UserId,
};

use super::access_write::lock_name;
use super::convert::{encode_json, encode_serde_word};
use super::reward_rows::{BLOCK_COLUMNS, BlockRow};
use crate::session::Session;

#[async_trait]
impl WriteRewards for Session {
    async fn lock_claims(&self, source: &ClaimSource) -> Result<(), StoreError> {
        let name = match source {
            ClaimSource::Person(id) => format!("claims of the person {id}"),
            ClaimSource::Address(address) => format!("claims from the address {address}"),
            ClaimSource::Device(device) => format!("claims from the device {device}"),
        };
        lock_name(self, &name).await
    }

    async fn insert_ad_session(&self, session: &AdSession) -> Result<(), StoreError> {
        let sql = "INSERT INTO ad_sessions (id, organization_id, user_id, provider, progress, \
                   created_at, expires_at, watched_at, decided_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values = vec![
            session.id.as_uuid().into(),
            session.organization_id.as_uuid().into(),
            session.user_id.as_uuid().into(),
            session.provider.as_str().into(),
            session.progress.as_str().into(),
            session.created_at.as_micros().into(),
            session.expires_at.as_micros().into(),
            session.watched_at.map(Timestamp::as_micros).into(),
            session.decided_at.map(Timestamp::as_micros).into(),
        ];
        self.sql().run("ad session", sql, values).await.map(drop)
    }

    async fn set_ad_progress(
        &self,
        (organization_id, user_id, id): (OrganizationId, UserId, AdSessionId),
        progress: AdProgress,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE ad_sessions SET progress = $4 \
                   WHERE id = $1 AND organization_id = $2 AND user_id = $3";
        let values = vec![
            id.as_uuid().into(),
            organization_id.as_uuid().into(),
            user_id.as_uuid().into(),
            progress.as_str().into(),
        ];
        self.sql().run_on_row("ad session", sql, values).await
    }

    async fn note_watched(&self, id: AdSessionId, at: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE ad_sessions SET watched_at = $2 WHERE id = $1 AND watched_at IS NULL";
        let values = vec![id.as_uuid().into(), at.as_micros().into()];
        Ok(self.sql().run("ad session", sql, values).await? > 0)
    }

    async fn note_decided(&self, id: AdSessionId, at: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE ad_sessions SET decided_at = $2 WHERE id = $1 AND decided_at IS NULL";
        let values = vec![id.as_uuid().into(), at.as_micros().into()];
        self.sql().run_on_row("ad session", sql, values).await
    }

    async fn insert_callback(&self, callback: &AdCallback) -> Result<(), StoreError> {
        let sql = "INSERT INTO ad_callbacks (id, provider, query_sha256, query, transaction_ref, \
                   outcome, note, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = vec![
            callback.id.as_uuid().into(),
            callback.provider.as_str().into(),
            callback.query_sha256.as_str().into(),
            callback.query.as_str().into(),
            callback.transaction_ref.clone().into(),
            encode_serde_word("outcome of a callback", &callback.outcome)?.into(),
            callback.note.as_str().into(),
            callback.received_at.as_micros().into(),
        ];
        self.sql().run("callback", sql, values).await.map(drop)
    }

    async fn settle_callback(
        &self,
        id: AdCallbackId,
        transaction_ref: Option<&str>,
        (outcome, note): (CallbackOutcome, &str),
    ) -> Result<(), StoreError> {
        let sql = "UPDATE ad_callbacks SET transaction_ref = $2, outcome = $3, note = $4 \
                   WHERE id = $1 AND outcome = 'pending'";
        let values = vec![
            id.as_uuid().into(),
            transaction_ref.map(str::to_owned).into(),
            encode_serde_word("outcome of a callback", &outcome)?.into(),
            note.into(),
        ];
        self.sql().run_on_row("callback", sql, values).await
    }

    async fn insert_fraud_event(&self, event: &FraudEvent) -> Result<(), StoreError> {
        let sql = "INSERT INTO fraud_events (id, session_id, organization_id, user_id, verdict, \
                   score, signals, credits, lot_id, address, device, user_agent, note, at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
        let values = vec![
            event.id.as_uuid().into(),
            event.session_id.as_uuid().into(),
            event.organization_id.as_uuid().into(),
            event.user_id.as_uuid().into(),
            event.verdict.as_str().into(),
            i64::from(event.score.thousandths()).into(),
            encode_json("signals", &event.signals)?.into(),
            event.credits.get().into(),
            event.lot_id.map(LotId::as_uuid).into(),
            event.address.as_str().into(),
            event.device.clone().into(),
            event.user_agent.as_str().into(),
            event.note.as_str().into(),
            event.at.as_micros().into(),
        ];
        self.sql().run("fraud event", sql, values).await.map(drop)
    }

    async fn set_fraud_review(
        &self,
        id: FraudEventId,
        review: &FraudReview,
        lot_id: Option<LotId>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE fraud_events SET review = $2, reviewer_id = $3, review_note = $4, \
                   reviewed_at = $5, lot_id = COALESCE($6, lot_id) \
                   WHERE id = $1 AND review IS NULL";
        let values = vec![
            id.as_uuid().into(),
            review.outcome.as_str().into(),
            review.reviewer_id.map(UserId::as_uuid).into(),
            review.note.as_str().into(),
            review.at.as_micros().into(),
            lot_id.map(LotId::as_uuid).into(),
        ];
        self.sql().run_on_row("fraud event that nobody looked at", sql, values).await
    }

    async fn insert_fraud_block(&self, block: &FraudBlock) -> Result<(), StoreError> {
        let sql = "INSERT INTO fraud_blocks (id, kind, value, reason, created_by, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let values = vec![
            block.id.as_uuid().into(),
            block.kind.as_str().into(),
            block.value.as_str().into(),
            block.reason.as_str().into(),
            block.created_by.map(UserId::as_uuid).into(),
            block.created_at.as_micros().into(),
        ];
        self.sql().run("block", sql, values).await.map(drop)
    }

    async fn delete_fraud_block(&self, id: FraudBlockId) -> Result<FraudBlock, StoreError> {
        let key = vec![id.as_uuid().into()];
        let sql = format!("DELETE FROM fraud_blocks WHERE id = $1 RETURNING {BLOCK_COLUMNS}");
        let row = self.sql().first::<BlockRow>("block", sql, key).await?;
        row.ok_or(StoreError::NotFound { what: "block" })?.decode()
    }

    async fn purge_rewards(
        &self,
        rows_before: Timestamp,
        events_before: Timestamp,
    ) -> Result<u64, StoreError> {
        let rows: Vec<sea_orm::Value> = vec![rows_before.as_micros().into()];
        let events = vec![events_before.as_micros().into()];
        let sessions = "DELETE FROM ad_sessions WHERE created_at < $1";
        let callbacks = "DELETE FROM ad_callbacks WHERE received_at < $1";
        let decisions = "DELETE FROM fraud_events WHERE at < $1 \
                         AND (verdict = 'allow' OR review IS NOT NULL)";
        Ok(self.sql().run("ad session", sessions, rows.clone()).await?
            + self.sql().run("callback", callbacks, rows).await?
            + self.sql().run("fraud event", decisions, events).await?)
    }
}
