//! Stripe: Checkout, subscriptions, its portal, invoices, refunds, disputes, signed events.
//!
//! Invariants: no card passes through here, Stripe's own pages take them; Stripe's prices are made
//! from the edition, which alone says what things cost; what Stripe tells is read by
//! [`crate::shapes`], whether it was sent or fetched, and stands in Stripe's own description of the
//! version that requests name.

mod api;
mod checkout;
#[cfg(test)]
mod described;
mod ending;
mod form;
mod provider;

use std::collections::BTreeSet;
use std::sync::Arc;

use gantry_ports::Clock;
use tokio::sync::Mutex;

use crate::wire::is_private;
use api::Api;

/// Where Stripe's API is.
pub const STRIPE_API: &str = "https://api.stripe.com";

/// Whether Stripe does something more on its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnPage {
    /// It does.
    Yes,
    /// It does not.
    No,
}

impl OnPage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "true",
            Self::No => "false",
        }
    }
}

/// An account at Stripe, and what its pages ask.
#[derive(Clone)]
pub struct StripeSettings {
    /// The secret key, `sk_…`, or a restricted one, `rk_…`.
    pub secret_key: String,
    /// The signing secret of the endpoint that events are sent to, `whsec_…`.
    pub webhook_secret: String,
    /// Where the API is: [`STRIPE_API`].
    pub api_base: String,
    /// Whether buyers may enter promotion codes.
    pub promotion_codes: OnPage,
    /// Whether Stripe adds taxes.
    pub automatic_tax: OnPage,
    /// Whether businesses may enter their tax number.
    pub tax_ids: OnPage,
}

/// Settings with which Stripe cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`payments.stripe.{key}` {problem}")]
pub struct StripeError {
    /// The setting.
    pub key: &'static str,
    /// What is wrong with it, and what it should be; never its value.
    pub problem: &'static str,
}

/// Stripe.
pub struct Stripe {
    api: Api,
    settings: PageSettings,
    webhook_secret: Vec<u8>,
    clock: Arc<dyn Clock>,
    /// Products that are known to be there.
    products: Mutex<BTreeSet<String>>,
}

struct PageSettings {
    promotion_codes: OnPage,
    automatic_tax: OnPage,
    tax_ids: OnPage,
}

impl Stripe {
    /// Uses an account; nothing is asked of it yet.
    ///
    /// # Errors
    /// [`StripeError`] for keys that cannot be Stripe's, and addresses that keys must not go to.
    pub fn new(settings: StripeSettings, clock: Arc<dyn Clock>) -> Result<Self, StripeError> {
        let begins = |text: &str, words: &[&str]| {
            words.iter().any(|word| text.strip_prefix(word).is_some_and(|rest| !rest.is_empty()))
                && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !begins(&settings.secret_key, &["sk_", "rk_"]) {
            let problem = "is no secret key of Stripe; it begins with sk_ or rk_ and is on the \
                           page `API keys` of Stripe's dashboard";
            return Err(StripeError { key: "secret_key", problem });
        }
        if !begins(&settings.webhook_secret, &["whsec_"]) {
            let problem = "is no signing secret of Stripe; it begins with whsec_ and is on the \
                           page of the endpoint under `Webhooks` of Stripe's dashboard";
            return Err(StripeError { key: "webhook_secret", problem });
        }
        if !is_private(&settings.api_base) {
            let problem = "must begin with https://, because keys are sent there";
            return Err(StripeError { key: "api_base", problem });
        }
        Ok(Self {
            api: Api::new(&settings.api_base, settings.secret_key),
            settings: PageSettings {
                promotion_codes: settings.promotion_codes,
                automatic_tax: settings.automatic_tax,
                tax_ids: settings.tax_ids,
            },
            webhook_secret: settings.webhook_secret.into_bytes(),
            clock,
            products: Mutex::new(BTreeSet::new()),
        })
    }
}

/// A key for a change that is not to be done again later, only repeated now.
fn new_key(what: &str) -> String {
    format!("{what}-{}", uuid::Uuid::now_v7().simple())
}
