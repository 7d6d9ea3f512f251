//! Bonds whose first or last period is odd. Such a period is counted in quasi-coupon periods: the
//! regular periods that coupons would have there. A whole one counts as 1 in every day count.

use super::bonds::coupon;
use super::date::days_360;
use super::date_count::{day, thirty_360};
use super::financial::find_root;
use super::{Function, eager, require};
use crate::dates::find_date;
use crate::eval::{Eval, Operand};
use crate::value::ErrorKind;

/// More quasi-coupon periods than this are no bond.
const MOST_PERIODS: i64 = 4_000;

pub(super) const TABLE: &[Function] = &[
    eager("ODDFPRICE", (8, 9), "n", |e, a| {
        let (bond, yld) = (OddFirst::of(e, a)?, e.number(a, 5)?);
        require(yld >= 0.0)?;
        Ok(bond.price(yld).into())
    }),
    eager("ODDFYIELD", (8, 9), "n", |e, a| {
        let (bond, price) = (OddFirst::of(e, a)?, e.number(a, 5)?);
        require(price > 0.0)?;
        let found = find_root(|y| bond.price(y) - price, bond.rate.max(0.01));
        found.map(Operand::from).ok_or(ErrorKind::Num)
    }),
    eager("ODDLPRICE", (7, 8), "n", |e, a| {
        let (bond, yld) = (OddLast::of(e, a)?, e.number(a, 4)?);
        require(yld >= 0.0)?;
        let paid = bond.redemption + bond.coupon * bond.whole;
        Ok((paid / (1.0 + bond.left * yld / bond.frequency) - bond.coupon * bond.accrued).into())
    }),
    eager("ODDLYIELD", (7, 8), "n", |e, a| {
        let (bond, price) = (OddLast::of(e, a)?, e.number(a, 4)?);
        require(price > 0.0)?;
        let paid = bond.redemption + bond.coupon * bond.whole;
        let cost = price + bond.coupon * bond.accrued;
        Ok(((paid - cost) / cost * bond.frequency / bond.left).into())
    }),
];

/// How days are counted, and how long a coupon period is.
#[derive(Clone, Copy)]
struct Count {
    frequency: i64,
    basis: i64,
}

impl Count {
    fn of(e: &mut Eval<'_, '_>, a: &[Operand], at: usize) -> Result<Self, ErrorKind> {
        let (frequency, basis) = (e.integer_or(a, at, 1)?, e.integer_or(a, at + 1, 0)?);
        require([1, 2, 4].contains(&frequency) && (0..=4).contains(&basis))?;
        Ok(Self { frequency, basis })
    }

    fn days(self, from: f64, to: f64) -> f64 {
        match (self.basis, find_date(from), find_date(to)) {
            (0, Some(a), Some(b)) => thirty_360(a, b),
            (4, Some(a), Some(b)) => days_360(a, b, true),
            _ => to - from,
        }
    }

    /// Days between two dates within a quasi-coupon period, as a share of it.
    fn share(self, (start, end): (f64, f64), from: f64, to: f64) -> f64 {
        if from <= start && to >= end {
            return 1.0;
        }
        self.days(from.max(start), to.min(end)) / self.period((start, end))
    }

    /// Days that a quasi-coupon period counts for.
    fn period(self, (start, end): (f64, f64)) -> f64 {
        match self.basis {
            1 => end - start,
            3 => 365.0 / self.frequency as f64,
            _ => 360.0 / self.frequency as f64,
        }
    }

    /// Quasi-coupon periods from a settlement to the end of the last. In the settlement's own
    /// period Excel counts days even where they are all of it.
    fn after(self, periods: &[(f64, f64)], settlement: f64) -> f64 {
        let left = periods.iter().filter(|(_, end)| *end > settlement);
        left.map(|period| {
            if settlement < period.0 {
                1.0
            } else {
                self.days(settlement, period.1) / self.period(*period)
            }
        })
        .sum()
    }

