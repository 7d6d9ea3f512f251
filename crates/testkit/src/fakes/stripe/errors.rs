//! Stripe's refusals, in its own words and shapes.

use serde_json::json;

use crate::fakes::server::FakeAnswer;

/// A request that is not done.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    status: u16,
    kind: &'static str,
    code: Option<String>,
    param: Option<String>,
    message: String,
}

impl Refusal {
    /// A parameter is wrong.
    pub(super) fn invalid(code: &str, param: &str, message: &str) -> Self {
        Self {
            status: 400,
            kind: "invalid_request_error",
            code: Some(code.to_owned()),
            param: Some(param.to_owned()),
            message: message.to_owned(),
        }
    }

    /// What is asked for is not possible as things stand.
    pub(super) fn invalid_state(message: &str) -> Self {
        Self { code: None, param: None, ..Self::invalid("", "", message) }
    }

    /// A thing is not there.
    pub(super) fn missing(what: &str, id: &str) -> Self {
        let message = format!("No such {what}: '{id}'");
        Self { status: 404, ..Self::invalid("resource_missing", "id", &message) }
    }

    /// There is no such endpoint.
    pub(super) fn unknown_address(message: &str) -> Self {
        Self { status: 404, code: None, param: None, ..Self::invalid("", "", message) }
    }

    /// The card's bank says no.
    pub(super) fn declined() -> Self {
        Self {
            status: 402,
            kind: "card_error",
            code: Some("card_declined".to_owned()),
            param: None,
            message: "Your card was declined.".to_owned(),
        }
    }

    /// Whether a card's bank said it.
    pub(super) fn is_of_card(&self) -> bool {
        self.kind == "card_error"
    }

    /// The key is wrong.
    pub(super) fn unknown_key(shown: &str) -> Self {
        Self {
            status: 401,
            kind: "invalid_request_error",
            code: None,
            param: None,
            message: format!("Invalid API Key provided: {shown}"),
        }
    }

    /// There is too much to do.
    pub(super) fn busy() -> Self {
        Self {
            status: 429,
            kind: "invalid_request_error",
            code: Some("rate_limit".to_owned()),
            param: None,
            message: "Request rate limit exceeded.".to_owned(),
        }
    }

    /// Something broke.
    pub(super) fn broken() -> Self {
        Self {
            status: 500,
            kind: "api_error",
            code: None,
            param: None,
            message: "An unknown error occurred.".to_owned(),
        }
    }

    /// An idempotency key was used for something else.
    pub(super) fn other_request() -> Self {
        Self {
            status: 400,
            kind: "idempotency_error",
            code: None,
            param: None,
            message: "Keys for idempotent requests can only be used with the same parameters they \
                      were first used with."
                .to_owned(),
        }
    }

    pub(super) fn answer(&self) -> FakeAnswer {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = &self.code {
            error["code"] = json!(code);
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        FakeAnswer::new(self.status, json!({ "error": error }))
    }
}
