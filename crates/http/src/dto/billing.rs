//! What is sold, bought and paid.

use gantry_billing::{Edition, EditionPlan, Package, PaymentChoice, Sale, Upgrade};
use gantry_rules::plan::{Interval, PlanPrice, Support};
use gantry_types::{CheckoutId, Credits, Money, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PlanTermsBody;

/// An amount of money.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MoneyBody {
    /// In the smallest unit of the currency, such as cents.
    pub minor: i64,
    /// ISO 4217, such as `USD`.
    pub currency: String,
    /// For people, such as `49.00 USD`.
    pub text: String,
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self { minor: money.minor, currency: money.currency.to_string(), text: money.to_string() }
    }
}

/// How often a plan is paid.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Interval)]
pub enum IntervalBody {
    /// Every month.
    Month,
    /// Every year.
    Year,
}

impl From<IntervalBody> for Interval {
    fn from(interval: IntervalBody) -> Self {
        match interval {
            IntervalBody::Month => Self::Month,
            IntervalBody::Year => Self::Year,
        }
    }
}

impl From<Interval> for IntervalBody {
    fn from(interval: Interval) -> Self {
        match interval {
            Interval::Month => Self::Month,
            Interval::Year => Self::Year,
        }
    }
}

/// What a plan costs; without both, it costs nothing or has to be asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PriceBody {
    /// For each month.
    pub month: Option<MoneyBody>,
    /// For each year.
    pub year: Option<MoneyBody>,
    /// Days before the first payment.
    pub trial_days: u32,
}

impl From<PlanPrice> for PriceBody {
    fn from(price: PlanPrice) -> Self {
        Self {
            month: price.month.map(Into::into),
            year: price.year.map(Into::into),
            trial_days: price.trial_days,
        }
    }
}

/// How the questions of a plan's customers are answered.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Support)]
pub enum SupportBody {
    /// By other customers.
    Community,
    /// By e-mail.
    Email,
    /// By e-mail, before others.
    Priority,
    /// By somebody who knows the customer.
    Dedicated,
}

impl From<Support> for SupportBody {
    fn from(support: Support) -> Self {
        match support {
            Support::Community => Self::Community,
            Support::Email => Self::Email,
            Support::Priority => Self::Priority,
            Support::Dedicated => Self::Dedicated,
        }
    }
}

/// A plan that can be had here.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferBody {
    /// The name for programs.
    pub slug: String,
    /// The name for people.
    pub title: String,
    /// What else to say of it.
    pub highlights: Vec<String>,
    /// Whether it has to be asked for.
    pub on_request: bool,
    /// What it costs.
    pub price: PriceBody,
    /// What it allows.
    pub terms: PlanTermsBody,
}

impl From<&EditionPlan> for OfferBody {
    fn from(plan: &EditionPlan) -> Self {
        Self {
            slug: plan.slug.clone(),
            title: plan.title.clone(),
            highlights: plan.highlights.clone(),
            on_request: match plan.sale {
                Sale::Open => false,
                Sale::OnRequest => true,
            },
            price: plan.terms.price.into(),
            terms: plan.terms.clone().into(),
        }
    }
}

/// Credits that can be bought.
#[derive(Debug, Serialize, ToSchema)]
pub struct PackageBody {
    /// The name for programs.
    pub slug: String,
    /// The name for people.
    pub title: String,
    /// How many.
    #[schema(value_type = i64)]
    pub credits: Credits,
    /// What they cost.
    pub price: MoneyBody,
    /// After how many days what is left of them expires; `null` means never.
    pub expires_days: Option<u64>,
}

impl From<&Package> for PackageBody {
    fn from(package: &Package) -> Self {
        Self {
            slug: package.slug.clone(),
            title: package.title.clone(),
            credits: package.credits,
            price: package.price.into(),
            expires_days: package.expires_after.map(|after| after.as_secs() / 86_400),
        }
    }
}

/// Somebody who takes money here.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentProviderBody {
    /// The name for programs, such as `stripe`.
    pub id: String,
    /// The name for people.
    pub title: String,
}

impl From<PaymentChoice> for PaymentProviderBody {
    fn from(choice: PaymentChoice) -> Self {
        Self { id: choice.id.to_owned(), title: choice.title.to_owned() }
    }
}

