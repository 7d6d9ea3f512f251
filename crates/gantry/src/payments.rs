//! Who takes the money: the provider that the edition names, or the settings instead of it.
//!
//! Invariants: a server that could not take money does not start, and says which setting is
//! missing; no key is in what it says.

use std::path::Path;
use std::sync::Arc;

use gantry_billing::{Edition, Till};
use gantry_pay::{
    OnPage, PayPal, PayPalSettings, Razorpay, RazorpaySettings, Sandbox, Stripe, StripeSettings,
};
use gantry_ports::Clock;

use crate::config::{Config, PayPalConfig, RazorpayConfig, Secret, StripeConfig};
use crate::failure::Failure;

const SANDBOX_FILE: &str = "sandbox.json";
const SANDBOX: &str = "sandbox";
const STRIPE: &str = "stripe";
const RAZORPAY: &str = "razorpay";
const PAYPAL: &str = "paypal";

/// Who can take money.
pub const PROVIDERS: &[&str] = &[SANDBOX, STRIPE, RAZORPAY, PAYPAL];

/// Somebody who takes money; and the sandbox where it is that, whose events are to be carried.
pub struct Opened {
    /// For the use-cases.
    pub till: Till,
    /// For the chores.
    pub sandbox: Option<Arc<Sandbox>>,
}

/// Lets the settings name another provider than the edition does.
///
/// # Errors
/// A usage failure for a name that is none.
pub fn choose(edition: Edition, config: &Config) -> Result<Edition, Failure> {
    let Some(provider) = config.payments.provider.clone() else { return Ok(edition) };
    if !PROVIDERS.contains(&provider.as_str()) {
        return Err(Failure::usage(format!("`payments.provider` names `{provider}`"))
            .with_next(format!("known are: {}", PROVIDERS.join(", "))));
    }
    Ok(Edition { provider, ..edition })
}

/// Opens the provider of an edition.
///
/// # Errors
/// A usage failure that names the setting that is missing or wrong.
pub async fn open(
    edition: &Edition,
    config: &Config,
    clock: Arc<dyn Clock>,
) -> Result<Opened, Failure> {
    match edition.provider.as_str() {
        STRIPE => {
            let stripe = open_stripe(&config.payments.stripe, clock)?;
            require_public_url(config)?;
            Ok(Opened { till: Till { provider: Arc::new(stripe), desk: None }, sandbox: None })
        }
        RAZORPAY => {
            let razorpay = open_razorpay(&config.payments.razorpay, clock)?;
            require_public_url(config)?;
            Ok(Opened { till: Till { provider: Arc::new(razorpay), desk: None }, sandbox: None })
        }
        PAYPAL => {
            let paypal = open_paypal(&config.payments.paypal, clock)?;
            require_public_url(config)?;
            Ok(Opened { till: Till { provider: Arc::new(paypal), desk: None }, sandbox: None })
        }
        _ => open_sandbox(&config.server.data_dir, clock).await,
    }
}

/// The sandbox's pages are on this very site.
async fn open_sandbox(folder: &Path, clock: Arc<dyn Clock>) -> Result<Opened, Failure> {
    let opened = Sandbox::open(folder.join(SANDBOX_FILE), String::new(), clock).await;
    let sandbox = Arc::new(opened.map_err(|error| Failure::broken(error.to_string()))?);
    let till = Till { provider: sandbox.clone(), desk: Some(sandbox.clone()) };
    Ok(Opened { till, sandbox: Some(sandbox) })
}

fn open_stripe(config: &StripeConfig, clock: Arc<dyn Clock>) -> Result<Stripe, Failure> {
    let on_page = |yes: bool| if yes { OnPage::Yes } else { OnPage::No };
    let settings = StripeSettings {
        secret_key: require_secret("stripe.secret_key", config.secret_key.as_ref())?,
        webhook_secret: require_secret("stripe.webhook_secret", config.webhook_secret.as_ref())?,
        api_base: config.api_base.clone(),
        promotion_codes: on_page(config.promotion_codes),
        automatic_tax: on_page(config.automatic_tax),
        tax_ids: on_page(config.tax_ids),
    };
    Stripe::new(settings, clock).map_err(|error| Failure::usage(error.to_string()))
}

fn open_razorpay(config: &RazorpayConfig, clock: Arc<dyn Clock>) -> Result<Razorpay, Failure> {
    let key_id = config.key_id.as_ref().map(Secret::new);
    let settings = RazorpaySettings {
        key_id: require_secret("razorpay.key_id", key_id.as_ref())?,
        key_secret: require_secret("razorpay.key_secret", config.key_secret.as_ref())?,
        webhook_secret: require_secret("razorpay.webhook_secret", config.webhook_secret.as_ref())?,
        api_base: config.api_base.clone(),
    };
    Razorpay::new(settings, clock).map_err(|error| Failure::usage(error.to_string()))
}

