//! How like the relation of two columns is to the real one.
//!
//! Two continuous columns are compared by their correlation, all other pairs by the shares of the
//! cells of their table of counts; a continuous column is cut into ten equal ranges of its real
//! values for that. Scores lie between 0 and 1.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::table::{Aligned, MISSING, Side, Sides, Values};

/// Ranges into which a continuous column is cut.
pub(crate) const BINS: usize = 10;
/// Cells up to which a table of counts is kept whole; larger ones are counted by sorting.
const DENSE_CELLS: usize = 1 << 18;
/// Size of a real correlation from which on two columns hang together.
const RELATED_CORRELATION: f64 = 0.5;
/// Cramér's V from which on two columns hang together.
const RELATED_ASSOCIATION: f64 = 0.3;

/// Which relation was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrendMetric {
    /// Difference of Pearson's correlation coefficients.
    CorrelationSimilarity,
    /// Differences of the shares of pairs of labels or ranges.
    ContingencySimilarity,
}

/// The relation of two columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PairTrend {
    /// Name of the first column.
    pub first: String,
    /// Name of the second column.
    pub second: String,
    /// What was measured.
    pub metric: TrendMetric,
    /// From 0 to 1; none where it is not defined, such as the correlation of a constant.
    pub score: Option<f64>,
    /// Correlation in the real table, where that is what was measured.
    pub real: Option<f64>,
    /// Correlation in the synthetic table.
    pub synthetic: Option<f64>,
    /// Cramér's V in the real table, where shares were compared.
    pub association: Option<f64>,
    /// The score in the report of SDMetrics 0.32, which leaves out pairs that hardly hang together
    /// in the real table (a correlation below 0.5, a V below 0.3), and cuts synthetic numbers by
    /// their own range instead of the real one.
    pub report_score: Option<f64>,
}

/// A column as codes of labels or ranges, for tables of counts. Missing is a code of its own.
pub(crate) struct Coded {
    codes: Codes,
    /// Codes as the report of SDMetrics has them, where they differ.
    of_report: Option<Codes>,
}

struct Codes {
    sides: Sides<Vec<u32>>,
    count: usize,
}

impl Coded {
    pub(crate) fn new(column: &Aligned) -> Self {
        match &column.values {
            Values::Numbers(numbers) => {
                let edges = derive_edges(&numbers.real);
                let code = |values: &[f64]| values.iter().map(|v| range_of(&edges, *v)).collect();
                let codes = Sides::of_two(code(&numbers.real), code(&numbers.synthetic));
                // The report cuts each table by its own range.
                let own = derive_edges(&numbers.synthetic);
                let code = |values: &[f64], edges: &[f64]| {
                    values.iter().map(|v| edges_below(edges, *v)).collect()
                };
                let of_report =
                    Sides::of_two(code(&numbers.real, &edges), code(&numbers.synthetic, &own));
                Self {
                    codes: Codes { sides: codes, count: BINS + 1 },
                    of_report: Some(Codes { sides: of_report, count: BINS + 2 }),
                }
            }
            Values::Labels { names, codes } => {
                let missing = u32::try_from(names.len()).unwrap_or(MISSING);
                let code = |codes: &[u32]| {
                    codes.iter().map(|c| if *c == MISSING { missing } else { *c }).collect()
                };
                let sides = Sides::of_two(code(&codes.real), code(&codes.synthetic));
                Self { codes: Codes { sides, count: names.len() + 1 }, of_report: None }
            }
        }
    }

    fn of_report(&self) -> &Codes {
        self.of_report.as_ref().unwrap_or(&self.codes)
    }
}

/// Eleven edges from the smallest to the largest value, evenly spaced; one apart in the middle of
/// a single value. Empty without values.
fn derive_edges(values: &[f64]) -> Vec<f64> {
    let present = || values.iter().copied().filter(|value| !value.is_nan());
    let low = present().fold(f64::INFINITY, f64::min);
    let high = present().fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return Vec::new();
    }
    let (low, high) = if low == high { (low - 0.5, high + 0.5) } else { (low, high) };
    let step = (high - low) / BINS as f64;
    let edge = |index: usize| if index == BINS { high } else { index as f64 * step + low };
    (0..=BINS).map(edge).collect()
}

/// The range of a value, from 0; the outer ones reach on without end. Missing is the last code.
fn range_of(edges: &[f64], value: f64) -> u32 {
    let inner = edges.get(1..BINS).unwrap_or_default();
    let range = if value.is_nan() { BINS } else { inner.partition_point(|e| *e <= value) };
    u32::try_from(range).unwrap_or(0)
}

