//! The steps of those who buy: under keys, so that what a crash left unanswered is asked for again.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use gantry_access::Actor;
use gantry_billing::{BillingError, CheckoutDraft, CheckoutLink, SubscriptionWish, WayBack, Wish};
use gantry_ports::payments::PaymentError;
use gantry_ports::{Clock, SandboxDesk};
use gantry_rules::plan::Interval;
use gantry_rules::submission::IdempotencyKey;
use gantry_types::Timestamp;
use serde_json::Value;

use crate::model::Said;
use crate::steps::{Card, Older, Package, PaidPlan};
use crate::world::{World, choose};

/// For how long a key is good: it is kept a little longer.
const KEPT_FOR: Duration = Duration::from_hours(20);

/// What somebody asked for and may ask for again under the same key.
#[derive(Debug, Clone)]
pub struct Request {
    key: IdempotencyKey,
    what: Wanted,
    asked_at: Timestamp,
}

#[derive(Debug, Clone)]
enum Wanted {
    Page(Wish),
    Change(SubscriptionWish),
    Refund { payment: String, minor: i64 },
}

/// What came of a request.
#[derive(Debug)]
enum Answer {
    /// Where to pay.
    Page(String),
    Done,
    /// It was not done, or may be asked for again later.
    Refused,
}

impl World {
    fn actor(&self) -> Actor {
        Actor::system(self.account)
    }

    pub async fn buy_credits(&mut self, package: Package, card: Card) -> Result<()> {
        let wish = Wish::Package { slug: package.slug().to_owned() };
        self.buy(wish, card).await
    }

    pub async fn buy_plan(&mut self, plan: PaidPlan, card: Card) -> Result<()> {
        self.buy(wish_for(plan), card).await
    }

    async fn buy(&mut self, wish: Wish, card: Card) -> Result<()> {
        if let Answer::Page(name) = self.ask(Wanted::Page(wish)).await? {
            self.server.sandbox.pay(&name, card.number(), false).await?;
        }
        Ok(())
    }

    /// Wants a plan in another tab, and does not pay yet.
    pub async fn open_page(&mut self, plan: PaidPlan, older: Older) -> Result<()> {
        match older {
            Older::Closes => {}
            Older::Stays => self.server.provider.leave_next_page(),
        }
        if let Answer::Page(name) = self.ask(Wanted::Page(wish_for(plan))).await? {
            self.pages.push(name);
        }
        Ok(())
    }

