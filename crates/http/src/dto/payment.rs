//! What was paid, and the provider's page for it.

use gantry_ports::payments::DisputeState;
use gantry_ports::store::{Payment, PaymentStatus};
use gantry_types::{LotId, Money, PaymentId, SubscriptionId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::MoneyBody;

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: PaymentId,
    /// The provider.
    pub provider: String,
    /// The provider's name for it.
    pub provider_ref: String,
    /// The subscription that it was for.
    #[schema(value_type = Option<Uuid>)]
    pub subscription_id: Option<SubscriptionId>,
    /// The credits that it bought.
    #[schema(value_type = Option<Uuid>)]
    pub lot_id: Option<LotId>,
    /// How much.
    pub amount: MoneyBody,
    /// How much of it was given back.
    pub refunded: MoneyBody,
    /// `received` or `failed`.
    pub status: &'static str,
    /// Where a dispute about it stands: `open`, `won` or `lost`.
    pub dispute: Option<&'static str>,
    /// How much is or was disputed.
    pub disputed: MoneyBody,
    /// What it was for.
    pub description: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl From<Payment> for PaymentBody {
    fn from(payment: Payment) -> Self {
        let part = |minor: i64| Money { minor, ..payment.amount };
        let (refunded, disputed) =
            (part(payment.refunded_minor), part(payment.trail.disputed_minor));
        Self {
            id: payment.id,
            provider: payment.provider,
            provider_ref: payment.provider_ref,
            subscription_id: payment.subscription_id,
            lot_id: payment.lot_id,
            amount: payment.amount.into(),
            refunded: refunded.into(),
            status: match payment.status {
                PaymentStatus::Received => "received",
                PaymentStatus::Failed => "failed",
            },
            dispute: payment.trail.dispute.map(|state| match state {
                DisputeState::Open => "open",
                DisputeState::Won => "won",
                DisputeState::Lost => "lost",
            }),
            disputed: disputed.into(),
            description: payment.description,
            at: payment.at,
        }
    }
}

/// A page of the payment provider for a subscription.
#[derive(Debug, Serialize, ToSchema)]
pub struct PortalBody {
    /// Where it is.
    pub url: String,
}
