//! How many jobs a second go from submission through claim to settlement, with ledger, quota
//! and event rows: `cargo run --release --example throughput -- [jobs] [submitters] [accounts]
//! [postgres URL]`. Without a URL it uses a SQLite file in a temporary folder.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]
#![expect(clippy::disallowed_methods, reason = "a bench has no clock port; it measures")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use gantry_ports::Store;
use gantry_ports::store::{
    ClaimCommand, HotPath, LotGrant, NewUser, Organization, SettleCommand, StoreExt, User,
    UserStatus,
};
use gantry_rules::account::{Lot, LotOrigin};
use gantry_rules::outcome::{AttemptResult, Ending};
use gantry_rules::plan::{Included, JobPricing, Plan, PlanTerms};
use gantry_rules::submission::{Accounting, Needs, OnRefusal, Submission};
use gantry_store::{GantryStore, StoreConfig};
use gantry_types::{
    Credits, Device, JobId, Locale, LotId, OrganizationId, PlanId, PriorityClass, Timestamp,
    UserId, WorkerId,
};
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const CLAIM_AT_ONCE: u32 = 128;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |usual: usize| -> Outcome<usize> {
        arguments.next().map_or(Ok(usual), |text| Ok(text.parse()?))
    };
    let (jobs, submitters, accounts) = (number(20_000)?, number(64)?, number(1)?);
    let folder = tempfile::tempdir()?;
    let config = match arguments.next() {
        Some(url) => StoreConfig::postgres(url),
        None => StoreConfig::sqlite(folder.path().join("gantry.sqlite")),
    };
    let store = Arc::new(GantryStore::open(config).await?);
    let organizations = Arc::new(open_accounts(&store, accounts).await?);

    let started = Instant::now();
    let left = Arc::new(AtomicUsize::new(jobs));
    let submitting: Vec<_> = (0..submitters)
        .map(|_| {
            let (store, left) = (Arc::clone(&store), Arc::clone(&left));
            tokio::spawn(submit_until_none_left(store, Arc::clone(&organizations), left))
        })
        .collect();
    let draining = tokio::spawn(drain(Arc::clone(&store), jobs));
    for task in submitting {
        task.await??;
    }
    let submitted = started.elapsed();
    draining.await??;
    let settled = started.elapsed();
    println!(
        "{jobs} jobs, {submitters} submitters, {accounts} accounts: \
         submitted {:.0}/s, settled {:.0}/s",
        jobs as f64 / submitted.as_secs_f64(),
        jobs as f64 / settled.as_secs_f64()
    );
    print_latency(&store, &organizations).await?;
    let breaches = store.read().await?.accounts().list_ledger_breaches().await?;
    println!("ledger breaches: {}", breaches.len());
    if breaches.is_empty() { Ok(()) } else { Err(breaches.join("; ").into()) }
}

async fn submit_until_none_left(
    store: Arc<GantryStore>,
    organizations: Arc<Vec<OrganizationId>>,
    left: Arc<AtomicUsize>,
) -> Outcome<()> {
    let take = |left: usize| left.checked_sub(1);
    while let Ok(number) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
        let organization = organizations[number % organizations.len()];
        store.submit(submission(organization)).await?;
    }
    Ok(())
}

async fn drain(store: Arc<GantryStore>, jobs: usize) -> Outcome<()> {
    let mut done = 0;
    while done < jobs {
        let claimed = claim(&store).await?;
        if claimed.is_empty() {
            tokio::time::sleep(Duration::from_micros(200)).await;
            continue;
        }
        done += claimed.len();
        let settling = claimed.into_iter().map(|command| {
            let store = Arc::clone(&store);
            async move { store.settle(command).await }
        });
        for settled in futures::future::join_all(settling).await {
            settled?;
        }
    }
    Ok(())
}

async fn claim(store: &GantryStore) -> Outcome<Vec<SettleCommand>> {
    let command = ClaimCommand {
        worker_id: WorkerId::generate(),
        devices: vec![Device::Cpu],
        classes: PriorityClass::ALL.to_vec(),
        limit: CLAIM_AT_ONCE,
        now: now(),
        lease: Duration::from_secs(60),
    };
    let claimed = store.claim(command).await?;
    let settle = |job_id, attempt| SettleCommand {
        job_id,
        attempt,
        result: AttemptResult {
            ending: Ending::Succeeded { report: json!({"ok": true}) },
            charged: Some(Credits::new(1)),
            artifacts: Vec::new(),
        },
        now: now(),
        jitter: 0.0,
    };
    Ok(claimed.into_iter().map(|job| settle(job.job.id, job.job.attempt)).collect())
}

