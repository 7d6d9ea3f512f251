//! A set of row numbers as one bit per row.
//!
//! Invariant: bits at and beyond `len` are zero, so that counting words is counting rows.

/// One bit per row; set means "missing" wherever a [`super::Column`] carries it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BitMask {
    words: Vec<u64>,
    len: usize,
}

impl BitMask {
    /// A mask of `len` rows with no bit set.
    #[must_use]
    pub fn new(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the mask covers no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the bit of `row` is set; rows beyond the end are not.
    #[must_use]
    pub fn get(&self, row: usize) -> bool {
        row < self.len && self.words.get(row / 64).is_some_and(|w| w >> (row % 64) & 1 == 1)
    }

    /// Sets the bit of `row`; rows beyond the end are ignored.
    pub fn insert(&mut self, row: usize) {
        if row < self.len
            && let Some(word) = self.words.get_mut(row / 64)
        {
            *word |= 1 << (row % 64);
        }
    }

    /// Adds one row at the end.
    pub fn push(&mut self, set: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        self.len += 1;
        if set {
            self.insert(self.len - 1);
        }
    }

    /// Number of set bits.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// Whether any bit is set.
    #[must_use]
    pub fn any(&self) -> bool {
        self.words.iter().any(|w| *w != 0)
    }

    /// The bits in row order.
    pub fn iter(&self) -> impl Iterator<Item = bool> + '_ {
        (0..self.len).map(|row| self.get(row))
    }
}

impl FromIterator<bool> for BitMask {
    fn from_iter<I: IntoIterator<Item = bool>>(bits: I) -> Self {
        let mut mask = Self::default();
        for bit in bits {
            mask.push(bit);
        }
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_survive_word_borders() {
        let mask: BitMask = (0..130).map(|i| i % 63 == 0).collect();
        assert_eq!(mask.count(), 3);
        assert!(mask.get(0) && mask.get(63) && mask.get(126) && !mask.get(64));
        assert!(!mask.get(130) && !mask.get(usize::MAX));
        assert_eq!(mask.iter().filter(|b| *b).count(), 3);
    }

    #[test]
    fn inserting_beyond_the_end_changes_nothing() {
        let mut mask = BitMask::new(3);
        mask.insert(3);
        mask.insert(200);
        assert!(!mask.any());
    }
}
