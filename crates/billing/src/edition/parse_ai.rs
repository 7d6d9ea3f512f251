//! What an edition's file says of language models: what their tokens cost.
//!
//! Invariant: a plan limits what they cost only where some model has a price.

use std::collections::BTreeMap;

use gantry_rules::language::{TokenPrice, TokenPrices, parse_per_million};
use gantry_types::{MeterId, Nanos};

use super::EditionPlan;
use super::reader::Reader;

/// The tables `[ai.models."name"]`; a model that has none has no price.
pub(super) fn read_token_prices(root: &Reader<'_>) -> TokenPrices {
    let Some(ai) = root.table("ai") else { return TokenPrices::default() };
    let mut prices = BTreeMap::new();
    if let Some(models) = ai.table("models") {
        for name in models.keys() {
            if let Some(model) = models.table(&name) {
                let input = read_price(&model, "input_per_million");
                let output = read_price(&model, "output_per_million");
                prices.insert(name, TokenPrice { input, output });
                model.finish();
            }
        }
    }
    ai.finish();
    TokenPrices::new(prices)
}

/// Refuses a limit in money that nothing would ever reach.
pub(super) fn require_prices(
    readers: &[Reader<'_>],
    plans: &[EditionPlan],
    token_prices: &TokenPrices,
) {
    let limits_cost = |plan: &EditionPlan| plan.terms.meters.contains_key(&MeterId::ai_cost());
    let limiting = readers.iter().zip(plans).filter(|(_, plan)| limits_cost(plan));
    for (reader, _) in limiting.filter(|_| token_prices.is_empty()) {
        reader.refuse(
            "meters",
            "limit `ai_cost`, and no model has a price, so that nothing counts",
            "add [ai.models.\"name\"] with `input_per_million` and `output_per_million`",
        );
    }
}

/// What a million tokens cost, in the edition's currency.
fn read_price(model: &Reader<'_>, key: &str) -> Nanos {
    let text = model.require_text(key);
    // What is missing or empty has been refused.
    if text.trim().is_empty() {
        return Nanos::ZERO;
    }
    parse_per_million(&text).unwrap_or_else(|error| {
        model.refuse(key, "is no price of a million tokens", &error.to_string());
        Nanos::ZERO
    })
}
