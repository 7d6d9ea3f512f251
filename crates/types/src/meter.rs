//! Meters: the named counts that plans limit, such as `jobs` or `rows`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text is not a meter name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a meter; expected 1 to 64 of a-z, 0-9, `_` and `.`, starting with a letter"
)]
pub struct InvalidMeterId {
    /// The text that was given.
    pub text: String,
}

/// The name of a meter. An operation's estimate counts it and a plan limits it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MeterId(String);

impl MeterId {
    /// The meter that counts submitted root jobs; every root job adds one.
    #[must_use]
    pub fn jobs() -> Self {
        Self("jobs".to_owned())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MeterId {
    type Err = InvalidMeterId;

    fn from_str(text: &str) -> Result<Self, InvalidMeterId> {
        let starts_well = text.starts_with(|first: char| first.is_ascii_lowercase());
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
        if starts_well && text.len() <= 64 && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidMeterId { text: text.chars().take(64).collect() })
        }
    }
}

impl TryFrom<String> for MeterId {
    type Error = InvalidMeterId;

    fn try_from(text: String) -> Result<Self, InvalidMeterId> {
        text.parse()
    }
}

impl From<MeterId> for String {
    fn from(meter: MeterId) -> Self {
        meter.0
    }
}

impl fmt::Display for MeterId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_words() {
        assert!("api_calls".parse::<MeterId>().is_ok());
        for wrong in ["", "Rows", "9rows", "rows per job", "a-b"] {
            assert!(wrong.parse::<MeterId>().is_err(), "{wrong}");
        }
    }
}
