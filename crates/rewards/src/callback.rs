//! A provider of ads tells that somebody watched one.
//!
//! Invariants: a transaction is noted once; a callback that cannot be decided now is kept, gives
//! nothing, and is tried again with the bytes and the time of its arrival.

use gantry_ports::StoreError;
use gantry_ports::rewards::{RawReward, UnverifiedReward, VerifiedReward};
use gantry_ports::store::{AdCallback, CallbackOutcome, StoreExt, WriteRewards};
use gantry_types::{AdCallbackId, AdSessionId};
use sha2::{Digest, Sha256};

use crate::Rewards;
use crate::error::RewardsError;

/// Callbacks that may wait; more are not kept, and their provider sends them again.
const MOST_PENDING: u64 = 10_000;
/// How many are tried at once.
const BATCH: u32 = 200;

/// What became of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackReceived {
    /// The ad counts as watched.
    Applied,
    /// It is of no session here, such as a provider's own test.
    Ignored,
    /// It was here before.
    Known,
    /// It waits until its provider's keys can be had.
    Kept,
}

impl Rewards {
    /// Takes a callback of the provider `provider`: the query of the request, as it was sent.
    ///
    /// # Errors
    /// [`RewardsError::NotOffered`] also for a provider that is not in use,
    /// [`RewardsError::Unverified`], [`RewardsError::Store`].
    pub async fn receive_callback(
        &self,
        provider: &str,
        query: &str,
    ) -> Result<CallbackReceived, RewardsError> {
        let (_, desk) = self.require_offer()?;
        if desk.verifier.id() != provider {
            return Err(RewardsError::NotOffered);
        }
        let received_at = self.clock.now();
        let verified = desk.verifier.verify(RawReward { query, received_at }).await;
        let callback = AdCallback {
            id: AdCallbackId::generate(),
            provider: desk.verifier.id().to_owned(),
            query_sha256: hex::encode(Sha256::digest(query.as_bytes())),
            query: query.to_owned(),
            transaction_ref: None,
            outcome: CallbackOutcome::Pending,
            note: String::new(),
            received_at,
        };
        let noted = match verified {
            Ok(reward) => self.note_reward(callback, reward).await,
            Err(UnverifiedReward::Unavailable { reason }) => self.keep(callback, reason).await,
            Err(error) => return Err(error.into()),
        };
        match noted {
            Err(RewardsError::Store(StoreError::AlreadyExists { .. })) => {
                Ok(CallbackReceived::Known)
            }
            other => other,
        }
    }

    async fn note_reward(
        &self,
        callback: AdCallback,
        reward: VerifiedReward,
    ) -> Result<CallbackReceived, RewardsError> {
        self.store
            .write::<_, RewardsError, _>(move |tx| {
                let (callback, reward) = (callback.clone(), reward.clone());
                Box::pin(async move {
                    let rewards = tx.rewards();
                    let (outcome, note) = apply(rewards, &reward).await?;
                    let callback = AdCallback {
                        transaction_ref: Some(reward.transaction_ref),
                        outcome,
                        note: note.to_owned(),
                        ..callback
                    };
                    rewards.insert_callback(&callback).await?;
                    Ok(match outcome {
                        CallbackOutcome::Applied => CallbackReceived::Applied,
                        CallbackOutcome::Ignored
                        | CallbackOutcome::Pending
                        | CallbackOutcome::Refused => CallbackReceived::Ignored,
                    })
                })
            })
            .await
    }

    async fn keep(
        &self,
        callback: AdCallback,
        reason: String,
    ) -> Result<CallbackReceived, RewardsError> {
        tracing::warn!(%reason, "a callback of an ad waits for its provider's keys");
        self.store
            .write::<_, RewardsError, _>(move |tx| {
                let callback = AdCallback { note: reason.clone(), ..callback.clone() };
                Box::pin(async move {
                    let rewards = tx.rewards();
                    if rewards.count_pending_callbacks().await? >= MOST_PENDING {
                        let reason = "too many callbacks wait already".to_owned();
                        return Err(UnverifiedReward::Unavailable { reason }.into());
                    }
                    rewards.insert_callback(&callback).await?;
                    Ok(CallbackReceived::Kept)
                })
            })
            .await
    }

    /// Tries callbacks that wait; answers how many do not any more.
    ///
    /// # Errors
    /// [`RewardsError::Store`]; a provider whose keys cannot be had is asked again later.
    pub async fn retry_callbacks(&self) -> Result<u64, RewardsError> {
        let Ok((_, desk)) = self.require_offer() else { return Ok(0) };
        let waiting = self.store.read().await?.rewards().list_pending_callbacks(BATCH).await?;
        let mut settled = 0;
        for callback in waiting.into_iter().filter(|kept| kept.provider == desk.verifier.id()) {
            let raw = RawReward { query: &callback.query, received_at: callback.received_at };
            let result = match desk.verifier.verify(raw).await {
                Ok(reward) => self.settle(callback.id, reward).await,
                Err(UnverifiedReward::Unavailable { .. }) => break,
                Err(error) => self.refuse(callback.id, error.to_string()).await,
            };
            match result {
                Ok(()) => settled += 1,
                // The same ad was told of by another callback.
                Err(RewardsError::Store(StoreError::AlreadyExists { .. })) => {
                    self.refuse(callback.id, "its transaction is known".to_owned()).await?;
                    settled += 1;
                }
                // Another server was faster.
                Err(RewardsError::Store(StoreError::NotFound { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(settled)
    }

    async fn settle(&self, id: AdCallbackId, reward: VerifiedReward) -> Result<(), RewardsError> {
        self.store
            .write::<_, RewardsError, _>(move |tx| {
                let reward = reward.clone();
                Box::pin(async move {
                    let rewards = tx.rewards();
                    let outcome = apply(rewards, &reward).await?;
                    let transaction = Some(reward.transaction_ref.as_str());
                    Ok(rewards.settle_callback(id, transaction, outcome).await?)
                })
            })
            .await
    }

    async fn refuse(&self, id: AdCallbackId, reason: String) -> Result<(), RewardsError> {
        self.store
            .write::<_, RewardsError, _>(move |tx| {
                let reason = reason.clone();
                Box::pin(async move {
                    let outcome = (CallbackOutcome::Refused, reason.as_str());
                    Ok(tx.rewards().settle_callback(id, None, outcome).await?)
                })
            })
            .await
    }
}

/// Lets the ad of a session count as watched; the app gave the ad the session's name along.
async fn apply(
    rewards: &dyn WriteRewards,
    reward: &VerifiedReward,
) -> Result<(CallbackOutcome, &'static str), StoreError> {
    let is_awaited = match reward.custom_data.parse::<AdSessionId>() {
        Ok(id) => rewards.note_watched(id, reward.watched_at).await?,
        Err(_) => false,
    };
    Ok(if is_awaited {
        (CallbackOutcome::Applied, "")
    } else {
        (CallbackOutcome::Ignored, "no session waits for it")
    })
}
