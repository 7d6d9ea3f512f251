//! What an event of a provider changes, in one transaction with the note of the event itself.
//!
//! Invariants: an event that is known changes nothing; what cannot be understood yet is kept as
//! unclear and changes nothing; an account's plan follows from its subscription by
//! [`gantry_rules::subscription::entitles`] alone.

mod checkouts;
mod invoices;
mod pages;
mod payments;
mod returns;
mod subscriptions;

pub(crate) use subscriptions::EndedHere;

use std::sync::Arc;
use std::time::Duration;

use gantry_access::Actor;
use gantry_letters::Letters;
use gantry_ports::StoreError;
use gantry_ports::payments::{ProviderEvent, ProviderFact};
use gantry_ports::store::{CheckoutStatus, EventOutcome, PaymentStatus, Tx};
use gantry_rules::invoice::InvoiceTerms;
use gantry_types::{OrganizationId, Timestamp};

use crate::notice::{BillingNews, BillingNotice};

/// What became of an event, why, and whom to tell.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    pub outcome: EventOutcome,
    pub note: String,
    pub notices: Vec<BillingNotice>,
}

/// What applying needs to know of the installation.
#[derive(Clone)]
pub(crate) struct Ground {
    /// The provider that tells.
    pub provider: String,
    /// The plan of accounts without a subscription.
    pub default_plan: String,
    /// How long a plan lasts while a payment is missing.
    pub grace: Duration,
    /// Writes letters to those who pay; a process that takes no money has none.
    pub letters: Option<Arc<Letters>>,
    /// After how long the credits of each package expire.
    pub expiries: Vec<(String, Option<Duration>)>,
    /// What invoices say.
    pub invoices: InvoiceTerms,
    /// Whether the provider writes those of what it tells as received, which leaves purchases.
    pub provider_writes_invoices: bool,
    /// Whether a subscription's becoming overdue is all that the provider tells of a payment that
    /// failed, so that it is what those who pay are written of.
    pub overdue_tells_of_failure: bool,
    /// Whether what the provider tells of a subscription says that it ends with its period.
    pub ends_are_told: bool,
    /// Now.
    pub now: Timestamp,
}

impl Verdict {
    fn new(outcome: EventOutcome, note: impl Into<String>) -> Self {
        Self { outcome, note: note.into(), notices: Vec::new() }
    }

    fn telling(mut self, organization_id: OrganizationId, news: BillingNews) -> Self {
        self.notices.push(BillingNotice { organization_id, news });
        self
    }
}

fn applied(note: impl Into<String>) -> Verdict {
    Verdict::new(EventOutcome::Applied, note)
}

fn ignored(note: impl Into<String>) -> Verdict {
    Verdict::new(EventOutcome::Ignored, note)
}

fn unclear(note: impl Into<String>) -> Verdict {
    Verdict::new(EventOutcome::Unclear, note)
}

impl Ground {
    /// Applies an event.
    pub(crate) async fn apply(
        &self,
        tx: &dyn Tx,
        event: &ProviderEvent,
    ) -> Result<Verdict, StoreError> {
        match &event.fact {
            ProviderFact::CheckoutPaid { checkout_id, page, payment } => {
                let Some(id) = *checkout_id else { return Ok(ignored("no checkout of ours")) };
                self.complete_checkout(tx, id, (page, payment.as_ref())).await
            }
            ProviderFact::CheckoutExpired { checkout_id } => {
                let Some(id) = checkout_id else { return Ok(ignored("no checkout of ours")) };
                let status = CheckoutStatus::Expired;
                let ended = tx.payments().finish_checkout(*id, status, self.now).await?;
                Ok(if ended { applied("nobody paid in time") } else { ignored("it had ended") })
            }
            ProviderFact::Subscription(told) => self.apply_subscription(tx, told).await,
            ProviderFact::PaymentReceived(told) => {
                self.note_payment(tx, told, (PaymentStatus::Received, event.told_at)).await
            }
            ProviderFact::PaymentFailed(told) => {
                self.note_payment(tx, told, (PaymentStatus::Failed, event.told_at)).await
            }
            ProviderFact::Declined { payment, risk } => {
                self.note_declined(tx, payment, *risk).await
            }
            ProviderFact::PaidBy { payment_ref, charge_ref } => {
                self.note_charge(tx, payment_ref, charge_ref).await
            }
            ProviderFact::Refunded { payment_ref, total } => {
                self.note_refunds_told(tx, payment_ref, *total).await
            }
            ProviderFact::Refund(told) => self.note_refund(tx, told).await,
            ProviderFact::Disputed(told) => self.apply_dispute(tx, told).await,
            ProviderFact::Assessed { payment_ref, risk, method } => {
                self.note_risk(tx, payment_ref, (*risk, method.as_deref())).await
            }
            ProviderFact::Unread { reason } => Ok(unclear(reason.as_str())),
            ProviderFact::Other => Ok(ignored("nothing follows from it")),
        }
    }

    async fn audit(
        &self,
        tx: &dyn Tx,
        organization_id: OrganizationId,
        (action, subject, details): (&'static str, &str, serde_json::Value),
    ) -> Result<(), StoreError> {
        let actor = Actor::system(organization_id);
        tx.audit().append(&actor.audit_entry(action, subject, details, self.now)).await
    }
}
