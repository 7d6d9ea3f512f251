//! Questions to services elsewhere: bounded in time and size, never redirected.

use std::net::IpAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::Uri;

/// Bytes of an answer: a list of keys has a few thousand.
const LARGEST_ANSWER: u64 = 1 << 20;

/// How services are reached.
#[derive(Clone)]
pub(crate) struct Wire {
    agent: Agent,
}

impl Wire {
    /// Reaches `base`, and waits for an answer no longer than `patience`.
    pub(crate) fn new(base: &str, patience: Duration) -> Self {
        let mut settings = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(patience))
            .user_agent(concat!("gantry/", env!("CARGO_PKG_VERSION")));
        if base.starts_with("http://") {
            // A proxy cannot reach this machine's own addresses.
            settings = settings.proxy(None);
        }
        Self { agent: settings.build().into() }
    }

    /// Asks, and reads the answer.
    ///
    /// # Errors
    /// Why there is none, in words that do not show the address, which may hold a key.
    pub(crate) async fn get<T>(&self, url: String) -> Result<T, &'static str>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let agent = self.agent.clone();
        let asked = tokio::task::spawn_blocking(move || get(&agent, &url)).await;
        asked.unwrap_or(Err("the question was given up"))
    }
}

fn get<T: DeserializeOwned>(agent: &Agent, url: &str) -> Result<T, &'static str> {
    let mut response = agent.get(url).call().map_err(|_| "it does not answer")?;
    if response.status().as_u16() != 200 {
        return Err("it refuses to answer");
    }
    let body = response.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec();
    let body = body.map_err(|_| "its answer breaks off")?;
    serde_json::from_slice(&body).map_err(|_| "its answer cannot be read")
}

/// Whether answers from an address can be believed: over TLS, or from this machine.
pub(crate) fn is_private(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let Some(host) = uri.host().filter(|host| !host.is_empty()) else { return false };
    let bare = host.trim_matches(['[', ']']);
    let is_here = host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_here,
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_private_addresses_are_asked() {
        for url in ["https://a.example/keys", "http://127.0.0.1:9/x", "http://[::1]:2/"] {
            assert!(is_private(url), "{url}");
        }
        for url in ["http://a.example/", "ftp://127.0.0.1/", "http://127.0.0.1.evil.example/", ""] {
            assert!(!is_private(url), "{url}");
        }
    }
}
