//! What is looked at after every step, and when everything has come to rest.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_ports::store::LedgerAccount;
use gantry_ports::{Clock, SandboxDesk};
use gantry_rules::period::derive_period;
use gantry_types::Credits;

use crate::books::{Books, PACKAGE_CREDITS};
use crate::steps::End;
use crate::world::{PROVIDER, World};

/// What a package gives and costs.
const PACKAGE: (i64, i64) = (PACKAGE_CREDITS, 1_000);
/// No job waits longer before it is tried again.
const LONGEST_PAUSE: Duration = Duration::from_hours(6);

impl World {
    /// Everything that must be so after every step.
    pub async fn check(&self) -> Result<()> {
        let snapshot = self.server.port.read().await?;
        let breaches = snapshot.accounts().list_ledger_breaches().await?;
        ensure!(breaches.is_empty(), "{}", breaches.join("; "));
        let books = Books::read(snapshot.as_ref(), self.account).await?;
        books.check()?;
        let month = derive_period(self.clock.now()).start;
        let overview = snapshot.accounts().get_account(self.account, month).await?;
        let lots = snapshot.accounts().list_lots(self.account).await?;
        drop(snapshot);
        let in_lots: i64 = lots.iter().map(|lot| lot.remaining.get()).sum();
        ensure!(lots.iter().all(|lot| lot.remaining >= Credits::ZERO), "{lots:?}");
        let available = books.side(LedgerAccount::Available);
        ensure!((available, available) == (in_lots, overview.available.get()), "{overview:?}");
        ensure!(books.side(LedgerAccount::Held) == overview.held.get(), "{overview:?}");
        let (given, paid) = (books.count_packages(), self.model.purchases.len());
        ensure!(given == paid, "{given} packages were given and {paid} were paid");
        ensure!(
            overview.plan.slug == self.model.plan(),
            "the plan is {} and should be {}: {:?}",
            overview.plan.slug,
            self.model.plan(),
            self.model
        );
        self.check_payments(&books).await
    }

    async fn check_payments(&self, books: &Books) -> Result<()> {
        let payments = self.list_received().await?;
        let expected = self.model.purchases.len() + self.model.bills.len();
        ensure!(payments.len() == expected, "{} payments of {expected}", payments.len());
        for payment in &payments {
            let name = payment.provider_ref.as_str();
            let refunded = self.model.refunded(name);
            ensure!(payment.refunded_minor == refunded, "{payment:?}: {refunded} went back");
            let Some(lot) = payment.lot_id else { continue };
            let (told, asked) = (self.model.told_back(name), self.asked_back.get(name));
            ensure!(told <= asked.copied().unwrap_or_default(), "{payment:?}: {told} went back");
            let (credits, price) = PACKAGE;
            let lost = (refunded + self.model.disputed(name)).min(price);
            let kept = credits - credits * lost / price;
            let (issued, expired) = (books.issued(lot), books.expired(lot));
            // What expired is gone, whether or not it is counted as taken back too.
            let most = (kept + expired).min(credits);
            ensure!((kept..=most).contains(&issued), "{payment:?}: {issued} are left of it");
        }
        Ok(())
    }

    /// What is kept of a subscription is what the provider said last.
    async fn check_standings(&self) -> Result<()> {
        for name in self.model.list_subscriptions() {
            let known = self.model.find_said(&name).context("a subscription")?;
            let said = self.list_said(&name).await?;
            let last = said.last().context("something that was said")?;
            // Of two messages of one second nobody knows which is the later one, and a second
            // subscription is over here before it is over there.
            let is_alone = said.iter().filter(|other| other.at == last.at).count() == 1;
            if is_alone && !known.is_over() {
                ensure!(known.is_like(last), "{known:?} is known, and {last:?} was said");
            }
        }
        Ok(())
    }

    /// Every message arrives, every job ends, and nothing is held any more.
    pub async fn come_to_rest(mut self) -> Result<()> {
        self.server.sandbox.advance(Duration::ZERO).await?;
        for event in self.list_told().await? {
            self.deliver(&event).await?;
        }
        self.check().await?;
        self.reconcile().await?;
        self.check().await?;
        self.check_standings().await?;
        let snapshot = self.server.port.read().await?;
        let twice = snapshot.payments().list_duplicate_subscriptions(PROVIDER, 10).await?;
        drop(snapshot);
        ensure!(twice.is_empty(), "still paid for twice: {twice:?}");
        // A transient error is tried three times, each time after a pause.
        for _ in 0..4 * (self.jobs.len() + 1) {
            self.clock.advance(LONGEST_PAUSE);
            self.server.claims.clear();
            self.reap().await?;
            self.release().await?;
            self.claim().await?;
            if self.server.claims.is_empty() {
                break;
            }
            while !self.server.claims.is_empty() {
                self.settle(0, End::Succeeds { charged: 1 }).await?;
            }
        }
        self.check().await?;
        let snapshot = self.server.port.read().await?;
        let books = Books::read(snapshot.as_ref(), self.account).await?;
        let held = books.held_by_job();
        ensure!(held.values().all(|held| *held == 0), "credits are still held: {held:?}");
        for id in &self.jobs {
            let job = snapshot.jobs().find_job(self.account, *id).await?.context("a job")?;
            ensure!(job.state.is_final(), "{id} is {}", job.state);
        }
        drop(snapshot);
        self.server.end().await
    }
}
