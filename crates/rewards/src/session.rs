//! Somebody asks for an ad, and tells how it goes.
//!
//! Invariant: what the app tells of an ad proves nothing; only its provider does.

use std::net::IpAddr;
use std::time::Duration;

use gantry_access::{Actor, Permission};
use gantry_ports::store::{AdProgress, AdSession, StoreExt};
use gantry_rules::rewards::{admit_claim, count_remaining};
use gantry_types::AdSessionId;

use crate::error::RewardsError;
use crate::place::{Place, count_claims, derive_address, lock_place};
use crate::{Rewards, require_person};

/// How long an ad may take from the order to its end.
const LIFETIME: Duration = Duration::from_hours(1);
/// Ads of one person that may wait to be watched.
const MOST_OPEN: u32 = 10;

/// An ad that may be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunAd {
    /// The session; the app gives its identifier the ad along.
    pub session: AdSession,
    /// The provider's place for ads; empty in the sandbox.
    pub unit: String,
    /// How many ads the person can earn by today, this one included.
    pub remaining: u32,
}

impl Rewards {
    /// Makes a session for an ad, if one may be earned by now.
    ///
    /// # Errors
    /// [`RewardsError::NotOffered`], [`RewardsError::Access`], [`RewardsError::Limited`],
    /// [`RewardsError::TooManyOpen`], [`RewardsError::Store`].
    pub async fn begin_ad(&self, actor: &Actor, ip: IpAddr) -> Result<BegunAd, RewardsError> {
        let user_id = require_person(actor, Permission::RunJobs)?;
        let (terms, desk) = self.require_offer()?;
        let (terms, now) = (*terms, self.clock.now());
        let session = AdSession {
            id: AdSessionId::generate(),
            organization_id: actor.organization_id,
            user_id,
            provider: desk.verifier.id().to_owned(),
            progress: AdProgress::Asked,
            created_at: now,
            expires_at: now.plus(LIFETIME),
            watched_at: None,
            decided_at: None,
        };
        let place = Place { user_id, address: derive_address(ip), device: None };
        let unit = desk.verifier.unit().to_owned();
        self.store
            .write::<_, RewardsError, _>(move |tx| {
                let (session, place, unit) = (session.clone(), place.clone(), unit.clone());
                Box::pin(async move {
                    let rewards = tx.rewards();
                    lock_place(rewards, &place).await?;
                    let counts = count_claims(rewards, &place, now).await?;
                    admit_claim(&terms, &counts, now).map_err(|refusal| {
                        let retry_after = refusal.until.since(now);
                        RewardsError::Limited { refusal, retry_after }
                    })?;
                    let (open, first_end) = rewards.count_open_ad_sessions(user_id, now).await?;
                    if open >= MOST_OPEN {
                        let retry_after = first_end.map_or(LIFETIME, |end| end.since(now));
                        return Err(RewardsError::TooManyOpen { open, retry_after });
                    }
                    rewards.insert_ad_session(&session).await?;
                    let remaining = count_remaining(&terms, &counts);
                    Ok(BegunAd { session, unit, remaining })
                })
            })
            .await
    }

    /// Notes what an app tells of an ad.
    ///
    /// # Errors
    /// [`RewardsError::Access`], [`RewardsError::NotFound`], [`RewardsError::Conflict`] for what
    /// is told of an ad after its claim, [`RewardsError::Store`].
    pub async fn note_progress(
        &self,
        actor: &Actor,
        id: AdSessionId,
        progress: AdProgress,
    ) -> Result<(), RewardsError> {
        let user_id = require_person(actor, Permission::RunJobs)?;
        let organization_id = actor.organization_id;
        self.store
            .write::<_, RewardsError, _>(move |tx| {
                Box::pin(async move {
                    let rewards = tx.rewards();
                    let found = rewards.find_ad_session(organization_id, user_id, id).await?;
                    let session = found.ok_or(RewardsError::NotFound { what: "ad session" })?;
                    if session.decided_at.is_some() {
                        let reason = "the ad's credits were claimed already".to_owned();
                        return Err(RewardsError::Conflict { reason });
                    }
                    let whose = (organization_id, user_id, id);
                    Ok(rewards.set_ad_progress(whose, progress).await?)
                })
            })
            .await
    }

    /// Shows an ad of the sandbox to its end: signs its callback, and takes it.
    ///
    /// # Errors
    /// [`RewardsError::NotOffered`] where real ads are shown, [`RewardsError::Access`],
    /// [`RewardsError::NotFound`], [`RewardsError::Conflict`], [`RewardsError::Store`].
    pub async fn watch_in_sandbox(
        &self,
        actor: &Actor,
        id: AdSessionId,
    ) -> Result<(), RewardsError> {
        let (_, desk) = self.require_offer()?;
        let sandbox = desk.sandbox.as_ref().ok_or(RewardsError::NotOffered)?;
        self.note_progress(actor, id, AdProgress::Watched).await?;
        let told = sandbox.tell_watched(&id.to_string(), self.clock.now());
        let query = told.map_err(|reason| RewardsError::Conflict { reason })?;
        self.receive_callback(desk.verifier.id(), &query).await.map(drop)
    }
}
