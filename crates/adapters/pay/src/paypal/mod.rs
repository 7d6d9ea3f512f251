//! PayPal: orders for credits, subscriptions, refunds, disputes, events that PayPal vouches for.
//!
//! Invariants: no card passes through here, PayPal's own pages take them; an order is collected only
//! when it has our mark, which a buyer may have copied, so that what was paid is told with the name
//! of the order or subscription; what a buyer brings back from PayPal's page is unsigned, so that it
//! is asked about and never believed; what PayPal cannot do, such as taking a cancellation back, is
//! refused in words.

mod amounts;
mod api;
mod events;
mod listing;
mod orders;
mod plans;
mod provider;
mod shapes;
mod subscriptions;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use gantry_ports::Clock;
use gantry_rules::plan::Interval;
use gantry_types::{Money, PlanId};

use crate::wire::is_private;
use api::Api;

/// Where PayPal's API is; the one of its sandbox is `https://api-m.sandbox.paypal.com`.
pub const PAYPAL_API: &str = "https://api-m.paypal.com";

/// An application of an account at PayPal.
#[derive(Clone)]
pub struct PayPalSettings {
    /// The application's client ID.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The ID of the webhook that events are sent to.
    pub webhook_id: String,
    /// Where the API is: [`PAYPAL_API`].
    pub api_base: String,
}

/// Settings with which PayPal cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`payments.paypal.{key}` {problem}")]
pub struct PayPalError {
    /// The setting.
    pub key: &'static str,
    /// What is wrong with it, and what it should be; never its value.
    pub problem: &'static str,
}

/// PayPal.
pub struct PayPal {
    api: Api,
    webhook_id: String,
    /// Where buyers see what they pay again and again.
    portal: &'static str,
    clock: Arc<dyn Clock>,
    plans: Mutex<BTreeMap<String, KnownPlan>>,
}

/// What a plan of PayPal's stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct KnownPlan {
    /// Ours; `None` for one that was not made here.
    plan_id: Option<PlanId>,
    interval: Interval,
    price: Money,
    /// Whether it can be subscribed to.
    is_active: bool,
}

impl PayPal {
    /// Uses an account; nothing is asked of it yet.
    ///
    /// # Errors
    /// [`PayPalError`] for keys that cannot be PayPal's, and addresses that keys must not go to.
    pub fn new(settings: PayPalSettings, clock: Arc<dyn Clock>) -> Result<Self, PayPalError> {
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        for (key, text) in [
            ("client_id", &settings.client_id),
            ("client_secret", &settings.client_secret),
            ("webhook_id", &settings.webhook_id),
        ] {
            if !plain(text) {
                let problem = "must be one word without spaces, as PayPal's dashboard for \
                               developers shows it";
                return Err(PayPalError { key, problem });
            }
        }
        if !is_private(&settings.api_base) {
            let problem = "must begin with https://, because keys are sent there";
            return Err(PayPalError { key: "api_base", problem });
        }
        let portal = if settings.api_base.contains("sandbox") {
            "https://www.sandbox.paypal.com/myaccount/autopay/"
        } else {
            "https://www.paypal.com/myaccount/autopay/"
        };
        let keys = (settings.client_id.as_str(), settings.client_secret.as_str());
        Ok(Self {
            api: Api::new(&settings.api_base, keys, Arc::clone(&clock)),
            webhook_id: settings.webhook_id,
            portal,
            clock,
            plans: Mutex::new(BTreeMap::new()),
        })
    }
}
