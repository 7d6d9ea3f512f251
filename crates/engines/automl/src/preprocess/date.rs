//! Dates: split into numbers that repeat (month, weekday, hour) and one that grows.
//!
//! The calendar is the proleptic Gregorian one, in UTC.

use gantry_learn::Column;
use serde::{Deserialize, Serialize};

use super::Encoding;
use super::number::NumberColumn;

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;

/// One number of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// Days since 1970.
    DayNumber,
    Year,
    Month,
    DayOfMonth,
    /// Monday is 0.
    Weekday,
    Hour,
}

impl Part {
    const ALL: [Self; 6] =
        [Self::DayNumber, Self::Year, Self::Month, Self::DayOfMonth, Self::Weekday, Self::Hour];

    /// The name for people.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::DayNumber => "(day)",
            Self::Year => "(year)",
            Self::Month => "(month)",
            Self::DayOfMonth => "(day of the month)",
            Self::Weekday => "(weekday)",
            Self::Hour => "(hour)",
        }
    }

    fn of(self, micros: i64) -> f64 {
        let day = micros.div_euclid(MICROS_PER_DAY);
        let (year, month, day_of_month) = derive_civil(day);
        match self {
            Self::DayNumber => micros as f64 / MICROS_PER_DAY as f64,
            Self::Year => year as f64,
            Self::Month => month as f64,
            Self::DayOfMonth => day_of_month as f64,
            // 1970-01-01 was a Thursday.
            Self::Weekday => (day + 3).rem_euclid(7) as f64,
            Self::Hour => (micros.rem_euclid(MICROS_PER_DAY) / MICROS_PER_HOUR) as f64,
        }
    }
}

/// Year, month and day of a day number. Years are counted from March, so that the leap day is
/// the last day of a year and months have a regular length.
fn derive_civil(day: i64) -> (i64, i64, i64) {
    const DAYS_PER_ERA: i64 = 146_097;
    let from_march_of_year_0 = day + 719_468;
    let era = from_march_of_year_0.div_euclid(DAYS_PER_ERA);
    let in_era = from_march_of_year_0.rem_euclid(DAYS_PER_ERA);
    let year_of_era =
        (in_era - in_era / 1_460 + in_era / 36_524 - in_era / (DAYS_PER_ERA - 1)) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * in_year + 2) / 153;
    let day_of_month = in_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day_of_month)
}

/// What was learned from one column of dates: the parts that vary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DateColumn {
    parts: Vec<(Part, NumberColumn)>,
    has_gaps: bool,
}

impl DateColumn {
    pub(super) fn fit(micros: &[i64], present: impl Fn(usize) -> bool, rows: &[usize]) -> Self {
        let cells =
            || rows.iter().filter(|row| present(**row)).filter_map(|row| micros.get(*row).copied());
        let has_gaps = rows.iter().any(|row| !present(*row));
        let fit = |part: Part| {
            let values: Vec<f64> = cells().map(|micros| part.of(micros)).collect();
            let first = values.first().copied();
            let varies = values.iter().any(|v| Some(*v) != first);
            (varies || part == Part::DayNumber).then(|| (part, NumberColumn::fit_values(values)))
        };
        Self { parts: Part::ALL.into_iter().filter_map(fit).collect(), has_gaps }
    }

    /// The parts that vary, each with its treatment.
    pub(crate) fn parts(&self) -> &[(Part, NumberColumn)] {
        &self.parts
    }

    /// Whether the fit saw gaps.
    pub(crate) fn has_gaps(&self) -> bool {
        self.has_gaps
    }

    pub(super) fn width(&self, encoding: Encoding) -> usize {
        match encoding {
            Encoding::OneHot => self.parts.len() + usize::from(self.has_gaps),
            Encoding::Codes => self.parts.len(),
        }
    }

    pub(super) fn transform(
        &self,
        cells: impl Iterator<Item = Option<i64>> + Clone,
        encoding: Encoding,
    ) -> Vec<Column> {
        let mut features = Vec::with_capacity(self.width(encoding));
        for (part, fitted) in &self.parts {
            let values =
                cells.clone().map(|cell| cell.map_or(f64::NAN, |micros| part.of(micros))).collect();
            // Gaps are marked once for the whole date, not for each part.
            features.extend(fitted.transform(values, encoding).into_iter().take(1));
        }
        if encoding == Encoding::OneHot && self.has_gaps {
            let marks = cells.map(|cell| f64::from(u8::from(cell.is_none()))).collect();
            features.push(Column::numeric(marks));
        }
        features
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(micros: i64) -> Vec<f64> {
        Part::ALL.iter().map(|part| part.of(micros)).collect()
    }

    #[test]
    fn parts_of_known_dates() {
        assert_eq!(parts(0), [0.0, 1970.0, 1.0, 1.0, 3.0, 0.0]);
        // 2024-02-29 18:00 was a Thursday.
        let leap = 19_782 * MICROS_PER_DAY + 18 * MICROS_PER_HOUR;
        assert_eq!(parts(leap), [19_782.75, 2024.0, 2.0, 29.0, 3.0, 18.0]);
        // 1969-12-31 23:00.
        assert_eq!(parts(-MICROS_PER_HOUR)[1..], [1969.0, 12.0, 31.0, 2.0, 23.0]);
        // 1900 was no leap year: the day after 28 February was 1 March.
        assert_eq!(derive_civil(-25_508), (1900, 3, 1));
        assert_eq!(derive_civil(-25_509), (1900, 2, 28));
    }

    #[test]
    fn parts_that_never_change_are_left_out_and_gaps_marked_once() {
        let days = [0, 7, 14].map(|d| d * MICROS_PER_DAY);
        let fitted = DateColumn::fit(&days, |row| row != 1, &[0, 1, 2]);
        let kept: Vec<Part> = fitted.parts.iter().map(|(part, _)| *part).collect();
        assert_eq!(kept, [Part::DayNumber, Part::DayOfMonth]);
        let cells = [Some(0), None];
        let features = fitted.transform(cells.into_iter(), Encoding::OneHot);
        assert_eq!((features.len(), features[2].values()), (3, [0.0, 1.0].as_slice()));
        let features = fitted.transform(cells.into_iter(), Encoding::Codes);
        assert!(features.len() == 2 && features[0].values()[1].is_nan());
    }
}
