//! The language model that engines may ask, as the settings say.
//!
//! Invariant: without an address nobody is asked, and engines are told so; a process that could ask
//! nobody in spite of its settings does not start, and says which setting is missing or wrong.

use std::sync::Arc;
use std::time::Duration;

use gantry_billing::{Billing, Edition};
use gantry_jobs::{Jobs, ModelDesk};
use gantry_models::{ChatCompletions, ChatSettings, ModelsSetupError, TokenLimit};
use gantry_ports::LanguageModel;
use gantry_types::{MeterId, TokenUse};

use crate::config::{ModelsConfig, TokenLimitConfig};
use crate::failure::Failure;

/// Seconds that an answer may take at most.
const LONGEST_PATIENCE: u64 = 600;

/// Lets jobs ask whom the settings name, where they name somebody.
///
/// # Errors
/// A usage failure that names the setting that is missing or wrong.
pub fn connect(jobs: Jobs, config: &ModelsConfig, billing: &Billing) -> Result<Jobs, Failure> {
    Ok(match open(config)? {
        Some(model) => {
            if lacks_price(billing.edition(), model.default_model()) {
                tracing::warn!(
                    model = model.default_model(),
                    "plans limit what language models cost, and this one has no price in [ai.models] \
                     of the edition: what is asked of it reaches no limit of `ai_cost`"
                );
            }
            jobs.with_models(ModelDesk::new(model, billing.clone()))
        }
        None => jobs,
    })
}

/// Whether plans limit what models cost, and this one costs nothing for want of a price.
fn lacks_price(edition: &Edition, model: &str) -> bool {
    let is_limited =
        edition.plans.iter().any(|plan| plan.terms.meters.contains_key(&MeterId::ai_cost()));
    is_limited && edition.token_prices.find_cost(model, TokenUse::default()).is_none()
}

/// Who answers; `None` where the settings name nobody.
fn open(config: &ModelsConfig) -> Result<Option<Arc<dyn LanguageModel>>, Failure> {
    let Some(base) = &config.base else {
        if config.key.is_some() || config.model.is_some() {
            return Err(Failure::usage("`models` has no `base`, so that nobody would be asked")
                .with_next(
                    "add where the model is, such as `base = \"https://api.openai.com/v1\"`",
                ));
        }
        return Ok(None);
    };
    if !(1..=LONGEST_PATIENCE).contains(&config.patience_s) {
        let cause = format!("`models.patience_s` is {}", config.patience_s);
        return Err(Failure::usage(cause).with_next(format!(
            "write how many seconds an answer may take, 1 to {LONGEST_PATIENCE}"
        )));
    }
    let settings = ChatSettings {
        base: base.clone(),
        key: config.key.as_ref().map(|key| key.expose().to_owned()),
        model: config.model.clone().unwrap_or_default(),
        limit: match config.token_limit {
            TokenLimitConfig::MaxTokens => TokenLimit::MaxTokens,
            TokenLimitConfig::MaxCompletionTokens => TokenLimit::MaxCompletionTokens,
        },
        patience: Duration::from_secs(config.patience_s),
    };
    let opened = ChatCompletions::new(settings).map_err(|error| derive_failure(&error))?;
    Ok(Some(Arc::new(opened)))
}

fn derive_failure(error: &ModelsSetupError) -> Failure {
    let (key, next) = match error {
        ModelsSetupError::NoAddress { .. } => ("base", "write where the model is, with https://"),
        ModelsSetupError::Open { .. } => ("base", "write https://, or leave `models.key` out"),
        ModelsSetupError::UnreadableKey => ("key", "look for line breaks and spaces in it"),
        ModelsSetupError::NoModel => ("model", "name the model to ask, as its provider calls it"),
    };
    Failure::usage(format!("`models.{key}`: {error}")).with_next(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use crate::editions::{derive_vocabulary, read};

    fn config(base: &str) -> ModelsConfig {
        let (base, model) = (Some(base.to_owned()), Some("small".to_owned()));
        ModelsConfig { base, model, ..ModelsConfig::default() }
    }

    #[test]
    fn nobody_is_asked_until_an_address_is_named() {
        assert!(open(&ModelsConfig::default()).unwrap().is_none());
        assert!(open(&config("http://127.0.0.1:11434/v1")).unwrap().is_some());
    }

    #[test]
    fn a_limit_in_money_wants_a_price_of_the_model_that_is_asked() {
        let known = derive_vocabulary(&crate::engines::built_in());
        let edition = read("litxplore", &known).unwrap();
        assert!(lacks_price(&edition, "homemade"));
        assert!(!lacks_price(&edition, "gpt-4.1-mini"));
        assert!(!lacks_price(&read("default", &known).unwrap(), "homemade"), "nothing is limited");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let here = "http://127.0.0.1:11434/v1";
        let key = Some(Secret::new("secret-words"));
        for (named, config) in [
            ("`base`", ModelsConfig { base: None, ..config(here) }),
            ("models.base", config("api.example.org")),
            ("models.base", ModelsConfig { key, ..config("http://10.0.0.7/v1") }),
            ("models.model", ModelsConfig { model: None, ..config(here) }),
            ("models.patience_s", ModelsConfig { patience_s: 601, ..config(here) }),
        ] {
            let refused = open(&config).err().unwrap();
            assert!(refused.cause.contains(named), "{refused}");
            assert!(!refused.to_string().contains("secret-words"), "{refused}");
        }
    }
}
