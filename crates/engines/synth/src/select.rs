//! The selection stage: of more rows than are wanted, those that together match counts of single
//! columns and of pairs best: the table's own, or noised ones.
//!
//! Rows are exchanged as long as that brings the counts (and, of few rows, the correlations) nearer
//! to the table's; what a row holds is never changed.
//!
//! Invariant: the choice is a function of the rows, the table and the seed.

use gantry_learn::Rng;

use crate::encode::{Block, EncodedKind, EncodedTable};
use crate::tree::Binner;

/// Rows that are drawn for each that is kept.
pub(crate) const DRAWN_PER_KEPT: u64 = 3;
/// Rows that are kept by selection, at most: all that are drawn lie in memory.
pub(crate) const MOST_SELECTED: u64 = 200_000;
/// Bins of a column in pairs, and alone in tables of many rows.
const BINS: usize = 12;
/// Bins of a column in pairs where hardly any rows are kept.
const FEWEST_BINS: usize = 6;
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
/// Columns of numbers whose products are looked at.
const MOST_PRODUCTS: usize = 40;
/// What a product counts beside a pair's counts.
const PRODUCT_WEIGHT: f64 = 4.0;

/// Counts that are to be met: of one column or of two.
pub(crate) struct Margin {
    /// The cell of each drawn row.
    cells: Vec<u16>,
    wanted: Vec<f64>,
    found: Vec<f64>,
    /// What a miss counts beside others.
    weight: f64,
}

/// A sum over the kept rows that is to be met: of products of two columns of numbers, which tells of
/// correlations what counts of bins do not.
pub(crate) struct Product {
    /// By drawn row.
    values: Vec<f64>,
    wanted: f64,
    found: f64,
    /// What chance alone would miss by, squared.
    chance: f64,
}

impl Product {
    /// What another row in the place of one changes of the distance, by step.
    fn cost(&self, step: f64) -> f64 {
        let gap = self.found - self.wanted;
        PRODUCT_WEIGHT * ((gap + step) * (gap + step) - gap * gap) / self.chance
    }
}

/// What the kept rows are to meet.
#[derive(Default)]
pub(crate) struct Goals {
    pub(crate) margins: Vec<Margin>,
    pub(crate) products: Vec<Product>,
}

impl Margin {
    /// The cell of each drawn row, and how many kept rows each cell shall have.
    pub(crate) fn new(cells: Vec<u16>, wanted: Vec<f64>) -> Self {
        let found = vec![0.0; wanted.len()];
        Self { cells, wanted, found, weight: 1.0 }
    }

    /// Whether its cells have numbers.
    pub(crate) fn has_room(&self) -> bool {
        self.wanted.len() <= usize::from(u16::MAX)
    }

    /// What one row more here changes of the distance, by sign.
    fn cost(&self, cell: usize, step: f64) -> f64 {
        let gap = self.found[cell] - self.wanted[cell];
        self.weight * ((gap + step) * (gap + step) - gap * gap) / (self.wanted[cell] + 1.0)
    }
}

/// The rows to keep, ascending.
pub(crate) fn select_rows(
    table: &EncodedTable,
    drawn: &Block,
    (kept, seed): (usize, u64),
) -> Vec<usize> {
    let count = drawn.columns.first().map_or(0, Vec::len);
    choose_rows(derive_goals(table, drawn, kept), count, (kept, seed))
}

