//! Dates and times in the layouts that tables use, as microseconds since 1970 (UTC).
//!
//! Times without a zone are taken as UTC. Years of two digits mean 1970 to 2069.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::calendar::{date_from_days, days_from_date};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LONG_MONTHS: &str =
    "January February March April May June July August September October November December";

/// The order and separators of day, month and year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateLayout {
    /// `2024-03-31`, also `2024/03/31`
    #[default]
    Iso,
    /// `20240331`
    Compact,
    /// `31.03.2024`
    DayMonthDot,
    /// `31/03/2024`
    DayMonthSlash,
    /// `03/31/2024`
    MonthDaySlash,
    /// `31-03-2024`
    DayMonthDash,
    /// `03-31-2024`
    MonthDayDash,
    /// `31 Mar 2024`, also `31-Mar-2024` and `31 March 2024`
    DayMonthName,
    /// `Mar 31, 2024`
    MonthNameDay,
}

impl DateLayout {
    /// All layouts, in the order in which they are preferred when several fit.
    pub(crate) const ALL: [Self; 9] = [
        Self::Iso,
        Self::Compact,
        Self::DayMonthDot,
        Self::DayMonthSlash,
        Self::MonthDaySlash,
        Self::DayMonthDash,
        Self::MonthDayDash,
        Self::DayMonthName,
        Self::MonthNameDay,
    ];

    /// The layout that reads the same text with day and month exchanged.
    pub(crate) fn find_twin(self) -> Option<Self> {
        match self {
            Self::DayMonthSlash => Some(Self::MonthDaySlash),
            Self::MonthDaySlash => Some(Self::DayMonthSlash),
            Self::DayMonthDash => Some(Self::MonthDayDash),
            Self::MonthDayDash => Some(Self::DayMonthDash),
            Self::Iso
            | Self::Compact
            | Self::DayMonthDot
            | Self::DayMonthName
            | Self::MonthNameDay => None,
        }
    }
}

impl fmt::Display for DateLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iso => "year-month-day",
            Self::Compact => "yearmonthday",
            Self::DayMonthDot => "day.month.year",
            Self::DayMonthSlash => "day/month/year",
            Self::MonthDaySlash => "month/day/year",
            Self::DayMonthDash => "day-month-year",
            Self::MonthDayDash => "month-day-year",
            Self::DayMonthName => "day month-name year",
            Self::MonthNameDay => "month-name day, year",
        })
    }
}

/// How the dates of a column are spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateFormat {
    /// Order and separators.
    pub layout: DateLayout,
    /// Whether cells carry a time of day.
    #[serde(default)]
    pub time: bool,
    /// Whether cells carry a zone or offset (they are converted to UTC).
    #[serde(default)]
    pub zone: bool,
}

/// What one cell spells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedDate {
    /// Microseconds since 1970-01-01T00:00:00 UTC.
    pub micros: i64,
    /// Whether a time of day was given.
    pub time: bool,
    /// Whether a zone or offset was given.
    pub zone: bool,
}

/// The instant that `text` spells in this layout.
#[must_use]
pub fn parse_date(text: &str, layout: DateLayout) -> Option<ParsedDate> {
    if !(6..=48).contains(&text.len()) {
        return None;
    }
    let mut cursor = Cursor { bytes: text.as_bytes() };
    let (year, month, day) = cursor.date(layout)?;
    let days = days_from_date(year, month, day)?;
    let midnight = ParsedDate { micros: days * MICROS_PER_DAY, time: false, zone: false };
    if cursor.bytes.is_empty() {
        return Some(midnight);
    }
    if !cursor.eat(b'T') {
        cursor.eat(b',');
        if !cursor.eat(b' ') {
            return None;
        }
    }
    let micros = cursor.time_of_day()?;
    cursor.eat(b' ');
    let offset = cursor.offset()?;
    cursor.bytes.is_empty().then_some(ParsedDate {
        micros: midnight.micros + micros - offset.unwrap_or(0),
        time: true,
        zone: offset.is_some(),
    })
}

