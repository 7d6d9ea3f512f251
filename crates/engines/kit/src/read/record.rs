//! One row of a file as text, in buffers that are used again for the next row.
//!
//! Invariant: after `seal` every cell border lies on a character border.

use crate::error::TableError;

/// The cells of one row.
#[derive(Default)]
pub(crate) struct Record {
    raw: Vec<u8>,
    text: String,
    ends: Vec<usize>,
    /// For cells that are absent rather than empty (JSON null); empty when there are none.
    absent: Vec<bool>,
    line: u64,
    quoted: bool,
}

impl Record {
    /// Forgets the cells and keeps the memory.
    pub(crate) fn begin(&mut self, line: u64) {
        self.raw = std::mem::take(&mut self.text).into_bytes();
        self.raw.clear();
        self.ends.clear();
        self.absent.clear();
        self.line = line;
        self.quoted = false;
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
    }

    pub(crate) fn end_cell(&mut self) {
        self.ends.push(self.raw.len());
    }

    /// Notes that a cell was quoted, which tells an empty cell from a blank line.
    pub(crate) fn note_quote(&mut self) {
        self.quoted = true;
    }

    /// The cell that is being written.
    pub(crate) fn open_cell(&self) -> &[u8] {
        self.raw.get(self.ends.last().copied().unwrap_or(0)..).unwrap_or_default()
    }

    /// Bytes of the whole row so far.
    pub(crate) fn total_bytes(&self) -> usize {
        self.raw.len()
    }

    /// Whether the row came from a line with nothing in it.
    pub(crate) fn is_blank(&self) -> bool {
        self.ends.len() <= 1 && self.raw.is_empty() && self.text.is_empty() && !self.quoted
    }

    /// Checks the text and makes the cells readable.
    pub(crate) fn seal(&mut self) -> Result<(), TableError> {
        let broken = TableError::InvalidUtf8 { line: self.line };
        match String::from_utf8(std::mem::take(&mut self.raw)) {
            Ok(text) if self.ends.iter().all(|end| text.is_char_boundary(*end)) => {
                self.text = text;
                Ok(())
            }
            Ok(_) | Err(_) => Err(broken),
        }
    }

    /// Sets all cells at once, `None` where absent.
    pub(crate) fn fill<'a>(&mut self, cells: impl Iterator<Item = Option<&'a str>>) {
        self.text.clear();
        self.ends.clear();
        self.absent.clear();
        for cell in cells {
            self.text.push_str(cell.unwrap_or(""));
            self.ends.push(self.text.len());
            self.absent.push(cell.is_none());
        }
    }

    /// Number of cells.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Line in which the row begins.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The text of a cell; `None` when it is absent or the row is too short.
    pub(crate) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        if self.absent.get(index).copied().unwrap_or(false) {
            return None;
        }
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..end)
    }

    /// The cells that are there.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index).unwrap_or(""))
    }

    /// Drops the cells from `count` on.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.ends.truncate(count);
    }
}
