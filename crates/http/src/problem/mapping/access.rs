//! What identity and flags refuse.

use gantry_access::{AccessError, Permission};
use gantry_rules::refusal::Refusal;
use gantry_types::ProblemCode;

use super::{seconds_of, sentence};
use crate::dto::ADMINISTRATOR_SIGN_IN;
use crate::problem::Problem;

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            AccessError::NotSignedIn => Self::new(ProblemCode::NotSignedIn, detail).with_next_step(
                "Sign in, or send a valid API key as `Authorization: Bearer gk_…`.",
            ),
            AccessError::TokenRefused { .. } => Self::new(ProblemCode::NotSignedIn, detail)
                .with_next_step("Get a new token from its issuer, for this service."),
            AccessError::NotProvisioned { issuer } => Self::new(ProblemCode::NotSignedIn, detail)
                .with_next_step(format!(
                    "The operator lets tokens of `{issuer}` make accounts by `provision = true`; \
                     it takes an address that is proven there and has no account here."
                )),
            AccessError::WrongCredentials => Self::new(ProblemCode::WrongCredentials, detail),
            AccessError::LockedOut { until, retry_after } => {
                Self::new(ProblemCode::LockedOut, detail)
                    .with("resets_at", until.to_string())
                    .with_retry_after(seconds_of(retry_after))
            }
            AccessError::MailsPaused { until, retry_after, .. } => {
                Self::new(ProblemCode::RateLimited, detail)
                    .with("resets_at", until.to_string())
                    .with_next_step("Send it then.")
                    .with_retry_after(seconds_of(retry_after))
            }
            AccessError::SecondFactorRequired { challenge } => {
                Self::new(ProblemCode::SecondFactorRequired, detail)
                    .with("challenge", challenge.expose())
                    .with_next_step("POST `challenge` and `code` to /api/v1/auth/second-factor.")
            }
            AccessError::WrongCode => {
                Self::new(ProblemCode::WrongCredentials, detail.clone()).with_error("/code", detail)
            }
            AccessError::LinkNotGood => {
                Self::new(ProblemCode::LinkNotGood, detail).with_next_step("Ask for a new one.")
            }
            AccessError::CeremonyNotGood => {
                Self::new(ProblemCode::LinkNotGood, detail).with_next_step("Begin again.")
            }
            AccessError::NotVouched { .. } | AccessError::PasskeyRefused { .. } => {
                Self::new(ProblemCode::NotVouched, detail)
                    .with_next_step("Try again, or sign in in another way.")
            }
            AccessError::ProviderUnavailable { .. } => Self::new(ProblemCode::Unavailable, detail)
                .with_next_step("Try again in a moment, or sign in in another way.")
                .with_retry_after(5),
            AccessError::AddressNotVouched { .. } => Self::new(ProblemCode::NotVouched, detail)
                .with_next_step(
                    "Prove it there, or register here by e-mail and add it afterwards.",
                ),
            AccessError::LinkFirst { provider } => Self::new(ProblemCode::AlreadyExists, detail)
                .with_next_step(format!(
                    "Sign in as you did until now, then add {provider} under Account, Security."
                )),
            AccessError::IdentityTaken { .. } => Self::new(ProblemCode::AlreadyExists, detail)
                .with_next_step("Remove it there first, or add another."),
            AccessError::LastWayIn => Self::new(ProblemCode::Conflict, detail)
                .with_next_step("Set a password or add another way first."),
            AccessError::AddressNotAllowed { .. } => Self::new(ProblemCode::Forbidden, detail)
                .with_next_step("Ask an owner or admin of the organization to add the address."),
            AccessError::LastOwner
            | AccessError::NeededByMembers { .. }
            | AccessError::LastAdministrator
            | AccessError::SetupDone
            | AccessError::SetupRequired
            | AccessError::NotRestrictable { .. } => Self::new(ProblemCode::Conflict, detail),
            AccessError::NotClosable => Self::new(ProblemCode::Conflict, detail)
                .with_next_step("Delete the account instead, by DELETE /api/v1/account."),
            AccessError::TooManyFlags { limit } => {
                Self::new(ProblemCode::Conflict, detail).with("limit", limit)
            }
            AccessError::TooManyKeys { limit } => Self::new(ProblemCode::Conflict, detail)
                .with("limit", limit)
                .with_next_step("Revoke one that nothing uses."),
            AccessError::FlagChanged { newest } => Self::new(ProblemCode::Conflict, detail)
                .with("revision", newest)
                .with_next_step("Read the flag again and change that."),
            AccessError::SeatsTaken { limit } => Self::new(ProblemCode::QuotaExceeded, detail)
                .with("limit", limit)
                .with_next_step("Remove a member, withdraw an invitation, or change the plan."),
            AccessError::OthersInvitation { .. } => Self::new(ProblemCode::Forbidden, detail)
                .with_next_step("Sign in with the address that was invited."),
            AccessError::Forbidden { permission: Permission::Administer } => {
                Self::new(ProblemCode::Forbidden, detail).with_next_step(
                    "Administrators turn two-factor sign-in on first, in their account.",
                )
            }
            AccessError::AdministersElsewhere => Self::new(ProblemCode::Forbidden, detail)
                .with("sign_in", ADMINISTRATOR_SIGN_IN)
                .with_next_step("POST /api/v1/admin/session begins such a session."),
            AccessError::Suspended
            | AccessError::Banned
            | AccessError::Leaving
            | AccessError::Closing { .. }
            | AccessError::RegistrationClosed
            | AccessError::SignupsPaused
            | AccessError::WrongSetupToken => Self::new(ProblemCode::Forbidden, detail),
            AccessError::Forbidden { .. } => Self::new(ProblemCode::Forbidden, detail)
                .with_next_step("Ask an owner or admin of the organization, or use another key."),
            AccessError::OnlyShown { .. } => Self::new(ProblemCode::Forbidden, detail)
                .with_next_step("Ask who made it, or an owner or admin, to make you an editor."),
            AccessError::ScopeNotYours { .. } => {
                Self::new(ProblemCode::Forbidden, detail.clone()).with_error("/scopes", detail)
            }
            AccessError::EmailTaken => {
                Self::new(ProblemCode::AlreadyExists, detail).with_next_step("Sign in instead.")
            }
            AccessError::Invalid { field, message } => {
                Self::new(ProblemCode::InvalidRequest, detail)
                    .with_error(format!("/{field}"), sentence(&message))
            }
            AccessError::NotInPlan { feature } => Refusal::NotIncluded { feature }.into(),
            AccessError::NotFound { .. } => Self::new(ProblemCode::NotFound, detail),
            AccessError::Busy => Self::new(ProblemCode::Overloaded, detail).with_retry_after(1),
            AccessError::NoSuchPlan { .. }
            | AccessError::Hashing { .. }
            | AccessError::Letters(_) => Self::internal(detail),
            AccessError::Store(error) => error.into(),
        }
    }
}
