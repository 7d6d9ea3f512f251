//! A provider's public keys: fetched when they are first needed, believed for a day, and fetched again
//! for a key that is not among them.
//!
//! Invariants: strangers who name keys that do not exist cannot make us ask more often than once a
//! minute; a list that is newer than that is the whole truth; while keys cannot be had, nothing is
//! refused that they may yet prove.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gantry_ports::Clock;
use gantry_ports::rewards::UnverifiedReward;
use gantry_types::Timestamp;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::wire::Wire;

/// Keys change, at the latest after this long.
const KEPT: Duration = Duration::from_hours(24);
/// Between two questions.
const PAUSE: Duration = Duration::from_mins(1);
/// For one question.
const PATIENCE: Duration = Duration::from_secs(5);
/// How a public key on P-256 begins in DER (RFC 5480): its kind, its curve, a string of bits.
const HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// An uncompressed point: a sign and two coordinates.
const POINT: usize = 65;

#[derive(Deserialize)]
struct ListShape {
    keys: Vec<KeyShape>,
}

#[derive(Deserialize)]
struct KeyShape {
    #[serde(rename = "keyId")]
    key_id: u64,
    #[serde(default)]
    base64: String,
    #[serde(default)]
    pem: String,
}

impl KeyShape {
    /// The point, if this is a key on P-256.
    fn read(&self) -> Option<Vec<u8>> {
        let text = if self.base64.is_empty() {
            self.pem.lines().filter(|line| !line.starts_with("-----")).collect::<String>()
        } else {
            self.base64.clone()
        };
        let der = STANDARD.decode(text.trim()).ok()?;
        let point = der.strip_prefix(&HEAD)?;
        (point.len() == POINT && point.first() == Some(&4)).then(|| point.to_vec())
    }
}

struct Kept {
    keys: BTreeMap<u64, Vec<u8>>,
    at: Timestamp,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    asked_at: Option<Timestamp>,
    /// Why the last question had no answer.
    failure: Option<&'static str>,
}

/// Where the keys of a provider come from.
pub(crate) struct KeySource {
    wire: Wire,
    url: String,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl KeySource {
    pub(crate) fn new(url: String, clock: Arc<dyn Clock>) -> Self {
        Self { wire: Wire::new(&url, PATIENCE), url, clock, state: Mutex::default() }
    }

    /// The public point of a key.
    ///
    /// # Errors
    /// [`UnverifiedReward::UnknownKey`], [`UnverifiedReward::Unavailable`].
    pub(crate) async fn find(&self, id: u64) -> Result<Vec<u8>, UnverifiedReward> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        if let Some(point) = state.find(id, now) {
            return Ok(point);
        }
        if state.asked_at.is_none_or(|asked| now.since(asked) >= PAUSE) {
            state.asked_at = Some(now);
            match self.wire.get::<ListShape>(self.url.clone()).await {
                Ok(list) => state.keep(&list, now),
                Err(reason) => state.failure = Some(reason),
            }
        }
        match (state.find(id, now), state.failure) {
            (Some(point), _) => Ok(point),
            (None, Some(reason)) => {
                Err(UnverifiedReward::Unavailable { reason: reason.to_owned() })
            }
            (None, None) => Err(UnverifiedReward::UnknownKey),
        }
    }
}

impl State {
    fn find(&self, id: u64, now: Timestamp) -> Option<Vec<u8>> {
        let kept = self.kept.as_ref().filter(|kept| now.since(kept.at) < KEPT)?;
        kept.keys.get(&id).cloned()
    }

    /// Keys of a kind that we do not know must not hide the others.
    fn keep(&mut self, list: &ListShape, now: Timestamp) {
        let read = |key: &KeyShape| Some((key.key_id, key.read()?));
        self.kept = Some(Kept { keys: list.keys.iter().filter_map(read).collect(), at: now });
        self.failure = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(bytes: &[u8]) -> KeyShape {
        KeyShape { key_id: 1, base64: STANDARD.encode(bytes), pem: String::new() }
    }

    #[test]
    fn keys_on_the_curve_are_read_from_either_form() {
        let point = [&[4_u8][..], &[7; 64]].concat();
        let der = [&HEAD[..], &point].concat();
        assert_eq!(key(&der).read().as_ref(), Some(&point));
        let text = STANDARD.encode(&der);
        let (first, second) = text.split_at(64);
        let pem =
            format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n");
        let shape = KeyShape { key_id: 1, base64: String::new(), pem };
        assert_eq!(shape.read(), Some(point));
    }

    #[test]
    fn other_keys_are_not() {
        let compressed = [&HEAD[..], &[2; 65]].concat();
        for wrong in [Vec::new(), HEAD.to_vec(), compressed, vec![4; 65]] {
            assert!(key(&wrong).read().is_none());
        }
    }
}
