//! A client with a cookie jar: a browser without a window, or a program with a key.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use serde_json::Value;

use super::connection::{Connection, EventStream, TestResponse};

/// A request, to be sent by a [`TestClient`].
#[derive(Debug, Clone)]
pub struct TestRequest {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers, after those of the client, whose equals they replace.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl TestRequest {
    /// A request without a body.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.header("content-type", content_type)
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string().as_bytes())
    }
}

/// Sends requests and keeps cookies.
#[derive(Debug, Clone)]
pub struct TestClient {
    address: SocketAddr,
    cookies: BTreeMap<String, String>,
    csrf_token: Option<String>,
    api_key: Option<String>,
}

impl TestClient {
    /// Somebody who is not signed in.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, cookies: BTreeMap::new(), csrf_token: None, api_key: None }
    }

    /// The same server, with a key instead of cookies.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { api_key: Some(key.to_owned()), ..Self::new(self.address) }
    }

    /// The same cookies at another server on the same store.
    #[must_use]
    pub fn at(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    /// The same cookies, without the anti-forgery token.
    #[must_use]
    pub fn without_csrf_token(&self) -> Self {
        Self { csrf_token: None, ..self.clone() }
    }

    /// A cookie's value.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Puts a cookie into the jar.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Takes the anti-forgery token out of an answer that has one.
    ///
    /// # Errors
    /// When it has none.
    pub fn learn_csrf_token(&mut self, answer: &TestResponse) -> Result<()> {
        let token = answer.json()?["csrf_token"].as_str().map(str::to_owned);
        self.csrf_token = Some(token.context("the answer has no csrf_token")?);
        Ok(())
    }

    /// Asks the server for the anti-forgery token.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub async fn fetch_csrf_token(&mut self) -> Result<()> {
        let answer = self.get("/api/v1/auth/me").await?;
        answer.require_status(200)?;
        self.learn_csrf_token(&answer)
    }

    /// Sends a GET.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn get(&mut self, path: &str) -> Result<TestResponse> {
        self.send(TestRequest::new("GET", path)).await
    }

    /// Sends a POST with a JSON body.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn post(&mut self, path: &str, body: &Value) -> Result<TestResponse> {
        self.send(TestRequest::new("POST", path).json(body)).await
    }

    /// Sends a DELETE.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn delete(&mut self, path: &str) -> Result<TestResponse> {
        self.send(TestRequest::new("DELETE", path)).await
    }

    /// Sends a request and keeps the cookies of its answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn send(&mut self, request: TestRequest) -> Result<TestResponse> {
        let connection = Connection::open(self.address, &self.complete(request)).await?;
        let response = connection.read_all().await?;
        for (name, value) in &response.headers {
            if name == "set-cookie" {
                self.keep_cookie(value);
            }
        }
        Ok(response)
    }

    /// Opens a stream of events.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is no such stream.
    pub async fn stream(&self, request: TestRequest) -> Result<EventStream> {
        Connection::open(self.address, &self.complete(request)).await?.into_events()
    }

    fn complete(&self, mut request: TestRequest) -> TestRequest {
        let mut headers = vec![("host".to_owned(), self.address.to_string())];
        if !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.push(("cookie".to_owned(), pairs.join("; ")));
        }
        if let Some(token) = &self.csrf_token {
            headers.push(("x-csrf-token".to_owned(), token.clone()));
        }
        if let Some(key) = &self.api_key {
            headers.push(("authorization".to_owned(), format!("Bearer {key}")));
        }
        headers.retain(|(name, _)| {
            !request.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name))
        });
        headers.append(&mut request.headers);
        request.headers = headers;
        request
    }

    fn keep_cookie(&mut self, header: &str) {
        let pair = header.split(';').next().unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else { return };
        if header.contains("Max-Age=0;") || header.ends_with("Max-Age=0") {
            self.cookies.remove(name.trim());
        } else {
            self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
}
