//! From each crate's closed error to a problem.

mod access;
mod billing;
mod data;

use std::time::Duration;

use gantry_engine_api::{EngineError, ParamError};
use gantry_flows::FlowsError;
use gantry_jobs::JobsError;
use gantry_ports::StoreError;
use gantry_ports::store::HotError;
use gantry_rules::refusal::Refusal;
use gantry_types::{EngineErrorKind, ProblemCode};

use super::Problem;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            StoreError::NotFound { .. } => Self::new(ProblemCode::NotFound, detail),
            StoreError::AlreadyExists { .. } => Self::new(ProblemCode::AlreadyExists, detail),
            StoreError::Overloaded => {
                Self::new(ProblemCode::Overloaded, detail).with_retry_after(1)
            }
            StoreError::Unavailable { .. } => unavailable(detail),
            StoreError::Broken { .. } => Self::internal(detail),
        }
    }
}

impl From<HotError> for Problem {
    fn from(error: HotError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            HotError::Refused(refusal) => refusal.into(),
            HotError::IdempotencyMismatch => Self::new(ProblemCode::IdempotencyMismatch, detail)
                .with_next_step("Use a new Idempotency-Key for a new request."),
            HotError::LeaseLost => Self::new(ProblemCode::Conflict, detail),
            HotError::WrongState { state } => {
                Self::new(ProblemCode::Conflict, detail).with("state", state.as_str())
            }
            HotError::Store(error) => error.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = sentence(&refusal.to_string());
        let kept = refusal.clone();
        let problem = match refusal {
            Refusal::Credits { needed, available } => {
                Self::new(ProblemCode::InsufficientCredits, detail)
                    .with("needed", needed.get())
                    .with("available", available.get())
                    .with_next_step("Ask for less, or get more credits.")
            }
            Refusal::Quota { meter, needed, used, limit, resets_at } => {
                Self::new(ProblemCode::QuotaExceeded, detail)
                    .with("meter", meter.as_str())
                    .with("needed", needed)
                    .with("used", used)
                    .with("limit", limit)
                    .with("resets_at", resets_at.to_string())
                    .with_next_step("Wait until the quota resets, or change the plan.")
            }
            Refusal::JobTooLarge { meter, needed, limit } => {
                Self::new(ProblemCode::NotInPlan, detail)
                    .with("meter", meter.as_str())
                    .with("needed", needed)
                    .with("limit", limit)
                    .with_next_step("Make the job smaller, or change the plan.")
            }
            Refusal::GpuNotIncluded => Self::new(ProblemCode::NotInPlan, detail)
                .with_next_step("Choose settings that run on a processor, or change the plan."),
            Refusal::Memory { needed, limit } => Self::new(ProblemCode::NotInPlan, detail)
                .with("needed", needed)
                .with("limit", limit)
                .with_next_step("Use less data, or change the plan."),
            Refusal::QueueFull { limit } => Self::new(ProblemCode::QuotaExceeded, detail)
                .with("limit", limit)
                .with_next_step("Wait until a job has ended, or cancel one that waits."),
            Refusal::NotIncluded { .. } => Self::new(ProblemCode::NotInPlan, detail)
                .with_next_step("Change the plan to have it."),
        };
        problem.with_refusal(kept)
    }
}

impl From<JobsError> for Problem {
    fn from(error: JobsError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            JobsError::Access(error) => error.into(),
            JobsError::UnknownOperation { .. } => Self::new(ProblemCode::NotFound, detail)
                .with_next_step("GET /api/v1/operations lists what can be run."),
            JobsError::OperationPaused { operation } => {
                Self::new(ProblemCode::OperationPaused, detail)
                    .with("operation", operation)
                    .with_next_step("Submit the job later, or ask the operator.")
            }
            JobsError::UnknownService { .. } => Self::new(ProblemCode::NotFound, detail)
                .with_next_step("GET /api/v1/services lists what can be called."),
            JobsError::NotFound | JobsError::ScheduleNotFound => {
                Self::new(ProblemCode::NotFound, detail)
            }
            JobsError::UnseenByAuthor { .. } => Self::new(ProblemCode::Conflict, detail)
                .with_next_step("Somebody who sees all that the workflow names saves it first."),
            JobsError::Params(error) => error.into(),
            JobsError::Invalid { field, .. } => Self::invalid(format!("/{field}"), detail),
            JobsError::Catalog(error) => error.into(),
            JobsError::Hot(error) => error.into(),
            JobsError::Store(error) => error.into(),
            JobsError::ServiceRestarting { .. } => {
                Self::new(ProblemCode::ServiceRestarting, detail)
                    .with_next_step("Try again in a second.")
                    .with_retry_after(1)
            }
            JobsError::Engine(error) => error.into(),
            JobsError::Broken { .. } => Self::internal(detail),
        }
    }
}

