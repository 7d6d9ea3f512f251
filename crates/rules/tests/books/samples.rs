//! The plan, the submissions and the endings that the model of the books tries.

use std::collections::{BTreeMap, BTreeSet};

use gantry_rules::cancellation::CancellationTerms;
use gantry_rules::outcome::{Ending, JobError};
use gantry_rules::period::QuotaReset;
use gantry_rules::plan::{Included, JobPricing, MeterLimit, PlanPrice, PlanTerms, Support};
use gantry_rules::submission::{Accounting, ChildSubmission, Needs, OnRefusal, Submission};
use gantry_types::{
    Credits, Device, EngineErrorKind, JobId, MeterId, OrganizationId, PriorityClass, Timestamp,
};
use uuid::Uuid;

pub(super) fn terms(meters: BTreeMap<MeterId, MeterLimit>) -> PlanTerms {
    PlanTerms {
        concurrent_jobs: 2,
        parallel_children: 2,
        queued_jobs: 6,
        class: PriorityClass::Normal,
        gpu: Included::No,
        job_seconds: 60,
        job_memory_bytes: 1 << 20,
        file_bytes: 1 << 20,
        artifact_bytes: 1 << 20,
        retention_days: None,
        granted_credits: Credits::ZERO,
        job_pricing: JobPricing::Credits,
        requests_per_minute: 60,
        request_burst: 10,
        seats: None,
        features: BTreeSet::new(),
        support: Support::Community,
        price: PlanPrice::default(),
        cancellation: CancellationTerms { free: 1, step_percent: 15, most_percent: 70 },
        quota_reset: QuotaReset::default(),
        meters,
    }
}

fn needs(credits: i64) -> Needs {
    Needs {
        meters: BTreeMap::new(),
        max_credits: Credits::new(credits),
        memory_bytes: 1,
        threads: 1,
        device: Device::Cpu,
    }
}

pub(super) fn submission(number: usize, credits: i64, now: Timestamp) -> Submission {
    Submission {
        job_id: JobId::from_uuid(Uuid::from_u128(number as u128)),
        organization_id: OrganizationId::from_uuid(Uuid::nil()),
        submitted_by: None,
        operation: "test.run".into(),
        operation_version: 1,
        params: serde_json::Value::Null,
        inputs: serde_json::Value::Null,
        seed: 0,
        label: None,
        needs: needs(credits),
        submitted_at: now,
        accounting: Accounting::Metered,
        start_at: None,
        on_refusal: OnRefusal::Refuse,
        idempotency: None,
        origin: None,
    }
}

pub(super) fn child(credits: i64) -> ChildSubmission {
    ChildSubmission {
        job_id: JobId::from_uuid(Uuid::nil()),
        operation: "test.part".into(),
        operation_version: 1,
        params: serde_json::Value::Null,
        inputs: serde_json::Value::Null,
        seed: 0,
        needs: needs(credits),
    }
}

pub(super) fn ending_of(number: u8) -> Ending {
    let failed = |kind| Ending::Failed {
        error: JobError { kind, message: "failed".into(), next_step: None },
    };
    match number {
        0 => Ending::Succeeded { report: serde_json::Value::Null },
        1 => failed(EngineErrorKind::Transient),
        2 => failed(EngineErrorKind::Bug),
        3 => failed(EngineErrorKind::Cancelled),
        4 => Ending::GivenBack,
        _ => Ending::HostDied { message: "signal 9".into() },
    }
}
