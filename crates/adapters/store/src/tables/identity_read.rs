//! Looks up links, second factors, invitations and members.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    Invitation, LinkPurpose, Member, OneTimeLink, ReadIdentity, RefreshToken, SecondFactor,
};
use gantry_types::{OrganizationId, Timestamp, UserId};

use super::convert::{decode_json, decode_time, decode_u64};
use super::identity_rows::{
    InvitationRow, InvitedRow, LinkRow, MemberRow, NetworksRow, RefreshTokenRow, SecondFactorRow,
    encode_purpose,
};
use crate::session::Session;

const SELECT_LINK: &str = "SELECT token_sha256, purpose, user_id, email, created_at, expires_at \
     FROM one_time_links";
const SELECT_INVITATION: &str = "SELECT id, organization_id, email, role, token_sha256, \
     invited_by, created_at, expires_at FROM invitations";

#[async_trait]
impl ReadIdentity for Session {
    async fn find_link(&self, token_sha256: &str) -> Result<Option<OneTimeLink>, StoreError> {
        let sql = format!("{SELECT_LINK} WHERE token_sha256 = $1");
        let row = self.sql().first::<LinkRow>("link", sql, vec![token_sha256.into()]).await?;
        row.map(LinkRow::decode).transpose()
    }

    async fn find_newest_link(
        &self,
        user: UserId,
        purpose: LinkPurpose,
    ) -> Result<Option<OneTimeLink>, StoreError> {
        let sql = format!(
            "{SELECT_LINK} WHERE user_id = $1 AND purpose = $2 ORDER BY created_at DESC LIMIT 1"
        );
        let values = vec![user.as_uuid().into(), encode_purpose(purpose).into()];
        let row = self.sql().first::<LinkRow>("link", sql, values).await?;
        row.map(LinkRow::decode).transpose()
    }

    async fn find_second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, StoreError> {
        let sql = "SELECT user_id, secret, confirmed_at, last_step FROM second_factors \
                   WHERE user_id = $1";
        let values = vec![user.as_uuid().into()];
        let row = self.sql().first::<SecondFactorRow>("second factor", sql, values).await?;
        row.map(SecondFactorRow::decode).transpose()
    }

    async fn count_recovery_codes(&self, user: UserId) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1";
        let count = self.sql().number("recovery code", sql, vec![user.as_uuid().into()]).await?;
        decode_u64("recovery codes", count)
    }

    async fn list_members(&self, organization: OrganizationId) -> Result<Vec<Member>, StoreError> {
        let sql = "SELECT m.user_id, u.email, u.name, m.role, m.personal FROM memberships m \
                   JOIN users u ON u.id = m.user_id WHERE m.organization_id = $1 \
                   ORDER BY m.user_id";
        let values = vec![organization.as_uuid().into()];
        let rows = self.sql().all::<MemberRow>("member", sql, values).await?;
        rows.into_iter().map(MemberRow::decode).collect()
    }

    async fn list_invitations(
        &self,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<Vec<Invitation>, StoreError> {
        let sql = format!(
            "{SELECT_INVITATION} WHERE organization_id = $1 AND expires_at > $2 ORDER BY id"
        );
        let values = vec![organization.as_uuid().into(), now.as_micros().into()];
        let rows = self.sql().all::<InvitationRow>("invitation", sql, values).await?;
        rows.into_iter().map(InvitationRow::decode).collect()
    }

    async fn find_invited_at(
        &self,
        organization: OrganizationId,
        later: u32,
    ) -> Result<Option<Timestamp>, StoreError> {
        // The audit log keeps those whose row is gone; an index holds these lines alone.
        let sql = "SELECT at FROM audit_entries WHERE organization_id = $1 \
                   AND action = 'member.invite' ORDER BY at DESC LIMIT 1 OFFSET $2";
        let values = vec![organization.as_uuid().into(), i64::from(later).into()];
        let row = self.sql().first::<InvitedRow>("invitation", sql, values).await?;
        Ok(row.map(|row| decode_time(row.at)))
    }

    async fn find_invitation(&self, token_sha256: &str) -> Result<Option<Invitation>, StoreError> {
        let sql = format!("{SELECT_INVITATION} WHERE token_sha256 = $1");
        let values = vec![token_sha256.into()];
        let row = self.sql().first::<InvitationRow>("invitation", sql, values).await?;
        row.map(InvitationRow::decode).transpose()
    }

    async fn find_refresh_token(
        &self,
        token_sha256: &str,
    ) -> Result<Option<RefreshToken>, StoreError> {
        let sql = "SELECT token_sha256, family_id, organization_id, user_id, name, scopes, \
                   created_at, expires_at, used_at, client_id FROM refresh_tokens \
                   WHERE token_sha256 = $1";
        let values = vec![token_sha256.into()];
        let row = self.sql().first::<RefreshTokenRow>("refresh token", sql, values).await?;
        row.map(RefreshTokenRow::decode).transpose()
    }

    async fn list_allowed_networks(
        &self,
        organization: OrganizationId,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT allowed_networks FROM organizations WHERE id = $1";
        let values = vec![organization.as_uuid().into()];
        let row = self.sql().first::<NetworksRow>("organization", sql, values).await?;
        let row = row.ok_or(StoreError::NotFound { what: "organization" })?;
        decode_json("allowed networks", &row.allowed_networks)
    }
}