/// Number of edges that are not above the value, as the report of SDMetrics has it: the largest
/// value and missing ones stand apart from the last range.
fn edges_below(edges: &[f64], value: f64) -> u32 {
    let below = if value.is_nan() { edges.len() } else { edges.partition_point(|e| *e <= value) };
    u32::try_from(below).unwrap_or(0)
}

/// The relation of two columns, of which the codes are at hand.
pub(crate) fn trend_of(
    (first, first_coded): (&Aligned, &Coded),
    (second, second_coded): (&Aligned, &Coded),
) -> PairTrend {
    let names = (first.name.clone(), second.name.clone());
    match (&first.values, &second.values) {
        (Values::Numbers(a), Values::Numbers(b)) => {
            let real = correlation(&a.real, &b.real);
            let synthetic = correlation(&a.synthetic, &b.synthetic);
            let score =
                real.zip(synthetic).map(|(real, synthetic)| 1.0 - (real - synthetic).abs() / 2.0);
            let metric = TrendMetric::CorrelationSimilarity;
            let is_related = real.is_some_and(|real| real.abs() >= RELATED_CORRELATION);
            PairTrend {
                first: names.0,
                second: names.1,
                metric,
                score,
                real,
                synthetic,
                association: None,
                report_score: score.filter(|_| is_related),
            }
        }
        (Values::Numbers(_), Values::Labels { .. }) | (Values::Labels { .. }, _) => {
            let score =
                contingency_similarity(&count_cells(&first_coded.codes, &second_coded.codes));
            let (a, b) = (first_coded.of_report(), second_coded.of_report());
            let association = tie(&a.sides.real, &b.sides.real);
            let is_related = association.is_some_and(|found| found >= RELATED_ASSOCIATION);
            PairTrend {
                first: names.0,
                second: names.1,
                metric: TrendMetric::ContingencySimilarity,
                score,
                real: None,
                synthetic: None,
                association,
                report_score: is_related
                    .then(|| contingency_similarity(&count_cells(a, b)))
                    .flatten(),
            }
        }
    }
}

/// Pearson's correlation over the rows in which both values are present; `None` for fewer than two
/// such rows or a constant.
pub(crate) fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let pairs = || a.iter().zip(b).filter(|(a, b)| !a.is_nan() && !b.is_nan());
    let count = pairs().count();
    if count < 2 {
        return None;
    }
    let mean = |sum: f64| sum / count as f64;
    let mean_a = mean(pairs().map(|(a, _)| a).sum());
    let mean_b = mean(pairs().map(|(_, b)| b).sum());
    let (mut product, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    let mut constant = (true, true);
    let first = pairs().next();
    for (a, b) in pairs() {
        let (from_a, from_b) = (a - mean_a, b - mean_b);
        product += from_a * from_b;
        square_a += from_a * from_a;
        square_b += from_b * from_b;
        constant.0 &= first.is_some_and(|first| first.0 == a);
        constant.1 &= first.is_some_and(|first| first.1 == b);
    }
    let scale = square_a.sqrt() * square_b.sqrt();
    (!constant.0 && !constant.1 && scale > 0.0).then(|| (product / scale).clamp(-1.0, 1.0))
}

/// A cell of the table of counts of two columns.
struct Cell {
    real: u64,
    synthetic: u64,
}

/// The cells that hold a row of either table.
fn count_cells(first: &Codes, second: &Codes) -> Vec<Cell> {
    let width = second.count as u64;
    let keys = |side: Side| {
        let key = move |(a, b): (&u32, &u32)| u64::from(*a) * width + u64::from(*b);
        first.sides.get(side).iter().zip(second.sides.get(side)).map(key)
    };
    let cells = first.count.saturating_mul(second.count);
    if cells <= DENSE_CELLS {
        let count = |side: Side| {
            let mut counts = vec![0_u64; cells];
            for key in keys(side) {
                if let Some(count) = counts.get_mut(key as usize) {
                    *count += 1;
                }
            }
            counts
        };
        let (real, synthetic) = (count(Side::Real), count(Side::Synthetic));
        let all = real.into_iter().zip(synthetic).map(|(real, synthetic)| Cell { real, synthetic });
        return all.filter(|cell| cell.real + cell.synthetic > 0).collect();
    }
    let mut all: Vec<(u64, bool)> = keys(Side::Real).map(|key| (key, true)).collect();
    all.extend(keys(Side::Synthetic).map(|key| (key, false)));
    all.sort_unstable();
    let runs = all.chunk_by(|a, b| a.0 == b.0);
    runs.map(|run| {
        let real = run.iter().filter(|(_, is_real)| *is_real).count();
        Cell { real: real as u64, synthetic: (run.len() - real) as u64 }
    })
    .collect()
}

