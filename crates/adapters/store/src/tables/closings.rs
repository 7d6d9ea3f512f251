//! Organizations that are closed.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{Closing, ReadClosings, WriteClosings};
use gantry_types::{OrganizationId, Timestamp, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::decode_time;
use super::departures::overwrite_organization;
use crate::session::Session;

const SELECT_CLOSING: &str = "SELECT organization_id, asked_by, asked_at, erase_at, \
                              billing_ended_at, erased_at FROM organization_closings";

/// A row of `organization_closings`.
#[derive(Debug, FromQueryResult)]
struct ClosingRow {
    organization_id: Uuid,
    asked_by: Uuid,
    asked_at: i64,
    erase_at: i64,
    billing_ended_at: Option<i64>,
    erased_at: Option<i64>,
}

impl ClosingRow {
    fn decode(self) -> Closing {
        Closing {
            organization_id: OrganizationId::from_uuid(self.organization_id),
            asked_by: UserId::from_uuid(self.asked_by),
            asked_at: decode_time(self.asked_at),
            erase_at: decode_time(self.erase_at),
            billing_ended_at: self.billing_ended_at.map(decode_time),
            erased_at: self.erased_at.map(decode_time),
        }
    }
}

#[async_trait]
impl ReadClosings for Session {
    async fn find_closing(
        &self,
        organization: OrganizationId,
    ) -> Result<Option<Closing>, StoreError> {
        let sql = format!("{SELECT_CLOSING} WHERE organization_id = $1");
        let values = vec![organization.as_uuid().into()];
        let row = self.sql().first::<ClosingRow>("closing", sql, values).await?;
        Ok(row.map(ClosingRow::decode))
    }

    async fn list_due_closings(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Closing>, StoreError> {
        let sql = format!(
            "{SELECT_CLOSING} WHERE erased_at IS NULL AND erase_at <= $1 \
             ORDER BY erase_at, organization_id LIMIT $2"
        );
        let values = vec![now.as_micros().into(), i64::from(limit).into()];
        let rows = self.sql().all::<ClosingRow>("closing", sql, values).await?;
        Ok(rows.into_iter().map(ClosingRow::decode).collect())
    }

    async fn list_paying_closings(&self, limit: u32) -> Result<Vec<Closing>, StoreError> {
        let sql = format!(
            "{SELECT_CLOSING} WHERE erased_at IS NULL AND billing_ended_at IS NULL \
             ORDER BY asked_at, organization_id LIMIT $1"
        );
        let values = vec![i64::from(limit).into()];
        let rows = self.sql().all::<ClosingRow>("closing", sql, values).await?;
        Ok(rows.into_iter().map(ClosingRow::decode).collect())
    }
}

#[async_trait]
impl WriteClosings for Session {
    async fn insert_closing(&self, closing: &Closing) -> Result<(), StoreError> {
        let sql = "INSERT INTO organization_closings (organization_id, asked_by, asked_at, \
                   erase_at, billing_ended_at, erased_at) VALUES ($1, $2, $3, $4, $5, $6)";
        let values = vec![
            closing.organization_id.as_uuid().into(),
            closing.asked_by.as_uuid().into(),
            closing.asked_at.as_micros().into(),
            closing.erase_at.as_micros().into(),
            closing.billing_ended_at.map(Timestamp::as_micros).into(),
            closing.erased_at.map(Timestamp::as_micros).into(),
        ];
        self.sql().run("closing", sql, values).await.map(drop)
    }

    async fn delete_closing(&self, organization: OrganizationId) -> Result<(), StoreError> {
        let sql = "DELETE FROM organization_closings \
                   WHERE organization_id = $1 AND erased_at IS NULL";
        self.sql().run_on_row("closing", sql, vec![organization.as_uuid().into()]).await
    }

    async fn note_closing_unpaid(
        &self,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE organization_closings SET billing_ended_at = $2 \
                   WHERE organization_id = $1 AND billing_ended_at IS NULL";
        let values = vec![organization.as_uuid().into(), now.as_micros().into()];
        self.sql().run("closing", sql, values).await.map(drop)
    }

    async fn shut_organization(
        &self,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let whose = || vec![organization.as_uuid().into()];
        let home = "SELECT m.organization_id FROM memberships m \
                    WHERE m.user_id = sessions.user_id AND m.personal = TRUE";
        let sql = format!(
            "UPDATE sessions SET organization_id = ({home}) \
             WHERE organization_id = $1 AND EXISTS ({home})"
        );
        self.sql().run("session", sql, whose()).await?;
        let sql = "UPDATE api_keys SET revoked_at = $2 \
                   WHERE organization_id = $1 AND revoked_at IS NULL";
        let values = vec![organization.as_uuid().into(), now.as_micros().into()];
        self.sql().run("API key", sql, values).await?;
        for table in ["sessions", "refresh_tokens", "oauth_codes", "invitations"] {
            let sql = format!("DELETE FROM {table} WHERE organization_id = $1");
            self.sql().run("way in", sql, whose()).await?;
        }
        Ok(())
    }

    async fn erase_closed(
        &self,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM memberships WHERE organization_id = $1";
        self.sql().run("member", sql, vec![organization.as_uuid().into()]).await?;
        overwrite_organization(self, organization).await?;
        let sql = "UPDATE organization_closings SET erased_at = $2 \
                   WHERE organization_id = $1 AND erased_at IS NULL";
        let values = vec![organization.as_uuid().into(), now.as_micros().into()];
        self.sql().run_on_row("closing", sql, values).await
    }
}
