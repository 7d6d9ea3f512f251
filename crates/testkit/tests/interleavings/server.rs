//! What a crash ends and what it leaves: memory goes, the database, files and time stay.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use gantry_billing::{Billing, Till, Vocabulary, parse_edition};
use gantry_pay::Sandbox;
use gantry_ports::store::ClaimedJob;
use gantry_ports::{Clock, Store};
use gantry_store::{GantryStore, StoreConfig};
use gantry_testkit::SlowProvider;
use gantry_types::{MeterId, Timestamp};

use crate::frail_provider::FrailProvider;
use crate::frail_store::FrailStore;
use crate::fuse::Fuse;

/// What is sold.
const EDITION: &str = r#"
slug = "history"
title = "History"
tagline = "What may happen."
currency = "USD"
default_plan = "free"
grace_days = 7

[[plans]]
slug = "free"
title = "Free"
concurrent_jobs = 2

[[plans]]
slug = "pro"
title = "Pro"
concurrent_jobs = 4

[plans.price]
month = "10.00"

[[plans]]
slug = "team"
title = "Team"
concurrent_jobs = 6

[plans.price]
month = "20.00"
trial_days = 14

[[packages]]
slug = "hundred"
title = "A hundred credits"
credits = 100
price = "10.00"

[[packages]]
slug = "fleeting"
title = "A hundred credits for nine days"
credits = 100
price = "10.00"
expires_days = 9
"#;
/// The 15th of a month.
const BEGIN: Timestamp = Timestamp::from_micros(1_781_500_000_000_000);

/// A clock that moves when it is told to, so that a history is always the same.
pub struct StillClock(AtomicI64);

impl StillClock {
    pub fn new() -> Self {
        Self(AtomicI64::new(BEGIN.as_micros()))
    }

    pub fn advance(&self, by: Duration) {
        let then = self.now().plus(by);
        self.0.store(then.as_micros(), Ordering::SeqCst);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Whole seconds, as providers count.
pub fn second_of(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(1_000_000)
}

/// What ends with a crash.
pub struct Server {
    store: Arc<GantryStore>,
    /// The store, as the server sees it.
    pub port: Arc<dyn Store>,
    pub sandbox: Arc<Sandbox>,
    /// The sandbox, as the server sees it but for crashes.
    pub provider: Arc<SlowProvider>,
    pub billing: Billing,
    pub claims: Vec<ClaimedJob>,
    pub fuse: Arc<Fuse>,
}

impl Server {
    /// One on this database; the sandbox's book lies in the folder.
    pub async fn open(
        folder: &Path,
        database: &StoreConfig,
        clock: &Arc<StillClock>,
    ) -> Result<Self> {
        let store = Arc::new(GantryStore::open(database.clone()).await?);
        let fuse = Arc::new(Fuse::default());
        let port: Arc<dyn Store> =
            Arc::new(FrailStore { inner: store.clone(), fuse: fuse.clone() });
        let clock: Arc<dyn Clock> = clock.clone();
        let book = folder.join("sandbox.json");
        let sandbox = Arc::new(Sandbox::open(book, String::new(), clock.clone()).await?);
        let known = Vocabulary {
            meters: BTreeSet::from(["jobs".parse::<MeterId>()?]),
            providers: ["sandbox".to_owned()].into(),
        };
        let edition = parse_edition(EDITION, &known).map_err(|wrong| anyhow!("{wrong}"))?;
        let provider = Arc::new(SlowProvider::new(sandbox.clone()));
        let frail = FrailProvider { inner: provider.clone(), fuse: fuse.clone() };
        let till = Till::new(Arc::new(frail)).with_desk(sandbox.clone());
        let billing = Billing::new(port.clone(), clock, edition).with_till(till);
        billing.import_edition().await?;
        let claims = Vec::new();
        Ok(Self { store, port, sandbox, provider, billing, claims, fuse })
    }

    /// Everything in memory is gone; what was committed stays as it is.
    pub async fn end(self) -> Result<()> {
        let Self { store, port, sandbox, provider, billing, claims, fuse } = self;
        drop((port, sandbox, provider, billing, claims, fuse));
        let store = Arc::try_unwrap(store).ok().context("somebody still has the store")?;
        store.close().await;
        Ok(())
    }
}