/// An instant in the spelling of its column.
#[must_use]
pub fn write_date(micros: i64, format: DateFormat) -> String {
    let (y, m, d) = date_from_days(micros.div_euclid(MICROS_PER_DAY));
    let month_name = MONTHS.get(m as usize - 1).copied().unwrap_or("Jan");
    let mut text = match format.layout {
        DateLayout::Iso => format!("{y:04}-{m:02}-{d:02}"),
        DateLayout::Compact => format!("{y:04}{m:02}{d:02}"),
        DateLayout::DayMonthDot => format!("{d:02}.{m:02}.{y:04}"),
        DateLayout::DayMonthSlash => format!("{d:02}/{m:02}/{y:04}"),
        DateLayout::MonthDaySlash => format!("{m:02}/{d:02}/{y:04}"),
        DateLayout::DayMonthDash => format!("{d:02}-{m:02}-{y:04}"),
        DateLayout::MonthDayDash => format!("{m:02}-{d:02}-{y:04}"),
        DateLayout::DayMonthName => format!("{d:02} {month_name} {y:04}"),
        DateLayout::MonthNameDay => format!("{month_name} {d}, {y:04}"),
    };
    if format.time {
        let in_day = micros.rem_euclid(MICROS_PER_DAY);
        let seconds = in_day / MICROS_PER_SECOND;
        text.push(if format.layout == DateLayout::Iso { 'T' } else { ' ' });
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        text.push_str(&format!("{hours:02}:{minutes:02}:{:02}", seconds % 60));
        let fraction = in_day % MICROS_PER_SECOND;
        if fraction != 0 {
            text.push_str(&format!(".{fraction:06}"));
        }
        if format.zone {
            text.push('Z');
        }
    }
    text
}

struct Cursor<'a> {
    bytes: &'a [u8],
}

