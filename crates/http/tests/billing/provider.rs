//! The payment providers of the stories, and what buyers and time do there.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gantry_pay::{
    OnPage, PayPal, PayPalSettings, Razorpay, RazorpaySettings, Sandbox, Stripe, StripeSettings,
};
use gantry_ports::SandboxDesk;
use gantry_ports::payments::CardAnswer;
use gantry_testkit::fakes::paypal::{
    FakePayPal, PAYPAL_CLIENT_ID, PAYPAL_CLIENT_SECRET, PAYPAL_WEBHOOK_ID,
};
use gantry_testkit::fakes::razorpay::{
    FakeRazorpay, RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET, RAZORPAY_WEBHOOK_SECRET,
};
use gantry_testkit::fakes::stripe::{FakeStripe, STRIPE_KEY, STRIPE_WEBHOOK_SECRET};
use gantry_testkit::fakes::{FakeDelivery, FakePaid, Trouble};
use gantry_testkit::{TestClock, TestTill};

/// Who takes the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Sandbox,
    Stripe,
    Razorpay,
    PayPal,
}

impl Who {
    /// Whether a cancellation can be taken back.
    pub fn takes_cancellations_back(self) -> bool {
        match self {
            Self::Sandbox | Self::Stripe => true,
            Self::Razorpay | Self::PayPal => false,
        }
    }

    /// Whether it tells that a subscription that was cancelled is over, and does not have to be
    /// asked.
    pub fn tells_of_ends(self) -> bool {
        match self {
            Self::Sandbox | Self::Stripe | Self::Razorpay => true,
            Self::PayPal => false,
        }
    }

    /// Whether it tells of a payment that failed as of a payment of a subscription.
    pub fn names_failed_payments(self) -> bool {
        match self {
            Self::Sandbox | Self::Stripe => true,
            Self::Razorpay | Self::PayPal => false,
        }
    }

    /// Whether it ends a subscription by itself that it asked for money in vain for.
    pub fn ends_what_is_unpaid(self) -> bool {
        match self {
            Self::Sandbox | Self::Stripe => true,
            Self::Razorpay | Self::PayPal => false,
        }
    }
}

/// On what the books are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// Where a story plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    pub who: Who,
    pub database: Database,
}

/// A provider as buyers see it.
pub enum Provider {
    /// Opened with the server.
    Sandbox(Option<Arc<Sandbox>>),
    Stripe(FakeStripe),
    Razorpay(FakeRazorpay),
    PayPal(FakePayPal),
}

impl Provider {
    pub async fn start(who: Who) -> Result<(Self, TestTill)> {
        match who {
            Who::Sandbox => Ok((Self::Sandbox(None), TestTill::Sandbox)),
            Who::Stripe => {
                let fake = FakeStripe::start().await?;
                let stripe = Stripe::new(settings_of(&fake), Arc::new(TestClock::default()))?;
                Ok((Self::Stripe(fake), TestTill::Other(Arc::new(stripe))))
            }
            Who::Razorpay => {
                let fake = FakeRazorpay::start().await?;
                let settings = RazorpaySettings {
                    key_id: RAZORPAY_KEY_ID.to_owned(),
                    key_secret: RAZORPAY_KEY_SECRET.to_owned(),
                    webhook_secret: RAZORPAY_WEBHOOK_SECRET.to_owned(),
                    api_base: fake.base(),
                };
                let razorpay = Razorpay::new(settings, Arc::new(TestClock::default()))?;
                Ok((Self::Razorpay(fake), TestTill::Other(Arc::new(razorpay))))
            }
            Who::PayPal => {
                let fake = FakePayPal::start().await?;
                let clock = Arc::new(TestClock::default());
                let paypal = PayPal::new(paypal_settings_of(&fake), clock)?;
                Ok((Self::PayPal(fake), TestTill::Other(Arc::new(paypal))))
            }
        }
    }

