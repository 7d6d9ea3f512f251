//! Why a submission is not admitted.
//!
//! Invariant: a refusal names the limit, the present use, and when it resets.

use gantry_types::{Credits, Currency, MeterId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::plan::{Feature, Included, PlanTerms};

/// Meters that count money count millionths.
const MILLION: u64 = 1_000_000;

/// A plan or a balance does not allow a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// The balance does not cover the hold.
    #[error("this needs up to {needed} credits and {available} are available")]
    Credits {
        /// What the hold would take.
        needed: Credits,
        /// What is left.
        available: Credits,
    },
    /// A quota of the period does not suffice.
    #[error(
        "this needs {} {meter}, and {} of {} are used until {resets_at}",
        tell(.meter, *.needed), tell(.meter, *.used), tell(.meter, *.limit)
    )]
    Quota {
        /// The meter.
        meter: MeterId,
        /// Units that the job needs.
        needed: u64,
        /// Units used and reserved.
        used: u64,
        /// The limit of the period.
        limit: u64,
        /// When the next period begins.
        resets_at: Timestamp,
    },
    /// One job is larger than the plan allows.
    #[error(
        "one job may use at most {} {meter}, and this one needs {}",
        tell(.meter, *.limit), tell(.meter, *.needed)
    )]
    JobTooLarge {
        /// The meter.
        meter: MeterId,
        /// Units that the job needs.
        needed: u64,
        /// The limit per job.
        limit: u64,
    },
    /// The plan has no graphics processors.
    #[error("this needs a graphics processor, which the plan does not include")]
    GpuNotIncluded,
    /// The job needs more memory than one job may use.
    #[error("this needs {needed} bytes of memory, and one job may use {limit}")]
    Memory {
        /// Bytes that the job needs.
        needed: u64,
        /// The limit per job.
        limit: u64,
    },
    /// The plan does not include it.
    #[error("the plan does not include {feature}")]
    NotIncluded {
        /// What it lacks.
        feature: Feature,
    },
    /// Too many jobs wait already.
    #[error("{limit} jobs wait in the queue, which is as many as the plan allows")]
    QueueFull {
        /// The limit.
        limit: u32,
    },
}

impl Refusal {
    /// Why in words, with amounts of money in the edition's currency.
    #[must_use]
    pub fn describe_in(&self, currency: Currency) -> String {
        match self {
            Self::Quota { meter, needed, used, limit, resets_at } if meter.counts_money() => {
                let tell = |units: &u64| meter.tell_units(*units, currency);
                let (needed, used, limit) = (tell(needed), tell(used), tell(limit));
                format!(
                    "this needs up to {needed} of {meter}, and {used} of {limit} are used until \
                     {resets_at}"
                )
            }
            Self::JobTooLarge { meter, needed, limit } if meter.counts_money() => {
                let tell = |units: &u64| meter.tell_units(*units, currency);
                let (needed, limit) = (tell(needed), tell(limit));
                format!("one job may use at most {limit} of {meter}, and this one needs {needed}")
            }
            Self::Credits { .. }
            | Self::Quota { .. }
            | Self::JobTooLarge { .. }
            | Self::GpuNotIncluded
            | Self::Memory { .. }
            | Self::NotIncluded { .. }
            | Self::QueueFull { .. } => self.to_string(),
        }
    }

    /// The limit that refused, in one word such as `quota.rows`, by which refusals are counted.
    #[must_use]
    pub fn limit_name(&self) -> String {
        match self {
            Self::Credits { .. } => "credits".to_owned(),
            Self::Quota { meter, .. } => format!("quota.{meter}"),
            Self::JobTooLarge { meter, .. } => format!("per_job.{meter}"),
            Self::GpuNotIncluded => "gpu".to_owned(),
            Self::Memory { .. } => "memory".to_owned(),
            Self::NotIncluded { feature } => format!("feature.{}", feature.as_str()),
            Self::QueueFull { .. } => "queue".to_owned(),
        }
    }

    /// Whether a plan of these terms would not have refused it. Credits are no matter of a plan.
    #[must_use]
    pub fn is_lifted_by(&self, terms: &PlanTerms) -> bool {
        let allows = |limit: Option<u64>, units: u64| limit.is_none_or(|limit| units <= limit);
        let bounds_of = |meter| terms.meters.get(meter).copied().unwrap_or_default();
        match self {
            Self::Credits { .. } => false,
            Self::Quota { meter, needed, used, limit, .. } => {
                let bounds = bounds_of(meter);
                let total = used.saturating_add(*needed);
                // Which of the two limits refused is not said; a plan must lift both.
                *limit < total
                    && allows(bounds.per_period, total)
                    && allows(bounds.per_day, total)
                    && allows(bounds.per_job, *needed)
            }
            Self::JobTooLarge { meter, needed, .. } => {
                let bounds = bounds_of(meter);
                allows(bounds.per_job, *needed)
                    && allows(bounds.per_period, *needed)
                    && allows(bounds.per_day, *needed)
            }
            Self::GpuNotIncluded => terms.gpu == Included::Yes,
            Self::Memory { needed, .. } => *needed <= terms.job_memory_bytes,
            Self::NotIncluded { feature } => terms.features.contains(feature),
            Self::QueueFull { limit } => terms.queued_jobs > *limit,
        }
    }
}

/// Units of a meter where the currency of those that are money is not known.
fn tell(meter: &MeterId, units: u64) -> String {
    if meter.counts_money() {
        format!("{}.{:06}", units / MILLION, units % MILLION)
    } else {
        units.to_string()
    }
}
