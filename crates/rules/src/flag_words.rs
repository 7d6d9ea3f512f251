//! The words of flags: their names, and shares of the organizations in hundredths of a percent.
//!
//! Invariant: a text that is no key, and a number that is no share, never become one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Characters of a name.
const LONGEST: usize = 64;

/// The text is not a flag's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a flag; expected 1 to 64 of a-z, 0-9, `.`, `_` and `-`")]
pub struct InvalidFlagKey {
    /// The text that was given.
    pub text: String,
}

/// The name of a flag, such as `operation.automl.train`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FlagKey(String);

impl FlagKey {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text may name a flag or a variant.
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    !text.is_empty() && text.len() <= LONGEST && text.chars().all(allowed)
}

impl FromStr for FlagKey {
    type Err = InvalidFlagKey;

    fn from_str(text: &str) -> Result<Self, InvalidFlagKey> {
        if is_name(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidFlagKey { text: text.chars().take(LONGEST).collect() })
        }
    }
}

impl TryFrom<String> for FlagKey {
    type Error = InvalidFlagKey;

    fn try_from(text: String) -> Result<Self, InvalidFlagKey> {
        text.parse()
    }
}

impl From<FlagKey> for String {
    fn from(key: FlagKey) -> Self {
        key.0
    }
}

impl fmt::Display for FlagKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The number is not a share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a percentage; expected 0 to 100 in steps of 0.01")]
pub struct InvalidPercentage {
    /// The text that was given.
    pub text: String,
}

/// A share of the organizations, in hundredths of a percent: 0 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Percentage(u16);

impl Percentage {
    /// Everybody.
    pub const ALL: Self = Self(10_000);

    /// A share in hundredths of a percent.
    ///
    /// # Errors
    /// [`InvalidPercentage`] above 10,000.
    pub fn from_hundredths(hundredths: u16) -> Result<Self, InvalidPercentage> {
        if hundredths <= Self::ALL.0 {
            Ok(Self(hundredths))
        } else {
            let (whole, rest) = (hundredths / 100, hundredths % 100);
            Err(InvalidPercentage { text: format!("{whole}.{rest:02}") })
        }
    }

    /// The share in hundredths of a percent.
    #[must_use]
    pub const fn hundredths(self) -> u16 {
        self.0
    }

    /// The share in percent.
    #[must_use]
    pub fn percent(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl FromStr for Percentage {
    type Err = InvalidPercentage;

    /// Reads percent as people and JSON write them: `12`, `12.5`, `12.55`.
    fn from_str(text: &str) -> Result<Self, InvalidPercentage> {
        let invalid = || InvalidPercentage { text: text.chars().take(32).collect() };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || fraction.len() > 2 {
            return Err(invalid());
        }
        let whole: u16 = whole.parse().map_err(|_| invalid())?;
        let hundredths: u16 = format!("{fraction:0<2}").parse().map_err(|_| invalid())?;
        let total = whole.checked_mul(100).and_then(|total| total.checked_add(hundredths));
        total.filter(|total| *total <= Self::ALL.0).map(Self).ok_or_else(invalid)
    }
}

impl TryFrom<u16> for Percentage {
    type Error = InvalidPercentage;

    fn try_from(hundredths: u16) -> Result<Self, InvalidPercentage> {
        Self::from_hundredths(hundredths)
    }
}

impl From<Percentage> for u16 {
    fn from(percentage: Percentage) -> Self {
        percentage.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_short_words() {
        assert!("operation.automl.train".parse::<FlagKey>().is_ok());
        assert!("a".repeat(LONGEST).parse::<FlagKey>().is_ok());
        for wrong in ["", "Signups", "new shop", "a/b", "ä", "a".repeat(LONGEST + 1).as_str()] {
            assert!(wrong.parse::<FlagKey>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn percentages_have_steps_of_a_hundredth() {
        let read = |text: &str| text.parse::<Percentage>().map(Percentage::hundredths);
        for (text, hundredths) in [
            ("0", 0),
            ("0.01", 1),
            ("12", 1_200),
            ("12.5", 1_250),
            ("99.99", 9_999),
            ("100", 10_000),
        ] {
            assert_eq!(read(text), Ok(hundredths), "{text}");
        }
        for wrong in ["", "-1", "+1", "100.01", "101", "1.005", "1.", ".5", "1e1", "NaN", "9999999"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(format!("{}", Percentage(1_250).percent()), "12.5");
    }

    #[test]
    fn what_is_kept_is_checked_when_it_is_read() {
        assert_eq!(serde_json::from_str::<Percentage>("250").unwrap(), Percentage(250));
        assert!(serde_json::from_str::<Percentage>("10001").is_err());
        assert!(serde_json::from_str::<FlagKey>("\"A\"").is_err());
    }
}
