//! What requests to language models cost, and how many of them one job may make.
//!
//! Invariants: what has no price costs nothing and is told apart from what is free; limits by the
//! month and the day are those of every meter ([`crate::admission`]), and the limit of a job counts
//! what all attempts and parts of its tree used.

use std::collections::BTreeMap;

use gantry_types::{MeterId, Nanos, TokenUse};

use crate::plan::PlanTerms;
use crate::refusal::Refusal;

/// Digits that a price for a million tokens may have behind its point.
const PRICE_DIGITS: usize = 3;
/// Digits that it may have before it.
const WHOLE_DIGITS: usize = 6;

/// What one token of a model costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenPrice {
    /// Of what is said to it.
    pub input: Nanos,
    /// Of what it answers.
    pub output: Nanos,
}

impl TokenPrice {
    /// What a request costs.
    #[must_use]
    pub const fn derive_cost(self, tokens: TokenUse) -> Nanos {
        self.input.times(tokens.input_tokens).plus(self.output.times(tokens.output_tokens))
    }
}

/// The text is no price of a million tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write at most 6 digits, and at most 3 behind the point, such as \"0.075\"")]
pub struct InvalidTokenPrice;

/// Reads what a million tokens cost, in units of a currency: what one costs.
///
/// # Errors
/// [`InvalidTokenPrice`].
pub fn parse_per_million(text: &str) -> Result<Nanos, InvalidTokenPrice> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = !whole.is_empty() && whole.len() <= WHOLE_DIGITS && part.len() <= PRICE_DIGITS;
    if !fits || text.ends_with('.') || !is_number(whole) || !is_number(part) {
        return Err(InvalidTokenPrice);
    }
    // A thousandth of a unit for a million is a billionth for one.
    let thousandths = format!("{whole}{part:0<PRICE_DIGITS$}");
    thousandths.parse().map(Nanos::new).map_err(|_| InvalidTokenPrice)
}

/// What tokens cost, by model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenPrices(BTreeMap<String, TokenPrice>);

impl TokenPrices {
    /// Takes what each model costs.
    #[must_use]
    pub const fn new(prices: BTreeMap<String, TokenPrice>) -> Self {
        Self(prices)
    }

    /// Whether no model has a price.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a request cost; `None` for a model without a price.
    #[must_use]
    pub fn find_cost(&self, model: &str, tokens: TokenUse) -> Option<Nanos> {
        self.0.get(model).map(|price| price.derive_cost(tokens))
    }
}

/// What the tree of a job asked of language models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AskedByJob {
    /// Requests that were answered, or are open.
    pub requests: u64,
    /// Their tokens; of those that are open, the most that they can use.
    pub tokens: u64,
    /// What they cost in the edition's currency; of those that are open, the most that they can.
    pub cost: Nanos,
}

impl AskedByJob {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            tokens: self.tokens.saturating_add(other.tokens),
            cost: self.cost.plus(other.cost),
        }
    }

    /// The one without the other, and nothing where that was more.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(other.requests),
            tokens: self.tokens.saturating_sub(other.tokens),
            cost: self.cost.minus(other.cost),
        }
    }

    /// The same as meters count it.
    #[must_use]
    pub fn derive_units(self) -> [(MeterId, u64); 3] {
        [
            (MeterId::ai_requests(), self.requests),
            (MeterId::ai_tokens(), self.tokens),
            (MeterId::ai_cost(), self.cost.count_millionths()),
        ]
    }
}

/// Whether a job may ask for more, of so much at most, by the limits of one job.
///
/// # Errors
/// [`Refusal::JobTooLarge`].
pub fn check_job(terms: &PlanTerms, asked: AskedByJob, more: AskedByJob) -> Result<(), Refusal> {
    for (meter, needed) in asked.plus(more).derive_units() {
        let limit = terms.meters.get(&meter).and_then(|bounds| bounds.per_job);
        if let Some(limit) = limit.filter(|limit| needed > *limit) {
            return Err(Refusal::JobTooLarge { meter, needed, limit });
        }
    }
    Ok(())
}

/// Whether terms limit what one job asks.
#[must_use]
pub fn limits_jobs(terms: &PlanTerms) -> bool {
    [MeterId::ai_requests(), MeterId::ai_tokens(), MeterId::ai_cost()]
        .iter()
        .any(|meter| terms.meters.get(meter).is_some_and(|bounds| bounds.per_job.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_of_a_million_tokens() {
        for (text, billionths) in
            [("3.00", 3_000), ("0.075", 75), ("15", 15_000), ("0", 0), ("0.5", 500)]
        {
            assert_eq!(parse_per_million(text), Ok(Nanos::new(billionths)), "{text}");
        }
        for wrong in ["", ".5", "1.", "0.0001", "-1", "1,5", "1234567", "1e3", "0.07x"] {
            assert_eq!(parse_per_million(wrong), Err(InvalidTokenPrice), "{wrong}");
        }
    }

    #[test]
    fn a_request_costs_its_tokens_and_what_has_no_price_has_no_cost() {
        let price = TokenPrice { input: Nanos::new(3_000), output: Nanos::new(15_000) };
        let prices = TokenPrices::new(BTreeMap::from([("large".to_owned(), price)]));
        let tokens = TokenUse { input_tokens: 1_000, output_tokens: 100 };
        assert_eq!(prices.find_cost("large", tokens), Some(Nanos::new(4_500_000)));
        assert_eq!(prices.find_cost("small", tokens), None);
    }
}
