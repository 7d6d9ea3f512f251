//! Changes links, second factors, invitations and members.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    Invitation, LinkPurpose, OneTimeLink, Organization, RefreshToken, SecondFactor, WriteIdentity,
};
use gantry_types::{
    InvitationId, OAuthClientId, OrganizationId, SessionId, Timestamp, TokenFamilyId, UserId,
};

use super::access_write::insert_organization_row;
use super::convert::{encode_json, encode_u64};
use super::identity_rows::encode_purpose;
use super::sharing::forget_grants;
use crate::session::Session;

#[async_trait]
impl WriteIdentity for Session {
    async fn replace_link(&self, link: &OneTimeLink) -> Result<(), StoreError> {
        self.delete_links(link.user_id, &[link.purpose]).await?;
        let sql = "INSERT INTO one_time_links (token_sha256, purpose, user_id, email, created_at, \
                   expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
        let values = vec![
            link.token_sha256.as_str().into(),
            encode_purpose(link.purpose).into(),
            link.user_id.as_uuid().into(),
            link.email.as_str().into(),
            link.created_at.as_micros().into(),
            link.expires_at.as_micros().into(),
        ];
        self.sql().run("link", sql, values).await.map(drop)
    }

    async fn use_link(&self, link: &OneTimeLink) -> Result<(), StoreError> {
        let sql = "DELETE FROM one_time_links WHERE token_sha256 = $1";
        let values = vec![link.token_sha256.as_str().into()];
        self.sql().run_on_row("link", sql, values).await?;
        self.delete_links(link.user_id, &[link.purpose]).await.map(drop)
    }

    async fn delete_links(
        &self,
        user: UserId,
        purposes: &[LinkPurpose],
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM one_time_links WHERE user_id = $1 AND purpose = $2";
        let mut removed = 0;
        for purpose in purposes {
            let values = vec![user.as_uuid().into(), encode_purpose(*purpose).into()];
            removed += self.sql().run("link", sql, values).await?;
        }
        Ok(removed)
    }

    async fn purge_links(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut removed = 0;
        for table in ["one_time_links", "invitations", "refresh_tokens", "ceremonies"] {
            let sql = format!("DELETE FROM {table} WHERE expires_at <= $1");
            removed += self.sql().run("link", sql, vec![now.as_micros().into()]).await?;
        }
        let sql = "DELETE FROM api_keys WHERE expires_at <= $1 \
                   AND (family_id IS NOT NULL OR client_id IS NOT NULL)";
        Ok(removed + self.sql().run("API key", sql, vec![now.as_micros().into()]).await?)
    }

    async fn delete_sessions(
        &self,
        user: UserId,
        kept: Option<SessionId>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM refresh_tokens WHERE user_id = $1";
        self.sql().run("refresh token", sql, vec![user.as_uuid().into()]).await?;
        let sql = "DELETE FROM oauth_codes WHERE user_id = $1";
        self.sql().run("code", sql, vec![user.as_uuid().into()]).await?;
        let sql = "UPDATE api_keys SET revoked_at = $2 \
                   WHERE user_id = $1 AND family_id IS NOT NULL AND revoked_at IS NULL";
        let values = vec![user.as_uuid().into(), now.as_micros().into()];
        self.sql().run("API key", sql, values).await?;
        let mut values = vec![user.as_uuid().into()];
        let but = match kept {
            Some(id) => {
                values.push(id.as_uuid().into());
                " AND id <> $2"
            }
            None => "",
        };
        let sql = format!("DELETE FROM sessions WHERE user_id = $1{but}");
        self.sql().run("session", sql, values).await
    }

    async fn set_second_factor(&self, factor: &SecondFactor) -> Result<(), StoreError> {
        let sql = "INSERT INTO second_factors (user_id, secret, confirmed_at, last_step) \
                   VALUES ($1, $2, $3, $4) ON CONFLICT (user_id) DO UPDATE SET \
                   secret = excluded.secret, confirmed_at = excluded.confirmed_at, \
                   last_step = excluded.last_step";
        let values = vec![
            factor.user_id.as_uuid().into(),
            factor.secret.as_str().into(),
            factor.confirmed_at.map(Timestamp::as_micros).into(),
            encode_u64("step of time", factor.last_step)?.into(),
        ];
        self.sql().run("second factor", sql, values).await.map(drop)
    }

    async fn replace_shared_secret(
        &self,
        user: UserId,
        old: &str,
        new: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE second_factors SET secret = $3 WHERE user_id = $1 AND secret = $2";
        let values = vec![user.as_uuid().into(), old.into(), new.into()];
        self.sql().run("second factor", sql, values).await.map(drop)
    }

    async fn use_step(&self, user: UserId, step: u64) -> Result<(), StoreError> {
        let sql = "UPDATE second_factors SET last_step = $2 WHERE user_id = $1 AND last_step < $2";
        let values = vec![user.as_uuid().into(), encode_u64("step of time", step)?.into()];
        self.sql().run_on_row("second factor", sql, values).await
    }

    async fn delete_second_factor(&self, user: UserId) -> Result<(), StoreError> {
        for table in ["recovery_codes", "second_factors"] {
            let sql = format!("DELETE FROM {table} WHERE user_id = $1");
            self.sql().run("second factor", sql, vec![user.as_uuid().into()]).await?;
        }
        Ok(())
    }

    async fn set_recovery_codes(&self, user: UserId, hashes: &[String]) -> Result<(), StoreError> {
        let sql = "DELETE FROM recovery_codes WHERE user_id = $1";
        self.sql().run("recovery code", sql, vec![user.as_uuid().into()]).await?;
        let sql = "INSERT INTO recovery_codes (user_id, code_sha256) VALUES ($1, $2)";
        for hash in hashes {
            let values = vec![user.as_uuid().into(), hash.as_str().into()];
            self.sql().run("recovery code", sql, values).await?;
        }
        Ok(())
    }

