//! A callback of server-side verification: a query whose last two members are the signature over all
//! before it, and the name of the key.
//!
//! Invariants: nothing stands behind the key's name; no member comes twice; the members are read in
//! the form in which they were signed. The query is signed as it is sent, or, where it has characters
//! that must be escaped, as it reads without escapes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gantry_ports::rewards::{UnverifiedReward, VerifiedReward};
use gantry_types::Timestamp;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use std::time::Duration;

/// A longer query is none of a provider.
const LONGEST: usize = 4_096;
/// Older callbacks are not taken: their transactions may have been forgotten.
const OLDEST: Duration = Duration::from_hours(24);
/// How far the provider's clock may be ahead.
const AHEAD: Duration = Duration::from_mins(10);

/// A callback that is not checked yet.
#[derive(Debug)]
pub(crate) struct Callback<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    pub key_id: u64,
}

fn unreadable(reason: &str) -> UnverifiedReward {
    UnverifiedReward::Unreadable { reason: reason.to_owned() }
}

impl<'a> Callback<'a> {
    pub(crate) fn parse(query: &'a str) -> Result<Self, UnverifiedReward> {
        if query.len() > LONGEST {
            return Err(unreadable("it is too long"));
        }
        let (signed, rest) =
            query.rsplit_once("&signature=").ok_or_else(|| unreadable("it has no signature"))?;
        let (signature, key_id) =
            rest.split_once("&key_id=").ok_or_else(|| unreadable("it names no key"))?;
        let key_id = key_id.parse::<u64>().map_err(|_| unreadable("its key has no number"))?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature.trim_end_matches('='))
            .map_err(|_| unreadable("its signature is not base 64"))?;
        Ok(Self { signed, signature, key_id })
    }

    /// What it tells, by the public key `point` (P-256, uncompressed) and at the time of its arrival.
    pub(crate) fn verify(
        &self,
        point: &[u8],
        received_at: Timestamp,
    ) -> Result<VerifiedReward, UnverifiedReward> {
        let told: Option<Vec<(String, String)>> = if self.is_signed(point, self.signed) {
            let members = split(self.signed);
            members.map(|(name, value)| Some((decode(name)?, decode(value)?))).collect()
        } else {
            let plain = decode(self.signed).filter(|plain| self.is_signed(point, plain));
            let plain = plain.ok_or(UnverifiedReward::Signature)?;
            let owned = |(name, value): (&str, &str)| Some((name.to_owned(), value.to_owned()));
            split(&plain).map(owned).collect()
        };
        read(&told.ok_or_else(|| unreadable("its escapes are wrong"))?, received_at)
    }

    fn is_signed(&self, point: &[u8], content: &str) -> bool {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
        key.verify(content.as_bytes(), &self.signature).is_ok()
    }
}

fn split(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&').map(|member| member.split_once('=').unwrap_or((member, "")))
}

/// Text without escapes; `None` when they are none.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let (digits, after) = rest.split_at_checked(2)?;
            bytes.extend(hex::decode(digits).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

type Members = [(String, String)];

/// A member's value, if there is one.
fn find<'m>(members: &'m Members, wanted: &str) -> Result<Option<&'m str>, UnverifiedReward> {
    let mut found = members.iter().filter(|(name, _)| name == wanted);
    let first = found.next();
    if found.next().is_some() {
        return Err(unreadable("a member comes twice"));
    }
    Ok(first.map(|(_, value)| value.as_str()))
}

fn require<'m>(members: &'m Members, wanted: &str) -> Result<&'m str, UnverifiedReward> {
    let value = find(members, wanted)?.filter(|value| !value.is_empty());
    value.ok_or_else(|| unreadable(&format!("it has no `{wanted}`")))
}

fn read(members: &Members, received_at: Timestamp) -> Result<VerifiedReward, UnverifiedReward> {
    let millis = require(members, "timestamp")?.parse::<i64>();
    let millis = millis.map_err(|_| unreadable("its `timestamp` is no number"))?;
    let watched_at = Timestamp::from_micros(millis.saturating_mul(1_000));
    if received_at.since(watched_at) > OLDEST || watched_at.since(received_at) > AHEAD {
        return Err(UnverifiedReward::OtherTime);
    }
    Ok(VerifiedReward {
        transaction_ref: require(members, "transaction_id")?.to_owned(),
        custom_data: find(members, "custom_data")?.unwrap_or_default().to_owned(),
        unit: require(members, "ad_unit")?.to_owned(),
        watched_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_callback_is_refused() {
        for query in [
            "",
            "a=1",
            "a=1&signature=AAAA",
            "a=1&signature=AAAA&key_id=",
            "a=1&signature=AAAA&key_id=x",
            "a=1&signature=A*A&key_id=1",
            "a=1&signature=AAAA&key_id=1&user_id=2",
            &"a".repeat(LONGEST + 1),
        ] {
            let refused = Callback::parse(query).unwrap_err();
            assert!(matches!(refused, UnverifiedReward::Unreadable { .. }), "{query}: {refused}");
        }
        let read = Callback::parse("a=1&b=2&signature=AAAA&key_id=7").unwrap();
        assert_eq!((read.signed, read.key_id), ("a=1&b=2", 7));
    }

    #[test]
    fn escapes_are_read_and_wrong_ones_are_not() {
        assert_eq!(decode("Reward%20Item").as_deref(), Some("Reward Item"));
        assert_eq!(decode("%C3%A4").as_deref(), Some("ä"));
        for wrong in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_member_that_comes_twice_is_refused() {
        let at = Timestamp::from_micros(1_000_000_000);
        let mut members: Vec<(String, String)> =
            [("ad_unit", "1"), ("timestamp", "1000000"), ("transaction_id", "t")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        assert_eq!(read(&members, at).unwrap().transaction_ref, "t");
        let late = read(&members, at.plus(OLDEST + Duration::from_secs(1)));
        assert_eq!(late, Err(UnverifiedReward::OtherTime));
        members.push(("transaction_id".to_owned(), "u".to_owned()));
        assert!(matches!(read(&members, at), Err(UnverifiedReward::Unreadable { .. })));
    }
}
