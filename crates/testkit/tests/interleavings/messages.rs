//! The steps of messages: those of the provider and of banks, and what is fetched instead.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use gantry_billing::{BillingError, Received};
use gantry_pay::Delivery;
use gantry_ports::Clock;
use gantry_ports::payments::UnverifiedEvent;
use gantry_ports::store::{
    EventOutcome, Order, PageRequest, Payment, PaymentEventFilter, PaymentStatus,
};
use gantry_types::Timestamp;
use serde_json::Value;

use crate::model::Said;
use crate::server::second_of;
use crate::world::{PROVIDER, World, choose};

/// For how long a signature is good.
const SIGNED_FOR: Duration = Duration::from_secs(300);
/// How far back a reconciliation asks what was told.
const LOOK_BACK: Duration = Duration::from_hours(7 * 24);
/// Entries of one page; histories are short.
const PAGE: u32 = 200;

impl World {
    /// Everything that was told, by the provider and then by banks; each of them oldest first.
    pub async fn list_told(&self) -> Result<Vec<Delivery>> {
        let mut told = self.server.sandbox.list_undelivered().await?;
        told.extend(self.bank.told.iter().cloned());
        Ok(told)
    }

    pub async fn deliver_one(&mut self, event: usize) -> Result<()> {
        let told = self.list_told().await?;
        match choose(&told, event) {
            Some(event) => self.deliver(event).await,
            None => Ok(()),
        }
    }

    pub async fn deliver(&mut self, event: &Delivery) -> Result<()> {
        let was_noted = self.has_event(&event.event_ref).await?;
        let parts = (event.body.as_slice(), event.headers.as_slice());
        let received = self.server.billing.receive_event(PROVIDER, parts).await?;
        let body: Value = serde_json::from_slice(&event.body)?;
        match received {
            Received::Known => ensure!(was_noted, "{} was not taken before", event.event_ref),
            Received::Noted { outcome, .. } => {
                ensure!(!was_noted, "{} was taken twice", event.event_ref);
                let is_clear = outcome != EventOutcome::Unclear;
                ensure!(is_clear == self.model.is_clear(&body), "{body} is {outcome:?}");
            }
        }
        self.learn().await?;
        let duplicates = self.model.list_duplicates();
        self.hear_known(&duplicates).await
    }

    pub async fn deliver_as_first_signed(&mut self, event: usize) -> Result<()> {
        let chosen = choose(&self.first_signed, event).cloned();
        let Some((at, event)) = chosen else { return Ok(()) };
        let signed_at = Timestamp::from_micros(second_of(at) * 1_000_000);
        if self.clock.now().since(signed_at) <= SIGNED_FOR {
            return self.deliver(&event).await;
        }
        let parts = (event.body.as_slice(), event.headers.as_slice());
        let received = self.server.billing.receive_event(PROVIDER, parts).await;
        match received {
            Err(BillingError::Unverified(UnverifiedEvent::TooOld)) => Ok(()),
            other => bail!("an old message was believed: {other:?}"),
        }
    }

    pub async fn note_signatures(&mut self) -> Result<()> {
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
        self.learn().await?;
        for event in told {
            let body: Value = serde_json::from_slice(&event.body)?;
            let is_fetched = body["created"].as_i64() >= Some(since);
            let is_noted = self.has_event(&event.event_ref).await?;
            ensure!(is_noted || !is_fetched, "{} was not fetched", event.event_ref);
        }
        let duplicates = self.model.list_duplicates();
        self.hear_known(&duplicates).await?;
        for (name, known) in self.model.list_due(now) {
            let said = Said { at: second_of(now), ..self.find_last_said(&name).await? };
            if !said.is_like(&known) {
                self.model.hear(&name, said, now);
            }
            self.model.look(now);
        }
        Ok(())
    }

    /// Takes what is noted and understood by now, in the order in which it was told.
    pub async fn learn(&mut self) -> Result<()> {
        let now = self.clock.now();
        let unclear = self.list_unclear().await?;
        for event in self.list_told().await? {
            let name = &event.event_ref;
            let is_new = !self.model.taken.contains(name) && !unclear.contains(name);
            if is_new && self.has_event(name).await? {
                let body = serde_json::from_slice(&event.body)?;
                ensure!(self.model.take(&body, now), "{name} is another event's name");
            }
        }
        Ok(())
    }

    /// What is noted and waits for something else, or waited for too long.
    pub async fn list_unclear(&self) -> Result<Vec<String>> {
        let filter = PaymentEventFilter {
            outcome: Some(EventOutcome::Unclear),
            ..PaymentEventFilter::default()
        };
        let page = PageRequest { after: None, limit: PAGE, order: Order::OldestFirst };
        let snapshot = self.server.port.read().await?;
        let found = snapshot.payments().list_events(&filter, &page).await?;
        Ok(found.items.into_iter().map(|event| event.event_ref).collect())
    }

    async fn has_event(&self, name: &str) -> Result<bool> {
        let snapshot = self.server.port.read().await?;
        Ok(snapshot.payments().has_event(PROVIDER, name).await?)
    }

    /// Hears of these subscriptions what is kept of them: what was asked of the provider changes
    /// them before its events tell the same. It has to be something that the provider said.
    pub async fn hear_known(&mut self, names: &[String]) -> Result<()> {
        let now = self.clock.now();
        for name in names {
            let snapshot = self.server.port.read().await?;
            let kept = snapshot.payments().find_subscription_by_ref(PROVIDER, name).await?;
            drop(snapshot);
            let kept = Said::of(&kept.context("a subscription")?.standing);
            let known = self.model.find_said(name).context("a subscription")?.clone();
            if kept.is_over() && !known.is_over() {
                self.model.end(name, now);
            } else if !kept.is_over() && kept != known {
                let said = self.list_said(name).await?;
                ensure!(said.iter().any(|said| said.is_like(&kept)), "nobody said {kept:?}");
                self.model.hear(name, kept, now);
            }
        }
        Ok(())
    }

    pub async fn list_received(&self) -> Result<Vec<Payment>> {
        let page = PageRequest { after: None, limit: PAGE, order: Order::NewestFirst };
        let snapshot = self.server.port.read().await?;
        let page = snapshot.payments().list_payments(self.account, &page).await?;
        let all = page.items.into_iter();
        Ok(all.filter(|payment| payment.status == PaymentStatus::Received).collect())
    }
}
