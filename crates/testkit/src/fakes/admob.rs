//! AdMob's side of rewarded ads: a server of public keys, and callbacks that it signs.
//!
//! Invariants: it shows no ad of a unit that is not its own; a key that was withdrawn signs nothing
//! any more.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, anyhow, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gantry_ports::Clock;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::server::{Answering, FakeAnswer, FakeRequest, FakeServer, serve};

/// The one ad unit of the one app.
pub const AD_UNIT: &str = "ca-app-pub-0000000000000000/1234567890";
const UNIT_NUMBER: &str = "1234567890";
/// How a public key on P-256 begins (RFC 5480), in hexadecimal.
const KEY_HEAD: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
/// The longest text that an app can give an ad along.
const LONGEST_DATA: usize = 1_024;

/// In which form a callback is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// As it is sent.
    AsSent,
    /// As it reads without escapes.
    Unescaped,
    /// By a key that is not published, under the name of one that is.
    Forged,
    /// By a key that is not published, under its own name.
    Unpublished,
}

struct Signer {
    id: u64,
    pair: EcdsaKeyPair,
}

impl Signer {
    fn generate(id: u64) -> Result<Self> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let document =
            EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| anyhow!("no key"))?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random)
            .map_err(|error| anyhow!("the key is refused: {error}"))?;
        Ok(Self { id, pair })
    }

    fn publish(&self) -> Result<Value> {
        let mut der = hex::decode(KEY_HEAD)?;
        der.extend_from_slice(self.pair.public_key().as_ref());
        let text = STANDARD.encode(&der);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n");
        Ok(json!({ "keyId": self.id, "pem": pem, "base64": text }))
    }

    fn sign(&self, content: &str) -> Result<String> {
        let signed = self.pair.sign(&SystemRandom::new(), content.as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(signed.map_err(|_| anyhow!("no randomness"))?.as_ref()))
    }
}

struct Book {
    signer: Signer,
    published: Vec<Value>,
    is_down: bool,
    key_requests: usize,
    made: u64,
}

struct Desk {
    book: Mutex<Book>,
    clock: Arc<dyn Clock>,
}

/// AdMob, which ends with its owner.
pub struct FakeAdMob {
    server: FakeServer,
    desk: Arc<Desk>,
}

impl FakeAdMob {
    /// Starts it; its callbacks are of the time of `clock`.
    ///
    /// # Errors
    /// When there is no port or no randomness.
    pub async fn start(clock: Arc<dyn Clock>) -> Result<Self> {
        let signer = Signer::generate(3_335_741_209)?;
        let published = vec![signer.publish()?];
        let book = Book { signer, published, is_down: false, key_requests: 0, made: 0 };
        let desk = Arc::new(Desk { book: Mutex::new(book), clock });
        let server = serve(desk.clone()).await?;
        Ok(Self { server, desk })
    }

    /// Where its keys are.
    #[must_use]
    pub fn key_url(&self) -> String {
        format!("http://{}/admob/reward/verifier-keys.json", self.server.address)
    }

    /// Somebody watches an ad to its end: the query of the callback.
    ///
    /// # Errors
    /// For another unit, and for data that the app could not give along.
    pub fn watch(&self, unit: &str, custom_data: &str, signing: Signing) -> Result<String> {
        ensure!(unit == AD_UNIT, "{unit} is no unit of this app");
        ensure!(custom_data.len() <= LONGEST_DATA, "the custom data are too long");
        let mut book = self.desk.book();
        book.made += 1;
        let members = |item: &str| {
            format!(
                "ad_network=5450213213286189855&ad_unit={UNIT_NUMBER}&custom_data={custom_data}\
                 &reward_amount=1&reward_item={item}&timestamp={}&transaction_id={:032x}&user_id=",
                self.desk.clock.now().as_micros() / 1_000,
                book.made,
            )
        };
        let sent = members("Free%20Credits");
        let (signature, key_id) = match signing {
            Signing::AsSent => (book.signer.sign(&sent)?, book.signer.id),
            Signing::Unescaped => (book.signer.sign(&members("Free Credits"))?, book.signer.id),
            Signing::Forged => (Signer::generate(0)?.sign(&sent)?, book.signer.id),
            Signing::Unpublished => (Signer::generate(0)?.sign(&sent)?, 1),
        };
        Ok(format!("{sent}&signature={signature}&key_id={key_id}"))
    }

    /// Signs by a new key from now on, and withdraws the old one.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn rotate(&self) -> Result<()> {
        let mut book = self.desk.book();
        book.signer = Signer::generate(book.signer.id + 1)?;
        book.published = vec![book.signer.publish()?];
        Ok(())
    }

    /// Whether its keys can be had.
    pub fn set_down(&self, is_down: bool) {
        self.desk.book().is_down = is_down;
    }

    /// How often its keys were asked for.
    #[must_use]
    pub fn key_requests(&self) -> usize {
        self.desk.book().key_requests
    }
}

impl Desk {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answering for Desk {
    fn answer(&self, request: &FakeRequest) -> Option<FakeAnswer> {
        if request.path != "/admob/reward/verifier-keys.json" || request.method != "GET" {
            return Some(FakeAnswer::new(404, json!({})));
        }
        let mut book = self.book();
        book.key_requests += 1;
        if book.is_down {
            return Some(FakeAnswer::new(503, json!({})));
        }
        Some(FakeAnswer::new(200, json!({ "keys": book.published })))
    }
}
