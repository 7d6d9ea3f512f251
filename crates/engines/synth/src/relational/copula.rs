//! Rows of tables that are too small for trees: all columns together as ranks of normal scores.
//!
//! A leaf of twenty rows leaves a tree nothing to split in a table of a hundred. Here each cell is
//! replaced by the normal score of its rank, the scores' correlations are kept, and drawn scores are
//! turned back into values of the whole column, moved towards a neighbour where they are rare.
//!
//! Invariant: a value is drawn from all rows of its column, never from fewer.

use gantry_learn::Rng;
use gantry_sampling::math::{inverse_normal, normal_cdf};

use crate::encode::{EncodedColumn, EncodedKind, EncodedTable};
use crate::tree::{Donors, Marginal};

/// Tables of at most so many rows are drawn this way.
pub(super) const MOST_ROWS: usize = 500;
/// The least part of a column's power that earlier columns do not tell.
const OWN: f64 = 0.01;

/// How a column's score becomes a value.
enum Scored {
    Numbers {
        marginal: Marginal,
        /// One leaf of all rows.
        donors: Donors,
    },
    /// Values, with the share of rows up to and with each, in the order of their scores.
    Levels(Vec<(f64, f64)>),
}

/// A learned small table.
pub(crate) struct Copula {
    columns: Vec<Scored>,
    /// Lower triangular factor of the scores' correlations, by row.
    factor: Vec<Vec<f64>>,
}

impl Copula {
    /// Learns a table.
    pub(crate) fn fit(table: &EncodedTable, min_count: usize) -> Self {
        let mut scores: Vec<Vec<f64>> = table
            .columns
            .iter()
            .map(|column| match column.kind {
                EncodedKind::Number => derive_scores(&column.values),
                EncodedKind::Levels(_) => Vec::new(),
            })
            .collect();
        let mut columns = Vec::with_capacity(scores.len());
        for (place, column) in table.columns.iter().enumerate() {
            let decimals = table.decimals.get(place).copied().unwrap_or(16);
            columns.push(match column.kind {
                EncodedKind::Number => {
                    let marginal = Marginal::fit(column, decimals, min_count);
                    let all = (0..table.rows as u32).collect();
                    let donors = Donors::gather(&[all], &column.values, &marginal);
                    Scored::Numbers { marginal, donors }
                }
                EncodedKind::Levels(count) => {
                    let keys = order_levels(column, count as usize, &scores);
                    scores[place] = derive_scores(&keys);
                    Scored::Levels(derive_shares(column, &keys))
                }
            });
        }
        Self { columns, factor: factor(&correlate(&scores)) }
    }

    /// Draws one row.
    pub(crate) fn draw(&self, rng: &mut Rng) -> Vec<f64> {
        let normals: Vec<f64> = self.columns.iter().map(|_| rng.normal()).collect();
        let rows = self.columns.iter().zip(&self.factor);
        rows.map(|(column, weights)| {
            let score: f64 = weights.iter().zip(&normals).map(|(weight, z)| weight * z).sum();
            let share = normal_cdf(score).clamp(0.0, 1.0 - f64::EPSILON);
            match column {
                Scored::Numbers { marginal, donors } => donors.draw_at(share, marginal, rng),
                Scored::Levels(shares) => {
                    let at = shares.partition_point(|(_, upper)| *upper <= share);
                    shares.get(at).or(shares.last()).map_or(f64::NAN, |(value, _)| *value)
                }
            }
        })
        .collect()
    }
}

/// Normal scores of ranks: equal keys have the mean of theirs, and missing ones come last.
fn derive_scores(keys: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|a, b| keys[*a].total_cmp(&keys[*b]));
    let mut scores = vec![0.0; keys.len()];
    let of_rank = |rank: usize| inverse_normal((rank as f64 + 0.5) / keys.len() as f64);
    let mut before = 0;
    for run in order.chunk_by(|a, b| keys[*a].total_cmp(&keys[*b]).is_eq()) {
        let ranks = before..before + run.len();
        let mean = ranks.map(of_rank).sum::<f64>() / run.len() as f64;
        run.iter().for_each(|row| scores[*row] = mean);
        before += run.len();
    }
    scores
}

/// Labels as numbers in the order of the column of numbers that they tell apart best.
fn order_levels(column: &EncodedColumn, count: usize, scores: &[Vec<f64>]) -> Vec<f64> {
    let mut best: (f64, Vec<f64>) = (0.0, (0..count).map(|code| code as f64).collect());
    for scores in scores.iter().filter(|scores| !scores.is_empty()) {
        let (mut sums, mut rows) = (vec![0.0; count], vec![0.0; count]);
        for (value, score) in column.values.iter().zip(scores).filter(|(value, _)| **value >= 0.0) {
            sums[*value as usize] += score;
            rows[*value as usize] += 1.0;
        }
        let means: Vec<f64> =
            sums.iter().zip(&rows).map(|(sum, rows)| sum / f64::max(*rows, 1.0)).collect();
        let spread: f64 = means.iter().zip(&rows).map(|(mean, rows)| mean * mean * rows).sum();
        if spread > best.0 {
            best = (spread, means);
        }
    }
    let key = |value: &f64| if *value >= 0.0 { best.1[*value as usize] } else { f64::NAN };
    column.values.iter().map(key).collect()
}

