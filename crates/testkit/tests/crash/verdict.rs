//! What must be true when all processes have stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Context, Result, ensure};
use gantry_blob::LocalBlobs;
use gantry_ports::store::{
    JobEventKind, JobFilter, JobRecord, LedgerAccount, LedgerFilter, Order, PageRequest, ReadTx,
};
use gantry_ports::{BlobKey, BlobStore, Store};
use gantry_store::{GantryStore, StoreConfig};
use gantry_types::{JobId, JobState, OrganizationId};
use sha2::{Digest, Sha256};

use crate::engine::{SPLIT, WORK, WorkParams, derive_digest, derive_file};
use crate::killer::Kills;
use crate::load::{EMAIL, Load};
use crate::story::Site;

/// How the jobs ended.
#[derive(Debug, Clone, Default)]
pub struct Ended {
    pub roots: u64,
    pub children: u64,
    pub states: BTreeMap<&'static str, u64>,
    pub files: u64,
    pub attempts: u64,
}

impl Ended {
    pub fn plus(&self, other: &Self) -> Self {
        let mut sum = other.clone();
        sum.roots += self.roots;
        sum.children += self.children;
        sum.files += self.files;
        sum.attempts += self.attempts;
        for (state, count) in &self.states {
            *sum.states.entry(state).or_default() += count;
        }
        sum
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states: Vec<String> =
            self.states.iter().map(|(state, count)| format!("{count} {state}")).collect();
        let states = states.join(", ");
        let (roots, children) = (self.roots, self.children);
        let (attempts, files) = (self.attempts, self.files);
        write!(
            formatter,
            "{roots} jobs with {children} children in {attempts} attempts: {states}; {files} files"
        )
    }
}

struct Court<'a> {
    snapshot: Box<dyn ReadTx>,
    blobs: LocalBlobs,
    organization_id: OrganizationId,
    site: &'a Site,
    ended: Ended,
}

/// Looks at everything that is left.
pub async fn judge(site: &Site, load: &Load, kills: &Kills) -> Result<Ended> {
    let config = match &site.settings.store_url {
        Some(url) => StoreConfig::postgres(url.clone()),
        None => StoreConfig::sqlite(site.settings.data_dir.join("gantry.db")),
    };
    let store = GantryStore::open(config).await?;
    let snapshot = store.read().await?;
    let user = snapshot.access().find_user_by_email(EMAIL).await?.context("the user is gone")?;
    let membership = snapshot.access().list_memberships(user.id).await?;
    let organization_id = membership.first().context("no organization")?.organization_id;
    let blobs = LocalBlobs::open(&site.settings.blobs)?;
    let mut court = Court { snapshot, blobs, organization_id, site, ended: Ended::default() };
    let jobs = court.list_all().await?;
    court.require_each_submission(load, &jobs)?;
    for job in jobs.values() {
        court.require_end(job).await?;
        court.require_result(job, &jobs).await?;
    }
    court.require_strikes(kills, &jobs)?;
    court.require_books(&jobs).await?;
    let ended = court.ended;
    drop(court.snapshot);
    store.close().await;
    Ok(ended)
}

