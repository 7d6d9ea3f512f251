//! The command line as a client of a server's API.
//!
//! Invariants: this is the only module that makes HTTP requests; a problem of the server becomes
//! a failure with the exit code of its kind; secrets go into headers and nowhere else.

mod credentials;
mod events;
mod problem;
mod upload;

use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

use serde_json::Value;
use ureq::http::{Method, Request, Response};
use ureq::{Agent, BodyReader};

use crate::config::Secret;
use crate::failure::{Exit, Failure};

pub use credentials::{read_credentials, write_credentials};
pub use events::EventStream;
pub use upload::{UploadRequest, open_file, upload_file};

const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(120);
/// JSON answers are small; an artifact is never read through here.
const LARGEST_ANSWER: u64 = 64 << 20;

/// How a request proves who sends it.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Not at all.
    Nobody,
    /// By an API key.
    Key(Secret),
    /// By a browser's session: the cookie, and the token against forged requests.
    Session {
        /// `name=value`.
        cookie: Secret,
        /// The value of `X-CSRF-Token`.
        csrf_token: String,
    },
}

/// What a request carries.
pub enum Body<'a> {
    /// Nothing.
    Empty,
    /// A JSON value.
    Json(&'a Value),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// A server's API.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    auth: Auth,
}

/// An answer, whatever its status, with its JSON.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; `null` when there is none.
    pub body: Value,
    /// The `Set-Cookie` headers.
    pub cookies: Vec<String>,
}

impl Client {
    /// Talks to the server at `base`, such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// A usage failure for an address that is none.
    pub fn new(base: &str, auth: Auth) -> Result<Self, Failure> {
        let base = base.trim().trim_end_matches('/').to_owned();
        let is_address = ["http://", "https://"]
            .iter()
            .any(|scheme| base.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
        if !is_address {
            return Err(Failure::usage(format!("`{base}` is not a server's address"))
                .with_next("give one such as http://127.0.0.1:8080"));
        }
        let mut settings = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .user_agent(concat!("gantry/", env!("CARGO_PKG_VERSION")));
        if is_local(&base) {
            // A proxy cannot reach this machine's own addresses.
            settings = settings.proxy(None);
        }
        Ok(Self { agent: settings.build().into(), base, auth })
    }

    /// The server's address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The same server with another proof.
    pub fn with_auth(self, auth: Auth) -> Self {
        Self { auth, ..self }
    }

    /// Reads.
    ///
    /// # Errors
    /// [`Failure`] by the kind of the problem, 6 when the server does not answer.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::GET, path, &Body::Empty).map(|answer| answer.body)
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(Method::POST, path, &Body::Json(body)).map(|answer| answer.body)
    }

