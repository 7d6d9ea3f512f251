//! Stripe's API: how a request is signed, versioned and answered.
//!
//! Invariants: every request names the version of the API that this was written for, and every
//! change an idempotency key; Stripe's own words reach people where Stripe means them to, and keys
//! never.

use gantry_ports::payments::PaymentError;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::form::Form;
use crate::wire::{Call, Reply, Told, Wire};

/// The version of Stripe's API whose shapes are read and written here.
pub(super) const API_VERSION: &str = "2025-09-30.clover";

const FORM: &str = "application/x-www-form-urlencoded";

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub data: Vec<T>,
    pub has_more: bool,
}

/// Why a request was not done.
#[derive(Debug)]
pub(super) enum ApiError {
    /// Stripe says no.
    Refused(Refusal),
    /// Stripe does not answer, or not in its own words.
    Failed(PaymentError),
}

/// Stripe's answer to what it does not do.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    #[serde(skip)]
    pub status: u16,
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub message: Option<String>,
    #[serde(default)]
    pub param: Option<String>,
}

#[derive(Deserialize)]
struct RefusalBody {
    error: Refusal,
}

/// Stripe's API with the keys of one account.
pub(super) struct Api {
    wire: Wire,
    secret_key: String,
}

impl Api {
    pub(super) fn new(base: &str, secret_key: String) -> Self {
        Self { wire: Wire::new(base), secret_key }
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &Form,
    ) -> Result<Told<T>, ApiError> {
        let query = query.encode();
        let mark = if query.is_empty() { "" } else { "?" };
        self.send(Call::get(format!("{path}{mark}{query}"))).await
    }

    /// Changes something; what is sent twice with one `key` is done once.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &Form,
        key: &str,
    ) -> Result<Told<T>, ApiError> {
        let call = Call::post(path, FORM, form.encode().into_bytes());
        self.send(call.header("idempotency-key", key)).await
    }

    /// Ends something; what is sent twice is done once, because there is nothing left.
    pub(super) async fn delete<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Told<T>, ApiError> {
        self.send(Call::delete(path)).await
    }

    async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<Told<T>, ApiError> {
        let call = call
            .header("authorization", format!("Bearer {}", self.secret_key))
            .header("stripe-version", API_VERSION);
        let reply = self.wire.send(call).await.map_err(ApiError::Failed)?;
        read(&reply)
    }
}

fn read<T: DeserializeOwned>(reply: &Reply) -> Result<Told<T>, ApiError> {
    if reply.is_done() {
        return reply.read("Stripe").map_err(ApiError::Failed);
    }
    match serde_json::from_slice::<RefusalBody>(&reply.body) {
        Ok(body) => Err(ApiError::Refused(Refusal { status: reply.status, ..body.error })),
        Err(_) => {
            let reason = format!("Stripe answered with status {}", reply.status);
            Err(ApiError::Failed(PaymentError::Unavailable { reason }))
        }
    }
}

impl From<ApiError> for PaymentError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Failed(error) => error,
            ApiError::Refused(refusal) => refusal.tell(),
        }
    }
}

impl Refusal {
    /// Whether it has this code.
    pub(super) fn says(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    fn tell(self) -> PaymentError {
        let message = self.message.unwrap_or_else(|| format!("status {}", self.status));
        match self.status {
            // Stripe shows a part of a wrong key; no part of a key is shown here.
            401 => PaymentError::Misconfigured {
                reason: "Stripe does not know the key; set `payments.stripe.secret_key` to the \
                         secret key of your account"
                    .to_owned(),
            },
            403 => PaymentError::Misconfigured {
                reason: "the key may not do this; give the restricted key the permission, or set \
                         `payments.stripe.secret_key` to the secret key of your account"
                    .to_owned(),
            },
            404 => PaymentError::NotFound { what: "thing in its books" },
            409 | 429 | 500.. => PaymentError::Unavailable { reason: message },
            _ => {
                let field = self.param.map(|param| format!(" (`{param}`)")).unwrap_or_default();
                PaymentError::Refused { reason: format!("{message}{field}") }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply::for_test(status, body)
    }

    fn refusal(status: u16, body: &str) -> PaymentError {
        match read::<serde_json::Value>(&reply(status, body)) {
            Ok(_) => panic!("it is refused"),
            Err(error) => error.into(),
        }
    }

    #[test]
    fn refusals_keep_stripes_words_and_no_key() {
        let card = r#"{"error": {"type": "card_error", "code": "card_declined",
            "message": "Your card was declined."}}"#;
        let told = refusal(402, card).to_string();
        assert!(told.contains("Your card was declined."), "{told}");
        let key = r#"{"error": {"type": "invalid_request_error",
            "message": "Invalid API Key provided: sk_test_****4242"}}"#;
        let told = refusal(401, key);
        assert!(matches!(told, PaymentError::Misconfigured { .. }));
        assert!(!told.to_string().contains("4242") && told.to_string().contains("secret_key"));
        let missing = r#"{"error": {"type": "invalid_request_error", "message": "No such"}}"#;
        assert!(matches!(refusal(404, missing), PaymentError::NotFound { .. }));
        assert!(matches!(refusal(503, "<html>"), PaymentError::Unavailable { .. }));
    }
}
