//! The doors between the product and the world: store, blobs, bus, clock, mail, payments, ads,
//! language models, stolen passwords, and those who vouch for people.
//!
//! Invariants: contracts stand in the documentation of each trait and are held by a
//! conformance suite; an adapter implements one port and depends on nothing above it.

pub mod blob;
pub mod bus;
pub mod clock;
pub mod language;
pub mod mail;
pub mod passwords;
pub mod payments;
pub mod rewards;
pub mod store;
pub mod vouching;

pub use blob::{BlobEntry, BlobError, BlobKey, BlobStore};
pub use bus::{Bus, Hint};
pub use clock::Clock;
pub use language::{LanguageError, LanguageModel};
pub use mail::{Mail, MailError, Mailer};
pub use passwords::{BreachListError, BreachedPasswords};
pub use payments::{PaymentError, PaymentProvider, SandboxDesk};
pub use rewards::{NetworkIntelligence, RewardVerifier, SandboxAds};
pub use store::{Store, StoreError};
pub use vouching::{IdentityProvider, TokenIssuer, VouchError};

/// A boxed future, for closures that are handed through trait objects.
pub use futures::future::BoxFuture;