    async fn use_recovery_code(&self, user: UserId, hash: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM recovery_codes WHERE user_id = $1 AND code_sha256 = $2";
        let values = vec![user.as_uuid().into(), hash.into()];
        self.sql().run_on_row("recovery code", sql, values).await
    }

    async fn insert_organization(&self, organization: &Organization) -> Result<(), StoreError> {
        insert_organization_row(self, organization).await
    }

    async fn rename_organization(&self, id: OrganizationId, name: &str) -> Result<(), StoreError> {
        let sql = "UPDATE organizations SET name = $2 WHERE id = $1";
        self.sql().run_on_row("organization", sql, vec![id.as_uuid().into(), name.into()]).await
    }

    async fn replace_invitation(&self, invitation: &Invitation) -> Result<(), StoreError> {
        let sql = "DELETE FROM invitations WHERE organization_id = $1 AND email = $2";
        let organization = invitation.organization_id.as_uuid();
        let values = vec![organization.into(), invitation.email.as_str().into()];
        self.sql().run("invitation", sql, values).await?;
        let sql = "INSERT INTO invitations (id, organization_id, email, role, token_sha256, \
                   invited_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = vec![
            invitation.id.as_uuid().into(),
            organization.into(),
            invitation.email.as_str().into(),
            invitation.role.as_str().into(),
            invitation.token_sha256.as_str().into(),
            invitation.invited_by.as_uuid().into(),
            invitation.created_at.as_micros().into(),
            invitation.expires_at.as_micros().into(),
        ];
        self.sql().run("invitation", sql, values).await.map(drop)
    }

    async fn delete_invitation(
        &self,
        organization: OrganizationId,
        id: InvitationId,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM invitations WHERE id = $1 AND organization_id = $2";
        let values = vec![id.as_uuid().into(), organization.as_uuid().into()];
        self.sql().run_on_row("invitation", sql, values).await
    }

    async fn delete_member(
        &self,
        organization: OrganizationId,
        user: UserId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let whose = || vec![organization.as_uuid().into(), user.as_uuid().into()];
        let sql = "DELETE FROM memberships WHERE organization_id = $1 AND user_id = $2 \
                   AND personal = FALSE";
        self.sql().run_on_row("member", sql, whose()).await?;
        let sql = "DELETE FROM sessions WHERE organization_id = $1 AND user_id = $2";
        self.sql().run("session", sql, whose()).await?;
        let sql = "UPDATE api_keys SET revoked_at = $3 \
                   WHERE organization_id = $1 AND user_id = $2 AND revoked_at IS NULL";
        let mut values = whose();
        values.push(now.as_micros().into());
        self.sql().run("API key", sql, values).await?;
        let sql = "DELETE FROM refresh_tokens WHERE organization_id = $1 AND user_id = $2";
        self.sql().run("refresh token", sql, whose()).await?;
        forget_grants(self.sql(), organization, user).await
    }

    async fn set_allowed_networks(
        &self,
        organization: OrganizationId,
        networks: &[String],
    ) -> Result<(), StoreError> {
        let sql = "UPDATE organizations SET allowed_networks = $2 WHERE id = $1";
        let networks = encode_json("allowed networks", networks)?;
        let values = vec![organization.as_uuid().into(), networks.into()];
        self.sql().run_on_row("organization", sql, values).await
    }

    async fn insert_refresh_token(&self, token: &RefreshToken) -> Result<(), StoreError> {
        let sql = "INSERT INTO refresh_tokens (token_sha256, family_id, organization_id, user_id, \
                   name, scopes, created_at, expires_at, used_at, client_id) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let values = vec![
            token.token_sha256.as_str().into(),
            token.family.as_uuid().into(),
            token.organization_id.as_uuid().into(),
            token.user_id.as_uuid().into(),
            token.name.as_str().into(),
            encode_json("scopes", &token.scopes)?.into(),
            token.created_at.as_micros().into(),
            token.expires_at.as_micros().into(),
            token.used_at.map(Timestamp::as_micros).into(),
            token.client.map(OAuthClientId::as_uuid).into(),
        ];
        self.sql().run("refresh token", sql, values).await.map(drop)
    }

    async fn use_refresh_token(
        &self,
        token_sha256: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE refresh_tokens SET used_at = $2 \
                   WHERE token_sha256 = $1 AND used_at IS NULL";
        let values = vec![token_sha256.into(), now.as_micros().into()];
        self.sql().run_on_row("refresh token", sql, values).await
    }

    async fn revoke_access_tokens(
        &self,
        family: TokenFamilyId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE api_keys SET revoked_at = $2 \
                   WHERE family_id = $1 AND revoked_at IS NULL";
        let values = vec![family.as_uuid().into(), now.as_micros().into()];
        self.sql().run("API key", sql, values).await.map(drop)
    }

    async fn end_family(&self, family: TokenFamilyId, now: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM refresh_tokens WHERE family_id = $1";
        self.sql().run("refresh token", sql, vec![family.as_uuid().into()]).await?;
        self.revoke_access_tokens(family, now).await
    }

    async fn move_session(
        &self,
        user: UserId,
        session: SessionId,
        organization: OrganizationId,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE sessions SET organization_id = $3 WHERE id = $1 AND user_id = $2";
        let values =
            vec![session.as_uuid().into(), user.as_uuid().into(), organization.as_uuid().into()];
        self.sql().run_on_row("session", sql, values).await
    }
}
