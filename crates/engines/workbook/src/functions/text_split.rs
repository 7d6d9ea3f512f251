//! Text before, behind and between separators.

use super::{Function, eager};
use crate::coerce::to_text;
use crate::eval::{Eval, Operand, Outcome};
use crate::value::{Array, ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("TEXTBEFORE", (2, 6), "sasssr", |e, a| around(e, a, true)),
    eager("TEXTAFTER", (2, 6), "sasssr", |e, a| around(e, a, false)),
    eager("TEXTSPLIT", (2, 6), "saassr", split),
];

/// Separators and whether their case matters.
struct Separators {
    texts: Vec<String>,
    ignore_case: bool,
}

impl Separators {
    fn of(
        e: &mut Eval<'_, '_>,
        arg: Option<&Operand>,
        ignore_case: bool,
    ) -> Result<Option<Self>, ErrorKind> {
        let Some(arg) = arg.filter(|a| !a.is_omitted()) else { return Ok(None) };
        let mut texts = Vec::new();
        for value in e.array_of(arg)?.values() {
            let text = to_text(value)?.to_string();
            texts.push(if ignore_case { text.to_lowercase() } else { text });
        }
        Ok(Some(Self { texts, ignore_case }))
    }

    /// Start and end of every separator in a text; of several at one place the first given that
    /// is longest.
    fn places(&self, text: &str) -> Vec<(usize, usize)> {
        let lower = if self.ignore_case { text.to_lowercase() } else { text.to_owned() };
        let text = if lower.len() == text.len() { lower } else { text.to_owned() };
        let mut places = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let fits = |s: &&String| !s.is_empty() && text[at..].starts_with(s.as_str());
            match self.texts.iter().filter(fits).max_by_key(|s| s.len()) {
                Some(s) => {
                    places.push((at, at + s.len()));
                    at += s.len();
                }
                None => at += text[at..].chars().next().map_or(1, char::len_utf8),
            }
        }
        places
    }
}

fn around(e: &mut Eval<'_, '_>, args: &[Operand], before: bool) -> Outcome {
    let text = e.text(args, 0)?.to_string();
    let nth = e.number_or(args, 2, 1.0)?.floor() as i64;
    let mode = e.integer_or(args, 3, 0)?;
    let to_end = e.integer_or(args, 4, 0)?;
    if nth == 0 || !(0..=1).contains(&mode) || !(0..=1).contains(&to_end) {
        return Err(ErrorKind::Value);
    }
    let separators = Separators::of(e, args.get(1), mode == 1)?.ok_or(ErrorKind::Value)?;
    let longer = separators.texts.iter().all(|s| s.len() > text.len());
    if nth.unsigned_abs() as usize > text.len().max(1)
        || (longer && args.len() > 2 && !text.is_empty())
    {
        return Err(ErrorKind::Value);
    }
    if separators.texts.iter().any(String::is_empty) {
        let all = before == (nth < 0);
        return Ok(if all { text } else { String::new() }.into());
    }
    let mut places = separators.places(&text);
    if to_end == 1 {
        if nth > 0 { places.push((text.len(), text.len())) } else { places.insert(0, (0, 0)) }
    }
    let index = if nth > 0 {
        nth as usize - 1
    } else {
        places.len().wrapping_sub(nth.unsigned_abs() as usize)
    };
    match places.get(index) {
        Some((from, to)) => {
            Ok(if before { text[..*from].to_owned() } else { text[*to..].to_owned() }.into())
        }
        None => match args.get(5) {
            None | Some(Operand::Omitted) => Err(ErrorKind::Na),
            Some(other) => Ok(as_found(e, other)),
        },
    }
}

/// What stands for a text that is not there: of an empty cell, an empty text.
fn as_found(e: &mut Eval<'_, '_>, operand: &Operand) -> Operand {
    let found = match operand {
        Operand::Area(area) if area.is_cell() => e.cell(area.first()),
        Operand::Array(array) if array.values().len() == 1 => array.at(0, 0).clone(),
        other => return other.clone(),
    };
    if found.is_empty() { Value::text("").into() } else { found.into() }
}

fn pieces(text: &str, separators: Option<&Separators>, skip_empty: bool) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for (start, end) in separators.map(|s| s.places(text)).unwrap_or_default() {
        pieces.push(text[from..start].to_owned());
        from = end;
    }
    pieces.push(text[from..].to_owned());
    if skip_empty {
        pieces.retain(|p| !p.is_empty());
    }
    pieces
}

fn split(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let text = e.text(args, 0)?;
    let skip_empty = e.bool_or(args, 3, false)?;
    let ignore_case = e.integer_or(args, 4, 0)? == 1;
    let cols = Separators::of(e, args.get(1), ignore_case)?;
    let rows = Separators::of(e, args.get(2), ignore_case)?;
    if cols.is_none() && rows.is_none() {
        return Err(ErrorKind::Value);
    }
    let bad =
        |s: &Option<Separators>| s.as_ref().is_some_and(|s| s.texts.iter().any(String::is_empty));
    if bad(&cols) || bad(&rows) {
        return Err(ErrorKind::Value);
    }
    let fill = match args.get(5) {
        None | Some(Operand::Omitted) => ErrorKind::Na.into(),
        Some(fill) => e.single(fill),
    };
    let lines: Vec<Vec<String>> = pieces(&text, rows.as_ref(), skip_empty)
        .iter()
        .map(|line| pieces(line, cols.as_ref(), skip_empty))
        .filter(|line| !line.is_empty())
        .collect();
    let width = lines.iter().map(Vec::len).max().unwrap_or(0);
    let at = |r: usize, c: usize| lines[r].get(c).map_or_else(|| fill.clone(), Value::text);
    Ok(Array::build(lines.len(), width, at)?.into())
}
