//! Adapters of the ports for ads: AdMob's server-side verification, a sandbox of ads that are none,
//! and what is known of networks, from lists and from a service.
//!
//! Invariants: a callback is read only in the very form whose signature was checked; keys of a
//! provider are believed for a day at most; what a service says of a network, or does not say, is
//! never an error; nothing is sent in the clear but to this machine.

mod admob;
mod callback;
mod keys;
mod networks;
mod reputation;
mod sandbox;
mod wire;

pub use admob::{ADMOB_KEYS, AdMob, AdMobSettings};
pub use networks::{NetworkLists, NetworkListsError, Networks};
pub use reputation::{REPUTATION_API, Reputation, ReputationSettings};
pub use sandbox::AdSandbox;

/// An adapter cannot be used with these settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdsSetupError {
    /// Answers that decide about credits would come in the clear.
    #[error("`{url}` must begin with https://, or be on this machine")]
    Open {
        /// The address.
        url: String,
    },
    /// A setting is empty.
    #[error("`{name}` is missing")]
    Missing {
        /// The setting.
        name: &'static str,
    },
    /// There is no randomness for a key.
    #[error("no key could be made")]
    NoKey,
}
