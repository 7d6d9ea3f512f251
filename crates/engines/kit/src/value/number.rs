//! Numbers in the three spellings that tables use.

use serde::{Deserialize, Serialize};

/// How the numbers of a column are spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberFormat {
    /// `-1234.5e3`
    #[default]
    Plain,
    /// `1,234,567.5`, and all plain numbers.
    GroupedComma,
    /// `1.234.567,5` and `1234,5`.
    DecimalComma,
}

impl NumberFormat {
    /// All spellings, in the order in which they are preferred when several fit.
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::DecimalComma, Self::GroupedComma];
}

/// The finite number that `text` spells, `None` for anything else (also for `inf` and `nan`).
#[must_use]
pub fn parse_number(text: &str, format: NumberFormat) -> Option<f64> {
    let value: f64 = match format {
        NumberFormat::Plain => parse_plain(text)?,
        NumberFormat::GroupedComma if !text.contains(',') => parse_plain(text)?,
        NumberFormat::GroupedComma => parse_plain(&derive_plain(text, b',', b'.')?)?,
        NumberFormat::DecimalComma => parse_plain(&derive_plain(text, b'.', b',')?)?,
    };
    value.is_finite().then_some(value)
}

/// Whether a text that is a plain number is written without decimal point and exponent.
pub(crate) fn is_integer(text: &str) -> bool {
    !text.bytes().any(|b| matches!(b, b'.' | b'e' | b'E'))
}

fn parse_plain(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    // The standard parser also takes "inf" and "nan", which are no numbers in a table.
    let first = bytes.first()?;
    if !first.is_ascii_digit() && !matches!(first, b'-' | b'+' | b'.') {
        return None;
    }
    if !bytes.iter().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    // Up to 15 digits fit exactly, and integers are most of what tables hold.
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    if digits.len() <= 15 && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        let magnitude = digits.iter().fold(0u64, |sum, b| sum * 10 + u64::from(b - b'0')) as f64;
        return Some(if digits.len() < bytes.len() { -magnitude } else { magnitude });
    }
    text.parse().ok()
}

/// Rewrites a number with grouping to a plain one; `None` when the groups are not of three digits.
fn derive_plain(text: &str, group: u8, point: u8) -> Option<String> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => ("-", text.get(1..)?),
        b'+' => ("", text.get(1..)?),
        _ => ("", text),
    };
    let whole_end = rest.bytes().position(|b| b == point || b == b'e' || b == b'E');
    let (whole, tail) = rest.split_at(whole_end.unwrap_or(rest.len()));
    let mut plain = String::with_capacity(text.len());
    plain.push_str(sign);
    let mut groups = whole.split(char::from(group));
    let head = groups.next()?;
    plain.push_str(head);
    let mut grouped = false;
    for part in groups {
        if part.len() != 3 {
            return None;
        }
        grouped = true;
        plain.push_str(part);
    }
    if grouped && (head.is_empty() || head.len() > 3 || head.starts_with('0')) {
        return None;
    }
    for byte in tail.bytes() {
        match byte {
            b if b == point => plain.push('.'),
            b'0'..=b'9' | b'e' | b'E' | b'+' | b'-' => plain.push(char::from(byte)),
            _ => return None,
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_numbers() {
        let parse = |text| parse_number(text, NumberFormat::Plain);
        for (text, value) in
            [("0", 0.0), ("-12", -12.0), ("+3.5", 3.5), (".5", 0.5), ("1e3", 1000.0), ("7.", 7.0)]
        {
            assert_eq!(parse(text), Some(value), "{text}");
        }
        assert!(parse("-0").is_some_and(|v| v == 0.0 && v.is_sign_negative()));
        assert_eq!(parse("123456789012345678"), Some(123_456_789_012_345_680.0));
        for text in ["", "-", ".", "e5", "nan", "inf", "1 2", "1,5", "0x10", "1e999", "--1", "12a"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn grouped_numbers() {
        let parse = |text| parse_number(text, NumberFormat::GroupedComma);
        assert_eq!(parse("1,234,567.5"), Some(1_234_567.5));
        assert_eq!(parse("-1,234"), Some(-1234.0));
        assert_eq!(parse("12.5"), Some(12.5));
        for text in ["1,23", ",123", "1234,567", "0,123", "1,234,5", "1.5,000"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn decimal_commas() {
        let parse = |text| parse_number(text, NumberFormat::DecimalComma);
        assert_eq!(parse("1,5"), Some(1.5));
        assert_eq!(parse("-1.234,25"), Some(-1234.25));
        assert_eq!(parse("12"), Some(12.0));
        for text in ["1.5", "1,5,5", "1.23,4", "a,5"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
