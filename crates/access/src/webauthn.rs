//! What an authenticator says (Web Authentication, level 2), read and checked. Pure: bytes in,
//! verdict out.
//!
//! Invariants: a statement counts only for this site, this question and this kind of ceremony, from
//! an authenticator that knows its user; keys are of three kinds, each with the one algorithm that
//! it has; attestation is neither asked for nor believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;
/// The longest name of a credential (7, Credential ID).
const LONGEST_ID: usize = 1_023;
/// More bytes than any statement has.
const LONGEST: usize = 64 << 10;

/// Why a statement is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WebAuthnError {
    #[error("what the authenticator says cannot be read")]
    Unreadable,
    #[error("the authenticator answers another question")]
    OtherQuestion,
    #[error("the authenticator answers for another site")]
    OtherSite,
    #[error("the authenticator did not check who uses it; set up a code or a fingerprint on it")]
    NotVerified,
    #[error("the authenticator makes keys of a kind that is not known here")]
    UnknownKey,
    #[error("the signature is wrong")]
    Signature,
}

/// The site that an authenticator must answer for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    /// The relying party: a host.
    pub id: String,
    /// Where its pages come from.
    pub origin: String,
}

impl Site {
    /// The site at an address such as `https://gantry.example/`.
    pub fn of(public_url: &str) -> Self {
        let (scheme, rest) = public_url.split_once("://").unwrap_or(("http", public_url));
        let authority = rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let usual = if scheme == "https" { ":443" } else { ":80" };
        let authority = authority.strip_suffix(usual).unwrap_or(&authority).to_owned();
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if is_port(port) => host.to_owned(),
            Some(_) | None => authority.clone(),
        };
        Self { id: host, origin: format!("{scheme}://{authority}") }
    }
}

/// What a browser collects about a ceremony.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
}

/// The two kinds of ceremonies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Create,
    Get,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Create => "webauthn.create",
            Self::Get => "webauthn.get",
        }
    }
}

/// The question that a statement answers, before it is known to be one of ours.
pub(crate) fn read_challenge(client_data: &[u8]) -> Result<String, WebAuthnError> {
    let data = read_client_data(client_data)?;
    let bytes = URL_SAFE_NO_PAD.decode(data.challenge).map_err(|_| WebAuthnError::Unreadable)?;
    String::from_utf8(bytes).map_err(|_| WebAuthnError::Unreadable)
}

fn read_client_data(bytes: &[u8]) -> Result<ClientData, WebAuthnError> {
    if bytes.len() > LONGEST {
        return Err(WebAuthnError::Unreadable);
    }
    serde_json::from_slice(bytes).map_err(|_| WebAuthnError::Unreadable)
}

fn require_client_data(
    bytes: &[u8],
    (kind, challenge): (Kind, &str),
    site: &Site,
) -> Result<(), WebAuthnError> {
    let data = read_client_data(bytes)?;
    if data.kind != kind.word() || data.challenge != URL_SAFE_NO_PAD.encode(challenge) {
        return Err(WebAuthnError::OtherQuestion);
    }
    if data.origin != site.origin || data.cross_origin {
        return Err(WebAuthnError::OtherSite);
    }
    Ok(())
}

/// What an authenticator signs.
struct AuthenticatorData<'a> {
    counter: u32,
    rest: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    fn read(bytes: &'a [u8], site: &Site) -> Result<(Self, u8), WebAuthnError> {
        let (head, rest) = bytes.split_at_checked(37).ok_or(WebAuthnError::Unreadable)?;
        let (hash, more) = head.split_at(32);
        if hash != Sha256::digest(site.id.as_bytes()).as_slice() {
            return Err(WebAuthnError::OtherSite);
        }
        let (flags, counter) = more.split_first().ok_or(WebAuthnError::Unreadable)?;
        if flags & USER_PRESENT == 0 || flags & USER_VERIFIED == 0 {
            return Err(WebAuthnError::NotVerified);
        }
        let counter = <[u8; 4]>::try_from(counter).map_err(|_| WebAuthnError::Unreadable)?;
        Ok((Self { counter: u32::from_be_bytes(counter), rest }, *flags))
    }
}

/// A credential that an authenticator made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewCredential {
    /// Its name, as the authenticator gave it.
    pub id: Vec<u8>,
    /// Its public key, as the authenticator wrote it (COSE).
    pub public_key: Vec<u8>,
    /// How often it signed.
    pub counter: u32,
}

