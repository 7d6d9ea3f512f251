//! Dates and times.

use super::Piece;
use crate::dates::{MAX_SERIAL, OFFSET_1904, find_date, time_of_day, weekday};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Whether an `m` means minutes: behind hours or before seconds.
fn is_minute(pieces: &[Piece], at: usize) -> bool {
    let letter = |p: &Piece| match p {
        Piece::Date(c, _) | Piece::Elapsed(c, _) => Some(*c),
        _ => None,
    };
    pieces[..at].iter().rev().find_map(letter) == Some('h')
        || pieces[at + 1..].iter().find_map(letter) == Some('s')
}

pub(super) fn format(pieces: &[Piece], x: f64, date1904: bool) -> Option<String> {
    let serial = x + if date1904 { OFFSET_1904 } else { 0.0 };
    if !(0.0..MAX_SERIAL + 1.0).contains(&serial) {
        return None;
    }
    let digits =
        pieces.iter().find_map(|p| if let Piece::Fraction(n) = p { Some(*n) } else { None });
    let unit = 86_400.0 * 10f64.powi(digits.unwrap_or(0) as i32);
    let whole_seconds =
        pieces.iter().any(|p| matches!(p, Piece::Date('s', _) | Piece::Elapsed('s', _)));
    let serial = if whole_seconds { (serial * unit).round() / unit } else { serial + 1e-9 };
    let half = pieces.iter().any(|p| matches!(p, Piece::Half(_)));
    let mut out = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Date('m', n) if *n <= 2 && is_minute(pieces, i) => {
                out.push_str(&padded(time_of_day(serial).1, *n));
            }
            Piece::Date(letter, n) => out.push_str(&date(*letter, *n, serial, half)?),
            Piece::Elapsed(letter, n) => out.push_str(&padded(elapsed(*letter, serial), *n)),
            Piece::Fraction(n) => {
                let scale = 10f64.powi(*n as i32);
                let part = (time_of_day(serial).2.fract() * scale).round();
                out.push_str(&format!(".{:0n$}", part, n = *n));
            }
            Piece::Half(long) => {
                let afternoon = time_of_day(serial).0 >= 12;
                out.push_str(match (afternoon, long) {
                    (false, true) => "AM",
                    (true, true) => "PM",
                    (false, false) => "A",
                    (true, false) => "P",
                });
            }
            Piece::Literal(t) => out.push_str(t),
            Piece::Slash => out.push('/'),
            Piece::Comma => out.push(','),
            Piece::Point => out.push('.'),
            Piece::Percent => out.push('%'),
            Piece::Digit(_) => return None,
            Piece::Exponent(..) | Piece::General | Piece::Text => {}
        }
    }
    Some(out)
}

fn padded(n: i64, width: usize) -> String {
    format!("{n:0width$}", width = width.min(2))
}

fn elapsed(letter: char, serial: f64) -> i64 {
    let seconds = (serial * 86_400.0 + 1e-6).floor() as i64;
    match letter {
        'h' => seconds / 3600,
        'm' => seconds / 60,
        _ => seconds,
    }
}

fn date(letter: char, n: usize, serial: f64, half: bool) -> Option<String> {
    let d = find_date(serial)?;
    let month = MONTHS[d.month as usize - 1];
    let day = DAYS[weekday(serial) as usize];
    let (hour, _, second) = time_of_day(serial);
    Some(match (letter, n) {
        ('y', 1 | 2) => format!("{:02}", d.year % 100),
        ('y', _) => d.year.to_string(),
        ('m', 1 | 2) => padded(d.month, n),
        ('m', 3) => month[..3].to_owned(),
        ('m', 5) => month[..1].to_owned(),
        ('m', _) => month.to_owned(),
        ('d', 1 | 2) => padded(d.day, n),
        ('d', 3) => day[..3].to_owned(),
        ('d', _) => day.to_owned(),
        ('h', _) => padded(if half { (hour + 11) % 12 + 1 } else { hour }, n),
        _ => padded(second.floor() as i64, n),
    })
}
