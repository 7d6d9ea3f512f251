//! The selection stage: of more rows than are wanted, those that together match counts of single
//! columns and of pairs best: the table's own, or noised ones.
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
/// Bins of a column in pairs, and alone in tables of many rows.
const BINS: usize = 12;
/// Bins of a column alone where few rows are kept.
const FINE_BINS: usize = 80;
/// Pairs of columns that are looked at.
const MOST_PAIRS: usize = 120;
const MOST_PAIRS_OF_FEW: usize = 600;
/// Exchanges that are tried for each kept row.
const TRIES_PER_ROW: usize = 25;
const TRIES_PER_ROW_OF_FEW: usize = 200;
/// Kept rows up to which there is time for more.
const FEW: usize = 2_000;

/// Counts that are to be met: of one column or of two.
pub(crate) struct Margin {
    /// The cell of each drawn row.
    cells: Vec<u16>,
    wanted: Vec<f64>,
    found: Vec<f64>,
}

impl Margin {
    /// The cell of each drawn row, and how many kept rows each cell shall have.
    pub(crate) fn new(cells: Vec<u16>, wanted: Vec<f64>) -> Self {
        let found = vec![0.0; wanted.len()];
        Self { cells, wanted, found }
    }

    /// Whether its cells have numbers.
    pub(crate) fn has_room(&self) -> bool {
        self.wanted.len() <= usize::from(u16::MAX)
    }

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
    choose_rows(derive_margins(table, drawn, kept), count, (kept, seed))
}

/// The rows of so many to keep so that the margins are met best, ascending.
pub(crate) fn choose_rows(
    mut margins: Vec<Margin>,
    count: usize,
    (kept, seed): (usize, u64),
) -> Vec<usize> {
    if kept >= count {
        return (0..count).collect();
    }
    let mut inside: Vec<usize> = (0..kept).collect();
    let mut outside: Vec<usize> = (kept..count).collect();
    for margin in &mut margins {
        for row in &inside {
            margin.found[usize::from(margin.cells[*row])] += 1.0;
        }
    }
    let mut rng = Rng::stream(seed, 0x5365_6c65_6374);
    let tries = if kept <= FEW { TRIES_PER_ROW_OF_FEW } else { TRIES_PER_ROW };
    for _ in 0..tries * kept {
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

/// Columns in bins, in both tables.
struct Binned {
    widths: Vec<usize>,
    real: Vec<Vec<u8>>,
    made: Vec<Vec<u8>>,
}

impl Binned {
    fn new(table: &EncodedTable, drawn: &Block, most: usize) -> Self {
        let binners: Vec<Binner> =
            table.columns.iter().map(|column| Binner::fit(column, most)).collect();
        let real = table.columns.iter().zip(&binners);
        let made = drawn.columns.iter().zip(&binners);
        Self {
            widths: binners.iter().map(Binner::count).collect(),
            real: real.map(|(column, binner)| binner.apply(&column.values)).collect(),
            made: made.map(|(values, binner)| binner.apply(values)).collect(),
        }
    }

    fn one(&self, a: usize, scale: f64) -> Margin {
        self.margin(self.widths[a], scale, &|bins, row| u16::from(bins[a][row]))
    }

    fn two(&self, (a, b): (usize, usize), scale: f64) -> Margin {
        let width = self.widths[b];
        self.margin(self.widths[a] * width, scale, &|bins, row| {
            u16::from(bins[a][row]) * width as u16 + u16::from(bins[b][row])
        })
    }

    fn margin(&self, cells: usize, scale: f64, of: &dyn Fn(&[Vec<u8>], usize) -> u16) -> Margin {
        let mut wanted = vec![0.0; cells];
        for row in 0..self.real.first().map_or(0, Vec::len) {
            wanted[usize::from(of(&self.real, row))] += scale;
        }
        let count = self.made.first().map_or(0, Vec::len);
        Margin::new((0..count).map(|row| of(&self.made, row)).collect(), wanted)
    }
}

fn derive_margins(table: &EncodedTable, drawn: &Block, kept: usize) -> Vec<Margin> {
    let coarse = Binned::new(table, drawn, BINS);
    let scale = kept as f64 / table.rows.max(1) as f64;
    let count = table.columns.len();
    let most = if kept <= FEW { MOST_PAIRS_OF_FEW } else { MOST_PAIRS };
    let mut margins: Vec<Margin> = match kept <= FEW {
        true => {
            let fine = Binned::new(table, drawn, FINE_BINS);
            (0..count).map(|a| fine.one(a, scale)).collect()
        }
        false => (0..count).map(|a| coarse.one(a, scale)).collect(),
    };
    let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
    let all = count * count.saturating_sub(1) / 2;
    margins.extend(pairs.step_by(all.div_ceil(most).max(1)).map(|pair| coarse.two(pair, scale)));
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
