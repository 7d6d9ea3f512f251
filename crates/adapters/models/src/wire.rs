//! Requests to a provider: bounded in time and size, never redirected, silent about keys.
//!
//! Invariant: a request is repeated while its provider says that it did nothing (429, 500, 503 and
//! 529), and never after silence or a gateway's word, because what was asked may have been paid for.

use std::time::Duration;

use tokio::time::Instant;
use ureq::Agent;
use ureq::http::HeaderMap;

const CONNECT: Duration = Duration::from_secs(10);
/// Before the further attempts, where the provider does not say how long to wait.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(8)];
/// The longest that a provider may make a request wait between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Bytes of an answer: a million tokens have a few times as many.
const LARGEST_ANSWER: u64 = 16 << 20;

/// How a provider is reached.
pub(crate) struct Wire {
    agent: Agent,
    url: String,
    /// The header with the key.
    authorization: Option<String>,
    patience: Duration,
}

/// An answer, good or bad.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    retry_after: Option<Duration>,
}

impl Reply {
    fn is_worth_another(&self) -> bool {
        matches!(self.status, 429 | 500 | 503 | 529)
    }
}

impl Wire {
    /// Reaches `url`, and waits for an answer no longer than `patience`, further attempts included.
    pub(crate) fn new(url: String, key: Option<&str>, patience: Duration) -> Self {
        let mut settings = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT.min(patience)))
            .timeout_global(Some(patience))
            .user_agent(concat!("gantry/", env!("CARGO_PKG_VERSION")));
        if url.starts_with("http://") {
            // A proxy cannot reach this machine's own addresses, nor this network's.
            settings = settings.proxy(None);
        }
        let authorization = key.map(|key| format!("Bearer {key}"));
        Self { agent: settings.build().into(), url, authorization, patience }
    }

    /// Posts JSON, and again while the provider is busy and there is time.
    ///
    /// # Errors
    /// Why there is no answer, in words that show neither key nor address.
    pub(crate) async fn post(&self, body: &[u8]) -> Result<Reply, String> {
        let deadline = Instant::now() + self.patience;
        let mut pauses = PAUSES.iter();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let reply = self.post_once(body.to_vec(), left).await?;
            let Some(usual) = pauses.next().filter(|_| reply.is_worth_another()) else {
                return Ok(reply);
            };
            let pause = reply.retry_after.unwrap_or(*usual);
            if pause > LONGEST_PAUSE || Instant::now() + pause >= deadline {
                return Ok(reply);
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn post_once(&self, body: Vec<u8>, left: Duration) -> Result<Reply, String> {
        let (agent, url) = (self.agent.clone(), self.url.clone());
        let authorization = self.authorization.clone();
        let posting = move || post((&agent, left), &url, authorization.as_deref(), &body);
        let posted = tokio::task::spawn_blocking(posting).await;
        posted.unwrap_or_else(|_| Err("the request was given up".to_owned()))
    }
}

fn post(
    (agent, left): (&Agent, Duration),
    url: &str,
    authorization: Option<&str>,
    body: &[u8],
) -> Result<Reply, String> {
    let request = agent.post(url).config().timeout_global(Some(left)).build();
    let mut request = request.header("content-type", "application/json");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let mut response = request.send(body).map_err(|error| describe(&error))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let read = response.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec();
    let body = read.map_err(|error| describe(&error))?;
    Ok(Reply { status, body, retry_after: find_retry_after(&headers) })
}

/// What went wrong, without the address: the text of an error may show it.
fn describe(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "it took too long".to_owned(),
        ureq::Error::BodyExceedsLimit(_) => "its answer is too large".to_owned(),
        _ => "the connection failed".to_owned(),
    }
}

/// The wait that a provider asks for, where it says so in seconds.
fn find_retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_in_seconds() {
        let wait = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", text.parse().unwrap());
            find_retry_after(&headers)
        };
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Fri, 27 Nov 2026 04:05:06 GMT"), None);
        assert_eq!(find_retry_after(&HeaderMap::new()), None);
    }
}
