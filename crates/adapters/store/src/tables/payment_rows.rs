//! Rows of checkouts, subscriptions, payments and events.

use gantry_ports::StoreError;
use gantry_ports::store::{
    Checkout, Payment, PaymentDispute, PaymentEvent, PaymentRefund, PaymentTrail,
    SubscriptionChange,
};
use gantry_rules::discount::{Discount, KnownDiscount};
use gantry_rules::subscription::{Standing, Subscription, SubscriptionState};
use gantry_types::{
    CheckoutId, Currency, LotId, Money, OrganizationId, PaymentEventId, PaymentId, PlanId,
    SubscriptionId, UserId,
};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{decode_json, decode_serde_word, decode_time, decode_word};

pub(super) const CHECKOUT_COLUMNS: &str = "id, organization_id, user_id, provider, provider_ref, \
     purchase, price_minor, currency, status, created_at";
pub(super) const SUBSCRIPTION_COLUMNS: &str = "id, organization_id, provider, provider_ref, \
     plan_id, status, billed, period_start, period_end, at_period_end, past_due_since, told_at, \
     discount_minor, discount_until, discount_news, created_at";
pub(super) const CHANGE_COLUMNS: &str = "subscription_id, organization_id, plan_id, status, billed, \
     discount_minor, discount_until, at";
pub(super) const PAYMENT_COLUMNS: &str = "id, organization_id, provider, provider_ref, \
     subscription_id, subscription_ref, lot_id, amount_minor, currency, refunded_minor, status, \
     description, at, charge_ref, dispute, disputed_minor, risk, refunds_told_minor, features";
pub(super) const EVENT_COLUMNS: &str =
    "id, provider, event_ref, kind, body, outcome, note, received_at, given_up_at";
/// The same without the text.
pub(super) const EVENT_HEAD_COLUMNS: &str =
    "id, provider, event_ref, kind, '' AS body, outcome, note, received_at, given_up_at";

/// A row of `checkouts`.
#[derive(Debug, FromQueryResult)]
pub(super) struct CheckoutRow {
    id: Uuid,
    organization_id: Uuid,
    user_id: Option<Uuid>,
    provider: String,
    provider_ref: String,
    purchase: String,
    price_minor: i64,
    currency: String,
    status: String,
    created_at: i64,
}

impl CheckoutRow {
    pub(super) fn decode(self) -> Result<Checkout, StoreError> {
        Ok(Checkout {
            id: CheckoutId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            user_id: self.user_id.map(UserId::from_uuid),
            provider: self.provider,
            provider_ref: self.provider_ref,
            purchase: decode_json("purchase", &self.purchase)?,
            price: decode_money(self.price_minor, &self.currency)?,
            status: decode_serde_word("checkout status", &self.status)?,
            created_at: decode_time(self.created_at),
        })
    }
}

/// A row of `subscriptions`.
#[derive(Debug, FromQueryResult)]
pub(super) struct SubscriptionRow {
    id: Uuid,
    organization_id: Uuid,
    provider: String,
    provider_ref: String,
    plan_id: Uuid,
    status: String,
    billed: String,
    period_start: i64,
    period_end: i64,
    at_period_end: String,
    past_due_since: Option<i64>,
    told_at: i64,
    discount_minor: i64,
    discount_until: Option<i64>,
    discount_news: String,
    created_at: i64,
}

impl SubscriptionRow {
    pub(super) fn decode(self) -> Result<Subscription, StoreError> {
        Ok(Subscription {
            id: SubscriptionId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            provider: self.provider,
            provider_ref: self.provider_ref,
            standing: Standing {
                plan_id: PlanId::from_uuid(self.plan_id),
                discount: KnownDiscount {
                    off: decode_discount(self.discount_minor, self.discount_until),
                    news: decode_serde_word("news of a discount", &self.discount_news)?,
                },
                state: SubscriptionState {
                    status: decode_serde_word("subscription status", &self.status)?,
                    interval: decode_serde_word("interval", &self.billed)?,
                    period_start: decode_time(self.period_start),
                    period_end: decode_time(self.period_end),
                    at_period_end: decode_serde_word("end of a period", &self.at_period_end)?,
                    past_due_since: self.past_due_since.map(decode_time),
                    told_at: decode_time(self.told_at),
                },
            },
            created_at: decode_time(self.created_at),
        })
    }
}

/// A row of `subscription_changes`.
#[derive(Debug, FromQueryResult)]
pub(super) struct ChangeRow {
    subscription_id: Uuid,
    organization_id: Uuid,
    plan_id: Uuid,
    status: String,
    billed: String,
    discount_minor: i64,
    discount_until: Option<i64>,
    at: i64,
}

