//! GitHub as far as signing in needs it: codes, tokens, an account and its addresses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::form::Fields;
use super::issuer::{CLIENT_ID, CLIENT_SECRET};
use super::server::{Answering, FakeAnswer, FakeRequest, FakeServer, serve};

/// Somebody's account there.
#[derive(Debug, Clone)]
pub struct FakeAccount {
    /// What `/user` answers.
    pub user: Value,
    /// What `/user/emails` answers.
    pub emails: Value,
}

#[derive(Default)]
struct Book {
    /// By code: the challenge, where to go back to, and whose it is.
    grants: BTreeMap<String, (String, String, FakeAccount)>,
    /// By access token.
    tokens: BTreeMap<String, FakeAccount>,
    made: usize,
}

#[derive(Default)]
struct Desk(Mutex<Book>);

impl Desk {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn exchange(&self, request: &FakeRequest) -> FakeAnswer {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let fields = Fields::parse(&body);
        let field = |name: &str| fields.find(name).unwrap_or_default().to_owned();
        // Its errors have the status of a success.
        let refusal = FakeAnswer::new(200, json!({ "error": "bad_verification_code" }));
        let mut book = self.book();
        let Some((challenge, redirect_uri, account)) = book.grants.remove(&field("code")) else {
            return refusal;
        };
        let derived = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier").as_bytes()));
        let is_good = field("client_id") == CLIENT_ID
            && field("client_secret") == CLIENT_SECRET
            && field("redirect_uri") == redirect_uri
            && derived == challenge;
        if !is_good {
            return refusal;
        }
        book.made += 1;
        let token = format!("gho_{}", book.made);
        book.tokens.insert(token.clone(), account);
        FakeAnswer::new(200, json!({ "access_token": token, "token_type": "bearer" }))
    }
}

impl Answering for Desk {
    fn answer(&self, request: &FakeRequest) -> Option<FakeAnswer> {
        if (request.method.as_str(), request.path.as_str()) == ("POST", "/login/oauth/access_token")
        {
            return Some(self.exchange(request));
        }
        let token = request.headers.get("authorization").and_then(|t| t.strip_prefix("Bearer "));
        let account = self.book().tokens.get(token.unwrap_or_default()).cloned();
        let Some(account) = account else { return Some(FakeAnswer::new(401, json!({}))) };
        Some(match request.path.as_str() {
            "/user" => FakeAnswer::new(200, account.user),
            "/user/emails" => FakeAnswer::new(200, account.emails),
            _ => FakeAnswer::new(404, json!({})),
        })
    }
}

/// GitHub, which ends with its owner.
pub struct FakeGitHub {
    server: FakeServer,
    desk: Arc<Desk>,
}

impl FakeGitHub {
    /// Starts it.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start() -> Result<Self> {
        let desk = Arc::new(Desk::default());
        Ok(Self { server: serve(desk.clone()).await?, desk })
    }

    /// Where both its pages and its API are.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// The owner of `account` agrees on the page; answers the code that the browser brings back.
    ///
    /// # Errors
    /// When the page's address lacks what is needed.
    pub fn agree(&self, page: &str, account: &FakeAccount) -> Result<String> {
        let (place, query) = page.split_once('?').context("the page has a query")?;
        ensure!(place.ends_with("/login/oauth/authorize"), "{place}");
        let fields = Fields::parse(query);
        let field = |name: &str| fields.find(name).map(str::to_owned).context(name.to_owned());
        ensure!(field("client_id")? == CLIENT_ID, "another client");
        ensure!(field("scope")?.contains("user:email"), "the scope");
        ensure!(field("code_challenge_method")? == "S256", "another kind of challenge");
        let grant = (field("code_challenge")?, field("redirect_uri")?, account.clone());
        let mut book = self.desk.book();
        book.made += 1;
        let code = format!("code-{}", book.made);
        book.grants.insert(code.clone(), grant);
        Ok(code)
    }
}
