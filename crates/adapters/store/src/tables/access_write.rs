//! Changes users, organizations, members, sessions and keys.

use std::time::Duration;

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    ApiKey, NewUser, Organization, Restriction, Session as SignedIn, SessionPurpose,
    SignInFailures, User, WriteAccess,
};
use gantry_types::{
    ApiKeyId, OAuthClientId, OrganizationId, Role, SessionId, Timestamp, TokenFamilyId, UserId,
};

use super::access_read::SELECT_USER;
use super::access_rows::{SignInFailuresRow, UserRow, encode_status};
use super::convert::encode_json;
use crate::error::broken;
use crate::session::Session;

#[async_trait]
impl WriteAccess for Session {
    async fn insert_user(&self, new: &NewUser) -> Result<(), StoreError> {
        insert_organization_row(self, &new.organization).await?;
        insert_user_row(self, &new.user).await?;
        let sql = "INSERT INTO memberships (organization_id, user_id, role, personal) \
                   VALUES ($1, $2, $3, TRUE)";
        let values = vec![
            new.organization.id.as_uuid().into(),
            new.user.id.as_uuid().into(),
            Role::Owner.as_str().into(),
        ];
        self.sql().run("membership", sql, values).await.map(drop)
    }

    async fn lock_sign_in_failures(&self, key: &str) -> Result<(), StoreError> {
        lock_name(self, &format!("sign-in failures of {key}")).await
    }

    async fn lock_administrators(&self) -> Result<(), StoreError> {
        lock_name(self, "administrators").await
    }

    async fn lock_organization(&self, id: OrganizationId) -> Result<(), StoreError> {
        let lock = self.sql().dialect().for_change();
        let sql = format!("SELECT created_at FROM organizations WHERE id = $1{lock}");
        self.sql().number("organization", sql, vec![id.as_uuid().into()]).await.map(drop)
    }

