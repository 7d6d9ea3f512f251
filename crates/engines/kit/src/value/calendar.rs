//! Days since 1970 to year, month and day of the proleptic Gregorian calendar, and back.

/// Days of the 400-year cycle after which the calendar repeats.
const CYCLE: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;

/// Days from 1970-01-01 to this date; `None` when there is no such date.
pub(crate) fn days_from_date(year: i64, month: u32, day: u32) -> Option<i64> {
    if !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    // Years are counted from March, so that the leap day is the last of its year.
    let shifted = if month > 2 { year } else { year - 1 };
    let month_index = i64::from((month + 9) % 12);
    let year_of_cycle = shifted.rem_euclid(400);
    let day_of_year = (153 * month_index + 2) / 5 + i64::from(day) - 1;
    let day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    Some(shifted.div_euclid(400) * CYCLE + day_of_cycle - EPOCH)
}

/// Year, month and day of the date this many days after 1970-01-01.
pub(crate) fn date_from_days(days: i64) -> (i64, u32, u32) {
    let shifted = days + EPOCH;
    let day_of_cycle = shifted.rem_euclid(CYCLE);
    let leap_corrected =
        day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524 - day_of_cycle / 146_096;
    let year_of_cycle = leap_corrected / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_cycle + shifted.div_euclid(CYCLE) * 400 + i64::from(month <= 2);
    (year, u32::try_from(month).unwrap_or(1), u32::try_from(day).unwrap_or(1))
}

fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        assert_eq!(days_from_date(1970, 1, 1), Some(0));
        assert_eq!(days_from_date(2000, 2, 29), Some(11_016));
        assert_eq!(days_from_date(1969, 12, 31), Some(-1));
        assert_eq!(days_from_date(1900, 2, 29), None);
        assert_eq!(days_from_date(2023, 13, 1), None);
        assert_eq!(days_from_date(2023, 4, 31), None);
    }

    #[test]
    fn every_day_of_twelve_centuries_comes_back() {
        let mut before = days_from_date(1000, 1, 1).unwrap() - 1;
        for year in 1000..2200 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    let days = days_from_date(year, month, day).unwrap();
                    assert_eq!(days, before + 1);
                    assert_eq!(date_from_days(days), (year, month, day));
                    before = days;
                }
            }
        }
    }
}
