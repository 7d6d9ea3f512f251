//! What jobs asked of language models, and what it cost.

use gantry_billing::AiCost;
use gantry_ports::store::{AskSums, ModelSums};
use gantry_types::Currency;
use serde::Serialize;
use utoipa::ToSchema;

use super::MoneyBody;

/// What was asked of language models.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AiCost)]
pub struct AiCostBody {
    /// Answers.
    pub requests: u64,
    /// Those of models to which the edition gives no price; they cost nothing here.
    pub unpriced_requests: u64,
    /// Tokens of what was said to the models.
    pub input_tokens: u64,
    /// Tokens of what they answered.
    pub output_tokens: u64,
    /// What they cost the operator, rounded up.
    pub cost: MoneyBody,
    /// The same to the last digit, such as `0.0021`.
    pub exact_cost: String,
}

impl AiCostBody {
    fn new(sums: AskSums, currency: Currency) -> Self {
        Self {
            requests: sums.requests,
            unpriced_requests: sums.unpriced,
            input_tokens: sums.tokens.input_tokens,
            output_tokens: sums.tokens.output_tokens,
            cost: sums.cost.round_up(currency).into(),
            exact_cost: sums.cost.describe(currency),
        }
    }
}

impl From<AiCost> for AiCostBody {
    fn from(cost: AiCost) -> Self {
        Self::new(cost.sums, cost.currency)
    }
}

/// What was asked of one language model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelUse)]
pub struct ModelUseBody {
    /// The model, by its provider's name.
    pub model: String,
    /// The sums.
    #[serde(flatten)]
    pub sums: AiCostBody,
}

impl From<ModelSums> for ModelUseBody {
    fn from(found: ModelSums) -> Self {
        Self { model: found.model, sums: AiCostBody::new(found.sums, found.currency) }
    }
}
