//! How the stand-in for PayPal says no.

use serde_json::{Value, json};

use crate::fakes::FakeAnswer;

/// A request that is not done.
pub(super) struct Refusal {
    status: u16,
    body: Value,
}

impl Refusal {
    fn new(status: u16, name: &str, (issue, description): (&str, &str)) -> Self {
        let body = json!({
            "name": name,
            "message": "The request was not performed; see details.",
            "debug_id": "90957fca61718",
            "details": [{ "issue": issue, "description": description }],
            "links": [],
        });
        Self { status, body }
    }

    /// What the request says cannot be.
    pub(super) fn invalid(issue: &str, description: &str) -> Self {
        Self::new(400, "INVALID_REQUEST", (issue, description))
    }

    /// What the request asks for is not done in this state of affairs.
    pub(super) fn unprocessable(issue: &str, description: &str) -> Self {
        Self::new(422, "UNPROCESSABLE_ENTITY", (issue, description))
    }

    pub(super) fn missing() -> Self {
        let words =
            "Specified resource ID does not exist. Please check the resource ID and try again.";
        Self::new(404, "RESOURCE_NOT_FOUND", ("INVALID_RESOURCE_ID", words))
    }

    /// The client is another one, or its secret.
    pub(super) fn stranger() -> Self {
        let body = json!({ "error": "invalid_client",
            "error_description": "Client Authentication failed" });
        Self { status: 401, body }
    }

    /// The token has ended, or never was.
    pub(super) fn token() -> Self {
        let body = json!({ "error": "invalid_token",
            "error_description": "Token signature verification failed" });
        Self { status: 401, body }
    }

    pub(super) fn busy() -> Self {
        Self::new(429, "RATE_LIMIT_REACHED", ("RATE_LIMIT_REACHED", "Too many requests."))
    }

    pub(super) fn broken() -> Self {
        Self::new(500, "INTERNAL_SERVER_ERROR", ("INTERNAL_SERVER_ERROR", "An error occurred."))
    }

    pub(super) fn answer(self) -> FakeAnswer {
        FakeAnswer::new(self.status, self.body)
    }
}
