//! A whole platform below the faces: store, blobs, bus, use-cases.
//!
//! Invariant: it lives in a temporary folder of its own and leaves nothing behind.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use gantry_access::{Actor, Flags};
use gantry_billing::{Billing, Edition, EditionPlan, Sale};
use gantry_blob::LocalBlobs;
use gantry_bus::LocalBus;
use gantry_catalog::{Catalog, ExportAccount, NewUpload, PartDraft, ProfileDataset, Sample};
use gantry_engine_api::Engine;
use gantry_flows::{FlowEngine, KnownOperations};
use gantry_jobs::{Jobs, NewJob, Registry};
use gantry_pay::Sandbox;
use gantry_ports::store::{
    Dataset, JobRecord, LotGrant, NewUser, Organization, StoreExt, User, UserStatus,
};
use gantry_ports::{BlobStore, Bus, Clock, Store, StoreError};
use gantry_rules::account::{Lot, LotOrigin};
use gantry_rules::plan::{Feature, Included, JobPricing, Plan, PlanPrice, PlanTerms, Support};
use gantry_rules::submission::OnRefusal;
use gantry_store::{GantryStore, StoreConfig};
use gantry_types::{
    Credits, Currency, JobId, Locale, LotId, OrganizationId, PriorityClass, Timestamp, UserId,
};
use serde_json::Value;

use crate::{TestClock, TestTill};

/// Terms that get in nobody's way.
#[must_use]
pub fn generous_terms() -> PlanTerms {
    PlanTerms {
        concurrent_jobs: 100,
        parallel_children: 100,
        queued_jobs: 100_000,
        class: PriorityClass::Normal,
        gpu: Included::Yes,
        job_seconds: 60,
        job_memory_bytes: 8 << 30,
        file_bytes: 1 << 30,
        artifact_bytes: 1 << 30,
        retention_days: None,
        granted_credits: Credits::new(1_000_000),
        job_pricing: JobPricing::Credits,
        requests_per_minute: 1_000_000,
        request_burst: 1_000_000,
        seats: None,
        features: Feature::ALL.iter().copied().collect(),
        support: Support::default(),
        price: PlanPrice::default(),
        cancellation: gantry_rules::cancellation::CancellationTerms::default(),
        quota_reset: gantry_rules::period::QuotaReset::default(),
        meters: std::collections::BTreeMap::new(),
    }
}

/// An edition with one plan, whose slug is `test`.
#[must_use]
pub fn edition_of(terms: PlanTerms) -> Edition {
    let plan = EditionPlan {
        slug: "test".to_owned(),
        title: "Test".to_owned(),
        highlights: Vec::new(),
        sale: Sale::Open,
        terms,
    };
    Edition {
        slug: "test".to_owned(),
        title: "Test".to_owned(),
        tagline: String::new(),
        engines: std::collections::BTreeSet::new(),
        providers: Vec::new(),
        currency: Currency::usd(),
        grace: Duration::from_secs(7 * 86_400),
        default_plan: plan.slug.clone(),
        plans: vec![plan],
        packages: Vec::new(),
        rewards: None,
        low_balance: None,
        referrals: None,
        invoices: gantry_rules::invoice::InvoiceTerms::plain("Test"),
        meters: std::collections::BTreeMap::new(),
        token_prices: gantry_rules::language::TokenPrices::default(),
        queues: gantry_billing::QueueTitles::default(),
    }
}

/// Store, blobs, bus and use-cases in a temporary folder, without users.
pub struct Platform {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The blobs.
    pub blobs: Arc<dyn BlobStore>,
    /// The bus.
    pub bus: Arc<dyn Bus>,
    /// The clock of everything but timers.
    pub clock: Arc<TestClock>,
    /// Plans and balances.
    pub billing: Billing,
    /// Jobs, and through them the catalog.
    pub jobs: Jobs,
    /// Who takes the money, unless another does.
    pub sandbox: Arc<Sandbox>,
    /// The plan of new organizations; where there is no edition its slug is `test`.
    pub plan: Plan,
    /// What the store says of [`GantryStore::synchronous`].
    pub synchronous: Option<i64>,
    folder: tempfile::TempDir,
}

