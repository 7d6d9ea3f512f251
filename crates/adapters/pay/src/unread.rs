//! Messages that were verified and cannot be read: they are kept, and tried again by a version that
//! reads them.
//!
//! Invariants: a message has the same name whether it can be read or not, so that it is noted once;
//! what was not verified is never kept.

use gantry_ports::payments::{ProviderEvent, ProviderFact, UnverifiedEvent};
use gantry_types::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::shapes::time_of;

/// The kind of a message that does not say its own.
const NO_KIND: &str = "unreadable";

/// Where a provider's messages say what they are.
pub(crate) struct Labels {
    /// Their name; without one they are named by their bytes.
    pub id: Option<&'static str>,
    /// Their kind.
    pub kind: &'static str,
    /// When they were told.
    pub at: &'static str,
}

/// The name of a message that has none, or none that is signed.
pub(crate) fn name_by_bytes(body: &[u8]) -> String {
    format!("evt_{}", hex::encode(Sha256::digest(body)))
}

/// A message that was verified, read as far as it can be.
pub(crate) fn read_or_keep(
    body: &[u8],
    labels: &Labels,
    read: Result<ProviderEvent, UnverifiedEvent>,
) -> ProviderEvent {
    read.unwrap_or_else(|refusal| tell(body, labels, refusal.to_string()))
}

/// A message that was refused: kept where it was verified and could not be read alone.
///
/// # Errors
/// Every other refusal, as it is.
pub(crate) fn keep(
    body: &[u8],
    labels: &Labels,
    refusal: UnverifiedEvent,
) -> Result<ProviderEvent, UnverifiedEvent> {
    match refusal {
        UnverifiedEvent::Unreadable { .. } => Ok(tell(body, labels, refusal.to_string())),
        UnverifiedEvent::Signature
        | UnverifiedEvent::TooOld
        | UnverifiedEvent::Unavailable { .. } => Err(refusal),
    }
}

fn tell(body: &[u8], labels: &Labels, reason: String) -> ProviderEvent {
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    let find = |label: &'static str| message[label].as_str().filter(|text| !text.is_empty());
    let name = labels.id.and_then(find).map(str::to_owned);
    ProviderEvent {
        event_ref: name.unwrap_or_else(|| name_by_bytes(body)),
        kind: find(labels.kind).unwrap_or(NO_KIND).to_owned(),
        told_at: find_time(&message[labels.at]),
        fact: ProviderFact::Unread { reason },
    }
}

/// Seconds, or a time in text; the beginning of time where neither is there.
fn find_time(at: &Value) -> Timestamp {
    let written = at.as_str().and_then(|text| text.parse().ok());
    written.or_else(|| at.as_i64().map(time_of)).unwrap_or(Timestamp::from_micros(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: Labels = Labels { id: Some("id"), kind: "type", at: "created" };

    fn unreadable() -> UnverifiedEvent {
        UnverifiedEvent::Unreadable { reason: "it is of next year".to_owned() }
    }

    #[test]
    fn what_cannot_be_read_has_its_own_name_and_kind() {
        let body = br#"{"id": "evt_1", "type": "invoice.paid", "created": 1700000000}"#;
        let kept = keep(body, &LABELS, unreadable()).unwrap();
        assert_eq!((kept.event_ref.as_str(), kept.kind.as_str()), ("evt_1", "invoice.paid"));
        assert_eq!(kept.told_at, time_of(1_700_000_000));
        let ProviderFact::Unread { reason } = &kept.fact else { panic!("{kept:?}") };
        assert!(reason.contains("it is of next year"), "{reason}");
        assert_eq!(read_or_keep(body, &LABELS, Err(unreadable())), kept);
        let at = find_time(&serde_json::json!("2023-11-14T22:13:20Z"));
        assert_eq!(at, time_of(1_700_000_000));
    }

    #[test]
    fn what_says_nothing_is_named_by_its_bytes() {
        for body in [&b"no JSON"[..], b"[1]", br#"{"id": "", "type": 7}"#] {
            let kept = keep(body, &LABELS, unreadable()).unwrap();
            assert_eq!(kept.event_ref, name_by_bytes(body));
            assert_eq!(kept.kind, NO_KIND);
        }
        let unnamed = Labels { id: None, ..LABELS };
        let kept = keep(br#"{"id": "evt_1"}"#, &unnamed, unreadable()).unwrap();
        assert_ne!(kept.event_ref, "evt_1", "its name is not signed");
    }

    #[test]
    fn what_was_not_verified_is_not_kept() {
        let silent = UnverifiedEvent::Unavailable { reason: "silent".to_owned() };
        for refusal in [UnverifiedEvent::Signature, UnverifiedEvent::TooOld, silent] {
            assert_eq!(keep(b"{}", &LABELS, refusal.clone()), Err(refusal));
        }
    }
}
