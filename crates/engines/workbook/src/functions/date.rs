//! Dates and times of day.

use super::{Args, Function, eager, require, scalar, strict};
use crate::coerce::to_number;
use crate::dates::{
    Date, MAX_SERIAL, OFFSET_1904, add_months, days_in_month, find_date, serial, time_of_day,
    weekday,
};
use crate::value::{ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    scalar("DATE", (3, 3), |a| {
        let (mut year, month, day) =
            (a.number(0)?.trunc(), a.number(1)?.trunc(), a.number(2)?.trunc());
        let first = if a.date1904 { 1904.0 } else { 1900.0 };
        if (0.0..1900.0).contains(&year) {
            year += 1900.0;
        }
        require((first..10_000.0).contains(&year) && month.abs() < 1e6 && day.abs() < 1e7)?;
        // Months carry into years before days are counted.
        require(year + ((month - 1.0) / 12.0).floor() < 10_000.0)?;
        to_serial(a, serial(year as i64, month as i64, day as i64))
    }),
    scalar("YEAR", (1, 1), |a| Ok((date(a, 0)?.year as f64).into())),
    scalar("MONTH", (1, 1), |a| Ok((date(a, 0)?.month as f64).into())),
    scalar("DAY", (1, 1), |a| Ok((date(a, 0)?.day as f64).into())),
    scalar("HOUR", (1, 1), |a| Ok((time_of_day(rounded_second(a)?).0 as f64).into())),
    scalar("MINUTE", (1, 1), |a| Ok((time_of_day(rounded_second(a)?).1 as f64).into())),
    scalar("SECOND", (1, 1), |a| Ok(time_of_day(rounded_second(a)?).2.floor().into())),
    scalar("TIME", (3, 3), |a| {
        let (h, m, s) = (a.number(0)?.trunc(), a.number(1)?.trunc(), a.number(2)?.trunc());
        require([h, m, s].iter().all(|x| x.abs() <= 32_767.0))?;
        let seconds = h * 3600.0 + m * 60.0 + s;
        require(seconds >= 0.0)?;
        Ok((seconds % 86_400.0 / 86_400.0).into())
    }),
    strict("EDATE", (2, 2), |a| {
        let (d, n) = (date(a, 0)?, a.number(1)?.trunc());
        require(n.abs() < 120_000.0)?;
        to_serial(a, add_months(d, n as i64))
    }),
    strict("EOMONTH", (2, 2), |a| {
        let (d, n) = (date(a, 0)?, a.number(1)?.trunc());
        require(n.abs() < 120_000.0)?;
        let first = add_months(Date { day: 1, ..d }, n as i64);
        let month = find_date(first).ok_or(ErrorKind::Num)?;
        to_serial(a, first + days_in_month(month.year, month.month) as f64 - 1.0)
    }),
    scalar("WEEKDAY", (1, 2), |a| {
        let day = weekday(day_number(a, 0)?);
        let kind = a.integer_or(1, 1)?;
        let number = match kind {
            1 => day + 1,
            2 => (day + 6) % 7 + 1,
            3 => (day + 6) % 7,
            11..=17 => (day + 7 - (kind - 10) % 7) % 7 + 1,
            _ => return Err(ErrorKind::Num),
        };
        Ok((number as f64).into())
    }),
    strict("WEEKNUM", (1, 2), weeknum),
    scalar("ISOWEEKNUM", (1, 1), |a| Ok(iso_week(day_number(a, 0)?)?.into())),
    scalar("DAYS", (2, 2), |a| Ok((day_of(a, 0)? - day_of(a, 1)?).into())),
    scalar("DAYS360", (2, 3), |a| {
        let (from, to) = (date(a, 0)?, date(a, 1)?);
        Ok(days_360(from, to, a.bool_or(2, false)?).into())
    }),
    scalar("DATEDIF", (3, 3), datedif),
    eager("NOW", (0, 0), "s", |e, _| Ok(e.model.now.into())),
    eager("TODAY", (0, 0), "s", |e, _| Ok(e.model.now.floor().into())),
];