    /// The quasi-coupon periods between two dates, with borders counted from `anchor`.
    fn periods(self, anchor: f64, (from, to): (f64, f64)) -> Result<Vec<(f64, f64)>, ErrorKind> {
        let date = find_date(anchor).ok_or(ErrorKind::Num)?;
        let border = |k: i64| coupon(date, k * 12 / self.frequency);
        let mut first = 0;
        while border(first) > from && first > -MOST_PERIODS {
            first -= 1;
        }
        let mut periods = Vec::new();
        let mut k = first;
        while border(k) < to && k - first < MOST_PERIODS {
            periods.push((border(k), border(k + 1)));
            k += 1;
        }
        Ok(periods)
    }

    /// Quasi-coupon periods between two dates, with shares of the first and the last.
    fn between(self, periods: &[(f64, f64)], from: f64, to: f64) -> f64 {
        let inside = periods.iter().filter(|(start, end)| *end > from && *start < to);
        inside.map(|period| self.share(*period, from, to)).sum()
    }
}

/// A bond whose first period is longer or shorter than the others.
struct OddFirst {
    rate: f64,
    redemption: f64,
    frequency: f64,
    /// Coupons after the first.
    count: f64,
    /// Periods from settlement to the first coupon, from issue to it, and from issue to settlement.
    to_first: f64,
    whole: f64,
    accrued: f64,
}

impl OddFirst {
    fn of(e: &mut Eval<'_, '_>, a: &[Operand]) -> Result<Self, ErrorKind> {
        let (settlement, maturity) = (day(e, a, 0)?, day(e, a, 1)?);
        let (issue, first) = (day(e, a, 2)?, day(e, a, 3)?);
        let (rate, redemption) = (e.number(a, 4)?, e.number(a, 6)?);
        let count = Count::of(e, a, 7)?;
        require(issue < settlement && settlement < first && first < maturity)?;
        require(rate >= 0.0 && redemption > 0.0)?;
        let odd = count.periods(first, (issue, first))?;
        Ok(Self {
            rate,
            redemption,
            frequency: count.frequency as f64,
            count: count.periods(maturity, (first, maturity))?.len() as f64,
            to_first: count.after(&odd, settlement),
            whole: count.between(&odd, issue, first),
            accrued: count.between(&odd, issue, settlement),
        })
    }

    fn price(&self, yld: f64) -> f64 {
        let coupon = 100.0 * self.rate / self.frequency;
        let factor = 1.0 + yld / self.frequency;
        let mut price = self.redemption / factor.powf(self.count + self.to_first);
        price += coupon * self.whole / factor.powf(self.to_first);
        for k in 1..=self.count as u64 {
            price += coupon / factor.powf(k as f64 + self.to_first);
        }
        price - coupon * self.accrued
    }
}

/// A bond whose last period is longer or shorter than the others, bought within it.
struct OddLast {
    redemption: f64,
    frequency: f64,
    coupon: f64,
    /// Periods from the last interest to maturity, from it to settlement, and from there to
    /// maturity.
    whole: f64,
    accrued: f64,
    left: f64,
}

impl OddLast {
    fn of(e: &mut Eval<'_, '_>, a: &[Operand]) -> Result<Self, ErrorKind> {
        let (settlement, maturity, last) = (day(e, a, 0)?, day(e, a, 1)?, day(e, a, 2)?);
        let (rate, redemption) = (e.number(a, 3)?, e.number(a, 5)?);
        let mut count = Count::of(e, a, 6)?;
        // Here Excel measures the actual length of each period in every count of actual days.
        count.basis = if count.basis == 2 || count.basis == 3 { 1 } else { count.basis };
        require(last < settlement && settlement < maturity && rate >= 0.0 && redemption > 0.0)?;
        let odd = count.periods(last, (last, maturity))?;
        let frequency = count.frequency as f64;
        Ok(Self {
            redemption,
            frequency,
            coupon: 100.0 * rate / frequency,
            whole: count.between(&odd, last, maturity),
            accrued: count.between(&odd, last, settlement),
            left: count.between(&odd, settlement, maturity),
        })
    }
}
