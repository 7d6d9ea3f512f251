//! Departures, and the audit entries of those who left.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    AuditEntry, Departure, ErasedRows, ReadDepartures, Traces, WriteDepartures,
};
use gantry_types::{AuditEntryId, OrganizationId, Timestamp, UserId};
use sea_orm::FromQueryResult;
use serde_json::Value as Json;
use uuid::Uuid;

use super::audit::{AuditRow, SELECT_ENTRY};
use super::convert::{decode_time, decode_u64, encode_json};
use super::erasure;
use super::usage;
use crate::dialect::{JsonRows, Kind};
use crate::session::Session;

const SELECT_DEPARTURE: &str =
    "SELECT user_id, asked_at, erase_at, billing_ended_at, erased_at FROM departures";

/// A row of `departures`.
#[derive(Debug, FromQueryResult)]
struct DepartureRow {
    user_id: Uuid,
    asked_at: i64,
    erase_at: i64,
    billing_ended_at: Option<i64>,
    erased_at: Option<i64>,
}

impl DepartureRow {
    fn decode(self) -> Departure {
        Departure {
            user_id: UserId::from_uuid(self.user_id),
            asked_at: decode_time(self.asked_at),
            erase_at: decode_time(self.erase_at),
            billing_ended_at: self.billing_ended_at.map(decode_time),
            erased_at: self.erased_at.map(decode_time),
        }
    }
}

#[async_trait]
impl ReadDepartures for Session {
    async fn find_departure(&self, user: UserId) -> Result<Option<Departure>, StoreError> {
        let sql = format!("{SELECT_DEPARTURE} WHERE user_id = $1");
        let values = vec![user.as_uuid().into()];
        let row = self.sql().first::<DepartureRow>("departure", sql, values).await?;
        Ok(row.map(DepartureRow::decode))
    }

    async fn list_due_departures(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Departure>, StoreError> {
        let sql = format!(
            "{SELECT_DEPARTURE} WHERE erased_at IS NULL AND erase_at <= $1 \
             ORDER BY erase_at, user_id LIMIT $2"
        );
        let values = vec![now.as_micros().into(), i64::from(limit).into()];
        let rows = self.sql().all::<DepartureRow>("departure", sql, values).await?;
        Ok(rows.into_iter().map(DepartureRow::decode).collect())
    }

    async fn list_paying_departures(&self, limit: u32) -> Result<Vec<Departure>, StoreError> {
        let sql = format!(
            "{SELECT_DEPARTURE} WHERE erased_at IS NULL AND billing_ended_at IS NULL \
             ORDER BY asked_at, user_id LIMIT $1"
        );
        let values = vec![i64::from(limit).into()];
        let rows = self.sql().all::<DepartureRow>("departure", sql, values).await?;
        Ok(rows.into_iter().map(DepartureRow::decode).collect())
    }

    async fn count_other_administrators(&self, user: UserId) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM users WHERE administrator = TRUE AND status = 'active' \
                   AND id <> $1";
        let count = self.sql().number("administrator", sql, vec![user.as_uuid().into()]).await?;
        decode_u64("administrators", count)
    }

    async fn list_entries_about(
        &self,
        traces: &Traces,
        after: Option<AuditEntryId>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut organizations = JsonRows::new();
        for id in &traces.organizations {
            organizations.row().id(id.as_uuid()).text(&format!("organization {id}"));
        }
        let rows = self.sql().dialect().rows(4, &[("id", Kind::Id), ("subject", Kind::Text)]);
        let sql = format!(
            "{SELECT_ENTRY} WHERE (user_id = $1 OR subject = $2 \
             OR REPLACE(LOWER(details), $3, '') <> LOWER(details) \
             OR organization_id IN (SELECT r.id FROM {rows} r) \
             OR subject IN (SELECT r.subject FROM {rows} r)) \
             AND id > $5 ORDER BY id LIMIT $6"
        );
        let values = vec![
            traces.user_id.as_uuid().into(),
            format!("user {}", traces.user_id).into(),
            traces.email.as_str().into(),
            organizations.finish(),
            after.map_or(Uuid::nil(), AuditEntryId::as_uuid).into(),
            i64::from(limit).into(),
        ];
        let rows = self.sql().all::<AuditRow>("audit entry", sql, values).await?;
        rows.into_iter().map(AuditRow::decode).collect()
    }
}

