//! Arrays that are cut, joined and folded.

use super::arrays::{cols_of, rows_of};
use super::{Function, MANY, eager};
use crate::cell::Area;
use crate::coerce::to_number;
use crate::eval::{Eval, Operand, Outcome};
use crate::value::{Array, ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("TAKE", (2, 3), "ass", |e, a| cut(e, a, taken)),
    eager("DROP", (2, 3), "ass", |e, a| cut(e, a, dropped)),
    eager("EXPAND", (2, 4), "assr", expand),
    eager("CHOOSEROWS", (2, MANY), "aa", |e, a| chosen(e, a, true)),
    eager("CHOOSECOLS", (2, MANY), "aa", |e, a| chosen(e, a, false)),
    eager("VSTACK", (1, MANY), "a", |e, a| stack(e, a, true)),
    eager("HSTACK", (1, MANY), "a", |e, a| stack(e, a, false)),
    eager("TOROW", (1, 3), "ass", |e, a| flat(e, a, false)),
    eager("TOCOL", (1, 3), "ass", |e, a| flat(e, a, true)),
    eager("WRAPROWS", (2, 3), "asr", |e, a| wrap(e, a, true)),
    eager("WRAPCOLS", (2, 3), "asr", |e, a| wrap(e, a, false)),
    eager("TRIMRANGE", (1, 3), "rss", trim_range),
];

type Span = Result<(usize, usize), ErrorKind>;

fn taken(length: usize, n: f64) -> Span {
    if n == 0.0 {
        return Err(ErrorKind::Calc);
    }
    let count = (n.abs() as usize).min(length);
    Ok(if n > 0.0 { (0, count) } else { (length - count, length) })
}

fn dropped(length: usize, n: f64) -> Span {
    let count = n.abs() as usize;
    if count >= length {
        return Err(ErrorKind::Calc);
    }
    Ok(if n >= 0.0 { (count, length) } else { (0, length - count) })
}

fn cut(e: &mut Eval<'_, '_>, args: &[Operand], span: fn(usize, f64) -> Span) -> Outcome {
    let array = e.array_of(&args[0])?;
    let part = |e: &mut Eval<'_, '_>, i: usize, length: usize| match args.get(i) {
        None | Some(Operand::Omitted) => Ok((0, length)),
        Some(_) => span(length, e.number(args, i)?.trunc()),
    };
    let (r0, r1) = part(e, 1, array.rows())?;
    let (c0, c1) = part(e, 2, array.cols())?;
    if let Operand::Area(area) = &args[0] {
        let area = e.clip(area);
        return Ok(Operand::Area(Area {
            sheet: area.sheet,
            top: area.top + r0 as u32,
            left: area.left + c0 as u32,
            bottom: area.top + r1 as u32 - 1,
            right: area.left + c1 as u32 - 1,
        }));
    }
    Ok(Array::build(r1 - r0, c1 - c0, |r, c| array.at(r0 + r, c0 + c).clone())?.into())
}

/// What fills the places that an array does not reach: `#N/A` unless said otherwise.
fn filling(e: &mut Eval<'_, '_>, args: &[Operand], i: usize) -> Value {
    match args.get(i) {
        None | Some(Operand::Omitted) => ErrorKind::Na.into(),
        Some(fill) => e.single(fill),
    }
}

fn expand(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let array = e.array_of(&args[0])?;
    let rows = e.number_or(args, 1, array.rows() as f64)?.trunc();
    let cols = e.number_or(args, 2, array.cols() as f64)?.trunc();
    if rows < array.rows() as f64 || cols < array.cols() as f64 {
        return Err(ErrorKind::Value);
    }
    let fill = filling(e, args, 3);
    let inside = |r: usize, c: usize| r < array.rows() && c < array.cols();
    let pick =
        |r: usize, c: usize| if inside(r, c) { array.at(r, c).clone() } else { fill.clone() };
    Ok(Array::build(rows as usize, cols as usize, pick)?.into())
}

fn chosen(e: &mut Eval<'_, '_>, args: &[Operand], rows: bool) -> Outcome {
    let array = e.array_of(&args[0])?;
    let length = if rows { array.rows() } else { array.cols() };
    let mut picked = Vec::new();
    for arg in &args[1..] {
        for value in e.array_of(arg)?.values() {
            let n = to_number(value)?.trunc();
            if n == 0.0 || n.abs() > length as f64 {
                return Err(ErrorKind::Value);
            }
            picked.push(if n > 0.0 { n as usize - 1 } else { length - n.abs() as usize });
        }
    }
    Ok(if rows { rows_of(&array, &picked) } else { cols_of(&array, &picked) }?.into())
}