    pub const fn id(&self) -> &'static str {
        match self {
            Self::Sandbox(_) => "sandbox",
            Self::Stripe(_) => "stripe",
            Self::Razorpay(_) => "razorpay",
            Self::PayPal(_) => "paypal",
        }
    }

    pub fn stripe(&self) -> Result<&FakeStripe> {
        match self {
            Self::Stripe(fake) => Ok(fake),
            Self::Sandbox(_) | Self::Razorpay(_) | Self::PayPal(_) => {
                bail!("this story is Stripe's")
            }
        }
    }

    fn sandbox(opened: Option<&Arc<Sandbox>>) -> Result<&Arc<Sandbox>> {
        opened.context("the sandbox is opened with the server")
    }

    /// A buyer pays on the provider's page.
    pub async fn pay(&self, page: &str, card: &str) -> Result<FakePaid> {
        let name = page.rsplit('/').next().context("a page")?;
        match self {
            Self::Sandbox(opened) => {
                let answer = Self::sandbox(opened.as_ref())?.pay(name, card, false).await?;
                Ok(match answer {
                    CardAnswer::Paid { .. } => FakePaid::Yes,
                    CardAnswer::ActionNeeded => FakePaid::AfterConsent,
                    CardAnswer::Declined { .. } => FakePaid::Declined,
                })
            }
            Self::Stripe(fake) => fake.pay(name, card, None),
            Self::Razorpay(fake) => fake.pay(name, card),
            Self::PayPal(fake) => fake.pay(name, card),
        }
    }

    /// The same after the buyer agreed with their bank.
    pub async fn pay_after_consent(&self, page: &str, card: &str) -> Result<FakePaid> {
        let name = page.rsplit('/').next().context("a page")?;
        match self {
            Self::Sandbox(opened) => {
                match Self::sandbox(opened.as_ref())?.pay(name, card, true).await? {
                    CardAnswer::Paid { .. } => Ok(FakePaid::Yes),
                    other => bail!("{other:?}"),
                }
            }
            Self::Stripe(fake) => fake.pay_after_consent(name),
            Self::Razorpay(fake) => fake.pay_after_consent(name),
            Self::PayPal(fake) => fake.pay_after_consent(name),
        }
    }

    pub async fn advance(&self, days: u64) -> Result<()> {
        let by = Duration::from_secs(days * 86_400);
        match self {
            Self::Sandbox(opened) => {
                Self::sandbox(opened.as_ref())?.advance(by).await?;
                Ok(())
            }
            Self::Stripe(fake) => fake.advance(by),
            Self::Razorpay(fake) => fake.advance(by),
            Self::PayPal(fake) => fake.advance(by),
        }
    }

    /// What was told and not taken, oldest first.
    pub async fn list_undelivered(&self) -> Result<Vec<FakeDelivery>> {
        match self {
            Self::Sandbox(opened) => {
                let waiting = Self::sandbox(opened.as_ref())?.list_undelivered().await?;
                let waiting = waiting.into_iter().map(|event| FakeDelivery {
                    event_ref: event.event_ref,
                    body: event.body,
                    headers: event.headers,
                });
                Ok(waiting.collect())
            }
            Self::Stripe(fake) => fake.list_undelivered(),
            Self::Razorpay(fake) => fake.list_undelivered(),
            Self::PayPal(fake) => fake.list_undelivered(),
        }
    }

    pub async fn note_delivered(&self, event_ref: &str) -> Result<()> {
        match self {
            Self::Sandbox(opened) => {
                Ok(Self::sandbox(opened.as_ref())?.note_delivered(event_ref).await?)
            }
            Self::Stripe(fake) => {
                fake.note_delivered(event_ref);
                Ok(())
            }
            Self::Razorpay(fake) => {
                fake.note_delivered(event_ref);
                Ok(())
            }
            Self::PayPal(fake) => {
                fake.note_delivered(event_ref);
                Ok(())
            }
        }
    }

    /// What was told does not arrive, and is not sent again; the sandbox sends for ever.
    pub fn lose_undelivered(&self) {
        match self {
            Self::Sandbox(_) => {}
            Self::Stripe(fake) => fake.lose_undelivered(),
            Self::Razorpay(fake) => fake.lose_undelivered(),
            Self::PayPal(fake) => fake.lose_undelivered(),
        }
    }

    /// What goes wrong with the next requests, one after the other; with the sandbox nothing does.
    pub fn expect_trouble(&self, troubles: &[Trouble]) {
        match self {
            Self::Sandbox(_) => {}
            Self::Stripe(fake) => fake.expect_trouble(troubles),
            Self::Razorpay(fake) => fake.expect_trouble(troubles),
            Self::PayPal(fake) => fake.expect_trouble(troubles),
        }
    }

    /// What a stand-in found wrong with itself or with the requests that it got.
    pub fn breaches(&self) -> Vec<String> {
        match self {
            Self::Sandbox(_) | Self::Razorpay(_) | Self::PayPal(_) => Vec::new(),
            Self::Stripe(fake) => fake.breaches(),
        }
    }
}

/// The settings of an account at the stand-in for Stripe.
pub fn settings_of(fake: &FakeStripe) -> StripeSettings {
    StripeSettings {
        secret_key: STRIPE_KEY.to_owned(),
        webhook_secret: STRIPE_WEBHOOK_SECRET.to_owned(),
        api_base: fake.base(),
        promotion_codes: OnPage::Yes,
        automatic_tax: OnPage::Yes,
        tax_ids: OnPage::Yes,
    }
}

/// The settings of an application at the stand-in for PayPal.
pub fn paypal_settings_of(fake: &FakePayPal) -> PayPalSettings {
    PayPalSettings {
        client_id: PAYPAL_CLIENT_ID.to_owned(),
        client_secret: PAYPAL_CLIENT_SECRET.to_owned(),
        webhook_id: PAYPAL_WEBHOOK_ID.to_owned(),
        api_base: fake.base(),
    }
}
