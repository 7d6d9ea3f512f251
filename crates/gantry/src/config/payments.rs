//! `[payments]`: who takes the money, and with which keys.
//!
//! Invariant: a key has no default, so that what is missing is asked for and never guessed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secret;

/// Who takes the money, and with which keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaymentsConfig {
    /// Who takes the money instead of whom the edition names, such as `stripe`; for one alone.
    pub provider: Option<String>,
    /// The same for several that buyers choose among, such as `["stripe", "paypal"]`; the first one
    /// takes the money of those who choose nobody.
    pub providers: Vec<String>,
    /// An account at Stripe.
    pub stripe: StripeConfig,
    /// An account at Razorpay.
    pub razorpay: RazorpayConfig,
    /// An account at PayPal.
    pub paypal: PayPalConfig,
}

/// An application of an account at PayPal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PayPalConfig {
    /// The application's client ID.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<Secret>,
    /// The ID of the webhook that events are sent to.
    pub webhook_id: Option<String>,
    /// Where the API is; that of PayPal's sandbox is `https://api-m.sandbox.paypal.com`.
    pub api_base: String,
}

impl Default for PayPalConfig {
    fn default() -> Self {
        Self {
            client_id: None,
            client_secret: None,
            webhook_id: None,
            api_base: gantry_pay::PAYPAL_API.to_owned(),
        }
    }
}

/// An account at Razorpay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RazorpayConfig {
    /// The name of the key, `rzp_test_…` or `rzp_live_…`.
    pub key_id: Option<String>,
    /// The key.
    pub key_secret: Option<Secret>,
    /// The secret that was given for the endpoint that events are sent to.
    pub webhook_secret: Option<Secret>,
    /// Where the API is.
    pub api_base: String,
}

impl Default for RazorpayConfig {
    fn default() -> Self {
        Self {
            key_id: None,
            key_secret: None,
            webhook_secret: None,
            api_base: gantry_pay::RAZORPAY_API.to_owned(),
        }
    }
}

/// An account at Stripe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StripeConfig {
    /// The secret key, `sk_…`, or a restricted one, `rk_…`.
    pub secret_key: Option<Secret>,
    /// The signing secret of the endpoint that events are sent to, `whsec_…`.
    pub webhook_secret: Option<Secret>,
    /// Where the API is.
    pub api_base: String,
    /// Whether buyers may enter promotion codes.
    pub promotion_codes: bool,
    /// Whether Stripe adds taxes; to be set up in its dashboard first.
    pub automatic_tax: bool,
    /// Whether businesses may enter their tax number.
    pub tax_ids: bool,
}

impl Default for StripeConfig {
    fn default() -> Self {
        Self {
            secret_key: None,
            webhook_secret: None,
            api_base: gantry_pay::STRIPE_API.to_owned(),
            promotion_codes: true,
            automatic_tax: false,
            tax_ids: false,
        }
    }
}
