//! The decision about a claim, in one transaction: limits, score, credits, record.
//!
//! Invariants: claims of one person are decided one after the other, so that their limits hold to the
//! number; nothing is given without a record of why.

use std::time::Duration;

use gantry_access::Actor;
use gantry_ports::StoreError;
use gantry_ports::rewards::NetworkReport;
use gantry_ports::store::{ClaimSource, FraudEvent, LotGrant, ReadRewards, Tx};
use gantry_rules::account::{Lot, LotOrigin};
use gantry_rules::fraud::{
    AccountEvidence, DeviceEvidence, Evidence, FraudScore, Signal, Verdict, derive_score,
    derive_signals,
};
use gantry_rules::rewards::{ClaimCounts, RewardTerms, admit_claim, derive_pressure};
use gantry_types::{AdSessionId, Credits, FraudEventId, LotId, OrganizationId, Timestamp};
use serde_json::json;

use crate::error::RewardsError;
use crate::place::{Place, count_claims, lock_place};

/// For how long the persons of a device are counted.
const DEVICE_MEMORY: Duration = Duration::from_hours(30 * 24);
/// For how long the persons of an address are counted.
const ADDRESS_MEMORY: Duration = Duration::from_hours(24);

/// A claim about which everything is known that the store does not know.
#[derive(Debug, Clone)]
pub(crate) struct ClaimDraft {
    pub actor: Actor,
    pub session_id: AdSessionId,
    pub terms: RewardTerms,
    pub place: Place,
    /// The networks around the address.
    pub networks: Vec<String>,
    pub report: NetworkReport,
    pub user_agent: String,
    /// How long the ad took from the order to its end.
    pub watched: Duration,
    pub registered_at: Timestamp,
    /// Whether the person's address is proven.
    pub proven: bool,
    pub now: Timestamp,
}

/// Credits for an ad.
pub(crate) struct AdCredits {
    pub organization_id: OrganizationId,
    pub session_id: AdSessionId,
    pub credits: Credits,
    pub expires_after: Option<Duration>,
    pub at: Timestamp,
}

impl AdCredits {
    /// Gives them.
    pub(crate) async fn give(&self, tx: &dyn Tx) -> Result<LotId, StoreError> {
        let lot = Lot {
            id: LotId::generate(),
            origin: LotOrigin::Earned,
            expires_at: self.expires_after.map(|after| self.at.plus(after)),
            remaining: self.credits,
        };
        let (organization_id, at) = (self.organization_id, self.at);
        let reason = format!("ad {}", self.session_id);
        tx.accounts().insert_lot(&LotGrant { organization_id, lot, reason, at }).await?;
        Ok(lot.id)
    }
}

impl ClaimDraft {
    /// Decides, gives, and notes why; a claim that was decided meanwhile stays as it was.
    pub(crate) async fn decide(&self, tx: &dyn Tx) -> Result<FraudEvent, RewardsError> {
        let rewards = tx.rewards();
        lock_place(rewards, &self.place).await?;
        if let Some(known) = rewards.find_decision(self.session_id).await? {
            return Ok(known);
        }
        let counts = count_claims(rewards, &self.place, self.now).await?;
        admit_claim(&self.terms, &counts, self.now).map_err(|refusal| {
            let retry_after = refusal.until.since(self.now);
            RewardsError::Limited { refusal, retry_after }
        })?;
        let signals = self.find_signals(rewards, &counts).await?;
        let score = derive_score(&signals);
        rewards.note_decided(self.session_id, self.now).await?;
        let lot_id = match score.verdict() {
            Verdict::Allow | Verdict::Flag => Some(self.credits().give(tx).await?),
            Verdict::Block => None,
        };
        let event = self.record((score, signals), lot_id);
        rewards.insert_fraud_event(&event).await?;
        let details = json!({
            "credits": event.credits,
            "score": score.fraction(),
            "signals": event.signals.iter().map(|signal| signal.as_str()).collect::<Vec<_>>(),
        });
        let subject = format!("fraud_event {}", event.id);
        let entry = self.actor.audit_entry(action_of(event.verdict), &subject, details, self.now);
        tx.audit().append(&entry).await?;
        Ok(event)
    }

    async fn find_signals(
        &self,
        rewards: &dyn ReadRewards,
        counts: &ClaimCounts,
    ) -> Result<Vec<Signal>, StoreError> {
        let Place { user_id, address, device } = &self.place;
        let device_evidence = match device {
            Some(device) => {
                let source = ClaimSource::Device(device.clone());
                let since = self.now.minus(DEVICE_MEMORY);
                let others = rewards.count_other_persons(&source, *user_id, since).await?;
                DeviceEvidence::Known { persons: others.saturating_add(1) }
            }
            None => DeviceEvidence::Unknown,
        };
        let source = ClaimSource::Address(address.clone());
        let since = self.now.minus(ADDRESS_MEMORY);
        let on_address = rewards.count_other_persons(&source, *user_id, since).await?;
        let blocked = rewards.find_blocked(device.as_deref(), &self.networks).await?;
        let pressure = derive_pressure(self.terms.address, counts.address)
            .max(derive_pressure(self.terms.device, counts.device));
        Ok(derive_signals(&Evidence {
            network: &self.report.marks,
            blocked: &blocked,
            agent: &self.user_agent,
            device: device_evidence,
            persons_on_address: on_address.saturating_add(1),
            watched: self.watched,
            shortest_ad: self.terms.shortest_ad,
            pressure,
            account: AccountEvidence {
                age: self.now.since(self.registered_at),
                proven: self.proven,
                flags: rewards.count_fraud_flags(*user_id).await?,
            },
        }))
    }

    fn credits(&self) -> AdCredits {
        AdCredits {
            organization_id: self.actor.organization_id,
            session_id: self.session_id,
            credits: self.terms.credits,
            expires_after: self.terms.expires_after,
            at: self.now,
        }
    }

    fn record(&self, judged: (FraudScore, Vec<Signal>), lot_id: Option<LotId>) -> FraudEvent {
        let (score, signals) = judged;
        FraudEvent {
            id: FraudEventId::generate(),
            session_id: self.session_id,
            organization_id: self.actor.organization_id,
            user_id: self.place.user_id,
            verdict: score.verdict(),
            score,
            signals,
            credits: self.terms.credits,
            lot_id,
            address: self.place.address.clone(),
            device: self.place.device.clone(),
            user_agent: self.user_agent.clone(),
            note: self.report.unknown.clone().unwrap_or_default(),
            at: self.now,
            review: None,
        }
    }
}

const fn action_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "reward.give",
        Verdict::Flag => "reward.flag",
        Verdict::Block => "reward.block",
    }
}
