//! Meters: the named counts that plans limit, such as `jobs` or `rows`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::money::Currency;
use crate::nanos::Nanos;

/// Characters of a name.
const LONGEST: usize = 64;
/// How the books end the name of a meter that counts by the day.
const DAY: &str = ".day";
/// The meter whose units are money.
const AI_COST: &str = "ai_cost";

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

    /// The meter that counts requests with an API key.
    #[must_use]
    pub fn api_calls() -> Self {
        Self("api_calls".to_owned())
    }

    /// The meter that counts what jobs ask of language models.
    #[must_use]
    pub fn ai_requests() -> Self {
        Self("ai_requests".to_owned())
    }

    /// The meter that counts the tokens of that, of questions and answers.
    #[must_use]
    pub fn ai_tokens() -> Self {
        Self("ai_tokens".to_owned())
    }

    /// The meter that counts what that costs the operator: millionths of a unit (dollar, euro, yen)
    /// of the edition's currency.
    #[must_use]
    pub fn ai_cost() -> Self {
        Self(AI_COST.to_owned())
    }

    /// Whether its units are millionths of a unit of the edition's currency, counted by the day or
    /// not.
    #[must_use]
    pub fn counts_money(&self) -> bool {
        self.0.strip_suffix(DAY).unwrap_or(&self.0) == AI_COST
    }

    /// Units of this meter for people: an amount of money where it counts that, such as `0.25 USD`.
    #[must_use]
    pub fn tell_units(&self, units: u64, currency: Currency) -> String {
        if self.counts_money() {
            Nanos::from_millionths(units).tell(currency)
        } else {
            units.to_string()
        }
    }

    /// The books' own meter for what is used of this one on one day, where a plan limits that.
    #[must_use]
    pub fn of_day(&self) -> Self {
        Self(format!("{}{DAY}", self.0))
    }

    /// The meter that a meter of the books counts by the day.
    #[must_use]
    pub fn find_counted_by_day(&self) -> Option<Self> {
        self.0.strip_suffix(DAY).map(|name| Self(name.to_owned()))
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
        let name = text.strip_suffix(DAY).unwrap_or(text);
        if starts_well && name.len() <= LONGEST && text.chars().all(allowed) {
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

    #[test]
    fn every_meter_has_one_that_counts_by_the_day() {
        let longest: MeterId = "a".repeat(LONGEST).parse().unwrap();
        let daily = longest.of_day();
        assert_eq!(daily.as_str().parse(), Ok(daily.clone()));
        assert_eq!(daily.find_counted_by_day(), Some(longest.clone()));
        assert_eq!(longest.find_counted_by_day(), None);
    }

    #[test]
    fn one_meter_counts_money_by_the_day_too() {
        let cost = MeterId::ai_cost();
        for meter in [cost.of_day(), cost] {
            assert_eq!(meter.tell_units(250_000, Currency::usd()), "0.25 USD");
        }
        assert_eq!(MeterId::ai_tokens().tell_units(250_000, Currency::usd()), "250000");
    }
}
