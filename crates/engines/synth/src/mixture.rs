//! The tier `mixture`: a table as a mixture of groups within which columns do not depend on each
//! other, fitted by expectation and maximization.
//!
//! Every column is cut into bins; a group is a distribution over the bins of each column. Conditions
//! are exact: what is known of a row gives the probability of each group. Within a bin values are
//! drawn as in the leaf of a tree, so single people's values are never given as they are.
//!
//! Invariant: sums over rows are taken in the same order whatever the number of threads.

mod fit;
mod infer;
mod parts;
mod tune;

use std::ops::Range;

use gantry_learn::{Rng, math};
use serde::{Deserialize, Serialize};

use crate::encode::{Block, EncodedTable};
use crate::error::SynthError;
use crate::tier::{Ask, FitOptions, Generator, Watch};
use crate::tree::{Binner, Donors, Gate, Marginal, derive_gate_of_level, draw_share};

/// Keeps these draws apart from those of other tiers.
const STREAM: u64 = 0x4d69_7874_7572_6573;

/// One column of the mixture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MixtureColumn {
    binner: Binner,
    marginal: Marginal,
    /// A leaf for each bin.
    donors: Donors,
    /// Probabilities of bins, by bin and within by group.
    shares: Vec<f32>,
}

/// The fitted tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mixture {
    /// Probability of each group.
    weights: Vec<f64>,
    columns: Vec<MixtureColumn>,
    /// Mean log-likelihood of a row of the table, in nats, after each iteration.
    pub(crate) likelihoods: Vec<f64>,
}

/// A column's gate, and the share of each bin's donors that pass it.
pub(crate) struct Gated {
    gate: Gate,
    open: Vec<f64>,
}

impl MixtureColumn {
    fn share(&self, bin: usize, group: usize, groups: usize) -> f64 {
        f64::from(self.shares[bin * groups + group])
    }

    fn derive_gated(&self, gate: Gate) -> Gated {
        let bins = self.binner.count();
        let open = (0..bins).map(|bin| self.donors.find_share(bin, &gate)).collect();
        Gated { gate, open }
    }

    /// Draws a cell of a group.
    fn draw(&self, group: usize, groups: usize, gated: Option<&Gated>, rng: &mut Rng) -> f64 {
        let bins = self.binner.count();
        let chance = |bin: usize| {
            self.share(bin, group, groups) * gated.map_or(1.0, |gated| gated.open[bin])
        };
        let chances: Vec<f64> = (0..bins).map(chance).collect();
        self.draw_within(&chances, gated, rng)
    }

    /// Draws a cell where bins have these chances.
    fn draw_within(&self, chances: &[f64], gated: Option<&Gated>, rng: &mut Rng) -> f64 {
        let bin = draw_share(chances, rng);
        match gated {
            None => self.donors.draw(bin, &self.marginal, rng),
            Some(gated) => self
                .donors
                .draw_gated(bin, (&self.marginal, &gated.gate), rng)
                .or_else(|| self.marginal.draw(&gated.gate, rng))
                .unwrap_or(f64::NAN),
        }
    }
}

impl Mixture {
    /// The chance of each group where columns are gated.
    fn weigh<'a>(&self, gate_of: &dyn Fn(usize) -> Option<&'a Gated>) -> Vec<f64> {
        let groups = self.weights.len();
        let mut weights = self.weights.clone();
        for (place, column) in self.columns.iter().enumerate() {
            let Some(gated) = gate_of(place) else { continue };
            for (group, weight) in weights.iter_mut().enumerate() {
                let bins = gated.open.iter().enumerate();
                *weight *=
                    bins.map(|(bin, open)| open * column.share(bin, group, groups)).sum::<f64>();
            }
        }
        weights
    }

    fn draw_row(
        &self,
        gates: &[Option<Gated>],
        balanced: Option<&(usize, Vec<Gated>, Vec<f64>)>,
        rng: &mut Rng,
    ) -> Vec<f64> {
        let groups = self.weights.len();
        let level =
            balanced.map(|(column, levels, shares)| (*column, &levels[draw_share(shares, rng)]));
        let gate_of = |column: usize| match level {
            Some((balanced, gate)) if balanced == column => Some(gate),
            _ => gates[column].as_ref(),
        };
        let group = draw_share(&self.weigh(&gate_of), rng);
        let columns = self.columns.iter().enumerate();
        columns.map(|(place, column)| column.draw(group, groups, gate_of(place), rng)).collect()
    }
}

impl Generator for Mixture {
    fn fit(
        table: &EncodedTable,
        options: &FitOptions,
        watch: &Watch<'_>,
    ) -> Result<Self, SynthError> {
        fit::fit(table, options, watch)
    }

    fn sample(&self, rows: Range<u64>, ask: &Ask) -> Block {
        let gates: Vec<Option<Gated>> = self
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| {
                let allowed = ask.allowed.get(place)?.as_ref()?;
                Some(column.derive_gated(column.marginal.derive_gate(allowed)))
            })
            .collect();
        let balanced = ask.balance.as_ref().map(|balance| {
            let levels = balance.shares.len();
            let column = &self.columns[balance.column];
            let gate = |level| column.derive_gated(derive_gate_of_level(level, levels));
            (balance.column, (0..levels).map(gate).collect(), balance.shares.clone())
        });
        let mut block = Block { columns: vec![Vec::new(); self.columns.len()] };
        for row in rows {
            let mut rng = Rng::stream(ask.seed ^ STREAM, row);
            let drawn = self.draw_row(&gates, balanced.as_ref(), &mut rng);
            for (column, value) in block.columns.iter_mut().zip(drawn) {
                column.push(value);
            }
        }
        block
    }

    fn width(&self) -> usize {
        self.columns.len()
    }
}

/// `ln` of a probability, bounded for those that are zero.
fn log_share(share: f64) -> f32 {
    math::ln(share.max(1e-12)) as f32
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::encode::{EncodedColumn, EncodedKind};
    use crate::private::PrivacyBudget;

    /// A table in which `b` is `a` and `x` is 0 to 4, or 100 to 104 where `a` is one.
    pub(crate) fn table(rows: usize) -> EncodedTable {
        let column = |name: &str, kind, values| EncodedColumn { name: name.into(), kind, values };
        let a: Vec<f64> = (0..rows).map(|row| (row * 7 % 10 / 5) as f64).collect();
        let x = a.iter().enumerate().map(|(row, a)| a * 100.0 + (row % 5) as f64).collect();
        EncodedTable {
            columns: vec![
                column("a", EncodedKind::Levels(2), a.clone()),
                column("b", EncodedKind::Levels(2), a),
                column("x", EncodedKind::Number, x),
            ],
            rows,
            decimals: vec![0, 0, 0],
            ..EncodedTable::default()
        }
    }

    pub(crate) fn options() -> FitOptions {
        FitOptions {
            leaf: 20,
            trees: 1,
            first: Vec::new(),
            min_count: 5,
            budget: PrivacyBudget { epsilon: 1.0, delta: 1e-6 },
            selection: false,
            epochs: gantry_deep::Epochs::default(),
            hardware: std::sync::Arc::default(),
            seed: 3,
        }
    }

    pub(super) fn fitted() -> Mixture {
        Generator::fit(&table(600), &options(), &Watch::quiet(&|| false)).unwrap()
    }
}
