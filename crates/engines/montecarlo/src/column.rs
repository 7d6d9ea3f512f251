//! A column: one value of 256 draws, aligned for the widest registers.

/// Draws that are computed side by side: a program's columns together stay in the second cache.
pub const WIDTH: usize = 256;

/// One value of [`WIDTH`] draws.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub struct Column(pub [f64; WIDTH]);

impl Column {
    /// The same value in every draw.
    #[must_use]
    pub const fn splat(x: f64) -> Self {
        Self([x; WIDTH])
    }
}

impl Default for Column {
    fn default() -> Self {
        Self::splat(0.0)
    }
}
