//! Working days, shares of years.

use super::date::days_360;
use super::{Function, eager, require};
use crate::coerce::to_number;
use crate::dates::{Date, MAX_SERIAL, OFFSET_1904, find_date, is_leap, serial, weekday};
use crate::eval::{Eval, Operand, Outcome};
use crate::value::{ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("NETWORKDAYS", (2, 3), "ssr", |e, a| {
        let rest = Rest::of(e, a.get(2), WEEKEND)?;
        net(e, a, &rest)
    }),
    eager("NETWORKDAYS.INTL", (2, 4), "sssr", |e, a| {
        let weekend = weekend(e, a.get(2))?;
        let rest = Rest::of(e, a.get(3), weekend)?;
        net(e, a, &rest)
    }),
    eager("WORKDAY", (2, 3), "ssr", |e, a| {
        let rest = Rest::of(e, a.get(2), WEEKEND)?;
        workday(e, a, &rest)
    }),
    eager("WORKDAY.INTL", (2, 4), "sssr", |e, a| {
        let weekend = weekend(e, a.get(2))?;
        let rest = Rest::of(e, a.get(3), weekend)?;
        workday(e, a, &rest)
    }),
    eager("YEARFRAC", (2, 3), "nnn", |e, a| {
        let (from, to) = (day(e, a, 0)?, day(e, a, 1)?);
        let basis = e.integer_or(a, 2, 0)?;
        Ok(year_share(from.min(to), from.max(to), basis)?.into())
    }),
];

/// Which days of the week are free, from Monday.
type Weekend = [bool; 7];

const WEEKEND: Weekend = [false, false, false, false, false, true, true];

struct Rest {
    weekend: Weekend,
    holidays: Vec<f64>,
}

impl Rest {
    fn of(
        e: &mut Eval<'_, '_>,
        arg: Option<&Operand>,
        weekend: Weekend,
    ) -> Result<Self, ErrorKind> {
        let mut holidays = Vec::new();
        if let Some(arg) = arg.filter(|a| !a.is_omitted()) {
            for value in e.array_of(arg)?.values() {
                if !value.is_empty() {
                    holidays.push(to_number(value)?.floor() + shift(e));
                }
            }
        }
        Ok(Self { weekend, holidays })
    }

    fn is_free(&self, day: f64) -> bool {
        let monday_based = (weekday(day) + 6) % 7;
        self.weekend[monday_based as usize] || self.holidays.contains(&day)
    }
}

fn shift(e: &Eval<'_, '_>) -> f64 {
    if e.model.book.date1904 { OFFSET_1904 } else { 0.0 }
}

pub(super) fn day(e: &mut Eval<'_, '_>, args: &[Operand], i: usize) -> Result<f64, ErrorKind> {
    let day = e.number(args, i)?.floor();
    require((0.0..=MAX_SERIAL).contains(&day))?;
    Ok(day + shift(e))
}

fn weekend(e: &mut Eval<'_, '_>, arg: Option<&Operand>) -> Result<Weekend, ErrorKind> {
    let Some(arg) = arg.filter(|a| !a.is_omitted()) else { return Ok(WEEKEND) };
    let value = e.single(arg);
    let mut free = [false; 7];
    if let Value::Text(mask) = &value {
        if mask.len() != 7 || !mask.bytes().all(|b| b == b'0' || b == b'1') {
            return Err(ErrorKind::Value);
        }
        mask.bytes().zip(&mut free).for_each(|(b, f)| *f = b == b'1');
        return Ok(free);
    }
    match to_number(&value)?.trunc() as i64 {
        n @ 1..=7 => {
            let first = (n as usize + 4) % 7;
            free[first] = true;
            free[(first + 1) % 7] = true;
        }
        n @ 11..=17 => free[(n as usize + 2) % 7] = true,
        _ => return Err(ErrorKind::Num),
    }
    Ok(free)
}

fn net(e: &mut Eval<'_, '_>, args: &[Operand], rest: &Rest) -> Outcome {
    let (from, to) = (day(e, args, 0)?, day(e, args, 1)?);
    let (low, high) = (from.min(to), from.max(to));
    let count = (low as i64..=high as i64).filter(|d| !rest.is_free(*d as f64)).count() as f64;
    Ok(if from <= to { count } else { -count }.into())
}

fn workday(e: &mut Eval<'_, '_>, args: &[Operand], rest: &Rest) -> Outcome {
    let mut at = day(e, args, 0)?;
    let n = e.number(args, 1)?.trunc();
    if rest.weekend.iter().all(|f| *f) {
        return Err(ErrorKind::Value);
    }
    let step = n.signum();
    let mut left = n.abs();
    while left > 0.0 {
        at += step;
        require((0.0..=MAX_SERIAL).contains(&at))?;
        if !rest.is_free(at) {
            left -= 1.0;
        }
    }
    Ok((at - shift(e)).into())
}

/// The share of a year between two days (1900 system, in order), by a basis from 0 to 4.
pub(super) fn year_share(from: f64, to: f64, basis: i64) -> Result<f64, ErrorKind> {
    let (a, b) = (find_date(from).ok_or(ErrorKind::Num)?, find_date(to).ok_or(ErrorKind::Num)?);
    Ok(match basis {
        0 => thirty_360(a, b) / 360.0,
        1 => (to - from) / mean_year(a, b),
        2 => (to - from) / 360.0,
        3 => (to - from) / 365.0,
        4 => days_360(a, b, true) / 360.0,
        _ => return Err(ErrorKind::Num),
    })
}

/// The American count of days as bonds use it: ends of February are days 30.
pub(super) fn thirty_360(a: Date, b: Date) -> f64 {
    let end_of_february = |d: Date| d.month == 2 && d.day == 28 + i64::from(is_leap(d.year));
    let (mut d1, mut d2) = (a.day, b.day);
    if end_of_february(a) && end_of_february(b) {
        d2 = 30;
    }
    if end_of_february(a) {
        d1 = 30;
    }
    if d2 == 31 && d1 >= 30 {
        d2 = 30;
    }
    d1 = d1.min(30);
    ((b.year - a.year) * 360 + (b.month - a.month) * 30 + d2 - d1) as f64
}

/// The length of a year for basis 1: of one year its own, of several their mean.
fn mean_year(a: Date, b: Date) -> f64 {
    let within_year =
        a.year == b.year || (b.year == a.year + 1 && (a.month, a.day) >= (b.month, b.day));
    if !within_year {
        let days = serial(b.year + 1, 1, 1) - serial(a.year, 1, 1);
        return days / (b.year - a.year + 1) as f64;
    }
    let leap_day_between = if a.year == b.year {
        is_leap(a.year)
    } else {
        (is_leap(a.year) && (a.month, a.day) <= (2, 29))
            || (is_leap(b.year) && (b.month, b.day) >= (2, 29))
    };
    if leap_day_between { 366.0 } else { 365.0 }
}
