//! Adapters of the ports for those who vouch for people: OpenID Connect by discovery, GitHub, and
//! issuers whose tokens programs show.
//!
//! Invariants: nothing that a provider says is believed before its signature, its audience, its
//! time and its nonce were checked, or, at GitHub, before it came over the provider's own
//! connection; no secret is in an error; nothing is sent in the clear but to this machine.

mod bearer;
mod claims;
mod discovery;
mod form;
mod github;
mod jws;
mod keys;
mod provider;
mod wire;

pub use bearer::{Bearer, BearerSettings};
pub use discovery::MICROSOFT;
pub use github::{GITHUB, GITHUB_API, GitHub, GitHubSettings};
pub use provider::{AddressTrust, GOOGLE, Oidc, OidcSettings};

/// A provider cannot be asked with these settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcSetupError {
    /// Secrets would travel in the clear.
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
}
