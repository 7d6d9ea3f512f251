//! The load of `bench/admit`: submissions of one account into the store, 64 at a time, with all that
//! a plan asks of them or without. Prints one JSON object.
//!
//! `admit_load --plans with|without --jobs N [--store sqlite|postgres://…]`
//!
//! With plans a job is admitted by two meters, holds a credit of a lot, and writes its lines of the
//! ledger; without, it is a row and its event alone, as a job of the platform is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use gantry_engine_api::Engine;
use gantry_rules::plan::{MeterLimit, PlanTerms};
use gantry_rules::submission::{Accounting, Needs, OnRefusal, Submission};
use gantry_store::StoreConfig;
use gantry_testkit::doors::TestEngine;
use gantry_testkit::{Installation, generous_terms};
use gantry_types::{Credits, Device, JobId, MeterId};
use serde_json::json;

const SUBMITTERS: usize = 64;
const ENOUGH: u64 = 100_000_000;

#[derive(Clone)]
struct Load {
    store: Option<StoreConfig>,
    jobs: usize,
    accounting: Accounting,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the result is printed for the bench")]
async fn main() -> Result<()> {
    let load = parse(std::env::args().skip(1))?;
    let engines: Vec<&dyn Engine> = vec![&TestEngine];
    let installation = Installation::open_on(load.store.clone(), &engines, terms()?).await?;
    let installation = Arc::new(installation);
    let begun = Instant::now();
    submit_all(&installation, &load).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let breaches = installation.ledger_breaches().await?;
    ensure!(breaches.is_empty(), "{breaches:?}");
    println!(
        "{}",
        json!({
            "jobs": load.jobs,
            "seconds": seconds,
            "submissions_per_s": load.jobs as f64 / seconds,
            "synchronous": installation.synchronous,
        })
    );
    Ok(())
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Load> {
    let mut load = Load { store: None, jobs: 20_000, accounting: Accounting::Metered };
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        match (name.as_str(), value.as_str()) {
            ("--store", "sqlite") => load.store = None,
            ("--store", _) => load.store = Some(StoreConfig::postgres(value)),
            ("--jobs", _) => load.jobs = value.parse()?,
            ("--plans", "with") => load.accounting = Accounting::Metered,
            ("--plans", "without") => load.accounting = Accounting::Platform,
            _ => bail!("`{name} {value}` is not known"),
        }
    }
    Ok(load)
}

fn terms() -> Result<PlanTerms> {
    let limit =
        MeterLimit { per_period: Some(ENOUGH), per_job: Some(ENOUGH), ..MeterLimit::default() };
    let meters = BTreeMap::from([(MeterId::jobs(), limit), ("rows".parse()?, limit)]);
    Ok(PlanTerms { queued_jobs: 100_000_000, meters, ..generous_terms() })
}

fn submission(installation: &Installation, accounting: Accounting) -> Result<Submission> {
    let meters = match accounting {
        Accounting::Metered => BTreeMap::from([("rows".parse()?, 1_000)]),
        Accounting::Platform => BTreeMap::new(),
    };
    let max_credits = match accounting {
        Accounting::Metered => Credits::new(1),
        Accounting::Platform => Credits::ZERO,
    };
    let needs =
        Needs { meters, max_credits, memory_bytes: 1 << 20, threads: 1, device: Device::Cpu };
    Ok(Submission {
        job_id: JobId::generate(),
        organization_id: installation.organization_id,
        submitted_by: None,
        operation: "test.noop".to_owned(),
        operation_version: 1,
        params: json!({ "steps": 3, "name": "a job like others" }),
        inputs: json!({}),
        seed: 7,
        label: None,
        needs,
        submitted_at: installation.jobs.clock().now(),
        accounting,
        start_at: None,
        on_refusal: OnRefusal::Refuse,
        idempotency: None,
        origin: None,
    })
}

async fn submit_all(installation: &Arc<Installation>, load: &Load) -> Result<()> {
    let mut submitters = tokio::task::JoinSet::new();
    for submitter in 0..SUBMITTERS {
        let (installation, load) = (Arc::clone(installation), load.clone());
        submitters.spawn(async move {
            for _ in (submitter..load.jobs).step_by(SUBMITTERS) {
                installation.store.submit(submission(&installation, load.accounting)?).await?;
            }
            Ok::<(), anyhow::Error>(())
        });
    }
    while let Some(submitted) = submitters.join_next().await {
        submitted??;
    }
    Ok(())
}
