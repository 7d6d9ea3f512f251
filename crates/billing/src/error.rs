//! What billing refuses.

use gantry_access::AccessError;
use gantry_ports::StoreError;
use gantry_ports::payments::{PaymentError, UnverifiedEvent};
use gantry_rules::billing_details::InvalidDetails;

/// A use-case of billing did not take place.
#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    /// The actor may not do it.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The edition has no such thing.
    #[error("there is no {what} `{slug}` here; known are: {known}")]
    NotOffered {
        /// The kind of thing.
        what: &'static str,
        /// The name that was asked for.
        slug: String,
        /// The names that there are.
        known: String,
    },
    /// It cannot be bought so.
    #[error("{reason}")]
    NotForSale {
        /// Why, and what to do instead.
        reason: String,
    },
    /// One subscription is enough.
    #[error("the organization has a subscription already; change that one")]
    AlreadySubscribed,
    /// Whoever it was bought from takes no money here any more.
    #[error(
        "the subscription is with `{provider}`, which takes no money here any more; it ends with the \
         period that is paid, and another one can be bought then"
    )]
    ProviderGone {
        /// The provider's name.
        provider: String,
    },
    /// There is none to change.
    #[error("the organization has no subscription")]
    NoSubscription,
    /// A limit that an account is to have of its own cannot be so.
    #[error("{reason}")]
    WrongLimit {
        /// Its place in the list, from 0.
        place: usize,
        /// The field.
        field: &'static str,
        /// What is wrong, and what is possible.
        reason: String,
    },
    /// A part of billing details cannot be so.
    #[error(transparent)]
    WrongDetails(#[from] InvalidDetails),
    /// The state does not allow it.
    #[error("{reason}")]
    Conflict {
        /// Why.
        reason: String,
    },
    /// The idempotency key was used with another body.
    #[error("this idempotency key was used with another request")]
    IdempotencyMismatch,
    /// It took so long that a repetition of the request was let in, which does it instead.
    #[error("a repetition of this request took it over, because this one was not answered in time")]
    Overtaken,
    /// Nobody takes money here.
    #[error("this installation takes no payments; ask its administrator")]
    NoProvider,
    /// The provider did not do it.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// A message is not believed.
    #[error(transparent)]
    Unverified(#[from] UnverifiedEvent),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
