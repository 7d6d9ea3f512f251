//! One account at work on an installation that can crash.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use gantry_access::Actor;
use gantry_billing::{BillingError, CheckoutDraft, Received, SubscriptionWish, WayBack, Wish};
use gantry_pay::Delivery;
use gantry_ports::payments::{PaymentError, UnverifiedEvent};
use gantry_ports::store::{
    CancelCommand, ClaimCommand, EventOutcome, HotError, Order, PageRequest, Payment,
    PaymentStatus, ReapCommand, ReleaseCommand, SettleCommand,
};
use gantry_ports::{Clock, SandboxDesk};
use gantry_rules::cancellation::CancelledBy;
use gantry_rules::outcome::{AttemptResult, Ending, JobError};
use gantry_rules::plan::Interval;
use gantry_rules::submission::{Accounting, Needs, OnRefusal, Submission};
use gantry_testkit::{insert_account, new_user};
use gantry_types::{
    Credits, Device, EngineErrorKind, JobId, OrganizationId, PriorityClass, Timestamp, WorkerId,
};
use serde_json::{Value, json};

use crate::model::{FREE, Model, PAID};
use crate::server::{Server, StillClock, second_of};
use crate::{End, Older, Step};

/// How long a step takes: some happen within one second.
const TICK: Duration = Duration::from_millis(250);
const WELCOME: i64 = 60;
const PAYS: &str = "4242 4242 4242 4242";
const PAYS_ONCE: &str = "4000 0000 0000 0341";
/// For how long a worker has a job without a word.
const LEASE: Duration = Duration::from_secs(60);
/// For how long a signature is good.
const SIGNED_FOR: Duration = Duration::from_secs(300);
/// How far back a reconciliation asks what was told.
const LOOK_BACK: Duration = Duration::from_hours(7 * 24);

/// A server, one account, and what must be so.
pub struct World {
    pub server: Server,
    pub model: Model,
    pub clock: Arc<StillClock>,
    pub account: OrganizationId,
    pub jobs: Vec<JobId>,
    /// Pages for plans, by the provider's name.
    pages: Vec<String>,
    /// Each event as it was signed first, and when.
    first_signed: Vec<(Timestamp, Delivery)>,
    folder: tempfile::TempDir,
}

