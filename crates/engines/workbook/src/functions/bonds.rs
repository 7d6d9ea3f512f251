//! Bonds and bills: coupons, prices, yields and interest.

use super::date::days_360;
use super::date_count::{day, thirty_360, year_share};
use super::{Function, eager, require};
use crate::dates::{Date, OFFSET_1904, add_months, days_in_month, find_date, serial};
use crate::eval::{Eval, Operand, Outcome};
use crate::value::ErrorKind;

pub(super) const TABLE: &[Function] = &[
    eager("COUPDAYBS", (3, 4), "n", |e, a| coupons(e, a, |c| c.days_from_last())),
    eager("COUPDAYS", (3, 4), "n", |e, a| coupons(e, a, |c| c.period_days())),
    eager("COUPDAYSNC", (3, 4), "n", |e, a| coupons(e, a, |c| c.days_to_next())),
    eager("COUPNUM", (3, 4), "n", |e, a| coupons(e, a, |c| c.count())),
    eager("COUPNCD", (3, 4), "n", |e, a| coupons(e, a, |c| c.next - c.shift)),
    eager("COUPPCD", (3, 4), "n", |e, a| coupons(e, a, |c| c.last - c.shift)),
    eager("PRICE", (6, 7), "n", |e, a| {
        let bond = Coupons::of(e, a, (5, 6))?;
        let (rate, yld, redemption) = (e.number(a, 2)?, e.number(a, 3)?, e.number(a, 4)?);
        require(rate >= 0.0 && yld >= 0.0 && redemption > 0.0)?;
        Ok(bond.price(rate, yld, redemption).into())
    }),
    eager("YIELD", (6, 7), "n", |e, a| {
        let bond = Coupons::of(e, a, (5, 6))?;
        let (rate, price, redemption) = (e.number(a, 2)?, e.number(a, 3)?, e.number(a, 4)?);
        require(rate >= 0.0 && price > 0.0 && redemption > 0.0)?;
        let found = super::financial::find_root(
            |y| bond.price(rate, y, redemption) - price,
            rate.max(0.01),
        );
        found.map(Operand::from).ok_or(ErrorKind::Num)
    }),
    eager("DURATION", (5, 6), "n", |e, a| Ok(duration(e, a)?.0.into())),
    eager("MDURATION", (5, 6), "n", |e, a| {
        let (d, period_yield) = duration(e, a)?;
        Ok((d / (1.0 + period_yield)).into())
    }),
    eager("ACCRINT", (6, 8), "s", accrint),
    eager("ACCRINTM", (4, 5), "n", |e, a| {
        let (issue, settlement) = (day(e, a, 0)?, day(e, a, 1)?);
        let (rate, par) = (e.number(a, 2)?, e.number_or(a, 3, 1000.0)?);
        require(rate > 0.0 && par > 0.0 && issue < settlement)?;
        Ok((par * rate * year_share(issue, settlement, e.integer_or(a, 4, 0)?)?).into())
    }),
    eager("DISC", (4, 5), "n", |e, a| {
        let (t, price, redemption) = simple(e, a)?;
        Ok(((redemption - price) / redemption / t).into())
    }),
    eager("INTRATE", (4, 5), "n", |e, a| {
        let (t, investment, redemption) = simple(e, a)?;
        Ok(((redemption - investment) / investment / t).into())
    }),
    eager("YIELDDISC", (4, 5), "n", |e, a| {
        let (t, price, redemption) = simple(e, a)?;
        Ok(((redemption - price) / price / t).into())
    }),
    eager("RECEIVED", (4, 5), "n", |e, a| {
        let (t, investment, discount) = simple(e, a)?;
        require(discount * t < 1.0)?;
        Ok((investment / (1.0 - discount * t)).into())
    }),
    eager("PRICEDISC", (4, 5), "n", |e, a| {
        let (t, discount, redemption) = simple(e, a)?;
        Ok((redemption - discount * redemption * t).into())
    }),
    eager("PRICEMAT", (5, 6), "n", |e, a| {
        let (issued, held, left, rate) = at_maturity(e, a)?;
        let yld = e.number(a, 4)?;
        require(rate >= 0.0 && yld >= 0.0)?;
        Ok(((100.0 + (issued + held) * rate * 100.0) / (1.0 + left * yld) - issued * rate * 100.0)
            .into())
    }),
    eager("YIELDMAT", (5, 6), "n", |e, a| {
        let (issued, held, left, rate) = at_maturity(e, a)?;
        let price = e.number(a, 4)?;
        require(rate >= 0.0 && price > 0.0)?;
        let paid = price / 100.0 + issued * rate;
        Ok(((1.0 + (issued + held) * rate - paid) / paid / left).into())
    }),
    eager("TBILLPRICE", (3, 3), "n", |e, a| {
        let (days, discount) = bill(e, a)?;
        let price = 100.0 * (1.0 - discount * days / 360.0);
        require(price > 0.0)?;
        Ok(price.into())
    }),
    eager("TBILLYIELD", (3, 3), "n", |e, a| {
        let (days, price) = bill(e, a)?;
        Ok(((100.0 - price) / price * 360.0 / days).into())
    }),
    eager("TBILLEQ", (3, 3), "n", |e, a| {
        let (days, discount) = bill(e, a)?;
        require(360.0 - discount * days > 0.0)?;
        if days <= 182.0 {
            return Ok((365.0 * discount / (360.0 - discount * days)).into());
        }
        let price = 1.0 - discount * days / 360.0;
        let t = days / if days == 366.0 { 366.0 } else { 365.0 };
        let root = (t * t - (2.0 * t - 1.0) * (1.0 - 1.0 / price)).sqrt();
        Ok((2.0 * (root - t) / (2.0 * t - 1.0)).into())
    }),
];

