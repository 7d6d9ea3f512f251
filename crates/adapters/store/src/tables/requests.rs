//! Looks up and keeps requests that may be repeated.
//!
//! Invariant: what ends a turn names the turn, and changes nothing once it is another's.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{KeptRequest, ReadRequests, RequestHold, WriteRequests};
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

/// The row of a key whose request is not answered, while it is the turn that ends at `$4`.
const OF_HOLD: &str = "organization_id = $1 AND route = $2 AND idempotency_key = $3 \
                       AND held_until = $4 AND answer IS NULL";

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

/// The values of [`OF_HOLD`].
fn hold_values(hold: &RequestHold) -> Vec<Value> {
    let mut values = key_values(hold.organization_id, &hold.key);
    values.push(hold.until.as_micros().into());
    values
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

    async fn answer_request(&self, hold: &RequestHold, answer: &Json) -> Result<bool, StoreError> {
        let sql = format!("UPDATE kept_requests SET answer = $5 WHERE {OF_HOLD}");
        let mut values = hold_values(hold);
        values.push(encode_json("an answer", answer)?.into());
        if self.sql().run(WHAT, sql, values).await? > 0 {
            return Ok(true);
        }
        // One that has become too old meanwhile is not kept any more, and done all the same.
        let sql = format!("SELECT COUNT(*) FROM kept_requests WHERE {OF_KEY}");
        let key = key_values(hold.organization_id, &hold.key);
        Ok(self.sql().number(WHAT, sql, key).await? == 0)
    }

    async fn free_request(&self, hold: &RequestHold) -> Result<(), StoreError> {
        let sql = format!("UPDATE kept_requests SET held_until = created_at WHERE {OF_HOLD}");
        self.sql().run(WHAT, sql, hold_values(hold)).await.map(drop)
    }

    async fn forget_request(&self, hold: &RequestHold) -> Result<(), StoreError> {
        let sql = format!("DELETE FROM kept_requests WHERE {OF_HOLD}");
        self.sql().run(WHAT, sql, hold_values(hold)).await.map(drop)
    }
}
