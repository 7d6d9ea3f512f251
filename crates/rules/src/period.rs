//! Billing periods: calendar months in UTC.
//!
//! Invariant: periods touch without a gap and without an overlap.

use gantry_types::Timestamp;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// One billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment of the next one.
    pub end: Timestamp,
}

impl Period {
    /// The calendar month in UTC that `time` lies in.
    #[must_use]
    pub fn containing(time: Timestamp) -> Self {
        let days = time.as_micros().div_euclid(MICROS_PER_DAY);
        let (year, month) = month_of(days);
        let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        Self { start: first_of(year, month), end: first_of(next_year, next_month) }
    }
}

fn first_of(year: i64, month: i64) -> Timestamp {
    Timestamp::from_micros(days_before(year, month) * MICROS_PER_DAY)
}

/// Days from 1970-01-01 to the first of a month in the proleptic Gregorian calendar, counted in
/// years that begin in March so that the leap day comes last.
fn days_before(year: i64, month: i64) -> i64 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let shifted_month = (month + 9) % 12;
    let leap_days =
        shifted_year.div_euclid(4) - shifted_year.div_euclid(100) + shifted_year.div_euclid(400);
    let days_of_months = (153 * shifted_month + 2) / 5;
    365 * shifted_year + leap_days + days_of_months - DAYS_TO_1970
}

/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_1970: i64 = 719_468;

fn month_of(days: i64) -> (i64, i64) {
    // The mean year is 365.2425 days; the estimate is off by one year at most.
    let mut year = 1970 + days * 10_000 / 3_652_425;
    while days_before(year + 1, 1) <= days {
        year += 1;
    }
    while days_before(year, 1) > days {
        year -= 1;
    }
    let month = (1..=12).rev().find(|month| days_before(year, *month) <= days).unwrap_or(1);
    (year, month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> (String, String) {
        let period = Period::containing(text.parse().unwrap());
        (period.start.to_string(), period.end.to_string())
    }

    #[test]
    fn months_follow_the_calendar() {
        for (time, start, end) in [
            ("2026-11-21T07:48:40Z", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
            ("2026-12-31T23:59:59.999999Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1970-02-01T00:00:00Z"),
            ("1969-12-31T23:59:59Z", "1969-12-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("2100-02-28T00:00:00Z", "2100-02-01T00:00:00Z", "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(period(time), (start.to_owned(), end.to_owned()), "{time}");
        }
    }

    #[test]
    fn periods_touch() {
        let mut period = Period::containing("1999-01-15T00:00:00Z".parse().unwrap());
        for _ in 0..1_200 {
            let next = Period::containing(period.end);
            assert_eq!(next.start, period.end);
            period = next;
        }
    }
}
