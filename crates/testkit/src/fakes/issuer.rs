//! An issuer of OpenID Connect that signs with ES256, and that can be told to be wrong.
//!
//! Invariants: a code is good once, for whoever has its verifier; what is wrong is wrong with one
//! statement alone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gantry_ports::Clock;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::form::Fields;
use super::server::{Answering, FakeAnswer, FakeRequest, FakeServer, serve};

/// What the issuer knows its one client by.
pub const CLIENT_ID: &str = "gantry-test";
/// The client's secret, with characters that must be escaped.
pub const CLIENT_SECRET: &str = "s3cr3t:+/ä";

/// What is wrong with the next statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It answers another question.
    Nonce,
    /// It is for another client.
    Audience,
    /// It ended an hour ago.
    Expired,
    /// It is another issuer's.
    Issuer,
    /// It is signed by a key that the issuer does not publish, under the name of one that it does.
    Key,
    /// It is not signed, and says so.
    Unsigned,
    /// It is signed by the public key as if that were a shared secret.
    SharedSecret,
}

/// A key with the name that statements give it.
struct Signer {
    id: String,
    pair: EcdsaKeyPair,
}

impl Signer {
    fn generate(number: usize) -> Result<Self> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document =
            EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| anyhow!("no key"))?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random)
            .map_err(|error| anyhow!("the key is refused: {error}"))?;
        Ok(Self { id: format!("key-{number}"), pair })
    }

    fn publish(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
            "y": URL_SAFE_NO_PAD.encode(&point[33..]),
        })
    }

    fn sign(&self, header: &Value, claims: &Value) -> Option<String> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }
}

/// What a code is good for.
#[derive(Clone)]
struct Grant {
    challenge: String,
    redirect_uri: String,
    nonce: String,
    person: Value,
}

struct Book {
    signer: Signer,
    published: Vec<Value>,
    grants: BTreeMap<String, Grant>,
    tokens: BTreeMap<String, Value>,
    fault: Option<Fault>,
    key_requests: usize,
    made: usize,
}

struct Desk {
    book: Mutex<Book>,
    clock: Arc<dyn Clock>,
}

/// The issuer, which ends with its owner.
pub struct FakeIssuer {
    server: FakeServer,
    desk: Arc<Desk>,
}

impl FakeIssuer {
    /// Starts an issuer whose statements are of the time of `clock`.
    ///
    /// # Errors
    /// When there is no port or no randomness.
    pub async fn start(clock: Arc<dyn Clock>) -> Result<Self> {
        let signer = Signer::generate(0)?;
        let published = vec![signer.publish()];
        let book = Book {
            signer,
            published,
            grants: BTreeMap::new(),
            tokens: BTreeMap::new(),
            fault: None,
            key_requests: 0,
            made: 0,
        };
        let desk = Arc::new(Desk { book: Mutex::new(book), clock });
        let server = serve(desk.clone()).await?;
        Ok(Self { server, desk })
    }

    /// Its name.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// The person on the page to which the browser was sent agrees; answers with what the browser
    /// is sent back: the query.
    ///
    /// # Errors
    /// When the page's address lacks what the issuer needs.
    pub fn agree(&self, page: &str, person: &Value) -> Result<String> {
        let (_, query) = page.split_once('?').context("the page has a query")?;
        let fields = Fields::parse(query);
        let field = |name: &str| fields.find(name).map(str::to_owned).context(name.to_owned());
        anyhow::ensure!(field("client_id")? == CLIENT_ID, "another client");
        anyhow::ensure!(field("response_type")? == "code", "another flow");
        anyhow::ensure!(field("code_challenge_method")? == "S256", "another kind of challenge");
        anyhow::ensure!(field("scope")?.split(' ').any(|scope| scope == "openid"), "the scope");
        let grant = Grant {
            challenge: field("code_challenge")?,
            redirect_uri: field("redirect_uri")?,
            nonce: field("nonce")?,
            person: person.clone(),
        };
        let mut book = self.desk.book();
        book.made += 1;
        let code = format!("code-{}", book.made);
        book.grants.insert(code.clone(), grant);
        Ok(format!("code={code}&state={}", field("state")?))
    }