fn open_paypal(config: &PayPalConfig, clock: Arc<dyn Clock>) -> Result<PayPal, Failure> {
    let client_id = config.client_id.as_ref().map(Secret::new);
    let webhook_id = config.webhook_id.as_ref().map(Secret::new);
    let settings = PayPalSettings {
        client_id: require_secret("paypal.client_id", client_id.as_ref())?,
        client_secret: require_secret("paypal.client_secret", config.client_secret.as_ref())?,
        webhook_id: require_secret("paypal.webhook_id", webhook_id.as_ref())?,
        api_base: config.api_base.clone(),
    };
    PayPal::new(settings, clock).map_err(|error| Failure::usage(error.to_string()))
}

fn require_secret(key: &str, secret: Option<&Secret>) -> Result<String, Failure> {
    let secret = secret.map(Secret::expose).map(str::trim).filter(|text| !text.is_empty());
    secret.map(str::to_owned).ok_or_else(|| {
        let variable = key.to_uppercase().replace('.', "__");
        Failure::usage(format!("`payments.{key}` is missing, and no money can be taken without it"))
            .with_next(format!(
                "set GANTRY__PAYMENTS__{variable}, or serve without money: \
                 GANTRY__PAYMENTS__PROVIDER=sandbox"
            ))
    })
}

/// Buyers come back from the provider's pages to an address in full.
fn require_public_url(config: &Config) -> Result<(), Failure> {
    let url = config.server.public_url.as_deref().unwrap_or_default();
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(());
    }
    Err(Failure::usage(
        "`server.public_url` is missing, and buyers could not come back from paying",
    )
    .with_next("set it to the address of this site, such as https://shop.example.org"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editions;
    use crate::engines::built_in;
    use crate::system_clock::SystemClock;

    async fn refuse(config: &Config) -> Failure {
        let known = editions::derive_vocabulary(&built_in());
        let edition = editions::read("litxplore", &known).unwrap();
        let edition = choose(edition, config).unwrap();
        match open(&edition, config, Arc::new(SystemClock)).await {
            Ok(_) => panic!("it opens"),
            Err(failure) => failure,
        }
    }

    #[tokio::test]
    async fn what_is_missing_is_named_and_no_key_is_told() {
        let mut config = Config::default();
        config.payments.provider = Some("stripe".to_owned());
        let failure = refuse(&config).await;
        assert!(failure.cause.contains("`payments.stripe.secret_key` is missing"), "{failure}");
        let next = failure.next.unwrap();
        assert!(next.contains("GANTRY__PAYMENTS__STRIPE__SECRET_KEY"), "{next}");
        config.payments.stripe.secret_key = Some(Secret::new("pk_live_123"));
        assert!(refuse(&config).await.cause.contains("webhook_secret` is missing"));
        config.payments.stripe.webhook_secret = Some(Secret::new("whsec_123"));
        let failure = refuse(&config).await;
        assert!(failure.cause.contains("begins with sk_"), "{failure}");
        assert!(!failure.cause.contains("pk_live"), "{failure}");
        config.payments.stripe.secret_key = Some(Secret::new("sk_test_123"));
        config.payments.stripe.api_base = "http://api.stripe.com".to_owned();
        assert!(refuse(&config).await.cause.contains("https://"));
        config.payments.stripe.api_base = "https://api.stripe.com".to_owned();
        assert!(refuse(&config).await.cause.contains("`server.public_url` is missing"));
    }

    #[tokio::test]
    async fn paypal_needs_its_keys_and_its_webhook() {
        let mut config = Config::default();
        config.payments.provider = Some("paypal".to_owned());
        let failure = refuse(&config).await;
        assert!(failure.cause.contains("`payments.paypal.client_id` is missing"), "{failure}");
        config.payments.paypal.client_id = Some("AbC".to_owned());
        config.payments.paypal.client_secret = Some(Secret::new("E x"));
        let failure = refuse(&config).await;
        let next = failure.next.unwrap();
        assert!(next.contains("GANTRY__PAYMENTS__PAYPAL__WEBHOOK_ID"), "{next}");
        config.payments.paypal.webhook_id = Some("8PT".to_owned());
        let failure = refuse(&config).await;
        assert!(failure.cause.contains("`payments.paypal.client_secret` must be one word"));
        assert!(!failure.cause.contains("E x"), "{failure}");
        config.payments.paypal.client_secret = Some(Secret::new("Ex"));
        config.payments.paypal.api_base = "http://api-m.paypal.com".to_owned();
        assert!(refuse(&config).await.cause.contains("https://"));
        config.payments.paypal.api_base = "https://api-m.sandbox.paypal.com".to_owned();
        assert!(refuse(&config).await.cause.contains("`server.public_url` is missing"));
    }

    #[test]
    fn only_known_providers_are_chosen() {
        let mut config = Config::default();
        config.payments.provider = Some("stipe".to_owned());
        let known = editions::derive_vocabulary(&built_in());
        let edition = editions::read("litxplore", &known).unwrap();
        let failure = choose(edition, &config).unwrap_err();
        assert!(failure.next.unwrap().contains("sandbox, stripe, razorpay, paypal"));
    }
}
