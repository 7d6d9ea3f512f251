//! What a submission is answered is what the store has of it.

use std::time::Duration;

use anyhow::Result;
use gantry_jobs::NewJob;
use gantry_ports::Clock;
use gantry_rules::plan::{JobPricing, PlanTerms};
use gantry_rules::submission::{IdempotencyKey, OnRefusal};
use gantry_testkit::doors::TestEngine;
use gantry_testkit::{Installation, generous_terms, new_job};
use gantry_types::{Credits, JobState, PriorityClass};
use serde_json::json;

async fn require_same(installation: &Installation, new: NewJob, state: JobState) -> Result<()> {
    let submitted = installation.jobs.submit_job(&installation.actor(), new).await?;
    assert_eq!(submitted.job.state, state);
    let stored = installation.jobs.get_job(&installation.actor(), submitted.job.id).await?;
    assert_eq!(submitted.job, stored);
    Ok(())
}

#[tokio::test]
async fn the_answer_is_the_row() -> Result<()> {
    let terms = PlanTerms {
        class: PriorityClass::High,
        granted_credits: Credits::new(10),
        job_pricing: JobPricing::Credits,
        ..generous_terms()
    };
    let installation = Installation::open(&[&TestEngine], terms).await?;
    let plain = new_job("test.noop", json!({ "credits": 2 }));
    require_same(&installation, plain.clone(), JobState::Queued).await?;
    let key = IdempotencyKey {
        route: "POST /api/v1/jobs".to_owned(),
        key: "once".to_owned(),
        body_sha256: "0".repeat(64),
    };
    let labelled = NewJob {
        label: Some("a name".to_owned()),
        seed: None,
        idempotency: Some(key),
        ..plain.clone()
    };
    require_same(&installation, labelled.clone(), JobState::Queued).await?;
    // Repeated: the job of the first time.
    require_same(&installation, NewJob { seed: None, ..labelled }, JobState::Queued).await?;
    let start_at = Some(installation.clock.now().plus(Duration::from_secs(3_600)));
    let later = NewJob { start_at, ..plain.clone() };
    require_same(&installation, later, JobState::Scheduled).await?;
    // What costs more than there is can be kept, with the reason.
    let params = json!({ "credits": 1_000 });
    let kept = NewJob { params, on_refusal: OnRefusal::KeepBlocked, ..plain };
    require_same(&installation, kept, JobState::Blocked).await
}
