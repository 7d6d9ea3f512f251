//! One account at work on an installation that can crash.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use gantry_pay::Delivery;
use gantry_ports::{Clock, SandboxDesk};
use gantry_rules::period::derive_period;
use gantry_store::StoreConfig;
use gantry_testkit::postgres::{self, Postgres};
use gantry_testkit::{insert_account, new_user};
use gantry_types::{Credits, JobId, OrganizationId, Timestamp};

use crate::bank::Bank;
use crate::model::{FREE, Model};
use crate::purchases::Request;
use crate::server::{Server, StillClock};
use crate::steps::{PaidPlan, Step, Turn};

/// Who takes the money.
pub const PROVIDER: &str = "sandbox";
/// How long a step takes: some happen within one second.
const TICK: Duration = Duration::from_millis(250);
const WELCOME: i64 = 60;

/// Which database a history is played on.
#[derive(Debug, Clone, Copy)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// What stays when a server ends.
struct Ground {
    folder: tempfile::TempDir,
    database: StoreConfig,
    /// Runs as long as somebody keeps it.
    _postgres: Option<Arc<Postgres>>,
}

/// A server, one account, and what must be so.
pub struct World {
    pub server: Server,
    pub model: Model,
    pub clock: Arc<StillClock>,
    pub account: OrganizationId,
    pub jobs: Vec<JobId>,
    pub bank: Bank,
    /// Pages that were not paid on at once, by the provider's name.
    pub pages: Vec<String>,
    /// How many requests were made under keys, and those that a crash left without an answer.
    pub requests: usize,
    pub unanswered: Vec<Request>,
    /// How much was asked back of each payment, in minor units, whatever came of it.
    pub asked_back: BTreeMap<String, i64>,
    /// Each event as it was signed first, and when.
    pub first_signed: Vec<(Timestamp, Delivery)>,
    ground: Ground,
}

impl Ground {
    async fn prepare(database: Database) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (database, postgres) = match database {
            Database::Sqlite => (StoreConfig::sqlite(folder.path().join("gantry.sqlite")), None),
            Database::Postgres => {
                let (server, config) = postgres::open_database().await?;
                (config, Some(server))
            }
        };
        Ok(Self { folder, database, _postgres: postgres })
    }

    async fn start_server(&self, clock: &Arc<StillClock>) -> Result<Server> {
        Server::open(self.folder.path(), &self.database, clock).await
    }
}

impl World {
    pub async fn begin(database: Database) -> Result<Self> {
        let ground = Ground::prepare(database).await?;
        let clock = Arc::new(StillClock::new());
        let server = ground.start_server(&clock).await?;
        let snapshot = server.port.read().await?;
        let mut plans = BTreeMap::new();
        for slug in [FREE, PaidPlan::Pro.slug(), PaidPlan::Team.slug()] {
            let plan = snapshot.accounts().find_plan_by_slug(slug).await?.context("a plan")?;
            plans.insert(plan.id.to_string(), slug.to_owned());
        }
        let plan = snapshot.accounts().find_plan_by_slug(FREE).await?.context("a plan")?;
        drop(snapshot);
        let new = new_user("somebody@example.org", plan.id, clock.now());
        let account = new.organization.id;
        insert_account(server.port.as_ref(), new, Credits::new(WELCOME), clock.now()).await?;
        Ok(Self {
            server,
            model: Model::begin(plans),
            clock,
            account,
            jobs: Vec::new(),
            bank: Bank::default(),
            pages: Vec::new(),
            requests: 0,
            unanswered: Vec::new(),
            asked_back: BTreeMap::new(),
            first_signed: Vec::new(),
            ground,
        })
    }

    /// One step; where a crash ends it, another server begins.
    pub async fn take(mut self, turn: Turn) -> Result<Self> {
        self.clock.advance(TICK);
        let fuse = Arc::clone(&self.server.fuse);
        fuse.arm(turn.crash);
        let ended = tokio::select! {
            biased;
            () = fuse.wait() => None,
            ended = Box::pin(self.act(turn.step)) => Some(ended),
        };
        fuse.arm(None);
        let is_over = match ended {
            Some(ended) => {
                ended?;
                matches!(turn.step, Step::Crash)
            }
            None => true,
        };
        if is_over {
            self = self.restart().await?;
        }
        self.note_signatures().await?;
        Ok(self)
    }

    async fn act(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Submit { credits } => self.submit(credits).await,
            Step::Claim => self.claim().await,
            Step::Settle { claim, end } => self.settle(claim, end).await,
            Step::CancelJob { job } => self.cancel_job(job).await,
            Step::BuyCredits { package, card } => self.buy_credits(package, card).await,
            Step::BuyPlan { plan, card } => self.buy_plan(plan, card).await,
            Step::OpenPage { plan, older } => self.open_page(plan, older).await,
            Step::PayOnPage { page } => self.pay_on_page(page).await,
            Step::EndPlan => self.end_plan().await,
            Step::KeepPlan => self.keep_plan().await,
            Step::SwitchPlan { plan } => self.switch_plan(plan).await,
            Step::Refund { payment, percent } => self.refund(payment, percent).await,
            Step::RefundFails { refund } => self.bank.fail_refund(refund, self.clock.now()),
            Step::DisputeIsWon { dispute } => Ok(self.server.sandbox.win_dispute(dispute).await?),
            Step::Repeat { request } => self.repeat(request).await,
            Step::Deliver { event } => self.deliver_one(event).await,
            Step::DeliverAsFirstSigned { event } => self.deliver_as_first_signed(event).await,
            Step::Reconcile => self.reconcile().await,
            Step::Reap => self.reap().await,
            Step::Release => self.release().await,
            Step::Pass { seconds } => {
                self.clock.advance(Duration::from_secs(seconds));
                self.server.sandbox.advance(Duration::ZERO).await?;
                Ok(())
            }
            Step::Crash => Ok(()),
        }
    }

    /// The tasks of the process are gone; a new one opens the same database.
    async fn restart(self) -> Result<Self> {
        let Self { server, .. } = self;
        server.end().await?;
        let server = self.ground.start_server(&self.clock).await?;
        let mut next = Self { server, ..self };
        next.catch_up().await?;
        Ok(next)
    }

    /// Whoever was in the midst of something looks up how far it came.
    async fn catch_up(&mut self) -> Result<()> {
        self.forget_lost_jobs().await?;
        self.learn().await?;
        let names = self.model.list_subscriptions();
        self.hear_known(&names).await?;
        // A reconciliation looks at the plan of each account once more, or did not come to it.
        if self.get_plan().await? != self.model.plan() {
            self.model.look(self.clock.now());
        }
        Ok(())
    }

    async fn get_plan(&self) -> Result<String> {
        let month = derive_period(self.clock.now()).start;
        let snapshot = self.server.port.read().await?;
        let overview = snapshot.accounts().get_account(self.account, month).await?;
        Ok(overview.plan.slug)
    }
}

/// One of what there is.
pub fn choose<T>(all: &[T], number: usize) -> Option<&T> {
    let count = all.len().max(1);
    all.get(number % count)
}