/// The coupon dates around a settlement.
struct Coupons {
    settlement: f64,
    maturity: f64,
    last: f64,
    next: f64,
    frequency: f64,
    basis: i64,
    shift: f64,
}

impl Coupons {
    fn of(e: &mut Eval<'_, '_>, a: &[Operand], at: (usize, usize)) -> Result<Self, ErrorKind> {
        let (settlement, maturity) = (day(e, a, 0)?, day(e, a, 1)?);
        let (frequency, basis) = (e.integer_or(a, at.0, 1)?, e.integer_or(a, at.1, 0)?);
        require(
            settlement < maturity && [1, 2, 4].contains(&frequency) && (0..=4).contains(&basis),
        )?;
        let end = find_date(maturity).ok_or(ErrorKind::Num)?;
        let months = 12 / frequency;
        let mut k = 0;
        while coupon(end, -(k + 1) * months) > settlement {
            k += 1;
        }
        let shift = if e.model.book.date1904 { OFFSET_1904 } else { 0.0 };
        Ok(Self {
            settlement,
            maturity,
            last: coupon(end, -(k + 1) * months),
            next: coupon(end, -k * months),
            frequency: frequency as f64,
            basis,
            shift,
        })
    }

    fn between(&self, from: f64, to: f64) -> f64 {
        let (Some(a), Some(b)) = (find_date(from), find_date(to)) else { return 0.0 };
        match self.basis {
            0 => thirty_360(a, b),
            4 => days_360(a, b, true),
            _ => to - from,
        }
    }

    fn days_from_last(&self) -> f64 {
        self.between(self.last, self.settlement)
    }

    fn period_days(&self) -> f64 {
        match self.basis {
            1 => self.next - self.last,
            3 => 365.0 / self.frequency,
            _ => 360.0 / self.frequency,
        }
    }

    fn days_to_next(&self) -> f64 {
        match self.basis {
            0 | 4 => self.period_days() - self.days_from_last(),
            _ => self.next - self.settlement,
        }
    }

