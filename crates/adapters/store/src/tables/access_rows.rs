//! Rows of identity.

use gantry_ports::StoreError;
use gantry_ports::store::{
    ApiKey, Membership, Organization, Restriction, Session, SessionPurpose, SignInFailures, User,
    UserStatus,
};
use gantry_types::{
    ApiKeyId, OAuthClientId, OrganizationId, PlanId, SessionId, Timestamp, TokenFamilyId, UserId,
};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{decode_json, decode_time, decode_u32, decode_word};
use crate::error::broken;

/// A row of `users`.
#[derive(Debug, FromQueryResult)]
pub(super) struct UserRow {
    id: Uuid,
    email: String,
    name: String,
    password_hash: String,
    administrator: bool,
    status: String,
    locale: String,
    email_verified_at: Option<i64>,
    second_factor_at: Option<i64>,
    created_at: i64,
}

impl UserRow {
    pub(super) fn decode(self) -> Result<User, StoreError> {
        Ok(User {
            id: UserId::from_uuid(self.id),
            email: self.email,
            name: self.name,
            password_hash: self.password_hash,
            administrator: self.administrator,
            status: decode_status(&self.status)?,
            locale: decode_word("language", &self.locale)?,
            email_verified_at: self.email_verified_at.map(decode_time),
            second_factor_at: self.second_factor_at.map(decode_time),
            created_at: decode_time(self.created_at),
        })
    }
}

/// The word of a status.
pub(super) const fn encode_status(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Active => "active",
        UserStatus::Suspended => "suspended",
        UserStatus::Banned => "banned",
        UserStatus::Leaving => "leaving",
        UserStatus::Erased => "erased",
    }
}

/// Reads what [`encode_status`] wrote.
pub(super) fn decode_status(text: &str) -> Result<UserStatus, StoreError> {
    match text {
        "active" => Ok(UserStatus::Active),
        "suspended" => Ok(UserStatus::Suspended),
        "banned" => Ok(UserStatus::Banned),
        "leaving" => Ok(UserStatus::Leaving),
        "erased" => Ok(UserStatus::Erased),
        other => Err(broken("user status", other)),
    }
}

/// A row of `restrictions`.
#[derive(Debug, FromQueryResult)]
pub(super) struct RestrictionRow {
    user_id: Uuid,
    reason: String,
    at: i64,
    ends_at: Option<i64>,
    restricted_by: Option<Uuid>,
}

impl RestrictionRow {
    pub(super) fn decode(self) -> Restriction {
        Restriction {
            user_id: UserId::from_uuid(self.user_id),
            reason: self.reason,
            at: decode_time(self.at),
            until: self.ends_at.map(decode_time),
            by: self.restricted_by.map(UserId::from_uuid),
        }
    }
}

/// A row of `organizations` with the plan of its account.
#[derive(Debug, FromQueryResult)]
pub(super) struct OrganizationRow {
    id: Uuid,
    name: String,
    plan_id: Uuid,
    created_at: i64,
}

impl OrganizationRow {
    pub(super) fn decode(self) -> Organization {
        Organization {
            id: OrganizationId::from_uuid(self.id),
            name: self.name,
            plan_id: PlanId::from_uuid(self.plan_id),
            created_at: decode_time(self.created_at),
        }
    }
}

/// A row of `memberships` with the organization's name.
#[derive(Debug, FromQueryResult)]
pub(super) struct MembershipRow {
    organization_id: Uuid,
    organization_name: String,
    user_id: Uuid,
    role: String,
}

impl MembershipRow {
    pub(super) fn decode(self) -> Result<Membership, StoreError> {
        Ok(Membership {
            organization_id: OrganizationId::from_uuid(self.organization_id),
            organization_name: self.organization_name,
            user_id: UserId::from_uuid(self.user_id),
            role: decode_word("role", &self.role)?,
        })
    }
}

/// A row of `sessions`.
#[derive(Debug, FromQueryResult)]
pub(super) struct SessionRow {
    id: Uuid,
    organization_id: Uuid,
    user_id: Uuid,
    token_sha256: String,
    user_agent: String,
    ip: String,
    created_at: i64,
    last_used_at: i64,
    expires_at: i64,
    administering: bool,
}

impl SessionRow {
    pub(super) fn decode(self) -> Session {
        Session {
            id: SessionId::from_uuid(self.id),
            token_sha256: self.token_sha256,
            user_id: UserId::from_uuid(self.user_id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            user_agent: self.user_agent,
            ip: self.ip,
            created_at: decode_time(self.created_at),
            last_used_at: decode_time(self.last_used_at),
            expires_at: decode_time(self.expires_at),
            purpose: if self.administering {
                SessionPurpose::Administer
            } else {
                SessionPurpose::Everything
            },
        }
    }
}

/// A row of `api_keys`.
#[derive(Debug, FromQueryResult)]
pub(super) struct ApiKeyRow {
    id: Uuid,
    organization_id: Uuid,
    user_id: Uuid,
    name: String,
    prefix: String,
    key_sha256: String,
    scopes: String,
    created_at: i64,
    last_used_at: Option<i64>,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    family_id: Option<Uuid>,
    client_id: Option<Uuid>,
}

impl ApiKeyRow {
    pub(super) fn decode(self) -> Result<ApiKey, StoreError> {
        Ok(ApiKey {
            id: ApiKeyId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            user_id: UserId::from_uuid(self.user_id),
            name: self.name,
            prefix: self.prefix,
            key_sha256: self.key_sha256,
            scopes: decode_json("scopes", &self.scopes)?,
            created_at: decode_time(self.created_at),
            last_used_at: self.last_used_at.map(decode_time),
            expires_at: self.expires_at.map(decode_time),
            revoked_at: self.revoked_at.map(decode_time),
            family: self.family_id.map(TokenFamilyId::from_uuid),
            client: self.client_id.map(OAuthClientId::from_uuid),
        })
    }
}

/// A row of `sign_in_failures`.
#[derive(Debug, FromQueryResult)]
pub(super) struct SignInFailuresRow {
    failures: i64,
    last_at: i64,
}

impl SignInFailuresRow {
    pub(super) fn decode(self) -> Result<SignInFailures, StoreError> {
        let last_at = Timestamp::from_micros(self.last_at);
        Ok(SignInFailures { count: decode_u32("sign-in failures", self.failures)?, last_at })
    }
}

/// How hashes begin.
#[derive(Debug, FromQueryResult)]
pub(super) struct BeginningRow {
    pub(super) beginning: String,
}

/// The highest cost of hashes from elsewhere.
#[derive(Debug, FromQueryResult)]
pub(super) struct CostRow {
    cost: Option<i64>,
}

impl CostRow {
    pub(super) fn decode(self) -> Result<Option<u32>, StoreError> {
        self.cost.map(|cost| decode_u32("cost of a password", cost)).transpose()
    }
}
