//! What a buyer does on the pages of the stand-in for Stripe.

use anyhow::{Context, Result, bail};
use serde_json::Map;

use super::book::{Book, Card, Customer, Line, Price, Session, Subscription};
use super::clock::later;
use super::coupons::Discount;
use super::require_open;
use crate::fakes::FakePaid;

/// A card, whose it is, and what is noted on what it pays.
type Payer = (Card, Option<String>, Map<String, serde_json::Value>);

impl Book {
    pub(super) fn pay(
        &mut self,
        session: &str,
        (card, code): (Card, Option<&str>),
        now: i64,
    ) -> Result<FakePaid> {
        let open = self.sessions.get(session).context("there is no such page")?;
        require_open(open.status)?;
        match card {
            Card::Declined | Card::Blocked => {
                self.decline(session, card, now);
                Ok(FakePaid::Declined)
            }
            Card::AsksFirst => Ok(FakePaid::AfterConsent),
            Card::Pays | Card::PaysOnce | Card::Disputes | Card::Suspicious => {
                self.complete(session, (card, code), now)
            }
        }
    }

    /// Tells of an attempt in vain. A trial asks for nothing; and what an invoice asks for does not
    /// say whose it is.
    fn decline(&mut self, session: &str, card: Card, now: i64) {
        let Some(mut session) = self.sessions.get(session).cloned() else { return };
        if session.trial_days > 0 {
            return;
        }
        let buys_once = session.price.interval.is_none();
        let intent = session.payment_intent.clone().unwrap_or_else(|| self.name("pi"));
        let charge = super::book::Charge {
            id: self.name("ch"),
            intent: intent.clone(),
            customer: session.customer.clone(),
            amount: session.price.amount,
            refunded: 0,
            currency: session.price.currency.clone(),
            metadata: if buys_once { session.inner_metadata.clone() } else { Map::new() },
            card,
            paid: false,
            created: now,
            dispute: None,
        };
        self.tell("charge.failed", charge.show(), now);
        if buys_once {
            session.payment_intent = Some(intent);
            self.sessions.insert(session.id.clone(), session);
        }
    }

    pub(super) fn complete(
        &mut self,
        id: &str,
        (card, code): (Card, Option<&str>),
        now: i64,
    ) -> Result<FakePaid> {
        let mut session = self.sessions.get(id).context("there is no such page")?.clone();
        require_open(session.status)?;
        let coupon = match code {
            Some(code) if session.takes_codes => {
                Some(self.codes.get(code).context("there is no such code")?.clone())
            }
            Some(_) => bail!("this page takes no codes"),
            None => None,
        };
        let off = coupon.as_ref().map(|coupon| coupon.take_off(&session.price)).transpose()?;
        session.total = session.price.amount - off.unwrap_or_default();
        let is_taxed = session.adds_taxes && session.price.interval.is_none();
        session.tax = self.tax_percent.filter(|_| is_taxed).map(|rate| session.total * rate / 100);
        session.total += session.tax.unwrap_or_default();
        session.status = "complete";
        match session.price.interval.clone() {
            Some(interval) => {
                let discount = coupon.map(|coupon| coupon.begin(self.name("di"), now));
                self.subscribe(&mut session, (&interval, card, discount), now);
            }
            None => self.take_once(&mut session, card, now),
        }
        let shown = session.show("http://127.0.0.1");
        self.tell("checkout.session.completed", shown, now);
        self.sessions.insert(session.id.clone(), session);
        Ok(FakePaid::Yes)
    }

    /// A page that no server asked for.
    pub(super) fn pay_by_link(
        &mut self,
        reference: &str,
        (amount, currency): (i64, &str),
        now: i64,
    ) -> Result<FakePaid> {
        let price = Price {
            id: self.name("price"),
            product: self.name("prod"),
            amount,
            currency: currency.to_owned(),
            interval: None,
        };
        let session = Session {
            id: self.name("cs_test"),
            reference: Some(reference.to_owned()),
            metadata: Map::new(),
            inner_metadata: Map::new(),
            customer: None,
            title: "Something else".to_owned(),
            trial_days: 0,
            takes_codes: false,
            adds_taxes: false,
            success_url: "https://shop.example/thanks".to_owned(),
            cancel_url: None,
            created: now,
            status: "open",
            payment_intent: None,
            subscription: None,
            total: amount,
            tax: None,
            price,
        };
        let id = session.id.clone();
        self.sessions.insert(id.clone(), session);
        self.complete(&id, (Card::Pays, None), now)
    }

