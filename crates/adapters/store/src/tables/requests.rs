//! Looks up and keeps requests that may be repeated.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{KeptRequest, ReadRequests, WriteRequests};
use gantry_rules::submission::IdempotencyKey;
use gantry_types::{OrganizationId, Timestamp};
use sea_orm::{FromQueryResult, Value};
use serde_json::Value as Json;

use super::convert::{decode_json, decode_opt_json, decode_time, encode_json};
use crate::hot::KEY_LIFETIME;
use crate::session::Session;

const WHAT: &str = "request";

/// The row of a key.
const OF_KEY: &str = "organization_id = $1 AND route = $2 AND idempotency_key = $3";

/// A row of `kept_requests` beside its key.
#[derive(Debug, FromQueryResult)]
struct RequestRow {
    body_sha256: String,
    began: String,
    answer: Option<String>,
    created_at: i64,
    held_until: i64,
}

/// The values of [`OF_KEY`].
fn key_values(organization_id: OrganizationId, key: &IdempotencyKey) -> Vec<Value> {
    vec![organization_id.as_uuid().into(), key.route.as_str().into(), key.key.as_str().into()]
}

#[async_trait]
impl ReadRequests for Session {
    async fn find_request(
        &self,
        organization_id: OrganizationId,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<KeptRequest>, StoreError> {
        let sql = format!(
            "SELECT body_sha256, began, answer, created_at, held_until FROM kept_requests \
             WHERE {OF_KEY} AND created_at > $4"
        );
        let mut values = key_values(organization_id, key);
        values.push(now.minus(KEY_LIFETIME).as_micros().into());
        let Some(row) = self.sql().first::<RequestRow>(WHAT, sql, values).await? else {
            return Ok(None);
        };
        Ok(Some(KeptRequest {
            organization_id,
            key: IdempotencyKey { body_sha256: row.body_sha256, ..key.clone() },
            began: decode_json("what a request began", &row.began)?,
            answer: decode_opt_json("the answer of a request", row.answer.as_deref())?,
            created_at: decode_time(row.created_at),
            held_until: decode_time(row.held_until),
        }))
    }
}

#[async_trait]
impl WriteRequests for Session {
    async fn keep_request(&self, request: &KeptRequest) -> Result<bool, StoreError> {
        let key = key_values(request.organization_id, &request.key);
        let forget = format!("DELETE FROM kept_requests WHERE {OF_KEY} AND created_at <= $4");
        let mut too_old = key.clone();
        too_old.push(request.created_at.minus(KEY_LIFETIME).as_micros().into());
        self.sql().run(WHAT, forget, too_old).await?;
        let sql = "INSERT INTO kept_requests (organization_id, route, idempotency_key, \
                   body_sha256, began, answer, created_at, held_until) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                   ON CONFLICT (organization_id, route, idempotency_key) DO NOTHING";
        let answer = request.answer.as_ref().map(|answer| encode_json("an answer", answer));
        let mut values = key;
        values.extend([
            request.key.body_sha256.as_str().into(),
            encode_json("what a request began", &request.began)?.into(),
            answer.transpose()?.into(),
            request.created_at.as_micros().into(),
            request.held_until.as_micros().into(),
        ]);
        Ok(self.sql().run(WHAT, sql, values).await? > 0)
    }

    async fn hold_request(
        &self,
        request: &KeptRequest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = format!(
            "UPDATE kept_requests SET held_until = $4 \
             WHERE {OF_KEY} AND answer IS NULL AND held_until <= $5"
        );
        let mut values = key_values(request.organization_id, &request.key);
        values.extend([request.held_until.as_micros().into(), now.as_micros().into()]);
        Ok(self.sql().run(WHAT, sql, values).await? > 0)
    }

    async fn answer_request(
        &self,
        organization_id: OrganizationId,
        key: &IdempotencyKey,
        answer: &Json,
    ) -> Result<(), StoreError> {
        let sql = format!("UPDATE kept_requests SET answer = $4 WHERE {OF_KEY}");
        let mut values = key_values(organization_id, key);
        values.push(encode_json("an answer", answer)?.into());
        // One that has become too old meanwhile is not kept any more, and done all the same.
        self.sql().run(WHAT, sql, values).await.map(drop)
    }

    async fn free_request(
        &self,
        organization_id: OrganizationId,
        key: &IdempotencyKey,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "UPDATE kept_requests SET held_until = created_at WHERE {OF_KEY} AND answer IS NULL"
        );
        self.sql().run(WHAT, sql, key_values(organization_id, key)).await.map(drop)
    }

    async fn forget_request(
        &self,
        organization_id: OrganizationId,
        key: &IdempotencyKey,
    ) -> Result<(), StoreError> {
        let sql = format!("DELETE FROM kept_requests WHERE {OF_KEY} AND answer IS NULL");
        self.sql().run(WHAT, sql, key_values(organization_id, key)).await.map(drop)
    }
}
