//! Providers that stand in for those outside (of payments, of identities, of ads and of language
//! models): servers on 127.0.0.1 that speak the real shapes, refuse what the real ones refuse, and
//! sign what they tell.
//!
//! Invariants: they share no code with the adapters that they test; each keeps its own clock, which
//! the test moves on; each ends with its owner.

pub mod admob;
mod calendar;
mod card;
pub mod chat;
mod desk;
mod form;
pub mod github;
pub mod issuer;
pub mod paypal;
pub mod razorpay;
pub mod reputation;
mod server;
pub mod stripe;

pub use server::{FakeAnswer, FakeRequest};

/// An event on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeDelivery {
    /// The event's name.
    pub event_ref: String,
    /// What was signed.
    pub body: Vec<u8>,
    /// The headers that prove it; names in lower case.
    pub headers: Vec<(String, String)>,
}

/// What a provider's page says to a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FakePaid {
    /// It took the money.
    Yes,
    /// The bank wants the buyer to agree first.
    AfterConsent,
    /// It did not.
    Declined,
}

/// What goes wrong with the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The provider is busy and does nothing: 429.
    Busy,
    /// The provider fails and does nothing: 500.
    Broken,
    /// The provider does it, and its answer is lost on the way.
    Cut,
}
