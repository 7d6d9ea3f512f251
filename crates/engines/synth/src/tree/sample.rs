//! Draws rows from fitted trees, also under conditions.
//!
//! A condition never rejects rows: candidates are weighted by how likely the condition is in the
//! leaf that each has reached, and go on in proportion to it (sequential Monte Carlo), so that rare
//! conditions cost as much as common ones.

use std::ops::Range;

use gantry_learn::Rng;

use super::ends::End;
use super::fit::{TreeGenerator, hash_row};
use super::leaf::{Gate, derive_gate_of_level};
use crate::encode::Block;
use crate::tier::Ask;

/// Times that a row is drawn again when it repeats a real one.
const ATTEMPTS: u64 = 12;
/// Keeps the choice of levels apart from the rows' own draws.
const LEVEL: u64 = 0x4c65_7665_6c73;
/// Candidates of a row under conditions.
const CANDIDATES: usize = 24;
/// And where all of them miss a condition.
const MOST_CANDIDATES: usize = 1_536;

/// A row while it is drawn.
#[derive(Clone)]
struct Candidate {
    values: Vec<f64>,
    bins: Vec<u8>,
    /// Which of each column's trees the row follows.
    tree: usize,
}

/// Conditions in terms of donors.
struct Gates {
    fixed: Vec<Option<Gate>>,
    /// The balanced column, and the gate of each of its levels.
    balanced: Option<(usize, Vec<Gate>, Vec<f64>)>,
}

impl TreeGenerator {
    /// Draws these rows.
    pub(crate) fn sample(&self, rows: Range<u64>, ask: &Ask) -> Block {
        let gates = self.derive_gates(ask);
        let count = self.columns.len();
        let mut block = Block {
            columns: (0..count)
                .map(|_| Vec::with_capacity((rows.end - rows.start) as usize))
                .collect(),
        };
        let ends = self.find_ends(&rows, ask);
        for row in rows {
            let values = match ends.get(&row) {
                Some(end) => self.draw_end((row, ask.seed), end),
                None => self.draw_row(row, ask.seed, &gates),
            };
            for (column, value) in block.columns.iter_mut().zip(values) {
                column.push(value);
            }
        }
        block
    }

    /// Draws one row whose first columns of the order are known: those with these values, by column.
    pub(crate) fn draw_given(&self, known: &[f64], rng: &mut Rng) -> Vec<f64> {
        let mut values = Vec::new();
        for _ in 0..ATTEMPTS {
            let Some(mut candidate) = self.begin(1, rng).pop() else { return values };
            for (column, value) in known.iter().enumerate() {
                self.set(column, *value, &mut candidate);
            }
            for column in self.order.iter().map(|column| *column as usize) {
                if column >= known.len() {
                    self.draw_cell(column, &mut candidate, rng);
                }
            }
            values = candidate.values;
            if self.real.binary_search(&hash_row(values.iter().copied())).is_err() {
                break;
            }
        }
        values
    }

    fn derive_gates(&self, ask: &Ask) -> Gates {
        let gate = |(column, allowed): (usize, &Option<_>)| {
            let allowed = allowed.as_ref()?;
            Some(self.columns.get(column)?.marginal.derive_gate(allowed))
        };
        let fixed = (0..self.columns.len())
            .map(|column| gate((column, ask.allowed.get(column).unwrap_or(&None))))
            .collect();
        let balanced = ask.balance.as_ref().map(|balance| {
            let levels = balance.shares.len();
            let only = |level: usize| derive_gate_of_level(level, levels);
            (balance.column, (0..levels).map(only).collect(), balance.shares.clone())
        });
        Gates { fixed, balanced }
    }

    fn draw_row(&self, row: u64, seed: u64, gates: &Gates) -> Vec<f64> {
        // A row that is drawn again keeps its level, or levels with more copies would become rarer.
        let level = gates
            .balanced
            .as_ref()
            .map(|(_, _, shares)| draw_share(shares, &mut Rng::stream(seed ^ LEVEL, row)));
        let mut drawn = Vec::new();
        for attempt in 0..ATTEMPTS {
            let mut rng = Rng::stream(seed.wrapping_add(attempt << 32), row);
            drawn = self.draw_once((gates, level), &mut rng);
            if self.real.binary_search(&hash_row(drawn.iter().copied())).is_err() {
                break;
            }
        }
        drawn
    }

    /// Draws a row that has an end of a column.
    fn draw_end(&self, (row, seed): (u64, u64), end: &End) -> Vec<f64> {
        let mut fixed = vec![None; self.columns.len()];
        if let Some(gate) = fixed.get_mut(end.column) {
            *gate = Some(end.gate.clone());
        }
        let mut values = self.draw_row(row, seed, &Gates { fixed, balanced: None });
        if let Some(value) = values.get_mut(end.column) {
            *value = end.value;
        }
        values
    }

