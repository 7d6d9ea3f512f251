//! What the stories share: accounts, submissions, and a worker.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_ports::store::{
    AccountOverview, ClaimCommand, ClaimedJob, HotError, JobRecord, ReadTx, ReleaseCommand,
    SettleCommand, Settled, StoreExt, Submitted,
};
use gantry_ports::{Store, StoreError};
use gantry_rules::outcome::{AttemptResult, Ending, JobError};
use gantry_rules::period::derive_period;
use gantry_rules::plan::{Plan, PlanTerms};
use gantry_rules::submission::{Accounting, Needs, OnRefusal, Submission};
use gantry_types::{
    Credits, Device, EngineErrorKind, JobId, JobState, OrganizationId, PlanId, PriorityClass,
    Timestamp, WorkerId,
};
use serde_json::json;

use crate::conformance::Outcome;
use crate::installation::{generous_terms, insert_account, new_user};

/// The time at which every story begins: the 15th of a month, so that days can pass.
pub const START: Timestamp = Timestamp::from_micros(1_781_500_000_000_000);

/// A store with a plan in it.
pub struct World {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The plan of accounts that do not ask for another.
    pub plan: Plan,
}

impl World {
    /// Sets a story up on an empty store.
    ///
    /// # Errors
    /// What the store says.
    pub async fn over(store: Arc<dyn Store>) -> Result<Self> {
        let plan = insert_plan(&store, generous_terms()).await?;
        Ok(Self { store, plan })
    }

    /// The start of the story, `seconds` later.
    #[must_use]
    pub fn at(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    /// An account with credits on the usual plan.
    ///
    /// # Errors
    /// What the store says.
    pub async fn account(&self, credits: i64) -> Result<OrganizationId> {
        self.account_on(&self.plan.clone(), credits).await
    }

    /// An account with credits on a plan of its own.
    ///
    /// # Errors
    /// What the store says.
    pub async fn account_with(
        &self,
        credits: i64,
        change: impl FnOnce(&mut PlanTerms),
    ) -> Result<OrganizationId> {
        let mut terms = generous_terms();
        change(&mut terms);
        let plan = insert_plan(&self.store, terms).await?;
        self.account_on(&plan, credits).await
    }

    async fn account_on(&self, plan: &Plan, credits: i64) -> Result<OrganizationId> {
        let email = format!("{}@example.org", OrganizationId::generate());
        let new = new_user(&email, plan.id, START);
        let id = new.organization.id;
        insert_account(&*self.store, new, Credits::new(credits), START).await?;
        Ok(id)
    }

    /// Submits a job that holds `credits`.
    ///
    /// # Errors
    /// What the store says.
    pub async fn submit(&self, account: OrganizationId, credits: i64) -> Result<JobId> {
        Ok(self.try_submit(submission(account, credits)).await?.job_id)
    }

    /// Submits.
    ///
    /// # Errors
    /// The store's refusal.
    pub async fn try_submit(&self, submission: Submission) -> Result<Submitted, HotError> {
        self.store.submit(submission).await
    }

    /// Claims at most `limit` jobs, at the start of the story.
    ///
    /// # Errors
    /// What the store says.
    pub async fn claim(&self, limit: u32) -> Result<Vec<ClaimedJob>> {
        self.claim_at(START, limit).await
    }

    /// Claims at most `limit` jobs.
    ///
    /// # Errors
    /// What the store says.
    pub async fn claim_at(&self, now: Timestamp, limit: u32) -> Result<Vec<ClaimedJob>> {
        let command = ClaimCommand {
            worker_id: WorkerId::generate(),
            devices: vec![Device::Cpu, Device::Gpu],
            classes: PriorityClass::ALL.to_vec(),
            limit,
            now,
            lease: Duration::from_secs(60),
        };
        Ok(self.store.claim(command).await?)
    }

    /// Claims the one job that is ready.
    ///
    /// # Errors
    /// When there is none, or another one.
    pub async fn claim_job(&self, id: JobId) -> Result<ClaimedJob> {
        let mut claimed = self.claim(1).await?;
        let job = claimed.pop().context("no job was ready")?;
        ensure!(job.job.id == id, "another job was claimed");
        Ok(job)
    }

    /// Ends a claimed job.
    ///
    /// # Errors
    /// The store's refusal.
    pub async fn end(
        &self,
        job: &ClaimedJob,
        ending: Ending,
        charged: Option<i64>,
    ) -> Result<Settled, HotError> {
        self.end_at(START, job, ending, charged).await
    }

    /// Ends a claimed job later.
    ///
    /// # Errors
    /// The store's refusal.
    pub async fn end_at(
        &self,
        now: Timestamp,
        job: &ClaimedJob,
        ending: Ending,
        charged: Option<i64>,
    ) -> Result<Settled, HotError> {
        let charged = charged.map(Credits::new);
        let result = AttemptResult { ending, charged, artifacts: Vec::new() };
        let (job_id, attempt) = (job.job.id, job.job.attempt);
        self.store.settle(SettleCommand { job_id, attempt, result, now, jitter: 0.0 }).await
    }

    /// Runs the releases that are due.
    ///
    /// # Errors
    /// What the store says.
    pub async fn release_at(&self, now: Timestamp) -> Result<u64> {
        Ok(self.store.release(ReleaseCommand { now, limit: 100 }).await?)
    }

    /// A snapshot.
    ///
    /// # Errors
    /// What the store says.
    pub async fn read(&self) -> Result<Box<dyn ReadTx>> {
        Ok(self.store.read().await?)
    }

    /// A job.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn job(&self, account: OrganizationId, id: JobId) -> Result<JobRecord> {
        let found = self.read().await?.jobs().find_job(account, id).await?;
        found.context("the job is not there")
    }