/// One minus half the sum of the differences of the cells' shares.
fn contingency_similarity(cells: &[Cell]) -> Option<f64> {
    let (real, synthetic) =
        cells.iter().fold((0, 0), |sum, cell| (sum.0 + cell.real, sum.1 + cell.synthetic));
    let difference = |cell: &Cell| {
        (cell.real as f64 / real as f64 - cell.synthetic as f64 / synthetic as f64).abs()
    };
    let sum: f64 = cells.iter().map(difference).sum();
    (real > 0 && synthetic > 0).then(|| 1.0 - sum / 2.0)
}

/// Cramér's V of two columns of codes.
pub(crate) fn tie(a: &[u32], b: &[u32]) -> Option<f64> {
    let mut places: Vec<(u32, u32)> = a.iter().copied().zip(b.iter().copied()).collect();
    places.sort_unstable();
    let runs = places.chunk_by(|a, b| a == b);
    cramers_v(runs.filter_map(|run| run.first().map(|place| (*place, run.len() as u64))))
}

/// Cramér's V of a table of counts; `None` if it has a single line or column.
fn cramers_v(cells: impl Iterator<Item = ((u32, u32), u64)> + Clone) -> Option<f64> {
    let mut lines: BTreeMap<u32, u64> = BTreeMap::new();
    let mut columns: BTreeMap<u32, u64> = BTreeMap::new();
    for ((line, column), count) in cells.clone().filter(|(_, count)| *count > 0) {
        *lines.entry(line).or_default() += count;
        *columns.entry(column).or_default() += count;
    }
    let smaller = lines.len().min(columns.len());
    if smaller < 2 {
        return None;
    }
    let mut squares = 0.0;
    for ((line, column), count) in cells.filter(|(_, count)| *count > 0) {
        if let (Some(of_line), Some(of_column)) = (lines.get(&line), columns.get(&column)) {
            let count = count as f64;
            squares += count * count / (*of_line as f64 * *of_column as f64);
        }
    }
    Some(((squares - 1.0) / (smaller - 1) as f64).clamp(0.0, 1.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_even_and_hold_their_lower_edge() {
        let edges = derive_edges(&[0.0, 10.0, f64::NAN]);
        assert_eq!(edges.len(), 11);
        let codes: Vec<u32> =
            [-1.0, 0.0, 0.5, 1.0, 9.99, 10.0, 11.0].iter().map(|v| range_of(&edges, *v)).collect();
        assert_eq!(codes, [0, 0, 0, 1, 9, 9, 9]);
        assert_eq!(range_of(&edges, f64::NAN), 10);
        assert_eq!([9.9, 10.0, f64::NAN].map(|value| edges_below(&edges, value)), [10, 11, 11]);
        assert_eq!(range_of(&derive_edges(&[3.0]), 3.0), 5);
        assert!(derive_edges(&[f64::NAN]).is_empty());
    }

    #[test]
    fn correlation_needs_two_rows_and_no_constant() {
        let rising = [1.0, 2.0, 3.0, f64::NAN];
        let found = correlation(&rising, &[2.0, 4.0, 6.0, 0.0]).unwrap();
        assert!((found - 1.0).abs() < 1e-12);
        assert_eq!(correlation(&rising, &[5.0; 4]), None);
        assert_eq!(correlation(&rising[2..], &[2.0, 4.0]), None);
    }

    #[test]
    fn large_tables_of_counts_agree_with_small_ones() {
        let codes = |step: usize| (0..500).map(|i| (i * step % 37) as u32).collect::<Vec<_>>();
        let coded = |count: usize, step: usize| Codes {
            sides: Sides::of_two(codes(step), codes(step + 2)),
            count,
        };
        let small = count_cells(&coded(37, 3), &coded(37, 5));
        let large = count_cells(&coded(37, 3), &coded(DENSE_CELLS, 5));
        let (a, b) = (contingency_similarity(&small), contingency_similarity(&large));
        assert!((a.unwrap() - b.unwrap()).abs() < 1e-12);
        assert!((tie(&codes(3), &codes(5)).unwrap() - 1.0).abs() < 1e-9);
    }
}