impl ChangeRow {
    pub(super) fn decode(self) -> Result<SubscriptionChange, StoreError> {
        Ok(SubscriptionChange {
            subscription_id: SubscriptionId::from_uuid(self.subscription_id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            plan_id: PlanId::from_uuid(self.plan_id),
            status: decode_serde_word("subscription status", &self.status)?,
            interval: decode_serde_word("interval", &self.billed)?,
            discount: decode_discount(self.discount_minor, self.discount_until),
            at: decode_time(self.at),
        })
    }
}

/// No discount is kept as one of nothing.
fn decode_discount(minor: i64, until: Option<i64>) -> Option<Discount> {
    (minor > 0).then(|| Discount { minor, until: until.map(decode_time) })
}

/// A row of `payments`.
#[derive(Debug, FromQueryResult)]
pub(super) struct PaymentRow {
    id: Uuid,
    organization_id: Uuid,
    provider: String,
    provider_ref: String,
    subscription_id: Option<Uuid>,
    subscription_ref: Option<String>,
    lot_id: Option<Uuid>,
    amount_minor: i64,
    currency: String,
    refunded_minor: i64,
    status: String,
    description: String,
    at: i64,
    charge_ref: Option<String>,
    dispute: Option<String>,
    disputed_minor: i64,
    risk: Option<String>,
    refunds_told_minor: i64,
    features: String,
}

impl PaymentRow {
    pub(super) fn decode(self) -> Result<Payment, StoreError> {
        let dispute = self.dispute.map(|word| decode_serde_word("dispute", &word)).transpose()?;
        let risk = self.risk.map(|text| decode_json("risk", &text)).transpose()?;
        Ok(Payment {
            id: PaymentId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            provider: self.provider,
            provider_ref: self.provider_ref,
            subscription_id: self.subscription_id.map(SubscriptionId::from_uuid),
            subscription_ref: self.subscription_ref,
            lot_id: self.lot_id.map(LotId::from_uuid),
            amount: decode_money(self.amount_minor, &self.currency)?,
            refunded_minor: self.refunded_minor,
            status: decode_serde_word("payment status", &self.status)?,
            description: self.description,
            at: decode_time(self.at),
            trail: PaymentTrail {
                charge_ref: self.charge_ref,
                dispute,
                disputed_minor: self.disputed_minor,
                risk,
                refunds_told_minor: self.refunds_told_minor,
                features: decode_json("features", &self.features)?,
            },
        })
    }
}

/// A row of `payment_refunds`.
#[derive(Debug, FromQueryResult)]
pub(super) struct RefundRow {
    payment_id: Uuid,
    provider: String,
    refund_ref: String,
    minor: i64,
    state: String,
}

impl RefundRow {
    pub(super) fn decode(self) -> Result<PaymentRefund, StoreError> {
        Ok(PaymentRefund {
            payment_id: PaymentId::from_uuid(self.payment_id),
            provider: self.provider,
            refund_ref: self.refund_ref,
            minor: self.minor,
            state: decode_serde_word("refund", &self.state)?,
        })
    }
}

/// A row of `payment_disputes`.
#[derive(Debug, FromQueryResult)]
pub(super) struct DisputeRow {
    payment_id: Uuid,
    provider: String,
    dispute_ref: String,
    minor: i64,
    state: String,
}

impl DisputeRow {
    pub(super) fn decode(self) -> Result<PaymentDispute, StoreError> {
        Ok(PaymentDispute {
            payment_id: PaymentId::from_uuid(self.payment_id),
            provider: self.provider,
            dispute_ref: self.dispute_ref,
            minor: self.minor,
            state: decode_serde_word("dispute", &self.state)?,
        })
    }
}

/// A row of `payment_events`.
#[derive(Debug, FromQueryResult)]
pub(super) struct EventRow {
    id: Uuid,
    provider: String,
    event_ref: String,
    kind: String,
    body: String,
    outcome: String,
    note: String,
    received_at: i64,
    given_up_at: Option<i64>,
}

impl EventRow {
    pub(super) fn decode(self) -> Result<PaymentEvent, StoreError> {
        Ok(PaymentEvent {
            id: PaymentEventId::from_uuid(self.id),
            provider: self.provider,
            event_ref: self.event_ref,
            kind: self.kind,
            body: self.body,
            outcome: decode_serde_word("event outcome", &self.outcome)?,
            note: self.note,
            received_at: decode_time(self.received_at),
            given_up_at: self.given_up_at.map(decode_time),
        })
    }
}

fn decode_money(minor: i64, currency: &str) -> Result<Money, StoreError> {
    Ok(Money { minor, currency: decode_word::<Currency>("currency", currency)? })
}
