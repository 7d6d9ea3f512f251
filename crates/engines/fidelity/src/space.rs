//! Rows as points, and the nearest of them to a point, by looking at all.
//!
//! Invariants: results depend on the order of rows alone, never on threads; of points at the same
//! distance the earlier row is the nearer one. Every column weighs the same.

use std::ops::Range;

use crate::shape::sorted;
use crate::table::{Aligned, MISSING, Side, Table, Values};

/// Where a missing number is placed: farther from every number than any two numbers can be.
const NOWHERE: f64 = 1e9;
/// Rows that are given up together.
const GROUP: usize = 64;
/// Columns between two looks at whether all rows of a group are too far.
const COLUMNS_BETWEEN: usize = 4;

/// How columns become coordinates, and coordinates distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Geometry {
    /// Numbers as shares of the real range. The distance is the mean over the columns of
    /// differences (at most 1) and of 0 or 1 for equal or different labels.
    Range,
    /// As `Range`, with numbers as their rank among the real and the hold-out values.
    Rank,
    /// Numbers as shares of the real range, missing ones at the real mean; labels one-hot. The
    /// distance is the square of the Euclidean one.
    Embedding,
}

/// How one column becomes a coordinate.
enum Axis {
    Scaled {
        low: f64,
        width: f64,
        fill: f64,
    },
    Ranked {
        values: Vec<f64>,
    },
    /// Equal or different; also for numbers that do not vary in the real table.
    Plain,
}

/// The coordinates of every column.
pub(crate) struct Space {
    geometry: Geometry,
    axes: Vec<Axis>,
}

impl Space {
    /// A space that is scaled by the real rows.
    pub(crate) fn new(table: &Table, geometry: Geometry) -> Self {
        Self::scaled_by(table, geometry, Side::Real)
    }

    /// A space that is scaled by the rows of a side.
    pub(crate) fn scaled_by(table: &Table, geometry: Geometry, side: Side) -> Self {
        let axis = |column: &Aligned| match &column.values {
            Values::Labels { .. } => Axis::Plain,
            Values::Numbers(numbers) => match geometry {
                Geometry::Rank => {
                    let both = [numbers.real.as_slice(), &numbers.holdout].concat();
                    Axis::Ranked { values: sorted(&both) }
                }
                Geometry::Range => scaled(numbers.get(side), NOWHERE).unwrap_or(Axis::Plain),
                Geometry::Embedding => scaled_with_mean(numbers.get(side)),
            },
        };
        Self { geometry, axes: table.columns.iter().map(axis).collect() }
    }

    /// These rows as points.
    pub(crate) fn place(&self, table: &Table, side: Side, rows: &[usize]) -> Points {
        let columns = table.columns.iter().zip(&self.axes).map(|(column, axis)| {
            let values = match &column.values {
                Values::Numbers(numbers) => {
                    let values = numbers.get(side);
                    let at = |row: &usize| values.get(*row).copied().unwrap_or(f64::NAN);
                    rows.iter().map(|row| axis.place(at(row))).collect()
                }
                Values::Labels { codes, .. } => {
                    let codes = codes.get(side);
                    let at = |row: &usize| codes.get(*row).copied().unwrap_or(MISSING);
                    rows.iter().map(|row| f64::from(at(row))).collect()
                }
            };
            Coordinates { is_plain: matches!(axis, Axis::Plain), values }
        });
        Points { geometry: self.geometry, rows: rows.len(), columns: columns.collect() }
    }
}

impl Axis {
    fn place(&self, value: f64) -> f64 {
        match self {
            Self::Scaled { fill, .. } if value.is_nan() => *fill,
            Self::Scaled { low, width, .. } => (value - low) / width,
            Self::Ranked { .. } | Self::Plain if value.is_nan() => NOWHERE,
            Self::Ranked { values } => {
                let below = values.partition_point(|v| *v < value);
                let up_to = values.partition_point(|v| *v <= value);
                (below + up_to) as f64 / 2.0 / values.len().max(1) as f64
            }
            Self::Plain => value,
        }
    }
}

