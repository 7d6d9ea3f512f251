//! What Razorpay's lists say of money that moved, in the shape of events: it keeps no list of these.
//!
//! Invariants: money that is not captured is not ours and is told of nowhere; a dispute is looked at
//! for as long as one lasts, because its list knows when it began and not when it changed.

use std::time::Duration;

use gantry_ports::payments::PaymentError;
use gantry_types::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::Razorpay;
use super::api::Collection;
use super::events::write_event;
use super::provider::segment;
use super::shapes::{INVOICE_PAID, is_ours};
use crate::shapes::seconds_of;
use crate::wire::unreadable;

/// Entities of one page of a list, and pages that are looked through.
const PAGE: usize = 100;
const MOST_PAGES: usize = 20;
/// How much earlier a dispute began that ends now.
const LONGEST_DISPUTE: Duration = Duration::from_hours(120 * 24);

#[derive(Deserialize)]
struct ListedPayment {
    status: String,
    #[serde(default)]
    invoice_id: Option<String>,
    created_at: i64,
}

impl Razorpay {
    /// What was paid for subscriptions since, as events.
    pub(super) async fn look_at_payments(
        &self,
        since: Timestamp,
    ) -> Result<Vec<String>, PaymentError> {
        let mut bodies = Vec::new();
        for payment in self.list("payments", since).await? {
            let facts = ListedPayment::deserialize(&payment).map_err(unreadable)?;
            let Some(invoice) = facts.invoice_id.filter(|_| is_ours(&facts.status)) else {
                continue;
            };
            let path = format!("/v1/invoices/{}", segment(&invoice)?);
            let invoice: Value = self.api.get(&path).await?.body;
            if invoice["status"] == INVOICE_PAID {
                let entities = [("invoice", &invoice), ("payment", &payment)];
                bodies.push(write_event("invoice.paid", &entities, facts.created_at));
            }
        }
        Ok(bodies)
    }

    /// What was given back since, and what of it failed, as events.
    pub(super) async fn look_at_refunds(
        &self,
        since: Timestamp,
    ) -> Result<Vec<String>, PaymentError> {
        let write = |refund: Value| {
            let kind = match refund["status"].as_str() {
                Some("failed") => "refund.failed",
                Some(_) | None => "refund.processed",
            };
            write_event(kind, &[("refund", &refund)], begun_at(&refund))
        };
        Ok(self.list("refunds", since).await?.into_iter().map(write).collect())
    }

    /// What is disputed, and what became of it, as events.
    pub(super) async fn look_at_disputes(
        &self,
        since: Timestamp,
    ) -> Result<Vec<String>, PaymentError> {
        let write = |dispute: Value| {
            let kind = match dispute["status"].as_str() {
                Some("won") => "payment.dispute.won",
                Some("lost") => "payment.dispute.lost",
                Some("closed") => "payment.dispute.closed",
                Some(_) | None => "payment.dispute.created",
            };
            write_event(kind, &[("dispute", &dispute)], begun_at(&dispute))
        };
        let listed = self.list("disputes", since.minus(LONGEST_DISPUTE)).await?;
        Ok(listed.into_iter().map(write).collect())
    }

    /// The entities of a list that began since, newest first.
    async fn list(&self, what: &str, since: Timestamp) -> Result<Vec<Value>, PaymentError> {
        let mut found = Vec::new();
        for page in 0..MOST_PAGES {
            let (from, skip) = (seconds_of(since), page * PAGE);
            let path = format!("/v1/{what}?from={from}&count={PAGE}&skip={skip}");
            let list: Collection<Value> = self.api.get(&path).await?.body;
            let count = list.items.len();
            found.extend(list.items);
            if count < PAGE {
                break;
            }
        }
        Ok(found)
    }
}

fn begun_at(entity: &Value) -> i64 {
    entity["created_at"].as_i64().unwrap_or_default()
}