    fn count(&self) -> f64 {
        let (Some(a), Some(b)) = (find_date(self.next), find_date(self.maturity)) else {
            return 0.0;
        };
        let months = (b.year - a.year) * 12 + b.month - a.month;
        (months as f64 * self.frequency / 12.0).round() + 1.0
    }

    fn price(&self, rate: f64, yld: f64, redemption: f64) -> f64 {
        let (e, a, n) = (self.period_days(), self.days_from_last(), self.count());
        let share = 1.0 - a / e;
        let coupon = 100.0 * rate / self.frequency;
        if n == 1.0 {
            let paid = redemption + coupon;
            return paid / (1.0 + share * yld / self.frequency) - coupon * a / e;
        }
        let factor = 1.0 + yld / self.frequency;
        let mut price = redemption / factor.powf(n - 1.0 + share);
        for k in 0..n as u64 {
            price += coupon / factor.powf(k as f64 + share);
        }
        price - coupon * a / e
    }
}

/// A coupon date some months from maturity; the last day of a month stays one.
pub(super) fn coupon(end: Date, months: i64) -> f64 {
    let date = add_months(end, months);
    if end.day != days_in_month(end.year, end.month) {
        return date;
    }
    find_date(date).map_or(date, |d| serial(d.year, d.month, days_in_month(d.year, d.month)))
}

fn coupons(e: &mut Eval<'_, '_>, a: &[Operand], f: fn(&Coupons) -> f64) -> Outcome {
    Ok(f(&Coupons::of(e, a, (2, 3))?).into())
}

/// Macaulay's duration in years, and the yield of a period.
fn duration(e: &mut Eval<'_, '_>, a: &[Operand]) -> Result<(f64, f64), ErrorKind> {
    let bond = Coupons::of(e, a, (4, 5))?;
    let (rate, yld) = (e.number(a, 2)?, e.number(a, 3)?);
    require(rate >= 0.0 && yld >= 0.0)?;
    let share = bond.days_to_next() / bond.period_days();
    let period_yield = yld / bond.frequency;
    let coupon = 100.0 * rate / bond.frequency;
    let n = bond.count() as u64;
    let (mut value, mut weighted) = (0.0, 0.0);
    for k in 0..n {
        let t = k as f64 + share;
        let flow = coupon + if k + 1 == n { 100.0 } else { 0.0 };
        let present = flow / (1.0 + period_yield).powf(t);
        value += present;
        weighted += present * t;
    }
    Ok((weighted / value / bond.frequency, period_yield))
}

/// Interest since the issue. Until the first interest it is found as Excel finds it: from the issue
/// to the coupon date before the first interest, and from there on, or back, to the settlement, in
/// parts of the period that ends with the first interest. Without interest from the issue, the
/// whole periods before that date do not count.
fn accrint(e: &mut Eval<'_, '_>, a: &[Operand]) -> Outcome {
    let (issue, first, settlement) = (day(e, a, 0)?, day(e, a, 1)?, day(e, a, 2)?);
    let (rate, par) = (e.number(a, 3)?, e.number_or(a, 4, 1000.0)?);
    let (frequency, basis) = (e.integer_or(a, 5, 1)?, e.integer_or(a, 6, 0)?);
    let from_issue = e.bool_or(a, 7, true)?;
    require(rate > 0.0 && par > 0.0 && [1, 2, 4].contains(&frequency) && (0..=4).contains(&basis))?;
    require(issue < settlement)?;
    let schedule = Schedule { first: find_date(first).ok_or(ErrorKind::Num)?, frequency, basis };
    let periods = if settlement > first {
        schedule.since(if from_issue { issue } else { first }, settlement)
    } else {
        schedule.until_first(issue, settlement, from_issue)
    };
    Ok((par * rate / frequency as f64 * periods).into())
}

/// Coupon dates that are counted from the first interest.
struct Schedule {
    first: Date,
    frequency: i64,
    basis: i64,
}