    async fn lock_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let lock = self.sql().dialect().for_change();
        let sql = format!("{SELECT_USER} WHERE id = $1{lock}");
        let row = self.sql().first::<UserRow>("user", sql, vec![id.as_uuid().into()]).await?;
        row.map(UserRow::decode).transpose()
    }

    async fn set_member(
        &self,
        organization_id: OrganizationId,
        user_id: UserId,
        role: Role,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO memberships (organization_id, user_id, role, personal) \
                   VALUES ($1, $2, $3, FALSE) \
                   ON CONFLICT (organization_id, user_id) DO UPDATE SET role = excluded.role";
        let values =
            vec![organization_id.as_uuid().into(), user_id.as_uuid().into(), role.as_str().into()];
        self.sql().run("membership", sql, values).await.map(drop)
    }

    async fn update_user(&self, user: &User) -> Result<(), StoreError> {
        let sql = "UPDATE users SET email = $2, name = $3, password_hash = $4, status = $5, \
                   locale = $6, email_verified_at = $7, second_factor_at = $8, \
                   imported_cost = CASE WHEN password_hash = $4 THEN imported_cost END \
                   WHERE id = $1";
        let values = vec![
            user.id.as_uuid().into(),
            user.email.as_str().into(),
            user.name.as_str().into(),
            user.password_hash.as_str().into(),
            encode_status(user.status).into(),
            user.locale.as_str().into(),
            user.email_verified_at.map(Timestamp::as_micros).into(),
            user.second_factor_at.map(Timestamp::as_micros).into(),
        ];
        self.sql().run_on_row("user", sql, values).await
    }

    async fn note_imported_cost(&self, user_id: UserId, cost: u32) -> Result<(), StoreError> {
        let sql = "UPDATE users SET imported_cost = $2 WHERE id = $1";
        let values = vec![user_id.as_uuid().into(), i64::from(cost).into()];
        self.sql().run_on_row("user", sql, values).await
    }

    async fn renew_password_hash(
        &self,
        user_id: UserId,
        old: &str,
        new: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE users SET password_hash = $3, imported_cost = NULL \
                   WHERE id = $1 AND password_hash = $2";
        let values = vec![user_id.as_uuid().into(), old.into(), new.into()];
        self.sql().run("user", sql, values).await.map(drop)
    }

    async fn set_restriction(&self, restriction: &Restriction) -> Result<(), StoreError> {
        let sql = "INSERT INTO restrictions (user_id, reason, at, ends_at, restricted_by) \
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id) DO UPDATE SET \
                   reason = excluded.reason, at = excluded.at, ends_at = excluded.ends_at, \
                   restricted_by = excluded.restricted_by";
        let values = vec![
            restriction.user_id.as_uuid().into(),
            restriction.reason.as_str().into(),
            restriction.at.as_micros().into(),
            restriction.until.map(Timestamp::as_micros).into(),
            restriction.by.map(UserId::as_uuid).into(),
        ];
        self.sql().run("restriction", sql, values).await.map(drop)
    }

    async fn delete_restriction(&self, user_id: UserId) -> Result<(), StoreError> {
        let sql = "DELETE FROM restrictions WHERE user_id = $1";
        self.sql().run("restriction", sql, vec![user_id.as_uuid().into()]).await.map(drop)
    }

    async fn insert_session(&self, session: &SignedIn) -> Result<(), StoreError> {
        let sql = "INSERT INTO sessions (id, organization_id, user_id, token_sha256, user_agent, \
                   ip, created_at, last_used_at, expires_at, administering) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let values = vec![
            session.id.as_uuid().into(),
            session.organization_id.as_uuid().into(),
            session.user_id.as_uuid().into(),
            session.token_sha256.as_str().into(),
            session.user_agent.as_str().into(),
            session.ip.as_str().into(),
            session.created_at.as_micros().into(),
            session.last_used_at.as_micros().into(),
            session.expires_at.as_micros().into(),
            (session.purpose == SessionPurpose::Administer).into(),
        ];
        self.sql().run("session", sql, values).await.map(drop)
    }

    async fn touch_session(&self, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2";
        let values = vec![id.as_uuid().into(), now.as_micros().into()];
        self.sql().run("session", sql, values).await.map(drop)
    }

    async fn delete_session(&self, user_id: UserId, id: SessionId) -> Result<(), StoreError> {
        let sql = "DELETE FROM sessions WHERE id = $1 AND user_id = $2";
        let values = vec![id.as_uuid().into(), user_id.as_uuid().into()];
        self.sql().run_on_row("session", sql, values).await
    }

    async fn purge_sessions(&self, now: Timestamp, idle: Duration) -> Result<u64, StoreError> {
        let sql = "DELETE FROM sessions WHERE expires_at <= $1 OR last_used_at <= $2";
        let values = vec![now.as_micros().into(), now.minus(idle).as_micros().into()];
        self.sql().run("session", sql, values).await
    }

    async fn insert_api_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        let sql = "INSERT INTO api_keys (id, organization_id, user_id, name, prefix, key_sha256, \
                   scopes, created_at, last_used_at, expires_at, revoked_at, family_id, \
                   client_id) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        let micros = |time: Option<Timestamp>| time.map(Timestamp::as_micros);
        let values = vec![
            key.id.as_uuid().into(),
            key.organization_id.as_uuid().into(),
            key.user_id.as_uuid().into(),
            key.name.as_str().into(),
            key.prefix.as_str().into(),
            key.key_sha256.as_str().into(),
            encode_json("scopes", &key.scopes)?.into(),
            key.created_at.as_micros().into(),
            micros(key.last_used_at).into(),
            micros(key.expires_at).into(),
            micros(key.revoked_at).into(),
            key.family.map(TokenFamilyId::as_uuid).into(),
            key.client.map(OAuthClientId::as_uuid).into(),
        ];
        self.sql().run("API key", sql, values).await.map(drop)
    }

    async fn touch_api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE api_keys SET last_used_at = $2 \
                   WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
        let values = vec![id.as_uuid().into(), now.as_micros().into()];
        self.sql().run("API key", sql, values).await.map(drop)
    }

    async fn revoke_api_key(
        &self,
        organization_id: OrganizationId,
        id: ApiKeyId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE api_keys SET revoked_at = $3 \
                   WHERE id = $1 AND organization_id = $2 AND revoked_at IS NULL";
        let values =
            vec![id.as_uuid().into(), organization_id.as_uuid().into(), now.as_micros().into()];
        self.sql().run_on_row("API key", sql, values).await
    }

    async fn record_sign_in_failure(
        &self,
        key: &str,
        now: Timestamp,
        window_start: Timestamp,
    ) -> Result<SignInFailures, StoreError> {
        let sql = "INSERT INTO sign_in_failures (subject, failures, last_at) VALUES ($1, 1, $2) \
                   ON CONFLICT (subject) DO UPDATE SET last_at = excluded.last_at, failures = \
                   CASE WHEN sign_in_failures.last_at < $3 THEN 1 \
                        ELSE sign_in_failures.failures + 1 END \
                   RETURNING failures, last_at";
        let values = vec![key.into(), now.as_micros().into(), window_start.as_micros().into()];
        let row = self.sql().first::<SignInFailuresRow>("sign-in failures", sql, values).await?;
        row.ok_or_else(|| broken("sign-in failures", "no row came back"))?.decode()
    }

    async fn purge_sign_in_failures(&self, then: Timestamp) -> Result<u64, StoreError> {
        let sql = "DELETE FROM sign_in_failures WHERE last_at < $1";
        self.sql().run("sign-in failures", sql, vec![then.as_micros().into()]).await
    }

    async fn clear_sign_in_failures(&self, key: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM sign_in_failures WHERE subject = $1";
        self.sql().run("sign-in failures", sql, vec![key.into()]).await.map(drop)
    }
}

