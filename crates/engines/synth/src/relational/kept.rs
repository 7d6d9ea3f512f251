//! What of several tables is kept for the next attempt: networks that have learned, and the training
//! that goes on.

use crate::deep::Deep;
use crate::error::SynthError;
use crate::tier::Notes;

/// Learned networks by the number of their table, and the state of a training.
#[derive(Debug, Default)]
pub(super) struct Kept {
    done: Vec<(u32, Deep)>,
    going: Option<(u32, Vec<u8>)>,
}

impl Kept {
    /// What an earlier attempt kept; nothing where it cannot be read.
    pub(super) fn find_in(notes: &dyn Notes) -> Self {
        let read = notes.find_kept().and_then(|bytes| postcard::from_bytes(&bytes).ok());
        let (done, going) = read.unwrap_or_default();
        Self { done, going }
    }

    /// The networks of a table that an earlier attempt has learned.
    pub(super) fn find(&self, table: usize) -> Option<Deep> {
        self.done.iter().find(|(number, _)| *number as usize == table).map(|(_, deep)| deep.clone())
    }

    /// Notes the networks of a table.
    pub(super) fn finish(&mut self, table: usize, deep: &Deep) {
        self.done.push((table as u32, deep.clone()));
        self.going = None;
    }

    pub(super) fn write(&self) -> Result<Vec<u8>, SynthError> {
        self.write_with(self.going.as_ref().map(|(table, state)| (*table, state.as_slice())))
    }

    fn write_with(&self, going: Option<(u32, &[u8])>) -> Result<Vec<u8>, SynthError> {
        postcard::to_stdvec(&(&self.done, going))
            .map_err(|error| SynthError::inconsistent(format!("Networks cannot be kept: {error}.")))
    }
}

/// The notes of one table's training among those of all.
pub(super) struct TableNotes<'a> {
    pub(super) outer: &'a dyn Notes,
    pub(super) kept: &'a Kept,
    pub(super) table: usize,
    pub(super) name: &'a str,
}

impl Notes for TableNotes<'_> {
    fn stage(&self, text: &str) {
        self.outer.stage(&format!("{text} ({})", self.name));
    }

    fn say(&self, text: String) {
        self.outer.say(format!("Table `{}`: {text}", self.name));
    }

    fn keep(&self, state: &dyn Fn() -> Result<Vec<u8>, SynthError>) -> Result<(), SynthError> {
        let table = self.table as u32;
        self.outer.keep(&|| self.kept.write_with(Some((table, &state()?))))
    }

    fn find_kept(&self) -> Option<Vec<u8>> {
        let (table, state) = self.kept.going.as_ref()?;
        (*table as usize == self.table).then(|| state.clone())
    }
}
