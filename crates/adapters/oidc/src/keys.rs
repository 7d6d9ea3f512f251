//! A provider's public keys (RFC 7517): fetched once, kept for a while, and fetched again when a
//! statement names one that is not among them.
//!
//! Invariants: a key signs by the one algorithm of its kind; strangers who name keys that do not
//! exist cannot make us ask the provider more often than every few seconds.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gantry_ports::{Clock, VouchError};
use gantry_types::Timestamp;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::jws::{Algorithm, Jws};
use crate::wire::{Call, Wire, refused, unavailable};

/// Keys that a provider withdrew are believed no longer than this.
const KEPT: Duration = Duration::from_hours(1);
/// The pause between two requests for keys.
const PAUSE: Duration = Duration::from_secs(5);
/// More keys than any provider has.
const MANY: usize = 100;

/// A public key.
#[derive(Debug, Clone)]
struct Key {
    id: Option<String>,
    material: Material,
}

#[derive(Debug, Clone)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// A point of P-256, uncompressed.
    Curve(Vec<u8>),
}

impl Material {
    const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::Curve(_) => Algorithm::Es256,
        }
    }

    fn verify(&self, jws: &Jws<'_>) -> bool {
        let (signed, signature) = (jws.signed.as_bytes(), jws.signature.as_slice());
        match self {
            Self::Rsa { modulus, exponent } => RsaPublicKeyComponents { n: modulus, e: exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
                .is_ok(),
            Self::Curve(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(signed, signature)
                .is_ok(),
        }
    }
}

/// A key as providers publish it.
#[derive(Deserialize)]
struct KeyShape {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

impl KeyShape {
    /// The key, if it is one that signs in a way that we know.
    fn read(self) -> Option<Key> {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
        if self.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let (name, material) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => {
                let leading = |bytes: Vec<u8>| bytes.into_iter().skip_while(|byte| *byte == 0);
                let modulus = leading(decode(&self.n)?).collect();
                let exponent = leading(decode(&self.e)?).collect();
                ("RS256", Material::Rsa { modulus, exponent })
            }
            ("EC", Some("P-256")) => {
                let (x, y) = (decode(&self.x)?, decode(&self.y)?);
                if x.len() != 32 || y.len() != 32 {
                    return None;
                }
                ("ES256", Material::Curve([&[4][..], &x, &y].concat()))
            }
            _ => return None,
        };
        if self.alg.is_some_and(|alg| alg != name) {
            return None;
        }
        Some(Key { id: self.kid, material })
    }
}

#[derive(Deserialize)]
struct SetShape {
    keys: Vec<Value>,
}

struct Kept {
    keys: Vec<Key>,
    at: Timestamp,
}

/// Where the keys of a provider come from.
pub(crate) struct KeySource {
    wire: Wire,
    clock: Arc<dyn Clock>,
    kept: Mutex<Option<Kept>>,
}

impl KeySource {
    pub(crate) fn new(wire: Wire, clock: Arc<dyn Clock>) -> Self {
        Self { wire, clock, kept: Mutex::new(None) }
    }

    /// Checks the signature of a statement by the keys at `url`.
    ///
    /// # Errors
    /// [`VouchError`].
    pub(crate) async fn verify(&self, url: &str, jws: &Jws<'_>) -> Result<(), VouchError> {
        let now = self.clock.now();
        let mut kept = self.kept.lock().await;
        let is_known = kept
            .as_ref()
            .is_some_and(|kept| now.since(kept.at) < KEPT && !find(&kept.keys, jws).is_empty());
        let may_ask = kept.as_ref().is_none_or(|kept| now.since(kept.at) >= PAUSE);
        if !is_known && may_ask {
            *kept = Some(Kept { keys: self.fetch(url).await?, at: now });
        }
        let keys = kept.as_ref().map_or(&[][..], |kept| &kept.keys);
        let candidates = find(keys, jws);
        if candidates.is_empty() {
            return Err(refused("its statement is signed by a key that it does not publish"));
        }
        if candidates.iter().any(|key| key.material.verify(jws)) {
            Ok(())
        } else {
            Err(refused("the signature of its statement is wrong"))
        }
    }

    async fn fetch(&self, url: &str) -> Result<Vec<Key>, VouchError> {
        let reply = self.wire.send(Call::get(url)).await?;
        let set = reply.read::<SetShape>().filter(|_| reply.is_good());
        let set = set.ok_or_else(|| unavailable("its keys cannot be read"))?;
        // A key of a kind that we do not know must not hide the others.
        let shapes = set.keys.into_iter().take(MANY);
        let read =
            shapes.filter_map(|shape| serde_json::from_value::<KeyShape>(shape).ok()?.read());
        Ok(read.collect())
    }
}

/// The keys that may have signed a statement: the one that it names, or all where it names none.
fn find<'k>(keys: &'k [Key], jws: &Jws<'_>) -> Vec<&'k Key> {
    let named = |key: &&Key| jws.key_id.is_none() || key.id == jws.key_id;
    let fitting = |key: &&Key| key.material.algorithm() == jws.algorithm;
    keys.iter().filter(named).filter(fitting).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(shape: Value) -> Option<Key> {
        serde_json::from_value::<KeyShape>(shape).unwrap().read()
    }

    #[test]
    fn keys_of_other_kinds_and_purposes_do_not_sign() {
        let half = URL_SAFE_NO_PAD.encode([7; 32]);
        let good = json!({ "kty": "EC", "crv": "P-256", "x": half, "y": half, "kid": "a" });
        assert!(read(good.clone()).is_some());
        for (member, value) in [
            ("kty", json!("oct")),
            ("crv", json!("P-384")),
            ("use", json!("enc")),
            ("alg", json!("HS256")),
            ("x", json!("AAAA")),
        ] {
            let mut bad = good.clone();
            bad[member] = value;
            assert!(read(bad).is_none(), "{member}");
        }
    }
}