    /// Pays in one of the tabs, if that page is still open.
    pub async fn pay_on_page(&self, page: usize) -> Result<()> {
        let Some(name) = choose(&self.pages, page) else { return Ok(()) };
        match self.server.sandbox.pay(name, Card::Pays.number(), false).await {
            Ok(_) | Err(PaymentError::Refused { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn end_plan(&mut self) -> Result<()> {
        self.change_plan(SubscriptionWish::Cancel).await
    }

    pub async fn keep_plan(&mut self) -> Result<()> {
        self.change_plan(SubscriptionWish::Keep).await
    }

    pub async fn switch_plan(&mut self, plan: PaidPlan) -> Result<()> {
        let (slug, return_url) = (plan.slug().to_owned(), "/".to_owned());
        let wish = SubscriptionWish::Switch { slug, interval: Interval::Month, return_url };
        self.change_plan(wish).await
    }

    /// What the provider did is known at once.
    async fn change_plan(&mut self, wish: SubscriptionWish) -> Result<()> {
        match self.ask(Wanted::Change(wish)).await? {
            Answer::Refused => return Ok(()),
            Answer::Page(_) | Answer::Done => {}
        }
        let known = self.model.find_subscription().context("a subscription")?.0.clone();
        let said = self.find_last_said(&known).await?;
        self.model.hear(&known, said, self.clock.now());
        Ok(())
    }

    pub async fn refund(&mut self, payment: usize, percent: i64) -> Result<()> {
        let payments = self.list_received().await?;
        let Some(payment) = choose(&payments, payment) else { return Ok(()) };
        let minor = (payment.amount.minor * percent / 100).max(1);
        let name = payment.provider_ref.clone();
        *self.asked_back.entry(name.clone()).or_default() += minor;
        let is_purchase = payment.lot_id.is_some();
        let answer = self.ask(Wanted::Refund { payment: name.clone(), minor }).await?;
        // Of a second subscription, what failed would be given back once more.
        if matches!(answer, Answer::Done) && is_purchase {
            self.bank.note_refund(&name, minor);
        }
        Ok(())
    }

    /// Asks once more for what was not answered.
    pub async fn repeat(&mut self, request: usize) -> Result<()> {
        let now = self.clock.now();
        self.unanswered.retain(|request| now.since(request.asked_at) < KEPT_FOR);
        let Some(request) = choose(&self.unanswered, request).cloned() else { return Ok(()) };
        match self.perform(&request).await? {
            Answer::Page(name) => self.pages.push(name),
            // Whether the provider was asked again or the first answer was kept, its events and
            // what is known agree.
            Answer::Done => {
                let names = self.model.list_subscriptions();
                self.hear_known(&names).await?;
            }
            Answer::Refused => return Ok(()),
        }
        self.unanswered.retain(|known| known.key != request.key);
        Ok(())
    }

    /// Asks for something; a crash leaves it unanswered.
    async fn ask(&mut self, what: Wanted) -> Result<Answer> {
        let key = IdempotencyKey {
            route: "a step".to_owned(),
            key: format!("key-{}", self.requests),
            body_sha256: "0".repeat(64),
        };
        self.requests += 1;
        let request = Request { key, what, asked_at: self.clock.now() };
        self.unanswered.push(request.clone());
        let answer = self.perform(&request).await?;
        self.unanswered.pop();
        Ok(answer)
    }

    async fn perform(&self, request: &Request) -> Result<Answer> {
        let (billing, actor, key) = (&self.server.billing, self.actor(), Some(&request.key));
        let done = match &request.what {
            Wanted::Page(wish) => {
                let back = WayBack { page: "/".to_owned(), confirm: "/".to_owned() };
                let draft = CheckoutDraft { wish: wish.clone(), provider: None };
                let begun = billing.begin_checkout(&actor, &draft, &back, key).await;
                begun.map(|link| read_page(&link))
            }
            Wanted::Change(wish) => {
                billing.change_subscription(&actor, wish, key).await.map(|_| Answer::Done)
            }
            Wanted::Refund { payment, minor } => {
                let what = (payment.as_str(), Some(*minor));
                billing.refund(&actor, what, key).await.map(|()| Answer::Done)
            }
        };
        match done {
            Ok(answer) => Ok(answer),
            Err(
                BillingError::AlreadySubscribed
                | BillingError::NoSubscription
                | BillingError::Conflict { .. }
                | BillingError::Payment(PaymentError::Refused { .. }),
            ) => Ok(Answer::Refused),
            Err(error) => Err(error.into()),
        }
    }

    /// What the provider told of a subscription, oldest first.
    pub async fn list_said(&self, name: &str) -> Result<Vec<Said>> {
        let mut said = Vec::new();
        for event in self.server.sandbox.list_undelivered().await? {
            let body: Value = serde_json::from_slice(&event.body)?;
            said.extend(Said::read(&body).filter(|(known, _)| known == name).map(|(_, said)| said));
        }
        Ok(said)
    }

    /// What the provider told of a subscription last.
    pub async fn find_last_said(&self, name: &str) -> Result<Said> {
        let Some(said) = self.list_said(name).await?.pop() else {
            bail!("the provider said nothing of {name}")
        };
        Ok(said)
    }
}

/// What is wanted of who wants a plan.
fn wish_for(plan: PaidPlan) -> Wish {
    Wish::Plan { slug: plan.slug().to_owned(), interval: Interval::Month }
}

/// The name of a page stands at the end of its address.
fn read_page(link: &CheckoutLink) -> Answer {
    let name = link.url.rsplit('/').next().unwrap_or_default();
    Answer::Page(name.to_owned())
}