    /// Sends any request.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn send(&self, method: Method, path: &str, body: &Body<'_>) -> Result<Answer, Failure> {
        self.require_success(self.exchange(method, path, body)?)
    }

    /// The answer to a request that succeeded.
    ///
    /// # Errors
    /// [`Failure`] by the kind of the problem.
    pub fn require_success(&self, answer: Answer) -> Result<Answer, Failure> {
        if (200..300).contains(&answer.status) {
            Ok(answer)
        } else {
            Err(problem::derive_failure(answer.status, &answer.body, &self.base))
        }
    }

    /// Sends any request, and answers also what did not succeed.
    ///
    /// # Errors
    /// [`Failure`] when the server does not answer.
    pub fn exchange(&self, method: Method, path: &str, body: &Body<'_>) -> Result<Answer, Failure> {
        let mut response = self.request(method, path, "application/json", body)?;
        let cookies = response
            .headers()
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| value.to_str().ok().map(str::to_owned))
            .collect();
        let status = response.status().as_u16();
        let text = response
            .body_mut()
            .with_config()
            .limit(LARGEST_ANSWER)
            .read_to_string()
            .map_err(|error| self.derive_unreachable(&error))?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status, body, cookies })
    }

    /// Opens a stream of events after `cursor`.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn open_events(&self, path: &str, after: u64) -> Result<EventStream, Failure> {
        let path = format!("{path}?after={after}");
        let reader = self.open(&path, "text/event-stream")?;
        Ok(EventStream::new(Box::new(BufReader::new(reader))))
    }

    /// Writes what is at `path` to `target`, and answers how many bytes it is.
    ///
    /// # Errors
    /// As [`Client::get`], and where it breaks off or cannot be written.
    pub fn download(&self, path: &str, target: &mut impl Write) -> Result<u64, Failure> {
        let mut reader = self.open(path, "*/*")?;
        std::io::copy(&mut reader, target).map_err(|error| self.derive_broken(path, &error))
    }

    /// Hands `take` the lines of what is at `path`, as they come.
    ///
    /// # Errors
    /// As [`Client::download`], and what `take` answers.
    pub fn read_lines(
        &self,
        path: &str,
        mut take: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for line in BufReader::new(self.open(path, "*/*")?).lines() {
            take(&line.map_err(|error| self.derive_broken(path, &error))?)?;
        }
        Ok(())
    }

    /// The bytes of an answer, as they come.
    fn open(&self, path: &str, accept: &str) -> Result<BodyReader<'static>, Failure> {
        let mut response = self.request(Method::GET, path, accept, &Body::Empty)?;
        let status = response.status().as_u16();
        if status != 200 {
            let text = response.body_mut().read_to_string().unwrap_or_default();
            let body = serde_json::from_str(&text).unwrap_or(Value::Null);
            return Err(problem::derive_failure(status, &body, &self.base));
        }
        Ok(response.into_body().into_reader())
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: &Body<'_>,
    ) -> Result<Response<ureq::Body>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("accept", accept);
        match &self.auth {
            Auth::Nobody => {}
            Auth::Key(key) => {
                request = request.header("authorization", format!("Bearer {}", key.expose()));
            }
            Auth::Session { cookie, csrf_token } => {
                request =
                    request.header("cookie", cookie.expose()).header("x-csrf-token", csrf_token);
            }
        }
        let wrong = |error: ureq::http::Error| {
            Failure::usage(format!("{}{path} cannot be requested: {error}", self.base))
        };
        let sent = match body {
            Body::Empty => self.agent.run(request.body(()).map_err(wrong)?),
            Body::Json(value) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(value.to_string()).map_err(wrong)?)
            }
            Body::Bytes(bytes) => {
                let request = request.header("content-type", "application/octet-stream");
                self.agent.run(request.body(*bytes).map_err(wrong)?)
            }
        };
        sent.map_err(|error| self.derive_unreachable(&error))
    }

    fn derive_broken(&self, path: &str, error: &std::io::Error) -> Failure {
        Failure::broken(format!("{}{path} did not come whole: {error}", self.base))
    }

    fn derive_unreachable(&self, error: &ureq::Error) -> Failure {
        Failure::new(Exit::Unreachable, format!("{} does not answer: {error}", self.base))
            .with_next("check the address (--server), or start one with `gantry serve`")
    }
}

fn is_local(base: &str) -> bool {
    let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
    ["127.", "localhost", "[::1]"].iter().any(|host| rest.starts_with(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_before_anything_is_sent() {
        for wrong in ["", "127.0.0.1:8080", "ftp://host", "http://"] {
            let refusal = Client::new(wrong, Auth::Nobody).unwrap_err();
            assert_eq!(refusal.exit, Exit::Usage, "{wrong}");
        }
        assert_eq!(Client::new(" http://h:1/ ", Auth::Nobody).unwrap().base(), "http://h:1");
    }

    #[test]
    fn a_server_that_is_not_there_is_unreachable() {
        // Port 9 (discard) of the loopback is served by nothing.
        let client = Client::new("http://127.0.0.1:9", Auth::Nobody).unwrap();
        let failure = client.get("/api/v1/meta").unwrap_err();
        assert_eq!(failure.exit, Exit::Unreachable);
        assert!(failure.next.is_some());
    }
}
