//! Razorpay's entities as far as they are used here, and what they say in our words.
//!
//! Field names and states are those of Razorpay's documentation. Invariant: a field that is not
//! needed is not read.

use std::collections::BTreeMap;

use gantry_ports::payments::{
    DisputeState, InvoiceState, PaymentFeatures, RefundState, ToldInvoice, ToldPayment, ToldRefund,
    UnverifiedEvent,
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::shapes::{ORGANIZATION, money_of, time_of};

/// What we hang on an entity so that its events lead back to us.
pub(super) type Notes = BTreeMap<String, String>;

/// Notes that are empty travel as a list.
fn read_notes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Notes, D::Error> {
    let Value::Object(fields) = Value::deserialize(deserializer)? else { return Ok(Notes::new()) };
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    };
    Ok(fields.into_iter().filter_map(|(key, value)| Some((key, text(value)?))).collect())
}

/// The state of an invoice that nothing is left to pay of.
pub(super) const INVOICE_PAID: &str = "paid";

/// Whether the money of a payment in this state was taken; of one that is authorized it may still go
/// back by itself.
pub(super) fn is_ours(status: &str) -> bool {
    matches!(status, "captured" | "refunded")
}

/// A page on which something is paid once.
#[derive(Debug, Deserialize)]
pub(super) struct PaymentLink {
    pub id: String,
    #[serde(default)]
    pub reference_id: String,
    #[serde(default)]
    pub short_url: String,
    /// `created`, `partially_paid`, `paid`, `cancelled` or `expired`.
    pub status: String,
    #[serde(default)]
    pub payments: Option<Vec<LinkPayment>>,
}

/// A payment as its link names it.
#[derive(Debug, Deserialize)]
pub(super) struct LinkPayment {
    pub payment_id: String,
    pub status: String,
}

/// A payment.
#[derive(Debug, Deserialize)]
pub(super) struct Payment {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    /// `created`, `authorized`, `captured`, `refunded` or `failed`.
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub amount_refunded: Option<i64>,
    #[serde(default)]
    pub description: Option<String>,
    /// `card`, `netbanking`, `wallet`, `emi` or `upi`.
    #[serde(default)]
    pub method: Option<String>,
    #[serde(default)]
    pub bank: Option<String>,
    #[serde(default)]
    pub wallet: Option<String>,
    #[serde(default)]
    pub fee: Option<i64>,
    #[serde(default)]
    pub tax: Option<i64>,
    #[serde(default)]
    pub error_code: Option<String>,
    #[serde(default)]
    pub error_reason: Option<String>,
    #[serde(default, deserialize_with = "read_notes")]
    pub notes: Notes,
}

/// A subscription.
#[derive(Debug, Deserialize)]
pub(super) struct Subscription {
    pub id: String,
    pub plan_id: String,
    /// `created`, `authenticated`, `active`, `pending`, `halted`, `cancelled`, `completed`,
    /// `expired` or `paused`.
    pub status: String,
    pub current_start: Option<i64>,
    pub current_end: Option<i64>,
    pub start_at: Option<i64>,
    pub created_at: i64,
    #[serde(default)]
    pub short_url: Option<String>,
    #[serde(default, deserialize_with = "read_notes")]
    pub notes: Notes,
}

/// A plan.
#[derive(Debug, Deserialize)]
pub(super) struct Plan {
    pub id: String,
    /// `daily`, `weekly`, `monthly`, `quarterly` or `yearly`.
    pub period: String,
    pub interval: i64,
    pub item: PlanItem,
    #[serde(default, deserialize_with = "read_notes")]
    pub notes: Notes,
}

#[derive(Debug, Deserialize)]
pub(super) struct PlanItem {
    pub amount: i64,
}

/// An invoice.
#[derive(Debug, Deserialize)]
pub(super) struct Invoice {
    pub id: String,
    #[serde(default)]
    pub invoice_number: Option<String>,
    #[serde(default)]
    pub subscription_id: Option<String>,
    /// `draft`, `issued`, `partially_paid`, `paid`, `expired` or `cancelled`.
    pub status: String,
    pub amount: Option<i64>,
    pub currency: Option<String>,
    #[serde(default)]
    pub short_url: Option<String>,
    pub created_at: i64,
}

/// Money that was given back once.
#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    pub id: String,
    pub payment_id: String,
    pub amount: i64,
    pub currency: String,
    /// `pending`, `processed` or `failed`.
    #[serde(default)]
    pub status: String,
}

/// A dispute.
#[derive(Debug, Deserialize)]
pub(super) struct Dispute {
    pub id: String,
    pub payment_id: String,
    pub amount: i64,
    pub currency: String,
    /// `open`, `under_review`, `won`, `lost` or `closed`.
    pub status: String,
    /// `chargeback`, or an earlier and milder phase.
    #[serde(default)]
    pub phase: String,
}

impl Payment {
    pub(super) fn tell(self, subscription: Option<String>) -> Result<ToldPayment, UnverifiedEvent> {
        Ok(ToldPayment {
            amount: money_of(self.amount, &self.currency)?,
            organization_id: self.notes.get(ORGANIZATION).and_then(|text| text.parse().ok()),
            provider_ref: self.id,
            subscription_ref: subscription,
            checkout_id: None,
            tax_minor: None,
            description: self.description.unwrap_or_default(),
            features: PaymentFeatures {
                method: self.method,
                bank: self.bank,
                wallet: self.wallet,
                fee_minor: self.fee,
                fee_tax_minor: self.tax,
                error_code: self.error_code,
                error_reason: self.error_reason,
            },
        })
    }
}

impl Invoice {
    pub(super) fn show(self) -> Result<ToldInvoice, UnverifiedEvent> {
        let state = match self.status.as_str() {
            "draft" => InvoiceState::Draft,
            "paid" => InvoiceState::Paid,
            "cancelled" | "expired" => InvoiceState::Void,
            _ => InvoiceState::Open,
        };
        let currency = self.currency.as_deref().unwrap_or("INR");
        Ok(ToldInvoice {
            amount: money_of(self.amount.unwrap_or_default(), currency)?,
            provider_ref: self.id,
            number: self.invoice_number,
            state,
            page_url: self.short_url,
            pdf_url: None,
            at: time_of(self.created_at),
        })
    }
}

impl Refund {
    /// What it says in an event of a kind.
    pub(super) fn tell(self, kind: &str) -> Result<ToldRefund, UnverifiedEvent> {
        let has_failed = kind == "refund.failed" || self.status == "failed";
        Ok(ToldRefund {
            amount: money_of(self.amount, &self.currency)?,
            payment_ref: self.payment_id,
            refund_ref: self.id,
            state: if has_failed { RefundState::Failed } else { RefundState::Given },
        })
    }
}

impl Dispute {
    /// Where it stands; `None` while no money was taken.
    pub(super) fn derive_state(&self) -> Option<DisputeState> {
        match (self.status.as_str(), self.phase.as_str()) {
            ("won", _) => Some(DisputeState::Won),
            ("lost", _) => Some(DisputeState::Lost),
            (_, "fraud" | "retrieval") => None,
            ("open" | "under_review", _) => Some(DisputeState::Open),
            (_, _) => None,
        }
    }
}