/// What is sold here.
#[derive(Debug, Serialize, ToSchema)]
pub struct OffersBody {
    /// The product's name.
    pub title: String,
    /// What it is.
    pub tagline: String,
    /// Who takes the money of those who choose nobody, such as `sandbox`.
    pub provider: String,
    /// Whom buyers may choose to pay, that one first.
    pub providers: Vec<PaymentProviderBody>,
    /// In which currency, such as `USD`; limits of the meter `ai_cost` are millionths of it.
    pub currency: String,
    /// The plans, from the smallest to the largest.
    pub plans: Vec<OfferBody>,
    /// Credits that can be bought.
    pub packages: Vec<PackageBody>,
    /// Whether credits can be earned by ads: GET /api/v1/rewards says how.
    pub ads: bool,
    /// What meters are called for people.
    pub meters: std::collections::BTreeMap<String, String>,
}

impl OffersBody {
    /// What an edition sells, and who takes the money for it.
    pub fn new(edition: &Edition, choices: Vec<PaymentChoice>) -> Self {
        let meters = edition.meters.iter();
        let primary = choices.first().map(|choice| choice.id.to_owned());
        Self {
            title: edition.title.clone(),
            tagline: edition.tagline.clone(),
            provider: primary.unwrap_or_default(),
            providers: choices.into_iter().map(Into::into).collect(),
            currency: edition.currency.to_string(),
            plans: edition.plans.iter().map(Into::into).collect(),
            packages: edition.packages.iter().map(Into::into).collect(),
            ads: edition.rewards.is_some(),
            meters: meters.map(|(id, title)| (id.to_string(), title.clone())).collect(),
        }
    }
}

/// A plan that would have allowed what was refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct UpgradeBody {
    /// Its name for programs.
    pub slug: String,
    /// Its name for people.
    pub title: String,
    /// What it costs.
    pub price: PriceBody,
}

impl From<Upgrade> for UpgradeBody {
    fn from(upgrade: Upgrade) -> Self {
        Self { slug: upgrade.slug, title: upgrade.title, price: upgrade.price.into() }
    }
}

/// What somebody wants to buy: a plan, or a package of credits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckoutRequest {
    /// The name of a plan.
    pub plan: Option<String>,
    /// How often the plan is to be paid; every month if not given.
    pub interval: Option<IntervalBody>,
    /// The name of a package.
    pub package: Option<String>,
    /// Who is to take the money, of the `providers` of GET /api/v1/plans; the first of them if not
    /// given.
    pub provider: Option<String>,
}

/// Where to pay.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckoutBody {
    /// The purchase.
    #[schema(value_type = Uuid)]
    pub id: CheckoutId,
    /// The provider's page.
    pub url: String,
}

/// A package of credits that is bought for nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MockPurchaseRequest {
    /// The name of a package.
    pub package: String,
}

/// A purchase that nobody pays for.
#[derive(Debug, Serialize, ToSchema)]
pub struct MockPurchaseBody {
    /// The purchase.
    #[schema(value_type = Uuid)]
    pub checkout_id: CheckoutId,
}

/// What became of a provider's message.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceivedBody {
    /// `applied`, `ignored`, `unclear`, or `known` when it was here before.
    pub outcome: &'static str,
}

/// The plan that an organization is to be on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanOverrideRequest {
    /// The plan's name; also one that is not for sale.
    pub plan: String,
    /// Until when it stays there; until it is released if not given.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// Credits to be given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditGrantRequest {
    /// How many.
    pub credits: i64,
    /// Why, for the ledger: 1 to 200 characters.
    pub reason: String,
    /// When what is left of them expires; never if not given.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

/// Money to be given back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// The payment, by its provider's name.
    pub provider_ref: String,
    /// How much, in the smallest unit; everything that is left if not given.
    pub minor: Option<i64>,
}

/// What a reconciliation found.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReconciledBody {
    /// Events that could not be understood before and can now.
    pub events: u64,
    /// Subscriptions that differed from what their provider says.
    pub subscriptions: u64,
    /// Accounts whose plan changed because time passed.
    pub plans: u64,
    /// The payment providers that did not answer; they are asked again within the hour.
    pub unanswered: Vec<String>,
}

/// How far the sandbox's clock is to be moved on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SandboxClockRequest {
    /// Days: 1 to 3,660.
    pub days: u32,
}

/// The sandbox's time.
#[derive(Debug, Serialize, ToSchema)]
pub struct SandboxClockBody {
    /// What its clock shows now.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
}
