//! An edition: a product as data. Its name, its engines, its plans with prices and limits, its
//! packages of credits, and who takes the money, all in one file.
//!
//! Invariants: what a plan allows is stated in full by the file, so that a reader sees every limit;
//! an edition that was read without mistakes can be served.

mod mistakes;
mod parse;
mod parse_ai;
mod parse_credits;
mod parse_features;
mod parse_invoices;
mod parse_payments;
mod parse_plan;
mod parse_queues;
mod parse_rewards;
mod reader;
mod words;

pub use mistakes::{Mistake, Mistakes};
pub use parse::parse_edition;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gantry_rules::invoice::InvoiceTerms;
use gantry_rules::language::TokenPrices;
use gantry_rules::plan::PlanTerms;
use gantry_rules::referral::ReferralTerms;
use gantry_rules::rewards::RewardTerms;
use gantry_types::{Credits, Currency, MeterId, Money, PriorityClass};

/// A product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// The name for programs: 1 to 32 of `a-z`, `0-9` and `-`.
    pub slug: String,
    /// The name for people.
    pub title: String,
    /// What it is, in one sentence.
    pub tagline: String,
    /// The engines that it offers; empty means all.
    pub engines: BTreeSet<String>,
    /// Who is to take the money, such as `stripe`, the one first that takes it from those who choose
    /// nobody; empty where the file names nobody.
    pub providers: Vec<String>,
    /// In which currency its prices are.
    pub currency: Currency,
    /// How long a plan lasts while a payment is missing.
    pub grace: Duration,
    /// The plan of new accounts, and of those whose subscription ended.
    pub default_plan: String,
    /// The plans, from the smallest to the largest.
    pub plans: Vec<EditionPlan>,
    /// Credits that can be bought.
    pub packages: Vec<Package>,
    /// Credits for watching ads, where there are any.
    pub rewards: Option<Rewards>,
    /// Below how many credits, held ones included, an organization is warned.
    pub low_balance: Option<Credits>,
    /// What bringing somebody brings, where it does.
    pub referrals: Option<ReferralTerms>,
    /// What its invoices say, and how they are numbered.
    pub invoices: InvoiceTerms,
    /// What meters are called for people.
    pub meters: BTreeMap<MeterId, String>,
    /// What tokens of language models cost the operator.
    pub token_prices: TokenPrices,
    /// What the queues of jobs are called.
    pub queues: QueueTitles,
}

/// What the queues of jobs are called, by their class; the classes' own words where nothing is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueTitles {
    /// Of jobs that are claimed before all others.
    pub high: String,
    /// Of usual jobs.
    pub normal: String,
    /// Of jobs that are claimed when nothing else waits.
    pub overflow: String,
}

impl Default for QueueTitles {
    fn default() -> Self {
        let title = |class: PriorityClass| class.as_str().to_owned();
        Self {
            high: title(PriorityClass::High),
            normal: title(PriorityClass::Normal),
            overflow: title(PriorityClass::Overflow),
        }
    }
}

impl QueueTitles {
    /// What the queue of a class is called.
    #[must_use]
    pub fn find(&self, class: PriorityClass) -> &str {
        match class {
            PriorityClass::High => &self.high,
            PriorityClass::Normal => &self.normal,
            PriorityClass::Overflow => &self.overflow,
        }
    }
}

/// A plan of an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionPlan {
    /// The name for programs.
    pub slug: String,
    /// The name for people.
    pub title: String,
    /// What else to say of it, line by line.
    pub highlights: Vec<String>,
    /// How somebody gets on it.
    pub sale: Sale,
    /// What it allows, and what it costs.
    pub terms: PlanTerms,
}

/// How somebody gets on a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sale {
    /// By buying it, or for nothing when it has no price.
    Open,
    /// By asking the operator.
    OnRequest,
}

/// Credits that can be bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The name for programs.
    pub slug: String,
    /// The name for people.
    pub title: String,
    /// How many.
    pub credits: Credits,
    /// What they cost.
    pub price: Money,
    /// After how long what is left of them expires.
    pub expires_after: Option<Duration>,
}

/// Credits for watching ads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewards {
    /// Who shows the ads.
    pub provider: AdProvider,
    /// The provider's places for ads, the first of which people are shown; none in the sandbox.
    pub units: Vec<String>,
    /// How many credits, and how often.
    pub terms: RewardTerms,
}

/// Who shows ads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdProvider {
    /// A page of this site that stands for an ad.
    Sandbox,
    /// Google's AdMob, in apps for phones.
    AdMob,
}

impl AdProvider {
    /// Every provider, with the word in editions, settings and the API.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("sandbox", Self::Sandbox), ("admob", Self::AdMob)];

    /// The word in editions, settings and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::AdMob => "admob",
        }
    }
}

/// The names that an installation knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// What the operations and services of the installed engines count, and the platform itself.
    pub meters: BTreeSet<MeterId>,
    /// Payment providers.
    pub providers: BTreeSet<String>,
}

impl Edition {
    /// A plan by its name.
    #[must_use]
    pub fn find_plan(&self, slug: &str) -> Option<&EditionPlan> {
        self.plans.iter().find(|plan| plan.slug == slug)
    }

    /// A package by its name.
    #[must_use]
    pub fn find_package(&self, slug: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.slug == slug)
    }

    /// Whether it offers an engine.
    #[must_use]
    pub fn offers(&self, engine: &str) -> bool {
        self.engines.is_empty() || self.engines.contains(engine)
    }
}
