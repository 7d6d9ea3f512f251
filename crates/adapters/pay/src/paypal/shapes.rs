//! PayPal's resources as far as they are used here, and what they say in our words.
//!
//! Field names and states are those of PayPal's reference of its REST APIs. Invariant: a field that
//! is not needed is not read.

use gantry_ports::payments::{
    DisputeState, InvoiceState, PaymentError, PaymentFeatures, ToldDispute, ToldInvoice,
    ToldPayment, UnverifiedEvent,
};
use gantry_types::{CheckoutId, OrganizationId, Timestamp};
use serde::Deserialize;

use super::amounts::Amount;

/// An address that belongs to a resource.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    pub href: String,
    pub rel: String,
}

/// What we hang on a resource so that its events lead back to us: whose it is, and our name for
/// the purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub organization_id: OrganizationId,
    pub checkout_id: CheckoutId,
}

impl Mark {
    pub(super) fn write(self) -> String {
        format!("{}/{}", self.organization_id, self.checkout_id)
    }

    pub(super) fn find(text: Option<&str>) -> Option<Self> {
        let (organization, checkout) = text?.split_once('/')?;
        let (organization_id, checkout_id) = (organization.parse().ok()?, checkout.parse().ok()?);
        Some(Self { organization_id, checkout_id })
    }
}

/// Money that was taken for an order.
#[derive(Debug, Deserialize)]
pub(super) struct Capture {
    pub id: String,
    pub amount: Amount,
    #[serde(default)]
    pub custom_id: Option<String>,
    #[serde(default)]
    pub seller_receivable_breakdown: Option<Receivable>,
    #[serde(default)]
    pub status_details: Option<StatusDetails>,
}

/// What a seller gets of it.
#[derive(Debug, Deserialize)]
pub(super) struct Receivable {
    #[serde(default)]
    pub paypal_fee: Option<Amount>,
}

/// Why it stands as it does.
#[derive(Debug, Deserialize)]
pub(super) struct StatusDetails {
    #[serde(default)]
    pub reason: Option<String>,
}

/// Money that was taken for a subscription.
#[derive(Debug, Deserialize)]
pub(super) struct Sale {
    pub id: String,
    pub amount: Amount,
    /// The subscription.
    #[serde(default)]
    pub billing_agreement_id: Option<String>,
    #[serde(default)]
    pub custom: Option<String>,
    #[serde(default)]
    pub transaction_fee: Option<Amount>,
}

/// Money of an order that was given back, or taken.
#[derive(Debug, Deserialize)]
pub(super) struct Return {
    pub id: String,
    pub amount: Amount,
    #[serde(default)]
    pub links: Vec<Link>,
}

/// Money of a subscription that was given back, or taken.
#[derive(Debug, Deserialize)]
pub(super) struct SaleReturn {
    pub id: String,
    pub amount: Amount,
    #[serde(default)]
    pub sale_id: Option<String>,
}

/// A subscription.
#[derive(Debug, Deserialize)]
pub(super) struct Subscription {
    pub id: String,
    pub plan_id: String,
    /// `APPROVAL_PENDING`, `APPROVED`, `ACTIVE`, `SUSPENDED`, `CANCELLED` or `EXPIRED`.
    pub status: String,
    #[serde(default)]
    pub custom_id: Option<String>,
    /// When it is paid for the first time.
    #[serde(default)]
    pub start_time: Option<Timestamp>,
    #[serde(default)]
    pub create_time: Option<Timestamp>,
    #[serde(default)]
    pub billing_info: Option<BillingInfo>,
    #[serde(default)]
    pub links: Vec<Link>,
}