/// A serial of the 1900 system as the workbook counts.
pub(super) fn to_serial(a: &Args<'_>, serial: f64) -> Result<Value, ErrorKind> {
    let shifted = serial - if a.date1904 { OFFSET_1904 } else { 0.0 };
    require((0.0..=MAX_SERIAL).contains(&shifted))?;
    Ok(shifted.into())
}

/// An argument as a day of the 1900 system.
pub(super) fn day_number(a: &Args<'_>, i: usize) -> Result<f64, ErrorKind> {
    let day = a.number(i)?;
    require(day >= 0.0)?;
    Ok(day.floor() + if a.date1904 { OFFSET_1904 } else { 0.0 })
}

fn day_of(a: &Args<'_>, i: usize) -> Result<f64, ErrorKind> {
    let day = to_number(a.value(i))?;
    require((0.0..=MAX_SERIAL).contains(&day))?;
    Ok(day.floor())
}

pub(super) fn date(a: &Args<'_>, i: usize) -> Result<Date, ErrorKind> {
    find_date(day_number(a, i)?).ok_or(ErrorKind::Num)
}

fn rounded_second(a: &Args<'_>) -> Result<f64, ErrorKind> {
    let x = a.number(0)?;
    require((0.0..MAX_SERIAL + 1.0).contains(&x))?;
    Ok((x.fract() * 86_400.0).round() / 86_400.0)
}

fn weeknum(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let day = day_number(a, 0)?;
    let kind = a.integer_or(1, 1)?;
    let first_day = match kind {
        1 | 17 => 0,
        2 | 11 => 1,
        12..=16 => kind - 10,
        21 => return Ok(iso_week(day)?.into()),
        _ => return Err(ErrorKind::Num),
    };
    let d = find_date(day).ok_or(ErrorKind::Num)?;
    let start = serial(d.year, 1, 1);
    let offset = (weekday(start) - first_day).rem_euclid(7);
    let week = ((day - start) as i64 + offset) / 7 + 1;
    Ok((week as f64).into())
}

fn iso_week(day: f64) -> Result<f64, ErrorKind> {
    let monday_based = (weekday(day) + 6) % 7;
    let thursday = day - monday_based as f64 + 3.0;
    let year = find_date(thursday.max(0.0)).ok_or(ErrorKind::Num)?.year;
    let start = serial(year, 1, 1);
    Ok(((thursday - start) / 7.0).floor() + 1.0)
}

/// Days between dates in a year of twelve months of 30 days, the American way or the European.
pub(super) fn days_360(from: Date, to: Date, european: bool) -> f64 {
    let last = |d: Date| d.day == days_in_month(d.year, d.month);
    let (mut d1, mut d2) = (from.day, to.day);
    let (y2, m2) = (to.year, to.month);
    if european {
        d1 = d1.min(30);
        d2 = d2.min(30);
    } else {
        if last(from) {
            d1 = 30;
        }
        if d2 == 31 && d1 >= 30 {
            d2 = 30;
        }
    }
    ((y2 - from.year) * 360 + (m2 - from.month) * 30 + d2 - d1) as f64
}

fn datedif(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let (s1, s2) = (day_number(a, 0)?, day_number(a, 1)?);
    require(s1 <= s2)?;
    let (from, to) = (date(a, 0)?, date(a, 1)?);
    let early = to.day < from.day;
    let months = (to.year - from.year) * 12 + to.month - from.month - i64::from(early);
    Ok(match a.text(2)?.to_lowercase().as_str() {
        "d" => s2 - s1,
        "m" => months as f64,
        "y" => (months / 12) as f64,
        "ym" => (months % 12) as f64,
        "md" if !early => (to.day - from.day) as f64,
        "md" => {
            let before = add_months(Date { day: 1, ..to }, -1);
            let month = find_date(before).ok_or(ErrorKind::Num)?;
            (days_in_month(month.year, month.month) - from.day + to.day) as f64
        }
        "yd" => {
            let passed = (to.month, to.day) < (from.month, from.day);
            let year = to.year - i64::from(passed);
            s2 - serial(year, from.month, from.day)
        }
        _ => return Err(ErrorKind::Num),
    }
    .into())
}
