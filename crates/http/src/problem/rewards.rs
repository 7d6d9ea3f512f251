//! From what is refused about ads to a problem.

use gantry_ports::rewards::UnverifiedReward;
use gantry_rewards::RewardsError;
use gantry_types::ProblemCode;

use super::Problem;
use super::mapping::{seconds_of, sentence, unavailable};

impl From<RewardsError> for Problem {
    fn from(error: RewardsError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            RewardsError::Access(error) => error.into(),
            RewardsError::NotOffered | RewardsError::NotFound { .. } => {
                Self::new(ProblemCode::NotFound, detail)
            }
            RewardsError::Limited { refusal, retry_after } => {
                Self::new(ProblemCode::RateLimited, detail)
                    .with("limit", refusal.limit.as_str())
                    .with("remaining", refusal.remaining)
                    .with("resets_at", refusal.until.to_string())
                    .with_retry_after(seconds_of(retry_after))
                    .with_next_step("Wait until then; GET /api/v1/rewards says how long.")
            }
            RewardsError::TooManyOpen { open, retry_after } => {
                Self::new(ProblemCode::RateLimited, detail)
                    .with("limit", "open_sessions")
                    .with("open", open)
                    .with_retry_after(seconds_of(retry_after))
                    .with_next_step("Watch one of them, or report those that failed.")
            }
            RewardsError::Ended => Self::new(ProblemCode::Conflict, detail)
                .with_next_step("Ask for another with POST /api/v1/rewards/sessions."),
            RewardsError::Invalid { field, message } => {
                Self::invalid(format!("/{field}"), sentence(&message))
            }
            RewardsError::Conflict { .. } => Self::new(ProblemCode::Conflict, detail),
            RewardsError::Unverified(UnverifiedReward::Unavailable { .. }) => unavailable(detail),
            RewardsError::Unverified(
                UnverifiedReward::Unreadable { .. }
                | UnverifiedReward::UnknownKey
                | UnverifiedReward::Signature
                | UnverifiedReward::OtherTime
                | UnverifiedReward::OtherUnit,
            ) => Self::new(ProblemCode::InvalidRequest, detail)
                .with_next_step("Check the ad unit in the edition, and the clocks of both sides."),
            RewardsError::Store(error) => error.into(),
        }
    }
}
