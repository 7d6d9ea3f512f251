//! Clients of OAuth 2.0, their codes, and what people granted them.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{AuthorizationCode, Grant, OAuthClient, ReadClients, WriteClients};
use gantry_types::{OAuthClientId, OrganizationId, Timestamp, TokenFamilyId, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{decode_json, decode_serde_word, decode_time, encode_json, encode_serde_word};
use crate::session::Session;

const SELECT_CLIENT: &str = "SELECT id, organization_id, name, kind, secret_sha256, \
     redirect_uris, scopes, created_by, created_at, last_used_at FROM oauth_clients";

/// A row of `oauth_clients`.
#[derive(Debug, FromQueryResult)]
struct ClientRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    kind: String,
    secret_sha256: String,
    redirect_uris: String,
    scopes: String,
    created_by: Uuid,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl ClientRow {
    fn decode(self) -> Result<OAuthClient, StoreError> {
        Ok(OAuthClient {
            id: OAuthClientId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            name: self.name,
            kind: decode_serde_word("kind of client", &self.kind)?,
            secret_sha256: self.secret_sha256,
            redirect_uris: decode_json("redirect URIs", &self.redirect_uris)?,
            scopes: decode_json("scopes", &self.scopes)?,
            created_by: UserId::from_uuid(self.created_by),
            created_at: decode_time(self.created_at),
            last_used_at: self.last_used_at.map(decode_time),
        })
    }
}

/// A row of `oauth_codes`.
#[derive(Debug, FromQueryResult)]
struct CodeRow {
    code_sha256: String,
    client_id: Uuid,
    organization_id: Uuid,
    user_id: Uuid,
    redirect_uri: String,
    challenge: String,
    scopes: String,
    family_id: Uuid,
    created_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
}

impl CodeRow {
    fn decode(self) -> Result<AuthorizationCode, StoreError> {
        Ok(AuthorizationCode {
            code_sha256: self.code_sha256,
            client: OAuthClientId::from_uuid(self.client_id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            user_id: UserId::from_uuid(self.user_id),
            redirect_uri: self.redirect_uri,
            challenge: self.challenge,
            scopes: decode_json("scopes", &self.scopes)?,
            family: TokenFamilyId::from_uuid(self.family_id),
            created_at: decode_time(self.created_at),
            expires_at: decode_time(self.expires_at),
            used_at: self.used_at.map(decode_time),
        })
    }
}

/// A family of tokens that can still be renewed.
#[derive(Debug, FromQueryResult)]
struct GrantRow {
    client_id: Uuid,
    client_name: String,
    organization_id: Uuid,
    organization_name: String,
    scopes: String,
    created_at: i64,
}

impl GrantRow {
    fn decode(self) -> Result<Grant, StoreError> {
        Ok(Grant {
            client: OAuthClientId::from_uuid(self.client_id),
            client_name: self.client_name,
            organization_id: OrganizationId::from_uuid(self.organization_id),
            organization_name: self.organization_name,
            scopes: decode_json("scopes", &self.scopes)?,
            renewed_at: decode_time(self.created_at),
        })
    }
}

#[derive(Debug, FromQueryResult)]
struct UserRow {
    user_id: Uuid,
}

#[async_trait]
impl ReadClients for Session {
    async fn find_client(&self, id: OAuthClientId) -> Result<Option<OAuthClient>, StoreError> {
        let sql = format!("{SELECT_CLIENT} WHERE id = $1");
        let values = vec![id.as_uuid().into()];
        let row = self.sql().first::<ClientRow>("client", sql, values).await?;
        row.map(ClientRow::decode).transpose()
    }

    async fn list_clients(
        &self,
        organization: OrganizationId,
    ) -> Result<Vec<OAuthClient>, StoreError> {
        let sql = format!("{SELECT_CLIENT} WHERE organization_id = $1 ORDER BY id");
        let values = vec![organization.as_uuid().into()];
        let rows = self.sql().all::<ClientRow>("client", sql, values).await?;
        rows.into_iter().map(ClientRow::decode).collect()
    }

    async fn find_code(&self, code_sha256: &str) -> Result<Option<AuthorizationCode>, StoreError> {
        let sql = "SELECT code_sha256, client_id, organization_id, user_id, redirect_uri, \
                   challenge, scopes, family_id, created_at, expires_at, used_at \
                   FROM oauth_codes WHERE code_sha256 = $1";
        let row = self.sql().first::<CodeRow>("code", sql, vec![code_sha256.into()]).await?;
        row.map(CodeRow::decode).transpose()
    }

    async fn list_grants(&self, user: UserId, now: Timestamp) -> Result<Vec<Grant>, StoreError> {
        let sql = "SELECT r.client_id, c.name AS client_name, r.organization_id, \
                   o.name AS organization_name, r.scopes, r.created_at \
                   FROM refresh_tokens r JOIN oauth_clients c ON c.id = r.client_id \
                   JOIN organizations o ON o.id = r.organization_id \
                   WHERE r.user_id = $1 AND r.used_at IS NULL AND r.expires_at > $2 \
                   ORDER BY r.created_at DESC, r.family_id";
        let values = vec![user.as_uuid().into(), now.as_micros().into()];
        let rows = self.sql().all::<GrantRow>("grant", sql, values).await?;
        rows.into_iter().map(GrantRow::decode).collect()
    }
}

#[async_trait]
impl WriteClients for Session {
    async fn insert_client(&self, client: &OAuthClient) -> Result<(), StoreError> {
        let sql = "INSERT INTO oauth_clients (id, organization_id, name, kind, secret_sha256, \
                   redirect_uris, scopes, created_by, created_at, last_used_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let values = vec![
            client.id.as_uuid().into(),
            client.organization_id.as_uuid().into(),
            client.name.as_str().into(),
            encode_serde_word("kind of client", &client.kind)?.into(),
            client.secret_sha256.as_str().into(),
            encode_json("redirect URIs", &client.redirect_uris)?.into(),
            encode_json("scopes", &client.scopes)?.into(),
            client.created_by.as_uuid().into(),
            client.created_at.as_micros().into(),
            client.last_used_at.map(Timestamp::as_micros).into(),
        ];
        self.sql().run("client", sql, values).await.map(drop)
    }

    async fn update_client(&self, client: &OAuthClient) -> Result<(), StoreError> {
        let sql = "UPDATE oauth_clients SET name = $3, secret_sha256 = $4, redirect_uris = $5, \
                   scopes = $6 WHERE id = $1 AND organization_id = $2";
        let values = vec![
            client.id.as_uuid().into(),
            client.organization_id.as_uuid().into(),
            client.name.as_str().into(),
            client.secret_sha256.as_str().into(),
            encode_json("redirect URIs", &client.redirect_uris)?.into(),
            encode_json("scopes", &client.scopes)?.into(),
        ];
        self.sql().run_on_row("client", sql, values).await
    }

    async fn touch_client(&self, id: OAuthClientId, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE oauth_clients SET last_used_at = $2 \
                   WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
        let values = vec![id.as_uuid().into(), now.as_micros().into()];
        self.sql().run("client", sql, values).await.map(drop)
    }

    async fn delete_client(
        &self,
        organization: OrganizationId,
        id: OAuthClientId,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM oauth_clients WHERE id = $1 AND organization_id = $2";
        let values = vec![id.as_uuid().into(), organization.as_uuid().into()];
        self.sql().run_on_row("client", sql, values).await?;
        let sql = "DELETE FROM oauth_codes WHERE client_id = $1";
        self.sql().run("code", sql, vec![id.as_uuid().into()]).await.map(drop)
    }

    async fn end_client_tokens(
        &self,
        id: OAuthClientId,
        now: Timestamp,
    ) -> Result<Vec<UserId>, StoreError> {
        let sql = "SELECT user_id FROM refresh_tokens WHERE client_id = $1 \
                   UNION SELECT user_id FROM api_keys \
                   WHERE client_id = $1 AND revoked_at IS NULL";
        let rows = self.sql().all::<UserRow>("token", sql, vec![id.as_uuid().into()]).await?;
        let sql = "DELETE FROM refresh_tokens WHERE client_id = $1";
        self.sql().run("refresh token", sql, vec![id.as_uuid().into()]).await?;
        let sql = "UPDATE api_keys SET revoked_at = $2 \
                   WHERE client_id = $1 AND revoked_at IS NULL";
        let values = vec![id.as_uuid().into(), now.as_micros().into()];
        self.sql().run("API key", sql, values).await?;
        Ok(rows.into_iter().map(|row| UserId::from_uuid(row.user_id)).collect())
    }

    async fn insert_code(&self, code: &AuthorizationCode) -> Result<(), StoreError> {
        let sql = "INSERT INTO oauth_codes (code_sha256, client_id, organization_id, user_id, \
                   redirect_uri, challenge, scopes, family_id, created_at, expires_at, used_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let values = vec![
            code.code_sha256.as_str().into(),
            code.client.as_uuid().into(),
            code.organization_id.as_uuid().into(),
            code.user_id.as_uuid().into(),
            code.redirect_uri.as_str().into(),
            code.challenge.as_str().into(),
            encode_json("scopes", &code.scopes)?.into(),
            code.family.as_uuid().into(),
            code.created_at.as_micros().into(),
            code.expires_at.as_micros().into(),
            code.used_at.map(Timestamp::as_micros).into(),
        ];
        self.sql().run("code", sql, values).await.map(drop)
    }

    async fn use_code(&self, code_sha256: &str, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE oauth_codes SET used_at = $2 WHERE code_sha256 = $1 AND used_at IS NULL";
        let values = vec![code_sha256.into(), now.as_micros().into()];
        self.sql().run_on_row("code", sql, values).await
    }

    async fn end_grants(
        &self,
        user: UserId,
        client: OAuthClientId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let whose = || vec![user.as_uuid().into(), client.as_uuid().into()];
        let sql = "DELETE FROM oauth_codes WHERE user_id = $1 AND client_id = $2";
        self.sql().run("code", sql, whose()).await?;
        // What the client has for itself is not the person's to withdraw.
        let sql = "UPDATE api_keys SET revoked_at = $3 WHERE user_id = $1 AND client_id = $2 \
                   AND family_id IS NOT NULL AND revoked_at IS NULL";
        let mut values = whose();
        values.push(now.as_micros().into());
        self.sql().run("API key", sql, values).await?;
        let sql = "DELETE FROM refresh_tokens WHERE user_id = $1 AND client_id = $2";
        self.sql().run_on_row("grant", sql, whose()).await
    }

    async fn purge_codes(&self, before: Timestamp) -> Result<u64, StoreError> {
        let sql = "DELETE FROM oauth_codes WHERE expires_at < $1";
        self.sql().run("code", sql, vec![before.as_micros().into()]).await
    }
}
