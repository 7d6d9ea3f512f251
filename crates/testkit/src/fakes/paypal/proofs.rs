//! By what the stand-in for PayPal knows its own events again.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::PAYPAL_WEBHOOK_ID;
use super::clock::show_time;
use crate::fakes::desk::seal;

/// What stands for the private key of PayPal's certificate.
const SECRET: &[u8] = b"nobody else knows this";
const ALGORITHM: &str = "SHA256withRSA";
const CERTIFICATE: &str = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594";
/// What stands before the event in a question about it.
const EVENT: &[u8] = b"\"webhook_event\":";

/// The headers that go with an event.
pub(super) fn sign(transmission: &str, body: &[u8], now: i64) -> Result<Vec<(String, String)>> {
    let time = show_time(now);
    let signature = derive(&[transmission, time.as_str(), PAYPAL_WEBHOOK_ID], body)?;
    Ok([
        ("paypal-transmission-sig", signature.as_str()),
        ("paypal-transmission-id", transmission),
        ("paypal-transmission-time", time.as_str()),
        ("paypal-cert-url", CERTIFICATE),
        ("paypal-auth-algo", ALGORITHM),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec())
}

/// Whether an event is one that was sent, byte for byte.
pub(super) fn check(asked: &[u8], fields: &Value) -> Value {
    let status = if is_genuine(asked, fields) { "SUCCESS" } else { "FAILURE" };
    json!({ "verification_status": status })
}

fn is_genuine(asked: &[u8], fields: &Value) -> bool {
    let place = asked.windows(EVENT.len()).position(|window| window == EVENT);
    let event = place.and_then(|place| asked.get(place + EVENT.len()..asked.len() - 1));
    let field = |name: &str| fields[name].as_str().unwrap_or_default();
    let signed = [field("transmission_id"), field("transmission_time"), field("webhook_id")];
    let derived = event.and_then(|event| derive(&signed, event).ok());
    field("webhook_id") == PAYPAL_WEBHOOK_ID
        && field("auth_algo") == ALGORITHM
        && field("cert_url") == CERTIFICATE
        && derived.as_deref() == Some(field("transmission_sig"))
}

/// The signature of the words and the checksum of the bytes, joined as PayPal joins them.
fn derive(words: &[&str; 3], body: &[u8]) -> Result<String> {
    let signed = format!("{}|{}", words.join("|"), checksum(body));
    Ok(STANDARD.encode(seal(SECRET, signed.as_bytes())?))
}

/// CRC-32 as in ISO 3309.
fn checksum(bytes: &[u8]) -> u32 {
    let mut remainder = u32::MAX;
    for byte in bytes {
        remainder ^= u32::from(*byte);
        for _ in 0..8 {
            let low = remainder & 1;
            remainder = (remainder >> 1) ^ (0xEDB8_8320 * low);
        }
    }
    !remainder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
        assert_eq!(checksum(b""), 0);
    }
}