/// The values in the order of their keys with the share of rows up to each; masked ones are left out.
fn derive_shares(column: &EncodedColumn, keys: &[f64]) -> Vec<(f64, f64)> {
    let mut cells: Vec<(f64, f64)> = keys
        .iter()
        .zip(&column.values)
        .filter(|(_, value)| value.is_nan() || **value >= 0.0)
        .map(|(key, value)| (*key, *value))
        .collect();
    cells.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let total = cells.len().max(1) as f64;
    let mut done = 0.0;
    let runs = cells.chunk_by(|a, b| a.1.total_cmp(&b.1).is_eq());
    runs.filter_map(|run| {
        done += run.len() as f64 / total;
        Some((run.first()?.1, done))
    })
    .collect()
}

/// Correlations of the normal variables behind the scores: where equal keys share a score, what is
/// seen of a correlation is as much smaller as the scores vary less.
fn correlate(scores: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let rows = scores.first().map_or(1, Vec::len).max(1) as f64;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / rows;
    let power: Vec<f64> = scores.iter().map(|scores| product(scores, scores)).collect();
    let correlation = |a: usize, b: usize| match power[a] * power[b] {
        small if small < 1e-9 => 0.0,
        both => (product(&scores[a], &scores[b]) / both).clamp(-1.0, 1.0),
    };
    let columns = 0..scores.len();
    columns.clone().map(|a| columns.clone().map(|b| correlation(a, b)).collect()).collect()
}

/// Cholesky's factor of correlations. What earlier columns cannot all tell at once is scaled down, so
/// that every row of the factor has length one.
fn factor(correlations: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(correlations.len());
    for (row, wanted) in correlations.iter().enumerate() {
        let mut weights = vec![0.0; correlations.len()];
        for (column, earlier) in factor.iter().enumerate() {
            let inner: f64 = weights.iter().zip(earlier).map(|(a, b)| a * b).sum();
            weights[column] = (wanted[column] - inner) / earlier[column];
        }
        let told: f64 = weights.iter().map(|weight| weight * weight).sum();
        if told > 1.0 - OWN {
            let scale = ((1.0 - OWN) / told).sqrt();
            weights.iter_mut().for_each(|weight| *weight *= scale);
        }
        weights[row] = (1.0 - told.min(1.0 - OWN)).sqrt();
        factor.push(weights);
    }
    factor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_hang_together_as_they_did() {
        let number = |name: &str, values: Vec<f64>| EncodedColumn {
            name: name.into(),
            kind: EncodedKind::Number,
            values,
        };
        let a: Vec<f64> = (0..80).map(|row| f64::from(row * 37 % 80)).collect();
        let b = a.iter().enumerate().map(|(row, a)| 3.0 * a + (row % 9) as f64).collect();
        let c: Vec<f64> = a.iter().map(|a| if *a < 40.0 { 1.0 } else { 0.0 }).collect();
        let columns = vec![
            number("a", a),
            number("b", b),
            EncodedColumn { name: "c".into(), kind: EncodedKind::Levels(2), values: c },
        ];
        let table =
            EncodedTable { columns, rows: 80, decimals: vec![0, 0, 0], ..EncodedTable::default() };
        let copula = Copula::fit(&table, 5);
        let mut rng = Rng::new(3);
        let drawn: Vec<Vec<f64>> = (0..500).map(|_| copula.draw(&mut rng)).collect();
        let near = drawn.iter().filter(|row| (row[1] - 3.0 * row[0]).abs() < 40.0).count();
        let kept = drawn.iter().filter(|row| (row[0] < 40.0) == (row[2] == 1.0)).count();
        assert!(near > 450 && kept > 420, "{near} {kept}");
        assert!(drawn.iter().all(|row| (0.0..80.0).contains(&row[0])));
    }

    #[test]
    fn missing_cells_come_back_as_often() {
        let mut values: Vec<f64> = (0..60).map(f64::from).collect();
        values.extend([f64::NAN; 20]);
        let column = EncodedColumn { name: "a".into(), kind: EncodedKind::Number, values };
        let table = EncodedTable {
            columns: vec![column],
            rows: 80,
            decimals: vec![0],
            ..EncodedTable::default()
        };
        let copula = Copula::fit(&table, 5);
        let mut rng = Rng::new(3);
        let missing = (0..2_000).filter(|_| copula.draw(&mut rng)[0].is_nan()).count();
        assert!((430..570).contains(&missing), "{missing}");
    }
}
