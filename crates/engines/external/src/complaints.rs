//! What an engine writes to standard error, as lines of the present run's log.
//!
//! Invariants: at most [`PER_SECOND`] lines a second reach the log, the rest are counted; a flood
//! costs no memory; the last words are kept for the error of a process that died.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gantry_engine_api::{JobContext, LogLevel};
use tokio::io::AsyncRead;

use crate::lines::{LineReader, Overlong};

/// The most lines that reach the log within a second.
const PER_SECOND: u32 = 50;
/// The most bytes of one line.
const LONGEST: usize = 2_000;
/// How many of the last lines are kept.
const LAST_WORDS: usize = 3;

#[derive(Default)]
struct Heard {
    listener: Option<JobContext>,
    window: Option<Instant>,
    said: u32,
    left_out: u64,
    last: Vec<String>,
}

/// Listens to one process.
#[derive(Default)]
pub(crate) struct Complaints {
    heard: Mutex<Heard>,
    bytes: AtomicU64,
}

impl Complaints {
    /// Reads standard error to its end.
    pub(crate) async fn listen(&self, stream: impl AsyncRead + Unpin) {
        let mut lines = LineReader::new(stream, LONGEST, Overlong::Cut);
        while let Ok(Some(line)) = lines.next_line().await {
            let text = String::from_utf8_lossy(line).into_owned();
            self.hear(text);
            self.bytes.store(lines.bytes(), Ordering::Relaxed);
        }
    }

    /// Bytes so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// From now on lines belong to this run.
    pub(crate) fn begin(&self, context: JobContext) {
        *self.heard() = Heard { listener: Some(context), ..Heard::default() };
    }

    /// The run has ended; says how much was left out.
    pub(crate) fn end(&self) {
        let mut heard = self.heard();
        heard.tell_left_out();
        heard.listener = None;
    }

    /// The last lines, for the error of a process that died.
    pub(crate) fn last_words(&self) -> String {
        self.heard().last.join(" / ")
    }

    fn hear(&self, line: String) {
        let mut heard = self.heard();
        if heard.window.is_none_or(|window| window.elapsed() >= Duration::from_secs(1)) {
            heard.tell_left_out();
            heard.window = Some(Instant::now());
            heard.said = 0;
        }
        if heard.said < PER_SECOND {
            heard.said += 1;
            if let Some(listener) = &heard.listener {
                listener.log(LogLevel::Info, line.clone());
            }
        } else {
            heard.left_out += 1;
        }
        if heard.last.len() == LAST_WORDS {
            heard.last.remove(0);
        }
        heard.last.push(line);
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    fn tell_left_out(&mut self) {
        let left_out = std::mem::take(&mut self.left_out);
        if let Some(listener) = self.listener.as_ref().filter(|_| left_out > 0) {
            let message = format!("{left_out} more lines on standard error were left out.");
            listener.log(LogLevel::Warning, message);
        }
    }
}
