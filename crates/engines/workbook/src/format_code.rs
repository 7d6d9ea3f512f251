//! Number formats: codes such as `#,##0.00;[Red]-0` or `dd mmm yyyy` applied to numbers.

use crate::general::number_to_display;
use crate::value::Text;

mod date_part;
mod number_part;

pub(crate) use number_part::{decimal, grouped};

/// A piece of a section of a format code.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    /// Shown as it is.
    Literal(String),
    /// `0`, `#` or `?`
    Digit(char),
    Point,
    Comma,
    Percent,
    Slash,
    /// `E+` or `E-`, with the digits behind it.
    Exponent(bool, usize),
    /// A run of one letter of date and time.
    Date(char, usize),
    /// `[h]`, `[m]` or `[s]` with its length.
    Elapsed(char, usize),
    /// Fractions of seconds.
    Fraction(usize),
    /// `AM/PM` or `A/P`
    Half(bool),
    General,
    /// `@`
    Text,
}

struct Section {
    pieces: Vec<Piece>,
    condition: Option<(String, f64)>,
}

/// Formats a number; nothing when the format cannot show it, as a negative date.
pub(crate) fn format_number(x: f64, code: &str, date1904: bool) -> Option<String> {
    let sections: Vec<Section> = split(code).iter().map(|s| read(s)).collect();
    if code.is_empty() {
        return Some(String::new());
    }
    let (section, x) = pick(&sections, x);
    let Some(section) = section else { return Some("#".into()) };
    let pieces = &section.pieces;
    if pieces.iter().any(|p| matches!(p, Piece::Date(..) | Piece::Elapsed(..) | Piece::Half(_))) {
        return date_part::format(pieces, x, date1904);
    }
    if pieces.iter().any(|p| matches!(p, Piece::General | Piece::Text)) {
        let show = |p: &Piece| match p {
            Piece::General | Piece::Text => number_to_display(x),
            Piece::Literal(t) => t.clone(),
            Piece::Percent => "%".into(),
            _ => String::new(),
        };
        return Some(pieces.iter().map(show).collect());
    }
    Some(number_part::format(pieces, x))
}

/// Formats text: by the fourth section, or by the only one if that has an `@`.
pub(crate) fn format_text(text: &Text, code: &str) -> String {
    let sections = split(code);
    let section = match sections.len() {
        4.. => &sections[3],
        _ => match sections.iter().find(|s| s.contains('@')) {
            Some(s) => s,
            None => return text.to_string(),
        },
    };
    let show = |p: Piece| match p {
        Piece::Text => text.to_string(),
        Piece::Literal(t) => t,
        _ => String::new(),
    };
    read(section).pieces.into_iter().map(show).collect()
}

/// The section for a number, and the number as that section shows it.
fn pick(sections: &[Section], x: f64) -> (Option<&Section>, f64) {
    if sections.iter().any(|s| s.condition.is_some()) {
        for section in sections {
            let holds = section.condition.as_ref().is_none_or(|(op, limit)| match op.as_str() {
                "<" => x < *limit,
                ">" => x > *limit,
                "<=" => x <= *limit,
                ">=" => x >= *limit,
                "<>" => x != *limit,
                _ => x == *limit,
            });
            if holds {
                let signed =
                    section.condition.as_ref().is_none_or(|c| c.0.contains('>') || c.1 > 0.0);
                return (Some(section), if signed { x } else { x.abs() });
            }
        }
        return (None, x);
    }
    match sections.len() {
        0 | 1 => (sections.first(), x),
        2 if x < 0.0 => (sections.get(1), -x),
        2 => (sections.first(), x),
        _ if x > 0.0 => (sections.first(), x),
        _ if x < 0.0 => (sections.get(1), -x),
        _ => (sections.get(2), x),
    }
}

/// Sections at semicolons that are not quoted.
fn split(code: &str) -> Vec<String> {
    let mut sections = vec![String::new()];
    let mut quoted = false;
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        if c == ';' && !quoted {
            sections.push(String::new());
            continue;
        }
        if let Some(last) = sections.last_mut() {
            last.push(c);
            if c == '\\' && !quoted {
                last.extend(chars.next());
            }
        }
        if c == '"' {
            quoted = !quoted;
        }
    }
    sections
}

fn read(section: &str) -> Section {
    let mut reader =
        Reader { chars: section.chars().collect(), at: 0, pieces: Vec::new(), condition: None };
    while reader.at < reader.chars.len() {
        reader.step();
    }
    Section { pieces: reader.pieces, condition: reader.condition }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    pieces: Vec<Piece>,
    condition: Option<(String, f64)>,
}

impl Reader {
    fn rest_is(&self, text: &str) -> bool {
        let rest: String = self.chars[self.at..].iter().take(text.len()).collect();
        rest.eq_ignore_ascii_case(text)
    }

    fn run(&self, c: char) -> usize {
        self.chars[self.at..].iter().take_while(|d| d.eq_ignore_ascii_case(&c)).count()
    }

