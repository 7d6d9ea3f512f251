//! Requests to a provider's API: bounded in time, repeated when that is safe, and silent about keys.
//!
//! Invariants: a request that is repeated is the same to the last byte, so that a provider which
//! knows idempotency keys does it once; no key is in an error or a log; nothing is sent in the
//! clear but to this machine.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gantry_ports::payments::PaymentError;
use gantry_types::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

const CONNECT: Duration = Duration::from_secs(10);
/// One attempt, from the first byte to the last.
const WHOLE: Duration = Duration::from_secs(30);
/// Before each further attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(1_600)];
/// The longest that a provider may make us wait between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Bytes of an answer: a page of events is the largest.
const LARGEST_ANSWER: u64 = 16 << 20;

/// Where an API is, and how it is reached.
pub(crate) struct Wire {
    agent: Agent,
    base: String,
}

/// A request.
#[derive(Clone)]
pub(crate) struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// An answer, good or bad.
pub(crate) struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
    /// What the provider's clock showed.
    pub at: Option<Timestamp>,
    retry_after: Option<Duration>,
}

/// What a provider told, and what its clock showed.
pub(crate) struct Told<T> {
    pub body: T,
    pub at: Option<Timestamp>,
}

impl Call {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self { method: "DELETE", ..Self::get(path) }
    }

    pub(crate) fn post(path: impl Into<String>, content_type: &str, body: Vec<u8>) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { method: "POST", path: path.into(), headers, body }
    }

    /// A change in JSON; `PATCH` for what is there already.
    pub(crate) fn json(method: &'static str, path: impl Into<String>, body: &Value) -> Self {
        let content_type = "application/json".to_owned();
        Self {
            method,
            path: path.into(),
            headers: vec![("content-type", content_type)],
            body: body.to_string().into_bytes(),
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Reply {
    /// Whether what was asked for was done.
    pub(crate) fn is_done(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Reads what `provider` told.
    ///
    /// # Errors
    /// [`PaymentError::Unavailable`] when it is told in other shapes.
    pub(crate) fn read<T: DeserializeOwned>(
        &self,
        provider: &str,
    ) -> Result<Told<T>, PaymentError> {
        let body = serde_json::from_slice(&self.body)
            .map_err(|error| unavailable(format!("{provider}'s answer cannot be read: {error}")))?;
        Ok(Told { body, at: self.at })
    }
}

#[cfg(test)]
impl Reply {
    pub(crate) fn for_test(status: u16, body: &str) -> Self {
        Self { status, body: body.as_bytes().to_vec(), at: None, retry_after: None }
    }
}

/// Basic authentication, as its header has it.
pub(crate) fn basic((name, secret): (&str, &str)) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{secret}")))
}

/// What a provider told, and what cannot be made sense of.
pub(crate) fn unreadable(error: impl ToString) -> PaymentError {
    unavailable(error.to_string())
}

/// Whether an address is one that keys may be sent to: over TLS, or on this machine.
pub(crate) fn is_private(base: &str) -> bool {
    let local = |rest: &str| {
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        host == "localhost" || host.starts_with("127.") || rest.starts_with("[::1]")
    };
    base.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
        || base.strip_prefix("http://").is_some_and(local)
}

impl Wire {
    pub(crate) fn new(base: &str) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        let mut settings = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WHOLE))
            .user_agent(concat!("gantry/", env!("CARGO_PKG_VERSION")));
        if base.starts_with("http://") {
            // A proxy cannot reach this machine's own addresses.
            settings = settings.proxy(None);
        }
        Self { agent: settings.build().into(), base }
    }

    /// Sends a request, and again while the provider is busy or away.
    ///
    /// # Errors
    /// [`PaymentError::Unavailable`] when it stays so.
    pub(crate) async fn send(&self, call: Call) -> Result<Reply, PaymentError> {
        let mut pauses = PAUSES.iter();
        loop {
            let answer = self.send_once(call.clone()).await;
            let again = match &answer {
                // 409: the same request is being done just now.
                Ok(reply) => matches!(reply.status, 409 | 429 | 500..=599),
                Err(_) => true,
            };
            let pause = match pauses.next() {
                Some(pause) if again => *pause,
                Some(_) | None => return answer,
            };
            let asked = answer.ok().and_then(|reply| reply.retry_after).unwrap_or_default();
            tokio::time::sleep(pause.max(asked.min(LONGEST_PAUSE))).await;
        }
    }

    async fn send_once(&self, call: Call) -> Result<Reply, PaymentError> {
        let (agent, uri) = (self.agent.clone(), format!("{}{}", self.base, call.path));
        let sent = tokio::task::spawn_blocking(move || send(&agent, &uri, &call)).await;
        sent.unwrap_or_else(|_| Err(unavailable("the request was given up")))
    }
}

fn unavailable(reason: impl Into<String>) -> PaymentError {
    PaymentError::Unavailable { reason: reason.into() }
}

fn send(agent: &Agent, uri: &str, call: &Call) -> Result<Reply, PaymentError> {
    let mut request = Request::builder().method(call.method).uri(uri);
    for (name, value) in &call.headers {
        request = request.header(*name, value);
    }
    // The error of a wrong header would show the header.
    let wrong = |_| unavailable("the request cannot be written; look for line breaks in its keys");
    let sent = if matches!(call.method, "GET" | "DELETE") {
        agent.run(request.body(()).map_err(wrong)?)
    } else {
        agent.run(request.body(call.body.as_slice()).map_err(wrong)?)
    };
    let mut response = sent.map_err(|error| unavailable(error.to_string()))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec();
    Ok(Reply {
        status,
        body: body.map_err(|error| unavailable(error.to_string()))?,
        at: find_date(&headers),
        retry_after: find_text(&headers, "retry-after")
            .and_then(|text| text.parse().ok())
            .map(Duration::from_secs),
    })
}

fn find_text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn find_date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = find_text(headers, "date")?;
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from_micros(date.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sent_to_private_addresses_alone() {
        for base in ["https://api.stripe.com", "http://127.0.0.1:9/v1", "http://localhost:1"] {
            assert!(is_private(base), "{base}");
        }
        for base in ["http://api.stripe.com", "https://", "ftp://127.0.0.1", "api.stripe.com"] {
            assert!(!is_private(base), "{base}");
        }
    }

    #[test]
    fn the_providers_clock_is_read() {
        let mut headers = HeaderMap::new();
        headers.insert("date", "Fri, 27 Nov 2026 04:05:06 GMT".parse().unwrap());
        let at = find_date(&headers).unwrap();
        assert_eq!(at.to_string(), "2026-11-27T04:05:06Z");
    }
}
