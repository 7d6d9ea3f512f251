//! A second opinion on Stripe: `localstripe`, which another maker wrote against an early version of
//! the API, signs events that are believed, and keeps subscriptions, invoices and charges that are
//! read as it means them.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use gantry_pay::{OnPage, Stripe, StripeSettings};
use gantry_ports::payments::{
    InvoiceState, PaymentError, ProviderFact, RawEvent, SubscriptionChange, SubscriptionOrder,
    UnverifiedEvent,
};
use gantry_ports::{Clock, PaymentProvider};
use gantry_rules::plan::Interval;
use gantry_rules::subscription::{AtPeriodEnd, SubscriptionStatus};
use gantry_testkit::TestClock;
use gantry_testkit::python::Peer;
use gantry_types::{OrganizationId, PlanId};
use serde_json::{Value, json};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer.py");
/// More lines than it ever says before an answer.
const MOST_LINES: usize = 100;

/// The peer, and what it delivered.
struct Desk {
    peer: Peer,
    delivered: Vec<(String, String)>,
}

impl Desk {
    fn start() -> Result<Self> {
        let peer = Peer::start(("stripe", "localstripe==1.15.10"), SCRIPT)?;
        Ok(Self { peer, delivered: Vec::new() })
    }

    fn open(&self) -> Result<Stripe> {
        let settings = StripeSettings {
            secret_key: "sk_test_of_the_peer".to_owned(),
            webhook_secret: "whsec_of_the_peer".to_owned(),
            api_base: format!("http://127.0.0.1:{}", self.peer.port),
            promotion_codes: OnPage::No,
            automatic_tax: OnPage::No,
            tax_ids: OnPage::No,
        };
        Ok(Stripe::new(settings, Arc::new(TestClock::default()))?)
    }

    fn ask(&mut self, method: &str, path: &str, form: &Value) -> Result<Value> {
        let wish = json!({ "method": method, "path": path, "form": form });
        self.peer.tell(&wish.to_string())?;
        for _ in 0..MOST_LINES {
            let line = self.peer.next_line()?;
            let Some(answer) = line.get("answer") else {
                self.note(&line)?;
                continue;
            };
            ensure!(answer["refusal"].is_null(), "{method} {path}: {answer}");
            return Ok(answer.clone());
        }
        bail!("no answer to {method} {path}")
    }

    fn note(&mut self, line: &Value) -> Result<()> {
        let part = |name: &str| line[name].as_str().map(str::to_owned).context(line.to_string());
        self.delivered.push((part("body")?, part("signature")?));
        Ok(())
    }

    /// Waits until an event of this kind was delivered.
    fn wait_for(&mut self, kind: &str) -> Result<()> {
        let word = format!("\"type\": \"{kind}\"");
        for _ in 0..MOST_LINES {
            if self.delivered.iter().any(|(body, _)| body.contains(&word)) {
                return Ok(());
            }
            let line = self.peer.next_line()?;
            self.note(&line)?;
        }
        bail!("no {kind} was delivered")
    }

    /// Somebody who pays 49 dollars a month.
    fn subscribe(&mut self, organization: OrganizationId, plan: PlanId) -> Result<Value> {
        let name = |made: &Value| made["id"].as_str().map(str::to_owned).context(made.to_string());
        let buyer = self.ask("POST", "/v1/customers", &json!({ "email": "buyer@example.org" }))?;
        let card = json!({ "type": "card", "card[number]": "4242424242424242",
            "card[exp_month]": "12", "card[exp_year]": "2030", "card[cvc]": "123" });
        let card = name(&self.ask("POST", "/v1/payment_methods", &card)?)?;
        let buyer = name(&buyer)?;
        let path = format!("/v1/payment_methods/{card}/attach");
        self.ask("POST", &path, &json!({ "customer": buyer }))?;
        let usual = json!({ "invoice_settings[default_payment_method]": card });
        self.ask("POST", &format!("/v1/customers/{buyer}"), &usual)?;
        let sold = json!({ "id": "pro", "amount": "4900", "currency": "usd", "interval": "month",
            "name": "Pro" });
        self.ask("POST", "/v1/plans", &sold)?;
        let wish = json!({ "customer": buyer, "items[0][plan]": "pro",
            "metadata[organization_id]": organization, "metadata[plan_id]": plan });
        self.ask("POST", "/v1/subscriptions", &wish)
    }
}

