//! Razorpay: payment links for credits, subscriptions, refunds, disputes, signed events.
//!
//! Invariants: no card passes through here, Razorpay's own pages take them; an event is known by
//! what it says and not by the name on its envelope, which is not signed; what Razorpay cannot do,
//! such as taking a cancellation back, is refused in words.

mod api;
mod events;
mod listing;
mod plans;
mod provider;
mod shapes;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use gantry_ports::Clock;
use gantry_rules::plan::Interval;
use gantry_types::PlanId;

use crate::wire::is_private;
use api::Api;

/// Where Razorpay's API is.
pub const RAZORPAY_API: &str = "https://api.razorpay.com";

/// An account at Razorpay.
#[derive(Clone)]
pub struct RazorpaySettings {
    /// The name of the key, `rzp_test_…` or `rzp_live_…`.
    pub key_id: String,
    /// The key.
    pub key_secret: String,
    /// The secret that was given for the endpoint that events are sent to.
    pub webhook_secret: String,
    /// Where the API is: [`RAZORPAY_API`].
    pub api_base: String,
}

/// Settings with which Razorpay cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`payments.razorpay.{key}` {problem}")]
pub struct RazorpayError {
    /// The setting.
    pub key: &'static str,
    /// What is wrong with it, and what it should be; never its value.
    pub problem: &'static str,
}

/// Razorpay.
pub struct Razorpay {
    api: Api,
    key_secret: Vec<u8>,
    webhook_secret: Vec<u8>,
    clock: Arc<dyn Clock>,
    plans: Mutex<BTreeMap<String, KnownPlan>>,
}

/// What a plan of Razorpay's stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct KnownPlan {
    /// Ours; `None` for one that was not made here.
    plan_id: Option<PlanId>,
    interval: Interval,
    minor: i64,
}

impl Razorpay {
    /// Uses an account; nothing is asked of it yet.
    ///
    /// # Errors
    /// [`RazorpayError`] for keys that cannot be Razorpay's, and addresses that keys must not go
    /// to.
    pub fn new(settings: RazorpaySettings, clock: Arc<dyn Clock>) -> Result<Self, RazorpayError> {
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if !settings.key_id.starts_with("rzp_") || !plain(&settings.key_id) {
            let problem = "is no key of Razorpay; it begins with rzp_ and is under `API keys` of \
                           Razorpay's dashboard";
            return Err(RazorpayError { key: "key_id", problem });
        }
        for (key, text) in
            [("key_secret", &settings.key_secret), ("webhook_secret", &settings.webhook_secret)]
        {
            if !plain(text) {
                let problem = "must be one word without spaces, as Razorpay's dashboard shows it";
                return Err(RazorpayError { key, problem });
            }
        }
        if !is_private(&settings.api_base) {
            let problem = "must begin with https://, because keys are sent there";
            return Err(RazorpayError { key: "api_base", problem });
        }
        Ok(Self {
            api: Api::new(&settings.api_base, (&settings.key_id, &settings.key_secret)),
            key_secret: settings.key_secret.into_bytes(),
            webhook_secret: settings.webhook_secret.into_bytes(),
            clock,
            plans: Mutex::new(BTreeMap::new()),
        })
    }
}
