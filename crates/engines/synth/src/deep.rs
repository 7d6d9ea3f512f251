//! The tier `deep`: diffusion in the space of an autoencoder, conditioned on groups of a mixture.
//!
//! The mixture gives what the networks of `gantry-deep` begin from: cells as bins, the group of each
//! row, and the chance of each group under conditions, which is exact. The networks tell how the bins
//! of a row hang together within its group; the values within a bin are drawn as in the mixture, so
//! single people's values are never given as they are.
//!
//! Invariants: a row is a function of (model, seed, row number) alone; its condition is a group drawn
//! from the mixture, and never what was learned of one row.

mod fit;
mod given;
mod judge;

use std::ops::Range;

use gantry_deep::{Denoiser, Wish};
use gantry_learn::Rng;
use serde::{Deserialize, Serialize};

use crate::encode::Block;
use crate::error::SynthError;
use crate::mixture::{Gated, Mixture};
use crate::tier::Ask;

pub(crate) use fit::fit;

/// Keeps the draws of groups and those within bins apart, and both from those of other tiers.
const GROUPS: u64 = 0x4465_6570_4772_7073;
const CELLS: u64 = 0x4465_6570_4365_6c6c;

/// What came of the training, for the report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Training {
    /// Epochs of autoencoder, graph and diffusion.
    pub(crate) epochs: [u32; 3],
    /// How badly a learner told made rows from withheld ones, where epochs were chosen freely.
    pub(crate) score: Option<f64>,
}

impl Training {
    /// What the report says.
    pub(crate) fn list_notes(&self) -> Vec<String> {
        let [cells, graph, diffusion] = self.epochs;
        let mut notes = vec![format!(
            "Epochs: {cells} of the autoencoder, {graph} of the graph network, {diffusion} of the \
             diffusion."
        )];
        if let Some(score) = self.score {
            notes.push(format!(
                "A learner failed to tell made rows from rows that were withheld by {score:.3}, \
                 where 1 is best."
            ));
        }
        notes
    }
}

/// The fitted tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Deep {
    mixture: Mixture,
    denoiser: Denoiser,
    pub(crate) training: Training,
}

/// Conditions in the terms of the mixture: one list of gates, or one for each level to balance.
struct Gates {
    lists: Vec<Vec<Option<Gated>>>,
    /// The chance of each list, and of each group under it.
    shares: Vec<f64>,
    groups: Vec<Vec<f64>>,
}

impl Deep {
    /// Draws these rows.
    pub(crate) fn sample(&self, rows: Range<u64>, ask: &Ask) -> Result<Block, SynthError> {
        let gates = self.derive_gates(ask);
        let wish = |row: u64| self.draw_wish(&gates, (row, ask.seed)).1;
        let shares = ask
            .hardware
            .run(|device| self.denoiser.sample(rows.clone(), (ask.seed, device), &wish))?;
        let width = self.denoiser.states().iter().sum::<usize>().max(1);
        let mut block = Block { columns: vec![Vec::new(); self.width()] };
        for (row, line) in rows.zip(shares.chunks_exact(width)) {
            let (list, _) = self.draw_wish(&gates, (row, ask.seed));
            let gates = gates.lists.get(list).map_or(&[][..], Vec::as_slice);
            let cells = self.draw_cells(line, (0, gates), &mut Rng::stream(ask.seed ^ CELLS, row));
            block.columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
        }
        Ok(block)
    }

    /// The cells of a row from its shares of bins, but for the first ones that are known.
    fn draw_cells(
        &self,
        line: &[f32],
        (known, gates): (usize, &[Option<Gated>]),
        rng: &mut Rng,
    ) -> Vec<f64> {
        let mut rest = line;
        let mut cells = Vec::with_capacity(self.width().saturating_sub(known));
        for (place, states) in self.denoiser.states().iter().enumerate() {
            let (part, left) = rest.split_at(*states);
            rest = left;
            if place >= known {
                let chances: Vec<f64> = part.iter().map(|share| f64::from(*share)).collect();
                let gated = gates.get(place).and_then(Option::as_ref);
                cells.push(self.mixture.draw_cell(place, &chances, gated, rng));
            }
        }
        cells
    }

    /// Number of modelled columns.
    pub(crate) fn width(&self) -> usize {
        self.denoiser.states().len()
    }

    fn derive_gates(&self, ask: &Ask) -> Gates {
        let level = |level: Option<usize>| self.mixture.derive_gates(ask, level);
        let (lists, shares): (Vec<_>, Vec<f64>) = match &ask.balance {
            None => (vec![level(None)], vec![1.0]),
            Some(balance) => {
                let levels = 0..balance.shares.len();
                (levels.map(|code| level(Some(code))).collect(), balance.shares.clone())
            }
        };
        let groups = lists.iter().map(|list| self.mixture.weigh_groups(list)).collect();
        Gates { lists, shares, groups }
    }

