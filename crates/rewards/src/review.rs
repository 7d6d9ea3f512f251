//! Administrators look at what was decided.
//!
//! Invariants: a decision is looked at once; what was wrongly held back is given, and what was wrongly
//! given is taken back, in the transaction of the finding.

use gantry_access::{Actor, Permission, require};
use gantry_ports::StoreError;
use gantry_ports::store::{
    FraudBlock, FraudEvent, FraudEventFilter, FraudReview, LotReturn, Page, PageRequest,
    ReviewOutcome, StoreExt, Tx,
};
use gantry_rules::fraud::BlockKind;
use gantry_types::{FraudBlockId, FraudEventId, LotId, Timestamp};
use serde_json::json;

use crate::Rewards;
use crate::decide::AdCredits;
use crate::error::RewardsError;
use crate::place::parse_network;

/// What an administrator found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it was fraud.
    pub outcome: ReviewOutcome,
    /// Why, in words.
    pub note: String,
    /// What of a confirmed fraud goes on the list.
    pub block: Vec<BlockKind>,
}

impl Rewards {
    /// Decisions of every organization.
    ///
    /// # Errors
    /// [`RewardsError::Access`], [`RewardsError::Store`].
    pub async fn list_fraud_events(
        &self,
        actor: &Actor,
        filter: &FraudEventFilter,
        page: &PageRequest<FraudEventId>,
    ) -> Result<Page<FraudEvent, FraudEventId>, RewardsError> {
        require(actor, Permission::Administer)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.rewards().list_fraud_events(filter, page).await?)
    }

    /// Notes what was found about a decision. Cleared: credits that were held back are given, and
    /// it does not count against the person any more. Confirmed: credits that were given are
    /// taken back, and device and network go on the list as asked.
    ///
    /// # Errors
    /// [`RewardsError::Access`], [`RewardsError::NotFound`], [`RewardsError::Conflict`] when
    /// somebody looked before, [`RewardsError::Store`].
    pub async fn review_fraud_event(
        &self,
        actor: &Actor,
        id: FraudEventId,
        finding: &Finding,
    ) -> Result<FraudEvent, RewardsError> {
        require(actor, Permission::Administer)?;
        let desk = Reviewing {
            actor: actor.clone(),
            finding: finding.clone(),
            expires_after: self.terms.and_then(|terms| terms.expires_after),
            now: self.clock.now(),
        };
        let reviewed = self.store.write::<_, RewardsError, _>(move |tx| {
            let desk = desk.clone();
            Box::pin(async move { desk.review(tx, id).await })
        });
        reviewed.await
    }
}

/// A look at a decision, under way.
#[derive(Clone)]
struct Reviewing {
    actor: Actor,
    finding: Finding,
    expires_after: Option<std::time::Duration>,
    now: Timestamp,
}

impl Reviewing {
    async fn review(&self, tx: &dyn Tx, id: FraudEventId) -> Result<FraudEvent, RewardsError> {
        let rewards = tx.rewards();
        let found = rewards.find_fraud_event(id).await?;
        let event = found.ok_or(RewardsError::NotFound { what: "fraud event" })?;
        if let Some(review) = &event.review {
            let outcome = review.outcome.as_str();
            let reason = format!("somebody looked at it before, and it was {outcome}");
            return Err(RewardsError::Conflict { reason });
        }
        let given = match self.finding.outcome {
            ReviewOutcome::Cleared => self.give(tx, &event).await?,
            ReviewOutcome::Confirmed => {
                self.take_back(tx, &event).await?;
                self.block(tx, &event).await?;
                None
            }
        };
        let review = FraudReview {
            outcome: self.finding.outcome,
            reviewer_id: self.actor.user_id,
            note: self.finding.note.clone(),
            at: self.now,
        };
        rewards.set_fraud_review(id, &review, given).await?;
        let details = json!({
            "organization": event.organization_id,
            "outcome": review.outcome.as_str(),
            "verdict": event.verdict.as_str(),
            "credits": event.credits,
            "blocked": self.finding.block.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
        });
        let subject = format!("fraud_event {id}");
        let about = ("fraud_event.review", subject.as_str());
        for entry in self.actor.house_entries(event.organization_id, about, details, self.now) {
            tx.audit().append(&entry).await?;
        }
        Ok(FraudEvent { lot_id: given.or(event.lot_id), review: Some(review), ..event })
    }

    /// Gives what was held back.
    async fn give(&self, tx: &dyn Tx, event: &FraudEvent) -> Result<Option<LotId>, StoreError> {
        if event.lot_id.is_some() {
            return Ok(None);
        }
        let credits = AdCredits {
            organization_id: event.organization_id,
            session_id: event.session_id,
            credits: event.credits,
            expires_after: self.expires_after,
            at: self.now,
        };
        credits.give(tx).await.map(Some)
    }

    /// Takes back what was given: what is left of it, and what was spent is owed.
    async fn take_back(&self, tx: &dyn Tx, event: &FraudEvent) -> Result<(), StoreError> {
        let Some(lot_id) = event.lot_id else { return Ok(()) };
        let back = LotReturn {
            organization_id: event.organization_id,
            lot_id,
            amount: event.credits,
            at: self.now,
        };
        tx.payments().return_lot(&back).await.map(drop)
    }

    async fn block(&self, tx: &dyn Tx, event: &FraudEvent) -> Result<(), RewardsError> {
        for kind in &self.finding.block {
            let value = match kind {
                BlockKind::Device => event.device.clone(),
                BlockKind::Network => Some(parse_network(&event.address)?),
            };
            // A device that did not say which one it is cannot be listed.
            let Some(value) = value else { continue };
            let rewards = tx.rewards();
            let known = match kind {
                BlockKind::Device => rewards.find_blocked(Some(&value), &[]).await?,
                BlockKind::Network => {
                    rewards.find_blocked(None, std::slice::from_ref(&value)).await?
                }
            };
            if known.is_empty() {
                let block = FraudBlock {
                    id: FraudBlockId::generate(),
                    kind: *kind,
                    value,
                    reason: format!("fraud event {}", event.id),
                    created_by: self.actor.user_id,
                    created_at: self.now,
                };
                rewards.insert_fraud_block(&block).await?;
            }
        }
        Ok(())
    }
}