/// Locks what has no row, or not yet, under a name of its own.
pub(super) async fn lock_name(session: &Session, name: &str) -> Result<(), StoreError> {
    match session.sql().dialect().name_lock() {
        Some(sql) => session.sql().run("lock", sql, vec![name.into()]).await.map(drop),
        None => Ok(()),
    }
}

pub(super) async fn insert_organization_row(
    session: &Session,
    organization: &Organization,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO organizations (id, name, created_at) VALUES ($1, $2, $3)";
    let values = vec![
        organization.id.as_uuid().into(),
        organization.name.as_str().into(),
        organization.created_at.as_micros().into(),
    ];
    session.sql().run("organization", sql, values).await?;
    let sql = "INSERT INTO accounts (organization_id, plan_id, available, held, running_roots, \
               queued_roots, cursor, served_at, quota_anchor) \
               VALUES ($1, $2, 0, 0, 0, 0, 0, 0, $3)";
    let values = vec![
        organization.id.as_uuid().into(),
        organization.plan_id.as_uuid().into(),
        organization.created_at.as_micros().into(),
    ];
    session.sql().run("plan", sql, values).await.map(drop)
}

async fn insert_user_row(session: &Session, user: &User) -> Result<(), StoreError> {
    let sql = "INSERT INTO users (id, email, name, password_hash, administrator, status, \
               locale, email_verified_at, second_factor_at, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = vec![
        user.id.as_uuid().into(),
        user.email.as_str().into(),
        user.name.as_str().into(),
        user.password_hash.as_str().into(),
        user.administrator.into(),
        encode_status(user.status).into(),
        user.locale.as_str().into(),
        user.email_verified_at.map(Timestamp::as_micros).into(),
        user.second_factor_at.map(Timestamp::as_micros).into(),
        user.created_at.as_micros().into(),
    ];
    session.sql().run("user", sql, values).await.map(drop)
}