impl Platform {
    /// Opens a platform on `store`, or on a new SQLite file, with one plan of these terms.
    ///
    /// # Errors
    /// When the folder or the store cannot be opened.
    pub async fn open(
        store: Option<StoreConfig>,
        engines: &[&dyn Engine],
        terms: PlanTerms,
    ) -> Result<Self> {
        Self::open_edition(store, engines, (edition_of(terms), TestTill::Sandbox)).await
    }

    /// The same with the plans of an edition, and somebody who takes the money.
    ///
    /// # Errors
    /// As [`Platform::open`].
    pub async fn open_edition(
        store: Option<StoreConfig>,
        engines: &[&dyn Engine],
        (edition, till): (Edition, TestTill),
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let config =
            store.unwrap_or_else(|| StoreConfig::sqlite(folder.path().join("gantry.sqlite")));
        let store = GantryStore::open(config).await.context("opening the store")?;
        let synchronous = store.synchronous();
        let store: Arc<dyn Store> = Arc::new(store);
        let blobs: Arc<dyn BlobStore> = Arc::new(LocalBlobs::open(&folder.path().join("blobs"))?);
        let bus: Arc<dyn Bus> = Arc::new(LocalBus::new());
        let clock = Arc::new(TestClock::default());
        let clock_port: Arc<dyn Clock> = clock.clone();
        let catalog = Catalog::new(store.clone(), blobs.clone(), bus.clone(), clock_port.clone())
            .with_samples(vec![sample()]);
        let mut registry = Registry::default();
        registry.add_platform_operation(Arc::new(ProfileDataset::new(store.clone())))?;
        let export = ExportAccount::new(store.clone(), blobs.clone());
        registry.add_platform_operation(Arc::new(export))?;
        engines.iter().try_for_each(|engine| registry.add_engine(*engine))?;
        let known = KnownOperations::new(registry.visible_operations());
        let flow = FlowEngine::new(store.clone(), clock_port.clone(), catalog.clone(), known);
        flow.register(&mut registry)?;
        let book = folder.path().join("sandbox.json");
        let sandbox = Arc::new(Sandbox::open(book, String::new(), clock_port.clone()).await?);
        let till = till.open(&sandbox);
        let default_plan = edition.default_plan.clone();
        let counted = engines.iter().flat_map(|engine| engine.meters());
        let billing = Billing::new(store.clone(), clock_port.clone(), edition)
            .with_meters(counted.filter_map(|name| name.parse().ok()))
            .with_till(till);
        let flags = Flags::new(store.clone(), clock_port.clone());
        let ground = (store.clone(), clock_port);
        let jobs = Jobs::new(ground, bus.clone(), catalog, Arc::new(registry), flags);
        let mut plans = billing.import_edition().await?.into_iter();
        let plan = plans.find(|plan| plan.slug == default_plan);
        let plan = plan.context("the edition has no default plan")?;
        Ok(Self { store, blobs, bus, clock, billing, jobs, sandbox, plan, synchronous, folder })
    }

    /// Adds an organization on the plan, with the plan's credits.
    ///
    /// # Errors
    /// What the store refuses.
    pub async fn add_organization(&self) -> Result<OrganizationId> {
        let email = format!("{}@example.org", UserId::generate());
        let new = new_user(&email, self.plan.id, self.clock.now());
        let organization_id = new.organization.id;
        let granted = self.plan.terms.granted_credits;
        insert_account(self.store.as_ref(), new, granted, self.clock.now()).await?;
        Ok(organization_id)
    }

    /// A folder for scratch files.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        self.folder.path().join("scratch")
    }

    /// Breaches of the ledger's invariants.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ledger_breaches(&self) -> Result<Vec<String>> {
        Ok(self.store.read().await?.accounts().list_ledger_breaches().await?)
    }
}

/// A platform with one organization, at whose desk the tests sit.
pub struct Installation {
    platform: Platform,
    /// The organization of [`Installation::actor`].
    pub organization_id: OrganizationId,
}

impl Deref for Installation {
    type Target = Platform;

    fn deref(&self) -> &Platform {
        &self.platform
    }
}

impl Installation {
    /// Opens an installation on a new SQLite file.
    ///
    /// # Errors
    /// When the folder or the store cannot be opened.
    pub async fn open(engines: &[&dyn Engine], terms: PlanTerms) -> Result<Self> {
        Self::open_on(None, engines, terms).await
    }

