//! What can be earned now.

use std::net::IpAddr;

use gantry_access::{Actor, Permission};
use gantry_rules::period::derive_day;
use gantry_rules::rewards::{RewardLimit, admit_claim, count_remaining};
use gantry_types::{Credits, Timestamp, UserId};

use crate::error::RewardsError;
use crate::place::{Place, count_claims, derive_address};
use crate::{Rewards, require_person};

/// What a person can earn by ads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewardStatus {
    /// Who shows the ads.
    pub provider: &'static str,
    /// The provider's place for ads; empty in the sandbox.
    pub unit: String,
    /// Credits for each ad.
    pub credits: Credits,
    /// Ads on one day.
    pub per_day: u32,
    /// Ads that are left today.
    pub remaining: u32,
    /// When the day ends.
    pub resets_at: Timestamp,
    /// From when the next ad may be watched; the present when it may be now.
    pub next_at: Timestamp,
    /// What keeps it from being watched now.
    pub limit: Option<RewardLimit>,
    /// The present.
    pub now: Timestamp,
}

impl Rewards {
    /// What the actor can earn by ads now, from this address.
    ///
    /// # Errors
    /// [`RewardsError::NotOffered`], [`RewardsError::Access`], [`RewardsError::Store`].
    pub async fn status(&self, actor: &Actor, ip: IpAddr) -> Result<RewardStatus, RewardsError> {
        let user_id = require_person(actor, Permission::ReadAccount)?;
        self.status_of(user_id, ip).await
    }

    pub(crate) async fn status_of(
        &self,
        user_id: UserId,
        ip: IpAddr,
    ) -> Result<RewardStatus, RewardsError> {
        let (terms, desk) = self.require_offer()?;
        let place = Place { user_id, address: derive_address(ip), device: None };
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let counts = count_claims(snapshot.rewards(), &place, now).await?;
        let refusal = admit_claim(terms, &counts, now).err();
        Ok(RewardStatus {
            provider: desk.verifier.id(),
            unit: desk.verifier.unit().to_owned(),
            credits: terms.credits,
            per_day: terms.person.per_day,
            remaining: count_remaining(terms, &counts),
            resets_at: derive_day(now).end,
            next_at: refusal.map_or(now, |refusal| refusal.until),
            limit: refusal.map(|refusal| refusal.limit),
            now,
        })
    }
}