impl Schedule {
    /// The period that ends with the coupon date so many periods after the first interest.
    fn period(&self, k: i64) -> Coupons {
        let months = 12 / self.frequency;
        let (last, next) = (coupon(self.first, (k - 1) * months), coupon(self.first, k * months));
        Coupons {
            settlement: next,
            maturity: next,
            last,
            next,
            frequency: self.frequency as f64,
            basis: self.basis,
            shift: 0.0,
        }
    }

    /// The period into which a date falls, its end not among it, and its number.
    fn period_of(&self, date: f64) -> (i64, Coupons) {
        let mut k = 0;
        while self.period(k).next <= date {
            k += 1;
        }
        while self.period(k).last > date {
            k -= 1;
        }
        (k, self.period(k))
    }

    /// Periods between two dates, period by period.
    fn since(&self, from: f64, to: f64) -> f64 {
        let (mut k, mut total) = (self.period_of(from).0, 0.0);
        loop {
            let period = self.period(k);
            let (low, high) = (from.max(period.last), to.min(period.next));
            total += if low == period.last && high == period.next {
                1.0
            } else {
                period.between(low, high) / period.period_days()
            };
            if period.next >= to {
                return total;
            }
            k += 1;
        }
    }

    /// Periods from the issue to a settlement that is not after the first interest.
    fn until_first(&self, issue: f64, settlement: f64, from_issue: bool) -> f64 {
        let end = self.period(0);
        let length = end.period_days();
        if issue >= end.last {
            return end.between(issue, settlement) / length;
        }
        let (k, begin) = self.period_of(issue);
        let part = if issue == begin.last {
            1.0
        } else {
            begin.between(issue, begin.next) / begin.period_days()
        };
        let whole = if from_issue { -1 - k } else { 0 };
        part + whole as f64 + self.beyond(settlement, &end) / length
    }

    /// Days from the beginning of the last period to a settlement, below zero for one before it.
    fn beyond(&self, settlement: f64, end: &Coupons) -> f64 {
        if settlement >= end.last {
            return end.between(end.last, settlement);
        }
        match self.basis {
            0 | 4 => {
                let (k, period) = self.period_of(settlement);
                period.between(period.last, settlement) + k as f64 * period.period_days()
            }
            _ => settlement - end.last,
        }
    }
}

/// Share of a year to maturity, and the two numbers of the simple securities.
fn simple(e: &mut Eval<'_, '_>, a: &[Operand]) -> Result<(f64, f64, f64), ErrorKind> {
    let (settlement, maturity) = (day(e, a, 0)?, day(e, a, 1)?);
    let (x, y) = (e.number(a, 2)?, e.number(a, 3)?);
    require(settlement < maturity && x > 0.0 && y > 0.0)?;
    Ok((year_share(settlement, maturity, e.integer_or(a, 4, 0)?)?, x, y))
}

/// Shares of a year from issue to settlement, issue to maturity less that, and to maturity.
fn at_maturity(e: &mut Eval<'_, '_>, a: &[Operand]) -> Result<(f64, f64, f64, f64), ErrorKind> {
    let (settlement, maturity, issue) = (day(e, a, 0)?, day(e, a, 1)?, day(e, a, 2)?);
    let basis = e.integer_or(a, 5, 0)?;
    require(issue <= settlement && settlement < maturity)?;
    let issued = year_share(issue, settlement, basis)?;
    let left = year_share(settlement, maturity, basis)?;
    let whole = year_share(issue, maturity, basis)?;
    Ok((issued, whole - issued, left, e.number(a, 3)?))
}

/// Days to maturity of at most a year, and the third number.
fn bill(e: &mut Eval<'_, '_>, a: &[Operand]) -> Result<(f64, f64), ErrorKind> {
    let (settlement, maturity) = (day(e, a, 0)?, day(e, a, 1)?);
    let x = e.number(a, 2)?;
    let end = find_date(settlement).ok_or(ErrorKind::Num)?;
    require(settlement < maturity && maturity <= add_months(end, 12) && x > 0.0)?;
    Ok((maturity - settlement, x))
}
