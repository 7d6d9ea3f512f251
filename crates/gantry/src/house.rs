//! The composition root: one store, one place for blobs, one bus, and the use-cases on top.
//!
//! Invariants: adapters are chosen here and nowhere else; the server, workers, the demo and
//! `gantry run` stand on the same composition; only a process that serves imports the
//! edition's plans and takes money.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gantry_access::{
    Access, AccessError, AccessSettings, AdministratorFactor, AdministratorSignIn, Flags,
    PasswordCost, Registration, Unverified,
};
use gantry_billing::{Billing, Edition, Post};
use gantry_blob::LocalBlobs;
use gantry_bus::LocalBus;
use gantry_catalog::Catalog;
use gantry_jobs::{Jobs, WarmArtifacts};
use gantry_letters::Outbox;
use gantry_pay::Sandbox;
use gantry_ports::{BlobStore, Bus, Clock, Store};
use gantry_rewards::Rewards;
use gantry_store::{GantryStore, Location, NotifyBus, OpenError, StoreConfig, UpgradeBackup};
use gantry_worker::{Worker, WorkerSettings};

use crate::ads;
use crate::breached_passwords;
use crate::config::{
    AdministratorFactorConfig, AdministratorSignInConfig, Config, RegistrationConfig,
    UnverifiedConfig,
};
use crate::editions;
use crate::engines::{self, EngineSet};
use crate::failure::{Exit, Failure, file_failure};
use crate::language;
use crate::payments;
use crate::post::open_mailer;
use crate::providers;
use crate::samples::built_in_samples;
use crate::secret_key;
use crate::system_clock::SystemClock;

const DATABASE: &str = "gantry.db";
const BLOBS: &str = "blobs";
const SCRATCH: &str = "scratch";

/// What a process does with its house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It serves people, or works alone: the plan is its own to import.
    Serve,
    /// It runs jobs for a server elsewhere, whose plans it leaves alone.
    Work,
}

/// How hints travel.
#[derive(Clone)]
enum Hints {
    /// Within this process, which has the database to itself.
    Local(Arc<LocalBus>),
    /// Between the processes that share a PostgreSQL database.
    Shared(Arc<NotifyBus>),
}

impl Hints {
    async fn open(config: &Config) -> Result<Self, Failure> {
        match &config.store.url {
            None => Ok(Self::Local(Arc::new(LocalBus::new()))),
            Some(url) => {
                let bus = NotifyBus::connect(url.expose()).await.map_err(derive_open_failure)?;
                Ok(Self::Shared(Arc::new(bus)))
            }
        }
    }

    fn bus(&self) -> Arc<dyn Bus> {
        match self {
            Self::Local(bus) => Arc::clone(bus) as Arc<dyn Bus>,
            Self::Shared(bus) => Arc::clone(bus) as Arc<dyn Bus>,
        }
    }
}

/// Everything that a server or a run stands on.
#[derive(Clone)]
pub struct House {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Accounts, sessions, keys.
    pub access: Access,
    /// Plans, balances, the ledger.
    pub billing: Billing,
    /// Credits for ads, in a process that serves.
    pub rewards: Rewards,
    /// Operations, jobs, and the catalog behind them.
    pub jobs: Jobs,
    /// The sandbox that takes the money, where it does.
    pub sandbox: Option<Arc<Sandbox>>,
    /// Sends the mails, in a process that serves.
    pub outbox: Option<Outbox>,
    scratch: PathBuf,
    hints: Hints,
}

