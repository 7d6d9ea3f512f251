//! A stand-in for PayPal: tokens, orders that are approved and collected, plans, subscriptions that
//! are charged, changed and fail, refunds, disputes, events that it vouches for, a clock.
//!
//! Invariants: it refuses what PayPal refuses, with PayPal's issues; what has a request ID is done
//! once; it vouches for the bytes that it sent alone. Instead of a certificate's key it signs with a
//! secret that it alone knows, which is what its answers about signatures come down to.

mod amounts;
mod book;
mod clock;
mod money;
mod proofs;
mod refusal;
mod revisions;
mod routes;
mod strangers;
mod subscriptions;

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::calendar::DAY;
use super::card::Card;
use super::desk::{Desk, Provider};
use super::{FakeAnswer, FakeDelivery, FakePaid, FakeRequest, Trouble};
use book::Book;
use refusal::Refusal;

/// The client ID that it takes.
pub const PAYPAL_CLIENT_ID: &str = "client_of_the_fake";
/// The secret.
pub const PAYPAL_CLIENT_SECRET: &str = "client_secret_of_the_fake";
/// The webhook that it sends its events to.
pub const PAYPAL_WEBHOOK_ID: &str = "8PT597110X687430LKGECATA";

/// The stand-in for PayPal; stops when it is dropped.
pub struct FakePayPal {
    desk: Desk<Book>,
}

impl FakePayPal {
    /// Starts it on a free port of this machine.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> Result<Self> {
        Ok(Self { desk: Desk::open().await? })
    }

    /// Where its API is.
    #[must_use]
    pub fn base(&self) -> String {
        self.desk.base()
    }

    /// A buyer approves on the page of an order or a subscription; `page` is the last part of its
    /// address.
    ///
    /// # Errors
    /// For a page that is gone or approved, and a card that is no test card.
    pub fn pay(&self, page: &str, card: &str) -> Result<FakePaid> {
        let card = Card::find(card).context("this is no test card")?;
        let now = self.desk.now();
        self.desk.book().pay(page, card, now)
    }

    /// The buyer has agreed with their bank: the card that asks first pays.
    ///
    /// # Errors
    /// As [`FakePayPal::pay`].
    pub fn pay_after_consent(&self, page: &str) -> Result<FakePaid> {
        let now = self.desk.now();
        self.desk.book().pay(page, Card::Pays, now)
    }

    /// A stranger approves an order of their own making, with a custom ID that they copied.
    ///
    /// # Errors
    /// For what is no amount.
    pub fn approve_own_order(&self, custom_id: &str, dollars: &str) -> Result<()> {
        let now = self.desk.now();
        self.desk.book().approve_own_order(custom_id, dollars, now)
    }

    /// A buyer changes the amount of an order from within their browser before they approve it.
    ///
    /// # Errors
    /// For an order that there is not, and what is no amount.
    pub fn change_amount(&self, order: &str, dollars: &str) -> Result<()> {
        self.desk.book().change_amount(order, dollars)
    }

    /// A stranger begins a subscription of their own making, with the plan and the custom ID of the
    /// one on a page, that costs nothing for some days.
    ///
    /// # Errors
    /// When there is no subscription on the page.
    pub fn begin_own_subscription(&self, page: &str, days: i64) -> Result<()> {
        let now = self.desk.now();
        let start = now + days * DAY;
        self.desk.book().begin_own_subscription(page, (start, now))
    }

    /// PayPal decides about the dispute of a payment.
    ///
    /// # Errors
    /// When there is no such payment.
    pub fn decide_dispute(&self, payment: &str, won: bool) -> Result<()> {
        let now = self.desk.now();
        self.desk.book().decide_dispute(payment, won, now)
    }

    /// The buyer's bank does not take the last refund of a capture.
    ///
    /// # Errors
    /// When nothing was given back.
    pub fn fail_refund(&self, payment: &str) -> Result<()> {
        let now = self.desk.now();
        self.desk.book().fail_refund(payment, now)
    }

    /// The buyer of a subscription pays with another card from now on.
    ///
    /// # Errors
    /// When there is no such subscription or test card.
    pub fn change_card(&self, subscription: &str, card: &str) -> Result<()> {
        let card = Card::find(card).context("this is no test card")?;
        let mut book = self.desk.book();
        let known = book.subscriptions.get_mut(subscription).context("a subscription")?;
        known.pays = !matches!(card, Card::Declined | Card::PaysOnce);
        Ok(())
    }

    /// Charges nothing, though it is due, until [`FakePayPal::go_on_charging`].
    pub fn stop_charging(&self) {
        self.desk.book().is_late = true;
    }

    /// Charges again; what has become due is charged as soon as the clock is moved on.
    pub fn go_on_charging(&self) {
        self.desk.book().is_late = false;
    }

    /// Moves its clock on: subscriptions are charged, and charged again when that fails.
    ///
    /// # Errors
    /// When that would never end.
    pub fn advance(&self, by: Duration) -> Result<()> {
        self.desk.advance(by, Book::run_next)
    }

    /// Events that were not taken yet, oldest first, signed now.
    ///
    /// # Errors
    /// When an event cannot be signed.
    pub fn list_undelivered(&self) -> Result<Vec<FakeDelivery>> {
        let now = self.desk.now();
        let mut book = self.desk.book();
        let open = book.outbox.clone();
        let events: Vec<Value> = book
            .events
            .iter()
            .filter(|event| open.iter().any(|name| event["id"] == name.as_str()))
            .cloned()
            .collect();
        events
            .into_iter()
            .map(|event| {
                let event_ref = event["id"].as_str().unwrap_or_default().to_owned();
                let body = event.to_string().into_bytes();
                let transmission = book.name("transmission");
                let headers = proofs::sign(&transmission, &body, now)?;
                Ok(FakeDelivery { event_ref, body, headers })
            })
            .collect()
    }

    /// Notes that an event was taken, so that it is not sent again.
    pub fn note_delivered(&self, event_ref: &str) {
        self.desk.book().outbox.retain(|open| open != event_ref);
    }

    /// Gives up sending what was not taken: the events are lost, but are still listed.
    pub fn lose_undelivered(&self) {
        self.desk.book().outbox.clear();
    }

    /// What goes wrong with the next requests, one after the other.
    pub fn expect_trouble(&self, troubles: &[Trouble]) {
        self.desk.expect_trouble(troubles);
    }

    /// Does the next request whose path ends so, and loses the answer on the way.
    pub fn lose_answer_of(&self, end: &'static str) {
        self.lose_answers_of(end, 1);
    }

    /// The same for the next `count` requests.
    pub fn lose_answers_of(&self, end: &'static str, count: usize) {
        self.desk.book().lost = vec![end; count];
    }

    /// How many tokens it gave.
    #[must_use]
    pub fn count_tokens(&self) -> usize {
        self.desk.book().tokens.len()
    }
}

impl Provider for Book {
    fn answer(&mut self, request: &FakeRequest, ground: (&str, i64)) -> FakeAnswer {
        self.serve_request(request, ground).unwrap_or_else(|refusal| refusal.answer())
    }

    fn busy() -> FakeAnswer {
        Refusal::busy().answer()
    }

    fn broken() -> FakeAnswer {
        Refusal::broken().answer()
    }

    fn lets_go(&mut self, request: &FakeRequest, _: &FakeAnswer) -> bool {
        self.lost.pop_if(|end| request.path.ends_with(*end)).is_none()
    }
}
