//! What a plan allows.

use std::collections::BTreeMap;

use gantry_types::{Credits, MeterId, PlanId, PriorityClass};
use serde::{Deserialize, Serialize};

/// How much of a meter a plan allows. An absent bound does not limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeterLimit {
    /// Units per period (a calendar month in UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_period: Option<u64>,
    /// Units in one job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_job: Option<u64>,
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
    /// API requests per minute.
    pub requests_per_minute: u32,
    /// Requests above the steady rate that may come at once.
    pub request_burst: u32,
    /// Limits by meter.
    #[serde(default)]
    pub meters: BTreeMap<MeterId, MeterLimit>,
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