impl From<FlowsError> for Problem {
    fn from(error: FlowsError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            FlowsError::Access(error) => error.into(),
            FlowsError::NotFound | FlowsError::RunNotFound => {
                Self::new(ProblemCode::NotFound, detail)
            }
            FlowsError::Unseen { .. } => Self::new(ProblemCode::NotFound, detail)
                .with_next_step("Name what you see, or ask its maker to share it with you."),
            FlowsError::Invalid { field, .. } => Self::invalid(format!("/{field}"), detail),
            FlowsError::Changed { newest } => Self::new(ProblemCode::Conflict, detail)
                .with("revision", newest)
                .with_next_step("Read the newest revision and change that."),
            FlowsError::Unsound(problems) => {
                let refused = Self::new(ProblemCode::InvalidParameters, detail)
                    .with_next_step("Mend what `errors` names and run it again.");
                problems.into_iter().fold(refused, |refused, problem| {
                    refused.with_error(
                        format!("/definition{}", problem.pointer),
                        sentence(&problem.message),
                    )
                })
            }
            FlowsError::Jobs(error) => error.into(),
            FlowsError::Store(error) => error.into(),
            FlowsError::Broken { .. } => Self::internal(detail),
        }
    }
}

impl From<ParamError> for Problem {
    fn from(error: ParamError) -> Self {
        Self::new(ProblemCode::InvalidParameters, sentence(&error.message))
            .with_error(error.pointer, error.message)
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let detail = sentence(&error.message);
        let problem = match error.kind {
            EngineErrorKind::Params | EngineErrorKind::Input => {
                Self::new(ProblemCode::InvalidParameters, detail)
            }
            EngineErrorKind::Resource => Self::new(ProblemCode::Unavailable, detail),
            EngineErrorKind::Transient => Self::new(ProblemCode::EngineUnavailable, detail),
            EngineErrorKind::Cancelled => Self::new(ProblemCode::Conflict, detail),
            EngineErrorKind::Bug => Self::internal(detail),
        };
        match error.next_step {
            Some(next_step) => problem.with_next_step(next_step),
            None => problem,
        }
    }
}

pub(super) fn unavailable(cause: String) -> Problem {
    Problem::new(ProblemCode::Unavailable, "A part of the service does not answer right now.")
        .with_next_step("Try again in a moment.")
        .with_retry_after(5)
        .with_cause(cause)
}

/// An error's words as a sentence: a capital in front, a full stop behind.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    let end = if text.ends_with(['.', '!', '?', '`']) { "" } else { "." };
    // A name in backticks, a pointer or a number stays as it is.
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}

/// Whole seconds after which it is not too early.
pub(super) fn seconds_of(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_ports::BlobError;
    use gantry_types::Credits;

    #[test]
    fn errors_become_sentences() {
        assert_eq!(sentence("there is no such job"), "There is no such job.");
        assert_eq!(sentence("Already one."), "Already one.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn refusals_carry_their_numbers() {
        let refusal = Refusal::Credits { needed: Credits::new(9), available: Credits::new(4) };
        let body = Problem::from(JobsError::Hot(HotError::Refused(refusal)))
            .to_json(gantry_types::RequestId::generate());
        assert_eq!(body["code"], "insufficient_credits");
        assert_eq!(body["needed"], 9);
        assert_eq!(body["available"], 4);
    }

    #[test]
    fn what_is_wrong_on_our_side_is_not_told() {
        let lost = BlobError::Unavailable { reason: "/secret/path".to_owned() };
        let body = Problem::from(lost).to_json(gantry_types::RequestId::generate());
        assert_eq!(body["status"], 503);
        assert!(!body.to_string().contains("secret"));
    }
}