/// Shares of the range; `None` if there is no range.
fn scaled(values: &[f64], fill: f64) -> Option<Axis> {
    let present = || values.iter().copied().filter(|value| !value.is_nan());
    let low = present().fold(f64::INFINITY, f64::min);
    let high = present().fold(f64::NEG_INFINITY, f64::max);
    (high > low).then_some(Axis::Scaled { low, width: high - low, fill })
}

fn scaled_with_mean(values: &[f64]) -> Axis {
    let present: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    let mean = present.iter().sum::<f64>() / present.len().max(1) as f64;
    match scaled(values, 0.0) {
        Some(Axis::Scaled { low, width, .. }) => {
            Axis::Scaled { low, width, fill: (mean - low) / width }
        }
        // A value that does not vary has no scale: all that is left of it is its difference.
        Some(_) | None => Axis::Scaled { low: mean, width: 1.0, fill: 0.0 },
    }
}

/// One coordinate of all points.
#[derive(Clone)]
struct Coordinates {
    is_plain: bool,
    values: Vec<f64>,
}

/// Points in a space.
pub(crate) struct Points {
    geometry: Geometry,
    rows: usize,
    columns: Vec<Coordinates>,
}

/// A point's distance and row.
pub(crate) type Near = (f64, usize);

impl Points {
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The points as they are without one of the columns.
    pub(crate) fn without(&self, column: usize) -> Self {
        let kept = self.columns.iter().enumerate().filter(|(index, _)| *index != column);
        Self {
            geometry: self.geometry,
            rows: self.rows,
            columns: kept.map(|(_, coordinates)| coordinates.clone()).collect(),
        }
    }

    /// One point.
    pub(crate) fn point(&self, row: usize) -> Vec<f64> {
        let at = |column: &Coordinates| column.values.get(row).copied().unwrap_or(NOWHERE);
        self.columns.iter().map(at).collect()
    }

    /// The `count` nearest points, the nearest first; `skip` is not among them.
    pub(crate) fn nearest(&self, point: &[f64], count: usize, skip: Option<usize>) -> Vec<Near> {
        let mut found: Vec<Near> = Vec::with_capacity(count + 1);
        let mut sums = [0.0; GROUP];
        let mut limit = f64::INFINITY;
        for start in (0..self.rows).step_by(GROUP) {
            let range = start..(start + GROUP).min(self.rows);
            let Some(sums) = sums.get_mut(..range.len()) else { continue };
            if !self.sum_within(range, (point, limit), sums) {
                continue;
            }
            for (offset, sum) in sums.iter().enumerate() {
                let row = start + offset;
                if *sum < limit && skip != Some(row) {
                    let place = found.partition_point(|(distance, _)| distance <= sum);
                    found.insert(place, (*sum, row));
                    found.truncate(count);
                    if found.len() == count {
                        limit = found.last().map_or(limit, |(distance, _)| *distance);
                    }
                }
            }
        }
        let scale = self.scale();
        found.iter_mut().for_each(|(distance, _)| *distance /= scale);
        found
    }

    fn scale(&self) -> f64 {
        match self.geometry {
            Geometry::Range | Geometry::Rank => self.columns.len().max(1) as f64,
            Geometry::Embedding => 1.0,
        }
    }

    /// Sums of the columns' distances, and whether any row is not beyond the limit. If none is,
    /// the sums may be too small, but all are beyond it.
    fn sum_within(
        &self,
        range: Range<usize>,
        (point, limit): (&[f64], f64),
        sums: &mut [f64],
    ) -> bool {
        sums.fill(0.0);
        let steps = self.columns.chunks(COLUMNS_BETWEEN).zip(point.chunks(COLUMNS_BETWEEN));
        for (columns, at) in steps {
            for (column, at) in columns.iter().zip(at) {
                if let Some(values) = column.values.get(range.clone()) {
                    self.add(column.is_plain, (values, *at), sums);
                }
            }
            if sums.iter().all(|sum| *sum > limit) {
                return false;
            }
        }
        true
    }

