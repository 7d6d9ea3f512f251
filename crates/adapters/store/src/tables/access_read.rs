//! Looks up users, organizations, members, sessions and keys.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    ApiKey, Membership, Organization, ReadAccess, Restriction, Session as SignedIn, SignInFailures,
    User,
};
use gantry_rules::period::Period;
use gantry_types::{OrganizationId, Timestamp, UserId};

use super::access_rows::{
    ApiKeyRow, BeginningRow, CostRow, MembershipRow, OrganizationRow, RestrictionRow, SessionRow,
    SignInFailuresRow, UserRow,
};
use super::convert::decode_u64;
use crate::session::Session;

pub(super) const SELECT_USER: &str = "SELECT id, email, name, password_hash, administrator, status, locale, email_verified_at, \
     second_factor_at, created_at FROM users";
const SELECT_MEMBERSHIP: &str = "SELECT m.organization_id, o.name AS organization_name, \
     m.user_id, m.role FROM memberships m JOIN organizations o ON o.id = m.organization_id";
const SELECT_SESSION: &str = "SELECT id, organization_id, user_id, token_sha256, user_agent, ip, \
     created_at, last_used_at, expires_at, administering FROM sessions";
const SELECT_API_KEY: &str = "SELECT id, organization_id, user_id, name, prefix, key_sha256, \
     scopes, created_at, last_used_at, expires_at, revoked_at, family_id, client_id FROM api_keys";

#[async_trait]
impl ReadAccess for Session {
    async fn count_users(&self) -> Result<u64, StoreError> {
        let count = self.sql().number("user", "SELECT COUNT(*) FROM users", vec![]).await?;
        decode_u64("users", count)
    }

    async fn count_registered(&self, period: Period) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM users WHERE created_at >= $1 AND created_at < $2";
        let values = vec![period.start.as_micros().into(), period.end.as_micros().into()];
        let count = self.sql().number("user", sql, values).await?;
        decode_u64("users", count)
    }

    async fn find_user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        let sql = format!("{SELECT_USER} WHERE email = $1");
        let row = self.sql().first::<UserRow>("user", sql, vec![email.into()]).await?;
        row.map(UserRow::decode).transpose()
    }

    async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let sql = format!("{SELECT_USER} WHERE id = $1");
        let row = self.sql().first::<UserRow>("user", sql, vec![id.as_uuid().into()]).await?;
        row.map(UserRow::decode).transpose()
    }

    async fn find_imported_cost(&self) -> Result<Option<u32>, StoreError> {
        let sql = "SELECT MAX(imported_cost) AS cost FROM users";
        let row = self.sql().first::<CostRow>("cost of a password", sql, vec![]).await?;
        row.map_or(Ok(None), CostRow::decode)
    }

    async fn list_argon2_costs(&self) -> Result<Vec<String>, StoreError> {
        // The cost stands between the third dollar sign, the 15th letter, and the next one.
        let sql = format!(
            "SELECT DISTINCT substr(password_hash, 1, 14 + {find}(substr(password_hash, 16), '$')) \
             AS beginning FROM users WHERE password_hash LIKE '$argon2id$v=19$%'",
            find = self.sql().dialect().find_text()
        );
        let rows = self.sql().all::<BeginningRow>("cost of a password", sql, vec![]).await?;
        Ok(rows.into_iter().map(|row| row.beginning).collect())
    }

    async fn find_organization(
        &self,
        id: OrganizationId,
    ) -> Result<Option<Organization>, StoreError> {
        let sql = "SELECT o.id, o.name, a.plan_id, o.created_at FROM organizations o \
                   JOIN accounts a ON a.organization_id = o.id WHERE o.id = $1";
        let values = vec![id.as_uuid().into()];
        let row = self.sql().first::<OrganizationRow>("organization", sql, values).await?;
        Ok(row.map(OrganizationRow::decode))
    }

    async fn list_memberships(&self, user_id: UserId) -> Result<Vec<Membership>, StoreError> {
        let sql = format!(
            "{SELECT_MEMBERSHIP} WHERE m.user_id = $1 ORDER BY m.personal DESC, m.organization_id"
        );
        let values = vec![user_id.as_uuid().into()];
        let rows = self.sql().all::<MembershipRow>("membership", sql, values).await?;
        rows.into_iter().map(MembershipRow::decode).collect()
    }

    async fn find_membership(
        &self,
        user_id: UserId,
        organization_id: OrganizationId,
    ) -> Result<Option<Membership>, StoreError> {
        let sql = format!("{SELECT_MEMBERSHIP} WHERE m.user_id = $1 AND m.organization_id = $2");
        let values = vec![user_id.as_uuid().into(), organization_id.as_uuid().into()];
        let row = self.sql().first::<MembershipRow>("membership", sql, values).await?;
        row.map(MembershipRow::decode).transpose()
    }

    async fn find_session(&self, token_sha256: &str) -> Result<Option<SignedIn>, StoreError> {
        let sql = format!("{SELECT_SESSION} WHERE token_sha256 = $1");
        let values = vec![token_sha256.into()];
        let row = self.sql().first::<SessionRow>("session", sql, values).await?;
        Ok(row.map(SessionRow::decode))
    }

    async fn list_sessions(&self, user_id: UserId) -> Result<Vec<SignedIn>, StoreError> {
        let sql = format!("{SELECT_SESSION} WHERE user_id = $1 ORDER BY last_used_at DESC, id");
        let values = vec![user_id.as_uuid().into()];
        let rows = self.sql().all::<SessionRow>("session", sql, values).await?;
        Ok(rows.into_iter().map(SessionRow::decode).collect())
    }

    async fn find_api_key(&self, key_sha256: &str) -> Result<Option<ApiKey>, StoreError> {
        let sql = format!("{SELECT_API_KEY} WHERE key_sha256 = $1");
        let values = vec![key_sha256.into()];
        let row = self.sql().first::<ApiKeyRow>("API key", sql, values).await?;
        row.map(ApiKeyRow::decode).transpose()
    }

    async fn list_api_keys(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<ApiKey>, StoreError> {
        let sql = format!(
            "{SELECT_API_KEY} WHERE organization_id = $1 AND revoked_at IS NULL \
             AND family_id IS NULL AND client_id IS NULL ORDER BY id DESC"
        );
        let values = vec![organization_id.as_uuid().into()];
        let rows = self.sql().all::<ApiKeyRow>("API key", sql, values).await?;
        rows.into_iter().map(ApiKeyRow::decode).collect()
    }

    async fn find_restriction(&self, user_id: UserId) -> Result<Option<Restriction>, StoreError> {
        let sql = "SELECT user_id, reason, at, ends_at, restricted_by FROM restrictions \
                   WHERE user_id = $1";
        let values = vec![user_id.as_uuid().into()];
        let row = self.sql().first::<RestrictionRow>("restriction", sql, values).await?;
        Ok(row.map(RestrictionRow::decode))
    }

    async fn find_sign_in_failures(
        &self,
        key: &str,
        since: Timestamp,
    ) -> Result<Option<SignInFailures>, StoreError> {
        let sql = "SELECT failures, last_at FROM sign_in_failures \
                   WHERE subject = $1 AND last_at >= $2";
        let values = vec![key.into(), since.as_micros().into()];
        let row = self.sql().first::<SignInFailuresRow>("sign-in failures", sql, values).await?;
        row.map(SignInFailuresRow::decode).transpose()
    }
}