fn stack(e: &mut Eval<'_, '_>, args: &[Operand], down: bool) -> Outcome {
    let mut parts = Vec::new();
    for arg in args {
        let array = e.array_of(arg)?;
        parts.push(if down { array.as_ref().clone() } else { array.transposed() });
    }
    let cols = parts.iter().map(Array::cols).max().unwrap_or(1);
    let mut values = Vec::new();
    for part in &parts {
        for r in 0..part.rows() {
            for c in 0..cols {
                values.push(if c < part.cols() {
                    part.at(r, c).clone()
                } else {
                    ErrorKind::Na.into()
                });
            }
        }
    }
    let stacked = Array::new(values.len() / cols, cols, values)?;
    Ok(if down { stacked } else { stacked.transposed() }.into())
}

fn flat(e: &mut Eval<'_, '_>, args: &[Operand], column: bool) -> Outcome {
    let array = e.array_of(&args[0])?;
    let skipped = e.integer_or(args, 1, 0)?;
    if !(0..=3).contains(&skipped) {
        return Err(ErrorKind::Value);
    }
    let by_column = e.bool_or(args, 2, false)?;
    let array = if by_column { array.transposed() } else { array.as_ref().clone() };
    let keep = |v: &&Value| {
        !(matches!(skipped, 1 | 3) && v.is_empty()
            || matches!(skipped, 2 | 3) && v.find_error().is_some())
    };
    let values: Vec<Value> = array.values().iter().filter(keep).cloned().collect();
    let n = values.len();
    Ok(if column { Array::new(n, 1, values) } else { Array::new(1, n, values) }?.into())
}

fn wrap(e: &mut Eval<'_, '_>, args: &[Operand], rows: bool) -> Outcome {
    let array = e.array_of(&args[0])?;
    if array.rows() != 1 && array.cols() != 1 {
        return Err(ErrorKind::Value);
    }
    let width = e.number(args, 1)?.trunc();
    if width < 1.0 {
        return Err(ErrorKind::Num);
    }
    let width = (width as usize).min(array.values().len());
    let lines = array.values().len().div_ceil(width);
    let fill = filling(e, args, 2);
    let at = |r: usize, c: usize| array.values().get(r * width + c).unwrap_or(&fill).clone();
    let wrapped = Array::build(lines, width, at)?;
    Ok(if rows { wrapped } else { wrapped.transposed() }.into())
}

/// Cuts empty rows and columns at the edges: 1 before, 2 behind, 3 both, 0 none.
fn trim_range(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let array = e.array_of(&args[0])?;
    let (rows, cols) = (e.integer_or(args, 1, 3)?, e.integer_or(args, 2, 3)?);
    if !(0..=3).contains(&rows) || !(0..=3).contains(&cols) {
        return Err(ErrorKind::Value);
    }
    let filled: Vec<(usize, usize)> = (0..array.values().len())
        .filter(|i| !array.values()[*i].is_empty())
        .map(|i| (i / array.cols(), i % array.cols()))
        .collect();
    let span = |mode: i64, length: usize, first: Option<usize>, last: Option<usize>| {
        let from = if mode & 1 == 1 { first.unwrap_or(0) } else { 0 };
        let to = if mode & 2 == 2 { last.unwrap_or(0) } else { length - 1 };
        (from, to)
    };
    if filled.is_empty() && (rows, cols) != (0, 0) {
        return Err(ErrorKind::Ref);
    }
    let (r0, r1) = span(
        rows,
        array.rows(),
        filled.iter().map(|f| f.0).min(),
        filled.iter().map(|f| f.0).max(),
    );
    let (c0, c1) = span(
        cols,
        array.cols(),
        filled.iter().map(|f| f.1).min(),
        filled.iter().map(|f| f.1).max(),
    );
    if let Operand::Area(area) = &args[0] {
        return Ok(Operand::Area(Area {
            sheet: area.sheet,
            top: area.top + r0 as u32,
            left: area.left + c0 as u32,
            bottom: area.top + r1 as u32,
            right: area.left + c1 as u32,
        }));
    }
    Ok(Array::build(r1 - r0 + 1, c1 - c0 + 1, |r, c| array.at(r0 + r, c0 + c).clone())?.into())
}
