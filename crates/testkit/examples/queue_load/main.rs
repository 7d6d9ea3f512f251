//! The load of `bench/queue`: no-op jobs with full ledger and quota, submit to settled, in one
//! process. Prints one JSON object.
//!
//! `queue_load --store sqlite|postgres://… --jobs N --accounts N --rate PER_SECOND
//! --engine FOLDER --operation ID`; a rate of 0 submits as fast as 64 submitters can, and without
//! a folder the no-op of the test engine runs in threads of this process.

mod ledger;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use gantry_access::Actor;
use gantry_engine_api::{CancellationToken, Engine};
use gantry_external::{ExternalConfig, ExternalEngine};
use gantry_jobs::NewJob;
use gantry_rules::plan::{MeterLimit, PlanTerms};
use gantry_store::StoreConfig;
use gantry_testkit::doors::TestEngine;
use gantry_testkit::{Installation, generous_terms, new_job};
use gantry_types::{Device, MeterId, OrganizationId, PriorityClass};
use gantry_worker::{Worker, WorkerSettings};
use serde_json::json;

const SUBMITTERS: usize = 64;
const SLOTS: u32 = 128;
const LIMIT: Duration = Duration::from_secs(300);

struct Load {
    store: Option<StoreConfig>,
    jobs: usize,
    accounts: usize,
    rate: f64,
    engine: Option<PathBuf>,
    operation: String,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the result is printed for the bench")]
async fn main() -> Result<()> {
    let load = parse(std::env::args().skip(1))?;
    let engine = start_engine(&load).await?;
    let engines: Vec<&dyn Engine> = match &engine {
        Some(engine) => vec![engine],
        None => vec![&TestEngine],
    };
    let installation = Installation::open_on(load.store.clone(), &engines, terms()?).await?;
    ensure!(
        load.store.is_some() || installation.synchronous == Some(2),
        "a commit is not on disk when it is answered: PRAGMA synchronous is {:?}",
        installation.synchronous
    );
    let installation = Arc::new(installation);
    let mut organizations = vec![installation.organization_id];
    while organizations.len() < load.accounts {
        organizations.push(installation.add_organization().await?);
    }
    let stop = CancellationToken::new();
    let work = tokio::spawn(worker(&installation).run(stop.clone()));
    let begun = Instant::now();
    let waits = if load.rate > 0.0 {
        offer(&installation, &organizations, &load).await?
    } else {
        submit_all(&installation, &organizations, &load).await?;
        wait_until_settled(&installation, &organizations, load.jobs).await?;
        Vec::new()
    };
    let seconds = begun.elapsed().as_secs_f64();
    if load.rate > 0.0 {
        wait_until_settled(&installation, &organizations, load.jobs).await?;
    }
    let ledger = ledger::require_whole(&installation, &organizations, load.jobs).await?;
    stop.cancel();
    work.await?;
    println!(
        "{}",
        json!({
            "jobs": load.jobs,
            "accounts": load.accounts,
            "seconds": seconds,
            "jobs_per_s": load.jobs as f64 / seconds,
            "p50_ms": quantile(&waits, 0.5),
            "p95_ms": quantile(&waits, 0.95),
            "ledger_rows": ledger.rows,
            "ledger_sum": ledger.sum,
            "synchronous": installation.synchronous,
        })
    );
    Ok(())
}

fn parse(arguments: impl Iterator<Item = String>) -> Result<Load> {
    let mut load = Load {
        store: None,
        jobs: 20_000,
        accounts: 1,
        rate: 0.0,
        engine: None,
        operation: "test.noop".to_owned(),
    };
    let mut arguments = arguments;
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--store" if value == "sqlite" => load.store = None,
            "--store" => load.store = Some(StoreConfig::postgres(value)),
            "--jobs" => load.jobs = value.parse()?,
            "--accounts" => load.accounts = value.parse()?,
            "--rate" => load.rate = value.parse()?,
            "--engine" => load.engine = Some(value.into()),
            "--operation" => load.operation = value,
            _ => bail!("unknown flag {name}"),
        }
    }
    Ok(load)
}

