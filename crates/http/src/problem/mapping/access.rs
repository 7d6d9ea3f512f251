//! What identity and flags refuse.
//!
//! Invariant: what a refusal is and what its reader can do stand in a table each, and both name
//! every error.

use gantry_access::{AccessError, Permission};
use gantry_rules::refusal::Refusal;
use gantry_types::ProblemCode;

use super::{seconds_of, sentence};
use crate::dto::ADMINISTRATOR_SIGN_IN;
use crate::problem::Problem;

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        let next_step = derive_next_step(&error);
        let problem = derive_problem(error);
        match next_step {
            Some(next_step) => problem.with_next_step(next_step),
            None => problem,
        }
    }
}

/// What it is, with the members that its readers look at.
fn derive_problem(error: AccessError) -> Problem {
    let detail = sentence(&error.to_string());
    match error {
        AccessError::NotSignedIn
        | AccessError::TokenRefused { .. }
        | AccessError::NotProvisioned { .. } => Problem::new(ProblemCode::NotSignedIn, detail),
        AccessError::WrongCredentials => Problem::new(ProblemCode::WrongCredentials, detail),
        AccessError::LockedOut { until, retry_after } => {
            Problem::new(ProblemCode::LockedOut, detail)
                .with("resets_at", until.to_string())
                .with_retry_after(seconds_of(retry_after))
        }
        AccessError::MailsPaused { until, retry_after, .. } => {
            Problem::new(ProblemCode::RateLimited, detail)
                .with("resets_at", until.to_string())
                .with_retry_after(seconds_of(retry_after))
        }
        AccessError::SecondFactorRequired { challenge } => {
            Problem::new(ProblemCode::SecondFactorRequired, detail)
                .with("challenge", challenge.expose())
        }
        AccessError::WrongCode => {
            Problem::new(ProblemCode::WrongCredentials, detail.clone()).with_error("/code", detail)
        }
        AccessError::LinkNotGood | AccessError::CeremonyNotGood => {
            Problem::new(ProblemCode::LinkNotGood, detail)
        }
        AccessError::NotVouched { .. }
        | AccessError::PasskeyRefused { .. }
        | AccessError::AddressNotVouched { .. } => Problem::new(ProblemCode::NotVouched, detail),
        AccessError::ProviderUnavailable { .. } => {
            Problem::new(ProblemCode::Unavailable, detail).with_retry_after(5)
        }
        AccessError::LinkFirst { .. }
        | AccessError::IdentityTaken { .. }
        | AccessError::EmailTaken => Problem::new(ProblemCode::AlreadyExists, detail),
        AccessError::LastWayIn
        | AccessError::LastOwner
        | AccessError::NeededByMembers { .. }
        | AccessError::LastAdministrator
        | AccessError::SetupDone
        | AccessError::SetupRequired
        | AccessError::NotRestrictable { .. }
        | AccessError::NotClosable => Problem::new(ProblemCode::Conflict, detail),
        AccessError::TooManyFlags { limit } | AccessError::TooManyKeys { limit } => {
            Problem::new(ProblemCode::Conflict, detail).with("limit", limit)
        }
        AccessError::FlagChanged { newest } => {
            Problem::new(ProblemCode::Conflict, detail).with("revision", newest)
        }
        AccessError::SeatsTaken { limit } => {
            Problem::new(ProblemCode::QuotaExceeded, detail).with("limit", limit)
        }
        AccessError::AdministersElsewhere => {
            Problem::new(ProblemCode::Forbidden, detail).with("sign_in", ADMINISTRATOR_SIGN_IN)
        }
        AccessError::AddressNotAllowed { .. }
        | AccessError::OthersInvitation { .. }
        | AccessError::Suspended
        | AccessError::Banned
        | AccessError::Leaving
        | AccessError::Closing { .. }
        | AccessError::RegistrationClosed
        | AccessError::SignupsPaused
        | AccessError::WrongSetupToken
        | AccessError::Forbidden { .. }
        | AccessError::NobodyBehind { .. }
        | AccessError::OnlyShown { .. } => Problem::new(ProblemCode::Forbidden, detail),
        AccessError::ScopeNotYours { .. } => {
            Problem::new(ProblemCode::Forbidden, detail.clone()).with_error("/scopes", detail)
        }
        AccessError::Invalid { field, message } => {
            Problem::new(ProblemCode::InvalidRequest, detail)
                .with_error(format!("/{field}"), sentence(&message))
        }
        AccessError::NotInPlan { feature } => Refusal::NotIncluded { feature }.into(),
        AccessError::NotFound { .. } => Problem::new(ProblemCode::NotFound, detail),
        AccessError::Busy => Problem::new(ProblemCode::Overloaded, detail).with_retry_after(1),
        AccessError::NoSuchPlan { .. } | AccessError::Hashing { .. } | AccessError::Letters(_) => {
            Problem::internal(detail)
        }
        AccessError::Store(error) => error.into(),
    }
}

