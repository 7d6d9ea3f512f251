//! Digits, groups, percent, exponents and fractions.

use super::Piece;
use crate::general::round_15;
use crate::kernels::rounding::round;

/// A number that is not negative with a fixed count of decimals, of its first 15 digits.
pub(crate) fn decimal(x: f64, digits: usize) -> String {
    let x = round_15(x);
    let rounded = if digits < 15 { round(x, digits as f64) } else { x };
    format!("{rounded:.digits$}")
}

/// Digits in groups of three.
pub(crate) fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

struct Layout {
    /// Places of the digits before the point, behind it, and what scales the number.
    whole: Vec<usize>,
    part: Vec<usize>,
    grouped: bool,
    scale: f64,
}

fn layout(pieces: &[Piece]) -> Layout {
    let point = pieces.iter().position(|p| *p == Piece::Point);
    let end = pieces.iter().position(|p| matches!(p, Piece::Exponent(..))).unwrap_or(pieces.len());
    let digits: Vec<usize> = (0..end).filter(|i| matches!(pieces[*i], Piece::Digit(_))).collect();
    let split = point.unwrap_or(end);
    let (whole, part): (Vec<usize>, Vec<usize>) = digits.iter().partition(|i| **i < split);
    let last = digits.last().copied().unwrap_or(0);
    let last_whole = whole.last().copied().unwrap_or(0);
    let first = digits.first().copied().unwrap_or(0);
    let mut scale = 1.0;
    let mut has_groups = false;
    for (i, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Percent => scale *= 100.0,
            Piece::Comma if i > last || (i > last_whole && point.is_some_and(|p| i < p)) => {
                scale /= 1000.0
            }
            Piece::Comma if i > first && i < last_whole => has_groups = true,
            _ => {}
        }
    }
    Layout { whole, part, grouped: has_groups, scale }
}

pub(super) fn format(pieces: &[Piece], x: f64) -> String {
    if pieces.contains(&Piece::Slash) && pieces.iter().any(|p| matches!(p, Piece::Digit(_))) {
        return fraction(pieces, x);
    }
    let layout = layout(pieces);
    let mut value = x.abs() * layout.scale;
    let mut exponent = 0;
    if pieces.iter().any(|p| matches!(p, Piece::Exponent(..))) {
        (value, exponent) = normalised(value, layout.whole.len(), layout.part.len());
    }
    let text = decimal(value, layout.part.len());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let whole = if whole == "0" { "" } else { whole };
    let zero = whole.is_empty() && part.bytes().all(|b| b == b'0');
    let mut out = String::new();
    if x < 0.0 && !zero {
        out.push('-');
    }
    for (i, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Literal(t) => out.push_str(t),
            Piece::Percent => out.push('%'),
            Piece::Point => out.push('.'),
            Piece::Slash => out.push('/'),
            Piece::Exponent(plus, digits) => {
                let sign = if exponent < 0 {
                    "-"
                } else if *plus {
                    "+"
                } else {
                    ""
                };
                out.push_str(&format!("E{sign}{:0digits$}", exponent.abs()));
            }
            Piece::Digit(kind) => match layout.whole.iter().position(|w| *w == i) {
                Some(nth) => out.push_str(&whole_digit(whole, *kind, nth, &layout)),
                None => {
                    let nth = layout.part.iter().position(|p| *p == i).unwrap_or(usize::MAX);
                    out.push_str(&part_digit(part, *kind, nth));
                }
            },
            Piece::Comma
            | Piece::Date(..)
            | Piece::Elapsed(..)
            | Piece::Fraction(_)
            | Piece::Half(_)
            | Piece::General
            | Piece::Text => {}
        }
    }
    out
}

