//! Amounts far below a cent: what single requests to language models cost.
//!
//! Invariant: sums are exact; only what is shown or compared with money is rounded, and then up.

use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money};

/// Digits of a billionth.
const DIGITS: u32 = 9;
const ONE: u64 = 10_u64.pow(DIGITS);
/// Billionths of a millionth, in which meters count money.
const MILLIONTH: u64 = 1_000;

/// An amount in billionths of one unit (dollar, euro, yen) of a currency that is told beside it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Nanos(u64);

impl Nanos {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many billionths.
    #[must_use]
    pub const fn new(billionths: u64) -> Self {
        Self(billionths)
    }

    /// The billionths.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The sum of two; the largest amount where there is none so large.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// So many times the amount; the largest amount where there is none so large.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// What is left when so much is taken, and nothing where it was less.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// An amount of money; nothing for a debt.
    #[must_use]
    pub fn from_money(money: Money) -> Self {
        let minor = u64::try_from(money.minor).unwrap_or(0);
        Self(minor.saturating_mul(10_u64.pow(DIGITS - money.currency.minor_digits())))
    }

    /// So many millionths, as meters count money; the largest amount where there is none so large.
    #[must_use]
    pub const fn from_millionths(millionths: u64) -> Self {
        Self(millionths.saturating_mul(MILLIONTH))
    }

    /// The fewest millionths that pay for it.
    #[must_use]
    pub const fn count_millionths(self) -> u64 {
        self.0.div_ceil(MILLIONTH)
    }

    /// The least money that pays for it.
    #[must_use]
    pub fn round_up(self, currency: Currency) -> Money {
        let minor = self.0.div_ceil(10_u64.pow(DIGITS - currency.minor_digits()));
        Money { minor: i64::try_from(minor).unwrap_or(i64::MAX), currency }
    }

    /// The exact amount in units of its currency, with as many digits behind the point as it needs
    /// and no fewer than the currency has, such as `0.0021`.
    #[must_use]
    pub fn describe(self, currency: Currency) -> String {
        let fraction = format!("{:09}", self.0 % ONE);
        let digits = currency.minor_digits() as usize;
        let needed = fraction.trim_end_matches('0').len().max(digits);
        let whole = self.0 / ONE;
        if needed == 0 { whole.to_string() } else { format!("{whole}.{}", &fraction[..needed]) }
    }

    /// The same with the currency, such as `0.0021 USD`.
    #[must_use]
    pub fn tell(self, currency: Currency) -> String {
        format!("{} {currency}", self.describe(currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_and_rounded_up_as_money() {
        let yen: Currency = "JPY".parse().unwrap();
        for (billionths, currency, text, minor) in [
            (0, Currency::usd(), "0.00", 0),
            (2_100_000, Currency::usd(), "0.0021", 1),
            (10_000_000, Currency::usd(), "0.01", 1),
            (1_234_567_891, Currency::usd(), "1.234567891", 124),
            (0, yen, "0", 0),
            (2_500_000_000, yen, "2.5", 3),
        ] {
            let amount = Nanos::new(billionths);
            assert_eq!(amount.describe(currency), text);
            assert_eq!(amount.round_up(currency), Money { minor, currency });
        }
        assert_eq!(Nanos::new(u64::MAX).plus(Nanos::new(1)), Nanos::new(u64::MAX));
        assert_eq!(Nanos::new(3).times(4), Nanos::new(12));
        assert_eq!(Nanos::new(3).minus(Nanos::new(4)), Nanos::ZERO);
    }

    #[test]
    fn meters_count_millionths_rounded_up() {
        for (billionths, millionths) in [(0, 0), (1, 1), (1_000, 1), (1_001, 2)] {
            assert_eq!(Nanos::new(billionths).count_millionths(), millionths, "{billionths}");
        }
        let cents = Money { minor: 50, currency: Currency::usd() };
        assert_eq!(Nanos::from_money(cents).count_millionths(), 500_000);
        assert_eq!(Nanos::from_millionths(500_000), Nanos::from_money(cents));
        assert_eq!(Nanos::from_millionths(42).tell(Currency::usd()), "0.000042 USD");
        assert_eq!(Nanos::from_money(Money { minor: -1, ..cents }), Nanos::ZERO);
    }
}
