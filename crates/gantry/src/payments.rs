//! Who takes the money: whom the settings name, or those of the edition's whose keys they have.
//!
//! Invariants: a server that could not take money does not start, and says which setting is
//! missing; the sandbox, which takes none, never stands beside somebody who does; no key is in what
//! is said.

use std::path::Path;
use std::sync::Arc;

use gantry_billing::{Edition, Till};
use gantry_pay::{
    OnPage, PayPal, PayPalSettings, Razorpay, RazorpaySettings, Sandbox, Stripe, StripeSettings,
};
use gantry_ports::{Clock, PaymentProvider};

use crate::config::{Config, PayPalConfig, PaymentsConfig, RazorpayConfig, Secret, StripeConfig};
use crate::failure::Failure;

const SANDBOX_FILE: &str = "sandbox.json";

/// Somebody who can take money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taker {
    /// The built-in sandbox, which takes none.
    Sandbox,
    /// Stripe.
    Stripe,
    /// Razorpay.
    Razorpay,
    /// PayPal.
    PayPal,
}

impl Taker {
    /// All of them, with the word in editions and settings.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("sandbox", Self::Sandbox),
        ("stripe", Self::Stripe),
        ("razorpay", Self::Razorpay),
        ("paypal", Self::PayPal),
    ];

    fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, taker)| *taker)
    }

    /// Whether the settings have any of its keys; one that is begun is to be finished, and not
    /// passed over.
    const fn has_keys(self, config: &PaymentsConfig) -> bool {
        let PaymentsConfig { stripe, razorpay, paypal, .. } = config;
        match self {
            Self::Sandbox => true,
            Self::Stripe => stripe.secret_key.is_some() || stripe.webhook_secret.is_some(),
            Self::Razorpay => {
                razorpay.key_id.is_some()
                    || razorpay.key_secret.is_some()
                    || razorpay.webhook_secret.is_some()
            }
            Self::PayPal => {
                paypal.client_id.is_some()
                    || paypal.client_secret.is_some()
                    || paypal.webhook_id.is_some()
            }
        }
    }
}

/// Somebody who takes money; and the sandbox where it is that, whose events are to be carried.
pub struct Opened {
    /// For the use-cases.
    pub till: Till,
    /// For the chores.
    pub sandbox: Option<Arc<Sandbox>>,
}

/// Who takes the money, the primary one first: whom the settings name; else those of the edition's
/// whose keys are there; else the sandbox.
///
/// # Errors
/// A usage failure for a name that is none or is there twice, for both settings at once, and for the
/// sandbox beside others.
pub fn choose(edition: &Edition, config: &Config) -> Result<Vec<Taker>, Failure> {
    let payments = &config.payments;
    let named = match (&payments.provider, payments.providers.as_slice()) {
        (None, []) => {
            let named = edition.providers.iter().filter_map(|name| Taker::find(name));
            let takers: Vec<Taker> = named.filter(|taker| taker.has_keys(payments)).collect();
            return Ok(if takers.is_empty() { vec![Taker::Sandbox] } else { takers });
        }
        (Some(one), []) => vec![parse("payments.provider", one)?],
        (None, several) => several
            .iter()
            .map(|name| parse("payments.providers", name))
            .collect::<Result<Vec<_>, _>>()?,
        (Some(_), _) => {
            let cause = "`payments.provider` and `payments.providers` are both set";
            return Err(Failure::usage(cause).with_next("keep `payments.providers`"));
        }
    };
    require_apart(&named)?;
    Ok(named)
}

fn parse(key: &str, name: &str) -> Result<Taker, Failure> {
    Taker::find(name).ok_or_else(|| {
        let known: Vec<&str> = Taker::ALL.iter().map(|(known, _)| *known).collect();
        Failure::usage(format!("`{key}` names `{name}`"))
            .with_next(format!("known are: {}", known.join(", ")))
    })
}

/// Nobody is there twice, and the sandbox stands alone.
fn require_apart(named: &[Taker]) -> Result<(), Failure> {
    if named.len() > 1 && named.contains(&Taker::Sandbox) {
        let cause = "`payments.providers` names the sandbox beside those who take real money, and \
                     whoever chose it would pay nothing";
        return Err(Failure::usage(cause).with_next("leave `sandbox` out, or name it alone"));
    }
    let is_twice = |(place, taker): (usize, &Taker)| named[..place].contains(taker);
    if named.iter().enumerate().any(is_twice) {
        let cause = "`payments.providers` names somebody twice";
        return Err(Failure::usage(cause).with_next("name each one once"));
    }
    Ok(())
}

