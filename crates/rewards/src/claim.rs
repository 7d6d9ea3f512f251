//! Somebody claims the credits of an ad that they watched.
//!
//! Invariants: a claim before the provider's word is answered "not yet" and changes nothing; a claim
//! that was decided is answered by what was decided, however often it is sent.

use std::net::IpAddr;

use gantry_access::{Actor, Permission};
use gantry_ports::StoreError;
use gantry_ports::store::{AdSession, FraudEvent, StoreExt};
use gantry_types::AdSessionId;

use crate::decide::ClaimDraft;
use crate::error::RewardsError;
use crate::place::{Place, derive_address, digest_fingerprint, list_networks_around};
use crate::status::RewardStatus;
use crate::{Rewards, require_person};

/// The longest name of a program that is kept.
const LONGEST_AGENT: usize = 400;

/// A claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClaim {
    /// The ad.
    pub session_id: AdSessionId,
    /// By what the device can be told from others, if it says so.
    pub fingerprint: Option<String>,
    /// The network address.
    pub ip: IpAddr,
    /// How the program names itself.
    pub user_agent: String,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The provider has not told of the ad yet.
    Pending,
    /// It was decided.
    Decided {
        /// What, and why.
        event: Box<FraudEvent>,
        /// What can be earned now.
        status: RewardStatus,
    },
}

impl Rewards {
    /// Gives the credits of an ad, or says why not.
    ///
    /// # Errors
    /// [`RewardsError::NotOffered`], [`RewardsError::Access`], [`RewardsError::NotFound`] for
    /// another's ad, [`RewardsError::Ended`], [`RewardsError::Limited`],
    /// [`RewardsError::Invalid`], [`RewardsError::Store`].
    pub async fn claim(&self, actor: &Actor, claim: &NewClaim) -> Result<Claimed, RewardsError> {
        let user_id = require_person(actor, Permission::RunJobs)?;
        self.require_offer()?;
        let device = claim.fingerprint.as_deref().map(digest_fingerprint).transpose()?;
        let place = Place { user_id, address: derive_address(claim.ip), device };
        let (session, known) = self.find_claimed(actor, &place, claim.session_id).await?;
        let event = match (known, session.watched_at) {
            (Some(event), _) => event,
            (None, None) if self.clock.now() >= session.expires_at => {
                return Err(RewardsError::Ended);
            }
            (None, None) => return Ok(Claimed::Pending),
            (None, Some(watched_at)) => {
                let watched = watched_at.since(session.created_at);
                let draft = self.draft_claim(actor, claim, (place, watched)).await?;
                self.store
                    .write::<_, RewardsError, _>(move |tx| {
                        let draft = draft.clone();
                        Box::pin(async move { draft.decide(tx).await })
                    })
                    .await?
            }
        };
        let status = self.status_of(user_id, claim.ip).await?;
        Ok(Claimed::Decided { event: Box::new(event), status })
    }

    /// The ad, and what was decided about it before.
    async fn find_claimed(
        &self,
        actor: &Actor,
        place: &Place,
        id: AdSessionId,
    ) -> Result<(AdSession, Option<FraudEvent>), RewardsError> {
        let snapshot = self.store.read().await?;
        let rewards = snapshot.rewards();
        let found = rewards.find_ad_session(actor.organization_id, place.user_id, id).await?;
        let session = found.ok_or(RewardsError::NotFound { what: "ad session" })?;
        let known = match session.decided_at {
            Some(_) => rewards.find_decision(id).await?,
            None => None,
        };
        Ok((session, known))
    }

    /// All that the decision needs and no transaction can find out.
    async fn draft_claim(
        &self,
        actor: &Actor,
        claim: &NewClaim,
        (place, watched): (Place, std::time::Duration),
    ) -> Result<ClaimDraft, RewardsError> {
        let (terms, desk) = self.require_offer()?;
        let snapshot = self.store.read().await?;
        let user = snapshot.access().find_user(place.user_id).await?;
        let user = user.ok_or(StoreError::NotFound { what: "user" })?;
        drop(snapshot);
        Ok(ClaimDraft {
            actor: actor.clone(),
            session_id: claim.session_id,
            terms: *terms,
            place,
            networks: list_networks_around(claim.ip),
            report: desk.networks.look_up(claim.ip).await,
            user_agent: claim.user_agent.chars().take(LONGEST_AGENT).collect(),
            watched,
            registered_at: user.created_at,
            proven: user.email_verified_at.is_some(),
            now: self.clock.now(),
        })
    }
}
