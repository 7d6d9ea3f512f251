//! TEXT and its relatives: numbers by format codes. The codes themselves are read in
//! [`crate::format_code`].

use super::{Args, Function, scalar};
use crate::format_code;
use crate::kernels::rounding;
use crate::value::{ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    scalar("TEXT", (2, 2), |a| {
        let code = a.text(1)?;
        Ok(match a.value(0) {
            Value::Bool(b) => if *b { "TRUE" } else { "FALSE" }.into(),
            Value::Text(t) if crate::text_number::find_number(t).is_none() => {
                format_code::format_text(t, &code).into()
            }
            other => {
                let x = crate::coerce::to_number(other)?;
                format_code::format_number(x, &code, a.date1904).ok_or(ErrorKind::Value)?.into()
            }
        })
    }),
    scalar("FIXED", (1, 3), |a| {
        let digits = a.number_or(1, 2.0)?.trunc();
        if digits > 127.0 {
            return Err(ErrorKind::Value);
        }
        let x = rounding::round(a.number(0)?, digits);
        Ok(fixed(x, digits, !a.bool_or(2, false)?).into())
    }),
    scalar("DOLLAR", (1, 2), |a| {
        let digits = a.number_or(1, 2.0)?.trunc();
        if digits > 127.0 {
            return Err(ErrorKind::Value);
        }
        let x = rounding::round(a.number(0)?, digits);
        let text = format!("${}", fixed(x.abs(), digits, true));
        Ok(if x < 0.0 { format!("({text})") } else { text }.into())
    }),
    scalar("BAHTTEXT", (1, 1), bahttext),
];

fn fixed(x: f64, digits: f64, groups: bool) -> String {
    let digits = digits.max(0.0) as usize;
    let text = format_code::decimal(x.abs(), digits);
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let whole = if groups { format_code::grouped(whole) } else { whole.to_owned() };
    let sign = if x < 0.0 { "-" } else { "" };
    let point = if part.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{part}")
}

/// What CELL says of a format: a letter and a number of digits.
pub(super) fn cell_format(code: &str) -> String {
    let lower = code.to_lowercase();
    let digits = lower.split('.').nth(1).map_or(0, |t| t.chars().take_while(|c| *c == '0').count());
    let bare: String = lower
        .split(';')
        .next()
        .unwrap_or("")
        .chars()
        .filter(|c| !matches!(c, '\\' | '"'))
        .collect();
    match bare.as_str() {
        "general" | "# ?/?" | "# ??/??" | "@" => return "G".into(),
        "d-mmm-yy" | "dd-mmm-yy" => return "D1".into(),
        "d-mmm" | "dd-mmm" => return "D2".into(),
        "mmm-yy" => return "D3".into(),
        "m/d/yy" | "m/d/yyyy" | "m/d/yy h:mm" | "mm-dd-yy" | "m/d/yyyy h:mm" => return "D4".into(),
        "mm/dd" => return "D5".into(),
        "h:mm:ss am/pm" => return "D6".into(),
        "h:mm am/pm" => return "D7".into(),
        "h:mm:ss" => return "D8".into(),
        "h:mm" => return "D9".into(),
        _ => {}
    }
    let letter = if lower.contains('%') {
        "P"
    } else if lower.contains("e+") {
        "S"
    } else if lower.contains('$') {
        "C"
    } else if lower.contains("#,##0") {
        ","
    } else if lower.starts_with('0') {
        "F"
    } else {
        return "G".into();
    };
    let negative = if lower.contains("[red]") { "-" } else { "" };
    let parentheses = if lower.contains('(') { "()" } else { "" };
    format!("{letter}{digits}{negative}{parentheses}")
}

const THAI_DIGITS: [&str; 10] = ["", "หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า"];
const THAI_PLACES: [&str; 6] = ["", "สิบ", "ร้อย", "พัน", "หมื่น", "แสน"];

fn thai(n: u64) -> String {
    if n >= 1_000_000 {
        let rest = if n.is_multiple_of(1_000_000) { String::new() } else { thai(n % 1_000_000) };
        return format!("{}ล้าน{rest}", thai(n / 1_000_000));
    }
    let mut out = String::new();
    for place in (0..6).rev() {
        let digit = (n / 10u64.pow(place) % 10) as usize;
        match (place, digit) {
            (_, 0) => {}
            (1, 1) => out.push_str("สิบ"),
            (1, 2) => out.push_str("ยี่สิบ"),
            (0, 1) if n > 10 => out.push_str("เอ็ด"),
            _ => {
                out.push_str(THAI_DIGITS[digit]);
                out.push_str(THAI_PLACES[place as usize]);
            }
        }
    }
    out
}

fn bahttext(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let x = rounding::round(a.number(0)?, 2.0);
    if x.abs() >= 1e15 {
        return Err(ErrorKind::Value);
    }
    let satang = (x.abs() * 100.0).round() as u64;
    let (baht, satang) = (satang / 100, satang % 100);
    let sign = if x < 0.0 { "ลบ" } else { "" };
    let whole = if baht > 0 {
        format!("{}บาท", thai(baht))
    } else if satang == 0 {
        "ศูนย์บาท".into()
    } else {
        String::new()
    };
    let part = if satang == 0 {
        "ถ้วน".into()
    } else {
        format!("{}สตางค์", thai(satang))
    };
    Ok(format!("{sign}{whole}{part}").into())
}
