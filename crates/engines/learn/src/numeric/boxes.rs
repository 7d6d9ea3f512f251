//! Rows of a table sorted into boxes, so that near rows are found without looking at all of them.
//!
//! Invariants: every row lies in one leaf, and a node's box holds all rows below it; rows of a
//! leaf follow each other, so that their distances are computed side by side; distances do not
//! depend on the boxes.

use std::ops::Range;

use crate::{Control, LearnError, Matrix};

use super::distance::{GROUP, squared_distances_within};

/// Splits from the first box to a leaf, at most: values with long tails would split off a row at
/// a time.
const MOST_SPLITS: usize = 24;
/// Columns between two looks at whether a box is too far.
const COLUMNS_BETWEEN: usize = 8;
/// Rows, evenly spread, that choose where to split.
const SAMPLE: usize = 512;
/// A box is too far only when it is so beyond all rounding.
const SLACK: f64 = 1.0 + 1e-9;

#[derive(Debug)]
struct Node {
    rows: Range<usize>,
    /// The first of two nodes that follow each other; none for a leaf.
    children: Option<usize>,
}

/// The rows with their boxes.
#[derive(Debug)]
pub(crate) struct Boxes {
    /// The table, leaf after leaf.
    x: Matrix,
    /// The number that each of its rows has in the table that was given.
    numbers: Vec<usize>,
    nodes: Vec<Node>,
    /// Least and largest value, for each node and column.
    bounds: Vec<(f64, f64)>,
}

impl Boxes {
    /// The columns must be complete.
    ///
    /// # Errors
    /// [`LearnError::Cancelled`].
    pub(crate) fn new(x: &Matrix, control: &Control<'_>) -> Result<Self, LearnError> {
        let mut numbers: Vec<usize> = (0..x.rows()).collect();
        let mut nodes = vec![Node { rows: 0..x.rows(), children: None }];
        let mut bounds = Vec::new();
        let mut depths = vec![0_usize];
        let mut at = 0;
        while at < nodes.len() {
            control.check()?;
            let rows = nodes[at].rows.clone();
            let own = &mut numbers[rows.clone()];
            bounds.extend(x.columns().iter().map(|column| derive_range(column.values(), own)));
            let may_split = own.len() > GROUP && depths[at] < MOST_SPLITS;
            if let Some(split) = find_split(x, own).filter(|_| may_split) {
                let middle = rows.start + partition(x.column(split.column), split.limit, own);
                nodes[at].children = Some(nodes.len());
                for rows in [rows.start..middle, middle..rows.end] {
                    nodes.push(Node { rows, children: None });
                    depths.push(depths[at] + 1);
                }
            }
            at += 1;
        }
        Ok(Self { x: x.take_rows(&numbers), numbers, nodes, bounds })
    }

    /// Tells `take` of rows with their squared distance from `point`, near boxes first: all that
    /// are not beyond the limit that `take` gave last, and maybe others.
    pub(crate) fn each_near(
        &self,
        point: &[f64],
        mut limit: f64,
        mut take: impl FnMut(f64, usize) -> f64,
    ) {
        let mut open = vec![(0, 0.0)];
        while let Some((at, distance)) = open.pop() {
            if distance > limit * SLACK {
                continue;
            }
            match self.nodes[at].children {
                Some(first) => {
                    let mut sides =
                        [first, first + 1].map(|at| (at, self.distance(at, point, limit)));
                    sides.sort_by(|a, b| b.1.total_cmp(&a.1));
                    open.extend(sides);
                }
                None => limit = self.each_of_leaf(at, (point, limit), &mut take),
            }
        }
    }

    /// As [`Self::each_near`] for one leaf; gives the last limit.
    fn each_of_leaf(
        &self,
        leaf: usize,
        (point, mut limit): (&[f64], f64),
        take: &mut impl FnMut(f64, usize) -> f64,
    ) -> f64 {
        let mut distances = [0.0; GROUP];
        let rows = self.nodes[leaf].rows.clone();
        for start in rows.clone().step_by(GROUP) {
            let range = start..(start + GROUP).min(rows.end);
            let distances = &mut distances[..range.len()];
            if !squared_distances_within(&self.x, range.clone(), (point, limit), distances) {
                continue;
            }
            for (distance, row) in distances.iter().zip(&self.numbers[range]) {
                if *distance <= limit {
                    limit = take(*distance, *row);
                }
            }
        }
        limit
    }

