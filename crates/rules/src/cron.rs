//! When a schedule's runs are due: cron expressions of five fields on the clocks of a zone.
//!
//! Rules: a day that a month lacks is skipped; a local time that a change of the clocks leaves
//! out runs at the first moment after the gap; one that comes twice runs the first time; of runs
//! that were missed one is made up for, late.

use std::fmt;
use std::str::FromStr;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use gantry_types::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::zone::Zone;

/// Local times that may lie before the moment asked for because the clocks went back: every
/// minute of a day.
const MOST_STEPS: u32 = 1_440;
const LONGEST_TEXT: usize = 100;

/// The text is not a cron expression that ever comes due.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a schedule: {reason}")]
pub struct InvalidCron {
    /// The text that was given.
    pub text: String,
    /// What is wrong and what is expected.
    pub reason: String,
}

/// A cron expression: minute, hour, day of the month, month, day of the week.
#[derive(Clone)]
pub struct CronExpression {
    text: String,
    pattern: Box<Cron>,
}

impl CronExpression {
    /// The first time after `after` at which it is due on the clocks of `zone`; `None` when there
    /// is none in this calendar.
    #[must_use]
    pub fn find_next(&self, zone: &Zone, after: Timestamp) -> Option<Timestamp> {
        let after = jiff::Timestamp::from_microsecond(after.as_micros()).ok()?;
        let mut wall = zone.rules().to_datetime(after);
        for _ in 0..MOST_STEPS {
            wall = self.find_next_wall(wall)?;
            let due = derive_moment(zone.rules(), wall)?;
            if due > after {
                return Some(Timestamp::from_micros(due.as_microsecond()));
            }
        }
        None
    }

    /// The next time on a clock that never changes.
    fn find_next_wall(&self, wall: DateTime) -> Option<DateTime> {
        let steady = wall.to_zoned(TimeZone::UTC).ok()?;
        let next = self.pattern.find_next_occurrence(&steady, false).ok()?;
        Some(next.datetime())
    }
}

/// The moment at which a local time comes: the first of two, or the end of the gap that it is in.
fn derive_moment(rules: &TimeZone, wall: DateTime) -> Option<jiff::Timestamp> {
    match rules.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(wall).ok()
        }
        AmbiguousOffset::Gap { after, .. } => {
            // Read with the later offset, the local time lies just before the clocks change.
            let before_change = after.to_timestamp(wall).ok()?;
            rules.following(before_change).next().map(|change| change.timestamp())
        }
    }
}

impl FromStr for CronExpression {
    type Err = InvalidCron;

    fn from_str(text: &str) -> Result<Self, InvalidCron> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let refuse = |reason: String| InvalidCron {
            text: text.chars().take(LONGEST_TEXT).collect(),
            reason,
        };
        if text.len() > LONGEST_TEXT {
            return Err(refuse(format!("it has more than {LONGEST_TEXT} characters")));
        }
        let fields = text.split(' ').filter(|field| !field.is_empty()).count();
        if fields != 5 && !text.starts_with('@') {
            return Err(refuse(format!(
                "it has {fields} fields; expected five: minute, hour, day of the month, month, \
                 day of the week, such as `30 6 * * 1`; there are no seconds"
            )));
        }
        let parser =
            CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let pattern = parser.parse(&text).map_err(|error| refuse(error.to_string()))?;
        let expression = Self { text: text.clone(), pattern: Box::new(pattern) };
        match expression.find_next(&Zone::utc(), Timestamp::from_micros(0)) {
            Some(_) => Ok(expression),
            None => Err(refuse("no day fits it, so that it would never run".to_owned())),
        }
    }
}

impl PartialEq for CronExpression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for CronExpression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CronExpression({:?})", self.text)
    }
}

impl fmt::Display for CronExpression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for CronExpression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for CronExpression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(cron: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let cron: CronExpression = cron.parse().unwrap();
        let zone: Zone = zone.parse().unwrap();
        let mut at: Timestamp = after.parse().unwrap();
        let mut found = Vec::new();
        while found.len() < count {
            at = cron.find_next(&zone, at).unwrap();
            found.push(at.to_string());
        }
        found
    }

    #[test]
    fn a_day_that_a_month_lacks_is_skipped() {
        let found = runs("0 9 31 * *", "UTC", "2026-01-31T10:00:00Z", 3);
        assert_eq!(found, ["2026-03-31T09:00:00Z", "2026-05-31T09:00:00Z", "2026-07-31T09:00:00Z"]);
        let leap = runs("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", 1);
        assert_eq!(leap, ["2028-02-29T00:00:00Z"]);
    }

    #[test]
    fn a_time_that_the_clocks_leave_out_runs_after_the_gap() {
        // On 29 March 2026 the clocks of Oslo go from 02:00 to 03:00, which is 01:00 UTC.
        let found = runs("30 2 * * *", "Europe/Oslo", "2026-03-28T00:00:00Z", 3);
        assert_eq!(found, ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
        let often = runs("*/20 2 * * *", "Europe/Oslo", "2026-03-28T02:00:00Z", 2);
        assert_eq!(often, ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]);
        // Lord Howe Island's clocks go on by half an hour.
        let half = runs("10 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", 1);
        assert_eq!(half, ["2026-10-03T15:30:00Z"]);
        // Samoa left out the whole of 30 December 2011.
        let day = runs("0 12 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00Z", 1);
        assert_eq!(day, ["2011-12-30T10:00:00Z"]);
    }

    #[test]
    fn a_time_that_comes_twice_runs_the_first_time() {
        // On 25 October 2026 the clocks of Oslo go from 03:00 back to 02:00, which is 01:00 UTC.
        let found = runs("30 2 * * *", "Europe/Oslo", "2026-10-24T12:00:00Z", 2);
        assert_eq!(found, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
        let minutes = runs("* * * * *", "Europe/Oslo", "2026-10-25T00:58:00Z", 2);
        assert_eq!(minutes, ["2026-10-25T00:59:00Z", "2026-10-25T02:00:00Z"]);
    }

    #[test]
    fn the_zone_is_that_of_the_clocks() {
        let found = runs("0 9 * * 1-5", "America/New_York", "2026-07-03T14:00:00Z", 1);
        assert_eq!(found, ["2026-07-06T13:00:00Z"]);
        assert_eq!("europe/oslo".parse::<Zone>().unwrap().as_str(), "Europe/Oslo");
        assert!("Mars/Base".parse::<Zone>().is_err());
    }

    #[test]
    fn what_never_runs_or_counts_seconds_is_refused() {
        for wrong in ["", "* * * *", "0 0 30 2 *", "* * * * * *", "61 * * * *", "0 0 * * * 2027"] {
            let refused = wrong.parse::<CronExpression>().unwrap_err().to_string();
            assert!(refused.contains("is not a schedule"), "{refused}");
        }
        assert!("@daily".parse::<CronExpression>().is_ok());
        assert_eq!("  0  9 * * * ".parse::<CronExpression>().unwrap().to_string(), "0 9 * * *");
    }
}
