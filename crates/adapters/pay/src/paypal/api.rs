//! PayPal's API: JSON, tokens that are good for hours, refusals with an issue.
//!
//! Invariants: a token is asked for once and used until shortly before its end, or until PayPal
//! does not take it any more; neither keys nor tokens are in what people read.

use std::sync::Arc;
use std::time::Duration;

use gantry_ports::Clock;
use gantry_ports::payments::PaymentError;
use gantry_types::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::wire::{Call, Reply, Told, Wire, basic};

const FORM: &str = "application/x-www-form-urlencoded";
/// How long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_mins(2);

/// Why a request was not done.
#[derive(Debug)]
pub(super) enum ApiError {
    /// PayPal says no.
    Refused(Refusal),
    /// PayPal does not answer, or not in its own words.
    Failed(PaymentError),
}

/// PayPal's answer to what it does not do.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(skip)]
    pub status: u16,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Debug, Deserialize)]
struct Detail {
    #[serde(default)]
    issue: String,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
struct TokenBody {
    access_token: String,
    expires_in: u64,
}

struct Token {
    value: String,
    until: Timestamp,
}

/// PayPal's API with the keys of one application.
pub(super) struct Api {
    wire: Wire,
    credentials: String,
    clock: Arc<dyn Clock>,
    token: Mutex<Option<Token>>,
}

impl Api {
    pub(super) fn new(base: &str, keys: (&str, &str), clock: Arc<dyn Clock>) -> Self {
        Self { wire: Wire::new(base), credentials: basic(keys), clock, token: Mutex::new(None) }
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Told<T>, ApiError> {
        // Lists and orders are told in full, and not as names alone.
        read(&self.send(Call::get(path).header("prefer", "return=representation")).await?)
    }

    /// Changes something that cannot be changed twice.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<Told<T>, ApiError> {
        read(&self.send(writing(path, body)).await?)
    }

    /// Makes something; what is sent twice with one `key` is done once.
    pub(super) async fn make<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        key: &str,
    ) -> Result<Told<T>, ApiError> {
        read(&self.send(writing(path, body).header("paypal-request-id", key)).await?)
    }

    /// Changes something, of which PayPal says nothing more than that it is done.
    pub(super) async fn tell(&self, path: &str, body: &Value) -> Result<(), ApiError> {
        let reply = self.send(writing(path, body)).await?;
        if reply.is_done() { Ok(()) } else { Err(read_refusal(&reply)) }
    }

    /// Sends a body that is written already.
    pub(super) async fn post_bytes<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Told<T>, ApiError> {
        read(&self.send(Call::post(path, "application/json", body)).await?)
    }

    async fn send(&self, call: Call) -> Result<Reply, ApiError> {
        let token = self.get_token().await?;
        let bearing = |token: &str| call.clone().header("authorization", format!("Bearer {token}"));
        let reply = self.wire.send(bearing(&token)).await.map_err(ApiError::Failed)?;
        if reply.status != 401 {
            return Ok(reply);
        }
        // It ended early: another one is asked for, once.
        self.forget(&token).await;
        let token = self.get_token().await?;
        self.wire.send(bearing(&token)).await.map_err(ApiError::Failed)
    }

    async fn get_token(&self) -> Result<String, ApiError> {
        let mut known = self.token.lock().await;
        let now = self.clock.now();
        if let Some(token) = known.as_ref().filter(|token| now < token.until) {
            return Ok(token.value.clone());
        }
        let call = Call::post("/v1/oauth2/token", FORM, b"grant_type=client_credentials".to_vec())
            .header("authorization", &self.credentials);
        let reply = self.wire.send(call).await.map_err(ApiError::Failed)?;
        let told: TokenBody = read(&reply)?.body;
        let lasts = Duration::from_secs(told.expires_in).saturating_sub(MARGIN);
        let value = told.access_token;
        *known = Some(Token { value: value.clone(), until: now.plus(lasts) });
        Ok(value)
    }

    async fn forget(&self, value: &str) {
        let mut known = self.token.lock().await;
        if known.as_ref().is_some_and(|token| token.value == value) {
            *known = None;
        }
    }
}

fn writing(path: &str, body: &Value) -> Call {
    Call::json("POST", path, body).header("prefer", "return=representation")
}

fn read<T: DeserializeOwned>(reply: &Reply) -> Result<Told<T>, ApiError> {
    if reply.is_done() {
        reply.read("PayPal").map_err(ApiError::Failed)
    } else {
        Err(read_refusal(reply))
    }
}

fn read_refusal(reply: &Reply) -> ApiError {
    let told = serde_json::from_slice::<Refusal>(&reply.body).unwrap_or_default();
    ApiError::Refused(Refusal { status: reply.status, ..told })
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
    /// Whether this is its reason.
    pub(super) fn says(&self, issue: &str) -> bool {
        self.details.iter().any(|detail| detail.issue == issue)
    }

    fn tell(self) -> PaymentError {
        let words = self.details.into_iter().map(|detail| detail.description);
        let words = words.chain([self.message]).find(|words| !words.is_empty());
        let words = words.unwrap_or_else(|| format!("PayPal answered with status {}", self.status));
        match self.status {
            401 => PaymentError::Misconfigured {
                reason:
                    "PayPal does not know the application; set `payments.paypal.client_id` and \
                         `payments.paypal.client_secret` to those of your application, and \
                         `payments.paypal.api_base` to the address of the same mode"
                        .to_owned(),
            },
            403 => PaymentError::Misconfigured {
                reason: "the application may not do this; give it the feature in PayPal's \
                         dashboard for developers"
                    .to_owned(),
            },
            404 => PaymentError::NotFound { what: "thing in its books" },
            409 | 429 | 500.. => {
                let reason = format!("status {}: {words}", self.status);
                PaymentError::Unavailable { reason }
            }
            _ => PaymentError::Refused { reason: words },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, body: &str) -> ApiError {
        match read::<Value>(&Reply::for_test(status, body)) {
            Ok(_) => panic!("it is refused"),
            Err(error) => error,
        }
    }

    #[test]
    fn refusals_keep_paypals_words_and_no_key() {
        let body = r#"{"name": "UNPROCESSABLE_ENTITY", "message": "The action is not possible.",
            "details": [{"issue": "ORDER_NOT_APPROVED", "description": "Payer has not approved."}]}"#;
        let ApiError::Refused(told) = refusal(422, body) else { panic!("it is refused") };
        assert!(told.says("ORDER_NOT_APPROVED") && !told.says("ORDER_ALREADY_CAPTURED"));
        assert!(told.tell().to_string().contains("Payer has not approved."));
        let wrong = r#"{"error": "invalid_client", "error_description": "of AbCdEf123"}"#;
        let told = PaymentError::from(refusal(401, wrong));
        assert!(matches!(told, PaymentError::Misconfigured { .. }), "{told}");
        assert!(!told.to_string().contains("AbCdEf123"));
        let told = PaymentError::from(refusal(404, "<html>"));
        assert!(matches!(told, PaymentError::NotFound { .. }), "{told}");
        let told = PaymentError::from(refusal(503, ""));
        assert!(matches!(told, PaymentError::Unavailable { .. }), "{told}");
    }
}
