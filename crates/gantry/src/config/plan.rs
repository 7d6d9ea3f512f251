//! `[plan]`: the plan of every new account of the default edition.
//!
//! Invariant: a changed plan becomes a new version when the server starts; accounts keep the
//! version that they have.

use std::collections::BTreeMap;

use gantry_billing::PlanDraft;
use gantry_rules::cancellation::CancellationTerms;
use gantry_rules::period::QuotaReset;
use gantry_rules::plan::{
    Feature, Included, JobPricing, MeterLimit, PlanPrice, PlanTerms, Support,
};
use gantry_types::{Credits, MeterId, PriorityClass};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// How much of a meter the plan allows. An absent bound does not limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MeterConfig {
    /// Units per calendar month in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_period: Option<u64>,
    /// Units per day in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u64>,
    /// Units in one job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_job: Option<u64>,
}

/// The class of a plan's jobs: higher classes are claimed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClassConfig {
    /// Before all others.
    High,
    /// The usual class.
    Normal,
    /// When nothing else waits.
    Overflow,
}

impl ClassConfig {
    /// The class as jobs carry it.
    pub const fn derive_class(self) -> PriorityClass {
        match self {
            Self::High => PriorityClass::High,
            Self::Normal => PriorityClass::Normal,
            Self::Overflow => PriorityClass::Overflow,
        }
    }
}

/// The plan of every new account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanConfig {
    /// The plan's name for programs.
    pub slug: String,
    /// The plan's name for people.
    pub title: String,
    /// How many jobs of an account run at once.
    pub concurrent_jobs: u32,
    /// How many children of one job run at once.
    pub parallel_children: u32,
    /// How many jobs may wait in the queue.
    pub queued_jobs: u32,
    /// The class of its jobs.
    pub class: ClassConfig,
    /// Whether jobs may use graphics processors.
    pub gpu: bool,
    /// Seconds that one attempt of a job may take.
    pub job_seconds: u64,
    /// Bytes of memory that one job may use.
    pub job_memory_bytes: u64,
    /// Bytes of one uploaded file.
    pub file_bytes: u64,
    /// Bytes of all artifacts of one job.
    pub artifact_bytes: u64,
    /// Days for which artifacts are kept; for ever when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Credits granted with each new account.
    pub granted_credits: i64,
    /// API requests per minute.
    pub requests_per_minute: u32,
    /// Requests above that rate that may come at once.
    pub request_burst: u32,
    /// Limits by meter.
    pub meters: BTreeMap<String, MeterConfig>,
}

impl Default for PlanConfig {
    fn default() -> Self {
        Self {
            slug: "default".to_owned(),
            title: "Default".to_owned(),
            concurrent_jobs: 8,
            parallel_children: 8,
            queued_jobs: 10_000,
            class: ClassConfig::Normal,
            gpu: false,
            job_seconds: 24 * 3_600,
            job_memory_bytes: 64 << 30,
            file_bytes: 8 << 30,
            artifact_bytes: 8 << 30,
            retention_days: None,
            granted_credits: 1_000_000,
            requests_per_minute: 6_000,
            request_burst: 1_000,
            meters: BTreeMap::new(),
        }
    }
}

impl PlanConfig {
    /// The plan as billing imports it.
    ///
    /// # Errors
    /// A usage failure for a meter whose name cannot be one, or negative credits.
    pub fn derive_draft(&self) -> Result<PlanDraft, Failure> {
        if self.granted_credits < 0 {
            return Err(Failure::usage("`plan.granted_credits` is negative")
                .with_next("give 0 or more credits"));
        }
        let mut meters = BTreeMap::new();
        for (name, limit) in &self.meters {
            let meter: MeterId =
                name.parse().map_err(|error| Failure::usage(format!("`plan.meters`: {error}")))?;
            let MeterConfig { per_period, per_day, per_job } = *limit;
            meters.insert(meter, MeterLimit { per_period, per_day, per_job });
        }
        let terms = PlanTerms {
            concurrent_jobs: self.concurrent_jobs,
            parallel_children: self.parallel_children,
            queued_jobs: self.queued_jobs,
            class: self.class.derive_class(),
            gpu: if self.gpu { Included::Yes } else { Included::No },
            job_seconds: self.job_seconds,
            job_memory_bytes: self.job_memory_bytes,
            file_bytes: self.file_bytes,
            artifact_bytes: self.artifact_bytes,
            retention_days: self.retention_days,
            granted_credits: Credits::new(self.granted_credits),
            job_pricing: JobPricing::Credits,
            requests_per_minute: self.requests_per_minute,
            request_burst: self.request_burst,
            seats: None,
            features: Feature::ALL.iter().copied().collect(),
            support: Support::default(),
            price: PlanPrice::default(),
            cancellation: CancellationTerms::default(),
            quota_reset: QuotaReset::default(),
            meters,
        };
        Ok(PlanDraft { slug: self.slug.clone(), title: self.title.clone(), terms })
    }
}