/// The program of a folder, asked for what it offers and kept warm.
async fn start_engine(load: &Load) -> Result<Option<ExternalEngine>> {
    let Some(folder) = &load.engine else { return Ok(None) };
    Ok(Some(ExternalEngine::start(ExternalConfig::read(folder)?).await?))
}

/// Terms under which every job is counted on a meter, holds a credit and is paid for.
fn terms() -> Result<PlanTerms> {
    let limit = MeterLimit { per_period: Some(1_000_000), ..MeterLimit::default() };
    let meters: BTreeMap<MeterId, MeterLimit> = [(MeterId::jobs(), limit)].into();
    Ok(PlanTerms { concurrent_jobs: 1_000_000, queued_jobs: 1_000_000, meters, ..generous_terms() })
}

fn worker(installation: &Installation) -> Arc<Worker> {
    let settings = WorkerSettings {
        slots: SLOTS,
        devices: vec![Device::Cpu],
        classes: PriorityClass::ALL.to_vec(),
        lease: Duration::from_secs(30),
        threads_per_job: 1,
        scratch: installation.scratch(),
        drain: Duration::from_secs(10),
    };
    Worker::new(installation.jobs.clone(), settings)
}

/// A job that costs one credit.
fn one_job(load: &Load) -> NewJob {
    let params = if load.engine.is_some() { json!({}) } else { json!({ "credits": 1 }) };
    new_job(&load.operation, params)
}

async fn submit_all(
    installation: &Arc<Installation>,
    organizations: &[OrganizationId],
    load: &Load,
) -> Result<()> {
    let mut submitters = tokio::task::JoinSet::new();
    for submitter in 0..SUBMITTERS {
        let installation = Arc::clone(installation);
        let organizations = organizations.to_vec();
        let (jobs, new) = (load.jobs, one_job(load));
        submitters.spawn(async move {
            for job in (submitter..jobs).step_by(SUBMITTERS) {
                let actor = Actor::system(organizations[job % organizations.len()]);
                installation.jobs.submit(&actor, new.clone()).await?;
            }
            Ok::<(), anyhow::Error>(())
        });
    }
    while let Some(submitted) = submitters.join_next().await {
        submitted??;
    }
    Ok(())
}

async fn wait_until_settled(
    installation: &Installation,
    organizations: &[OrganizationId],
    jobs: usize,
) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    loop {
        let mut settled = 0;
        for organization_id in organizations {
            let account = installation.billing.account(&Actor::system(*organization_id)).await?;
            let of_jobs = |view: &&gantry_billing::MeterView| view.meter == MeterId::jobs();
            settled += account.meters.iter().find(of_jobs).map_or(0, |view| view.used);
        }
        if settled >= jobs as u64 {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "only {settled} of {jobs} jobs were settled");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Submits at a steady rate and measures from before the submission until the job runs.
async fn offer(
    installation: &Arc<Installation>,
    organizations: &[OrganizationId],
    load: &Load,
) -> Result<Vec<f64>> {
    let mut tick = tokio::time::interval(Duration::from_secs_f64(1.0 / load.rate));
    let mut waiting = tokio::task::JoinSet::new();
    for job in 0..load.jobs {
        tick.tick().await;
        let installation = Arc::clone(installation);
        let actor = Actor::system(organizations[job % organizations.len()]);
        let new = one_job(load);
        waiting.spawn(async move {
            let begun = installation.jobs.clock().now();
            let id = installation.jobs.submit(&actor, new).await?.job_id;
            loop {
                let job = installation.jobs.get_job(&actor, id).await?;
                if let Some(started) = job.started_at {
                    return Ok::<f64, anyhow::Error>(started.since(begun).as_secs_f64() * 1e3);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }
    let mut waits = Vec::with_capacity(load.jobs);
    while let Some(wait) = waiting.join_next().await {
        waits.push(wait??);
    }
    Ok(waits)
}

fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = ((sorted.len() as f64 - 1.0) * share).round();
    sorted.get(at as usize).copied()
}
