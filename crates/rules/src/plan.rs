//! What a plan allows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use gantry_types::{Credits, MeterId, Money, PlanId, PriorityClass};
use serde::{Deserialize, Serialize};

use crate::cancellation::CancellationTerms;
use crate::period::QuotaReset;

/// How much of a meter a plan allows. An absent bound does not limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeterLimit {
    /// Units per period, the month that [`PlanTerms::quota_reset`] says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_period: Option<u64>,
    /// Units per day in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u64>,
    /// Units in one job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_job: Option<u64>,
}

/// Something of the platform that a plan has or has not. What engines offer is limited by
/// meters instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Programs may call the API with keys.
    Api,
    /// Operations may run at set times.
    Schedules,
    /// Operations may be joined into workflows.
    Workflows,
    /// Others may be invited, and organizations made.
    Collaboration,
    /// Questions may be asked in sentences.
    Chatbot,
    /// What customers of the account see may bear its name instead of the product's.
    Branding,
}

impl Feature {
    /// Every feature.
    pub const ALL: &'static [Self] = &[
        Self::Api,
        Self::Schedules,
        Self::Workflows,
        Self::Collaboration,
        Self::Chatbot,
        Self::Branding,
    ];

    /// The word in editions and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Schedules => "schedules",
            Self::Workflows => "workflows",
            Self::Collaboration => "collaboration",
            Self::Chatbot => "chatbot",
            Self::Branding => "branding",
        }
    }

    /// Whether plans that list other features have it all the same, as long as no plan of their
    /// edition lists it: editions that were written before its word was known keep what they gave.
    #[must_use]
    pub const fn is_open_until_named(self) -> bool {
        match self {
            Self::Api | Self::Schedules | Self::Workflows => false,
            Self::Collaboration | Self::Chatbot | Self::Branding => true,
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Api => "the API",
            Self::Schedules => "schedules",
            Self::Workflows => "workflows",
            Self::Collaboration => "working with others",
            Self::Chatbot => "the chatbot",
            Self::Branding => "a brand of one's own",
        })
    }
}

/// How an operator answers the questions of a plan's customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// By other customers.
    #[default]
    Community,
    /// By e-mail.
    Email,
    /// By e-mail, before others.
    Priority,
    /// By somebody who knows the customer.
    Dedicated,
}

/// How often a plan is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Every month.
    Month,
    /// Every year.
    Year,
}

impl Interval {
    /// The word in editions and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// What a plan costs. A plan without a price is free, or to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanPrice {
    /// For each month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<Money>,
    /// For each year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<Money>,
    /// Days before the first payment.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub trial_days: u32,
}

impl PlanPrice {
    /// What is to be paid each time; `None` when the plan cannot be bought so.
    #[must_use]
    pub const fn find(&self, interval: Interval) -> Option<Money> {
        match interval {
            Interval::Month => self.month,
            Interval::Year => self.year,
        }
    }

    /// Whether it costs something, by the month or by the year.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.month.is_some() || self.year.is_some()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_calendar(reset: &QuotaReset) -> bool {
    matches!(reset, QuotaReset::Calendar)
}

/// Plans from before features were written down have all of them.
fn all_features() -> BTreeSet<Feature> {
    Feature::ALL.iter().copied().collect()
}

/// Whether a plan includes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Included {
    /// It does.
    Yes,
    /// It does not.
    No,
}

/// What jobs cost an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobPricing {
    /// Credits, which are held and settled.
    #[default]
    Credits,
    /// Nothing beyond the plan: the meters alone limit them.
    Included,
}

impl JobPricing {
    /// Whether jobs cost credits.
    #[must_use]
    pub fn is_credits(&self) -> bool {
        *self == Self::Credits
    }
}

/// The terms of one version of a plan; customers keep the version that they bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanTerms {
    /// How many root jobs of the account run at once, waiting ones included.
    pub concurrent_jobs: u32,
    /// How many children of one root run at once.
    pub parallel_children: u32,
    /// How many jobs may wait in the queue.
    pub queued_jobs: u32,
    /// The class of its jobs.
    pub class: PriorityClass,
    /// Graphics processors.
    pub gpu: Included,
    /// Wall time of one attempt, in seconds.
    pub job_seconds: u64,
    /// Resident memory of one job, in bytes.
    pub job_memory_bytes: u64,
    /// Bytes of one uploaded file.
    pub file_bytes: u64,
    /// Bytes of all artifacts of one job.
    pub artifact_bytes: u64,
    /// Days for which artifacts are kept; absent means for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Credits granted with each new account.
    pub granted_credits: Credits,
    /// What jobs cost; an edition that neither sells nor gives credits asks for none.
    #[serde(default, skip_serializing_if = "JobPricing::is_credits")]
    pub job_pricing: JobPricing,
    /// API requests per minute.
    pub requests_per_minute: u32,
    /// Requests above the steady rate that may come at once.
    pub request_burst: u32,
    /// Members of one organization; absent means as many as it likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<u32>,
    /// What of the platform it includes.
    #[serde(default = "all_features")]
    pub features: BTreeSet<Feature>,
    /// How its customers' questions are answered.
    #[serde(default)]
    pub support: Support,
    /// What it costs.
    #[serde(default)]
    pub price: PlanPrice,
    /// What cancelling running jobs costs.
    #[serde(default, skip_serializing_if = "CancellationTerms::is_free")]
    pub cancellation: CancellationTerms,
    /// When the months begin in which its quotas count.
    #[serde(default, skip_serializing_if = "is_calendar")]
    pub quota_reset: QuotaReset,
    /// Limits by meter.
    #[serde(default)]
    pub meters: BTreeMap<MeterId, MeterLimit>,
}

impl PlanTerms {
    /// Whether they include a feature.
    #[must_use]
    pub fn include(&self, feature: Feature) -> Included {
        if self.features.contains(&feature) { Included::Yes } else { Included::No }
    }
}

/// One version of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The version's identifier.
    pub id: PlanId,
    /// The plan's name in the edition, such as `free`.
    pub slug: String,
    /// The version, from 1.
    pub version: u32,
    /// The name for people.
    pub title: String,
    /// What it allows.
    pub terms: PlanTerms,
}
