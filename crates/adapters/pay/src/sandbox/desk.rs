//! The page on which a buyer pays, and the clock.

use std::time::Duration;

use async_trait::async_trait;
use gantry_ports::payments::{CardAnswer, PaymentError, SandboxCheckout, SandboxDesk};
use gantry_types::{Money, Timestamp};

use super::Sandbox;
use super::book::{Book, Order, Progress, name, small};
use super::cards::Card;
use crate::shapes::{Charge, Dispute, seconds_of};

/// How long a dispute is open.
const DISPUTE_S: i64 = 10 * 86_400;

#[async_trait]
impl SandboxDesk for Sandbox {
    async fn get_checkout(&self, provider_ref: &str) -> Result<SandboxCheckout, PaymentError> {
        let mut book = self.book.lock().await;
        let checkout = book.get_checkout(provider_ref)?;
        // Who paid is sent on their way by the page.
        if checkout.progress != Progress::Paid {
            checkout.require_open()?;
        }
        let order = &checkout.order;
        let due =
            if order.trial_days > 0 { Money { minor: 0, ..order.price } } else { order.price };
        Ok(SandboxCheckout {
            title: order.title.clone(),
            due,
            interval: order.interval,
            return_url: order.return_url.clone(),
            paid: checkout.progress == Progress::Paid,
        })
    }

    async fn pay(
        &self,
        provider_ref: &str,
        card: &str,
        agreed: bool,
    ) -> Result<CardAnswer, PaymentError> {
        let card = Card::parse(card)?;
        match card {
            Card::Declined => {
                return Ok(CardAnswer::Declined { reason: "the bank declines this card" });
            }
            Card::Empty => {
                return Ok(CardAnswer::Declined {
                    reason: "there is not enough money on this card",
                });
            }
            Card::AsksFirst if !agreed => return Ok(CardAnswer::ActionNeeded),
            Card::AsksFirst | Card::Pays | Card::PaysOnce | Card::Disputes => {}
        }
        let id = provider_ref.to_owned();
        self.change(move |book, now| complete(book, &id, card, now)).await
    }

    async fn advance(&self, by: Duration) -> Result<Timestamp, PaymentError> {
        let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
        self.change(move |book, now| {
            book.ahead_s = book.ahead_s.saturating_add(seconds);
            let then = now.plus(by);
            book.pass_to(then)?;
            Ok(then)
        })
        .await
    }
}

fn complete(
    book: &mut Book,
    id: &str,
    card: Card,
    now: Timestamp,
) -> Result<CardAnswer, PaymentError> {
    let checkout = book.get_checkout(id)?;
    checkout.require_open()?;
    checkout.progress = Progress::Paid;
    let order = checkout.order.clone();
    let at = seconds_of(now);
    let mut session = order.session(id, "paid");
    match order.interval {
        Some(interval) => {
            let renewing = order.begin(interval, card, now);
            let name = renewing.shape.id.clone();
            session.subscription = Some(name.clone());
            book.subscriptions.insert(name.clone(), renewing.clone());
            book.tell("customer.subscription.created", &renewing.shape, at)?;
            if order.trial_days > 0 {
                session.amount_total = Some(0);
                session.payment_status = "no_payment_required".to_owned();
            } else {
                book.bill((&name, &renewing), order.price.minor, at)?;
            }
        }
        None => session.payment_intent = Some(book.charge(&order)),
    }
    let paid_with = session.payment_intent.clone();
    book.tell("checkout.session.completed", &session, at)?;
    if let (Card::Disputes, Some(intent)) = (card, paid_with) {
        book.dispute(&intent, order.price, at)?;
    }
    Ok(CardAnswer::Paid { return_url: order.return_url })
}

impl Sandbox {
    /// Has a bank decide one of the open disputes for the shop, by its place among them; nothing
    /// happens where none is open.
    ///
    /// # Errors
    /// [`PaymentError::Unavailable`] where the book cannot be kept.
    pub async fn win_dispute(&self, number: usize) -> Result<(), PaymentError> {
        self.change(move |book, now| book.win_dispute(number, seconds_of(now))).await
    }
}

impl Book {
    /// Takes the money of a single purchase.
    fn charge(&mut self, order: &Order) -> String {
        let intent = name("pi");
        let charge = Charge {
            id: name("ch"),
            payment_intent: Some(intent.clone()),
            invoice: None,
            amount_refunded: 0,
            currency: small(order.price),
            outcome: None,
            payment_method_details: None,
        };
        self.charges.insert(intent.clone(), (charge, order.price.minor));
        intent
    }

    /// The buyer's bank takes the money of a purchase back; nobody answers it here, so that the
    /// dispute is lost when its time is over.
    fn dispute(&mut self, intent: &str, price: Money, at_s: i64) -> Result<(), PaymentError> {
        let dispute = Dispute {
            id: name("dp"),
            amount: price.minor,
            currency: small(price),
            status: "needs_response".to_owned(),
            charge: None,
            payment_intent: Some(intent.to_owned()),
        };
        self.tell("charge.dispute.created", &dispute, at_s)?;
        self.disputes.push((dispute, at_s.saturating_add(DISPUTE_S)));
        Ok(())
    }

    /// The bank decides for the shop.
    fn win_dispute(&mut self, number: usize, at_s: i64) -> Result<(), PaymentError> {
        let Some(place) = number.checked_rem(self.disputes.len()) else { return Ok(()) };
        let (mut dispute, _) = self.disputes.remove(place);
        "won".clone_into(&mut dispute.status);
        self.tell("charge.dispute.closed", &dispute, at_s)
    }

    /// Ends the disputes whose time is over.
    pub(super) fn end_disputes(&mut self, then: i64) -> Result<(), PaymentError> {
        let disputes = std::mem::take(&mut self.disputes);
        let (over, open): (Vec<_>, Vec<_>) =
            disputes.into_iter().partition(|(_, end)| *end <= then);
        self.disputes = open;
        for (mut dispute, end) in over {
            "lost".clone_into(&mut dispute.status);
            self.tell("charge.dispute.closed", &dispute, end)?;
        }
        Ok(())
    }
}