    /// Squared distance from a point to a box; where it is beyond `limit`, some number beyond.
    fn distance(&self, node: usize, point: &[f64], limit: f64) -> f64 {
        let width = point.len();
        let bounds = &self.bounds[node * width..(node + 1) * width];
        let mut sum = 0.0;
        for (bounds, point) in bounds.chunks(COLUMNS_BETWEEN).zip(point.chunks(COLUMNS_BETWEEN)) {
            for ((low, high), value) in bounds.iter().zip(point) {
                let beyond = (low - value).max(value - high).max(0.0);
                sum += beyond * beyond;
            }
            if sum > limit * SLACK {
                break;
            }
        }
        sum
    }
}

struct Split {
    column: usize,
    /// Values up to this go left.
    limit: f64,
}

fn derive_range(values: &[f64], rows: &[usize]) -> (f64, f64) {
    let range = (f64::INFINITY, f64::NEG_INFINITY);
    rows.iter().fold(range, |(low, high), row| (low.min(values[*row]), high.max(values[*row])))
}

/// The column that, cut at its mean, gives two sides that are far apart and both large.
fn find_split(x: &Matrix, rows: &[usize]) -> Option<Split> {
    let mut best: Option<(f64, Split)> = None;
    let some: Vec<usize> =
        rows.iter().step_by(rows.len().div_ceil(SAMPLE).max(1)).copied().collect();
    let rows = some.as_slice();
    for (column, values) in x.columns().iter().enumerate() {
        let values = values.values();
        let count = rows.len() as f64;
        let limit = rows.iter().map(|row| values[*row]).sum::<f64>() / count;
        let (mut left, mut left_count, mut right) = (0.0, 0.0, 0.0);
        for row in rows {
            let value = values[*row];
            if value <= limit {
                left += value;
                left_count += 1.0;
            } else {
                right += value;
            }
        }
        let right_count = count - left_count;
        if left_count == 0.0 || right_count == 0.0 {
            continue;
        }
        let gap = right / right_count - left / left_count;
        let worth = gap * gap * left_count.min(right_count);
        if best.as_ref().is_none_or(|(known, _)| worth > *known) {
            best = Some((worth, Split { column, limit }));
        }
    }
    best.map(|(_, split)| split)
}

/// Brings the rows of the left side to the front, and says how many they are.
fn partition(values: &[f64], limit: f64, rows: &mut [usize]) -> usize {
    let (left, right): (Vec<usize>, Vec<usize>) =
        rows.iter().partition(|row| values[**row] <= limit);
    rows[..left.len()].copy_from_slice(&left);
    rows[left.len()..].copy_from_slice(&right);
    left.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    fn table(rows: usize, seed: u64) -> Matrix {
        let mut rng = Rng::new(seed);
        let numbers = (0..3).map(|_| (0..rows).map(|_| rng.normal().powi(3)).collect());
        let mut columns: Vec<Vec<f64>> = numbers.collect();
        columns.extend(
            (0..9).map(|_| (0..rows).map(|_| f64::from(rng.below(4) == 0)).collect::<Vec<f64>>()),
        );
        columns.push(vec![7.0; rows]);
        Matrix::from_columns(columns)
    }

    #[test]
    fn all_near_rows_are_told_with_their_distances() {
        let x = table(3_000, 4);
        let boxes = Boxes::new(&x, &Control::unlimited()).unwrap();
        assert!(boxes.nodes.len() > 40);
        for row in (0..3_000).step_by(211) {
            let point = x.row(row);
            for limit in [0.0, 0.7, 3.0, 1e9] {
                let mut found = Vec::new();
                boxes.each_near(&point, limit, |distance, row| {
                    found.push((row, distance));
                    limit
                });
                found.sort_by_key(|(row, _)| *row);
                let mut all = vec![0.0; 3_000];
                super::super::distance::squared_distances(&x, 0..3_000, &point, &mut all);
                let expected: Vec<(usize, f64)> =
                    all.into_iter().enumerate().filter(|(_, d)| *d <= limit).collect();
                assert_eq!(found, expected, "row {row}, limit {limit}");
            }
        }
    }

    #[test]
    fn equal_rows_and_long_tails_end() {
        let equal = Matrix::from_columns(vec![vec![1.0; 500]; 2]);
        let boxes = |x: &Matrix| Boxes::new(x, &Control::unlimited()).unwrap();
        assert_eq!(boxes(&equal).nodes.len(), 1);
        let tail: Vec<f64> = (0..900).map(|i| 3_f64.powi(i / 2 - 300)).collect();
        let boxes = boxes(&Matrix::from_columns(vec![tail]));
        let leaves = boxes.nodes.iter().filter(|node| node.children.is_none());
        assert_eq!(leaves.map(|node| node.rows.len()).sum::<usize>(), 900);
    }
}