impl Cursor<'_> {
    fn eat(&mut self, byte: u8) -> bool {
        match self.bytes.split_first() {
            Some((first, rest)) if *first == byte => {
                self.bytes = rest;
                true
            }
            _ => false,
        }
    }

    fn require(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    /// Between `min` and `max` digits, as a number.
    fn digits(&mut self, min: usize, max: usize) -> Option<u32> {
        let count = self.bytes.iter().take(max).take_while(|b| b.is_ascii_digit()).count();
        if count < min {
            return None;
        }
        let (digits, rest) = self.bytes.split_at(count);
        self.bytes = rest;
        Some(digits.iter().fold(0, |sum, b| sum * 10 + u32::from(b - b'0')))
    }

    /// Four digits, or two that mean 1970 to 2069.
    fn year(&mut self) -> Option<i64> {
        let before = self.bytes.len();
        let year = i64::from(self.digits(2, 4)?);
        match before - self.bytes.len() {
            4 => Some(year),
            2 => Some(if year < 70 { 2000 + year } else { 1900 + year }),
            _ => None,
        }
    }

    fn month_name(&mut self) -> Option<u32> {
        let length = self.bytes.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let (name, rest) = self.bytes.split_at(length);
        let index = MONTHS.iter().zip(LONG_MONTHS.split(' ')).position(|(short, long)| {
            name.eq_ignore_ascii_case(short.as_bytes())
                || name.eq_ignore_ascii_case(long.as_bytes())
        })?;
        self.bytes = rest;
        u32::try_from(index + 1).ok()
    }

    fn date(&mut self, layout: DateLayout) -> Option<(i64, u32, u32)> {
        match layout {
            DateLayout::Iso => {
                let year = i64::from(self.digits(4, 4)?);
                let separator = if self.eat(b'/') { b'/' } else { b'-' };
                if separator == b'-' {
                    self.require(b'-')?;
                }
                let month = self.digits(1, 2)?;
                self.require(separator)?;
                Some((year, month, self.digits(1, 2)?))
            }
            DateLayout::Compact => {
                let year = i64::from(self.digits(4, 4)?);
                let date = (year, self.digits(2, 2)?, self.digits(2, 2)?);
                // Eight digits are more often a number than a date outside these years.
                (1900..2100).contains(&year).then_some(date)
            }
            DateLayout::DayMonthDot => self.day_month_year(b'.'),
            DateLayout::DayMonthSlash => self.day_month_year(b'/'),
            DateLayout::DayMonthDash => self.day_month_year(b'-'),
            DateLayout::MonthDaySlash => self.day_month_year(b'/').map(|(y, d, m)| (y, m, d)),
            DateLayout::MonthDayDash => self.day_month_year(b'-').map(|(y, d, m)| (y, m, d)),
            DateLayout::DayMonthName => {
                let day = self.digits(1, 2)?;
                let separator = if self.eat(b'-') { b'-' } else { b' ' };
                if separator == b' ' {
                    self.require(b' ')?;
                }
                let month = self.month_name()?;
                self.require(separator)?;
                Some((self.year()?, month, day))
            }
            DateLayout::MonthNameDay => {
                let month = self.month_name()?;
                self.require(b' ')?;
                let day = self.digits(1, 2)?;
                self.eat(b',');
                self.require(b' ')?;
                Some((self.year()?, month, day))
            }
        }
    }

    /// Two numbers of one or two digits and a year.
    fn day_month_year(&mut self, separator: u8) -> Option<(i64, u32, u32)> {
        let first = self.digits(1, 2)?;
        self.require(separator)?;
        let second = self.digits(1, 2)?;
        self.require(separator)?;
        Some((self.year()?, second, first))
    }

    /// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.ffffff`, with AM or PM or without, in microseconds.
    fn time_of_day(&mut self) -> Option<i64> {
        let mut hours = i64::from(self.digits(1, 2)?);
        self.require(b':')?;
        let minutes = i64::from(self.digits(2, 2)?);
        let mut micros = 0;
        if self.eat(b':') {
            let seconds = i64::from(self.digits(2, 2)?);
            if seconds > 59 {
                return None;
            }
            micros = seconds * MICROS_PER_SECOND;
            if self.eat(b'.') || self.eat(b',') {
                micros += self.fraction()?;
            }
        }
        let trimmed = self.bytes.strip_prefix(b" ").unwrap_or(self.bytes);
        let half = trimmed.get(..2).map(<[u8]>::to_ascii_uppercase);
        if let Some(half @ (b"AM" | b"PM")) = half.as_deref() {
            if !(1..=12).contains(&hours) {
                return None;
            }
            hours = hours % 12 + if half == b"PM" { 12 } else { 0 };
            self.bytes = trimmed.get(2..)?;
        }
        (hours < 24 && minutes < 60)
            .then_some((hours * 3600 + minutes * 60) * MICROS_PER_SECOND + micros)
    }

    /// Digits after the decimal point of seconds; those beyond microseconds are dropped.
    fn fraction(&mut self) -> Option<i64> {
        let count = self.bytes.iter().take_while(|b| b.is_ascii_digit()).count();
        if count == 0 {
            return None;
        }
        let (digits, rest) = self.bytes.split_at(count);
        self.bytes = rest;
        let padded = digits.iter().copied().chain(std::iter::repeat(b'0')).take(6);
        Some(padded.fold(0, |sum, b| sum * 10 + i64::from(b - b'0')))
    }

    /// `Z`, `+02`, `+02:00` or `+0200` in microseconds; `Some(None)` when there is none.
    #[expect(clippy::option_option, reason = "no offset and a broken offset are two answers")]
    fn offset(&mut self) -> Option<Option<i64>> {
        if self.bytes.is_empty() {
            return Some(None);
        }
        if self.eat(b'Z') {
            return Some(Some(0));
        }
        let sign = if self.eat(b'+') {
            1
        } else {
            self.require(b'-')?;
            -1
        };
        let hours = i64::from(self.digits(2, 2)?);
        self.eat(b':');
        let minutes = if self.bytes.is_empty() { 0 } else { i64::from(self.digits(2, 2)?) };
        (hours <= 18 && minutes < 60)
            .then_some(Some(sign * (hours * 3600 + minutes * 60) * MICROS_PER_SECOND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Option<i64> {
        parse_date(text, DateLayout::Iso).map(|parsed| parsed.micros)
    }

    #[test]
    fn iso_dates_and_times() {
        assert_eq!(iso("1970-01-02"), Some(MICROS_PER_DAY));
        assert_eq!(iso("1970/1/2"), Some(MICROS_PER_DAY));
        assert_eq!(iso("1970-01-01T00:00:01.5Z"), Some(1_500_000));
        assert_eq!(iso("1970-01-01 02:00:00+02:00"), Some(0));
        assert_eq!(iso("1970-01-01T00:30"), Some(1_800_000_000));
        assert_eq!(iso("1970-01-01 12:00 AM"), Some(0));
        assert_eq!(iso("1970-01-01 1:00 pm"), Some(13 * 3_600_000_000));
        for text in ["1970-01", "1970-02-30", "1970-01-01T", "1970-01-01 25:00", "1970-01-01x", ""]
        {
            assert_eq!(iso(text), None, "{text}");
        }
    }

    #[test]
    fn every_layout_reads_back_what_it_writes() {
        let micros = 1_711_900_805_000_250;
        for layout in DateLayout::ALL {
            for (time, zone) in [(false, false), (true, false), (true, true)] {
                let format = DateFormat { layout, time, zone };
                let text = write_date(micros, format);
                let back = parse_date(&text, layout).unwrap();
                let expected =
                    if time { micros } else { micros.div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY };
                assert_eq!(back, ParsedDate { micros: expected, time, zone }, "{text}");
            }
        }
    }

    #[test]
    fn names_and_short_years() {
        let day = |text, layout| parse_date(text, layout).map(|p| p.micros / MICROS_PER_DAY);
        let expected = days_from_date(2024, 3, 31);
        assert_eq!(day("31-Mar-2024", DateLayout::DayMonthName), expected);
        assert_eq!(day("31 march 2024", DateLayout::DayMonthName), expected);
        assert_eq!(day("March 31, 2024", DateLayout::MonthNameDay), expected);
        assert_eq!(day("3/31/24", DateLayout::MonthDaySlash), expected);
        assert_eq!(day("31/3/24", DateLayout::MonthDaySlash), None);
        assert_eq!(day("1.1.70", DateLayout::DayMonthDot), Some(0));
        assert_eq!(day("1.1.970", DateLayout::DayMonthDot), None);
    }
}
