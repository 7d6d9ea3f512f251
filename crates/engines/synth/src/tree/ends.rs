//! The ends of columns of numbers: donors drawn by chance miss the largest value of a column in a
//! third of all tables, and those of its neighbours are far away, so that tables would be narrower
//! than the real one, and everything that is cut by their range shifted.
//!
//! Invariants: of as many rows as were learned, one has each end of each column, whatever range of
//! rows is drawn; an end that few rows share is not given as it is, but a little inside.

use std::collections::HashMap;
use std::ops::Range;

use gantry_learn::{Rng, math};

use super::fit::TreeGenerator;
use super::leaf::{Donors, Gate, Marginal};
use crate::tier::Ask;

/// Keeps the choice of rows apart from the rows' own draws.
const ENDS: u64 = 0x0065_6e64_7300;
/// Different values at an end of a column, any of which a row must have to get the end itself.
const REACH: usize = 20;
/// Columns with fewer different values show their ends by chance.
const FEWEST: usize = 4 * REACH;

/// An end of a column of numbers.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) column: usize,
    /// What else the row needs: to be near the end.
    pub(super) gate: Gate,
    /// A little inside of the end.
    pub(super) value: f64,
}

impl TreeGenerator {
    /// The rows that have an end; none of them where conditions say what rows have.
    pub(super) fn find_ends(&self, rows: &Range<u64>, ask: &Ask) -> HashMap<u64, End> {
        let mut found = HashMap::new();
        if ask.balance.is_some() || ask.allowed.iter().any(Option::is_some) {
            return found;
        }
        for (column, of_column) in self.columns.iter().enumerate() {
            let learned = of_column.trees.first().map_or(0, |(_, donors)| donors.count()) as u64;
            if learned == 0 {
                continue;
            }
            for (side, (gate, value)) in of_column.marginal.derive_ends().into_iter().enumerate() {
                let stream = ask.seed ^ ENDS ^ ((2 * column + side) as u64) << 32;
                let blocks = rows.start / learned..rows.end.div_ceil(learned);
                let places = blocks.map(|block| {
                    let place = Rng::stream(stream, block).below(learned as usize) as u64;
                    block * learned + place
                });
                for row in places.filter(|row| rows.contains(row)) {
                    let end = End { column, gate: gate.clone(), value };
                    found.entry(row).or_insert(end);
                }
            }
        }
        found
    }
}

impl Donors {
    /// Rows that the donors come from, in all leaves of numbers.
    fn count(&self) -> usize {
        self.items.len()
    }
}

impl Marginal {
    /// The lower and the upper end where few rows share them: which values are near, and the end
    /// itself, a little inside.
    fn derive_ends(&self) -> Vec<(Gate, f64)> {
        let Self::Numbers { distinct, rare, decimals } = self else { return Vec::new() };
        let (Some(low), Some(high)) = (distinct.first(), distinct.last()) else {
            return Vec::new();
        };
        let count = distinct.len();
        if count < FEWEST || !(high - low).is_finite() {
            return Vec::new();
        }
        let inside = |end: f64, up: bool| derive_inside(end, (high - low, *decimals), up);
        let lower = (Gate::Window(0, REACH as u32), inside(*low, true));
        let upper = (Gate::Window((count - REACH) as u32, count as u32), inside(*high, false));
        let is_rare = [rare.first(), rare.last()].map(|rare| rare.copied().unwrap_or(false));
        [lower, upper].into_iter().zip(is_rare).filter(|(_, rare)| *rare).map(|(e, _)| e).collect()
    }
}

/// The next number inside of an end that is round to a thousandth of the range or less.
fn derive_inside(end: f64, (range, decimals): (f64, u8), up: bool) -> f64 {
    let unit = if decimals > 15 { 0.0 } else { 10_f64.powi(-i32::from(decimals)) };
    let digits = (math::ln(range) / std::f64::consts::LN_10).floor() as i32;
    let step = 10_f64.powi(digits - 3).max(unit);
    let steps = end / step;
    let round = step * if up { steps.ceil() } else { steps.floor() };
    let inside = if round == end { round + if up { step } else { -step } } else { round };
    super::leaf::round(inside, decimals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::{EncodedColumn, EncodedKind, EncodedTable};
    use crate::mixture::tests::options;
    use crate::tier::Watch;

    fn marginal(values: Vec<f64>, decimals: u8) -> Marginal {
        let column = EncodedColumn { name: "x".into(), kind: EncodedKind::Number, values };
        Marginal::fit(&column, decimals, 5)
    }

    #[test]
    fn ends_are_given_a_little_inside() {
        assert_eq!(derive_inside(256.382, (252.1, 3), false), 256.3);
        assert_eq!(derive_inside(-457.9161, (1_033.2, 4), true), -457.0);
        assert_eq!(derive_inside(4_918.0, (4_918.0, 0), false), 4_917.0);
        assert_eq!(derive_inside(0.0, (0.9, 2), true), 0.01);
        let odd = derive_inside(0.3, (0.25, 16), false);
        assert!((0.2998..0.3).contains(&odd), "{odd}");
    }

    #[test]
    fn ends_that_many_rows_share_need_no_help() {
        let spread: Vec<f64> = (0..200).map(f64::from).collect();
        let ends = marginal(spread.clone(), 0).derive_ends();
        assert_eq!(ends.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [1.0, 198.0]);
        let shared: Vec<f64> = spread.iter().copied().chain([199.0; 5]).collect();
        assert_eq!(marginal(shared, 0).derive_ends().len(), 1);
        assert!(marginal((0..79).map(f64::from).collect(), 0).derive_ends().is_empty());
    }

    #[test]
    fn as_many_rows_as_were_learned_reach_the_ends() {
        const ROWS: usize = 1_500;
        let mut rng = Rng::new(3);
        let first: Vec<f64> = (0..ROWS).map(|_| (rng.normal() * 100.0).round() / 100.0).collect();
        let second = first.iter().map(|v| ((3.0 * v).exp() + rng.uniform() * 1e4).round());
        let column = |name: &str, values: Vec<f64>| EncodedColumn {
            name: name.into(),
            kind: EncodedKind::Number,
            values,
        };
        let columns = vec![column("a", first.clone()), column("b", second.collect())];
        let table =
            EncodedTable { columns, rows: ROWS, decimals: vec![2, 0], ..EncodedTable::default() };
        let trees = TreeGenerator::fit(&table, &options(), &Watch::quiet(&|| false)).unwrap();
        for seed in 0..5 {
            let ask = Ask { seed, allowed: vec![None; 2], ..Ask::default() };
            let all = trees.sample(0..ROWS as u64, &ask);
            for (made, real) in all.columns.iter().zip(&table.columns) {
                let ends = |values: &[f64]| {
                    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                    (low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
                };
                let ((low, high), (least, most)) = (ends(made), ends(&real.values));
                let near = 0.001 * (most - least) + 0.01;
                assert!(least <= low && low <= least + near, "{low} and {least}");
                assert!(most - near <= high && high <= most, "{high} and {most}");
                assert!(!made.contains(&most) && !made.contains(&least));
            }
            let part = trees.sample(700..1_100, &ask);
            for (part, whole) in part.columns.iter().zip(&all.columns) {
                assert_eq!(part.as_slice(), &whole[700..1_100]);
            }
        }
    }
}
