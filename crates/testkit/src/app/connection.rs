//! HTTP/1.1 over one connection, as little of it as tests need: one request, one answer, whole
//! or as a stream of events.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::client::TestRequest;

/// How long a test waits for the next byte.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug, Clone)]
pub struct TestResponse {
    /// The status.
    pub status: u16,
    /// The headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl TestResponse {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("status {}, body {:?}", self.status, self.text()))
    }

    /// Fails unless the answer has this status.
    ///
    /// # Errors
    /// With the body, for the test's reader.
    pub fn require_status(&self, status: u16) -> Result<()> {
        if self.status != status {
            bail!("status {} instead of {status}: {}", self.status, self.text());
        }
        Ok(())
    }
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerEvent {
    /// The cursor.
    pub id: String,
    /// The name.
    pub name: String,
    /// The data.
    pub data: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
    UntilEnd,
}

pub(super) struct Connection {
    reader: BufReader<TcpStream>,
    response: TestResponse,
    framing: Framing,
}

impl Connection {
    /// Sends a request and reads the head of the answer.
    pub(super) async fn open(address: SocketAddr, request: &TestRequest) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.path);
        for (name, value) in &request.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let announces = |name: &str| request.headers.iter().any(|(given, _)| given == name);
        if !announces("content-length") && (!request.body.is_empty() || request.method != "GET") {
            head.push_str(&format!("content-length: {}\r\n", request.body.len()));
        }
        head.push_str("connection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        // A server that refuses early may close before it has read the body.
        let sent = stream.write_all(&request.body).await;
        let mut reader = BufReader::new(stream);
        let answer = read_head(&mut reader, &request.method).await;
        let (response, framing) = match (answer, sent) {
            (Ok(answer), _) => answer,
            (Err(_), Err(error)) => return Err(error.into()),
            (Err(error), Ok(())) => return Err(error),
        };
        Ok(Self { reader, response, framing })
    }

    /// Reads the whole body.
    pub(super) async fn read_all(mut self) -> Result<TestResponse> {
        match self.framing {
            Framing::Length(length) => {
                let mut body = vec![0; length];
                patiently(self.reader.read_exact(&mut body)).await?;
                self.response.body = body;
            }
            Framing::Chunked => {
                while let Some(chunk) = read_chunk(&mut self.reader).await? {
                    self.response.body.extend_from_slice(&chunk);
                }
            }
            Framing::UntilEnd => {
                patiently(self.reader.read_to_end(&mut self.response.body)).await?;
            }
        }
        Ok(self.response)
    }

    pub(super) fn into_events(self) -> Result<EventStream> {
        let content_type = self.response.header("content-type").unwrap_or_default();
        if self.response.status != 200 || content_type != "text/event-stream" {
            bail!("status {} and {content_type}, no stream of events", self.response.status);
        }
        Ok(EventStream { reader: self.reader, text: String::new() })
    }
}

/// An open stream of events; closes when it is dropped.
pub struct EventStream {
    reader: BufReader<TcpStream>,
    text: String,
}

impl EventStream {
    /// The next event; `None` when the server has ended the stream.
    ///
    /// # Errors
    /// When nothing comes for a while.
    pub async fn next(&mut self) -> Result<Option<ServerEvent>> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let event = parse_event(frame)?;
                self.text = rest.to_owned();
                match event {
                    Some(event) => return Ok(Some(event)),
                    None => continue,
                }
            }
            match read_chunk(&mut self.reader).await? {
                Some(chunk) => self.text.push_str(&String::from_utf8_lossy(&chunk)),
                None => return Ok(None),
            }
        }
    }

    /// All events until the server ends the stream.
    ///
    /// # Errors
    /// As [`EventStream::next`].
    pub async fn collect(mut self) -> Result<Vec<ServerEvent>> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await? {
            events.push(event);
        }
        Ok(events)
    }
}

/// A frame that is a comment alone is no event.
fn parse_event(frame: &str) -> Result<Option<ServerEvent>> {
    let field = |name: &str| {
        let line = frame.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(|value| value.trim_start().to_owned())
    };
    let Some(data) = field("data") else { return Ok(None) };
    let data = serde_json::from_str(&data).with_context(|| format!("event data {data:?}"))?;
    let id = field("id").unwrap_or_default();
    Ok(Some(ServerEvent { id, name: field("event").unwrap_or_default(), data }))
}

async fn read_head(
    reader: &mut BufReader<TcpStream>,
    method: &str,
) -> Result<(TestResponse, Framing)> {
    let status_line = read_line(reader).await?;
    let status = status_line
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse::<u16>().ok())
        .with_context(|| format!("no status in {status_line:?}"))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader).await?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_lowercase(), value.trim().to_owned()));
        }
    }
    let response = TestResponse { status, headers, body: Vec::new() };
    let length = response.header("content-length").and_then(|text| text.parse().ok());
    let is_bodiless = method == "HEAD" || matches!(status, 100..=199 | 204 | 304);
    let framing = match length {
        _ if is_bodiless => Framing::Length(0),
        Some(length) => Framing::Length(length),
        None if response.header("transfer-encoding") == Some("chunked") => Framing::Chunked,
        None => Framing::UntilEnd,
    };
    Ok((response, framing))
}

async fn read_chunk(reader: &mut BufReader<TcpStream>) -> Result<Option<Vec<u8>>> {
    let line = read_line(reader).await?;
    let length = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)
        .with_context(|| format!("no length of a chunk in {line:?}"))?;
    let mut chunk = vec![0; length];
    patiently(reader.read_exact(&mut chunk)).await?;
    read_line(reader).await?;
    Ok((length > 0).then_some(chunk))
}

async fn read_line(reader: &mut BufReader<TcpStream>) -> Result<String> {
    let mut line = Vec::new();
    patiently(reader.read_until(b'\n', &mut line)).await?;
    if line.is_empty() {
        bail!("the server closed the connection");
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

async fn patiently<T>(read: impl Future<Output = std::io::Result<T>>) -> Result<T> {
    Ok(tokio::time::timeout(PATIENCE, read).await.context("nothing came for 20 seconds")??)
}
