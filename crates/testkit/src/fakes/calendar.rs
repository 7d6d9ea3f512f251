//! How far apart the periods of a subscription are.

use jiff::ToSpan;

pub(super) const DAY: i64 = 86_400;

/// The second that is `months` after `anchor`, on the same day of the month or its last one.
pub(super) fn later(anchor: i64, months: i32) -> i64 {
    let fallback = anchor + i64::from(months) * 30 * DAY;
    let Ok(instant) = jiff::Timestamp::from_second(anchor) else { return fallback };
    let begun = instant.to_zoned(jiff::tz::TimeZone::UTC);
    begun.checked_add(months.months()).map_or(fallback, |end| end.timestamp().as_second())
}
