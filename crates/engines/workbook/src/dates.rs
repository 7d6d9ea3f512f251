//! Days as serial numbers. Day 1 is 1900-01-01 and day 60 the 29th of February 1900, which never
//! was: Excel counts it, and so do we. In the 1904 system day 0 is 1904-01-01.

/// Days between the two systems.
pub const OFFSET_1904: f64 = 1462.0;

/// Year, month and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Year.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: i64,
    /// Day of the month, from 1; 0 for serial 0.
    pub day: i64,
}

/// Days since 1970-01-01 of a proleptic Gregorian date.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

fn civil_from_days(days: i64) -> Date {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z - era * 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    Date { year, month, day: doy - (153 * mp + 2) / 5 + 1 }
}

/// Day 0 of Excel in days since 1970, for days after the day that never was.
const EPOCH: i64 = -25_569;

/// The last day that Excel knows: 9999-12-31.
pub const MAX_SERIAL: f64 = 2_958_465.0;

/// The serial (1900 system) of a date; months and days may run over.
#[must_use]
pub fn serial(year: i64, month: i64, day: i64) -> f64 {
    let months = year * 12 + month - 1;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let first = days_from_civil(year, month, 1) - EPOCH;
    let first = if first <= 60 { first - 1 } else { first };
    let total = first + day - 1;
    // The phantom day shifts what runs over it.
    total as f64
}

/// The date of a serial of the 1900 system; `#NUM!` is the caller's to give for others.
#[must_use]
pub fn find_date(serial: f64) -> Option<Date> {
    if !(0.0..MAX_SERIAL + 1.0).contains(&serial) {
        return None;
    }
    let day = serial.floor() as i64;
    Some(match day {
        0 => Date { year: 1900, month: 1, day: 0 },
        60 => Date { year: 1900, month: 2, day: 29 },
        1..60 => civil_from_days(day + EPOCH + 1),
        _ => civil_from_days(day + EPOCH),
    })
}

/// Whether a year has a 29th of February; 1900 has one here.
#[must_use]
pub fn is_leap(year: i64) -> bool {
    year == 1900 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
}

/// Days of a month.
#[must_use]
pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Day of the week of a serial: 0 is Sunday. Before March 1900 it is one off, as in Excel.
#[must_use]
pub fn weekday(serial: f64) -> i64 {
    (serial.floor() as i64 - 1).rem_euclid(7)
}

/// The serial of the same day some months later, or the month's last.
#[must_use]
pub fn add_months(date: Date, months: i64) -> f64 {
    let total = date.year * 12 + date.month - 1 + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    serial(year, month, date.day.min(days_in_month(year, month)))
}

/// Hour, minute and second (with its fraction) of a serial's time of day.
#[must_use]
pub fn time_of_day(serial: f64) -> (i64, i64, f64) {
    let seconds = (serial - serial.floor()) * 86_400.0;
    let seconds = (seconds * 1e6).round() / 1e6;
    let whole = seconds.floor() as i64 % 86_400;
    (whole / 3600, whole / 60 % 60, (whole % 60) as f64 + seconds.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_count_a_day_that_never_was() {
        assert_eq!(serial(1900, 1, 1), 1.0);
        assert_eq!(serial(1900, 2, 28), 59.0);
        assert_eq!(serial(1900, 3, 1), 61.0);
        assert_eq!(serial(2024, 2, 29), 45_351.0);
        assert_eq!(serial(2023, 14, 29), 45_351.0);
        assert_eq!(find_date(60.0), Some(Date { year: 1900, month: 2, day: 29 }));
        assert_eq!(find_date(61.0), Some(Date { year: 1900, month: 3, day: 1 }));
        assert_eq!(find_date(2_958_466.0), None);
        for day in 61..100_000 {
            let d = find_date(f64::from(day)).unwrap();
            assert_eq!(serial(d.year, d.month, d.day), f64::from(day));
        }
    }
}