#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct BillingInfo {
    #[serde(default)]
    pub next_billing_time: Option<Timestamp>,
    #[serde(default)]
    pub last_payment: Option<LastPayment>,
    #[serde(default)]
    pub failed_payments_count: u32,
    #[serde(default)]
    pub last_failed_payment: Option<FailedPayment>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct FailedPayment {
    #[serde(default)]
    pub amount: Option<Amount>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct LastPayment {
    pub time: Timestamp,
    #[serde(default)]
    pub amount: Option<Amount>,
}

/// A subscription that is to have another plan.
#[derive(Debug, Deserialize)]
pub(super) struct Revision {
    #[serde(default)]
    pub links: Vec<Link>,
}

/// A plan.
#[derive(Debug, Deserialize)]
pub(super) struct Plan {
    pub id: String,
    /// Our mark.
    #[serde(default)]
    pub description: Option<String>,
    /// `CREATED`, `INACTIVE` or `ACTIVE`.
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub billing_cycles: Vec<Cycle>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cycle {
    pub frequency: Frequency,
    /// `REGULAR` or `TRIAL`.
    pub tenure_type: String,
    #[serde(default)]
    pub pricing_scheme: Option<Pricing>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Frequency {
    /// `DAY`, `WEEK`, `MONTH` or `YEAR`.
    pub interval_unit: String,
    #[serde(default)]
    pub interval_count: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pricing {
    #[serde(default)]
    pub fixed_price: Option<Amount>,
}

/// A movement of money of a subscription.
#[derive(Debug, Deserialize)]
pub(super) struct Transaction {
    pub id: String,
    /// `COMPLETED`, `DECLINED`, `PARTIALLY_REFUNDED`, `PENDING` or `REFUNDED`.
    pub status: String,
    pub amount_with_breakdown: TransactionAmount,
    pub time: Timestamp,
}

#[derive(Debug, Deserialize)]
pub(super) struct TransactionAmount {
    pub gross_amount: Amount,
}

/// A dispute.
#[derive(Debug, Deserialize)]
pub(super) struct Dispute {
    /// `RESOLVED` when it has ended.
    pub status: String,
    pub dispute_amount: Amount,
    #[serde(default)]
    pub disputed_transactions: Vec<Disputed>,
    /// `INQUIRY`, `CHARGEBACK`, `PRE_ARBITRATION` or `ARBITRATION`.
    #[serde(default)]
    pub dispute_life_cycle_stage: String,
    #[serde(default)]
    pub dispute_outcome: Option<Outcome>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Disputed {
    #[serde(default)]
    pub seller_transaction_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Outcome {
    #[serde(default)]
    pub outcome_code: String,
}

/// The address of this kind.
pub(super) fn find_link<'l>(links: &'l [Link], rels: &[&str]) -> Option<&'l str> {
    links.iter().find(|link| rels.contains(&link.rel.as_str())).map(|link| link.href.as_str())
}

/// What is told beside the payment itself; a fee that cannot be read is none.
fn derive_features(fee: Option<&Amount>) -> PaymentFeatures {
    PaymentFeatures {
        method: Some("paypal".to_owned()),
        fee_minor: fee.and_then(|fee| fee.tell_size().ok()).map(|fee| fee.minor),
        ..PaymentFeatures::default()
    }
}

impl Capture {
    pub(super) fn tell(self) -> Result<ToldPayment, UnverifiedEvent> {
        let mark = Mark::find(self.custom_id.as_deref());
        let fee = self.seller_receivable_breakdown.and_then(|parts| parts.paypal_fee);
        let mut features = derive_features(fee.as_ref());
        features.error_code = self.status_details.and_then(|details| details.reason);
        Ok(ToldPayment {
            amount: self.amount.tell()?,
            provider_ref: self.id,
            subscription_ref: None,
            checkout_id: None,
            organization_id: mark.map(|mark| mark.organization_id),
            tax_minor: None,
            description: String::new(),
            features,
        })
    }
}

impl Sale {
    pub(super) fn tell(self, subscription: String) -> Result<ToldPayment, UnverifiedEvent> {
        let mark = Mark::find(self.custom.as_deref());
        let features = derive_features(self.transaction_fee.as_ref());
        Ok(ToldPayment {
            amount: self.amount.tell()?,
            provider_ref: self.id,
            subscription_ref: Some(subscription),
            checkout_id: mark.as_ref().map(|mark| mark.checkout_id),
            organization_id: mark.map(|mark| mark.organization_id),
            tax_minor: None,
            description: String::new(),
            features,
        })
    }
}

impl Subscription {
    /// Whether its buyer has not agreed yet.
    pub(super) fn is_pending(&self) -> bool {
        matches!(self.status.as_str(), "APPROVAL_PENDING" | "APPROVED")
    }
}

impl Return {
    /// The capture that it is of.
    pub(super) fn find_capture(&self) -> String {
        let parent = find_link(&self.links, &["up"]).and_then(|href| href.rsplit('/').next());
        parent.unwrap_or(&self.id).to_owned()
    }
}

impl SaleReturn {
    /// The sale that it is of.
    pub(super) fn find_sale(&self) -> String {
        self.sale_id.clone().unwrap_or_else(|| self.id.clone())
    }
}

impl Transaction {
    pub(super) fn show(self) -> Result<ToldInvoice, PaymentError> {
        let state = match self.status.as_str() {
            "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED" => InvoiceState::Paid,
            _ => InvoiceState::Open,
        };
        let amount = self.amount_with_breakdown.gross_amount.tell();
        Ok(ToldInvoice {
            amount: amount
                .map_err(|error| PaymentError::Unavailable { reason: error.to_string() })?,
            provider_ref: self.id,
            number: None,
            state,
            page_url: None,
            pdf_url: None,
            at: self.time,
        })
    }
}

impl Dispute {
    /// What it says; `None` while no money was taken, and for payments that are not named.
    pub(super) fn tell(&self) -> Result<Option<ToldDispute>, UnverifiedEvent> {
        let mut named = self.disputed_transactions.iter();
        let payment = named.find_map(|named| named.seller_transaction_id.clone());
        let (Some(payment_ref), Some(state)) = (payment, self.derive_state()) else {
            return Ok(None);
        };
        // What a bank takes names no dispute, but the payment, which has one at most.
        let (dispute_ref, amount) = (payment_ref.clone(), self.dispute_amount.tell()?);
        Ok(Some(ToldDispute { dispute_ref, payment_ref, amount, state }))
    }

    fn derive_state(&self) -> Option<DisputeState> {
        let outcome = self.dispute_outcome.as_ref().map(|outcome| outcome.outcome_code.as_str());
        match (self.status.as_str(), outcome) {
            ("RESOLVED", Some("RESOLVED_BUYER_FAVOUR" | "ACCEPTED")) => Some(DisputeState::Lost),
            // With a payout, the buyer has PayPal's money and the seller keeps theirs.
            (
                "RESOLVED",
                Some(
                    "RESOLVED_SELLER_FAVOUR"
                    | "RESOLVED_WITH_PAYOUT"
                    | "CANCELED_BY_BUYER"
                    | "DENIED",
                ),
            ) => Some(DisputeState::Won),
            ("RESOLVED", _) => None,
            (_, _) if self.dispute_life_cycle_stage == "INQUIRY" => None,
            (_, _) => Some(DisputeState::Open),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_inquiry_is_no_dispute_yet_and_an_outcome_ends_one() {
        for (status, stage, outcome, state) in [
            ("OPEN", "INQUIRY", None, None),
            ("WAITING_FOR_SELLER_RESPONSE", "CHARGEBACK", None, Some(DisputeState::Open)),
            ("UNDER_REVIEW", "ARBITRATION", None, Some(DisputeState::Open)),
            ("RESOLVED", "CHARGEBACK", Some("RESOLVED_BUYER_FAVOUR"), Some(DisputeState::Lost)),
            ("RESOLVED", "INQUIRY", Some("RESOLVED_SELLER_FAVOUR"), Some(DisputeState::Won)),
            ("RESOLVED", "CHARGEBACK", Some("NONE"), None),
        ] {
            let dispute: Dispute = serde_json::from_value(json!({
                "dispute_id": "PP-D-1", "status": status, "dispute_life_cycle_stage": stage,
                "dispute_amount": { "value": "5.00", "currency_code": "EUR" },
                "disputed_transactions": [{ "seller_transaction_id": "3C6" }],
                "dispute_outcome": outcome.map(|code| json!({ "outcome_code": code })),
            }))
            .unwrap();
            let told = dispute.tell().unwrap();
            assert_eq!(told.as_ref().map(|told| told.state), state, "{status} {stage}");
            assert!(told.is_none_or(|told| told.payment_ref == "3C6"));
        }
    }

    #[test]
    fn a_mark_leads_back_and_others_words_do_not() {
        let mark = Mark {
            organization_id: OrganizationId::generate(),
            checkout_id: CheckoutId::generate(),
        };
        let text = mark.write();
        assert!(text.len() <= 127, "PayPal takes no more");
        assert_eq!(Mark::find(Some(&text)), Some(mark));
        for other in [None, Some(""), Some("order 5"), Some("a/b")] {
            assert_eq!(Mark::find(other), None);
        }
    }
}
