//! Rows of ads, callbacks, decisions and the list of what fraud came from.

use gantry_ports::StoreError;
use gantry_ports::store::{AdCallback, AdSession, FraudBlock, FraudEvent, FraudReview};
use gantry_rules::fraud::FraudScore;
use gantry_types::{
    AdCallbackId, AdSessionId, Credits, FraudBlockId, FraudEventId, LotId, OrganizationId, UserId,
};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{decode_json, decode_serde_word, decode_time};
use crate::error::broken;

pub(super) const SESSION_COLUMNS: &str = "id, organization_id, user_id, provider, progress, \
     created_at, expires_at, watched_at, decided_at";

pub(super) const CALLBACK_COLUMNS: &str =
    "id, provider, query_sha256, query, transaction_ref, outcome, note, received_at";

pub(super) const EVENT_COLUMNS: &str = "id, session_id, organization_id, user_id, verdict, score, \
     signals, credits, lot_id, address, device, user_agent, note, at, review, reviewer_id, \
     review_note, reviewed_at";

pub(super) const BLOCK_COLUMNS: &str = "id, kind, value, reason, created_by, created_at";

/// A row of `ad_sessions`.
#[derive(Debug, FromQueryResult)]
pub(super) struct SessionRow {
    id: Uuid,
    organization_id: Uuid,
    user_id: Uuid,
    provider: String,
    progress: String,
    created_at: i64,
    expires_at: i64,
    watched_at: Option<i64>,
    decided_at: Option<i64>,
}

impl SessionRow {
    pub(super) fn decode(self) -> Result<AdSession, StoreError> {
        Ok(AdSession {
            id: AdSessionId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            user_id: UserId::from_uuid(self.user_id),
            provider: self.provider,
            progress: decode_serde_word("progress of an ad", &self.progress)?,
            created_at: decode_time(self.created_at),
            expires_at: decode_time(self.expires_at),
            watched_at: self.watched_at.map(decode_time),
            decided_at: self.decided_at.map(decode_time),
        })
    }
}

/// How many sessions are open, and when the first of them ends.
#[derive(Debug, FromQueryResult)]
pub(super) struct OpenRow {
    pub(super) open: i64,
    pub(super) first_end: Option<i64>,
}

/// A row of `ad_callbacks`.
#[derive(Debug, FromQueryResult)]
pub(super) struct CallbackRow {
    id: Uuid,
    provider: String,
    query_sha256: String,
    query: String,
    transaction_ref: Option<String>,
    outcome: String,
    note: String,
    received_at: i64,
}

impl CallbackRow {
    pub(super) fn decode(self) -> Result<AdCallback, StoreError> {
        Ok(AdCallback {
            id: AdCallbackId::from_uuid(self.id),
            provider: self.provider,
            query_sha256: self.query_sha256,
            query: self.query,
            transaction_ref: self.transaction_ref,
            outcome: decode_serde_word("outcome of a callback", &self.outcome)?,
            note: self.note,
            received_at: decode_time(self.received_at),
        })
    }
}

/// A row of `fraud_events`.
#[derive(Debug, FromQueryResult)]
pub(super) struct EventRow {
    id: Uuid,
    session_id: Uuid,
    organization_id: Uuid,
    user_id: Uuid,
    verdict: String,
    score: i64,
    signals: String,
    credits: i64,
    lot_id: Option<Uuid>,
    address: String,
    device: Option<String>,
    user_agent: String,
    note: String,
    at: i64,
    review: Option<String>,
    reviewer_id: Option<Uuid>,
    review_note: Option<String>,
    reviewed_at: Option<i64>,
}

impl EventRow {
    pub(super) fn decode(self) -> Result<FraudEvent, StoreError> {
        let thousandths = u16::try_from(self.score).map_err(|_| broken("score", self.score))?;
        let review = match (&self.review, self.reviewed_at) {
            (Some(outcome), Some(at)) => Some(FraudReview {
                outcome: decode_serde_word("review", outcome)?,
                reviewer_id: self.reviewer_id.map(UserId::from_uuid),
                note: self.review_note.unwrap_or_default(),
                at: decode_time(at),
            }),
            (Some(_), None) | (None, Some(_) | None) => None,
        };
        Ok(FraudEvent {
            id: FraudEventId::from_uuid(self.id),
            session_id: AdSessionId::from_uuid(self.session_id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            user_id: UserId::from_uuid(self.user_id),
            verdict: decode_serde_word("verdict", &self.verdict)?,
            score: FraudScore::from_thousandths(thousandths),
            signals: decode_json("signals", &self.signals)?,
            credits: Credits::new(self.credits),
            lot_id: self.lot_id.map(LotId::from_uuid),
            address: self.address,
            device: self.device,
            user_agent: self.user_agent,
            note: self.note,
            at: decode_time(self.at),
            review,
        })
    }
}

/// A row of `fraud_blocks`.
#[derive(Debug, FromQueryResult)]
pub(super) struct BlockRow {
    id: Uuid,
    kind: String,
    value: String,
    reason: String,
    created_by: Option<Uuid>,
    created_at: i64,
}

impl BlockRow {
    pub(super) fn decode(self) -> Result<FraudBlock, StoreError> {
        Ok(FraudBlock {
            id: FraudBlockId::from_uuid(self.id),
            kind: decode_serde_word("kind of a block", &self.kind)?,
            value: self.value,
            reason: self.reason,
            created_by: self.created_by.map(UserId::from_uuid),
            created_at: decode_time(self.created_at),
        })
    }
}

/// The kind of a block alone.
#[derive(Debug, FromQueryResult)]
pub(super) struct KindRow {
    pub(super) kind: String,
}

/// A time that may be missing.
#[derive(Debug, FromQueryResult)]
pub(super) struct TimeRow {
    pub(super) at: Option<i64>,
}
