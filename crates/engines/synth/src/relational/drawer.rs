//! What a table's rows are drawn by: trees, or networks where the table is large enough for them.

use std::ops::Range;

use super::TablesTier;
use super::copula::MOST_ROWS;
use super::kept::{Kept, TableNotes};
use crate::deep::Deep;
use crate::encode::{Block, EncodedTable};
use crate::error::SynthError;
use crate::tier::{Ask, FitOptions, Watch};
use crate::tree::TreeGenerator;

/// Tables of fewer rows are learned by trees in every tier: networks would know them by heart.
pub(crate) const FEWEST_DEEP: usize = MOST_ROWS + 1;

/// What draws a table: first what is known of the parent's row, then the table's own columns, then
/// the numbers of children.
pub(crate) enum Drawer {
    /// The tier `instant`.
    Trees(TreeGenerator),
    /// The tier `deep`.
    Deep(Box<Deep>),
}

impl Drawer {
    /// Learns a table.
    pub(super) fn learn(
        table: &EncodedTable,
        (tier, options): (TablesTier, &FitOptions),
        (kept, place): (&mut Kept, (usize, &str)),
        watch: &Watch<'_>,
    ) -> Result<Self, SynthError> {
        match tier {
            TablesTier::Deep if is_for_networks(table) => {
                let (number, name) = place;
                if let Some(done) = kept.find(number) {
                    return Ok(Self::Deep(Box::new(done)));
                }
                let notes = TableNotes { outer: watch.notes, kept, table: number, name };
                let deep = crate::deep::fit(table, options, &Watch { notes: &notes, ..*watch })?;
                kept.finish(number, &deep);
                watch.notes.keep(&|| kept.write())?;
                Ok(Self::Deep(Box::new(deep)))
            }
            TablesTier::Instant | TablesTier::Deep => Ok(Self::Trees(TreeGenerator::fit(
                table,
                options,
                &Watch { notes: &(), ..*watch },
            )?)),
        }
    }

    /// Draws rows of which nothing is known.
    pub(super) fn sample(&self, rows: Range<u64>, ask: &Ask) -> Result<Block, SynthError> {
        match self {
            Self::Trees(trees) => Ok(trees.sample(rows, ask)),
            Self::Deep(deep) => deep.sample(rows, ask),
        }
    }

    pub(super) fn width(&self) -> usize {
        match self {
            Self::Trees(trees) => trees.width(),
            Self::Deep(deep) => deep.width(),
        }
    }
}

/// Whether there is something to learn, and enough of it.
fn is_for_networks(table: &EncodedTable) -> bool {
    table.rows >= FEWEST_DEEP && !table.columns.is_empty()
}