impl Court<'_> {
    async fn list_all(&self) -> Result<BTreeMap<JobId, JobRecord>> {
        let mut all = BTreeMap::new();
        for job in self.list(JobFilter::default()).await? {
            if job.operation == SPLIT {
                let of_parent = JobFilter { parent_id: Some(job.id), ..JobFilter::default() };
                let children = self.list(of_parent).await?;
                all.extend(children.into_iter().map(|child| (child.id, child)));
            }
            all.insert(job.id, job);
        }
        Ok(all)
    }

    async fn list(&self, filter: JobFilter) -> Result<Vec<JobRecord>> {
        let mut all = Vec::new();
        let mut page = PageRequest { after: None, limit: 200, order: Order::OldestFirst };
        loop {
            let got = self.snapshot.jobs().list_jobs(self.organization_id, &filter, &page).await?;
            all.extend(got.items);
            page.after = got.next;
            if page.after.is_none() {
                return Ok(all);
            }
        }
    }

    /// Nothing is lost and nothing is doubled.
    fn require_each_submission(
        &mut self,
        load: &Load,
        jobs: &BTreeMap<JobId, JobRecord>,
    ) -> Result<()> {
        let submitted: BTreeSet<&str> = load.jobs.values().map(String::as_str).collect();
        ensure!(submitted.len() == load.jobs.len(), "two submissions are one job");
        let roots = jobs.values().filter(|job| job.parent_id.is_none());
        let roots: BTreeSet<String> = roots.map(|job| job.id.to_string()).collect();
        ensure!(
            roots.iter().map(String::as_str).eq(submitted),
            "{} jobs of {} submissions",
            roots.len(),
            load.jobs.len()
        );
        self.ended.roots = roots.len() as u64;
        self.ended.children = (jobs.len() - roots.len()) as u64;
        Ok(())
    }

    /// It has ended, and was settled once.
    async fn require_end(&mut self, job: &JobRecord) -> Result<()> {
        ensure!(job.state.is_final(), "{} is {}", job.id, job.state);
        let events =
            self.snapshot.jobs().list_job_events(self.organization_id, job.id, 0, 1_000).await?;
        let states = events.iter().filter(|event| event.kind == JobEventKind::State);
        let states: Vec<&str> = states.filter_map(|event| event.body["state"].as_str()).collect();
        let finals = |state: &&&str| ["succeeded", "failed", "cancelled", "dead"].contains(*state);
        ensure!(states.iter().filter(finals).count() == 1, "{} was settled: {states:?}", job.id);
        ensure!(states.last() == Some(&job.state.as_str()), "{}: {states:?}", job.id);
        *self.ended.states.entry(job.state.as_str()).or_default() += 1;
        self.ended.attempts += u64::from(job.attempt.get());
        ensure!(
            !matches!(job.state, JobState::Failed),
            "{} failed, and nothing here may fail: {:?}",
            job.id,
            job.error
        );
        Ok(())
    }

    /// It reports what its seed says, and its files are those of the attempt that settled it.
    async fn require_result(
        &mut self,
        job: &JobRecord,
        jobs: &BTreeMap<JobId, JobRecord>,
    ) -> Result<()> {
        let artifacts =
            self.snapshot.catalog().list_artifacts(self.organization_id, job.id).await?;
        if job.state != JobState::Succeeded {
            ensure!(artifacts.is_empty(), "{} is {} and has files", job.id, job.state);
            return Ok(());
        }
        let report = job.report.as_ref().context("a success has a report")?;
        if job.operation == SPLIT {
            let mine = jobs.values().filter(|child| child.parent_id == Some(job.id));
            let digests: BTreeSet<String> = mine
                .map(|child| child.report.as_ref().and_then(|report| report["digest"].as_str()))
                .map(|digest| digest.unwrap_or_default().to_owned())
                .collect();
            let told = report["digests"].as_array().context("a split reports digests")?;
            let told: BTreeSet<String> =
                told.iter().filter_map(|digest| digest.as_str().map(str::to_owned)).collect();
            ensure!(told == digests, "{} reports other children than it has", job.id);
            return Ok(());
        }
        ensure!(job.operation == WORK, "{} is a job of nobody's", job.id);
        let params: WorkParams = serde_json::from_value(job.params.clone())?;
        let digest = derive_digest(job.seed, params.steps);
        ensure!(report["digest"] == digest.as_str(), "{} reports {report}", job.id);
        ensure!(artifacts.len() == params.files as usize, "{} has {}", job.id, artifacts.len());
        for (number, artifact) in (0..).zip(&artifacts) {
            let place = format!("jobs/{}/{}/", job.id, job.attempt);
            ensure!(artifact.blob_key.starts_with(&place), "a stale file: {artifact:?}");
            let text = derive_file(&digest, number);
            let sha256 = hex::encode(Sha256::digest(text.as_bytes()));
            ensure!(artifact.sha256 == sha256, "another file: {artifact:?}");
            let size = self.blobs.size(&BlobKey::parse(&artifact.blob_key)?).await?;
            ensure!(size == text.len() as u64, "{} has {size} bytes", artifact.blob_key);
            self.ended.files += 1;
        }
        Ok(())
    }

    /// What was counted as struck was not settled by the struck attempt.
    fn require_strikes(&self, kills: &Kills, jobs: &BTreeMap<JobId, JobRecord>) -> Result<()> {
        for struck in &kills.struck {
            let id: JobId = struck.job.parse().ok().context("the journal names jobs")?;
            let job = jobs.get(&id).context("the journal names a job that is not there")?;
            let went_on = job.attempt.get() > struck.attempt;
            let was_given_up = matches!(job.state, JobState::Dead | JobState::Cancelled);
            ensure!(went_on || was_given_up, "{struck:?} settled its job all the same: {job:?}");
        }
        // Poison is for jobs that kill their hosts; here it is bad luck, and rare.
        let dead = self.ended.states.get("dead").copied().unwrap_or_default();
        let all = self.ended.roots + self.ended.children;
        ensure!(dead * 50 <= all, "{dead} of {all} jobs are dead");
        Ok(())
    }

    async fn require_books(&self, jobs: &BTreeMap<JobId, JobRecord>) -> Result<()> {
        let accounts = self.snapshot.accounts();
        let breaches = accounts.list_ledger_breaches().await?;
        ensure!(breaches.is_empty(), "{breaches:#?}");
        let mut page = PageRequest { after: None, limit: 200, order: Order::OldestFirst };
        let mut sums: BTreeMap<(Option<JobId>, &'static str), i64> = BTreeMap::new();
        loop {
            let got =
                accounts.list_ledger(self.organization_id, &LedgerFilter::default(), &page).await?;
            for entry in got.items {
                let root = entry.job_id.and_then(|id| jobs.get(&id)).map(|job| job.root_id);
                *sums.entry((root, entry.account.as_str())).or_default() += entry.amount.get();
            }
            page.after = got.next;
            if page.after.is_none() {
                break;
            }
        }
        let sum = |root, account: LedgerAccount| {
            sums.get(&(root, account.as_str())).copied().unwrap_or_default()
        };
        let mut spent = 0;
        for root in jobs.values().filter(|job| job.parent_id.is_none()) {
            let (held, revenue) = (
                sum(Some(root.id), LedgerAccount::Held),
                sum(Some(root.id), LedgerAccount::Revenue),
            );
            ensure!(held == 0, "{} still holds {held}", root.id);
            ensure!(revenue == root.cost.get(), "{} paid {revenue}: {root:?}", root.id);
            spent += revenue;
        }
        let now = jobs.values().next().context("there are jobs")?.created_at;
        let account = accounts.get_account(self.organization_id, now).await?;
        ensure!(account.held.get() == 0 && account.running_roots == 0 && account.queued_roots == 0);
        ensure!(account.available.get() == 10_000_000 - spent, "{account:?}, spent {spent}");
        let depths = self.snapshot.jobs().list_queue_depths().await?;
        ensure!(
            depths.iter().all(|depth| depth.queued == 0 && depth.running == 0),
            "{} has queues: {depths:?}",
            self.site.folder.path().display()
        );
        Ok(())
    }
}