/// The rows of so many to keep so that the goals are met best, ascending.
pub(crate) fn choose_rows(goals: Goals, count: usize, (kept, seed): (usize, u64)) -> Vec<usize> {
    if kept >= count {
        return (0..count).collect();
    }
    let Goals { mut margins, mut products } = goals;
    let mut inside: Vec<usize> = (0..kept).collect();
    let mut outside: Vec<usize> = (kept..count).collect();
    for margin in &mut margins {
        for row in &inside {
            margin.found[usize::from(margin.cells[*row])] += 1.0;
        }
    }
    for product in &mut products {
        product.found = inside.iter().map(|row| product.values[*row]).sum();
    }
    let mut rng = Rng::stream(seed, 0x5365_6c65_6374);
    let tries = if kept <= FEW { TRIES_PER_ROW_OF_FEW } else { TRIES_PER_ROW };
    for _ in 0..tries * kept {
        let (from, to) = (rng.below(outside.len()), rng.below(inside.len()));
        let (new, old) = (outside[from], inside[to]);
        let of_counts: f64 = margins
            .iter()
            .map(|margin| {
                let (new, old) = (usize::from(margin.cells[new]), usize::from(margin.cells[old]));
                if new == old { 0.0 } else { margin.cost(new, 1.0) + margin.cost(old, -1.0) }
            })
            .sum();
        let step = |product: &Product| product.values[new] - product.values[old];
        let of_products: f64 = products.iter().map(|product| product.cost(step(product))).sum();
        if of_counts + of_products < 0.0 {
            for margin in &mut margins {
                margin.found[usize::from(margin.cells[new])] += 1.0;
                margin.found[usize::from(margin.cells[old])] -= 1.0;
            }
            for product in &mut products {
                product.found += product.values[new] - product.values[old];
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

fn derive_goals(table: &EncodedTable, drawn: &Block, kept: usize) -> Goals {
    let few = kept <= FEW;
    let (most_pairs, bins) = match few {
        true => (MOST_PAIRS_OF_FEW, ((kept / 3) as f64).sqrt() as usize),
        false => (MOST_PAIRS, BINS),
    };
    let coarse = Binned::new(table, drawn, bins.clamp(FEWEST_BINS, BINS));
    let scale = kept as f64 / table.rows.max(1) as f64;
    let count = table.columns.len();
    let mut margins: Vec<Margin> = match few {
        true => {
            let fine = Binned::new(table, drawn, FINE_BINS);
            // Each column is in many pairs, and would be the least of its counts' worries.
            let weight = (count as f64 / 2.0).max(1.0);
            (0..count).map(|a| Margin { weight, ..fine.one(a, scale) }).collect()
        }
        false => (0..count).map(|a| coarse.one(a, scale)).collect(),
    };
    let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
    let all = count * count.saturating_sub(1) / 2;
    let step = all.div_ceil(most_pairs).max(1);
    margins.extend(pairs.step_by(step).map(|pair| coarse.two(pair, scale)));
    let products = if few { derive_products(table, drawn, kept) } else { Vec::new() };
    Goals { margins, products }
}

fn derive_products(table: &EncodedTable, drawn: &Block, kept: usize) -> Vec<Product> {
    let is_number = |place: &usize| table.columns[*place].kind == EncodedKind::Number;
    let scaled: Vec<(Vec<f64>, Vec<f64>)> = (0..table.columns.len())
        .filter(is_number)
        .take(MOST_PRODUCTS)
        .filter_map(|place| standardize(&table.columns[place].values, &drawn.columns[place]))
        .collect();
    let pairs = (0..scaled.len()).flat_map(|a| (a..scaled.len()).map(move |b| (a, b)));
    pairs
        .map(|(a, b)| {
            let multiply = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).collect();
            let real: Vec<f64> = multiply(&scaled[a].0, &scaled[b].0);
            let mean = real.iter().sum::<f64>() / real.len().max(1) as f64;
            Product {
                values: multiply(&scaled[a].1, &scaled[b].1),
                wanted: mean * kept as f64,
                found: 0.0,
                // As of columns without heavy tails, whose correlations hang on single rows.
                chance: kept as f64,
            }
        })
        .collect()
}

/// Both columns in units of the real one's deviation from its mean, which missing cells have; `None`
/// where it does not vary.
fn standardize(real: &[f64], made: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
    let present = || real.iter().filter(|value| !value.is_nan());
    let count = present().count().max(1) as f64;
    let mean = present().sum::<f64>() / count;
    let power = present().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    if power <= 0.0 || !power.is_finite() {
        return None;
    }
    let scale = 1.0 / power.sqrt();
    let unit = |value: &f64| if value.is_nan() { 0.0 } else { (value - mean) * scale };
    Some((real.iter().map(unit).collect(), made.iter().map(unit).collect()))
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
    use crate::encode::EncodedColumn;

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
            ..EncodedTable::default()
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