    fn add(&self, is_plain: bool, (values, at): (&[f64], f64), sums: &mut [f64]) {
        let pairs = sums.iter_mut().zip(values);
        match (self.geometry, is_plain) {
            (Geometry::Range | Geometry::Rank, true) => {
                pairs.for_each(|(sum, value)| *sum += f64::from(u8::from(*value != at)));
            }
            (Geometry::Range | Geometry::Rank, false) => {
                pairs.for_each(|(sum, value)| *sum += (value - at).abs().min(1.0));
            }
            // Two one-hot vectors of different labels differ in two places.
            (Geometry::Embedding, true) => {
                pairs.for_each(|(sum, value)| *sum += 2.0 * f64::from(u8::from(*value != at)));
            }
            (Geometry::Embedding, false) => {
                pairs.for_each(|(sum, value)| *sum += (value - at) * (value - at));
            }
        }
    }

    /// Squared distances of these points to the mean of others, in the embedding.
    pub(crate) fn squares_to_mean_of(&self, others: &Self) -> Vec<f64> {
        let mut squares = vec![0.0; self.rows];
        for (column, other) in self.columns.iter().zip(&others.columns) {
            if column.is_plain {
                let shares = label_shares(&other.values);
                let all: f64 = shares.iter().map(|(_, share)| share * share).sum();
                for (square, value) in squares.iter_mut().zip(&column.values) {
                    let found = shares.binary_search_by(|(label, _)| label.total_cmp(value));
                    let share = found.ok().and_then(|at| shares.get(at)).map_or(0.0, |(_, s)| *s);
                    *square += 1.0 - 2.0 * share + all;
                }
            } else {
                let mean = other.values.iter().sum::<f64>() / other.values.len().max(1) as f64;
                for (square, value) in squares.iter_mut().zip(&column.values) {
                    *square += (value - mean) * (value - mean);
                }
            }
        }
        squares
    }
}

/// Labels, rising, with the share of each.
fn label_shares(values: &[f64]) -> Vec<(f64, f64)> {
    let labels = sorted(values);
    let runs = labels.chunk_by(|a, b| a == b);
    let share =
        |run: &[f64]| run.first().map(|label| (*label, run.len() as f64 / labels.len() as f64));
    runs.filter_map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_learn::Rng;

    fn random_points(geometry: Geometry, rows: usize, width: usize) -> Points {
        let mut rng = Rng::new(5);
        let column = |is_plain: bool, rng: &mut Rng| Coordinates {
            is_plain,
            values: (0..rows)
                .map(|_| if is_plain { rng.below(3) as f64 } else { rng.uniform() })
                .collect(),
        };
        let columns = (0..width).map(|i| column(i % 3 == 0, &mut rng)).collect();
        Points { geometry, rows, columns }
    }

    #[test]
    fn giving_up_groups_changes_nothing() {
        for geometry in [Geometry::Range, Geometry::Embedding] {
            let points = random_points(geometry, 300, 11);
            let query = points.point(17);
            let mut sums = vec![0.0; 300];
            for start in (0..300).step_by(GROUP) {
                let range = start..(start + GROUP).min(300);
                let part = &mut sums[range.clone()];
                assert!(points.sum_within(range, (&query, f64::INFINITY), part));
            }
            let mut order: Vec<Near> = sums.iter().copied().zip(0..).collect();
            order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let found: Vec<usize> =
                points.nearest(&query, 5, Some(17)).into_iter().map(|(_, row)| row).collect();
            let expected: Vec<usize> = order[1..6].iter().map(|(_, row)| *row).collect();
            assert_eq!((order[0].1, found), (17, expected));
        }
    }

    #[test]
    fn one_hot_distances_to_a_mean_are_those_of_the_vectors() {
        let labels = |values: &[f64]| Points {
            geometry: Geometry::Embedding,
            rows: values.len(),
            columns: vec![Coordinates { is_plain: true, values: values.to_vec() }],
        };
        // The mean of a, a, b is (2/3, 1/3); a lies at (1, 0).
        let squares = labels(&[0.0, 2.0]).squares_to_mean_of(&labels(&[0.0, 0.0, 1.0]));
        let expected = [1.0 / 9.0 + 1.0 / 9.0, 4.0 / 9.0 + 1.0 / 9.0 + 1.0];
        for (found, expected) in squares.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12);
        }
    }
}