/// An event about an object, which this peer never sends.
fn event_about(kind: &str, object: &Value) -> Vec<u8> {
    let event = json!({ "id": "evt_1", "type": kind, "created": object["created"],
        "data": { "object": object } });
    event.to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_another_maker_signs_are_believed_to_the_byte() -> Result<()> {
    let mut desk = Desk::start()?;
    let stripe = desk.open()?;
    let (organization, plan) = (OrganizationId::generate(), PlanId::generate());
    let made = desk.subscribe(organization, plan)?;
    for kind in ["customer.subscription.created", "invoice.payment_succeeded"] {
        desk.wait_for(kind)?;
    }
    let received_at = TestClock::default().now();
    let mut told = None;
    for (body, signature) in &desk.delivered {
        let headers = [("stripe-signature".to_owned(), signature.clone())];
        let raw = RawEvent { body: body.as_bytes(), headers: &headers, received_at };
        let event = stripe.verify(raw).await?;
        let mut altered = body.clone().into_bytes();
        let place = altered.len() / 2;
        altered[place] ^= 1;
        let raw = RawEvent { body: &altered, headers: &headers, received_at };
        let refused = stripe.verify(raw).await;
        ensure!(refused == Err(UnverifiedEvent::Signature), "{}: {refused:?}", event.kind);
        if let ProviderFact::Subscription(subscription) = event.fact {
            told = Some(subscription);
        }
    }
    let told = told.context("a subscription")?;
    assert_eq!(Some(told.provider_ref.as_str()), made["id"].as_str());
    assert_eq!(told.organization_id, Some(organization));
    assert_eq!((told.plan_id, told.state.interval), (Some(plan), Interval::Month));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_of_another_maker_are_read_as_they_are_meant() -> Result<()> {
    let mut desk = Desk::start()?;
    let stripe = desk.open()?;
    let (organization, plan) = (OrganizationId::generate(), PlanId::generate());
    let made = desk.subscribe(organization, plan)?;
    let name = made["id"].as_str().context("a subscription")?;

    let told = stripe.fetch_subscription(name).await?;
    assert_eq!(told.state.status, SubscriptionStatus::Active);
    let seconds = |micros: i64| Some(micros / 1_000_000);
    let (start, end) = (told.state.period_start, told.state.period_end);
    assert_eq!(seconds(start.as_micros()), made["current_period_start"].as_i64());
    assert_eq!(seconds(end.as_micros()), made["current_period_end"].as_i64());
    assert_eq!(told.state.at_period_end, AtPeriodEnd::Renew);
    for (order, at_period_end) in [
        (SubscriptionOrder::CancelAtPeriodEnd, AtPeriodEnd::Cancel),
        (SubscriptionOrder::Keep, AtPeriodEnd::Renew),
    ] {
        let changed = stripe.change_subscription(name, &order).await?;
        let SubscriptionChange::Done(told) = changed else { bail!("{changed:?}") };
        assert_eq!(told.state.at_period_end, at_period_end);
    }
    let missing = stripe.fetch_subscription("sub_of_nobody").await;
    assert!(matches!(missing, Err(PaymentError::NotFound { .. })), "{missing:?}");

    let invoices = stripe.list_invoices(name).await?;
    assert_eq!(invoices.len(), 1);
    assert_eq!(invoices[0].amount.to_string(), "49.00 USD");
    assert_eq!(invoices[0].state, InvoiceState::Paid);
    let path = format!("/v1/invoices/{}", invoices[0].provider_ref);
    let invoice = desk.ask("GET", &path, &json!({}))?;
    let paid = stripe.read_verified(&event_about("invoice.paid", &invoice));
    let ProviderFact::PaymentReceived(payment) = paid.fact else { bail!("{:?}", paid.fact) };
    assert_eq!(payment.subscription_ref.as_deref(), Some(name));
    assert_eq!(payment.amount, invoices[0].amount);

    let charge = invoice["charge"]["id"].as_str().or(invoice["charge"].as_str());
    let charge = charge.context("a charge")?;
    let refund = desk.ask("POST", "/v1/refunds", &json!({ "charge": charge, "amount": "1000" }))?;
    assert_eq!(
        (refund["amount"].as_i64(), refund["status"].as_str()),
        (Some(1_000), Some("succeeded"))
    );
    let charge = desk.ask("GET", &format!("/v1/charges/{charge}"), &json!({}))?;
    let event = stripe.read_verified(&event_about("charge.refunded", &charge));
    let ProviderFact::Refunded { payment_ref, total } = event.fact else { bail!("{charge}") };
    assert_eq!(Some(payment_ref.as_str()), invoice["payment_intent"].as_str());
    assert_eq!(total.to_string(), "10.00 USD");
    Ok(())
}
