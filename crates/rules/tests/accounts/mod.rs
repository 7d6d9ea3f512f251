//! An account whose plan limits one meter, and nothing else that a test of meters could meet.

use std::collections::{BTreeMap, BTreeSet};

use gantry_rules::account::AccountState;
use gantry_rules::cancellation::CancellationTerms;
use gantry_rules::period::QuotaReset;
use gantry_rules::plan::{Included, JobPricing, MeterLimit, PlanPrice, PlanTerms, Support};
use gantry_types::{Credits, MeterId, OrganizationId, PriorityClass, Timestamp};

pub fn limited_account(meter: MeterId, limit: MeterLimit) -> AccountState {
    AccountState {
        organization_id: OrganizationId::generate(),
        terms: PlanTerms {
            concurrent_jobs: 1,
            parallel_children: 1,
            queued_jobs: 1,
            class: PriorityClass::Normal,
            gpu: Included::No,
            job_seconds: 1,
            job_memory_bytes: 1,
            file_bytes: 1,
            artifact_bytes: 1,
            retention_days: None,
            granted_credits: Credits::ZERO,
            job_pricing: JobPricing::Credits,
            requests_per_minute: 1,
            request_burst: 1,
            seats: None,
            features: BTreeSet::new(),
            support: Support::Community,
            price: PlanPrice::default(),
            cancellation: CancellationTerms::default(),
            quota_reset: QuotaReset::default(),
            meters: BTreeMap::from([(meter, limit)]),
        },
        quota_anchor: Timestamp::from_micros(0),
        running_roots: 0,
        queued_roots: 0,
        lots: Vec::new(),
        meters: Vec::new(),
    }
}
