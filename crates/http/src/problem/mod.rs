//! Every error as the outside world sees it (RFC 9457).
//!
//! Invariants: the mapping stands in this folder alone and has no wildcard; what is wrong on our
//! side is logged and not told; a problem leaves a handler as a mark on the response, and one
//! middleware writes it, so that every problem carries its request's id.

mod mapping;
mod rewards;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gantry_billing::Upgrade;
use gantry_rules::refusal::Refusal;
use gantry_types::{Currency, ProblemCode, RequestId};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::dto::UpgradeBody;

/// A value of the request that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// JSON pointer (RFC 6901) to it.
    pub pointer: String,
    /// The cause.
    pub message: String,
}

#[derive(Debug, Clone)]
struct Inner {
    code: ProblemCode,
    detail: String,
    next_step: Option<String>,
    errors: Vec<FieldProblem>,
    extra: Map<String, Value>,
    retry_after_s: Option<u64>,
    cause: Option<String>,
    refusal: Option<Refusal>,
}

/// A request that did not succeed.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

/// The mark of a refusal that speaks in the words of another standard, and is no problem.
#[derive(Debug, Clone, Copy)]
pub struct InOwnWords;

/// The answer of a handler.
pub type Answer<T = Response> = Result<T, Problem>;

impl Problem {
    /// With what the caller is to know.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            detail: detail.into(),
            next_step: None,
            errors: Vec::new(),
            extra: Map::new(),
            retry_after_s: None,
            cause: None,
            refusal: None,
        }))
    }

    /// Something of ours failed; `cause` goes to the log and not to the caller.
    pub fn internal(cause: impl Into<String>) -> Self {
        let mut problem = Self::new(
            ProblemCode::Internal,
            "Something failed on our side. It was logged under the request's id.",
        )
        .with_next_step("Try again; if it persists, tell the operator the request id.");
        problem.0.cause = Some(cause.into());
        problem
    }

    /// The request cannot be understood at `pointer`.
    pub fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(ProblemCode::InvalidRequest, message.clone()).with_error(pointer, message)
    }

    /// Says what the caller can do.
    #[must_use]
    pub fn with_next_step(mut self, next_step: impl Into<String>) -> Self {
        self.0.next_step = Some(next_step.into());
        self
    }

    /// Names a refused value.
    #[must_use]
    pub fn with_error(mut self, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.errors.push(FieldProblem { pointer: pointer.into(), message: message.into() });
        self
    }

    /// Adds a member, such as `needed`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.extra.insert(name.to_owned(), value.into());
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_s = Some(seconds);
        self.with("retry_after_s", seconds)
    }

    pub(crate) fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Keeps what the plan refused, so that a plan that allows it can be named.
    #[must_use]
    pub(crate) fn with_refusal(mut self, refusal: Refusal) -> Self {
        self.0.refusal = Some(refusal);
        self
    }

    /// Tells what the plan refused with amounts of money in this currency.
    #[must_use]
    pub(crate) fn with_currency(mut self, currency: Currency) -> Self {
        if let Some(refusal) = &self.0.refusal {
            self.0.detail = mapping::sentence(&refusal.describe_in(currency));
        }
        self
    }

    /// What the plan refused.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        self.0.refusal.as_ref()
    }

    /// Names the plan that allows what was refused.
    #[must_use]
    pub(crate) fn with_upgrade(mut self, upgrade: Upgrade) -> Self {
        let price = upgrade.price.month.map(|price| format!("{price} a month"));
        let price = price.or_else(|| upgrade.price.year.map(|price| format!("{price} a year")));
        let words = match price {
            Some(price) => format!("The plan {} allows this, for {price}.", upgrade.title),
            None => format!("The plan {} allows this.", upgrade.title),
        };
        let step = self.0.next_step.take().unwrap_or_default();
        self.0.next_step = Some(format!("{words} {step}").trim().to_owned());
        let body = serde_json::to_value(UpgradeBody::from(upgrade)).unwrap_or_default();
        self.with("upgrade", body)
    }

    /// What kind of problem it is.
    #[must_use]
    pub fn code(&self) -> ProblemCode {
        self.0.code
    }

    /// What the caller is told.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What the caller can do.
    #[must_use]
    pub fn next_step(&self) -> Option<&str> {
        self.0.next_step.as_deref()
    }

    pub(crate) fn errors(&self) -> &[FieldProblem] {
        &self.0.errors
    }

    /// A member that was added, if it is a text.
    pub(crate) fn extra(&self, name: &str) -> Option<&str> {
        self.0.extra.get(name).and_then(Value::as_str)
    }

    pub(crate) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The body, as RFC 9457 has it.
    #[must_use]
    pub fn to_json(&self, request_id: RequestId) -> Value {
        let Inner { code, detail, next_step, errors, extra, .. } = self.0.as_ref();
        let mut body = extra.clone();
        body.insert("type".to_owned(), format!("/problems/{}", code.slug()).into());
        body.insert("title".to_owned(), code.title().into());
        body.insert("status".to_owned(), code.status().into());
        body.insert("code".to_owned(), code.slug().into());
        body.insert("detail".to_owned(), detail.clone().into());
        body.insert("retryable".to_owned(), code.retryable().into());
        body.insert("request_id".to_owned(), request_id.to_string().into());
        if let Some(next_step) = next_step {
            body.insert("next_step".to_owned(), next_step.clone().into());
        }
        if !errors.is_empty() {
            let errors = errors.iter().map(
                |error| serde_json::json!({ "pointer": error.pointer, "message": error.message }),
            );
            body.insert("errors".to_owned(), errors.collect());
        }
        Value::Object(body)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(seconds) = self.0.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_the_members_of_the_contract() {
        let problem = Problem::new(ProblemCode::InsufficientCredits, "too few")
            .with("needed", 5)
            .with_next_step("buy some")
            .with_error("/params", "too big");
        let id = RequestId::generate();
        let body = problem.to_json(id);
        assert_eq!(body["type"], "/problems/insufficient_credits");
        assert_eq!(body["status"], 402);
        assert_eq!(body["code"], "insufficient_credits");
        assert_eq!(body["retryable"], false);
        assert_eq!(body["needed"], 5);
        assert_eq!(body["request_id"], id.to_string());
        assert_eq!(body["errors"][0]["pointer"], "/params");
    }

    #[test]
    fn the_cause_of_our_own_failures_stays_inside() {
        let problem = Problem::internal("the password of the database is x");
        assert!(!problem.to_json(RequestId::generate()).to_string().contains("database"));
        assert_eq!(problem.cause(), Some("the password of the database is x"));
    }
}
