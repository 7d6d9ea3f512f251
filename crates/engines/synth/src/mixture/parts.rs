//! What the tier `deep` takes from a mixture: bins, groups, and cells of chosen bins.

use gantry_learn::Rng;

use super::{Gated, Mixture, log_share};
use crate::encode::EncodedTable;
use crate::tier::Ask;
use crate::tree::{derive_gate_of_level, draw_share};

impl Mixture {
    /// The bins of each column's cells.
    pub(crate) fn bin(&self, table: &EncodedTable) -> Vec<Vec<u8>> {
        let columns = self.columns.iter().zip(&table.columns);
        columns.map(|(column, cells)| column.binner.apply(&cells.values)).collect()
    }

    /// The bins of drawn cells.
    pub(crate) fn bin_block(&self, columns: &[Vec<f64>]) -> Vec<Vec<u8>> {
        self.columns.iter().zip(columns).map(|(column, cells)| column.binner.apply(cells)).collect()
    }

    /// The bin of one cell.
    pub(crate) fn bin_cell(&self, place: usize, cell: f64) -> u8 {
        self.columns[place].binner.bin(cell)
    }

    /// Bins of a column.
    pub(crate) fn count_bins(&self, place: usize) -> usize {
        self.columns[place].binner.count()
    }

    /// Whether a column's bins have an order.
    pub(crate) fn is_ordered(&self, place: usize) -> bool {
        !self.columns[place].binner.is_unordered()
    }

    /// Number of groups.
    pub(crate) fn groups(&self) -> usize {
        self.weights.len()
    }

    /// Logarithms of the shares of a column's bins in a group.
    pub(crate) fn list_logs(&self, place: usize, group: usize) -> impl Iterator<Item = f32> {
        let column = &self.columns[place];
        let bins = 0..column.binner.count();
        bins.map(move |bin| log_share(column.share(bin, group, self.weights.len())))
    }

    /// A group by the chances that a row's cells give.
    pub(crate) fn draw_group(&self, row: &[f64], rng: &mut Rng) -> usize {
        draw_share(&self.infer(row, true).groups, rng)
    }

    /// The gates of what is asked, and of a level of the column to balance.
    pub(crate) fn derive_gates(&self, ask: &Ask, level: Option<usize>) -> Vec<Option<Gated>> {
        let columns = self.columns.iter().enumerate();
        columns
            .map(|(place, column)| match (&ask.balance, level) {
                (Some(balance), Some(level)) if balance.column == place => {
                    let gate = derive_gate_of_level(level, balance.shares.len());
                    Some(column.derive_gated(gate))
                }
                _ => {
                    let allowed = ask.allowed.get(place)?.as_ref()?;
                    Some(column.derive_gated(column.marginal.derive_gate(allowed)))
                }
            })
            .collect()
    }

    /// The chance of each group under these gates; need not sum to one.
    pub(crate) fn weigh_groups(&self, gates: &[Option<Gated>]) -> Vec<f64> {
        self.weigh(&|place| gates.get(place).and_then(Option::as_ref))
    }

    /// Draws the bin of a group's cell that passes a gate.
    pub(crate) fn draw_bin(
        &self,
        place: usize,
        group: usize,
        gated: &Gated,
        rng: &mut Rng,
    ) -> usize {
        let column = &self.columns[place];
        let open = gated.open.iter().enumerate();
        let chances: Vec<f64> =
            open.map(|(bin, open)| open * column.share(bin, group, self.weights.len())).collect();
        draw_share(&chances, rng)
    }

    /// Draws a cell where its column's bins have these chances, which need not sum to one.
    pub(crate) fn draw_cell(
        &self,
        place: usize,
        chances: &[f64],
        gated: Option<&Gated>,
        rng: &mut Rng,
    ) -> f64 {
        self.columns[place].draw_within(chances, gated, rng)
    }
}
