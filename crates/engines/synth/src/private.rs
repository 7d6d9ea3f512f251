//! The tier `private`: noised counts of bins and pairs of columns, and nothing else of the table.
//!
//! The columns form a tree in which each hangs on the one that it depends on most; rows are drawn
//! down that tree. All that is learned passes through Gaussian noise or a noisy choice, whose costs
//! the accountant adds up, so that the whole is (ε, δ)-differentially private towards adding or
//! removing one row.
//!
//! Taken as public: names, roles and digits of columns, the number of rows, and the seed's being
//! secret: whoever knows the seed knows the noise.
//!
//! Invariant: after [`PrivateTree::fit`] nothing depends on the table but what was noised.

mod accountant;
mod domain;
mod fit;
mod margins;

use std::ops::Range;

use gantry_learn::Rng;
use serde::{Deserialize, Serialize};

pub(crate) use accountant::PrivacyBudget;

use crate::condition::Allowed;
use crate::encode::{Block, EncodedTable};
use crate::error::SynthError;
use crate::tier::{Ask, Balance, FitOptions, Generator, Watch};
use crate::tree::{draw_share, round};
use domain::Domain;

const STREAM: u64 = 0x5072_6976_6174_6521;

/// What is left of the chance of each bin, by column.
type Messages = Vec<Vec<f64>>;

/// One column, and what it hangs on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PrivateColumn {
    domain: Domain,
    decimals: u8,
    /// Noised share of each bin.
    shares: Vec<f64>,
    /// The column that this one hangs on.
    parent: Option<u32>,
    /// Noised shares by bin of the parent and within by bin; empty without parent.
    joint: Vec<f64>,
}

/// Noised shares of two columns that do not hang on each other.
#[derive(Debug, Clone, PartialEq)]
struct Pair {
    columns: (usize, usize),
    /// By bin of the first and within by bin of the second.
    joint: Vec<f64>,
}

/// The fitted tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PrivateTree {
    /// Parents before children.
    order: Vec<u32>,
    columns: Vec<PrivateColumn>,
    /// What the fit may give away.
    pub(crate) budget: PrivacyBudget,
    /// Further pairs, for the selection of rows right after the fit; no file has them.
    #[serde(skip)]
    others: Vec<Pair>,
}

impl PrivateTree {
    /// Whether a label of a column was released.
    pub(crate) fn is_released(&self, column: usize, code: usize) -> bool {
        self.columns.get(column).is_none_or(|column| column.domain.has_level(code))
    }

    /// How much of each bin's chance a condition leaves, given what is drawn of the rows below.
    fn derive_messages(&self, opens: &[Option<Vec<f64>>]) -> Messages {
        let mut messages: Messages = self
            .columns
            .iter()
            .zip(opens)
            .map(|(column, open)| open.clone().unwrap_or_else(|| vec![1.0; column.domain.count()]))
            .collect();
        for child in self.order.iter().rev() {
            let child = *child as usize;
            let column = &self.columns[child];
            let Some(parent) = column.parent else { continue };
            let parent = parent as usize;
            for bin in 0..self.columns[parent].domain.count() {
                let row = self.derive_row(child, Some(bin));
                let total: f64 = row.iter().sum();
                let open: f64 =
                    row.iter().zip(&messages[child]).map(|(share, open)| share * open).sum();
                messages[parent][bin] *= if total > 0.0 { open / total } else { 0.0 };
            }
        }
        messages
    }

    /// The messages under each level of the balanced column, and the share of each; labels that were
    /// not released have none.
    fn derive_balanced(
        &self,
        opens: &[Option<Vec<f64>>],
        balance: &Balance,
    ) -> (Vec<Messages>, Vec<f64>) {
        let column = &self.columns[balance.column];
        let of_level = |level: usize| {
            let codes = (0..balance.shares.len()).map(|code| code == level).collect();
            let allowed = Allowed::Levels(codes);
            let bins = 0..column.domain.count();
            let mut opens = opens.to_vec();
            opens[balance.column] =
                Some(bins.map(|bin| column.domain.find_open(bin, &allowed)).collect());
            self.derive_messages(&opens)
        };
        let share = |level: usize| {
            let released = self.is_released(balance.column, level);
            if released { balance.shares[level] } else { 0.0 }
        };
        let levels = 0..balance.shares.len();
        (levels.clone().map(of_level).collect(), levels.map(share).collect())
    }

    fn derive_row(&self, column: usize, parent_bin: Option<usize>) -> &[f64] {
        let of_column = &self.columns[column];
        let width = of_column.shares.len();
        match parent_bin {
            Some(bin) if of_column.parent.is_some() => {
                of_column.joint.get(bin * width..(bin + 1) * width).unwrap_or(&of_column.shares)
            }
            _ => &of_column.shares,
        }
    }

    fn draw_row(
        &self,
        (messages, allowed): (&[Vec<f64>], &[Option<Allowed>]),
        rng: &mut Rng,
    ) -> Vec<f64> {
        let mut bins = vec![0; self.columns.len()];
        let mut values = vec![f64::NAN; self.columns.len()];
        for column in &self.order {
            let column = *column as usize;
            let of_column = &self.columns[column];
            let parent = of_column.parent.map(|parent| bins[parent as usize]);
            let row = self.derive_row(column, parent).iter().zip(&messages[column]);
            let chances: Vec<f64> = row.map(|(share, open)| share * open).collect();
            let has_chance = chances.iter().any(|chance| *chance > 0.0);
            let bin = draw_share(if has_chance { &chances } else { &messages[column] }, rng);
            bins[column] = bin;
            let value =
                of_column.domain.draw(bin, allowed.get(column).and_then(Option::as_ref), rng);
            values[column] = round(value, of_column.decimals);
        }
        values
    }
}

impl Generator for PrivateTree {
    fn fit(
        table: &EncodedTable,
        options: &FitOptions,
        watch: &Watch<'_>,
    ) -> Result<Self, SynthError> {
        fit::fit(table, options, watch)
    }

    fn sample(&self, rows: Range<u64>, ask: &Ask) -> Block {
        let open = |(place, column): (usize, &PrivateColumn)| {
            let allowed = ask.allowed.get(place)?.as_ref()?;
            Some(
                (0..column.domain.count())
                    .map(|bin| column.domain.find_open(bin, allowed))
                    .collect(),
            )
        };
        let opens: Vec<Option<Vec<f64>>> = self.columns.iter().enumerate().map(open).collect();
        let messages = self.derive_messages(&opens);
        let balanced = ask.balance.as_ref().map(|balance| self.derive_balanced(&opens, balance));
        let mut block = Block { columns: vec![Vec::new(); self.columns.len()] };
        for row in rows {
            let mut rng = Rng::stream(ask.seed ^ STREAM, row);
            let messages = match &balanced {
                Some((by_level, shares)) => &by_level[draw_share(shares, &mut rng)],
                None => &messages,
            };
            let drawn = self.draw_row((messages, &ask.allowed), &mut rng);
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
