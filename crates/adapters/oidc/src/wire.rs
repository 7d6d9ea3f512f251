//! Requests to a provider: bounded in time and size, never redirected, and silent about secrets.

use std::time::Duration;

use gantry_ports::VouchError;
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::Request;

const CONNECT: Duration = Duration::from_secs(5);
/// One request, from the first byte to the last.
const WHOLE: Duration = Duration::from_secs(15);
/// Bytes of an answer: the keys of a large provider are a few thousand.
const LARGEST_ANSWER: u64 = 1 << 20;

/// How providers are reached.
#[derive(Clone)]
pub(crate) struct Wire {
    agent: Agent,
    /// Without a proxy, which cannot reach this machine's own addresses.
    direct: Agent,
}

/// A request.
#[derive(Clone)]
pub(crate) struct Call {
    url: String,
    headers: Vec<(&'static str, String)>,
    /// A form to be sent; asked for otherwise.
    body: Option<String>,
}

/// An answer, good or bad.
pub(crate) struct Reply {
    pub status: u16,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn get(url: impl Into<String>) -> Self {
        let headers = vec![("accept", "application/json".to_owned())];
        Self { url: url.into(), headers, body: None }
    }

    pub(crate) fn form(url: impl Into<String>, body: String) -> Self {
        let content_type = "application/x-www-form-urlencoded".to_owned();
        let mut call = Self::get(url).header("content-type", content_type);
        call.body = Some(body);
        call
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Reply {
    pub(crate) const fn is_good(&self) -> bool {
        self.status == 200
    }

    /// The body, if it has the shape.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Whether an address is one that secrets may be sent to: over TLS, or on this machine.
pub(crate) fn is_private(url: &str) -> bool {
    let local = |rest: &str| {
        let host = rest.split(['/', ':', '?', '#']).next().unwrap_or_default();
        let is_loopback = host.parse().is_ok_and(|ip: std::net::Ipv4Addr| ip.is_loopback());
        host == "localhost" || is_loopback || rest.starts_with("[::1]")
    };
    // What stands before an @ is no host.
    let plain = |rest: &&str| !rest.is_empty() && !rest.contains('@');
    url.strip_prefix("https://").filter(plain).is_some()
        || url.strip_prefix("http://").filter(plain).is_some_and(local)
}

pub(crate) fn unavailable(reason: impl Into<String>) -> VouchError {
    VouchError::Unavailable { reason: reason.into() }
}

pub(crate) fn refused(reason: impl Into<String>) -> VouchError {
    VouchError::Refused { reason: reason.into() }
}

impl Wire {
    pub(crate) fn new() -> Self {
        let settings = || {
            Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .timeout_connect(Some(CONNECT))
                .timeout_global(Some(WHOLE))
                .user_agent(concat!("gantry/", env!("CARGO_PKG_VERSION")))
        };
        Self { agent: settings().build().into(), direct: settings().proxy(None).build().into() }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// [`VouchError::Unavailable`].
    pub(crate) async fn send(&self, call: Call) -> Result<Reply, VouchError> {
        if !is_private(&call.url) {
            return Err(unavailable("an address of the provider is not reached over TLS"));
        }
        let is_here = call.url.starts_with("http://");
        let agent = if is_here { self.direct.clone() } else { self.agent.clone() };
        let sent = tokio::task::spawn_blocking(move || send(&agent, &call)).await;
        sent.unwrap_or_else(|_| Err(unavailable("the request was given up")))
    }
}

fn send(agent: &Agent, call: &Call) -> Result<Reply, VouchError> {
    let method = if call.body.is_some() { "POST" } else { "GET" };
    let mut request = Request::builder().method(method).uri(&call.url);
    for (name, value) in &call.headers {
        request = request.header(*name, value);
    }
    // The error of a wrong header would show the header.
    let wrong = |_| unavailable("a request cannot be written; look for line breaks in its secrets");
    let sent = match &call.body {
        Some(body) => agent.run(request.body(body.as_bytes()).map_err(wrong)?),
        None => agent.run(request.body(()).map_err(wrong)?),
    };
    let mut response = sent.map_err(|error| unavailable(error.to_string()))?;
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec();
    Ok(Reply { status, body: body.map_err(|error| unavailable(error.to_string()))? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_sent_to_private_addresses_alone() {
        for url in
            ["https://a.example", "http://127.0.0.1:9/x", "http://localhost:1", "http://[::1]:2"]
        {
            assert!(is_private(url), "{url}");
        }
        for url in [
            "http://a.example",
            "https://",
            "ftp://127.0.0.1",
            "http://127.0.0.1.evil.example/",
            "http://localhost@evil.example/",
            "https://127.0.0.1@evil.example/",
        ] {
            assert!(!is_private(url), "{url}");
        }
    }
}