    fn draw_once(&self, (gates, level): (&Gates, Option<usize>), rng: &mut Rng) -> Vec<f64> {
        let level = gates
            .balanced
            .as_ref()
            .zip(level)
            .map(|((column, of_level, _), level)| (*column, &of_level[level]));
        let gate_of = |column: usize| match level {
            Some((balanced, gate)) if balanced == column => Some(gate),
            _ => gates.fixed[column].as_ref(),
        };
        let last_gate = self.order.iter().rposition(|column| gate_of(*column as usize).is_some());
        // Where all candidates miss a rare condition, more are sent.
        let mut count = if last_gate.is_some() { CANDIDATES } else { 1 };
        loop {
            let (candidates, missed) = self.draw_candidates(count, (&gate_of, last_gate), rng);
            if !missed || count >= MOST_CANDIDATES {
                return candidates.into_iter().next().map_or_else(Vec::new, |found| found.values);
            }
            count *= 4;
        }
    }

    /// Draws candidates, of which one is left behind the last gate; tells whether all missed one.
    fn draw_candidates<'g>(
        &self,
        count: usize,
        (gate_of, last_gate): (&dyn Fn(usize) -> Option<&'g Gate>, Option<usize>),
        rng: &mut Rng,
    ) -> (Vec<Candidate>, bool) {
        let mut candidates = self.begin(count, rng);
        let mut missed = false;
        for (place, column) in self.order.iter().enumerate() {
            let column = *column as usize;
            match gate_of(column) {
                Some(gate) => missed |= !self.pass_gate(column, gate, &mut candidates, rng),
                None => {
                    for candidate in &mut candidates {
                        self.draw_cell(column, candidate, rng);
                    }
                }
            }
            if last_gate == Some(place) {
                candidates.truncate(1);
            }
            if missed && count < MOST_CANDIDATES {
                break;
            }
        }
        (candidates, missed)
    }

    fn begin(&self, count: usize, rng: &mut Rng) -> Vec<Candidate> {
        let columns = self.columns.len();
        let trees = self.columns.first().map_or(1, |column| column.trees.len());
        (0..count)
            .map(|_| Candidate {
                values: vec![f64::NAN; columns],
                bins: vec![0; columns],
                tree: rng.below(trees),
            })
            .collect()
    }

    fn draw_cell(&self, column: usize, candidate: &mut Candidate, rng: &mut Rng) {
        let of_column = &self.columns[column];
        let (shape, donors) = &of_column.trees[candidate.tree];
        let leaf = shape.find_leaf(&candidate.bins);
        let value = donors.draw(leaf, &of_column.marginal, rng);
        self.set(column, value, candidate);
    }

    fn set(&self, column: usize, value: f64, candidate: &mut Candidate) {
        candidate.values[column] = value;
        candidate.bins[column] = self.binners[column].bin(value);
    }

    /// Lets candidates go on in proportion to how likely the gate is for them, and draws behind it.
    /// Tells whether it is likely for any.
    fn pass_gate(
        &self,
        column: usize,
        gate: &Gate,
        all: &mut Vec<Candidate>,
        rng: &mut Rng,
    ) -> bool {
        let of_column = &self.columns[column];
        let leaf_of =
            |candidate: &Candidate| of_column.trees[candidate.tree].0.find_leaf(&candidate.bins);
        let shares: Vec<f64> = all
            .iter()
            .map(|candidate| of_column.trees[candidate.tree].1.find_share(leaf_of(candidate), gate))
            .collect();
        let is_possible = shares.iter().any(|share| *share > 0.0);
        let chosen: Vec<Candidate> = (0..all.len())
            .map(|place| match is_possible {
                true => all[draw_share(&shares, rng)].clone(),
                false => all[place].clone(),
            })
            .collect();
        *all = chosen;
        for candidate in all {
            let leaf = leaf_of(candidate);
            let donors = &of_column.trees[candidate.tree].1;
            // Where no leaf knows such a value, any of the column's that fits is taken.
            let value = donors
                .draw_gated(leaf, (&of_column.marginal, gate), rng)
                .or_else(|| of_column.marginal.draw(gate, rng));
            self.set(column, value.unwrap_or(f64::NAN), candidate);
        }
        is_possible
    }
}

/// A place with probability in proportion to its share.
pub(crate) fn draw_share(shares: &[f64], rng: &mut Rng) -> usize {
    let total: f64 = shares.iter().sum();
    let mut left = rng.uniform() * total;
    let found = shares.iter().position(|share| {
        left -= share;
        left < 0.0
    });
    found.unwrap_or_else(|| shares.iter().rposition(|share| *share > 0.0).unwrap_or(0))
}
