//! The objects as they travel.

use serde::{Deserialize, Serialize};

use super::discounts::NamedDiscount;
use super::older::AnySubscription;
use super::{Metadata, read_name, read_or_empty};

/// A page on which somebody pays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CheckoutSession {
    pub id: String,
    pub client_reference_id: Option<String>,
    /// `payment` or `subscription`.
    pub mode: String,
    /// `paid`, `unpaid` or `no_payment_required`.
    pub payment_status: String,
    #[serde(default, deserialize_with = "read_name")]
    pub payment_intent: Option<String>,
    #[serde(default, deserialize_with = "read_name")]
    pub subscription: Option<String>,
    /// What all of it costs, before codes take anything off and taxes are added.
    #[serde(default)]
    pub amount_subtotal: Option<i64>,
    pub amount_total: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic_tax: Option<AutomaticTax>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_details: Option<TotalDetails>,
    pub currency: Option<String>,
    /// Where it is, while it is open.
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default, deserialize_with = "read_or_empty")]
    pub metadata: Metadata,
}

/// What Stripe Tax did for a page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AutomaticTax {
    /// `complete` once the tax was worked out, also where there is none.
    #[serde(default)]
    pub status: Option<String>,
}

/// What a total is made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TotalDetails {
    pub amount_tax: i64,
}

/// A subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "AnySubscription")]
pub(crate) struct Subscription {
    pub id: String,
    pub status: String,
    pub cancel_at_period_end: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    pub items: Items,
    /// Named, unless they were asked for in full.
    pub discounts: Vec<NamedDiscount>,
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Items {
    pub data: Vec<SubscriptionItem>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct SubscriptionItem {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub current_period_start: i64,
    pub current_period_end: i64,
    pub price: Price,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Price {
    pub unit_amount: Option<i64>,
    pub currency: String,
    pub recurring: Option<Recurring>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Recurring {
    /// `month` or `year`.
    pub interval: String,
}

/// A bill.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Invoice {
    pub id: String,
    /// Where versions before 2025-03-31 name what it is for.
    #[serde(default, deserialize_with = "read_name", skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub parent: Option<Parent>,
    pub amount_due: i64,
    pub amount_paid: i64,
    pub currency: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosted_invoice_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_pdf: Option<String>,
    #[serde(default)]
    pub created: i64,
    #[serde(default, deserialize_with = "read_or_empty")]
    pub metadata: Metadata,
    /// The payments of it, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payments: Option<InvoicePayments>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Parent {
    pub subscription_details: Option<SubscriptionDetails>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SubscriptionDetails {
    #[serde(default, deserialize_with = "read_name")]
    pub subscription: Option<String>,
    #[serde(default, deserialize_with = "read_or_empty")]
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InvoicePayments {
    pub data: Vec<InvoicePayment>,
}

/// A payment of an invoice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InvoicePayment {
    #[serde(default, deserialize_with = "read_name")]
    pub invoice: Option<String>,
    /// `open`, `paid` or `canceled`.
    pub status: String,
    pub payment: PaidWith,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PaidWith {
    #[serde(default, deserialize_with = "read_name")]
    pub payment_intent: Option<String>,
    #[serde(default, deserialize_with = "read_name")]
    pub charge: Option<String>,
}

/// Money that was taken, and perhaps given back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub id: String,
    #[serde(default, deserialize_with = "read_name")]
    pub payment_intent: Option<String>,
    /// Only in versions before 2025-03-31.
    #[serde(default, deserialize_with = "read_name")]
    pub invoice: Option<String>,
    pub amount_refunded: i64,
    pub currency: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method_details: Option<MethodDetails>,
}

/// Money that was asked for in vain.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FailedCharge {
    pub id: String,
    #[serde(default, deserialize_with = "read_name")]
    pub payment_intent: Option<String>,
    pub amount: i64,
    pub currency: String,
    #[serde(default)]
    pub failure_code: Option<String>,
    #[serde(default)]
    pub failure_message: Option<String>,
    #[serde(default)]
    pub outcome: Option<Outcome>,
    #[serde(default)]
    pub payment_method_details: Option<MethodDetails>,
    #[serde(default, deserialize_with = "read_or_empty")]
    pub metadata: Metadata,
}

/// How a charge was paid.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MethodDetails {
    /// Such as `card` or `sepa_debit`.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
}

/// What Stripe's Radar thinks of a charge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// `normal`, `elevated`, `highest`, or a word that says nothing.
    #[serde(default)]
    pub risk_level: Option<String>,
    #[serde(default)]
    pub risk_score: Option<i64>,
    /// Why it was refused, such as `highest_risk_level`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Money that was given back once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    /// `pending`, `requires_action`, `succeeded`, `failed` or `canceled`.
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "read_name")]
    pub charge: Option<String>,
    #[serde(default, deserialize_with = "read_name")]
    pub payment_intent: Option<String>,
}

/// A buyer told their bank that a charge was not theirs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Dispute {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    #[serde(default, deserialize_with = "read_name")]
    pub charge: Option<String>,
    #[serde(default, deserialize_with = "read_name")]
    pub payment_intent: Option<String>,
}
