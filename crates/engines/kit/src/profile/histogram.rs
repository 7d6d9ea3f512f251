//! Counts by range, with borders that are known before the values come.

use serde::{Deserialize, Serialize};

use crate::read::Range;

/// The most bins.
pub(crate) const MAX_BINS: u64 = 40;

/// Counts by range. Bin `i` reaches from edge `i` (included) to edge `i + 1` (excluded, but
/// included in the last bin); so there is one more edge than counts, or none of either.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram<E> {
    /// Borders, ascending.
    pub edges: Vec<E>,
    /// Values between each two.
    pub counts: Vec<u64>,
}

/// A histogram in the making.
pub(crate) struct Bins {
    start: f64,
    width: f64,
    end: f64,
    counts: Vec<u64>,
}

impl Bins {
    /// Bins for values in this range: one per whole number where those are few.
    pub(crate) fn new(range: Range, rows: u64, whole: bool) -> Self {
        let span = range.max - range.min;
        // Not `span < 0`: an empty range gives NaN or minus infinity.
        if !(span >= 0.0 || span.is_infinite() && range.max > range.min) {
            return Self { start: 0.0, width: 0.0, end: 0.0, counts: Vec::new() };
        }
        if (whole && span < MAX_BINS as f64) || span == 0.0 {
            let count = span as usize + 1;
            let (start, end) = (range.min - 0.5, range.max + 0.5);
            return Self { start, width: 1.0, end, counts: vec![0; count] };
        }
        let wanted = (2.0 * (rows as f64).cbrt()).ceil() as u64;
        let count = wanted.clamp(5, MAX_BINS);
        let width = range.max / count as f64 - range.min / count as f64;
        let (start, end) = (range.min, range.max);
        Self { start, width, end, counts: vec![0; count as usize] }
    }

    /// Takes a value of the range into account.
    pub(crate) fn push(&mut self, value: f64) {
        let Some(last) = self.counts.len().checked_sub(1) else { return };
        let position =
            if self.width > 0.0 { value / self.width - self.start / self.width } else { 0.0 };
        if let Some(count) = self.counts.get_mut((position as usize).min(last)) {
            *count += 1;
        }
    }

    /// The histogram, each border turned into what the reader sees.
    pub(crate) fn finish<E>(self, show: impl Fn(f64) -> E) -> Histogram<E> {
        let bins = self.counts.len();
        if bins == 0 {
            return Histogram { edges: Vec::new(), counts: Vec::new() };
        }
        let offset = |i: usize| self.width * i as f64;
        let edge = |i: usize| match i {
            i if i == bins => self.end,
            i if offset(bins).is_finite() => self.start + offset(i),
            // The span is too large for a number; steps from zero are not.
            i => self.start * (1.0 - i as f64 / bins as f64) + self.end * (i as f64 / bins as f64),
        };
        Histogram { edges: (0..=bins).map(|i| show(edge(i))).collect(), counts: self.counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(values: &[f64], whole: bool) -> Histogram<f64> {
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut bins = Bins::new(Range { min, max }, values.len() as u64, whole);
        values.iter().for_each(|value| bins.push(*value));
        bins.finish(|edge| edge)
    }

    #[test]
    fn every_value_is_in_a_bin() {
        let histogram = count(&[0.0, 0.1, 0.5, 0.99, 1.0], false);
        assert_eq!(histogram.counts.iter().sum::<u64>(), 5);
        assert_eq!(histogram.edges.len(), histogram.counts.len() + 1);
        assert_eq!((histogram.edges[0], histogram.edges[histogram.counts.len()]), (0.0, 1.0));
        let extreme = count(&[f64::MIN, 0.0, f64::MAX], false);
        assert_eq!(extreme.counts.iter().sum::<u64>(), 3);
        assert!(extreme.edges.iter().all(|edge| edge.is_finite()));
    }

    #[test]
    fn few_whole_numbers_get_a_bin_each() {
        let histogram = count(&[1.0, 2.0, 2.0, 4.0], true);
        assert_eq!(histogram.counts, [1, 2, 0, 1]);
        assert_eq!(histogram.edges, [0.5, 1.5, 2.5, 3.5, 4.5]);
    }

    #[test]
    fn no_values_make_no_bins() {
        assert!(count(&[], false).counts.is_empty());
        assert_eq!(count(&[7.25; 3], false).counts, [3]);
    }
}
