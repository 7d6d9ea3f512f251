//! Text that Excel reads as a number: digits with separators, percent, currency, exponents, dates
//! and times as an American Excel reads them.

use crate::dates::{days_in_month, serial};

/// The number that a text stands for, if it does.
#[must_use]
pub fn find_number(text: &str) -> Option<f64> {
    let bare = text.trim_matches([' ', '\u{a0}']);
    if bare.is_empty() {
        return None;
    }
    // Spaces around a date make it text.
    plain(bare).or_else(|| if bare == text { find_date_time(text) } else { None })
}

fn plain(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut negative = false;
    let mut percent = 0;
    if let Some(inner) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
        rest = inner.trim();
        negative = true;
    }
    loop {
        if let Some(r) = rest.strip_prefix('-') {
            if negative {
                return None;
            }
            negative = true;
            rest = r.trim_start();
        } else if let Some(r) = rest.strip_prefix(['$', '€', '£', '¥']) {
            rest = r.trim_start();
        } else if let Some(r) = rest.strip_prefix('+') {
            rest = r;
        } else if let Some(r) = rest.strip_suffix('%') {
            percent += 1;
            rest = r.trim_end();
        } else if let Some(r) = rest.strip_suffix(['€', '£']) {
            rest = r.trim_end();
        } else {
            break;
        }
    }
    let number = fraction(rest).or_else(|| digits(rest))?;
    let number = number / 100f64.powi(percent);
    number.is_finite().then_some(if negative { -number } else { number })
}

/// `1 1/2`
fn fraction(text: &str) -> Option<f64> {
    let (whole, part) = text.split_once(' ')?;
    let (a, b) = part.split_once('/')?;
    let read = |t: &str| t.bytes().all(|b| b.is_ascii_digit()).then(|| t.parse::<f64>().ok())?;
    let (whole, a, b) = (read(whole)?, read(a)?, read(b)?);
    (b != 0.0).then(|| whole + a / b)
}

fn digits(text: &str) -> Option<f64> {
    let first = text.bytes().next()?;
    if !(first.is_ascii_digit() || first == b'.') {
        return None;
    }
    let end = text.find(['e', 'E', '.']).unwrap_or(text.len());
    let (whole, tail) = text.split_at(end);
    let whole = if whole.contains(',') {
        let groups: Vec<&str> = whole.split(',').collect();
        let good = !groups[0].is_empty() && groups[1..].iter().all(|g| g.len() == 3);
        if !good {
            return None;
        }
        groups.concat()
    } else {
        whole.to_owned()
    };
    if !tail.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b)) {
        return None;
    }
    format!("{whole}{tail}").parse().ok()
}

/// A date, a time, or both.
#[must_use]
pub fn find_date_time(text: &str) -> Option<f64> {
    let text = text.trim().to_lowercase();
    if let Some(date) = find_date(&text) {
        return Some(date);
    }
    if let Some(time) = find_time(&text) {
        return Some(time);
    }
    let places = text.match_indices([' ', 't']).map(|(i, _)| i);
    places
        .into_iter()
        .find_map(|i| Some(find_date(text[..i].trim())? + find_time(text[i + 1..].trim())?))
}

fn find_time(text: &str) -> Option<f64> {
    let (text, half) = if let Some(t) = text.strip_suffix("am").or_else(|| text.strip_suffix(" a"))
    {
        (t.trim(), Some(0.0))
    } else if let Some(t) = text.strip_suffix("pm").or_else(|| text.strip_suffix(" p")) {
        (t.trim(), Some(12.0))
    } else {
        (text, None)
    };
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 || parts.len() == 1 && half.is_none() {
        return None;
    }
    let read = |t: &str| {
        let good = !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        good.then(|| t.parse::<f64>().ok())?
    };
    let mut hour = read(parts[0])?;
    let minute = parts.get(1).map_or(Some(0.0), |t| read(t))?;
    let second = parts.get(2).map_or(Some(0.0), |t| read(t))?;
    if minute >= 60.0 || second >= 60.0 || hour > 9999.0 {
        return None;
    }
    if let Some(half) = half {
        if !(0.0..=12.0).contains(&hour) {
            return None;
        }
        hour = hour % 12.0 + half;
    }
    Some((hour * 3600.0 + minute * 60.0 + second) / 86_400.0)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn find_month(text: &str) -> Option<i64> {
    let place = MONTHS.iter().position(|m| *m == text || text.len() >= 3 && m[..3] == *text)?;
    Some(place as i64 + 1)
}

fn find_date(text: &str) -> Option<f64> {
    let text = text.replace(',', " ");
    let parts: Vec<&str> = text.split(['/', '-', ' ']).filter(|p| !p.is_empty()).collect();
    let read = |t: &str| t.bytes().all(|b| b.is_ascii_digit()).then(|| t.parse::<i64>().ok())?;
    if parts.len() < 2 || parts.len() > 3 || !text.contains(['/', '-', ' ']) {
        return None;
    }
    let named = parts.iter().position(|p| find_month(p).is_some());
    let (y, m, d) = match (named, parts.len()) {
        (Some(0), 2) if read(parts[1])? > 31 => (read(parts[1])?, find_month(parts[0])?, 1),
        (Some(1), 2) if read(parts[0])? <= 31 => return None,
        (Some(0), 3) => (read(parts[2])?, find_month(parts[0])?, read(parts[1])?),
        (Some(1), 3) => (read(parts[2])?, find_month(parts[1])?, read(parts[0])?),
        (None, 3) if parts[0].len() == 4 => (read(parts[0])?, read(parts[1])?, read(parts[2])?),
        (None, 3) if !text.contains(' ') => (read(parts[2])?, read(parts[0])?, read(parts[1])?),
        (None, 2) if read(parts[1])? > 31 && !text.contains(' ') => {
            (read(parts[1])?, read(parts[0])?, 1)
        }
        _ => return None,
    };
    let year = match y {
        0..30 => 2000 + y,
        30..100 => 1900 + y,
        _ => y,
    };
    let good = (1900..=9999).contains(&year)
        && (1..=12).contains(&m)
        && (1..=days_in_month(year, m)).contains(&d);
    good.then(|| serial(year, m, d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_as_numbers() {
        for (text, number) in [
            (" 12 ", 12.0),
            ("-1,234.5", -1234.5),
            ("(3)", -3.0),
            ("12%", 0.12),
            ("$5", 5.0),
            ("1e3", 1000.0),
            (".5", 0.5),
            ("1 1/2", 1.5),
            ("12:00", 0.5),
            ("6:00 PM", 0.75),
            ("1/2/2020", 43_832.0),
            ("2020-01-02", 43_832.0),
            ("2-Jan-2020", 43_832.0),
            ("January 2, 2020", 43_832.0),
            ("2020-01-02 12:00", 43_832.5),
        ] {
            assert_eq!(find_number(text), Some(number), "{text}");
        }
        for text in ["", "abc", "1,23", "12:61", "13/13/2020", "1e", "nan", "inf", "--1"] {
            assert_eq!(find_number(text), None, "{text}");
        }
    }
}
