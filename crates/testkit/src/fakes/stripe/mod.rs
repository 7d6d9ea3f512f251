//! A stand-in for Stripe: forms, ids, errors, idempotency, signed events, test cards, a clock.
//!
//! Invariants: it does what Stripe documents and refuses what Stripe refuses; every object that it
//! shows, in answers and in events, has the fields that Stripe's public OpenAPI description
//! requires, of the types that it says, and no others: `fields.txt` has them.

mod book;
mod clock;
mod coupons;
mod errors;
mod fields;
mod money;
mod pages;
mod params;
mod routes;
mod show;
mod trials;

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use super::desk::{Desk, Provider, seal};
use super::form::Fields;
use super::{FakeAnswer, FakeDelivery, FakePaid, FakeRequest, Trouble};
use book::{Book, Card, VERSION};
use coupons::Coupon;
pub use coupons::{FakeDuration, FakeOff};
use errors::Refusal;
use params::{find_endpoint, require_known};

/// Whether Stripe's description of its objects has what stands at `path` in an object of a kind, such
/// as `items.data.price` of a `subscription`.
#[must_use]
pub fn describes(kind: &str, path: &str) -> bool {
    fields::describes(kind, path)
}

/// The words that Stripe's description has for a field of a kind of objects, such as the `status` of a
/// `subscription`.
#[must_use]
pub fn list_words(kind: &str, field: &str) -> Vec<&'static str> {
    fields::list_words(kind, field)
}

/// The secret key that it takes.
pub const STRIPE_KEY: &str = "sk_test_of_the_fake";
/// The secret that it signs with.
pub const STRIPE_WEBHOOK_SECRET: &str = "whsec_of_the_fake";

/// The stand-in for Stripe; stops when it is dropped.
pub struct FakeStripe {
    desk: Desk<Book>,
}

impl FakeStripe {
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

    /// A buyer pays on the page of a session, perhaps with a promotion code.
    ///
    /// # Errors
    /// For a session that is gone, a card that is no test card, and a code that there is not.
    pub fn pay(&self, session: &str, card: &str, code: Option<&str>) -> Result<FakePaid> {
        let card = Card::find(card).context("this is no test card")?;
        let now = self.desk.now();
        self.desk.book().pay(session, (card, code), now)
    }

    /// The buyer has agreed with their bank: the card that asks first pays.
    ///
    /// # Errors
    /// As [`FakeStripe::pay`].
    pub fn pay_after_consent(&self, session: &str) -> Result<FakePaid> {
        let now = self.desk.now();
        self.desk.book().complete(session, (Card::AsksFirst, None), now)
    }

    /// A buyer pays on a Payment Link that the account has for something else, having written a
    /// reference of their own into its address.
    ///
    /// # Errors
    /// As [`FakeStripe::pay`].
    pub fn pay_by_link(&self, reference: &str, (minor, currency): (i64, &str)) -> Result<FakePaid> {
        let now = self.desk.now();
        self.desk.book().pay_by_link(reference, (minor, currency), now)
    }

    /// Another card for a customer of a subscription, as the portal takes it.
    ///
    /// # Errors
    /// When there is no such subscription or card.
    pub fn change_card(&self, subscription: &str, card: &str) -> Result<()> {
        let card = Card::find(card).context("this is no test card")?;
        let mut book = self.desk.book();
        let owner =
            book.subscriptions.get(subscription).context("a subscription")?.customer.clone();
        book.customers.get_mut(&owner).context("a customer")?.card = card;
        Ok(())
    }

    /// A buyer pays an open invoice of a subscription with a card, on the page that the invoice has.
    ///
    /// # Errors
    /// When none is open, and for a card that is no test card or does not pay.
    pub fn pay_open_invoice(&self, subscription: &str, card: &str) -> Result<()> {
        let found = Card::find(card).filter(|found| found.pays_again());
        ensure!(found.is_some(), "{card} does not pay");
        self.change_card(subscription, card)?;
        let now = self.desk.now();
        self.desk.book().pay_open_invoice(subscription, now)
    }

    /// Whoever keeps the account lets a subscription be paid by the week, which is told.
    ///
    /// # Errors
    /// When there is no such subscription.
    pub fn bill_weekly(&self, subscription: &str) -> Result<()> {
        let now = self.desk.now();
        let mut book = self.desk.book();
        let known = book.subscriptions.get_mut(subscription).context("a subscription")?;
        known.price.interval = Some("week".to_owned());
        let shown = known.show();
        book.tell("customer.subscription.updated", shown, now);
        Ok(())
    }

    /// Offers a promotion code for a coupon.
    ///
    /// # Errors
    /// For a coupon that Stripe does not make, and a code that there is.
    pub fn offer_code(&self, code: &str, off: FakeOff, lasts: FakeDuration) -> Result<()> {
        let coupon = Coupon::make(code, off, lasts)?;
        let mut book = self.desk.book();
        ensure!(!book.codes.contains_key(code), "there is a code {code}");
        book.codes.insert(code.to_owned(), coupon);
        Ok(())
    }

    /// Adds taxes from now on, by Stripe Tax, to what is paid once on a page that wants them.
    pub fn add_taxes(&self, percent: i64) {
        self.desk.book().tax_percent = Some(percent);
    }

