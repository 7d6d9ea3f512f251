//! Who brought whom, and what it brought them.
//!
//! Invariants: an organization has at most one code, and a person was referred at most once; a
//! referral ends once. What it brings is decided by [`gantry_rules::referral`] and given as lots, in
//! the transaction that ends it.

use async_trait::async_trait;
use gantry_rules::referral::RewardedWhen;
use gantry_types::{Credits, OrganizationId, ReferralId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::page::{Page, PageRequest};

/// What an organization gives to others so that they name it when they register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferralCode {
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The code, in capitals.
    pub code: String,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
}

/// Where a referral stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferralState {
    /// Its condition is not met yet.
    Waiting,
    /// Both sides were given what there is for them.
    Rewarded,
    /// Nobody is given anything.
    Refused,
}

/// Somebody registered with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Referral {
    /// The identifier.
    pub id: ReferralId,
    /// Whose code it was.
    pub organization_id: OrganizationId,
    /// Who registered.
    pub referred_user_id: UserId,
    /// Their own organization.
    pub referred_organization_id: OrganizationId,
    /// Where it stands.
    pub state: ReferralState,
    /// What the code's organization was given.
    pub reward: Credits,
    /// What the newcomer's organization was given.
    pub welcome: Credits,
    /// When they registered.
    pub created_at: Timestamp,
    /// When it was decided.
    pub ended_at: Option<Timestamp>,
}

/// A referral in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedReferral {
    /// The referral.
    pub referral: Referral,
    /// The newcomer's address, which nobody is shown as it is.
    pub email: String,
}

/// How a referral ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferralEnd {
    /// Where it stands from now on: not waiting.
    pub state: ReferralState,
    /// What the code's organization is given.
    pub reward: Credits,
    /// What the newcomer's organization is given.
    pub welcome: Credits,
    /// Now.
    pub at: Timestamp,
}

/// Looks up referrals.
#[async_trait]
pub trait ReadReferrals: Send + Sync {
    /// The code of an organization.
    async fn find_code(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<ReferralCode>, StoreError>;
    /// The organization whose code it is.
    async fn find_code_owner(&self, code: &str) -> Result<Option<OrganizationId>, StoreError>;
    /// Whom an organization referred.
    async fn list_referrals(
        &self,
        organization_id: OrganizationId,
        page: &PageRequest<ReferralId>,
    ) -> Result<Page<ListedReferral, ReferralId>, StoreError>;
    /// Every referral of the installation.
    async fn list_all_referrals(
        &self,
        page: &PageRequest<ReferralId>,
    ) -> Result<Page<ListedReferral, ReferralId>, StoreError>;
    /// Referrals that wait and whose condition seems to be met, oldest first, at most `limit`.
    async fn list_ready_referrals(
        &self,
        when: RewardedWhen,
        limit: u32,
    ) -> Result<Vec<Referral>, StoreError>;
    /// How many referrals of an organization were rewarded since a time.
    async fn count_rewarded(
        &self,
        organization_id: OrganizationId,
        since: Timestamp,
    ) -> Result<u32, StoreError>;
    /// Whether a payment of an organization was received, and neither given back nor disputed.
    async fn has_paid(&self, organization_id: OrganizationId) -> Result<bool, StoreError>;
}

/// Changes referrals.
#[async_trait]
pub trait WriteReferrals: ReadReferrals {
    /// Adds a code; [`StoreError::AlreadyExists`] when the organization has one, or the code is
    /// another's.
    async fn insert_code(&self, code: &ReferralCode) -> Result<(), StoreError>;
    /// Waits until nobody else decides on referrals of an organization.
    async fn lock_code(&self, organization_id: OrganizationId) -> Result<(), StoreError>;
    /// Adds a referral; [`StoreError::AlreadyExists`] when the person was referred before.
    async fn insert_referral(&self, referral: &Referral) -> Result<(), StoreError>;
    /// Ends a referral that waits; answers whether it did.
    async fn end_referral(&self, id: ReferralId, end: &ReferralEnd) -> Result<bool, StoreError>;
}
