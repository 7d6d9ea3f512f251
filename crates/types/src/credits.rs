//! Credits: the integer commodity that jobs cost.
//!
//! Invariant: arithmetic is checked; nothing wraps or saturates in silence.

use std::fmt;
use std::iter::Sum;

use serde::{Deserialize, Serialize};

/// A calculation left the range of credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("credits out of range")]
pub struct CreditsOutOfRange;

/// A signed amount of credits. Balances and holds are never negative; ledger entries may be.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Credits(i64);

impl Credits {
    /// No credits.
    pub const ZERO: Self = Self(0);

    /// Takes an amount from a store column or a configuration.
    #[must_use]
    pub const fn new(amount: i64) -> Self {
        Self(amount)
    }

    /// The amount, for a store column.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether the amount is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum, or an error when it does not fit.
    ///
    /// # Errors
    /// [`CreditsOutOfRange`] when the sum leaves the range of `i64`.
    pub fn checked_add(self, other: Self) -> Result<Self, CreditsOutOfRange> {
        self.0.checked_add(other.0).map(Self).ok_or(CreditsOutOfRange)
    }

    /// The difference, or an error when it does not fit.
    ///
    /// # Errors
    /// [`CreditsOutOfRange`] when the difference leaves the range of `i64`.
    pub fn checked_sub(self, other: Self) -> Result<Self, CreditsOutOfRange> {
        self.0.checked_sub(other.0).map(Self).ok_or(CreditsOutOfRange)
    }

    /// The same amount with the other sign.
    ///
    /// # Errors
    /// [`CreditsOutOfRange`] for the one value that has no opposite.
    pub fn checked_neg(self) -> Result<Self, CreditsOutOfRange> {
        self.0.checked_neg().map(Self).ok_or(CreditsOutOfRange)
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Sum for Credits {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_checked() {
        let most = Credits::new(i64::MAX);
        assert_eq!(most.checked_add(Credits::new(1)), Err(CreditsOutOfRange));
        assert_eq!(Credits::new(5).checked_sub(Credits::new(7)), Ok(Credits::new(-2)));
        assert_eq!(Credits::new(i64::MIN).checked_neg(), Err(CreditsOutOfRange));
    }
}
