//! What is compared: a real table, a synthetic one, and rows that no generator saw.

use gantry_kit::Frame;

use crate::{FidelityError, TableMetadata};

/// A real and a synthetic table with the same columns.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// The rows that the generator learnt from.
    pub real: &'a Frame,
    /// The rows that it made.
    pub synthetic: &'a Frame,
    /// Rows of the same origin as the real ones that the generator never saw. Everything that is
    /// said about privacy needs them.
    pub holdout: Option<&'a Frame>,
    /// What the columns mean.
    pub metadata: &'a TableMetadata,
}

impl<'a> Pair<'a> {
    /// A pair without hold-out rows.
    #[must_use]
    pub fn new(real: &'a Frame, synthetic: &'a Frame, metadata: &'a TableMetadata) -> Self {
        Self { real, synthetic, holdout: None, metadata }
    }

    /// The same pair with rows that the generator never saw.
    #[must_use]
    pub fn with_holdout(self, holdout: &'a Frame) -> Self {
        Self { holdout: Some(holdout), ..self }
    }

    /// Refuses tables without rows and metadata that does not fit.
    ///
    /// # Errors
    /// [`FidelityError::NoRows`], and as [`TableMetadata::require_fits`].
    pub fn require_valid(&self) -> Result<(), FidelityError> {
        let holdout_rows = self.holdout.map_or(1, Frame::rows);
        let tables = [
            ("real", self.real.rows()),
            ("synthetic", self.synthetic.rows()),
            ("hold-out", holdout_rows),
        ];
        if let Some((table, _)) = tables.into_iter().find(|(_, rows)| *rows == 0) {
            return Err(FidelityError::NoRows { table });
        }
        self.metadata.require_fits(self.real)
    }
}
