//! Bytes of any supported encoding to UTF-8, as a stream.
//!
//! UTF-8 passes through unchecked here; [`super::record::Record::seal`] checks it row by row, so
//! that an error knows its line.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};

use crate::error::TableError;

const CHUNK: usize = 64 * 1024;
/// Bytes of the longest character in UTF-8.
const LONGEST_CHAR: usize = 4;

/// The encodings that tables come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, with a byte order mark or without.
    #[default]
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Western European Windows, the usual one where a file is no UTF-8.
    Windows1252,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 LE",
            Self::Utf16Be => "UTF-16 BE",
            Self::Windows1252 => "Windows-1252",
        })
    }
}

impl Encoding {
    /// The encoding that a byte order mark states, and the length of the mark.
    pub(crate) fn find_mark(head: &[u8]) -> Option<(Self, usize)> {
        match head {
            [0xEF, 0xBB, 0xBF, ..] => Some((Self::Utf8, 3)),
            [0xFF, 0xFE, ..] => Some((Self::Utf16Le, 2)),
            [0xFE, 0xFF, ..] => Some((Self::Utf16Be, 2)),
            _ => None,
        }
    }

    /// The encoding of a file that begins with `head`, which may end inside a character.
    pub(crate) fn detect(head: &[u8]) -> Self {
        if let Some((encoding, _)) = Self::find_mark(head) {
            return encoding;
        }
        // In UTF-16 nearly every second byte of a table is zero; in no other text is any.
        let pairs = (head.len() / 2).max(1);
        let zeros = |offset| head.iter().skip(offset).step_by(2).filter(|b| **b == 0).count();
        let (even, odd) = (zeros(0), zeros(1));
        if odd * 10 > pairs * 6 && even * 10 < pairs {
            return Self::Utf16Le;
        }
        if even * 10 > pairs * 6 && odd * 10 < pairs {
            return Self::Utf16Be;
        }
        match std::str::from_utf8(head) {
            Err(error) if error.error_len().is_some() => Self::Windows1252,
            Ok(_) | Err(_) => Self::Utf8,
        }
    }

    fn decoder(self) -> Option<encoding_rs::Decoder> {
        let encoding = match self {
            Self::Utf8 => return None,
            Self::Utf16Le => encoding_rs::UTF_16LE,
            Self::Utf16Be => encoding_rs::UTF_16BE,
            Self::Windows1252 => encoding_rs::WINDOWS_1252,
        };
        Some(encoding.new_decoder_without_bom_handling())
    }

    /// The text of a whole piece; what does not decode becomes the replacement character.
    pub(crate) fn decode_piece(self, bytes: &[u8]) -> String {
        match self.decoder() {
            None => String::from_utf8_lossy(bytes).into_owned(),
            Some(mut decoder) => {
                let room = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(0);
                let mut text = String::with_capacity(room);
                let _ = decoder.decode_to_string(bytes, &mut text, false);
                text
            }
        }
    }
}

/// A reader of UTF-8 over a file of any encoding; counts the bytes of the file.
pub(crate) struct Decoding<R> {
    input: R,
    decoder: Option<encoding_rs::Decoder>,
    raw: Vec<u8>,
    raw_range: (usize, usize),
    /// The input has no more bytes.
    ended: bool,
    /// The decoder has given all characters.
    finished: bool,
    bytes_read: u64,
}

impl<R: Read + Seek> Decoding<R> {
    /// Starts at the first character of the file.
    pub(crate) fn open(mut input: R, encoding: Encoding) -> Result<Self, TableError> {
        input.seek(SeekFrom::Start(0))?;
        let mut mark = Vec::new();
        (&mut input).take(4).read_to_end(&mut mark)?;
        let skipped = match Encoding::find_mark(&mark) {
            Some((found, length)) if found == encoding => length as u64,
            _ => 0,
        };
        input.seek(SeekFrom::Start(skipped))?;
        let decoder = encoding.decoder();
        let raw = if decoder.is_some() { vec![0; CHUNK] } else { Vec::new() };
        Ok(Self {
            input,
            decoder,
            raw,
            raw_range: (0, 0),
            ended: false,
            finished: false,
            bytes_read: skipped,
        })
    }

    /// Bytes of the file that were read.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.decoder else {
            let count = self.input.read(out)?;
            self.bytes_read += count as u64;
            return Ok(count);
        };
        if self.finished || out.is_empty() {
            return Ok(0);
        }
        if out.len() < LONGEST_CHAR {
            // Nothing would fit, and the loop below would never end.
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the buffer is too small"));
        }
        loop {
            let (start, end) = self.raw_range;
            if start == end && !self.ended {
                let count = self.input.read(&mut self.raw)?;
                self.bytes_read += count as u64;
                self.raw_range = (0, count);
                self.ended = count == 0;
                continue;
            }
            let piece = self.raw.get(start..end).unwrap_or_default();
            let (outcome, taken, written, _) = decoder.decode_to_utf8(piece, out, self.ended);
            self.raw_range.0 += taken;
            // A decoder that was told the end and took all of it must not be called again.
            self.finished = self.ended && outcome == encoding_rs::CoderResult::InputEmpty;
            if written > 0 || self.finished {
                return Ok(written);
            }
        }
    }
}
