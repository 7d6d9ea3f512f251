//! Razorpay's API: JSON, basic authentication, refusals in its own words.
//!
//! Invariant: neither key is in what people read.

use gantry_ports::payments::PaymentError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::wire::{Call, Reply, Told, Wire, basic};

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
    pub(super) fn new(base: &str, keys: (&str, &str)) -> Self {
        Self { wire: Wire::new(base), authorization: basic(keys) }
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
    if reply.is_done() {
        return reply.read("Razorpay");
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
