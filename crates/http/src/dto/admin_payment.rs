//! Payments as administrators see them.
//!
//! Invariant: what a provider thinks of a payment is for administrators alone.

use gantry_ports::payments::RiskLevel;
use gantry_ports::store::{Payment, PaymentFilter};
use gantry_types::{OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::PaymentBody;

/// A payment, what its provider thinks of it, and how it was paid.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminPaymentBody {
    /// Who paid.
    #[schema(value_type = Uuid)]
    pub organization_id: OrganizationId,
    /// The payment.
    pub payment: PaymentBody,
    /// How likely it is fraud, in the provider's opinion: `normal`, `elevated`, `highest` or
    /// `unknown`.
    pub risk_level: Option<&'static str>,
    /// The same as a number, 0 to 100.
    pub risk_score: Option<u8>,
    /// The provider's word for the way it was paid, such as `card` or `upi`.
    pub method: Option<String>,
    /// The bank, by the provider's name.
    pub bank: Option<String>,
    /// The wallet, by the provider's name.
    pub wallet: Option<String>,
    /// What the provider keeps, tax included, in the smallest unit of what it settles in.
    pub fee_minor: Option<i64>,
    /// The tax in that.
    pub fee_tax_minor: Option<i64>,
    /// The provider's code of what went wrong.
    pub error_code: Option<String>,
    /// What went wrong, in the provider's words.
    pub error_reason: Option<String>,
}

impl From<Payment> for AdminPaymentBody {
    fn from(payment: Payment) -> Self {
        let (risk, features) = (payment.trail.risk, payment.trail.features.clone());
        Self {
            organization_id: payment.organization_id,
            payment: payment.into(),
            risk_level: risk.map(|risk| match risk.level {
                RiskLevel::Normal => "normal",
                RiskLevel::Elevated => "elevated",
                RiskLevel::Highest => "highest",
                RiskLevel::Unknown => "unknown",
            }),
            risk_score: risk.and_then(|risk| risk.score),
            method: features.method,
            bank: features.bank,
            wallet: features.wallet,
            fee_minor: features.fee_minor,
            fee_tax_minor: features.fee_tax_minor,
            error_code: features.error_code,
            error_reason: features.error_reason,
        }
    }
}

/// Which payments are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AdminPaymentParams {
    /// Of this organization; of all if not given.
    #[param(value_type = Option<Uuid>)]
    pub organization: Option<OrganizationId>,
    /// Of this provider, such as `stripe`.
    pub provider: Option<String>,
    /// Noted then or later, such as 2027-02-01T00:00:00Z.
    #[param(value_type = Option<String>)]
    pub since: Option<Timestamp>,
    /// Noted before then.
    #[param(value_type = Option<String>)]
    pub until: Option<Timestamp>,
}

impl From<AdminPaymentParams> for PaymentFilter {
    fn from(params: AdminPaymentParams) -> Self {
        let AdminPaymentParams { organization, provider, since, until } = params;
        Self { organization_id: organization, provider, since, until }
    }
}
