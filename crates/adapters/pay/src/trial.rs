//! The end of a trial: which subscriptions have one that moves, and what is said of the others.
//!
//! Invariant: nothing is asked of a provider for a subscription that is on no trial, because some
//! would begin a new one.

use gantry_ports::payments::PaymentError;

use crate::shapes::Subscription;

/// Refuses a subscription of Stripe's shape that is on no trial.
///
/// # Errors
/// [`PaymentError::Refused`].
pub(crate) fn require(subscription: &Subscription) -> Result<(), PaymentError> {
    if subscription.status == "trialing" {
        return Ok(());
    }
    let reason = "the subscription is on no trial; give the organization a plan until a date";
    Err(PaymentError::Refused { reason: reason.to_owned() })
}

/// What a provider answers that moves no trial that has begun.
pub(crate) fn refuse_to_move(provider: &str) -> PaymentError {
    let reason = format!(
        "{provider} does not move the end of a trial that has begun; give the organization a plan \
         until a date instead"
    );
    PaymentError::Refused { reason }
}
