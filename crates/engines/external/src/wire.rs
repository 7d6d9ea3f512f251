//! Messages over a pair of streams.
//!
//! Invariant: what is received is a message of the protocol, or a fault that quotes what came.

use std::io;

use gantry_engine_api::protocol::{EngineMessage, HostMessage, LONGEST_LINE};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::lines::{EXCERPT, LineFault, LineReader, Overlong, derive_excerpt};

/// What came is no message, or nothing comes any more.
#[derive(Debug)]
pub(crate) enum WireFault {
    /// The other side is gone.
    Closed,
    /// It does not keep to the protocol.
    Wrong(String),
}

pub(crate) struct Wire<R, W> {
    lines: LineReader<R>,
    writer: Option<W>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Wire<R, W> {
    pub(crate) fn new(reader: R, writer: W) -> Self {
        let lines = LineReader::new(reader, LONGEST_LINE, Overlong::Refuse);
        Self { lines, writer: Some(writer) }
    }

    /// The bytes received so far.
    pub(crate) const fn received_bytes(&self) -> u64 {
        self.lines.bytes()
    }

    /// Ends the other side's input.
    pub(crate) fn close(&mut self) {
        self.writer = None;
    }

    /// Hands out the way to the other side, for whoever must write while this one listens.
    pub(crate) const fn take_writer(&mut self) -> Option<W> {
        self.writer.take()
    }

    /// Writes a message. Giving up in the middle leaves half a line behind.
    pub(crate) async fn send(&mut self, message: &HostMessage) -> Result<(), WireFault> {
        let mut line = serde_json::to_vec(message).map_err(|error| {
            WireFault::Wrong(format!("the host's message is not JSON: {error}"))
        })?;
        line.push(b'\n');
        self.send_line(&line).await.map_err(|_| WireFault::Closed)
    }

    /// Writes a line as it is.
    pub(crate) async fn send_line(&mut self, line: &[u8]) -> io::Result<()> {
        let Some(writer) = &mut self.writer else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        writer.write_all(line).await?;
        writer.flush().await
    }

    /// Waits for a message; can be given up and taken up again.
    pub(crate) async fn receive(&mut self) -> Result<EngineMessage, WireFault> {
        match self.lines.next_line().await {
            Ok(Some(line)) => parse(line),
            Ok(None) => Err(WireFault::Closed),
            Err(LineFault::TooLong) => Err(WireFault::Wrong(format!(
                "a line is longer than {} MiB; write large results to a file of the scratch folder and publish it as an artifact",
                LONGEST_LINE >> 20
            ))),
            Err(LineFault::Io(error)) => {
                Err(WireFault::Wrong(format!("its output cannot be read: {error}")))
            }
        }
    }
}

fn parse(line: &[u8]) -> Result<EngineMessage, WireFault> {
    let refuse = |cause: &str| {
        WireFault::Wrong(format!(
            "a line on standard output is not a message ({}): `{}`",
            // The parser quotes the line too.
            derive_excerpt(cause.as_bytes(), 2 * EXCERPT),
            derive_excerpt(line, EXCERPT)
        ))
    };
    let text = std::str::from_utf8(line).map_err(|_| refuse("it is not UTF-8"))?;
    serde_json::from_str(text).map_err(|error| refuse(&error.to_string()))
}
