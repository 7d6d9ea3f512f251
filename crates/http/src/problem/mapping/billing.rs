//! What billing and payment providers refuse.

use gantry_billing::BillingError;
use gantry_ports::PaymentError;
use gantry_ports::payments::UnverifiedEvent;
use gantry_types::ProblemCode;

use super::{sentence, unavailable};
use crate::problem::Problem;

impl From<BillingError> for Problem {
    fn from(error: BillingError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            BillingError::Access(error) => error.into(),
            BillingError::NotOffered { .. } => Self::new(ProblemCode::NotFound, detail)
                .with_next_step("GET /api/v1/plans lists what is sold here."),
            BillingError::NotForSale { .. } | BillingError::Conflict { .. } => {
                Self::new(ProblemCode::Conflict, detail)
            }
            BillingError::IdempotencyMismatch => {
                Self::new(ProblemCode::IdempotencyMismatch, detail)
                    .with_next_step("Use a new Idempotency-Key for a new request.")
            }
            BillingError::Overtaken => Self::new(ProblemCode::Overtaken, detail)
                .with_next_step("Repeat it with the same Idempotency-Key for the answer."),
            BillingError::WrongLimit { place, field, .. } => {
                Self::new(ProblemCode::InvalidParameters, detail.clone())
                    .with_error(format!("/overrides/{place}/{field}"), detail)
            }
            BillingError::WrongDetails(wrong) => Self::new(ProblemCode::InvalidRequest, detail)
                .with_error(format!("/details/{}", wrong.field), sentence(&wrong.reason)),
            BillingError::AlreadySubscribed => Self::new(ProblemCode::Conflict, detail)
                .with_next_step("Send `switch` to POST /api/v1/account/subscription."),
            BillingError::NoSubscription => Self::new(ProblemCode::Conflict, detail)
                .with_next_step("Buy a plan with POST /api/v1/account/checkouts."),
            BillingError::ProviderGone { .. } => Self::new(ProblemCode::Conflict, detail)
                .with_next_step("Ask the operator, or cancel it at the provider itself."),
            BillingError::NoProvider => Self::new(ProblemCode::NotFound, detail),
            BillingError::Payment(error) => error.into(),
            BillingError::Unverified(UnverifiedEvent::Unavailable { .. }) => unavailable(detail),
            BillingError::Unverified(
                UnverifiedEvent::Signature
                | UnverifiedEvent::TooOld
                | UnverifiedEvent::Unreadable { .. },
            ) => Self::new(ProblemCode::InvalidRequest, detail)
                .with_next_step("Check the signing secret and the clocks of both sides."),
            BillingError::Store(error) => error.into(),
        }
    }
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            PaymentError::NotFound { .. } => Self::new(ProblemCode::NotFound, detail),
            PaymentError::Refused { .. } => Self::new(ProblemCode::Conflict, detail),
            // Which key is wrong is for the log, not for the one who pays.
            PaymentError::Misconfigured { .. } | PaymentError::Unavailable { .. } => {
                unavailable(detail)
            }
        }
    }
}
