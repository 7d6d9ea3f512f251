//! What a model says of held-out rows, as a view of what the search keeps: nothing is copied.
//!
//! Invariant: all columns are of the same rows; of two classes the first one's is what the second
//! one leaves of 1.

use std::ops::Range;

/// Held-out predictions of one model: one column a class, or one of numbers.
#[derive(Debug, Clone)]
pub(in crate::train) struct Voice<'a> {
    columns: Vec<&'a [f32]>,
    /// Whether the only column is that of the second of two classes.
    is_pair: bool,
}

impl<'a> Voice<'a> {
    /// One column a class, or one of numbers.
    pub(in crate::train) fn new(columns: Vec<&'a [f32]>) -> Self {
        Self { columns, is_pair: false }
    }

    /// Two classes, told by the probabilities of the second one.
    pub(in crate::train) fn of_second(second: &'a [f32]) -> Self {
        Self { columns: vec![second], is_pair: true }
    }

    /// Columns that it speaks of.
    pub(super) fn width(&self) -> usize {
        self.columns.len() + usize::from(self.is_pair)
    }

    /// A column of these rows; empty where there is none.
    pub(super) fn values(&self, column: usize, rows: &Range<usize>) -> impl Iterator<Item = f64> {
        let is_rest = self.is_pair && column == 0;
        let told = if self.is_pair { 0 } else { column };
        let own = self.columns.get(told).and_then(|c| c.get(rows.clone())).unwrap_or_default();
        own.iter().map(move |p| f64::from(if is_rest { 1.0 - p } else { *p }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_of_two_classes_tells_the_first() {
        let second = [0.25_f32, 0.1, 0.75];
        let pair = Voice::of_second(&second);
        assert_eq!(pair.width(), 2);
        assert_eq!(pair.values(0, &(0..2)).collect::<Vec<_>>(), [0.75, f64::from(1.0 - 0.1_f32)]);
        assert_eq!(pair.values(1, &(2..3)).collect::<Vec<_>>(), [0.75]);
        let other = [1.0_f32, 2.0, 3.0];
        let both = Voice::new(vec![&second, &other]);
        assert_eq!(both.width(), 2);
        assert_eq!(both.values(0, &(0..1)).collect::<Vec<_>>(), [0.25]);
        assert_eq!(both.values(1, &(1..3)).collect::<Vec<_>>(), [2.0, 3.0]);
        assert_eq!(both.values(2, &(0..1)).count() + both.values(0, &(2..9)).count(), 0);
    }
}
