//! Who else vouches for people here, by the installation's settings.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use gantry_ports::{IdentityProvider, VouchError};

use crate::Access;
use crate::error::AccessError;

const MAX_ID: usize = 40;

/// The text cannot name a provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` cannot name a provider; use 1 to 40 small letters, digits and hyphens")]
pub struct InvalidProviderId {
    /// The text that was given.
    pub text: String,
}

/// A provider's name in addresses and in the store; it never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderId(String);

impl ProviderId {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderId {
    type Err = InvalidProviderId;

    fn from_str(text: &str) -> Result<Self, InvalidProviderId> {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=MAX_ID).contains(&text.len()) && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidProviderId { text: text.chars().take(64).collect() })
        }
    }
}

/// Somebody who vouches for people.
#[derive(Clone)]
pub struct Provider {
    /// The name in addresses.
    pub id: ProviderId,
    /// The name for people.
    pub label: String,
    /// What is asked.
    pub port: Arc<dyn IdentityProvider>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Provider").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Provider {
    /// What the person is told of a failure; the reason of one that passes is for the log.
    pub(crate) fn refuse(&self, error: VouchError) -> AccessError {
        match error {
            VouchError::Refused { reason } => {
                AccessError::NotVouched { provider: self.label.clone(), reason }
            }
            VouchError::Unavailable { reason } => {
                tracing::warn!(provider = self.id.as_str(), reason, "a provider does not answer");
                AccessError::ProviderUnavailable { provider: self.label.clone() }
            }
        }
    }
}

impl Access {
    /// Who else vouches for people here.
    #[must_use]
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    pub(crate) fn get_provider(&self, id: &str) -> Result<&Provider, AccessError> {
        let found = self.providers.iter().find(|provider| provider.id.as_str() == id);
        found.ok_or(AccessError::NotFound { what: "identity provider" })
    }

    /// What a provider is called, also one that is no longer asked.
    #[must_use]
    pub fn label_of<'a>(&'a self, id: &'a str) -> &'a str {
        self.get_provider(id).map_or(id, |provider| &provider.label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_into_addresses() {
        assert_eq!("my-company-2".parse::<ProviderId>().unwrap().as_str(), "my-company-2");
        for wrong in ["", "Google", "a b", "a/b", "ä", &"a".repeat(41)] {
            assert!(wrong.parse::<ProviderId>().is_err(), "{wrong}");
        }
    }
}
