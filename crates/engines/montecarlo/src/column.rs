//! A column: one value of 256 draws, aligned for the widest registers.

use std::borrow::{Borrow, BorrowMut};

/// Draws that are computed side by side: a program's columns together stay in the second cache.
pub const WIDTH: usize = 256;

/// One value of [`WIDTH`] draws. A line of the cache between one column and the next keeps the same
/// draw of many columns out of the same places of the cache.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub struct Column(pub [f64; WIDTH], Gap);

/// A line of the cache that nothing stands in.
type Gap = [f64; 8];

impl Column {
    /// The same value in every draw.
    #[must_use]
    pub const fn splat(x: f64) -> Self {
        Self([x; WIDTH], [0.0; 8])
    }
}

impl Borrow<[f64; WIDTH]> for Column {
    fn borrow(&self) -> &[f64; WIDTH] {
        &self.0
    }
}

impl BorrowMut<[f64; WIDTH]> for Column {
    fn borrow_mut(&mut self) -> &mut [f64; WIDTH] {
        &mut self.0
    }
}

impl Default for Column {
    fn default() -> Self {
        Self::splat(0.0)
    }
}
