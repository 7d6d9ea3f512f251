//! Rows of links, second factors, invitations and members.

use gantry_ports::StoreError;
use gantry_ports::store::{
    Invitation, LinkPurpose, Member, OneTimeLink, RefreshToken, SecondFactor,
};
use gantry_types::{InvitationId, OAuthClientId, OrganizationId, TokenFamilyId, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{decode_json, decode_time, decode_u64, decode_word};
use crate::error::broken;

/// The word of a purpose.
pub(super) const fn encode_purpose(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::VerifyEmail => "verify_email",
        LinkPurpose::ResetPassword => "reset_password",
        LinkPurpose::ChangeEmail => "change_email",
        LinkPurpose::SecondFactor => "second_factor",
        LinkPurpose::KeepAccount => "keep_account",
    }
}

fn decode_purpose(text: &str) -> Result<LinkPurpose, StoreError> {
    const ALL: [LinkPurpose; 5] = [
        LinkPurpose::VerifyEmail,
        LinkPurpose::ResetPassword,
        LinkPurpose::ChangeEmail,
        LinkPurpose::SecondFactor,
        LinkPurpose::KeepAccount,
    ];
    let found = ALL.into_iter().find(|purpose| encode_purpose(*purpose) == text);
    found.ok_or_else(|| broken("link purpose", text))
}

/// A row of `one_time_links`.
#[derive(Debug, FromQueryResult)]
pub(super) struct LinkRow {
    token_sha256: String,
    purpose: String,
    user_id: Uuid,
    email: String,
    created_at: i64,
    expires_at: i64,
}

impl LinkRow {
    pub(super) fn decode(self) -> Result<OneTimeLink, StoreError> {
        Ok(OneTimeLink {
            purpose: decode_purpose(&self.purpose)?,
            token_sha256: self.token_sha256,
            user_id: UserId::from_uuid(self.user_id),
            email: self.email,
            created_at: decode_time(self.created_at),
            expires_at: decode_time(self.expires_at),
        })
    }
}

/// A row of `second_factors`.
#[derive(FromQueryResult)]
pub(super) struct SecondFactorRow {
    user_id: Uuid,
    secret: String,
    confirmed_at: Option<i64>,
    last_step: i64,
}

impl SecondFactorRow {
    pub(super) fn decode(self) -> Result<SecondFactor, StoreError> {
        Ok(SecondFactor {
            user_id: UserId::from_uuid(self.user_id),
            secret: self.secret,
            confirmed_at: self.confirmed_at.map(decode_time),
            last_step: decode_u64("step of time", self.last_step)?,
        })
    }
}

/// A row of `invitations`.
#[derive(Debug, FromQueryResult)]
pub(super) struct InvitationRow {
    id: Uuid,
    organization_id: Uuid,
    email: String,
    role: String,
    token_sha256: String,
    invited_by: Uuid,
    created_at: i64,
    expires_at: i64,
}

impl InvitationRow {
    pub(super) fn decode(self) -> Result<Invitation, StoreError> {
        Ok(Invitation {
            id: InvitationId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            email: self.email,
            role: decode_word("role", &self.role)?,
            token_sha256: self.token_sha256,
            invited_by: UserId::from_uuid(self.invited_by),
            created_at: decode_time(self.created_at),
            expires_at: decode_time(self.expires_at),
        })
    }
}

/// When somebody was invited.
#[derive(Debug, FromQueryResult)]
pub(super) struct InvitedRow {
    pub(super) at: i64,
}

/// A row of `memberships` with the person.
#[derive(Debug, FromQueryResult)]
pub(super) struct MemberRow {
    user_id: Uuid,
    email: String,
    name: String,
    role: String,
    personal: bool,
}

impl MemberRow {
    pub(super) fn decode(self) -> Result<Member, StoreError> {
        Ok(Member {
            user_id: UserId::from_uuid(self.user_id),
            email: self.email,
            name: self.name,
            role: decode_word("role", &self.role)?,
            personal: self.personal,
        })
    }
}

/// A row of `refresh_tokens`.
#[derive(Debug, FromQueryResult)]
pub(super) struct RefreshTokenRow {
    token_sha256: String,
    family_id: Uuid,
    organization_id: Uuid,
    user_id: Uuid,
    name: String,
    scopes: String,
    created_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
    client_id: Option<Uuid>,
}

impl RefreshTokenRow {
    pub(super) fn decode(self) -> Result<RefreshToken, StoreError> {
        Ok(RefreshToken {
            token_sha256: self.token_sha256,
            family: TokenFamilyId::from_uuid(self.family_id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            user_id: UserId::from_uuid(self.user_id),
            name: self.name,
            scopes: decode_json("scopes", &self.scopes)?,
            created_at: decode_time(self.created_at),
            expires_at: decode_time(self.expires_at),
            used_at: self.used_at.map(decode_time),
            client: self.client_id.map(OAuthClientId::from_uuid),
        })
    }
}

/// The column `organizations.allowed_networks`.
#[derive(Debug, FromQueryResult)]
pub(super) struct NetworksRow {
    pub(super) allowed_networks: String,
}