/// What its reader can do; `None` where its own words say it, or what stands behind it does.
fn derive_next_step(error: &AccessError) -> Option<String> {
    let words = match error {
        AccessError::NotSignedIn => {
            "Sign in, or send a valid API key as `Authorization: Bearer gk_…`."
        }
        AccessError::TokenRefused { .. } => "Get a new token from its issuer, for this service.",
        AccessError::NotProvisioned { issuer } => {
            return Some(format!(
                "The operator lets tokens of `{issuer}` make accounts by `provision = true`; it \
                 takes an address that is proven there and has no account here."
            ));
        }
        AccessError::MailsPaused { .. } => "Send it then.",
        AccessError::SecondFactorRequired { .. } => {
            "POST `challenge` and `code` to /api/v1/auth/second-factor."
        }
        AccessError::LinkNotGood => "Ask for a new one.",
        AccessError::CeremonyNotGood => "Begin again.",
        AccessError::NotVouched { .. } | AccessError::PasskeyRefused { .. } => {
            "Try again, or sign in in another way."
        }
        AccessError::ProviderUnavailable { .. } => {
            "Try again in a moment, or sign in in another way."
        }
        AccessError::AddressNotVouched { .. } => {
            "Prove it there, or register here by e-mail and add it afterwards."
        }
        AccessError::LinkFirst { provider } => {
            return Some(format!(
                "Sign in as you did until now, then add {provider} under Account, Security."
            ));
        }
        AccessError::IdentityTaken { .. } => "Remove it there first, or add another.",
        AccessError::LastWayIn => "Set a password or add another way first.",
        AccessError::AddressNotAllowed { .. } => {
            "Ask an owner or admin of the organization to add the address. Where none of them gets \
             in, an administrator of the installation can lift the list."
        }
        AccessError::NotClosable => "Delete the account instead, by DELETE /api/v1/account.",
        AccessError::TooManyKeys { .. } => "Revoke one that nothing uses.",
        AccessError::FlagChanged { .. } => "Read the flag again and change that.",
        AccessError::SeatsTaken { .. } => {
            "Remove a member, withdraw an invitation, or change the plan."
        }
        AccessError::OthersInvitation { .. } => "Sign in with the address that was invited.",
        AccessError::Forbidden { permission: Permission::Administer } => {
            "Administrators turn two-factor sign-in on first, in their account."
        }
        AccessError::Forbidden { .. } => {
            "Ask an owner or admin of the organization, or use another key."
        }
        AccessError::NobodyBehind { .. } => "Ask in a session, or with the API key of a member.",
        AccessError::AdministersElsewhere => "POST /api/v1/admin/session begins such a session.",
        AccessError::OnlyShown { .. } => {
            "Ask who made it, or an owner or admin, to make you an editor."
        }
        AccessError::EmailTaken => "Sign in instead.",
        AccessError::WrongCredentials
        | AccessError::LockedOut { .. }
        | AccessError::WrongCode
        | AccessError::LastOwner
        | AccessError::NeededByMembers { .. }
        | AccessError::LastAdministrator
        | AccessError::SetupDone
        | AccessError::SetupRequired
        | AccessError::NotRestrictable { .. }
        | AccessError::TooManyFlags { .. }
        | AccessError::Suspended
        | AccessError::Banned
        | AccessError::Leaving
        | AccessError::Closing { .. }
        | AccessError::RegistrationClosed
        | AccessError::SignupsPaused
        | AccessError::WrongSetupToken
        | AccessError::ScopeNotYours { .. }
        | AccessError::Invalid { .. }
        | AccessError::NotInPlan { .. }
        | AccessError::NotFound { .. }
        | AccessError::Busy
        | AccessError::NoSuchPlan { .. }
        | AccessError::Hashing { .. }
        | AccessError::Letters(_)
        | AccessError::Store(_) => return None,
    };
    Some(words.to_owned())
}