/// One job after the other: how long from submission until it is claimed.
async fn print_latency(store: &GantryStore, organizations: &[OrganizationId]) -> Outcome<()> {
    let mut waits = Vec::new();
    for number in 0..200 {
        let began = Instant::now();
        store.submit(submission(organizations[number % organizations.len()])).await?;
        for command in claim(store).await? {
            waits.push(began.elapsed());
            store.settle(command).await?;
        }
    }
    waits.sort_unstable();
    let at = |share: usize| waits.get(waits.len() * share / 100).copied().unwrap_or_default();
    println!("submit to claimed, alone: p50 {:?}, p95 {:?}", at(50), at(95));
    Ok(())
}

async fn open_accounts(store: &GantryStore, count: usize) -> Outcome<Vec<OrganizationId>> {
    let plan = Plan {
        id: PlanId::generate(),
        slug: format!("bench-{}", PlanId::generate()),
        version: 1,
        title: "Bench".into(),
        terms: terms(),
    };
    let mut organizations = Vec::new();
    for _ in 0..count {
        let id = OrganizationId::generate();
        let new = NewUser {
            user: User {
                id: UserId::generate(),
                email: format!("{id}@example.org"),
                name: "Bench".into(),
                password_hash: "none".into(),
                administrator: false,
                status: UserStatus::Active,
                locale: Locale::English,
                email_verified_at: None,
                second_factor_at: None,
                created_at: now(),
            },
            organization: Organization {
                id,
                name: "Bench".into(),
                plan_id: plan.id,
                created_at: now(),
            },
        };
        let lot = Lot {
            id: LotId::generate(),
            origin: LotOrigin::Paid,
            expires_at: None,
            remaining: Credits::new(1_000_000_000),
        };
        let grant = LotGrant { organization_id: id, lot, reason: "bench".into(), at: now() };
        let (plan, first) = (plan.clone(), organizations.is_empty());
        store
            .write::<(), gantry_ports::StoreError, _>(move |tx| {
                let (new, grant, plan) = (new.clone(), grant.clone(), plan.clone());
                Box::pin(async move {
                    if first {
                        tx.accounts().insert_plan(&plan).await?;
                    }
                    tx.access().insert_user(&new).await?;
                    tx.accounts().insert_lot(&grant).await
                })
            })
            .await?;
        organizations.push(id);
    }
    Ok(organizations)
}

fn terms() -> PlanTerms {
    PlanTerms {
        concurrent_jobs: 1_000_000,
        parallel_children: 64,
        queued_jobs: 1_000_000,
        class: PriorityClass::Normal,
        gpu: Included::No,
        job_seconds: 60,
        job_memory_bytes: 1 << 30,
        file_bytes: 1 << 30,
        artifact_bytes: 1 << 30,
        retention_days: None,
        granted_credits: Credits::ZERO,
        job_pricing: JobPricing::Credits,
        requests_per_minute: 1000,
        request_burst: 100,
        seats: None,
        features: std::collections::BTreeSet::new(),
        support: gantry_rules::plan::Support::Community,
        price: gantry_rules::plan::PlanPrice::default(),
        cancellation: gantry_rules::cancellation::CancellationTerms::default(),
        quota_reset: gantry_rules::period::QuotaReset::default(),
        meters: BTreeMap::new(),
    }
}

fn submission(organization_id: OrganizationId) -> Submission {
    Submission {
        job_id: JobId::generate(),
        organization_id,
        submitted_by: None,
        operation: "bench.noop".into(),
        operation_version: 1,
        params: json!({"n": 1}),
        inputs: json!({}),
        seed: 1,
        label: None,
        needs: Needs {
            meters: BTreeMap::new(),
            max_credits: Credits::new(2),
            memory_bytes: 1 << 20,
            threads: 1,
            device: Device::Cpu,
        },
        submitted_at: now(),
        accounting: Accounting::Metered,
        start_at: None,
        on_refusal: OnRefusal::Refuse,
        idempotency: None,
        origin: None,
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
