//! Text: parts, places, case and characters. Lengths count UTF-16 units, as Excel does.

use super::{Args, Function, MANY, any, eager, scalar};
use crate::coerce::{to_number, to_text};
use crate::eval::{Eval, Operand, Outcome};
use crate::text_number::{find_date_time, find_number};
use crate::value::{Array, ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    scalar("LEN", (1, 1), |a| Ok((units(&a.text(0)?).len() as f64).into())),
    scalar("LENB", (1, 1), |a| Ok((units(&a.text(0)?).len() as f64).into())),
    scalar("LEFT", (1, 2), |a| part(a, |n, length| (0, n.min(length)))),
    scalar("LEFTB", (1, 2), |a| part(a, |n, length| (0, n.min(length)))),
    scalar("RIGHT", (1, 2), |a| part(a, |n, length| (length - n.min(length), length))),
    scalar("RIGHTB", (1, 2), |a| part(a, |n, length| (length - n.min(length), length))),
    scalar("MID", (3, 3), mid),
    scalar("MIDB", (3, 3), mid),
    scalar("UPPER", (1, 1), |a| Ok(a.text(0)?.to_uppercase().into())),
    scalar("LOWER", (1, 1), |a| Ok(a.text(0)?.to_lowercase().into())),
    scalar("PROPER", (1, 1), |a| Ok(proper(&a.text(0)?).into())),
    scalar("TRIM", (1, 1), |a| {
        let text = a.text(0)?;
        Ok(text.split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ").into())
    }),
    scalar("CLEAN", (1, 1), |a| {
        Ok(a.text(0)?.chars().filter(|c| *c >= ' ').collect::<String>().into())
    }),
    scalar("REPT", (2, 2), |a| {
        let (text, n) = (a.text(0)?, a.number(1)?.trunc());
        if n < 0.0 || n * text.len() as f64 > 32_767.0 {
            return Err(ErrorKind::Value);
        }
        Ok(text.repeat(n as usize).into())
    }),
    scalar("EXACT", (2, 2), |a| Ok((a.text(0)? == a.text(1)?).into())),
    scalar("FIND", (2, 3), |a| find(a, true)),
    scalar("FINDB", (2, 3), |a| find(a, true)),
    scalar("SEARCH", (2, 3), |a| find(a, false)),
    scalar("SEARCHB", (2, 3), |a| find(a, false)),
    scalar("REPLACE", (4, 4), replace),
    scalar("REPLACEB", (4, 4), replace),
    scalar("SUBSTITUTE", (3, 4), substitute),
    scalar("CONCATENATE", (1, MANY), |a| {
        (0..a.len()).map(|i| a.text(i)).collect::<Result<Vec<_>, _>>().map(|t| t.concat().into())
    }),
    eager("CONCAT", (1, MANY), "r", |e, a| joined(e, a, "", false)),
    eager("TEXTJOIN", (3, MANY), "asr", text_join),
    scalar("CHAR", (1, 1), |a| {
        let n = a.integer(0)?;
        let c = u8::try_from(n).ok().filter(|n| *n > 0).map(windows_char);
        c.map(|c| c.to_string().into()).ok_or(ErrorKind::Value)
    }),
    scalar("CODE", (1, 1), |a| {
        let c = a.text(0)?.chars().next().ok_or(ErrorKind::Value)?;
        Ok(f64::from((1..=255).find(|b| windows_char(*b) == c).unwrap_or(b'?')).into())
    }),
    scalar("UNICHAR", (1, 1), |a| {
        let n = a.integer(0)?;
        let c = u32::try_from(n).ok().filter(|n| *n > 0).and_then(char::from_u32);
        c.map(|c| c.to_string().into()).ok_or(ErrorKind::Value)
    }),
    scalar("UNICODE", (1, 1), |a| {
        let c = a.text(0)?.chars().next().ok_or(ErrorKind::Value)?;
        Ok(f64::from(u32::from(c)).into())
    }),
    scalar("VALUE", (1, 1), |a| match a.value(0) {
        Value::Bool(_) => Err(ErrorKind::Value),
        other => Ok(to_number(other)?.into()),
    }),
    scalar("NUMBERVALUE", (1, 3), number_value),
    scalar("DATEVALUE", (1, 1), |a| {
        let serial = find_date_time(&a.text(0)?).filter(|s| *s >= 1.0).ok_or(ErrorKind::Value)?;
        let shift = if a.date1904 { crate::dates::OFFSET_1904 } else { 0.0 };
        Ok((serial.floor() - shift).into())
    }),
    scalar("TIMEVALUE", (1, 1), |a| {
        Ok(find_date_time(&a.text(0)?).ok_or(ErrorKind::Value)?.fract().into())
    }),
    any("VALUETOTEXT", (1, 2), |a| Ok(shown(a.value(0), a.integer_or(1, 0)? == 1).into())),
    eager("ARRAYTOTEXT", (1, 2), "as", |e, a| {
        let array = e.array_of(&a[0])?;
        let strict = e.integer_or(a, 1, 0)? == 1;
        Ok(array_text(&array, strict).into())
    }),
    eager("PHONETIC", (1, 1), "r", |e, a| Ok(Value::Text(e.text(a, 0)?).into())),
    scalar("ENCODEURL", (1, 1), |a| {
        let text = a.text(0)?;
        let safe = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
        let encode = |b: u8| if safe(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
        Ok(text.bytes().map(encode).collect::<String>().into())
    }),
    scalar("ASC", (1, 1), |a| Ok(a.text(0)?.chars().map(narrow).collect::<String>().into())),
    scalar("DBCS", (1, 1), |a| Ok(Value::Text(a.text(0)?))),
];

pub(super) fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

pub(super) fn from_units(units: &[u16]) -> String {
    String::from_utf16_lossy(units)
}

/// Full-width letters become ordinary ones.
fn narrow(c: char) -> char {
    match u32::from(c) {
        0x3000 => ' ',
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

/// A character of the Windows code page 1252.
fn windows_char(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    if (0x80..0xA0).contains(&byte) { HIGH[byte as usize - 0x80] } else { char::from(byte) }
}

fn part(a: &Args<'_>, span: fn(usize, usize) -> (usize, usize)) -> Result<Value, ErrorKind> {
    let text = units(&a.text(0)?);
    let n = a.number_or(1, 1.0)?;
    if n < 0.0 {
        return Err(ErrorKind::Value);
    }
    let (from, to) = span(n as usize, text.len());
    Ok(from_units(&text[from..to]).into())
}

fn mid(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let text = units(&a.text(0)?);
    let (start, n) = (a.number(1)?.trunc(), a.number(2)?.trunc());
    if start < 1.0 || n < 0.0 {
        return Err(ErrorKind::Value);
    }
    let from = (start as usize - 1).min(text.len());
    let to = from.saturating_add(n as usize).min(text.len());
    Ok(from_units(&text[from..to]).into())
}

fn proper(text: &str) -> String {
    let mut after_letter = false;
    let mut out = String::new();
    for c in text.chars() {
        if after_letter {
            out.extend(c.to_lowercase())
        } else {
            out.extend(c.to_uppercase())
        }
        after_letter = c.is_alphabetic();
    }
    out
}

fn find(a: &Args<'_>, exact: bool) -> Result<Value, ErrorKind> {
    let (needle, text) = (a.text(0)?, a.text(1)?);
    let start = a.number_or(2, 1.0)?.trunc();
    let text = units(&text);
    if start < 1.0 || start > text.len() as f64 + 1.0 {
        return Err(ErrorKind::Value);
    }
    let from = start as usize - 1;
    let found = if exact {
        let needle = units(&needle);
        (from..=text.len()).find(|i| text[*i..].starts_with(&needle))
    } else if super::search::has_wildcard(&needle) {
        let pattern = pattern_of(&needle);
        (from..=text.len()).find(|i| super::search::matches(&pattern, &from_units(&text[*i..])))
    } else {
        let text = units(&from_units(&text).to_lowercase());
        let needle = units(&needle.to_lowercase());
        (from..=text.len()).find(|i| text[*i..].starts_with(&needle))
    };
    found.map(|i| (i as f64 + 1.0).into()).ok_or(ErrorKind::Value)
}

/// What SEARCH looks for, and anything behind it. A tilde before what is no wildcard, or before
/// nothing, stands for nothing.
fn pattern_of(needle: &str) -> String {
    let mut pattern = String::new();
    let mut rest = needle.chars();
    while let Some(c) = rest.next() {
        match (c, if c == '~' { rest.next() } else { None }) {
            ('~', Some(next)) => {
                if matches!(next, '*' | '?' | '~') {
                    pattern.push('~');
                }
                pattern.push(next);
            }
            ('~', None) => {}
            (c, _) => pattern.push(c),
        }
    }
    pattern.push('*');
    pattern
}

fn replace(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let text = units(&a.text(0)?);
    let (start, n) = (a.number(1)?.trunc(), a.number(2)?.trunc());
    if start < 1.0 || n < 0.0 {
        return Err(ErrorKind::Value);
    }
    let from = (start as usize - 1).min(text.len());
    let to = from.saturating_add(n as usize).min(text.len());
    Ok(format!("{}{}{}", from_units(&text[..from]), a.text(3)?, from_units(&text[to..])).into())
}

fn substitute(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let (text, old, new) = (a.text(0)?, a.text(1)?, a.text(2)?);
    if old.is_empty() {
        return Ok(Value::Text(text));
    }
    if a.len() < 4 {
        return Ok(text.replace(old.as_ref(), &new).into());
    }
    let nth = a.number(3)?.trunc();
    if nth < 1.0 {
        return Err(ErrorKind::Value);
    }
    let mut found = text.match_indices(old.as_ref()).skip(nth as usize - 1);
    Ok(match found.next() {
        Some((i, _)) => format!("{}{new}{}", &text[..i], &text[i + old.len()..]).into(),
        None => Value::Text(text),
    })
}

fn joined(e: &mut Eval<'_, '_>, args: &[Operand], separator: &str, skip: bool) -> Outcome {
    let separators = [separator.to_owned()];
    join(e, args, &separators, skip)
}

fn join(e: &mut Eval<'_, '_>, args: &[Operand], separators: &[String], skip: bool) -> Outcome {
    let mut parts = Vec::new();
    for arg in args {
        for value in e.array_of(arg)?.values() {
            let text = to_text(value)?;
            if !(skip && text.is_empty()) {
                parts.push(text);
            }
        }
    }
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push_str(&separators[(i - 1) % separators.len()]);
        }
        out.push_str(part);
    }
    if out.len() > 32_767 {
        return Err(ErrorKind::Value);
    }
    Ok(out.into())
}

fn text_join(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let mut separators = Vec::new();
    for value in e.array_of(&args[0])?.values() {
        separators.push(to_text(value)?.to_string());
    }
    let skip = e.bool_or(args, 1, true)?;
    join(e, &args[2..], &separators, skip)
}

fn number_value(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let first = |i: usize, default: char| -> Result<char, ErrorKind> {
        if i >= a.len() { Ok(default) } else { a.text(i)?.chars().next().ok_or(ErrorKind::Value) }
    };
    let (point, group) = (first(1, '.')?, first(2, ',')?);
    let text: String = a.text(0)?.chars().filter(|c| !c.is_whitespace()).collect();
    if text.is_empty() {
        return Ok(0.0.into());
    }
    let (whole, tail) = text.split_once(point).map_or((text.as_str(), None), |(w, t)| (w, Some(t)));
    if tail.is_some_and(|t| t.contains(group) || t.contains(point)) {
        return Err(ErrorKind::Value);
    }
    let plain = whole.replace(group, "") + &tail.map_or_else(String::new, |t| format!(".{t}"));
    find_number(&plain).map(Value::from).ok_or(ErrorKind::Value)
}

fn shown(value: &Value, strict: bool) -> String {
    match value {
        Value::Text(t) if strict => format!("\"{}\"", t.replace('"', "\"\"")),
        Value::Error(e) => e.to_string(),
        other => to_text(other).unwrap_or_default().to_string(),
    }
}

fn array_text(array: &Array, strict: bool) -> String {
    let row = |r: usize, separator: &str| {
        (0..array.cols()).map(|c| shown(array.at(r, c), strict)).collect::<Vec<_>>().join(separator)
    };
    if strict {
        let rows: Vec<String> = (0..array.rows()).map(|r| row(r, ",")).collect();
        return format!("{{{}}}", rows.join(";"));
    }
    (0..array.rows()).map(|r| row(r, ", ")).collect::<Vec<_>>().join(", ")
}