/// Reads what an authenticator answers to a question to make a credential.
///
/// # Errors
/// [`WebAuthnError`].
pub(crate) fn register(
    client_data: &[u8],
    attestation: &[u8],
    (challenge, site): (&str, &Site),
) -> Result<NewCredential, WebAuthnError> {
    require_client_data(client_data, (Kind::Create, challenge), site)?;
    if attestation.len() > LONGEST {
        return Err(WebAuthnError::Unreadable);
    }
    let object: Value = read_cbor(&mut &*attestation)?;
    let data = object.as_map().and_then(|map| {
        map.iter().find(|(key, _)| key.as_text() == Some("authData"))?.1.as_bytes()
    });
    let data = data.ok_or(WebAuthnError::Unreadable)?;
    let (data, flags) = AuthenticatorData::read(data, site)?;
    if flags & ATTESTED == 0 {
        return Err(WebAuthnError::Unreadable);
    }
    // 16 bytes name the kind of authenticator, which is nobody's business.
    let rest = data.rest.get(16..).ok_or(WebAuthnError::Unreadable)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(WebAuthnError::Unreadable)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (id, rest) = rest.split_at_checked(length).ok_or(WebAuthnError::Unreadable)?;
    if id.is_empty() || id.len() > LONGEST_ID {
        return Err(WebAuthnError::Unreadable);
    }
    let mut after = rest;
    let _key: Value = read_cbor(&mut after)?;
    let public_key = rest[..rest.len() - after.len()].to_vec();
    Key::read(&public_key)?;
    Ok(NewCredential { id: id.to_vec(), public_key, counter: data.counter })
}

/// What an authenticator answers to a question to sign in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Assertion<'a> {
    pub client_data: &'a [u8],
    pub authenticator_data: &'a [u8],
    pub signature: &'a [u8],
}

impl Assertion<'_> {
    /// Checks it against a credential's public key; answers how often the credential signed.
    ///
    /// # Errors
    /// [`WebAuthnError`].
    pub fn verify(
        &self,
        public_key: &[u8],
        (challenge, site): (&str, &Site),
    ) -> Result<u32, WebAuthnError> {
        require_client_data(self.client_data, (Kind::Get, challenge), site)?;
        let (data, _) = AuthenticatorData::read(self.authenticator_data, site)?;
        let hash = Sha256::digest(self.client_data);
        let signed = [self.authenticator_data, hash.as_slice()].concat();
        if Key::read(public_key)?.verify(&signed, self.signature) {
            Ok(data.counter)
        } else {
            Err(WebAuthnError::Signature)
        }
    }
}

/// A public key (RFC 9053).
enum Key {
    Es256(Vec<u8>),
    Rs256 { modulus: Vec<u8>, exponent: Vec<u8> },
    EdDsa(Vec<u8>),
}

impl Key {
    fn read(cose: &[u8]) -> Result<Self, WebAuthnError> {
        let value: Value = read_cbor(&mut &*cose)?;
        let map = value.as_map().ok_or(WebAuthnError::Unreadable)?;
        let find = |label: i64| {
            let label = Value::from(label);
            map.iter().find(|(key, _)| *key == label).map(|(_, value)| value)
        };
        let number = |label| find(label)?.as_integer().and_then(|n| i64::try_from(n).ok());
        let bytes = |label| find(label).and_then(Value::as_bytes).cloned();
        let unknown = WebAuthnError::UnknownKey;
        match (number(1), number(3), number(-1)) {
            (Some(2), Some(-7), Some(1)) => {
                let (x, y) = (bytes(-2).ok_or(unknown)?, bytes(-3).ok_or(unknown)?);
                if x.len() != 32 || y.len() != 32 {
                    return Err(unknown);
                }
                Ok(Self::Es256([&[4][..], &x, &y].concat()))
            }
            (Some(1), Some(-8), Some(6)) => Ok(Self::EdDsa(bytes(-2).ok_or(unknown)?)),
            (Some(3), Some(-257), None) => {
                let (modulus, exponent) = (bytes(-1).ok_or(unknown)?, bytes(-2).ok_or(unknown)?);
                Ok(Self::Rs256 { modulus, exponent })
            }
            _ => Err(unknown),
        }
    }

    fn verify(&self, signed: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
                .verify(signed, signature)
                .is_ok(),
            Self::EdDsa(point) => {
                UnparsedPublicKey::new(&ED25519, point).verify(signed, signature).is_ok()
            }
            Self::Rs256 { modulus, exponent } => RsaPublicKeyComponents { n: modulus, e: exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
                .is_ok(),
        }
    }
}

/// The next value; `bytes` is what follows afterwards.
fn read_cbor(bytes: &mut &[u8]) -> Result<Value, WebAuthnError> {
    ciborium::de::from_reader_with_recursion_limit::<Value, _>(bytes, 8)
        .map_err(|_| WebAuthnError::Unreadable)
}

#[cfg(test)]
mod tests;
