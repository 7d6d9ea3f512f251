//! Secrets: session tokens, API keys, setup tokens, links in mails, recovery codes. Their randomness comes from the operating
//! system.
//!
//! Invariant: a secret has 256 random bits, so its plain SHA-256 is safe to store and is found by
//! an index; comparing hashes leaks nothing about the secret.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::error::AccessError;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What every API key begins with, so that scanners recognise a leaked one.
pub const API_KEY_PREFIX: &str = "gk_";

/// What every refresh token begins with.
const REFRESH_TOKEN_PREFIX: &str = "gr_";

/// What every secret of a client begins with.
const CLIENT_SECRET_PREFIX: &str = "gs_";

/// How much of a key is kept to recognise it: the prefix and six characters.
const SHOWN_CHARACTERS: usize = 9;

/// The secret of a browser session; its cookie's value.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl SessionToken {
    pub(crate) fn generate() -> Result<Self, AccessError> {
        random_text().map(Self)
    }

    /// The secret, for the cookie and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionToken(…)")
    }
}

/// The secret with which the first administrator registers.
#[derive(Clone, PartialEq, Eq)]
pub struct SetupToken(String);

impl SetupToken {
    pub(crate) fn generate() -> Result<Self, AccessError> {
        random_text().map(Self)
    }

    /// The secret, to be printed on the operator's terminal.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SetupToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SetupToken(…)")
    }
}

/// The secret of a link in a mail, or of a sign-in that goes on with a code.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken(String);

impl LinkToken {
    pub(crate) fn generate() -> Result<Self, AccessError> {
        random_text().map(Self)
    }

    /// The secret, for the link and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LinkToken(…)")
    }
}

/// Characters of a recovery code; the code is kept as a plain hash, so it must not be guessable:
/// 62^16 is more than 2^95.
const RECOVERY_CHARACTERS: usize = 16;

/// A new recovery code, in groups of four.
pub fn generate_recovery_code() -> Result<String, AccessError> {
    let letters: Vec<char> = random_text()?.chars().rev().take(RECOVERY_CHARACTERS).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// The secret that an authenticator app shares: 160 bits, as RFC 4226 recommends.
pub fn generate_shared_secret() -> Result<[u8; 20], AccessError> {
    let mut bytes = [0_u8; 20];
    getrandom::fill(&mut bytes)
        .map_err(|error| AccessError::Hashing { reason: error.to_string() })?;
    Ok(bytes)
}

/// A new API key.
pub fn generate_api_key() -> Result<String, AccessError> {
    Ok(format!("{API_KEY_PREFIX}{}", random_text()?))
}

/// A new refresh token.
pub fn generate_refresh_token() -> Result<String, AccessError> {
    Ok(format!("{REFRESH_TOKEN_PREFIX}{}", random_text()?))
}

/// A new secret of a client.
pub fn generate_client_secret() -> Result<String, AccessError> {
    Ok(format!("{CLIENT_SECRET_PREFIX}{}", random_text()?))
}

/// A new code that a client exchanges for its first tokens.
pub fn generate_code() -> Result<String, AccessError> {
    random_text()
}

/// The part of a key that is kept to recognise it.
pub fn shown_prefix(key: &str) -> String {
    key.chars().take(SHOWN_CHARACTERS).collect()
}

/// The SHA-256 of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Hashes a secret.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// In lower-case hexadecimal, as the store keeps it.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256_hex(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// What a request from a browser must carry besides the cookie. It follows from the session's
/// token, so it needs no storage, and does not reveal the token.
pub fn derive_csrf_token(token: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"gantry anti-forgery token, version 1:");
    hash.update(token.as_bytes());
    hex::encode(hash.finalize())
}

/// 256 random bits in base 62: 43 characters.
fn random_text() -> Result<String, AccessError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| AccessError::Hashing { reason: error.to_string() })?;
    Ok(to_base62(bytes))
}

/// Long division of the 256-bit number by 62, the digits from the last to the first.
fn to_base62(mut bytes: [u8; 32]) -> String {
    let mut digits = Vec::with_capacity(43);
    for _ in 0..43 {
        let mut remainder = 0_u32;
        for byte in &mut bytes {
            let value = remainder * 256 + u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        digits.push(char::from(BASE62[remainder as usize]));
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base62_keeps_all_bits() {
        assert_eq!(to_base62([0; 32]), "0".repeat(43));
        let mut one = [0; 32];
        one[31] = 63;
        assert_eq!(to_base62(one), format!("{}11", "0".repeat(41)));
        // 2^256 - 1 in base 62.
        let largest = to_base62([255; 32]);
        assert_eq!(largest.len(), 43);
        let mut value = [0_u32; 32];
        for digit in largest.bytes() {
            let digit = BASE62.iter().position(|known| *known == digit).unwrap();
            let mut carry = u32::try_from(digit).unwrap();
            for byte in value.iter_mut().rev() {
                let next = *byte * 62 + carry;
                *byte = next % 256;
                carry = next / 256;
            }
            assert_eq!(carry, 0);
        }
        assert_eq!(value, [255; 32]);
    }

    #[test]
    fn secrets_differ_and_do_not_print() {
        let (one, two) = (SessionToken::generate().unwrap(), SessionToken::generate().unwrap());
        assert_ne!(one, two);
        assert!(!format!("{one:?}").contains(one.expose()));
        let key = generate_api_key().unwrap();
        assert_eq!(key.len(), 46);
        assert!(key.starts_with("gk_"));
        assert_eq!(shown_prefix(&key).len(), 9);
    }

    #[test]
    fn the_csrf_token_follows_from_the_session() {
        assert_eq!(derive_csrf_token("a"), derive_csrf_token("a"));
        assert_ne!(derive_csrf_token("a"), derive_csrf_token("b"));
        assert_ne!(derive_csrf_token("a"), sha256_hex("a"));
    }
}