    fn take_once(&mut self, session: &mut Session, card: Card, now: i64) {
        if session.total == 0 {
            return;
        }
        let (whose, metadata) = (session.customer.clone(), session.inner_metadata.clone());
        let money = (session.total, session.price.currency.clone());
        let intent = session.payment_intent.clone().unwrap_or_else(|| self.name("pi"));
        self.take_by(&intent, money, ((card, whose, metadata), now));
        session.payment_intent = Some(intent);
    }

    fn subscribe(
        &mut self,
        session: &mut Session,
        (interval, card, discount): (&str, Card, Option<Discount>),
        now: i64,
    ) {
        let customer = match session.customer.clone() {
            Some(customer) => customer,
            None => {
                let id = self.name("cus");
                let currency = session.price.currency.clone();
                self.customers.insert(id.clone(), Customer { card, credit: 0, currency });
                id
            }
        };
        if let Some(known) = self.customers.get_mut(&customer) {
            known.card = card;
        }
        let trial = session.trial_days * 86_400;
        let end = if trial > 0 { now + trial } else { later(now, interval, 1) };
        let mut subscription = Subscription {
            id: self.name("sub"),
            item: self.name("si"),
            customer: customer.clone(),
            status: "incomplete",
            cancels: false,
            price: session.price.clone(),
            discount,
            title: session.title.clone(),
            metadata: session.inner_metadata.clone(),
            created: now,
            start: now,
            end,
            anchor: if trial > 0 { end } else { now },
            periods: i32::from(trial == 0),
            due: None,
        };
        let id = subscription.id.clone();
        (session.customer, session.subscription) = (Some(customer), Some(id.clone()));
        if trial > 0 {
            session.total = 0;
            subscription.status = "trialing";
            self.tell("customer.subscription.created", subscription.show(), now);
            self.subscriptions.insert(id, subscription);
            return;
        }
        self.tell("customer.subscription.created", subscription.show(), now);
        subscription.status = "active";
        subscription.use_discount(now);
        let shown = subscription.show();
        self.subscriptions.insert(id.clone(), subscription);
        let line = Line::whole(session.price.clone(), (now, end));
        let off = session.price.amount - session.total;
        let invoice = self.write_invoice(&id, (vec![line], off, "subscription_create"), now);
        self.settle_invoice(&invoice, now);
        self.tell("customer.subscription.updated", shown, now);
    }

    pub(super) fn decide_dispute(&mut self, intent: &str, won: bool, now: i64) -> Result<()> {
        let charge = self.charges.values_mut().find(|charge| charge.intent == intent);
        let charge = charge.context("there is no such charge")?;
        let (id, state) = charge.dispute.as_mut().context("it is not disputed")?;
        *state = if won { "won" } else { "lost" };
        let (id, state) = (id.clone(), *state);
        let shown = charge.show_dispute(&id, state, now);
        self.tell("charge.dispute.closed", shown.clone(), now);
        if won {
            self.tell("charge.dispute.funds_reinstated", shown, now);
        }
        Ok(())
    }

    /// The buyer tells their bank once more, of a payment whose dispute has ended.
    pub(super) fn dispute_again(&mut self, intent: &str, now: i64) -> Result<()> {
        let id = self.name("dp");
        let charge = self.charges.values_mut().find(|charge| charge.intent == intent);
        let charge = charge.context("there is no such charge")?;
        charge.dispute = Some((id.clone(), "needs_response"));
        let shown = charge.show_dispute(&id, "needs_response", now);
        self.tell("charge.dispute.created", shown, now);
        Ok(())
    }

    /// Takes money; the movement's name.
    pub(super) fn take(&mut self, money: (i64, String), payer: Payer, now: i64) -> String {
        let intent = self.name("pi");
        self.take_by(&intent, money, (payer, now));
        intent
    }

    /// Takes money by a movement that has its name already.
    fn take_by(
        &mut self,
        intent: &str,
        (amount, currency): (i64, String),
        ((card, customer, metadata), now): (Payer, i64),
    ) {
        let mut charge = super::book::Charge {
            id: self.name("ch"),
            intent: intent.to_owned(),
            customer,
            amount,
            refunded: 0,
            currency,
            metadata,
            card,
            paid: true,
            created: now,
            dispute: None,
        };
        self.tell("charge.succeeded", charge.show(), now);
        if card == Card::Disputes {
            let id = self.name("dp");
            charge.dispute = Some((id.clone(), "needs_response"));
            let shown = charge.show_dispute(&id, "needs_response", now);
            self.tell("charge.dispute.created", shown.clone(), now);
            self.tell("charge.dispute.funds_withdrawn", shown, now);
        }
        self.charges.insert(charge.id.clone(), charge);
    }
}