impl House {
    /// Opens the data folder of `config`, makes what is missing, and imports the
    /// edition.
    ///
    /// # Errors
    /// [`Failure`] that says which file or folder cannot be used, or that another server has it.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        Self::open_for(Purpose::Serve, config, EngineSet::built_in()).await
    }

    /// The same for another purpose, or with other engines.
    ///
    /// # Errors
    /// As [`House::open`].
    pub async fn open_for(
        purpose: Purpose,
        config: &Config,
        set: EngineSet,
    ) -> Result<Self, Failure> {
        let known = editions::derive_vocabulary(&set.engines);
        let edition = editions::open(config, &known)?;
        let takers = payments::choose(&edition, config)?;
        for id in editions::list_missing_engines(&edition, &set.engines) {
            tracing::info!(engine = id, "the edition offers an engine that is not built in");
        }
        let set = set.offered_by(&edition);
        let (scratch, store, blobs) = open_folders(config).await?;
        let hints = Hints::open(config).await?;
        let bus = hints.bus();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let settings = derive_access_settings(config, &edition);
        let flags = Flags::new(Arc::clone(&store), Arc::clone(&clock));
        let ground = (Arc::clone(&store), Arc::clone(&clock));
        let mut access = Access::new(ground.clone(), Arc::clone(&bus), settings, flags.clone())
            .map_err(|error| Failure::usage(format!("`auth`: {error}")))?;
        let mut billing =
            Billing::new(Arc::clone(&store), Arc::clone(&clock), edition).with_meters(known.meters);
        let rewards = ads::open(purpose, billing.edition(), config, (&store, &clock))?;
        let mut sandbox = None;
        let mut outbox = None;
        if purpose == Purpose::Serve {
            access = let_in(access, config, &clock)?;
            billing.import_edition().await.map_err(|error| {
                Failure::broken(format!("the plans cannot be imported: {error}"))
            })?;
            let opened = payments::open(&takers, config, Arc::clone(&clock)).await?;
            let post = Post { letters: access.letters(), posted: access.posted() };
            billing = billing.with_till(opened.till).with_post(post);
            sandbox = opened.sandbox;
            let mailer = open_mailer(&config.mail, &config.server.data_dir)?;
            let posted = access.posted();
            outbox = Some(Outbox::new(Arc::clone(&store), mailer, Arc::clone(&clock), posted));
        }
        let catalog = Catalog::new(Arc::clone(&store), blobs, Arc::clone(&bus), Arc::clone(&clock))
            .with_samples(built_in_samples());
        let registry = engines::register_all(
            &config.engines,
            set,
            (Arc::clone(&store), clock, catalog.clone()),
        )
        .await?;
        let warm = WarmArtifacts::within(config.engines.service_bytes);
        let jobs =
            Jobs::new(ground, bus, catalog, Arc::new(registry), flags).with_warm_artifacts(warm);
        let jobs = language::connect(jobs, &config.models, &billing)?;
        Ok(Self { store, access, billing, rewards, jobs, sandbox, outbox, scratch, hints })
    }

    /// Sends the last hints to other processes, before this one ends.
    pub async fn flush_hints(&self) {
        match &self.hints {
            Hints::Local(_) => {}
            Hints::Shared(bus) => {
                if let Err(error) = bus.flush().await {
                    tracing::warn!(%error, "the last hints were not sent");
                }
            }
        }
    }

    /// A worker that offers this machine's processors.
    pub fn build_worker(&self, config: &Config) -> Arc<Worker> {
        let settings = WorkerSettings {
            slots: config.worker.slots.max(1),
            devices: config.worker.devices(),
            classes: config.worker.classes(),
            lease: Duration::from_secs(config.worker.lease_s.max(1)),
            threads_per_job: config.worker.threads_per_job.unwrap_or_else(count_processors),
            scratch: self.scratch.clone(),
            drain: Duration::from_secs(config.worker.drain_s),
        };
        Worker::new(self.jobs.clone(), settings)
    }
}

/// The SQLite file of a data folder.
pub fn database_file(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

fn count_processors() -> u16 {
    let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// What lies in the data folder: the folder for scratch, the records and the files.
async fn open_folders(
    config: &Config,
) -> Result<(PathBuf, Arc<dyn Store>, Arc<dyn BlobStore>), Failure> {
    let folder = &config.server.data_dir;
    let scratch = folder.join(SCRATCH);
    make_private_folder(folder)?;
    make_private_folder(&scratch)?;
    let store =
        GantryStore::open(derive_store_config(config)).await.map_err(derive_open_failure)?;
    let blobs_folder = config.blobs.folder.clone().unwrap_or_else(|| folder.join(BLOBS));
    let blobs =
        LocalBlobs::open(&blobs_folder).map_err(|error| Failure::broken(error.to_string()))?;
    Ok((scratch, Arc::new(store), Arc::new(blobs)))
}

/// What signing in takes besides passwords, in a process that serves.
fn let_in(access: Access, config: &Config, clock: &Arc<dyn Clock>) -> Result<Access, Failure> {
    let access = access
        .with_providers(providers::open(config, clock)?)
        .with_issuers(providers::open_issuers(config, clock)?)
        .with_sealing(secret_key::open(config)?);
    Ok(match breached_passwords::open(config.auth.breached_passwords.as_deref())? {
        Some(list) => access.with_breached_passwords(list),
        None => access,
    })
}

/// Makes a folder that only its owner may enter; one that is there stays as it is.
fn make_private_folder(folder: &Path) -> Result<(), Failure> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| {
        file_failure("made", folder, &error).with_next("name another folder with --data-dir")
    })
}

fn derive_store_config(config: &Config) -> StoreConfig {
    let location = match &config.store.url {
        Some(url) => Location::Postgres(url.expose().to_owned()),
        None => Location::Sqlite(database_file(&config.server.data_dir)),
    };
    StoreConfig {
        location,
        read_connections: config.store.read_connections.max(1),
        write_connections: config.store.write_connections.max(1),
        queue_length: config.store.queue_length.max(1),
        upgrade_backup: if config.store.backup_before_upgrade {
            UpgradeBackup::Into(config.server.data_dir.clone())
        } else {
            UpgradeBackup::None
        },
    }
}