    /// The same on another database.
    ///
    /// # Errors
    /// When the folder or the store cannot be opened.
    pub async fn open_on(
        store: Option<StoreConfig>,
        engines: &[&dyn Engine],
        terms: PlanTerms,
    ) -> Result<Self> {
        let platform = Platform::open(store, engines, terms).await?;
        let organization_id = platform.add_organization().await?;
        Ok(Self { platform, organization_id })
    }

    /// Somebody who may do everything in the organization.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::system(self.organization_id)
    }

    /// Uploads a table in one part.
    ///
    /// # Errors
    /// What the catalog refuses.
    pub async fn upload(&self, file_name: &str, content: &'static [u8]) -> Result<Dataset> {
        let actor = self.actor();
        let catalog = self.jobs.catalog();
        let new = NewUpload {
            name: file_name.to_owned(),
            file_name: file_name.to_owned(),
            bytes: content.len() as u64,
            sha256: None,
            dataset_id: None,
        };
        let upload = catalog.begin_upload(&actor, new).await?;
        let part = PartDraft { number: 1, content: content.into(), sha256: None };
        catalog.put_part(&actor, upload.id, part).await?;
        Ok(catalog.complete_upload(&actor, upload.id).await?)
    }

    /// Submits a job without inputs.
    ///
    /// # Errors
    /// What the use-case refuses.
    pub async fn submit(&self, operation: &str, params: Value) -> Result<JobRecord> {
        let new = new_job(operation, params);
        Ok(self.jobs.submit_job(&self.actor(), new).await?.job)
    }

    /// Waits until a job has ended.
    ///
    /// # Errors
    /// When it has not after `limit`.
    pub async fn wait_for(&self, id: JobId, limit: Duration) -> Result<JobRecord> {
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            let job = self.jobs.get_job(&self.actor(), id).await?;
            if job.state.is_final() {
                return Ok(job);
            }
            if tokio::time::Instant::now() > deadline {
                anyhow::bail!("job {id} is still {} after {limit:?}", job.state);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The one sample table that an installation under test offers.
pub fn sample() -> Sample {
    Sample {
        name: "people",
        title: "People",
        summary: "Two people.",
        file_name: "people.csv",
        content: b"city,age\nBergen,41\nLima,39\n",
        rows: 2,
        columns: 2,
        source: "Made up.",
        suggestion: None,
    }
}

/// A submission without inputs, seed 7.
#[must_use]
pub fn new_job(operation: &str, params: Value) -> NewJob {
    NewJob {
        operation: operation.to_owned(),
        params,
        inputs: Vec::new(),
        label: None,
        seed: Some(7),
        start_at: None,
        on_refusal: OnRefusal::Refuse,
        idempotency: None,
    }
}

/// A user with a personal organization.
#[must_use]
pub fn new_user(email: &str, plan_id: gantry_types::PlanId, now: Timestamp) -> NewUser {
    NewUser {
        user: User {
            id: UserId::generate(),
            email: email.to_owned(),
            name: "Owner".to_owned(),
            password_hash: "not a hash: nobody signs in".to_owned(),
            administrator: false,
            status: UserStatus::Active,
            locale: Locale::English,
            email_verified_at: None,
            second_factor_at: None,
            created_at: now,
        },
        organization: Organization {
            id: OrganizationId::generate(),
            name: "Owner".to_owned(),
            plan_id,
            created_at: now,
        },
    }
}

/// Inserts a user, its organization, and promotional credits that never expire.
///
/// # Errors
/// What the store refuses.
pub async fn insert_account(
    store: &dyn Store,
    new: NewUser,
    credits: Credits,
    now: Timestamp,
) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            let new = new.clone();
            Box::pin(async move {
                let organization_id = new.organization.id;
                tx.access().insert_user(&new).await?;
                if credits > Credits::ZERO {
                    let lot = Lot {
                        id: LotId::generate(),
                        origin: LotOrigin::Promotional,
                        expires_at: None,
                        remaining: credits,
                    };
                    let reason = "welcome".to_owned();
                    let grant = LotGrant { organization_id, lot, reason, at: now };
                    tx.accounts().insert_lot(&grant).await?;
                }
                Ok(())
            })
        })
        .await
}
