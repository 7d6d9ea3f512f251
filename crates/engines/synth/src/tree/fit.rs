//! Fits the trees of all columns.

use std::collections::HashMap;

use gantry_learn::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::binner::Binner;
use super::grow::{Grower, Shape};
use super::leaf::{Donors, Marginal};
use super::order::{derive_dependence, derive_order, derive_predictors};
use crate::encode::{EncodedColumn, EncodedKind, EncodedTable};
use crate::error::SynthError;
use crate::tier::{FitOptions, Watch};

/// Bins of a column that splits.
const PREDICTOR_BINS: usize = 64;
/// Classes of a number that is predicted.
const NUMBER_CLASSES: usize = 24;
/// Classes of a label that is predicted.
const LEVEL_CLASSES: usize = 48;
/// Gain, in impurities of one row, that chance does not bring among many splits.
const CHANCE: f64 = 4.0;

/// A column's trees, of which each row uses one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ColumnTrees {
    pub(super) marginal: Marginal,
    pub(super) trees: Vec<(Shape, Donors)>,
}

/// The fitted tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TreeGenerator {
    /// The columns in the order in which they are drawn.
    pub(super) order: Vec<u32>,
    /// By column.
    pub(super) binners: Vec<Binner>,
    /// By column.
    pub(super) columns: Vec<ColumnTrees>,
    /// Hashes of the real rows that too few people share, ascending.
    pub(super) real: Vec<u64>,
}

impl TreeGenerator {
    /// Number of modelled columns.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Fits to a table.
    pub(crate) fn fit(
        table: &EncodedTable,
        options: &FitOptions,
        watch: &Watch<'_>,
    ) -> Result<Self, SynthError> {
        let binners: Vec<Binner> =
            table.columns.par_iter().map(|column| Binner::fit(column, PREDICTOR_BINS)).collect();
        let bins: Vec<Vec<u8>> = table
            .columns
            .par_iter()
            .zip(&binners)
            .map(|(column, binner)| binner.apply(&column.values))
            .collect();
        watch.step(0.1)?;
        let counts: Vec<usize> = binners.iter().map(Binner::count).collect();
        let dependence = derive_dependence(&bins, &counts);
        let order = derive_order(&dependence, &options.first, table.columns.len());
        watch.step(0.2)?;
        let widths: Vec<(usize, bool)> =
            binners.iter().map(|binner| (binner.count(), binner.is_unordered())).collect();
        let shared = Shared { table, bins: &bins, widths: &widths, options, watch };
        let done = std::sync::atomic::AtomicUsize::new(0);
        let fitted: Result<Vec<(usize, ColumnTrees)>, SynthError> = (0..order.len())
            .into_par_iter()
            .with_max_len(1)
            .map(|place| {
                let predictors = derive_predictors(&dependence, &order, place);
                let trees = shared.fit_column(order[place], &predictors)?;
                let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                watch.step(0.2 + 0.8 * done as f64 / order.len() as f64)?;
                Ok((order[place], trees))
            })
            .collect();
        let mut fitted = fitted?;
        fitted.sort_by_key(|(column, _)| *column);
        Ok(Self {
            order: order.iter().map(|column| *column as u32).collect(),
            binners,
            columns: fitted.into_iter().map(|(_, trees)| trees).collect(),
            real: find_rare_rows(table, options.min_count),
        })
    }
}

struct Shared<'a> {
    table: &'a EncodedTable,
    bins: &'a [Vec<u8>],
    widths: &'a [(usize, bool)],
    options: &'a FitOptions,
    watch: &'a Watch<'a>,
}

impl Shared<'_> {
    fn fit_column(&self, column: usize, predictors: &[usize]) -> Result<ColumnTrees, SynthError> {
        let target = &self.table.columns[column];
        let decimals = self.table.decimals.get(column).copied().unwrap_or(16);
        let marginal = Marginal::fit(target, decimals, self.options.min_count);
        let (binner, ordered) = derive_classes(target);
        let classes = binner.apply(&target.values);
        // Masked cells are nobody's donors.
        let rows: Vec<u32> =
            (0..self.table.rows as u32).filter(|row| !target.is_masked(*row as usize)).collect();
        let mut trees = Vec::with_capacity(self.options.trees);
        for tree in 0..self.options.trees {
            self.watch.check()?;
            let chosen = self.choose_predictors(column, tree, predictors);
            let grower = Grower {
                bins: self.bins,
                widths: self.widths,
                predictors: &chosen,
                classes: &classes,
                class_count: binner.count(),
                ordered,
                leaf: self.options.leaf,
                chance: CHANCE,
            };
            let grown = grower.grow(rows.clone());
            trees.push((grown.shape, Donors::gather(&grown.leaves, &target.values, &marginal)));
        }
        Ok(ColumnTrees { marginal, trees })
    }

    /// Each tree of several sees other predictors, so that they do not all tie the same rows.
    fn choose_predictors(&self, column: usize, tree: usize, predictors: &[usize]) -> Vec<usize> {
        if self.options.trees == 1 || predictors.len() < 4 {
            return predictors.to_vec();
        }
        let mut rng = Rng::stream(self.options.seed, (column * 1_000 + tree) as u64);
        predictors.iter().copied().filter(|_| rng.uniform() < 0.75).collect()
    }
}

/// How the values of a column are told apart while its tree grows, and whether they are ordered.
fn derive_classes(target: &EncodedColumn) -> (Binner, bool) {
    match target.kind {
        EncodedKind::Number => (Binner::fit(target, NUMBER_CLASSES), true),
        EncodedKind::Levels(_) => (Binner::fit(target, LEVEL_CLASSES), false),
    }
}

pub(super) fn find_rare_rows(table: &EncodedTable, min_count: usize) -> Vec<u64> {
    let mut counts: HashMap<u64, usize> = HashMap::with_capacity(table.rows);
    for row in 0..table.rows {
        let hash = hash_row(table.columns.iter().map(|column| column.values[row]));
        *counts.entry(hash).or_default() += 1;
    }
    let rare = counts.into_iter().filter(|(_, count)| *count < min_count);
    let mut hashes: Vec<u64> = rare.map(|(hash, _)| hash).collect();
    hashes.sort_unstable();
    hashes
}

/// The same for equal rows, whatever the sign of zero.
pub(super) fn hash_row(values: impl Iterator<Item = f64>) -> u64 {
    values.fold(0x51_7c_c1_b7_27_22_0a_95, |hash, value| {
        let bits = if value.is_nan() { 1 } else { (value + 0.0).to_bits() };
        let mut mixed = (hash ^ bits).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^= mixed >> 32;
        mixed.wrapping_mul(0xd6e8_feb8_6659_fd93).rotate_left(23)
    })
}