/// Opens those who take the money.
///
/// # Errors
/// A usage failure that names the setting that is missing or wrong.
pub async fn open(
    takers: &[Taker],
    config: &Config,
    clock: Arc<dyn Clock>,
) -> Result<Opened, Failure> {
    let mut till: Option<Till> = None;
    for taker in takers {
        let provider: Arc<dyn PaymentProvider> = match taker {
            Taker::Sandbox => return open_sandbox(&config.server.data_dir, clock).await,
            Taker::Stripe => Arc::new(open_stripe(&config.payments.stripe, Arc::clone(&clock))?),
            Taker::Razorpay => {
                Arc::new(open_razorpay(&config.payments.razorpay, Arc::clone(&clock))?)
            }
            Taker::PayPal => Arc::new(open_paypal(&config.payments.paypal, Arc::clone(&clock))?),
        };
        require_public_url(config)?;
        tracing::info!(provider = provider.id(), "takes the money");
        till = Some(match till {
            None => Till::new(provider),
            Some(till) => till.with_other(provider),
        });
    }
    match till {
        Some(till) => Ok(Opened { till, sandbox: None }),
        None => open_sandbox(&config.server.data_dir, clock).await,
    }
}

/// The sandbox's pages are on this very site.
async fn open_sandbox(folder: &Path, clock: Arc<dyn Clock>) -> Result<Opened, Failure> {
    let opened = Sandbox::open(folder.join(SANDBOX_FILE), String::new(), clock).await;
    let sandbox = Arc::new(opened.map_err(|error| Failure::broken(error.to_string()))?);
    tracing::info!(provider = sandbox.id(), "takes the money, and no real one");
    let till = Till::new(sandbox.clone()).with_desk(sandbox.clone());
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
        let takers = choose(&edition, config).unwrap();
        match open(&takers, config, Arc::new(SystemClock)).await {
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

    fn choose_for(edition: &str, config: &Config) -> Result<Vec<Taker>, Failure> {
        let known = editions::derive_vocabulary(&built_in());
        choose(&editions::read(edition, &known).unwrap(), config)
    }

    #[test]
    fn only_known_providers_are_chosen() {
        let mut config = Config::default();
        config.payments.provider = Some("stipe".to_owned());
        let failure = choose_for("litxplore", &config).unwrap_err();
        assert!(failure.next.unwrap().contains("sandbox, stripe, razorpay, paypal"));
        config.payments.providers = vec!["stripe".to_owned()];
        let failure = choose_for("litxplore", &config).unwrap_err();
        assert!(failure.cause.contains("are both set"), "{failure}");
        config.payments.provider = None;
        for (names, cause) in [
            (["stripe", "stripe"], "twice"),
            (["stripe", "sandbox"], "beside those who take real money"),
            (["stripe", "palpay"], "names `palpay`"),
        ] {
            config.payments.providers = names.map(str::to_owned).to_vec();
            let failure = choose_for("litxplore", &config).unwrap_err();
            assert!(failure.cause.contains(cause), "{failure}");
        }
    }

    #[test]
    fn the_editions_providers_are_used_whose_keys_are_there() {
        let mut config = Config::default();
        assert_eq!(choose_for("montecarlo", &config).unwrap(), [Taker::Sandbox]);
        config.payments.paypal.client_id = Some("AbC".to_owned());
        assert_eq!(choose_for("montecarlo", &config).unwrap(), [Taker::PayPal]);
        assert_eq!(choose_for("litxplore", &config).unwrap(), [Taker::Sandbox]);
        config.payments.stripe.secret_key = Some(Secret::new("sk_test_123"));
        assert_eq!(choose_for("montecarlo", &config).unwrap(), [Taker::Stripe, Taker::PayPal]);
        assert_eq!(choose_for("default", &config).unwrap(), [Taker::Sandbox]);
        config.payments.providers = vec!["paypal".to_owned(), "stripe".to_owned()];
        assert_eq!(choose_for("default", &config).unwrap(), [Taker::PayPal, Taker::Stripe]);
        config.payments.providers = Vec::new();
        config.payments.provider = Some("sandbox".to_owned());
        assert_eq!(choose_for("montecarlo", &config).unwrap(), [Taker::Sandbox]);
    }
}
