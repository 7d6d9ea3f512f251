//! Requests that move money or credits and may be repeated without doubling it.
//!
//! Invariants: what is done in the store alone is kept with its answer in one transaction; what a
//! provider is asked for is kept before, so that a repetition asks for exactly the same; a refusal
//! is not kept; who is overtaken by a repetition writes nothing.

use std::time::Duration;

use gantry_access::Actor;
use gantry_ports::StoreError;
use gantry_ports::payments::PaymentError;
use gantry_ports::store::{KeptRequest, RequestHold, StoreExt, Tx};
use gantry_rules::submission::IdempotencyKey;
use serde_json::Value;

use crate::Billing;
use crate::error::BillingError;

/// For how long who began a request is left alone: longer than a provider is waited for.
const HOLD: Duration = Duration::from_mins(10);

/// Where a request stands when it comes in.
pub(crate) enum Begun {
    /// It is to be done, now and by nobody else.
    Act(Turn),
    /// It was done, and this was the answer.
    Done(Value),
}

/// A request that is being done.
#[derive(Clone)]
pub(crate) struct Turn {
    /// By what it is told from another's turn; nothing for a request without a key.
    hold: Option<RequestHold>,
    /// What is to be done, as it was first said.
    pub began: Value,
    /// Whether an earlier attempt may have done it, so that a refusal of this one does not tell
    /// that nothing was done.
    is_resumed: bool,
}

impl Turn {
    /// Notes the answer, in the transaction of what it tells of and before anything else in it.
    ///
    /// # Errors
    /// [`BillingError::Overtaken`], with which nothing of the transaction is kept.
    pub(crate) async fn answer(&self, tx: &dyn Tx, answer: &Value) -> Result<(), BillingError> {
        let Some(hold) = &self.hold else { return Ok(()) };
        if tx.requests().answer_request(hold, answer).await? {
            Ok(())
        } else {
            Err(BillingError::Overtaken)
        }
    }
}

impl Billing {
    /// Where an earlier request of this key stands; `None` where there is none, or no key.
    pub(crate) async fn find_turn(
        &self,
        actor: &Actor,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Begun>, BillingError> {
        let Some(key) = key else { return Ok(None) };
        let (whose, now) = (actor.organization_id, self.clock.now());
        let kept = self.store.read().await?.requests().find_request(whose, key, now).await?;
        let Some(kept) = kept else { return Ok(None) };
        if kept.key.body_sha256 != key.body_sha256 {
            return Err(BillingError::IdempotencyMismatch);
        }
        if let Some(answer) = kept.answer {
            return Ok(Some(Begun::Done(answer)));
        }
        let held = KeptRequest { answer: None, held_until: now.plus(HOLD), ..kept };
        let hold = Some(held.derive_hold());
        let turn = Turn { hold, began: held.began.clone(), is_resumed: true };
        let is_ours = self
            .store
            .write(move |tx| {
                let held = held.clone();
                Box::pin(async move {
                    Ok::<bool, BillingError>(tx.requests().hold_request(&held, now).await?)
                })
            })
            .await?;
        if is_ours { Ok(Some(Begun::Act(turn))) } else { Err(under_way()) }
    }

    /// Begins a request, or takes up the one that its key names.
    pub(crate) async fn begin_turn(
        &self,
        actor: &Actor,
        key: Option<&IdempotencyKey>,
        began: Value,
    ) -> Result<Begun, BillingError> {
        let Some(key) = key else {
            return Ok(Begun::Act(Turn { hold: None, began, is_resumed: false }));
        };
        let now = self.clock.now();
        let kept = KeptRequest {
            organization_id: actor.organization_id,
            key: key.clone(),
            began: began.clone(),
            answer: None,
            created_at: now,
            held_until: now.plus(HOLD),
        };
        let turn = Turn { hold: Some(kept.derive_hold()), began, is_resumed: false };
        let is_new = self
            .store
            .write(move |tx| {
                let kept = kept.clone();
                Box::pin(async move {
                    Ok::<bool, BillingError>(tx.requests().keep_request(&kept).await?)
                })
            })
            .await?;
        if is_new {
            return Ok(Begun::Act(turn));
        }
        self.find_turn(actor, Some(key)).await?.ok_or_else(under_way)
    }

    /// Ends a request that was not answered: a refusal is forgotten, and what nobody knows the end
    /// of may be repeated at once.
    pub(crate) async fn end_turn<T: Send>(
        &self,
        turn: Turn,
        acted: Result<T, BillingError>,
    ) -> Result<T, BillingError> {
        let Turn { hold, began: _, is_resumed } = turn;
        let Some(hold) = hold else { return acted };
        let Err(error) = &acted else { return acted };
        let is_refused = is_refusal(error) && !is_resumed;
        let ended = self
            .store
            .write(move |tx| {
                let hold = hold.clone();
                Box::pin(async move {
                    let requests = tx.requests();
                    if is_refused {
                        requests.forget_request(&hold).await?;
                    } else {
                        requests.free_request(&hold).await?;
                    }
                    Ok::<(), BillingError>(())
                })
            })
            .await;
        if let Err(error) = ended {
            // It may be repeated once its time to be held is over.
            tracing::warn!(%error, "a request that failed is held for a while");
        }
        acted
    }
}

/// Somebody else does it at this moment.
pub(crate) fn under_way() -> BillingError {
    BillingError::Conflict {
        reason: "the first request with this idempotency key is still under way; repeat it in a \
                 minute"
            .to_owned(),
    }
}

/// What was kept cannot be read.
pub(crate) fn unreadable(error: &serde_json::Error) -> BillingError {
    BillingError::Store(StoreError::Broken { reason: format!("a kept request: {error}") })
}

/// Whether it is certain that nothing was done.
const fn is_refusal(error: &BillingError) -> bool {
    match error {
        BillingError::Access(_)
        | BillingError::NotOffered { .. }
        | BillingError::NotForSale { .. }
        | BillingError::AlreadySubscribed
        | BillingError::NoSubscription
        | BillingError::ProviderGone { .. }
        | BillingError::WrongLimit { .. }
        | BillingError::WrongDetails(_)
        | BillingError::Conflict { .. }
        | BillingError::IdempotencyMismatch
        | BillingError::NoProvider
        | BillingError::Unverified(_)
        | BillingError::Payment(
            PaymentError::NotFound { .. }
            | PaymentError::Refused { .. }
            | PaymentError::Misconfigured { .. },
        ) => true,
        BillingError::Overtaken
        | BillingError::Payment(PaymentError::Unavailable { .. })
        | BillingError::Store(_) => false,
    }
}
