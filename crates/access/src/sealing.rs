//! Secrets that must be read again are kept encrypted: AES-256-GCM under the installation's key.
//!
//! Invariants: a sealed secret opens for the row that it was sealed for, and for no other; the name
//! of its key stands before it, so that a key can be replaced; what was kept before there was a key
//! is read, and sealed when it is used.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest, Sha256};

use crate::error::AccessError;

/// What every sealed secret begins with; no secret in base 32 contains a full stop.
const MARK: &str = "sealed.1.";
/// A shorter key may be a word that somebody thought of.
const SHORTEST_KEY: usize = 32;

/// A key of the installation cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealingKeyError {
    /// It is too short.
    #[error("a secret key has at least {SHORTEST_KEY} characters; make one at random")]
    Short,
    /// The library refuses it.
    #[error("the secret key cannot be used")]
    Refused,
}

struct NamedKey {
    name: String,
    key: LessSafeKey,
}

impl NamedKey {
    fn derive(text: &str) -> Result<Self, SealingKeyError> {
        let text = text.trim();
        if text.chars().count() < SHORTEST_KEY {
            return Err(SealingKeyError::Short);
        }
        let digest = |what: &str| Sha256::digest(format!("gantry {what}, version 1:{text}"));
        let key = UnboundKey::new(&AES_256_GCM, &digest("sealing key"))
            .map_err(|_| SealingKeyError::Refused)?;
        let name = hex::encode(digest("name of a sealing key").get(..4).unwrap_or_default());
        Ok(Self { name, key: LessSafeKey::new(key) })
    }
}

/// The installation's keys.
pub struct Sealing {
    /// Seals, and opens.
    present: NamedKey,
    /// Open alone.
    earlier: Vec<NamedKey>,
}

impl fmt::Debug for Sealing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sealing").field("key", &self.present.name).finish_non_exhaustive()
    }
}

/// A secret as it was kept.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    pub secret: String,
    /// What is to be kept instead: it was not sealed, or by an earlier key.
    pub renewed: Option<String>,
}

impl Sealing {
    /// Seals with `present`; what `earlier` keys sealed is opened too.
    ///
    /// # Errors
    /// [`SealingKeyError`].
    pub fn new(present: &str, earlier: &[&str]) -> Result<Self, SealingKeyError> {
        let present = NamedKey::derive(present)?;
        let earlier = earlier.iter().map(|text| NamedKey::derive(text));
        Ok(Self { present, earlier: earlier.collect::<Result<_, _>>()? })
    }

    /// Seals a secret for the row `row`.
    ///
    /// # Errors
    /// [`AccessError::Hashing`] when there is no randomness.
    pub(crate) fn seal(&self, row: &str, secret: &str) -> Result<String, AccessError> {
        let refuse = |reason: String| AccessError::Hashing { reason };
        let mut nonce = [0_u8; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|error| refuse(error.to_string()))?;
        let mut bytes = secret.as_bytes().to_vec();
        self.present
            .key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(row.as_bytes()),
                &mut bytes,
            )
            .map_err(|_| refuse("a secret could not be sealed".to_owned()))?;
        let sealed = URL_SAFE_NO_PAD.encode([&nonce[..], &bytes].concat());
        Ok(format!("{MARK}{}.{sealed}", self.present.name))
    }

    /// Opens what is kept in the row `row`.
    ///
    /// # Errors
    /// [`AccessError::Hashing`] when its key is not here, or it was sealed for another row.
    pub(crate) fn open(&self, row: &str, kept: &str) -> Result<Opened, AccessError> {
        let refuse = |reason: String| AccessError::Hashing { reason };
        let Some(rest) = kept.strip_prefix(MARK) else {
            let renewed = Some(self.seal(row, kept)?);
            return Ok(Opened { secret: kept.to_owned(), renewed });
        };
        let broken = || refuse("a sealed secret cannot be read".to_owned());
        let (name, sealed) = rest.split_once('.').ok_or_else(broken)?;
        let mut keys = std::iter::once(&self.present).chain(&self.earlier);
        let key = keys.find(|key| key.name == name).ok_or_else(|| {
            refuse(format!("a secret is sealed by the key {name}, which `auth` does not have"))
        })?;
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| broken())?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or_else(broken)?;
        let mut sealed = sealed.to_vec();
        let secret = key
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(row.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| broken())?;
        let secret = String::from_utf8(secret.to_vec()).map_err(|_| broken())?;
        let renewed = if name == self.present.name { None } else { Some(self.seal(row, &secret)?) };
        Ok(Opened { secret, renewed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "a key of more than thirty-two characters";
    const TWO: &str = "another key of more than thirty-two characters";
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn a_sealed_secret_opens_for_its_row_alone() {
        let sealing = Sealing::new(ONE, &[]).unwrap();
        let kept = sealing.seal("ada", SECRET).unwrap();
        assert!(!kept.contains(SECRET) && kept.starts_with(MARK), "{kept}");
        assert_ne!(kept, sealing.seal("ada", SECRET).unwrap());
        let opened = sealing.open("ada", &kept).unwrap();
        assert!(opened.secret == SECRET && opened.renewed.is_none());
        assert!(sealing.open("eve", &kept).is_err());
        for place in 0..kept.len() {
            let mut bytes = kept.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            let opened = sealing.open("ada", &changed);
            // Without its mark it is a plain text, and not the secret.
            assert!(opened.is_err() || opened.unwrap().secret != SECRET, "{changed}");
        }
        assert!(!format!("{sealing:?}").contains(ONE));
    }

    #[test]
    fn keys_are_replaced_and_plain_secrets_are_sealed_at_their_next_use() {
        let old = Sealing::new(ONE, &[]).unwrap();
        let kept = old.seal("ada", SECRET).unwrap();
        let new = Sealing::new(TWO, &[ONE]).unwrap();
        let opened = new.open("ada", &kept).unwrap();
        assert!(opened.secret == SECRET);
        let renewed = opened.renewed.unwrap();
        assert!(Sealing::new(TWO, &[]).unwrap().open("ada", &renewed).unwrap().secret == SECRET);
        let lost = Sealing::new(TWO, &[]).unwrap().open("ada", &kept);
        assert!(lost.is_err());
        let plain = old.open("ada", SECRET).unwrap();
        assert!(plain.secret == SECRET);
        assert!(old.open("ada", &plain.renewed.unwrap()).unwrap().secret == SECRET);
    }

    #[test]
    fn short_keys_are_refused() {
        assert_eq!(Sealing::new("short", &[]).err(), Some(SealingKeyError::Short));
        assert_eq!(Sealing::new(ONE, &["short"]).err(), Some(SealingKeyError::Short));
    }
}
