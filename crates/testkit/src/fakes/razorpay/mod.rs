//! A stand-in for Razorpay: JSON, basic authentication, payment links, subscriptions that are
//! charged and fail, refunds, both signatures, a clock.
//!
//! Invariants: it refuses what Razorpay refuses, such as changing what has ended; its events are
//! signed over their bytes and carry no time of signing, as Razorpay's.

mod book;
mod clock;
mod routes;

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::card::Card;
use super::desk::{Desk, Provider, seal};
use super::{FakeAnswer, FakeDelivery, FakePaid, FakeRequest, Trouble};
use book::Book;

/// The name of the key that it takes.
pub const RAZORPAY_KEY_ID: &str = "rzp_test_of_the_fake";
/// The key.
pub const RAZORPAY_KEY_SECRET: &str = "key_secret_of_the_fake";
/// The secret that it signs events with.
pub const RAZORPAY_WEBHOOK_SECRET: &str = "webhook_secret_of_the_fake";
/// `key_id:key_secret` as basic authentication has it.
const AUTHORIZATION: &str = "Basic cnpwX3Rlc3Rfb2ZfdGhlX2Zha2U6a2V5X3NlY3JldF9vZl90aGVfZmFrZQ==";

/// The stand-in for Razorpay; stops when it is dropped.
pub struct FakeRazorpay {
    desk: Desk<Book>,
}

/// How far a payment is that is not captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RazorpayMoney {
    /// It was asked for.
    Created,
    /// The bank holds it.
    Authorized,
}

/// A request that is not done.
pub(super) struct Refusal {
    status: u16,
    description: String,
}

impl Refusal {
    pub(super) fn bad(description: impl Into<String>) -> Self {
        Self { status: 400, description: description.into() }
    }

    pub(super) fn missing() -> Self {
        Self::bad("The id provided does not exist")
    }

    fn answer(&self) -> FakeAnswer {
        let code = if self.status >= 500 { "SERVER_ERROR" } else { "BAD_REQUEST_ERROR" };
        let error = json!({ "code": code, "description": self.description, "source": "business",
            "step": "payment_initiation", "reason": "input_validation_failed", "metadata": {} });
        FakeAnswer::new(self.status, json!({ "error": error }))
    }
}

impl FakeRazorpay {
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

    /// A buyer pays on the page of a link or a subscription.
    ///
    /// # Errors
    /// For a page that is gone or paid, and a card that is no test card.
    pub fn pay(&self, name: &str, card: &str) -> Result<FakePaid> {
        let card = Card::find(card).context("this is no test card")?;
        let now = self.desk.now();
        self.desk.book().pay(name, card, now)
    }

    /// The buyer has agreed with their bank: the card that asks first pays.
    ///
    /// # Errors
    /// As [`FakeRazorpay::pay`].
    pub fn pay_after_consent(&self, name: &str) -> Result<FakePaid> {
        let now = self.desk.now();
        self.desk.book().pay(name, Card::Pays, now)
    }

    /// The query with which a buyer who paid on a link comes back, signed with the key.
    ///
    /// # Errors
    /// When nothing was paid there.
    pub fn return_query(&self, link: &str) -> Result<String> {
        let book = self.desk.book();
        let known = book.links.get(link).context("a link")?;
        let payment = known.payment.as_deref().context("a payment")?;
        let signed = format!("{link}|{}|paid|{payment}", known.reference);
        let signature = sign(RAZORPAY_KEY_SECRET, signed.as_bytes())?;
        Ok(format!(
            "razorpay_payment_id={payment}&razorpay_payment_link_id={link}\
             &razorpay_payment_link_reference_id={}&razorpay_payment_link_status=paid\
             &razorpay_signature={signature}",
            known.reference
        ))
    }

    /// A payment for a subscription begins and is not captured; answers its name.
    ///
    /// # Errors
    /// When there is no such subscription.
    pub fn begin_payment(&self, subscription: &str, state: RazorpayMoney) -> Result<String> {
        let now = self.desk.now();
        let status = match state {
            RazorpayMoney::Created => "created",
            RazorpayMoney::Authorized => "authorized",
        };
        self.desk.book().begin_payment(subscription, status, now)
    }

    /// Captures a payment that had begun.
    ///
    /// # Errors
    /// When there is no such payment.
    pub fn capture(&self, payment: &str) -> Result<()> {
        let now = self.desk.now();
        self.desk.book().capture(payment, now)
    }

    /// The bank decides about the dispute of a payment.
    ///
    /// # Errors
    /// When there is no such payment.
    pub fn decide_dispute(&self, payment: &str, won: bool) -> Result<()> {
        let now = self.desk.now();
        self.desk.book().decide_dispute(payment, won, now)
    }

    /// The buyer's bank does not take the last refund of a payment.
    ///
    /// # Errors
    /// When nothing was given back.
    pub fn fail_refund(&self, payment: &str) -> Result<()> {
        let now = self.desk.now();
        self.desk.book().fail_refund(payment, now)
    }

    /// Moves its clock on: subscriptions are charged, and charged again when that fails.
    ///
    /// # Errors
    /// When that would never end.
    pub fn advance(&self, by: Duration) -> Result<()> {
        self.desk.advance(by, Book::run_next)
    }

    /// Events that were not taken yet, oldest first.
    ///
    /// # Errors
    /// When an event cannot be signed.
    pub fn list_undelivered(&self) -> Result<Vec<FakeDelivery>> {
        let book = self.desk.book();
        book.outbox
            .iter()
            .map(|(name, event)| {
                let body = event.to_string().into_bytes();
                let signature = sign(RAZORPAY_WEBHOOK_SECRET, &body)?;
                let headers = vec![
                    ("x-razorpay-event-id".to_owned(), name.clone()),
                    ("x-razorpay-signature".to_owned(), signature),
                ];
                let headers = headers.into_iter().rev().collect();
                Ok(FakeDelivery { event_ref: name.clone(), body, headers })
            })
            .collect()
    }

    /// Notes that an event was taken, so that it is not sent again.
    pub fn note_delivered(&self, event_ref: &str) {
        self.desk.book().outbox.retain(|(name, _)| name != event_ref);
    }

    /// Gives up sending what was not taken.
    pub fn lose_undelivered(&self) {
        self.desk.book().outbox.clear();
    }

    /// What goes wrong with the next requests, one after the other.
    pub fn expect_trouble(&self, troubles: &[Trouble]) {
        self.desk.expect_trouble(troubles);
    }
}

fn sign(secret: &str, bytes: &[u8]) -> Result<String> {
    Ok(hex::encode(seal(secret.as_bytes(), bytes)?))
}

impl Provider for Book {
    fn answer(&mut self, request: &FakeRequest, ground: (&str, i64)) -> FakeAnswer {
        match answer(self, request, ground) {
            Ok(body) => FakeAnswer::new(200, body),
            Err(refusal) => refusal.answer(),
        }
    }

    fn busy() -> FakeAnswer {
        Refusal { status: 429, description: "Too many".to_owned() }.answer()
    }

    fn broken() -> FakeAnswer {
        Refusal { status: 500, description: String::new() }.answer()
    }
}

fn answer(book: &mut Book, request: &FakeRequest, ground: (&str, i64)) -> Result<Value, Refusal> {
    if request.headers.get("authorization").map(String::as_str) != Some(AUTHORIZATION) {
        let description = "Authentication failed".to_owned();
        return Err(Refusal { status: 401, description });
    }
    let body = if request.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&request.body).map_err(|_| Refusal::bad("The request is no JSON"))?
    };
    book.serve(request, &body, ground)
}
