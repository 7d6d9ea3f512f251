//! The periods in which quotas count: calendar months and days in UTC.

use gantry_types::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A calendar month: the start belongs to it, the end to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// When it began.
    pub start: Timestamp,
    /// When the next one begins.
    pub end: Timestamp,
}

/// The period that contains `now`. Times beyond the calendar's range (years −9999 to 9999) lie
/// in one endless period.
#[must_use]
pub fn derive_period(now: Timestamp) -> Period {
    find_month(now).unwrap_or(Period {
        start: Timestamp::from_micros(i64::MIN),
        end: Timestamp::from_micros(i64::MAX),
    })
}

/// The day in UTC that contains `now`.
#[must_use]
pub fn derive_day(now: Timestamp) -> Period {
    const DAY: i64 = 24 * 3_600 * 1_000_000;
    let start = now.as_micros().div_euclid(DAY).saturating_mul(DAY);
    Period {
        start: Timestamp::from_micros(start),
        end: Timestamp::from_micros(start.saturating_add(DAY)),
    }
}

/// The hour in UTC that contains `now`.
#[must_use]
pub fn derive_hour(now: Timestamp) -> Period {
    const HOUR: i64 = 3_600 * 1_000_000;
    let start = now.as_micros().div_euclid(HOUR).saturating_mul(HOUR);
    Period {
        start: Timestamp::from_micros(start),
        end: Timestamp::from_micros(start.saturating_add(HOUR)),
    }
}

fn find_month(now: Timestamp) -> Option<Period> {
    let instant = jiff::Timestamp::from_microsecond(now.as_micros()).ok()?;
    let first = TimeZone::UTC.to_datetime(instant).date().first_of_month();
    let next = first.checked_add(jiff::Span::new().months(1)).ok()?;
    Some(Period {
        start: derive_micros(first.to_datetime(jiff::civil::Time::midnight()))?,
        end: derive_micros(next.to_datetime(jiff::civil::Time::midnight()))?,
    })
}

fn derive_micros(time: DateTime) -> Option<Timestamp> {
    let instant = TimeZone::UTC.to_timestamp(time).ok()?;
    Some(Timestamp::from_micros(instant.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period_of(text: &str) -> (String, String) {
        let period = derive_period(text.parse().unwrap());
        (period.start.to_string(), period.end.to_string())
    }

    #[test]
    fn a_month_contains_its_first_instant_and_not_the_next_months() {
        let february = ("2028-02-01T00:00:00Z".to_owned(), "2028-03-01T00:00:00Z".to_owned());
        assert_eq!(period_of("2028-02-01T00:00:00Z"), february);
        assert_eq!(period_of("2028-02-29T23:59:59.999999Z"), february);
        assert_eq!(period_of("2028-12-31T12:00:00Z").1, "2029-01-01T00:00:00Z");
    }
    #[test]
    fn a_day_begins_at_midnight() {
        let day = derive_day("2028-02-29T23:59:59Z".parse().unwrap());
        assert_eq!(day.start.to_string(), "2028-02-29T00:00:00Z");
        assert_eq!(day.end.to_string(), "2028-03-01T00:00:00Z");
    }
    #[test]
    fn an_hour_begins_at_its_first_instant() {
        let hour = derive_hour("2028-02-29T23:00:00Z".parse().unwrap());
        assert_eq!(hour.start.to_string(), "2028-02-29T23:00:00Z");
        assert_eq!(hour.end.to_string(), "2028-03-01T00:00:00Z");
    }
}
