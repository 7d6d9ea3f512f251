//! Lines of bounded length from a stream of bytes.
//!
//! Invariants: no more than the longest line and one block are in memory; waiting for a line can
//! be given up and taken up again without losing bytes; a line that lacks its line feed at the
//! end of the stream was never finished, and is dropped.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// What the buffer may keep after a long line.
const USUAL_LINE: usize = 64 << 10;
/// The most characters of a wrong line that an error quotes.
pub(crate) const EXCERPT: usize = 200;

/// What happens to a line that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlong {
    /// It is a fault.
    Refuse,
    /// Its end is left out.
    Cut,
}

/// There is no next line.
#[derive(Debug)]
pub(crate) enum LineFault {
    /// The line is longer than it may be.
    TooLong,
    /// The stream failed.
    Io(io::Error),
}

pub(crate) struct LineReader<R> {
    source: BufReader<R>,
    line: Vec<u8>,
    is_handed_out: bool,
    longest: usize,
    overlong: Overlong,
    bytes: u64,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(crate) fn new(source: R, longest: usize, overlong: Overlong) -> Self {
        Self {
            source: BufReader::with_capacity(USUAL_LINE, source),
            line: Vec::new(),
            is_handed_out: false,
            longest,
            overlong,
            bytes: 0,
        }
    }

    /// The bytes read so far.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line without its line feed, or `None` at the end.
    pub(crate) async fn next_line(&mut self) -> Result<Option<&[u8]>, LineFault> {
        if std::mem::take(&mut self.is_handed_out) {
            self.line.clear();
            self.line.shrink_to(USUAL_LINE);
        }
        loop {
            let block = self.source.fill_buf().await.map_err(LineFault::Io)?;
            if block.is_empty() {
                return Ok(None);
            }
            let end = block.iter().position(|byte| *byte == b'\n');
            let part = block.get(..end.unwrap_or(block.len())).unwrap_or(block);
            let room = self.longest.saturating_sub(self.line.len() + 1);
            if part.len() > room && self.overlong == Overlong::Refuse {
                return Err(LineFault::TooLong);
            }
            self.line.extend_from_slice(part.get(..room).unwrap_or(part));
            let taken = part.len() + usize::from(end.is_some());
            self.source.consume(taken);
            self.bytes += taken as u64;
            if end.is_some() {
                self.is_handed_out = true;
                return Ok(Some(&self.line));
            }
        }
    }
}

/// The beginning of a text from outside, in at most so many characters, fit for an error's text.
pub(crate) fn derive_excerpt(text: &[u8], most: usize) -> String {
    let start = text.get(..most * 4).unwrap_or(text);
    let shown = String::from_utf8_lossy(start);
    let mut excerpt: String = shown.chars().take(most).flat_map(char::escape_debug).collect();
    if shown.chars().count() > most || start.len() < text.len() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_all(bytes: &[u8], overlong: Overlong) -> (Vec<String>, bool) {
        let mut reader = LineReader::new(bytes, 8, overlong);
        let mut lines = Vec::new();
        loop {
            match reader.next_line().await {
                Ok(Some(line)) => lines.push(String::from_utf8_lossy(line).into_owned()),
                Ok(None) => return (lines, false),
                Err(_) => return (lines, true),
            }
        }
    }

    #[tokio::test]
    async fn lines_end_with_a_line_feed_and_have_a_longest_length() {
        assert_eq!(
            read_all(b"a\n\nbb\nlost", Overlong::Refuse).await,
            (vec!["a".to_owned(), String::new(), "bb".to_owned()], false)
        );
        assert_eq!(read_all(b"1234567\n", Overlong::Refuse).await, (vec!["1234567".into()], false));
        assert_eq!(read_all(b"12345678\n", Overlong::Refuse).await, (Vec::new(), true));
        assert_eq!(
            read_all(b"123456789\nb\n", Overlong::Cut).await,
            (vec!["1234567".into(), "b".into()], false)
        );
    }

    #[test]
    fn excerpts_are_short_and_printable() {
        assert_eq!(derive_excerpt(b"a\x1b[1m\xff", EXCERPT), "a\\u{1b}[1m\u{fffd}");
        assert!(derive_excerpt(&[b'x'; 5_000], EXCERPT).chars().count() == 201);
    }
}