    /// The bank decides about the dispute of a payment.
    ///
    /// # Errors
    /// When there is none.
    pub fn decide_dispute(&self, payment_intent: &str, won: bool) -> Result<()> {
        let now = self.desk.now();
        self.desk.book().decide_dispute(payment_intent, won, now)
    }

    /// The buyer tells their bank once more that a payment was not theirs.
    ///
    /// # Errors
    /// When there is no such payment.
    pub fn dispute_again(&self, payment_intent: &str) -> Result<()> {
        let now = self.desk.now();
        self.desk.book().dispute_again(payment_intent, now)
    }

    /// The buyer's bank does not take the last refund of a payment.
    ///
    /// # Errors
    /// When nothing was given back.
    pub fn fail_refund(&self, payment_intent: &str) -> Result<()> {
        let now = self.desk.now();
        self.desk.book().fail_refund(payment_intent, now)
    }

    /// Moves its clock on: trials end, periods renew, missing payments are asked for again.
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
        let book = self.desk.book();
        let now = self.desk.now_outside();
        let waiting = book.events.iter().filter(|event| {
            event["id"].as_str().is_some_and(|id| book.outbox.iter().any(|open| open == id))
        });
        waiting
            .map(|event| {
                let body = event.to_string().into_bytes();
                let header = sign(&body, now)?;
                Ok(FakeDelivery {
                    event_ref: event["id"].as_str().unwrap_or_default().to_owned(),
                    body,
                    headers: vec![("stripe-signature".to_owned(), header)],
                })
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

    /// How many requests of a kind, such as `POST /v1/refunds`, did something.
    #[must_use]
    pub fn count_done(&self, request: &str) -> usize {
        self.desk.book().done.iter().filter(|done| *done == request).count()
    }

    /// What of its own objects the table of fields does not allow, and which requests lacked an
    /// idempotency key.
    #[must_use]
    pub fn breaches(&self) -> Vec<String> {
        self.desk.book().breaches.clone()
    }
}

fn sign(body: &[u8], at: i64) -> Result<String> {
    let signed = [format!("{at}.").as_bytes(), body].concat();
    let new = hex::encode(seal(STRIPE_WEBHOOK_SECRET.as_bytes(), &signed)?);
    let old = hex::encode(Sha256::digest(b"the secret before this one"));
    Ok(format!("t={at},v1={old},v1={new}"))
}

impl Provider for Book {
    fn answer(&mut self, request: &FakeRequest, (host, now): (&str, i64)) -> FakeAnswer {
        let base = format!("http://{host}");
        answer(self, request, (&base, now)).unwrap_or_else(|no| no.answer())
    }

    fn busy() -> FakeAnswer {
        Refusal::busy().answer()
    }

    fn broken() -> FakeAnswer {
        Refusal::broken().answer()
    }

    fn lets_go(&mut self, _: &FakeRequest, answer: &FakeAnswer) -> bool {
        self.require_fields(&answer.body);
        true
    }
}

fn answer(
    book: &mut Book,
    request: &FakeRequest,
    ground: (&str, i64),
) -> Result<FakeAnswer, Refusal> {
    require_key(request)?;
    if request.headers.get("stripe-version").is_some_and(|version| version != VERSION) {
        return Err(Refusal::invalid("invalid_version", "stripe-version", "Invalid API version."));
    }
    let Some((pattern, name, params)) = find_endpoint(&request.method, &request.path) else {
        let message = format!("Unrecognized request URL ({}: {})", request.method, request.path);
        return Err(Refusal::unknown_address(&message));
    };
    let text = if request.method == "GET" {
        request.query.clone()
    } else {
        String::from_utf8_lossy(&request.body).into_owned()
    };
    let fields = Fields::parse(&text);
    let fingerprint = hex::encode(Sha256::digest(format!("{} {text}", request.path).as_bytes()));
    let key = request.headers.get("idempotency-key").cloned();
    if let Some((known, answer)) = key.as_ref().and_then(|key| book.replays.get(key)) {
        if *known != fingerprint {
            return Err(Refusal::other_request());
        }
        let mut answer = answer.clone();
        answer.headers.push(("idempotent-replayed", "true".to_owned()));
        return Ok(answer);
    }
    require_known(params, &fields)?;
    let kind = format!("{} {pattern}", request.method);
    if request.method == "POST" && key.is_none() {
        book.breaches.push(format!("{kind} has no idempotency key"));
    }
    let served = book.serve(&kind, (name, &fields), ground);
    if served.is_ok() {
        book.done.push(kind);
    }
    let answer = match served {
        Ok(body) => FakeAnswer::new(200, body),
        // What a bank refused was done, so that it is kept like what went well.
        Err(no) if no.is_of_card() => no.answer(),
        Err(no) => return Err(no),
    };
    if let Some(key) = key {
        book.replays.insert(key, (fingerprint, answer.clone()));
    }
    Ok(answer)
}

fn require_key(request: &FakeRequest) -> Result<(), Refusal> {
    let shown = request.headers.get("authorization").map(String::as_str).unwrap_or_default();
    if shown.strip_prefix("Bearer ") == Some(STRIPE_KEY) {
        Ok(())
    } else {
        Err(Refusal::unknown_key("sk_test_****"))
    }
}

/// Refuses what a test did not mean.
fn require_open(status: &str) -> Result<()> {
    if status != "open" {
        bail!("this page is {status}");
    }
    Ok(())
}
