//! An authenticator in software: makes passkeys and signs by them, and can be told to be wrong.
//!
//! Invariant: it shares no code with what it tests; its bytes are written by hand.

use anyhow::{Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Which kind of key it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoftKey {
    /// ECDSA over P-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

/// What a browser brings after a passkey was made.
#[derive(Debug, Clone)]
pub struct SoftCreated {
    /// What the browser collected.
    pub client_data: Vec<u8>,
    /// What the authenticator answered.
    pub attestation: Vec<u8>,
}

/// What a browser brings after a passkey signed.
#[derive(Debug, Clone)]
pub struct SoftAnswer {
    /// Which credential, in URL-safe base 64.
    pub credential_id: String,
    /// What the browser collected.
    pub client_data: Vec<u8>,
    /// What the authenticator says.
    pub authenticator_data: Vec<u8>,
    /// Its signature over both.
    pub signature: Vec<u8>,
    /// Whose it is.
    pub user_handle: Vec<u8>,
}

/// An authenticator with one passkey.
pub struct SoftAuthenticator {
    pair: Pair,
    id: Vec<u8>,
    /// The site for which it answers.
    pub site: String,
    /// The origin of the page that asks.
    pub origin: String,
    /// User present, user verified.
    pub flags: u8,
    /// How often it signed.
    pub counter: u32,
    /// Whose passkey it is.
    pub user_handle: Vec<u8>,
}

impl SoftAuthenticator {
    /// One for a site, whose user it has checked.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(kind: SoftKey, site: &str, origin: &str) -> Result<Self> {
        let random = SystemRandom::new();
        let pair = match kind {
            SoftKey::Es256 => {
                let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
                let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random)
                    .map_err(|_| anyhow!("no key"))?;
                let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random);
                Pair::Es256(pair.map_err(|error| anyhow!("{error}"))?)
            }
            SoftKey::EdDsa => {
                let document =
                    Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| anyhow!("no key"))?;
                let pair = Ed25519KeyPair::from_pkcs8(document.as_ref());
                Pair::EdDsa(pair.map_err(|error| anyhow!("{error}"))?)
            }
        };
        let public = match &pair {
            Pair::Es256(pair) => pair.public_key().as_ref(),
            Pair::EdDsa(pair) => pair.public_key().as_ref(),
        };
        let id = Sha256::digest(public)[..20].to_vec();
        let (site, origin) = (site.to_owned(), origin.to_owned());
        Ok(Self { pair, id, site, origin, flags: 0x05, counter: 1, user_handle: Vec::new() })
    }

    fn client_data(&self, kind: &str, challenge: &str) -> Vec<u8> {
        let challenge = URL_SAFE_NO_PAD.encode(challenge);
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn head(&self, flags: u8) -> Vec<u8> {
        let mut bytes = Sha256::digest(self.site.as_bytes()).to_vec();
        bytes.push(flags);
        bytes.extend_from_slice(&self.counter.to_be_bytes());
        bytes
    }

    /// The public key as COSE has it.
    fn cose(&self) -> Vec<u8> {
        let bytes_of_32 = |bytes: &[u8]| [&[0x58, 0x20][..], bytes].concat();
        match &self.pair {
            Pair::Es256(pair) => {
                let point = pair.public_key().as_ref();
                // {1: 2, 3: -7, -1: 1, -2: x, -3: y}
                let mut map = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21];
                map.extend(bytes_of_32(&point[1..33]));
                map.push(0x22);
                map.extend(bytes_of_32(&point[33..]));
                map
            }
            Pair::EdDsa(pair) => {
                // {1: 1, 3: -8, -1: 6, -2: x}
                let mut map = vec![0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21];
                map.extend(bytes_of_32(pair.public_key().as_ref()));
                map
            }
        }
    }

    /// Makes its passkey, for a person.
    pub fn create(&mut self, challenge: &str, user_handle: &[u8]) -> SoftCreated {
        self.user_handle = user_handle.to_vec();
        let mut data = self.head(self.flags | 0x40);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&[0, 20]);
        data.extend_from_slice(&self.id);
        data.extend(self.cose());
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let mut attestation = vec![0xa3, 0x63];
        attestation.extend_from_slice(b"fmt\x64none\x67attStmt\xa0\x68authData\x58");
        attestation.push(u8::try_from(data.len()).unwrap_or(u8::MAX));
        attestation.extend(data);
        SoftCreated { client_data: self.client_data("webauthn.create", challenge), attestation }
    }

    /// Signs by its passkey.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn answer(&mut self, challenge: &str) -> Result<SoftAnswer> {
        self.counter += 1;
        let client_data = self.client_data("webauthn.get", challenge);
        let authenticator_data = self.head(self.flags);
        let hash = Sha256::digest(&client_data);
        let signed = [&authenticator_data[..], hash.as_slice()].concat();
        let signature = match &self.pair {
            Pair::Es256(pair) => pair
                .sign(&SystemRandom::new(), &signed)
                .map_err(|_| anyhow!("no signature"))?
                .as_ref()
                .to_vec(),
            Pair::EdDsa(pair) => pair.sign(&signed).as_ref().to_vec(),
        };
        Ok(SoftAnswer {
            credential_id: URL_SAFE_NO_PAD.encode(&self.id),
            client_data,
            authenticator_data,
            signature,
            user_handle: self.user_handle.clone(),
        })
    }
}