#[async_trait]
impl WriteDepartures for Session {
    async fn insert_departure(&self, departure: &Departure) -> Result<(), StoreError> {
        let sql = "INSERT INTO departures (user_id, asked_at, erase_at, billing_ended_at, \
                   erased_at) VALUES ($1, $2, $3, $4, $5)";
        let values = vec![
            departure.user_id.as_uuid().into(),
            departure.asked_at.as_micros().into(),
            departure.erase_at.as_micros().into(),
            departure.billing_ended_at.map(Timestamp::as_micros).into(),
            departure.erased_at.map(Timestamp::as_micros).into(),
        ];
        self.sql().run("departure", sql, values).await.map(drop)
    }

    async fn delete_departure(&self, user: UserId) -> Result<(), StoreError> {
        let sql = "DELETE FROM departures WHERE user_id = $1 AND erased_at IS NULL";
        self.sql().run_on_row("departure", sql, vec![user.as_uuid().into()]).await
    }

    async fn note_billing_ended(&self, user: UserId, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE departures SET billing_ended_at = $2 \
                   WHERE user_id = $1 AND billing_ended_at IS NULL";
        let values = vec![user.as_uuid().into(), now.as_micros().into()];
        self.sql().run("departure", sql, values).await.map(drop)
    }

    async fn revoke_keys(&self, user: UserId, now: Timestamp) -> Result<u64, StoreError> {
        let sql = "UPDATE api_keys SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL";
        let values = vec![user.as_uuid().into(), now.as_micros().into()];
        self.sql().run("API key", sql, values).await
    }

    async fn erase_rows(&self, rows: &ErasedRows) -> Result<u64, StoreError> {
        erasure::erase_rows(self.sql(), rows).await
    }

    async fn erase_entry(&self, id: AuditEntryId, details: &Json) -> Result<(), StoreError> {
        let sql = "UPDATE audit_entries SET details = $2, ip = '' WHERE id = $1";
        let values = vec![id.as_uuid().into(), encode_json("audit details", details)?.into()];
        self.sql().run_on_row("audit entry", sql, values).await
    }

    async fn erase_person(&self, traces: &Traces, now: Timestamp) -> Result<(), StoreError> {
        erasure::erase_ways_in(self.sql(), traces).await?;
        usage::forget_person(self.sql(), traces.user_id).await?;
        for id in &traces.organizations {
            overwrite_organization(self, *id).await?;
        }
        overwrite_user(self, traces.user_id).await?;
        let sql = "UPDATE departures SET erased_at = $2 WHERE user_id = $1 AND erased_at IS NULL";
        let values = vec![traces.user_id.as_uuid().into(), now.as_micros().into()];
        self.sql().run_on_row("departure", sql, values).await
    }
}

pub(super) async fn overwrite_organization(
    session: &Session,
    id: OrganizationId,
) -> Result<(), StoreError> {
    let sql = "UPDATE organizations SET name = '(erased)', allowed_networks = '[]' WHERE id = $1";
    session.sql().run_on_row("organization", sql, vec![id.as_uuid().into()]).await
}

/// The row stays, because jobs and entries of the books name its number.
async fn overwrite_user(session: &Session, id: UserId) -> Result<(), StoreError> {
    let sql = "UPDATE users SET email = $2, name = '(erased)', password_hash = '', \
               imported_cost = NULL, administrator = FALSE, status = 'erased', locale = 'en', \
               email_verified_at = NULL, second_factor_at = NULL WHERE id = $1";
    let email = format!("{}@erased.invalid", id.as_uuid().simple());
    session.sql().run_on_row("user", sql, vec![id.as_uuid().into(), email.into()]).await
}