/// What stands at the nth place before the point; the first place takes all that is left.
fn whole_digit(whole: &str, kind: char, nth: usize, layout: &Layout) -> String {
    let places = layout.whole.len();
    let from_end = places - nth;
    let group = |text: String, last_from_end: usize| {
        let comma = layout.grouped
            && last_from_end > 1
            && (last_from_end - 1).is_multiple_of(3)
            && !text.trim().is_empty();
        if comma { format!("{text},") } else { text }
    };
    if nth == 0 && whole.len() > places {
        let head = &whole[..whole.len() - places + 1];
        let mut out = String::new();
        for (i, c) in head.chars().enumerate() {
            out.push_str(&group(c.to_string(), whole.len() - i));
        }
        return out;
    }
    let text = if from_end <= whole.len() {
        whole[whole.len() - from_end..=whole.len() - from_end].to_owned()
    } else {
        match kind {
            '0' => "0".into(),
            '?' => " ".into(),
            _ => String::new(),
        }
    };
    group(text, from_end)
}

fn part_digit(part: &str, kind: char, nth: usize) -> String {
    let Some(digit) = part.get(nth..nth + 1) else { return String::new() };
    let rest_is_zero = part[nth..].bytes().all(|b| b == b'0');
    match kind {
        '#' if rest_is_zero => String::new(),
        '?' if rest_is_zero => " ".into(),
        _ => digit.to_owned(),
    }
}

/// Mantissa and exponent, the exponent a multiple of the places before the point.
fn normalised(x: f64, places: usize, digits: usize) -> (f64, i32) {
    if x == 0.0 {
        return (0.0, 0);
    }
    let places = places.max(1) as i32;
    let mut exponent = x.log10().floor() as i32;
    let step = |e: i32| if places > 1 { e.div_euclid(places) * places } else { e };
    let mut mantissa = x / 10f64.powi(step(exponent));
    if round(mantissa, digits as f64) >= 10f64.powi(places) {
        exponent = step(exponent) + places;
        mantissa = x / 10f64.powi(exponent);
    }
    (mantissa, step(exponent))
}

fn fraction(pieces: &[Piece], x: f64) -> String {
    let slash = pieces.iter().position(|p| *p == Piece::Slash).unwrap_or(0);
    let is_digit = |p: &Piece| matches!(p, Piece::Digit(_));
    let start = pieces[..slash].iter().rposition(|p| !is_digit(p)).map_or(0, |i| i + 1);
    let with_whole = pieces[..start].iter().any(is_digit);
    let behind: Vec<&Piece> = pieces[slash + 1..]
        .iter()
        .take_while(|p| {
            is_digit(p) || matches!(p, Piece::Literal(t) if t.bytes().all(|b| b.is_ascii_digit()))
        })
        .collect();
    let fixed: String = behind
        .iter()
        .map(|p| match p {
            Piece::Literal(t) => t.clone(),
            Piece::Digit('0') => "0".into(),
            _ => String::new(),
        })
        .collect();
    let fixed = fixed.parse::<f64>().ok().filter(|n| *n > 0.0);
    let value = x.abs();
    let whole = if with_whole { value.floor() } else { 0.0 };
    let part = value - whole;
    let (mut a, b) = match fixed {
        Some(b) => ((part * b).round(), b),
        None => nearest(part, 10f64.powi(behind.len().min(7) as i32) - 1.0),
    };
    let mut whole = whole;
    if with_whole && a == b {
        whole += 1.0;
        a = 0.0;
    }
    let sign = if x < 0.0 { "-" } else { "" };
    let width = slash - start;
    if with_whole && a == 0.0 {
        let blank = " ".repeat(width + 1 + behind.len() + 1);
        return format!("{sign}{whole}{blank}");
    }
    let head = if with_whole && whole > 0.0 { format!("{whole} ") } else { String::new() };
    format!("{sign}{head}{:>width$}/{:<2$}", a, b, behind.len(), width = width)
}

/// The fraction nearest to a number whose denominator is at most `limit`.
fn nearest(x: f64, limit: f64) -> (f64, f64) {
    let mut best = (x.round(), 1.0);
    for b in 1..=limit as u32 {
        let b = f64::from(b);
        let a = (x * b).round();
        if (x - a / b).abs() < (x - best.0 / best.1).abs() - 1e-12 {
            best = (a, b);
        }
    }
    best
}