fn derive_access_settings(config: &Config, edition: &Edition) -> AccessSettings {
    let auth = &config.auth;
    let minutes = |count: u64| Duration::from_secs(count.saturating_mul(60));
    let public_url = config.server.public_url.clone();
    AccessSettings {
        registration: match auth.registration {
            RegistrationConfig::Open => Registration::Open,
            RegistrationConfig::Closed => Registration::Closed,
        },
        unverified: match auth.unverified {
            UnverifiedConfig::Trusted => Unverified::Trusted,
            UnverifiedConfig::ReadOnly => Unverified::ReadOnly,
        },
        administrator_factor: match auth.administrator_factor {
            AdministratorFactorConfig::Required => AdministratorFactor::Required,
            AdministratorFactorConfig::Optional => AdministratorFactor::Optional,
        },
        administrator_sign_in: match auth.administrator_sign_in {
            AdministratorSignInConfig::Shared => AdministratorSignIn::Shared,
            AdministratorSignInConfig::Separate => AdministratorSignIn::Separate,
        },
        administrator_session_idle: minutes(auth.administrator_session_idle_minutes),
        administrator_session_lifetime: minutes(
            auth.administrator_session_hours.saturating_mul(60),
        ),
        default_plan: edition.default_plan.clone(),
        brand: edition.title.clone(),
        public_url: public_url.unwrap_or_else(|| format!("http://{}", config.server.listen)),
        session_idle: minutes(auth.session_idle_minutes),
        administrator_idle: minutes(auth.administrator_idle_minutes),
        session_lifetime: minutes(auth.session_lifetime_days.saturating_mul(24 * 60)),
        leaving_grace: minutes(auth.leaving_grace_days.saturating_mul(24 * 60)),
        password_cost: PasswordCost {
            memory_kib: auth.password_memory_kib,
            iterations: auth.password_iterations,
            concurrent: auth.password_concurrency.max(1),
        },
        ..AccessSettings::default()
    }
}

fn derive_open_failure(error: OpenError) -> Failure {
    let failure = Failure::broken(error.to_string());
    match error {
        OpenError::InUse { .. } => failure,
        OpenError::File { .. } => failure.with_next("`gantry doctor` looks at the data folder"),
        OpenError::TooNew { .. } | OpenError::NoBackup { .. } => failure,
        OpenError::Store(_) => failure.with_next("check `store.url`: `gantry config show`"),
    }
}

/// What access refuses, for the terminal.
pub fn derive_access_failure(error: &AccessError) -> Failure {
    let exit = match error {
        AccessError::Invalid { .. } => Exit::Usage,
        AccessError::NotSignedIn
        | AccessError::WrongCredentials
        | AccessError::TokenRefused { .. }
        | AccessError::NotProvisioned { .. }
        | AccessError::LockedOut { .. }
        | AccessError::Suspended
        | AccessError::Banned
        | AccessError::Leaving
        | AccessError::Closing { .. }
        | AccessError::Forbidden { .. }
        | AccessError::NobodyBehind { .. }
        | AccessError::OnlyShown { .. }
        | AccessError::AdministersElsewhere
        | AccessError::ScopeNotYours { .. }
        | AccessError::RegistrationClosed
        | AccessError::SignupsPaused
        | AccessError::SecondFactorRequired { .. }
        | AccessError::WrongCode
        | AccessError::LinkNotGood
        | AccessError::CeremonyNotGood
        | AccessError::NotVouched { .. }
        | AccessError::AddressNotVouched { .. }
        | AccessError::LinkFirst { .. }
        | AccessError::PasskeyRefused { .. }
        | AccessError::AddressNotAllowed { .. }
        | AccessError::OthersInvitation { .. }
        | AccessError::WrongSetupToken => Exit::Auth,
        AccessError::NotInPlan { .. } | AccessError::SeatsTaken { .. } => Exit::Quota,
        AccessError::NotFound { .. } => Exit::NotFound,
        AccessError::EmailTaken
        | AccessError::SetupDone
        | AccessError::SetupRequired
        | AccessError::Busy
        | AccessError::MailsPaused { .. }
        | AccessError::NoSuchPlan { .. }
        | AccessError::FlagChanged { .. }
        | AccessError::TooManyFlags { .. }
        | AccessError::TooManyKeys { .. }
        | AccessError::LastOwner
        | AccessError::NotClosable
        | AccessError::NeededByMembers { .. }
        | AccessError::LastAdministrator
        | AccessError::NotRestrictable { .. }
        | AccessError::LastWayIn
        | AccessError::IdentityTaken { .. }
        | AccessError::ProviderUnavailable { .. }
        | AccessError::Hashing { .. }
        | AccessError::Letters(_)
        | AccessError::Store(_) => Exit::JobFailed,
    };
    Failure::new(exit, error.to_string())
}
