//! The selection stage: of more rows than are wanted, those that together match the table's counts
//! of single columns and of pairs best.
//!
//! Rows are exchanged as long as that brings the counts nearer to the table's; what a row holds is
//! never changed.
//!
//! Invariant: the choice is a function of the rows, the table and the seed.

use gantry_learn::Rng;

use crate::encode::{Block, EncodedTable};
use crate::tree::Binner;

/// Rows that are drawn for each that is kept.
pub(crate) const DRAWN_PER_KEPT: u64 = 3;
/// Rows that are kept by selection, at most: all that are drawn lie in memory.
pub(crate) const MOST_SELECTED: u64 = 200_000;
/// Bins of a column.
const BINS: usize = 12;
/// Pairs of columns that are looked at.
const MOST_PAIRS: usize = 120;
/// Exchanges that are tried for each kept row.
const TRIES_PER_ROW: usize = 25;

/// Counts that are to be met: of one column or of two.
struct Margin {
    /// The cell of each drawn row.
    cells: Vec<u16>,
    wanted: Vec<f64>,
    found: Vec<f64>,
}

impl Margin {
    /// What one row more here changes of the distance, by sign.
    fn cost(&self, cell: usize, step: f64) -> f64 {
        let gap = self.found[cell] - self.wanted[cell];
        ((gap + step) * (gap + step) - gap * gap) / (self.wanted[cell] + 1.0)
    }
}

/// The rows to keep, ascending.
pub(crate) fn select_rows(
    table: &EncodedTable,
    drawn: &Block,
    (kept, seed): (usize, u64),
) -> Vec<usize> {
    let count = drawn.columns.first().map_or(0, Vec::len);
    if kept >= count {
        return (0..count).collect();
    }
    let mut margins = derive_margins(table, drawn, kept);
    let mut inside: Vec<usize> = (0..kept).collect();
    let mut outside: Vec<usize> = (kept..count).collect();
    for margin in &mut margins {
        for row in &inside {
            margin.found[usize::from(margin.cells[*row])] += 1.0;
        }
    }
    let mut rng = Rng::stream(seed, 0x5365_6c65_6374);
    for _ in 0..TRIES_PER_ROW * kept {
        let (from, to) = (rng.below(outside.len()), rng.below(inside.len()));
        let (new, old) = (outside[from], inside[to]);
        let change: f64 = margins
            .iter()
            .map(|margin| {
                let (new, old) = (usize::from(margin.cells[new]), usize::from(margin.cells[old]));
                if new == old { 0.0 } else { margin.cost(new, 1.0) + margin.cost(old, -1.0) }
            })
            .sum();
        if change < 0.0 {
            for margin in &mut margins {
                margin.found[usize::from(margin.cells[new])] += 1.0;
                margin.found[usize::from(margin.cells[old])] -= 1.0;
            }
            std::mem::swap(&mut outside[from], &mut inside[to]);
        }
    }
    inside.sort_unstable();
    inside
}

fn derive_margins(table: &EncodedTable, drawn: &Block, kept: usize) -> Vec<Margin> {
    let binners: Vec<Binner> =
        table.columns.iter().map(|column| Binner::fit(column, BINS)).collect();
    let bins = |values: &[f64], column: usize| binners[column].apply(values);
    let real: Vec<Vec<u8>> =
        table.columns.iter().enumerate().map(|(at, column)| bins(&column.values, at)).collect();
    let made: Vec<Vec<u8>> =
        drawn.columns.iter().enumerate().map(|(at, values)| bins(values, at)).collect();
    let scale = kept as f64 / table.rows.max(1) as f64;
    let width = |column: usize| binners[column].count();
    let margin = |cells: usize, of: &dyn Fn(&[Vec<u8>], usize) -> u16| {
        let mut wanted = vec![0.0; cells];
        for row in 0..table.rows {
            wanted[usize::from(of(&real, row))] += scale;
        }
        let count = made.first().map_or(0, Vec::len);
        let cells_of = (0..count).map(|row| of(&made, row)).collect();
        Margin { cells: cells_of, wanted, found: vec![0.0; cells] }
    };
    let count = table.columns.len();
    let mut margins: Vec<Margin> =
        (0..count).map(|a| margin(width(a), &|bins, row| u16::from(bins[a][row]))).collect();
    let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
    let all = count * count.saturating_sub(1) / 2;
    for (a, b) in pairs.step_by(all.div_ceil(MOST_PAIRS).max(1)) {
        let cells = width(a) * width(b);
        margins.push(margin(cells, &|bins, row| {
            u16::from(bins[a][row]) * width(b) as u16 + u16::from(bins[b][row])
        }));
    }
    margins
}

impl Block {
    /// These rows of all.
    pub(crate) fn take(&self, rows: &[usize]) -> Self {
        let take = |column: &Vec<f64>| rows.iter().map(|row| column[*row]).collect();
        Self { columns: self.columns.iter().map(take).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::{EncodedColumn, EncodedKind};

    #[test]
    fn chosen_rows_match_counts_that_drawn_rows_miss() {
        let column = |name: &str, values: Vec<f64>| EncodedColumn {
            name: name.into(),
            kind: EncodedKind::Levels(2),
            values,
        };
        let a: Vec<f64> = (0..400).map(|row| f64::from(row % 2)).collect();
        let table = EncodedTable {
            columns: vec![column("a", a.clone()), column("b", a)],
            rows: 400,
            decimals: vec![0, 0],
        };
        // Drawn rows have too many ones, and `b` follows `a` in two of three alone.
        let drawn: Vec<f64> = (0..600).map(|row| f64::from(u8::from(row % 3 > 0))).collect();
        let other: Vec<f64> = drawn
            .iter()
            .enumerate()
            .map(|(row, v)| if row % 5 < 3 { *v } else { 1.0 - v })
            .collect();
        let drawn = Block { columns: vec![drawn, other] };
        let rows = select_rows(&table, &drawn, (200, 1));
        let chosen = drawn.take(&rows);
        let ones = chosen.columns[0].iter().filter(|v| **v == 1.0).count();
        let same = chosen.columns[0].iter().zip(&chosen.columns[1]).filter(|(a, b)| a == b).count();
        assert!((95..=105).contains(&ones) && same > 190, "{ones} {same}");
        assert_eq!(rows, select_rows(&table, &drawn, (200, 1)));
    }
}
