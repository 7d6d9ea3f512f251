//! Cells as small numbers, which is what trees split on.
//!
//! Invariant: bin 0 is the missing cell and nothing else; bins of numbers keep the order of the
//! numbers.

use serde::{Deserialize, Serialize};

use crate::encode::{EncodedColumn, EncodedKind};

/// How the values of one column fall into bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Binner {
    /// Numbers: the largest value of each bin but the last.
    Edges(Vec<f64>),
    /// Levels: the bin of each; rare ones share the last.
    Levels {
        /// By code.
        bins: Vec<u8>,
        /// With the bin of missing cells and that of the rare levels.
        count: u16,
    },
}

impl Binner {
    /// At most `most` bins (3 to 255), as evenly filled as the values allow.
    pub(crate) fn fit(column: &EncodedColumn, most: usize) -> Self {
        match column.kind {
            EncodedKind::Number => Self::Edges(derive_edges(&column.values, most - 1)),
            EncodedKind::Levels(count) => rank_levels(&column.values, count as usize, most),
        }
    }

    /// The bin of a value.
    #[inline]
    pub(crate) fn bin(&self, value: f64) -> u8 {
        if value.is_nan() {
            return 0;
        }
        match self {
            Self::Edges(edges) => (1 + edges.partition_point(|edge| *edge < value)) as u8,
            Self::Levels { bins, count } => {
                let last = count.saturating_sub(1) as u8;
                if value < 0.0 { last } else { bins.get(value as usize).copied().unwrap_or(last) }
            }
        }
    }

    /// Number of bins.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Edges(edges) => edges.len() + 2,
            Self::Levels { count, .. } => usize::from(*count),
        }
    }

    /// Whether bins have no order.
    pub(crate) fn is_unordered(&self) -> bool {
        match self {
            Self::Edges(_) => false,
            Self::Levels { .. } => true,
        }
    }

    /// The bins of a whole column.
    pub(crate) fn apply(&self, values: &[f64]) -> Vec<u8> {
        values.iter().map(|value| self.bin(*value)).collect()
    }
}

/// Edges so that each bin holds about the same number of rows, and a frequent value one of its own.
fn derive_edges(values: &[f64], bins: usize) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut runs: Vec<(f64, usize)> = Vec::new();
    for value in sorted.iter().copied() {
        match runs.last_mut() {
            Some((last, count)) if *last == value => *count += 1,
            _ => runs.push((value, 1)),
        }
    }
    let mut edges = Vec::new();
    let (mut left, mut bins_left, mut filled) = (sorted.len(), bins, 0);
    for (index, (value, count)) in runs.iter().enumerate() {
        let wanted = left.div_ceil(bins_left.max(1)).max(1);
        let next = runs.get(index + 1).map_or(0, |run| run.1);
        filled += count;
        let is_full = filled >= wanted || (next >= wanted && filled > 0);
        if is_full && bins_left > 1 && index + 1 < runs.len() {
            edges.push(*value);
            left -= filled;
            bins_left -= 1;
            filled = 0;
        }
    }
    edges
}

fn rank_levels(values: &[f64], levels: usize, most: usize) -> Binner {
    let mut counts = vec![0_usize; levels];
    for value in values.iter().filter(|value| **value >= 0.0) {
        if let Some(count) = counts.get_mut(*value as usize) {
            *count += 1;
        }
    }
    let mut ranked: Vec<usize> = (0..levels).collect();
    ranked.sort_by_key(|level| std::cmp::Reverse(counts[*level]));
    let own = levels.min(most - 2);
    let mut bins = vec![(own + 1) as u8; levels];
    for (rank, level) in ranked.iter().take(own).enumerate() {
        bins[*level] = (rank + 1) as u8;
    }
    Binner::Levels { bins, count: (own + 2) as u16 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_values_have_bins_of_their_own_and_missing_is_zero() {
        let mut values = vec![0.0; 900];
        values.extend((1..=100).map(f64::from));
        values.push(f64::NAN);
        let column = EncodedColumn { name: "x".into(), kind: EncodedKind::Number, values };
        let binner = Binner::fit(&column, 12);
        assert_eq!(binner.bin(f64::NAN), 0);
        assert_eq!((binner.bin(0.0), binner.bin(-5.0)), (1, 1));
        assert_eq!(binner.bin(0.5), 2, "zero shares its bin with nothing above it");
        assert!(binner.count() <= 12 && binner.count() >= 10, "{}", binner.count());
        assert!((binner.bin(100.0) as usize) < binner.count());
    }

    #[test]
    fn rare_levels_share_the_last_bin() {
        let values = vec![2.0, 2.0, 2.0, 0.0, 0.0, 1.0, -1.0, f64::NAN];
        let column = EncodedColumn { name: "x".into(), kind: EncodedKind::Levels(3), values };
        let binner = Binner::fit(&column, 4);
        let bins: Vec<u8> = column.values.iter().map(|v| binner.bin(*v)).collect();
        assert_eq!(bins, [1, 1, 1, 2, 2, 3, 3, 0]);
        assert_eq!(binner.count(), 4);
    }
}