    fn literal(&mut self, text: impl Into<String>) {
        self.pieces.push(Piece::Literal(text.into()));
    }

    fn push(&mut self, piece: Piece, length: usize) {
        self.pieces.push(piece);
        self.at += length;
    }

    fn step(&mut self) {
        let c = self.chars[self.at];
        if self.rest_is("general") {
            return self.push(Piece::General, 7);
        }
        if self.rest_is("am/pm") {
            return self.push(Piece::Half(true), 5);
        }
        if self.rest_is("a/p") {
            return self.push(Piece::Half(false), 3);
        }
        match c {
            '0' | '#' | '?' => self.push(Piece::Digit(c), 1),
            '.' => self.point(),
            ',' => self.push(Piece::Comma, 1),
            '%' => self.push(Piece::Percent, 1),
            '/' => self.push(Piece::Slash, 1),
            '@' => self.push(Piece::Text, 1),
            'E' | 'e' if matches!(self.chars.get(self.at + 1), Some('+' | '-')) => {
                let digits = self.chars[self.at + 2..].iter().take_while(|c| **c == '0').count();
                let plus = self.chars[self.at + 1] == '+';
                self.push(Piece::Exponent(plus, digits), 2 + digits);
            }
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' | 'e' => {
                let n = self.run(c);
                let letter = if c == 'e' { 'y' } else { c.to_ascii_lowercase() };
                self.push(Piece::Date(letter, if c == 'e' { 4 } else { n }), n);
            }
            '"' => {
                let text: String =
                    self.chars[self.at + 1..].iter().take_while(|c| **c != '"').collect();
                self.at += text.chars().count() + 2;
                self.literal(text);
            }
            '\\' | '!' => {
                let text = self.chars.get(self.at + 1).map(char::to_string).unwrap_or_default();
                self.at += 2;
                self.literal(text);
            }
            '_' => {
                self.at += 2;
                self.literal(" ");
            }
            '*' => self.at += 2,
            '[' => self.bracket(),
            other => {
                self.at += 1;
                self.literal(other);
            }
        }
    }

    /// A point, or fractions of a second behind seconds.
    fn point(&mut self) {
        let zeros = self.chars[self.at + 1..].iter().take_while(|c| **c == '0').count();
        let seconds = self.pieces.iter().rev().find(|p| !matches!(p, Piece::Literal(_)));
        if zeros > 0 && matches!(seconds, Some(Piece::Date('s', _) | Piece::Elapsed('s', _))) {
            self.push(Piece::Fraction(zeros), 1 + zeros);
        } else {
            self.push(Piece::Point, 1);
        }
    }

    /// `[Red]`, `[h]`, `[>5]` or `[$€-407]`.
    fn bracket(&mut self) {
        let inner: String = self.chars[self.at + 1..].iter().take_while(|c| **c != ']').collect();
        self.at += inner.chars().count() + 2;
        let lower = inner.to_lowercase();
        if let Some(first) = lower.chars().next()
            && matches!(first, 'h' | 'm' | 's')
            && lower.chars().all(|c| c == first)
        {
            self.pieces.push(Piece::Elapsed(first, lower.len()));
        } else if lower.starts_with(['<', '>', '=']) {
            let sign: String = lower.chars().take_while(|c| "<>=".contains(*c)).collect();
            let limit = lower[sign.len()..].trim().parse().unwrap_or(0.0);
            self.condition = Some((sign, limit));
        } else if let Some(currency) = inner.strip_prefix('$') {
            let symbol = currency.split('-').next().unwrap_or_default().to_owned();
            self.literal(symbol);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_show_numbers() {
        for (x, code, text) in [
            (1234.567, "#,##0.00", "1,234.57"),
            (1234.567, "0", "1235"),
            (0.285, "0.0%", "28.5%"),
            (-5.0, "0;(0)", "(5)"),
            (0.0, "0;-0;\"zero\"", "zero"),
            (1e6, "0.0,,\"M\"", "1.0M"),
            (12345.0, "0.00E+00", "1.23E+04"),
            (5.0, "000", "005"),
            (0.5, "#.##", ".5"),
            (2.5, "# ?/?", "2 1/2"),
            (45_351.75, "yyyy-mm-dd hh:mm", "2024-02-29 18:00"),
            (45_351.0, "dddd, mmmm d", "Thursday, February 29"),
            (0.75, "h:mm AM/PM", "6:00 PM"),
            (1.5, "[h]:mm", "36:00"),
            (1_234_567_890.0, "000-00-0000", "1234-56-7890"),
            (3.0, "[>2]\"big\";\"small\"", "big"),
            (-12.5, "$#,##0.00", "-$12.50"),
        ] {
            assert_eq!(format_number(x, code, false).as_deref(), Some(text), "{x} {code}");
        }
        assert_eq!(format_text(&Text::from("x"), "0;0;0;\"<\"@\">\""), "<x>");
    }
}
