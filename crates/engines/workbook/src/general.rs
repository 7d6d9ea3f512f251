//! Numbers as text in the format "General": 15 significant digits, no more.

/// A number rounded to 15 significant digits.
#[must_use]
pub fn round_15(x: f64) -> f64 {
    let (digits, exponent) = rounded(x);
    let magnitude = format!("{digits}e{}", exponent - 14).parse().unwrap_or(x.abs());
    f64::copysign(magnitude, x)
}

/// The first 15 digits and the exponent of the first one. Excel writes 17 digits and rounds those,
/// half away from zero, which differs from rounding the exact value.
fn rounded(x: f64) -> (u64, i32) {
    if let Some(found) = find_rounded(x.abs()) {
        return found;
    }
    let text = format!("{:.16e}", x.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: u64 = mantissa.replace('.', "").parse().unwrap_or(0);
    let exponent = exponent.parse().unwrap_or(0);
    let digits = (digits + 50) / 100;
    if digits >= 1_000_000_000_000_000 { (digits / 10, exponent + 1) } else { (digits, exponent) }
}

/// Whether two numbers have the same sign and the same first 15 digits.
#[must_use]
pub fn same_15(a: f64, b: f64) -> bool {
    a.is_sign_negative() == b.is_sign_negative()
        && find_same(a.abs(), b.abs()).unwrap_or_else(|| rounded(a) == rounded(b))
}

/// [`same_15`] of positive numbers so near to each other that the 17 digits of one tell it: both
/// round the same way where those digits are further from where rounding turns than the numbers are
/// from each other.
fn find_same(a: f64, b: f64) -> Option<bool> {
    /// More than the 17 digits of both may be from what they are rounded from.
    const MARGIN: f64 = 2.0;
    let (digits, exponent) = find_digits(a)?;
    let apart = (b - a) * TENS[(16 - exponent) as usize];
    // Their number of digits is the same too.
    let is_inside = (10_000_000_000_001_000..99_999_999_999_999_000).contains(&digits);
    let place = ((digits + 50) % 100) as f64 + apart;
    (is_inside && apart.abs() < 100.0 && (MARGIN..100.0 - MARGIN).contains(&place)).then_some(true)
}

/// Powers of ten that are exact.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// [`rounded`] without text, where there are [`find_digits`].
fn find_rounded(a: f64) -> Option<(u64, i32)> {
    let (digits, exponent) = find_digits(a)?;
    let digits = (digits + 50) / 100;
    Some(if digits >= 1_000_000_000_000_000 {
        (digits / 10, exponent + 1)
    } else {
        (digits, exponent)
    })
}

/// Powers of ten that a number's 53 bits can be multiplied by.
const WHOLE_TENS: [u128; 23] = {
    let mut tens = [1; 23];
    let mut place = 1;
    while place < tens.len() {
        tens[place] = 10 * tens[place - 1];
        place += 1;
    }
    tens
};

/// The first 17 digits of a positive number and the exponent of the first one, where the product with
/// the power of ten that makes 17 digits whole has less than 128 bits.
fn find_digits(a: f64) -> Option<(u64, i32)> {
    if !(1e-6..1e17).contains(&a) {
        return None;
    }
    let exponent = if a >= 1.0 { find_exponent(a) } else { find_exponent_below_one(a) };
    let bits = a.to_bits();
    let significand = bits & ((1 << 52) - 1) | (1 << 52);
    let exact = u128::from(significand) * WHOLE_TENS[(16 - exponent) as usize];
    // How many of its bits stand behind the point; from 2^53 on there are none.
    let behind = 1075 - (bits >> 52) as i32;
    if behind <= 0 {
        return Some(((exact << -behind) as u64, exponent));
    }
    let (whole, rest) = ((exact >> behind) as u64, exact & ((1 << behind) - 1));
    let half = 1 << (behind - 1);
    let up = rest > half || (rest == half && whole % 2 == 1);
    Some((whole + u64::from(up), exponent))
}

/// The exponent of the first digit of a number from 1e-6 to below 1.
fn find_exponent_below_one(a: f64) -> i32 {
    let exponent = (1..6).find(|k| a * TENS[*k as usize] >= 1.0).map_or(-6, |k: i32| -k);
    // The product may have been rounded up to a whole power.
    if a * TENS[(16 - exponent) as usize] < 1e16 && exponent > -6 {
        exponent - 1
    } else if a * TENS[(16 - exponent) as usize] >= 1e17 {
        exponent + 1
    } else {
        exponent
    }
}

/// The exponent of the first digit of a number from 1 to below 1e17.
fn find_exponent(a: f64) -> i32 {
    // log10(2) is a little more than 1233/4096, so that this is right or too small by one.
    let least = ((a.to_bits() >> 52) as i32 - 1023) * 1233 / 4096;
    least + i32::from(TENS[least as usize + 1] <= a)
}

/// Sign, digits without trailing zeros, and the exponent of the first digit.
fn digits_15(x: f64) -> (bool, String, i32) {
    let (digits, exponent) = rounded(x);
    let digits = digits.to_string();
    let digits = digits.trim_end_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    (x < 0.0, digits.to_owned(), exponent)
}

/// The text of a number as a cell of ordinary width shows it: at most 11 characters.
#[must_use]
pub fn number_to_display(x: f64) -> String {
    let a = x.abs();
    if a == 0.0 {
        return "0".into();
    }
    let sign = if x < 0.0 { "-" } else { "" };
    if (1e-4..1e11).contains(&a) {
        let whole = a.log10().floor().max(0.0) as usize + 1;
        let text = format!("{:.*}", 10usize.saturating_sub(whole), a);
        let text = if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.')
        } else {
            &text
        };
        return format!("{sign}{text}");
    }
    let plain = number_to_text(a);
    if a < 1.0 && !plain.contains('E') && plain.len() + sign.len() <= 11 {
        return format!("{sign}{plain}");
    }
    let text = format!("{a:.5e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.replace('.', "");
    let digits = digits.trim_end_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    format!("{sign}{}", scientific(digits, exponent.parse().unwrap_or(0)))
}

/// The text of a number as `&` joins it: plain digits where they fit 20 places, else with an
/// exponent.
#[must_use]
pub fn number_to_text(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let (negative, digits, exponent) = digits_15(x);
    let sign = if negative { "-" } else { "" };
    let count = digits.len() as i32;
    let plain = if exponent < 0 {
        let width = 1 - exponent + count;
        (width <= 20).then(|| format!("0.{}{digits}", "0".repeat((-exponent - 1) as usize)))
    } else if exponent > 20 {
        None
    } else if count <= exponent + 1 {
        Some(format!("{digits}{}", "0".repeat((exponent + 1 - count) as usize)))
    } else {
        let (whole, part) = digits.split_at((exponent + 1) as usize);
        Some(format!("{whole}.{part}"))
    };
    plain.map_or_else(
        || format!("{sign}{}", scientific(&digits, exponent)),
        |p| format!("{sign}{p}"),
    )
}

fn scientific(digits: &str, exponent: i32) -> String {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{first}{point}{rest}E{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_agrees_with_the_long_one() {
        let mut x = 1.234_567_890_123_456_7e-7;
        for i in 0..20_000 {
            if let Some(found) = find_rounded(x) {
                let text = format!("{x:.16e}");
                let (mantissa, exponent) = text.split_once('e').unwrap();
                let digits: u64 = mantissa.replace('.', "").parse().unwrap();
                assert_eq!(found, ((digits + 50) / 100, exponent.parse().unwrap()), "{x:e}");
            }
            x = x * 1.002_3 + f64::from(i % 7) * 1e-9;
        }
        assert!(same_15(0.1 + 0.2, 0.3) && !same_15(0.3, -0.3) && !same_15(1.0, 1.000_000_000_001));
    }

    #[test]
    fn neighbours_are_told_apart_as_their_digits_are() {
        let mut x = 1.234_567_890_123_456_7e-7_f64;
        let mut short = 0;
        for i in 0..20_000_u64 {
            for ulps in [1, 3, 17, 90, 400] {
                let near = f64::from_bits(x.to_bits() + ulps + i % 5);
                assert_eq!(same_15(x, near), rounded(x) == rounded(near), "{x:e} and {near:e}");
                assert_eq!(same_15(near, x), same_15(x, near), "{x:e} and {near:e}");
                short += u32::from(find_same(x, near).is_some());
            }
            x = x * 1.002_3 + f64::from((i % 7) as u8) * 1e-9;
        }
        assert!(short > 10_000, "{short}");
        for ten in TENS {
            let below = f64::from_bits(ten.to_bits() - 1);
            assert_eq!(same_15(ten, below), rounded(ten) == rounded(below), "{ten:e}");
        }
    }

    #[test]
    fn text_has_15_digits() {
        assert_eq!(number_to_text(0.940_900_000_000_000_1), "0.9409");
        assert_eq!(number_to_text(0.1 + 0.2), "0.3");
        assert_eq!(number_to_text(0.201_995_711_195_282_5), "0.201995711195283");
        assert_eq!(number_to_display(1.0 / 3.0), "0.333333333");
        assert_eq!(number_to_display(123_456_789_012.0), "1.23457E+11");
        assert_eq!(number_to_text(-1234.5), "-1234.5");
        assert_eq!(number_to_text(1e20), "100000000000000000000");
        assert_eq!(number_to_text(1e21), "1E+21");
        assert_eq!(number_to_text(1.0 / 30_000.0), "3.33333333333333E-05");
        assert_eq!(number_to_text(123_456_789_012_345_678.0), "123456789012346000");
    }
}