    /// A token for a program, with these claims and as wrong as the next statement is to be.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn token(&self, person: &Value) -> Result<String> {
        let mut book = self.desk.book();
        let grant = Grant {
            challenge: String::new(),
            redirect_uri: String::new(),
            nonce: String::new(),
            person: person.clone(),
        };
        self.desk.state(&mut book, &grant, &self.url()).context("no token")
    }

    /// Makes the next statement wrong.
    pub fn spoil(&self, fault: Fault) {
        self.desk.book().fault = Some(fault);
    }

    /// Signs by a new key from now on, and withdraws the old one.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn rotate(&self) -> Result<()> {
        let mut book = self.desk.book();
        book.made += 1;
        book.signer = Signer::generate(book.made)?;
        book.published = vec![book.signer.publish()];
        Ok(())
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

    fn exchange(&self, request: &FakeRequest, issuer: &str) -> Option<FakeAnswer> {
        let refuse = |error: &str| Some(FakeAnswer::new(400, json!({ "error": error })));
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let fields = Fields::parse(&body);
        let field = |name: &str| fields.find(name).unwrap_or_default().to_owned();
        if !is_client(request) {
            return Some(FakeAnswer::new(401, json!({ "error": "invalid_client" })));
        }
        let mut book = self.book();
        let Some(grant) = book.grants.remove(&field("code")) else {
            return refuse("invalid_grant");
        };
        let derived = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier").as_bytes()));
        let is_good = field("grant_type") == "authorization_code"
            && derived == grant.challenge
            && field("redirect_uri") == grant.redirect_uri;
        if !is_good {
            return refuse("invalid_grant");
        }
        let token = self.state(&mut book, &grant, issuer)?;
        book.made += 1;
        let access = format!("access-{}", book.made);
        book.tokens.insert(access.clone(), grant.person);
        let body = json!({ "id_token": token, "access_token": access, "token_type": "Bearer" });
        Some(FakeAnswer::new(200, body))
    }

    /// The statement, with what is to be wrong with it.
    fn state(&self, book: &mut Book, grant: &Grant, issuer: &str) -> Option<String> {
        let now = self.clock.now().as_micros() / 1_000_000;
        let mut claims = json!({
            "iss": issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 600, "nonce": grant.nonce,
        });
        let told = grant.person.as_object()?.iter().filter(|(name, _)| !name.starts_with("later_"));
        for (name, value) in told {
            claims[name] = value.clone();
        }
        let mut header = json!({ "alg": "ES256", "kid": book.signer.id });
        match book.fault.take() {
            None => {}
            Some(Fault::Nonce) => claims["nonce"] = json!("another"),
            Some(Fault::Audience) => claims["aud"] = json!("another"),
            Some(Fault::Issuer) => claims["iss"] = json!("https://another.example"),
            Some(Fault::Expired) => claims["exp"] = json!(now - 3_600),
            Some(Fault::Key) => {
                let mut stranger = Signer::generate(0).ok()?;
                stranger.id.clone_from(&book.signer.id);
                return stranger.sign(&header, &claims);
            }
            Some(Fault::Unsigned) => {
                header["alg"] = json!("none");
                let signed = book.signer.sign(&header, &claims)?;
                return signed.rsplit_once('.').map(|(signed, _)| format!("{signed}."));
            }
            Some(Fault::SharedSecret) => header["alg"] = json!("HS256"),
        }
        book.signer.sign(&header, &claims)
    }
}

/// Whether the client proves itself, in the header as RFC 6749 wants it.
fn is_client(request: &FakeRequest) -> bool {
    let given = request.headers.get("authorization").and_then(|text| text.strip_prefix("Basic "));
    let pair = given.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
    let Some(pair) = pair else { return false };
    let Some((id, secret)) = pair.split_once(':') else { return false };
    let read = Fields::parse(&format!("id={id}&secret={secret}"));
    read.find("id") == Some(CLIENT_ID) && read.find("secret") == Some(CLIENT_SECRET)
}

impl Answering for Desk {
    fn answer(&self, request: &FakeRequest) -> Option<FakeAnswer> {
        let issuer = format!("http://{}", request.headers.get("host")?);
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/.well-known/openid-configuration") => Some(FakeAnswer::new(
                200,
                json!({
                    "issuer": issuer,
                    "authorization_endpoint": format!("{issuer}/authorize"),
                    "token_endpoint": format!("{issuer}/token"),
                    "jwks_uri": format!("{issuer}/keys"),
                    "userinfo_endpoint": format!("{issuer}/userinfo"),
                }),
            )),
            ("GET", "/keys") => {
                let mut book = self.book();
                book.key_requests += 1;
                Some(FakeAnswer::new(200, json!({ "keys": book.published })))
            }
            ("POST", "/token") => self.exchange(request, &issuer),
            ("GET", "/userinfo") => {
                let token = request.headers.get("authorization")?.strip_prefix("Bearer ")?;
                let person = self.book().tokens.get(token).cloned()?;
                let told = json!({
                    "sub": person["sub"],
                    "email": person["later_email"],
                    "email_verified": person["later_email_verified"],
                });
                Some(FakeAnswer::new(200, told))
            }
            _ => Some(FakeAnswer::new(404, json!({}))),
        }
    }
}
