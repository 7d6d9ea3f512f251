//! Razorpay's API: JSON, basic authentication, refusals in its own words.
//!
//! Invariant: neither key is in what people read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gantry_ports::payments::PaymentError;
use gantry_types::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::wire::{Call, Reply, Wire};

/// An answer, and what Razorpay's clock showed.
pub(super) struct Told<T> {
    pub body: T,
    pub at: Option<Timestamp>,
}

/// A list.
#[derive(Debug, Deserialize)]
pub(super) struct Collection<T> {
    pub items: Vec<T>,
}

#[derive(Deserialize)]
struct RefusalBody {
    error: Refusal,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    description: String,
}

pub(super) struct Api {
    wire: Wire,
    authorization: String,
}

impl Api {
    pub(super) fn new(base: &str, (key_id, key_secret): (&str, &str)) -> Self {
        let pair = STANDARD.encode(format!("{key_id}:{key_secret}"));
        Self { wire: Wire::new(base), authorization: format!("Basic {pair}") }
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Told<T>, PaymentError> {
        self.send(Call::get(path)).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<Told<T>, PaymentError> {
        self.send(Call::json("POST", path, body)).await
    }

    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        call: Call,
    ) -> Result<Told<T>, PaymentError> {
        let reply = self.wire.send(call.header("authorization", &self.authorization)).await?;
        read(&reply)
    }
}

fn read<T: DeserializeOwned>(reply: &Reply) -> Result<Told<T>, PaymentError> {
    let failed = |reason: String| PaymentError::Unavailable { reason };
    if (200..300).contains(&reply.status) {
        let body = serde_json::from_slice(&reply.body)
            .map_err(|error| failed(format!("Razorpay's answer cannot be read: {error}")))?;
        return Ok(Told { body, at: reply.at });
    }
    let words = serde_json::from_slice::<RefusalBody>(&reply.body).map(|body| body.error);
    let words = words.map(|error| error.description).unwrap_or_default();
    Err(match reply.status {
        401 => PaymentError::Misconfigured {
            reason: "Razorpay does not know the key; set `payments.razorpay.key_id` and \
                     `payments.razorpay.key_secret` to those of your account"
                .to_owned(),
        },
        404 => PaymentError::NotFound { what: "thing in its books" },
        // Razorpay answers 400 for names that there are not.
        400 if words.contains("does not exist") => {
            PaymentError::NotFound { what: "thing in its books" }
        }
        429 | 500.. => failed(format!("status {}: {words}", reply.status)),
        _ if words.is_empty() => failed(format!("Razorpay answered with status {}", reply.status)),
        _ => PaymentError::Refused { reason: words },
    })
}