impl World {
    pub async fn begin() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let clock = Arc::new(StillClock::new());
        let server = Server::open(folder.path(), &clock).await?;
        let snapshot = server.port.read().await?;
        let plan = snapshot.accounts().find_plan_by_slug(FREE).await?.context("a plan")?;
        drop(snapshot);
        let new = new_user("somebody@example.org", plan.id, clock.now());
        let account = new.organization.id;
        insert_account(server.port.as_ref(), new, Credits::new(WELCOME), clock.now()).await?;
        let (model, jobs, pages) = (Model::default(), Vec::new(), Vec::new());
        let first_signed = Vec::new();
        Ok(Self { server, model, clock, account, jobs, pages, first_signed, folder })
    }

    fn actor(&self) -> Actor {
        Actor::system(self.account)
    }

    /// One step; a crash begins with another server.
    pub async fn take(mut self, step: Step) -> Result<Self> {
        self.clock.advance(TICK);
        match step {
            Step::Submit { credits } => self.submit(credits).await?,
            Step::Claim => self.claim().await?,
            Step::Settle { claim, end } => self.settle(claim, end).await?,
            Step::CancelJob { job } => self.cancel_job(job).await?,
            Step::BuyCredits => {
                self.buy(Wish::Package { slug: "hundred".to_owned() }, PAYS).await?
            }
            Step::BuyPlan { pays_again } => {
                self.buy(plan(), if pays_again { PAYS } else { PAYS_ONCE }).await?;
            }
            Step::OpenPage { older } => self.open_page(older).await?,
            Step::PayOnPage { page } => self.pay_on_page(page).await?,
            Step::EndPlan => self.change_plan(&SubscriptionWish::Cancel).await?,
            Step::KeepPlan => self.change_plan(&SubscriptionWish::Keep).await?,
            Step::Refund { payment, percent } => self.refund(payment, percent).await?,
            Step::Deliver { event } => {
                let events = self.server.sandbox.list_undelivered().await?;
                if let Some(event) = choose(&events, event) {
                    self.deliver(event).await?;
                }
            }
            Step::DeliverAsFirstSigned { event } => self.deliver_as_first_signed(event).await?,
            Step::Reconcile => self.reconcile().await?,
            Step::Reap => self.reap().await?,
            Step::Release => self.release().await?,
            Step::Pass { seconds } => {
                self.clock.advance(Duration::from_secs(seconds));
                self.server.sandbox.advance(Duration::ZERO).await?;
            }
            Step::Crash => {
                let Self { server, .. } = self;
                server.end().await?;
                let server = Server::open(self.folder.path(), &self.clock).await?;
                self = Self { server, ..self };
            }
        }
        self.note_signatures().await?;
        Ok(self)
    }

    pub async fn submit(&mut self, credits: i64) -> Result<()> {
        let submission = Submission {
            job_id: JobId::generate(),
            organization_id: self.account,
            submitted_by: None,
            operation: "story.run".to_owned(),
            operation_version: 1,
            params: json!({}),
            inputs: json!({}),
            seed: 7,
            label: None,
            needs: Needs {
                meters: BTreeMap::new(),
                max_credits: Credits::new(credits),
                memory_bytes: 1 << 20,
                threads: 1,
                device: Device::Cpu,
            },
            submitted_at: self.clock.now(),
            accounting: Accounting::Metered,
            start_at: None,
            on_refusal: OnRefusal::Refuse,
            idempotency: None,
            origin: None,
        };
        match self.server.port.submit(submission).await {
            Ok(submitted) => self.jobs.push(submitted.job_id),
            Err(HotError::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    pub async fn claim(&mut self) -> Result<()> {
        let command = ClaimCommand {
            worker_id: WorkerId::generate(),
            devices: vec![Device::Cpu],
            classes: PriorityClass::ALL.to_vec(),
            limit: 2,
            now: self.clock.now(),
            lease: LEASE,
        };
        self.server.claims.extend(self.server.port.claim(command).await?);
        Ok(())
    }

    pub async fn settle(&mut self, claim: usize, end: End) -> Result<()> {
        if self.server.claims.is_empty() {
            return Ok(());
        }
        let job = self.server.claims.remove(claim % self.server.claims.len()).job;
        let failed = |kind: EngineErrorKind| {
            let error = JobError { kind, message: "it went wrong".to_owned(), next_step: None };
            Ending::Failed { error }
        };
        let (ending, charged) = match end {
            End::Succeeds { charged } => {
                (Ending::Succeeded { report: json!({}) }, Some(Credits::new(charged)))
            }
            End::Fails => (failed(EngineErrorKind::Bug), None),
            End::FailsForNow => (failed(EngineErrorKind::Transient), None),
        };
        let result = AttemptResult { ending, charged, artifacts: Vec::new() };
        let (job_id, attempt, now) = (job.id, job.attempt, self.clock.now());
        let command = SettleCommand { job_id, attempt, result, now, jitter: 0.0 };
        match self.server.port.settle(command).await {
            // A lease that ended was reaped, and its job is another attempt's.
            Ok(_) | Err(HotError::LeaseLost | HotError::WrongState { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn cancel_job(&mut self, job: usize) -> Result<()> {
        let Some(job_id) = choose(&self.jobs, job).copied() else { return Ok(()) };
        let (organization_id, now) = (self.account, self.clock.now());
        let command = CancelCommand { organization_id, job_id, by: CancelledBy::Owner, now };
        match self.server.port.cancel(command).await {
            Ok(_) | Err(HotError::WrongState { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn reap(&mut self) -> Result<()> {
        let command = ReapCommand { now: self.clock.now(), limit: 100 };
        self.server.port.reap(command).await?;
        Ok(())
    }

    pub async fn release(&mut self) -> Result<()> {
        let command = ReleaseCommand { now: self.clock.now(), limit: 100 };
        self.server.port.release(command).await?;
        Ok(())
    }

    async fn buy(&mut self, wish: Wish, card: &str) -> Result<()> {
        if let Some(name) = self.order(wish).await? {
            self.server.sandbox.pay(&name, card, false).await?;
        }
        Ok(())
    }

    /// Makes a page; `None` for a plan of who has one, or paid for one just now.
    async fn order(&mut self, wish: Wish) -> Result<Option<String>> {
        // One that gives no plan any more is asked about, and ended where it is not paid for.
        let lapsed = match &wish {
            Wish::Plan { .. } => self.model.find_lapsed(self.clock.now()),
            Wish::Package { .. } => None,
        };
        let back = WayBack { page: "/".to_owned(), confirm: "/".to_owned() };
        let draft = CheckoutDraft { wish, provider: None };
        let begun = self.server.billing.begin_checkout(&self.actor(), &draft, &back, None).await;
        self.hear_of(lapsed.into_iter().collect()).await?;
        let link = match begun {
            Ok(link) => link,
            Err(BillingError::AlreadySubscribed | BillingError::Conflict { .. }) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Some(link.url.rsplit('/').next().context("a page")?.to_owned()))
    }

    /// Wants a plan in another tab, and does not pay yet.
    async fn open_page(&mut self, older: Older) -> Result<()> {
        match older {
            Older::Closes => {}
            Older::Stays => self.server.provider.leave_next_page(),
        }
        let opened = self.order(plan()).await?;
        self.pages.extend(opened);
        Ok(())
    }

    /// Pays in one of the tabs, if that page is still open.
    async fn pay_on_page(&self, page: usize) -> Result<()> {
        let Some(name) = choose(&self.pages, page) else { return Ok(()) };
        match self.server.sandbox.pay(name, PAYS, false).await {
            Ok(_) | Err(PaymentError::Refused { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn change_plan(&mut self, wish: &SubscriptionWish) -> Result<()> {
        match self.server.billing.change_subscription(&self.actor(), wish, None).await {
            Ok(_) => {
                let known = self.model.find_subscription().context("a subscription")?.0.clone();
                let said = self.find_said(&known).await?;
                self.model.hear(&known, said, self.clock.now());
                Ok(())
            }
            Err(
                BillingError::NoSubscription | BillingError::Payment(PaymentError::Refused { .. }),
            ) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn refund(&mut self, payment: usize, percent: i64) -> Result<()> {
        let payments = self.list_received().await?;
        let Some(payment) = choose(&payments, payment) else { return Ok(()) };
        let minor = (payment.amount.minor * percent / 100).max(1);
        let name = payment.provider_ref.as_str();
        match self.server.billing.refund(&self.actor(), (name, Some(minor)), None).await {
            Ok(())
            | Err(
                BillingError::Conflict { .. } | BillingError::Payment(PaymentError::Refused { .. }),
            ) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn deliver(&mut self, event: &Delivery) -> Result<()> {
        let parts = (event.body.as_slice(), event.headers.as_slice());
        let received = self.server.billing.receive_event("sandbox", parts).await?;
        let is_new = self.model.take(&serde_json::from_slice(&event.body)?, self.clock.now());
        match received {
            Received::Known => ensure!(!is_new, "{} was not taken before", event.event_ref),
            Received::Noted { outcome, .. } => {
                ensure!(is_new, "{} was taken twice", event.event_ref);
                ensure!(outcome != EventOutcome::Unclear, "{} is unclear", event.event_ref);
            }
        }
        self.note_duplicates().await
    }

    async fn deliver_as_first_signed(&mut self, event: usize) -> Result<()> {
        let chosen = choose(&self.first_signed, event).cloned();
        let Some((at, event)) = chosen else { return Ok(()) };
        let signed_at = Timestamp::from_micros(second_of(at) * 1_000_000);
        if self.clock.now().since(signed_at) <= SIGNED_FOR {
            return self.deliver(&event).await;
        }
        let parts = (event.body.as_slice(), event.headers.as_slice());
        let received = self.server.billing.receive_event("sandbox", parts).await;
        match received {
            Err(BillingError::Unverified(UnverifiedEvent::TooOld)) => Ok(()),
            other => bail!("an old message was believed: {other:?}"),
        }
    }

    async fn note_signatures(&mut self) -> Result<()> {
        let now = self.clock.now();
        // Nothing is noted as delivered, so that the list only grows.
        let events = self.server.sandbox.list_undelivered().await?;
        let known = self.first_signed.len();
        self.first_signed.extend(events.into_iter().skip(known).map(|event| (now, event)));
        Ok(())
    }

    pub async fn reconcile(&mut self) -> Result<()> {
        // What a second subscription's end makes the provider tell is fetched the next time.
        let told = self.server.sandbox.list_undelivered().await?;
        self.server.billing.reconcile().await?;
        let now = self.clock.now();
        let since = second_of(now.minus(LOOK_BACK));
        for event in told {
            let body: Value = serde_json::from_slice(&event.body)?;
            if body["created"].as_i64() >= Some(since) {
                self.model.take(&body, now);
            }
        }
        self.note_duplicates().await?;
        self.hear_of(self.model.list_due(now)).await
    }

    pub async fn list_received(&self) -> Result<Vec<Payment>> {
        let page = PageRequest { after: None, limit: 200, order: Order::NewestFirst };
        let snapshot = self.server.port.read().await?;
        let page = snapshot.payments().list_payments(self.account, &page).await?;
        let all = page.items.into_iter();
        Ok(all.filter(|payment| payment.status == PaymentStatus::Received).collect())
    }
}

/// What is wanted of who wants a plan.
fn plan() -> Wish {
    Wish::Plan { slug: PAID.to_owned(), interval: Interval::Month }
}

/// One of what there is.
fn choose<T>(all: &[T], number: usize) -> Option<&T> {
    let count = all.len().max(1);
    all.get(number % count)
}