    /// The list of gates that a row keeps to, its group, and the bins of gated columns.
    fn draw_wish(&self, gates: &Gates, (row, seed): (u64, u64)) -> (usize, Wish) {
        let mut rng = Rng::stream(seed ^ GROUPS, row);
        let list = gates.draw_list(&mut rng);
        let group = gates.draw_group(list, &mut rng);
        let mut known = Vec::new();
        for (place, gated) in gates.lists.get(list).into_iter().flatten().enumerate() {
            if let Some(gated) = gated {
                known.push((place, self.mixture.draw_bin(place, group, gated, &mut rng) as u8));
            }
        }
        (list, Wish { group: group as u32, known })
    }
}

impl Gates {
    fn draw_list(&self, rng: &mut Rng) -> usize {
        crate::tree::draw_share(&self.shares, rng)
    }

    fn draw_group(&self, list: usize, rng: &mut Rng) -> usize {
        self.groups.get(list).map_or(0, |groups| crate::tree::draw_share(groups, rng))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::condition::Allowed;
    use crate::hardware::Hardware;
    use crate::mixture::tests::{options, table};
    use crate::tier::Watch;

    fn fitted(seed: u64) -> Deep {
        let epochs =
            gantry_deep::Epochs { autoencoder: Some(3), graph: Some(3), diffusion: Some(12) };
        let options = crate::tier::FitOptions { epochs, seed, ..options() };
        fit(&table(600), &options, &Watch::quiet(&|| false)).unwrap()
    }

    #[test]
    fn rows_do_not_depend_on_which_are_asked_for_together() {
        let deep = fitted(3);
        let ask = Ask { seed: 5, ..Ask::default() };
        let all = deep.sample(0..300, &ask).unwrap();
        let some = deep.sample(130..140, &ask).unwrap();
        for (all, some) in all.columns.iter().zip(&some.columns) {
            assert_eq!(&all[130..140], some);
        }
        assert_eq!(deep.training.epochs, [3, 3, 12]);
    }

    #[test]
    fn without_a_graphics_processor_the_processor_gives_the_same_bytes() {
        let epochs =
            gantry_deep::Epochs { autoencoder: Some(2), graph: Some(2), diffusion: Some(4) };
        let hardware = Arc::new(Hardware::leased(gantry_types::Device::Gpu));
        let asked = crate::tier::FitOptions { epochs, hardware, ..options() };
        let made = fit(&table(300), &asked, &Watch::quiet(&|| false)).unwrap();
        let ask = Ask { seed: 5, hardware: Arc::clone(&asked.hardware), ..Ask::default() };
        let rows = made.sample(0..200, &ask).unwrap();
        assert_eq!(made.training.epochs, [2, 2, 4]);
        let note = &asked.hardware.list_notes(crate::tier::Tier::Deep)[0];
        // A machine with such a processor has used it.
        if !note.contains("on a graphics processor") {
            assert!(note.contains("on the processor, since"), "{note}");
            let plain = crate::tier::FitOptions { hardware: Arc::default(), ..asked };
            let same = fit(&table(300), &plain, &Watch::quiet(&|| false)).unwrap();
            assert_eq!(made, same);
            let again = same.sample(0..200, &Ask { seed: 5, ..Ask::default() }).unwrap();
            assert_eq!(rows, again);
        }
    }

    #[test]
    fn conditions_hold_in_every_row_and_the_rest_follows() {
        let deep = fitted(3);
        let only = Allowed::Levels(vec![false, true]);
        let ask = Ask { seed: 5, allowed: vec![Some(only), None, None], ..Ask::default() };
        let made = deep.sample(0..200, &ask).unwrap();
        assert!(made.columns[0].iter().all(|code| *code == 1.0));
        let follow = made.columns[1].iter().filter(|code| **code == 1.0).count();
        let high = made.columns[2].iter().filter(|value| **value > 90.0).count();
        assert!(follow > 190 && high > 190, "{follow} {high}");
    }

    #[test]
    fn a_free_choice_of_epochs_is_judged_on_withheld_rows() {
        let mut options = options();
        options.epochs.autoencoder = Some(2);
        options.epochs.graph = Some(0);
        let deep = fit(&table(400), &options, &Watch::quiet(&|| false)).unwrap();
        assert!(deep.training.score.is_some_and(|score| score > 0.5), "{:?}", deep.training);
    }

    #[test]
    fn a_cancelled_fit_ends() {
        let calls = std::sync::atomic::AtomicUsize::new(0);
        let cancelled = || calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 60;
        let ended = fit(&table(600), &options(), &Watch::quiet(&cancelled));
        assert!(matches!(ended, Err(SynthError::Cancelled)));
        assert!(calls.into_inner() < 70);
    }
}
