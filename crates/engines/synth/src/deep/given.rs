//! Rows of which the first cells are known: children of rows that are drawn already.

use gantry_deep::Wish;
use gantry_learn::Rng;
use rayon::prelude::*;

use super::{CELLS, Deep, GROUPS};
use crate::error::SynthError;
use crate::tier::Ask;

/// Rows that one thread draws at a time.
const PIECE: usize = 128;

impl Deep {
    /// Draws the other cells of rows whose first cells are these: row by row, after the known ones. A
    /// row depends on what is known of all of them, and on its place.
    pub(crate) fn draw_given(
        &self,
        known: &[Vec<f64>],
        ask: &Ask,
    ) -> Result<Vec<Vec<f64>>, SynthError> {
        let pieces: Result<Vec<Vec<Vec<f64>>>, SynthError> = known
            .par_chunks(PIECE)
            .enumerate()
            .map(|(piece, known)| self.draw_piece(known, (piece * PIECE, ask)))
            .collect();
        Ok(pieces?.into_iter().flatten().collect())
    }

    fn draw_piece(
        &self,
        known: &[Vec<f64>],
        (first, ask): (usize, &Ask),
    ) -> Result<Vec<Vec<f64>>, SynthError> {
        let numbered = || known.iter().zip(first as u64..);
        let wishes: Vec<Wish> = numbered()
            .map(|(cells, row)| {
                let group =
                    self.mixture.draw_group(cells, &mut Rng::stream(ask.seed ^ GROUPS, row));
                let bins = cells.iter().enumerate();
                let known = bins.map(|(place, cell)| (place, self.mixture.bin_cell(place, *cell)));
                Wish { group: group as u32, known: known.collect() }
            })
            .collect();
        // Each piece has noise of its own.
        let seed = ask.seed ^ (first as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let shares = ask.hardware.run(|device| self.denoiser.draw(&wishes, (seed, device)))?;
        let width = self.denoiser.states().iter().sum::<usize>().max(1);
        let lines = numbered().zip(shares.chunks_exact(width));
        let draw = |((cells, row), line): ((&Vec<f64>, u64), &[f32])| {
            self.draw_cells(line, (cells.len(), &[]), &mut Rng::stream(ask.seed ^ CELLS, row))
        };
        Ok(lines.map(draw).collect())
    }
}
