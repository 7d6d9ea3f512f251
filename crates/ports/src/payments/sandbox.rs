//! The sandbox's own pages, which other providers show on sites of their own.

use std::time::Duration;

use async_trait::async_trait;
use gantry_rules::plan::Interval;
use gantry_types::{Money, Timestamp};

use super::PaymentError;

/// A checkout of the sandbox, as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxCheckout {
    /// What is bought.
    pub title: String,
    /// What is to be paid now; nothing at the beginning of a trial.
    pub due: Money,
    /// How often it is paid again.
    pub interval: Option<Interval>,
    /// Where the buyer goes afterwards.
    pub return_url: String,
    /// Whether it was paid already.
    pub paid: bool,
}

/// What the sandbox says to a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardAnswer {
    /// Paid; the buyer goes back.
    Paid {
        /// Where to.
        return_url: String,
    },
    /// The bank wants the buyer to agree first.
    ActionNeeded,
    /// Not paid.
    Declined {
        /// Why, in the words of the card's bank.
        reason: &'static str,
    },
}

/// The sandbox's own pages: what a real provider shows on its own site.
#[async_trait]
pub trait SandboxDesk: Send + Sync {
    /// A checkout.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`]; [`PaymentError::Refused`] for one that was closed.
    async fn get_checkout(&self, provider_ref: &str) -> Result<SandboxCheckout, PaymentError>;

    /// Pays with one of the test cards; `agreed` when the buyer confirmed to the bank.
    ///
    /// # Errors
    /// [`PaymentError`] for a checkout that is gone, or a number that is no test card.
    async fn pay(
        &self,
        provider_ref: &str,
        card: &str,
        agreed: bool,
    ) -> Result<CardAnswer, PaymentError>;

    /// Moves the sandbox's clock on: trials end, periods renew, what was cancelled ends.
    ///
    /// # Errors
    /// [`PaymentError::Unavailable`].
    async fn advance(&self, by: Duration) -> Result<Timestamp, PaymentError>;
}
