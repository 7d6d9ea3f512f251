//! HTTP/1.1 for providers that stand in for those outside: one request and one answer for each
//! connection.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

const PATIENCE: Duration = Duration::from_secs(20);
const LARGEST: usize = 1 << 20;

/// A request.
#[derive(Debug, Clone)]
pub struct FakeRequest {
    /// The method.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// The query.
    pub query: String,
    /// The headers; names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct FakeAnswer {
    /// The status.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Value,
}

impl FakeAnswer {
    /// An answer without further headers.
    #[must_use]
    pub const fn new(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }
}

/// Somebody who answers; `None` breaks the connection off.
pub(super) trait Answering: Send + Sync + 'static {
    fn answer(&self, request: &FakeRequest) -> Option<FakeAnswer>;
}

/// A server that stops when it is dropped.
pub(super) struct FakeServer {
    pub address: SocketAddr,
    _running: DropGuard,
}

/// Listens on a free port of this machine.
pub(super) async fn serve(answering: Arc<dyn Answering>) -> Result<FakeServer> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let running = stop.clone().drop_guard();
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else { return };
            let answering = Arc::clone(&answering);
            tokio::spawn(async move {
                // Who breaks off learns it by the broken connection.
                let _ended = tokio::time::timeout(PATIENCE, talk(stream, answering)).await;
            });
        }
    });
    Ok(FakeServer { address, _running: running })
}

async fn talk(mut stream: TcpStream, answering: Arc<dyn Answering>) -> Result<()> {
    let request = read(&mut stream).await?;
    let Some(answer) = answering.answer(&request) else { return Ok(()) };
    // 204 says that there is no body.
    let body = if answer.status == 204 { String::new() } else { answer.body.to_string() };
    let mut head = format!("HTTP/1.1 {} Told\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!(
        "content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    ));
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(())
}

async fn read(stream: &mut TcpStream) -> Result<FakeRequest> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        read_more(stream, &mut bytes).await?;
    };
    let head = String::from_utf8(bytes[..head_end].to_vec())?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let method = words.next().context("a method")?.to_owned();
    let target = words.next().context("a target")?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(Ok(0), |text| text.parse::<usize>())?;
    while bytes.len() < head_end + 4 + length {
        read_more(stream, &mut bytes).await?;
    }
    let body = bytes[head_end + 4..head_end + 4 + length].to_vec();
    let (path, query) = target.split_once('?').unwrap_or((target.as_str(), ""));
    Ok(FakeRequest { method, path: path.to_owned(), query: query.to_owned(), headers, body })
}

async fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Result<()> {
    let mut chunk = [0; 8_192];
    let count = stream.read(&mut chunk).await?;
    if count == 0 || bytes.len() + count > LARGEST {
        bail!("the request breaks off");
    }
    bytes.extend_from_slice(&chunk[..count]);
    Ok(())
}
