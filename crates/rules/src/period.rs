//! The periods in which quotas count: months, by the calendar or from an account's anchor, and
//! days; all in UTC.
//!
//! Invariant: the months of an anchor follow one another without a gap, and each is reckoned from
//! the anchor itself, so that a short month moves none of those after it.

use gantry_types::Timestamp;
use jiff::Span;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// When the months begin in which a plan's quotas count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaReset {
    /// On the first of each month.
    #[default]
    Calendar,
    /// On the day and at the time of day of the account's anchor.
    Billing,
}

impl QuotaReset {
    /// Every kind, with the word in editions and the API.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("calendar", Self::Calendar), ("billing", Self::Billing)];

    /// The word in editions and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Billing => "billing",
        }
    }
}

/// A span of time: the start belongs to it, the end to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// When it began.
    pub start: Timestamp,
    /// When the next one begins.
    pub end: Timestamp,
}

impl Period {
    /// What contains the times beyond the calendar's range (years −9999 to 9999).
    const ENDLESS: Self =
        Self { start: Timestamp::from_micros(i64::MIN), end: Timestamp::from_micros(i64::MAX) };
}

/// The calendar month that contains `now`. Times beyond the calendar's range lie in one endless
/// period.
#[must_use]
pub fn derive_period(now: Timestamp) -> Period {
    find_month(now).unwrap_or(Period::ENDLESS)
}

/// The month of an account that contains `now`: a calendar month, or one from its anchor's day and
/// time of day to the next; a month that has no such day has its last one instead.
#[must_use]
pub fn derive_month(reset: QuotaReset, anchor: Timestamp, now: Timestamp) -> Period {
    match reset {
        QuotaReset::Calendar => derive_period(now),
        QuotaReset::Billing => find_anchored(anchor, now).unwrap_or(Period::ENDLESS),
    }
}

/// The start of the earliest period in which an account's meters count at `now`: of its month, or
/// of the day, which may have begun before the month did.
#[must_use]
pub fn derive_since(reset: QuotaReset, anchor: Timestamp, now: Timestamp) -> Timestamp {
    derive_month(reset, anchor, now).start.min(derive_day(now).start)
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
    let first = find_datetime(now)?.date().first_of_month();
    let next = first.checked_add(Span::new().months(1)).ok()?;
    Some(Period {
        start: derive_micros(first.to_datetime(jiff::civil::Time::midnight()))?,
        end: derive_micros(next.to_datetime(jiff::civil::Time::midnight()))?,
    })
}

fn find_anchored(anchor: Timestamp, now: Timestamp) -> Option<Period> {
    let (first, present) = (find_datetime(anchor)?, find_datetime(now)?);
    let begin = |months: i64| first.checked_add(Span::new().try_months(months).ok()?).ok();
    let count = count_months(present) - count_months(first);
    let (before, after) = match begin(count)? {
        start if start > present => (begin(count - 1)?, start),
        start => (start, begin(count + 1)?),
    };
    Some(Period { start: derive_micros(before)?, end: derive_micros(after)? })
}

/// Months since the year 0.
fn count_months(time: DateTime) -> i64 {
    i64::from(time.year()) * 12 + i64::from(time.month())
}

fn find_datetime(time: Timestamp) -> Option<DateTime> {
    let instant = jiff::Timestamp::from_microsecond(time.as_micros()).ok()?;
    Some(TimeZone::UTC.to_datetime(instant))
}

fn derive_micros(time: DateTime) -> Option<Timestamp> {
    let instant = TimeZone::UTC.to_timestamp(time).ok()?;
    Some(Timestamp::from_micros(instant.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    fn month_of(anchor: &str, now: &str) -> (String, String) {
        let (anchor, now) = (anchor.parse().unwrap(), now.parse().unwrap());
        let month = derive_month(QuotaReset::Billing, anchor, now);
        (month.start.to_string(), month.end.to_string())
    }

    #[test]
    fn a_short_month_ends_on_its_last_day_and_moves_none_after_it() {
        let anchor = "2027-01-31T09:30:00Z";
        let months = [
            ("2027-01-31T09:30:00Z", "2027-02-28T09:30:00Z"),
            ("2027-02-28T09:30:00Z", "2027-03-31T09:30:00Z"),
            ("2027-03-31T09:30:00Z", "2027-04-30T09:30:00Z"),
            ("2027-12-31T09:30:00Z", "2028-01-31T09:30:00Z"),
            ("2028-01-31T09:30:00Z", "2028-02-29T09:30:00Z"),
            // Also before the anchor, which clocks that differ a little may ask for.
            ("2026-12-31T09:30:00Z", "2027-01-31T09:30:00Z"),
        ];
        for (start, end) in months {
            assert_eq!(month_of(anchor, start), (start.to_owned(), end.to_owned()));
        }
        let (start, end) = month_of(anchor, "2027-02-28T09:29:59.999999Z");
        assert_eq!((start.as_str(), end.as_str()), (anchor, "2027-02-28T09:30:00Z"));
        assert_eq!(month_of(anchor, "2027-03-30T00:00:00Z").1, "2027-03-31T09:30:00Z");
    }

    #[test]
    fn by_the_calendar_an_anchor_says_nothing() {
        let (anchor, now) = (Timestamp::from_micros(77), "2027-02-03T00:00:00Z".parse().unwrap());
        assert_eq!(derive_month(QuotaReset::Calendar, anchor, now), derive_period(now));
        assert_eq!(QuotaReset::default(), QuotaReset::Calendar);
    }

    #[test]
    fn a_day_may_have_begun_before_its_month() {
        let anchor: Timestamp = "2027-01-10T14:00:00Z".parse().unwrap();
        let since =
            |now: &str| derive_since(QuotaReset::Billing, anchor, now.parse().unwrap()).to_string();
        assert_eq!(since("2027-02-10T15:00:00Z"), "2027-02-10T00:00:00Z");
        assert_eq!(since("2027-02-11T15:00:00Z"), "2027-02-10T14:00:00Z");
    }

    proptest! {
        /// Whenever it is asked, a month contains the time and ends where the next one begins.
        #[test]
        fn months_follow_one_another(
            anchor in 0_i64..4_000_000_000_000_000,
            now in 0_i64..4_000_000_000_000_000,
        ) {
            let (anchor, now) = (Timestamp::from_micros(anchor), Timestamp::from_micros(now));
            let month = derive_month(QuotaReset::Billing, anchor, now);
            prop_assert!(month.start <= now && now < month.end);
            let next = derive_month(QuotaReset::Billing, anchor, month.end);
            prop_assert_eq!(next.start, month.end);
            let same = derive_month(QuotaReset::Billing, anchor, month.start);
            prop_assert_eq!(same, month);
        }
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