    /// A job's state.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn state(&self, account: OrganizationId, id: JobId) -> Result<JobState> {
        Ok(self.job(account, id).await?.state)
    }

    /// What an account has, with the meters of the story's month.
    ///
    /// # Errors
    /// What the store says.
    pub async fn overview(&self, account: OrganizationId) -> Result<AccountOverview> {
        let period = derive_period(START);
        Ok(self.read().await?.accounts().get_account(account, period.start).await?)
    }

    /// Checks available and held credits.
    ///
    /// # Errors
    /// When they differ.
    pub async fn check_balance(
        &self,
        account: OrganizationId,
        available: i64,
        held: i64,
    ) -> Outcome {
        let overview = self.overview(account).await?;
        let found = (overview.available.get(), overview.held.get());
        ensure!(found == (available, held), "available and held are {found:?}");
        Ok(())
    }

    /// Checks every invariant of the books.
    ///
    /// # Errors
    /// When one does not hold.
    pub async fn check_books(&self) -> Outcome {
        let breaches = self.read().await?.accounts().list_ledger_breaches().await?;
        ensure!(breaches.is_empty(), "the books are wrong: {breaches:#?}");
        Ok(())
    }
}

async fn insert_plan(store: &Arc<dyn Store>, terms: PlanTerms) -> Result<Plan> {
    let id = PlanId::generate();
    let plan = Plan { id, slug: id.to_string(), version: 1, title: "Story".into(), terms };
    let insert = plan.clone();
    store
        .write::<(), StoreError, _>(move |tx| {
            let plan = insert.clone();
            Box::pin(async move { tx.accounts().insert_plan(&plan).await })
        })
        .await?;
    Ok(plan)
}

/// A submission that holds `credits`.
#[must_use]
pub fn submission(account: OrganizationId, credits: i64) -> Submission {
    Submission {
        job_id: JobId::generate(),
        organization_id: account,
        submitted_by: None,
        operation: "story.run".into(),
        operation_version: 1,
        params: json!({"text": "with \"quotes\", \\ and \u{1f680}"}),
        inputs: json!({}),
        seed: u64::MAX - 1,
        label: Some("A Story".into()),
        needs: needs(credits),
        submitted_at: START,
        accounting: Accounting::Metered,
        start_at: None,
        on_refusal: OnRefusal::Refuse,
        idempotency: None,
        origin: None,
    }
}

/// Modest needs.
#[must_use]
pub fn needs(credits: i64) -> Needs {
    Needs {
        meters: BTreeMap::new(),
        max_credits: Credits::new(credits),
        memory_bytes: 1 << 20,
        threads: 1,
        device: Device::Cpu,
    }
}

/// A success.
#[must_use]
pub fn success() -> Ending {
    Ending::Succeeded { report: json!({"answer": 42}) }
}

/// An error of an engine.
#[must_use]
pub fn failure(kind: EngineErrorKind) -> Ending {
    let message = "it went wrong".into();
    Ending::Failed { error: JobError { kind, message, next_step: Some("try less".into()) } }
}
