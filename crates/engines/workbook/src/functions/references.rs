//! References as values: their size and place, and those made from numbers or text.

use super::{Function, eager, lazy, scalar};
use crate::book::Content;
use crate::cell::{Area, MAX_COLS, MAX_ROWS, column_name};
use crate::eval::{Eval, Operand, Outcome};
use crate::formula::Expr;
use crate::value::{Array, ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("ROW", (0, 1), "r", |e, a| places(e, a, |area| (area.top, area.rows()), true)),
    eager("COLUMN", (0, 1), "r", |e, a| places(e, a, |area| (area.left, area.cols()), false)),
    eager("ROWS", (1, 1), "a", |e, a| size(e, &a[0], Area::rows, Array::rows)),
    eager("COLUMNS", (1, 1), "a", |e, a| size(e, &a[0], Area::cols, Array::cols)),
    lazy("AREAS", (1, 1), |e, a| match e.expr(&a[0]) {
        Operand::Area(_) => Ok(1.0.into()),
        Operand::Areas(areas) => Ok((areas.len() as f64).into()),
        _ => Err(ErrorKind::Value),
    }),
    lazy("OFFSET", (3, 5), offset),
    eager("INDIRECT", (1, 2), "ss", indirect),
    scalar("ADDRESS", (2, 5), address),
    eager("SHEET", (0, 1), "r", sheet),
    eager("SHEETS", (0, 1), "r", |e, a| {
        Ok(match a.first() {
            None => e.model.book.own_sheet_count() as f64,
            Some(Operand::Area(_)) => 1.0,
            Some(Operand::Areas(areas)) => areas.len() as f64,
            Some(Operand::Value(Value::Error(_))) => return Err(ErrorKind::Ref),
            Some(_) => return Err(ErrorKind::Na),
        }
        .into())
    }),
    eager("FORMULATEXT", (1, 1), "r", formula_text),
    eager("HYPERLINK", (1, 2), "vv", |e, a| {
        let i = usize::from(a.len() > 1);
        Ok(e.value(a, i).into())
    }),
    lazy("SINGLE", (1, 1), |e, a| {
        let operand = e.expr(&a[0]);
        Ok(e.single(&operand).into())
    }),
];

fn places(
    e: &mut Eval<'_, '_>,
    args: &[Operand],
    run: fn(&Area) -> (u32, usize),
    down: bool,
) -> Outcome {
    let area = match args.first() {
        None | Some(Operand::Omitted) => Area::of(e.at),
        Some(Operand::Area(area)) => *area,
        Some(Operand::Value(Value::Error(e))) => return Err(*e),
        Some(_) => return Err(ErrorKind::Value),
    };
    let (first, count) = run(&area);
    if !e.array || count == 1 {
        return Ok(f64::from(first + 1).into());
    }
    let at = |i: usize| Value::Number(f64::from(first) + i as f64 + 1.0);
    let array = if down {
        Array::build(count, 1, |r, _| at(r))
    } else {
        Array::build(1, count, |_, c| at(c))
    };
    Ok(Operand::Array(array?.into()))
}

fn size(
    e: &mut Eval<'_, '_>,
    arg: &Operand,
    of_area: fn(&Area) -> usize,
    of_array: fn(&Array) -> usize,
) -> Outcome {
    Ok(match arg {
        Operand::Area(area) => of_area(area) as f64,
        Operand::Areas(areas) if areas.len() > 1 => return Err(ErrorKind::Ref),
        Operand::Value(Value::Error(e)) => return Err(*e),
        other => of_array(e.array_of(other)?.as_ref()) as f64,
    }
    .into())
}

fn number_of(
    e: &mut Eval<'_, '_>,
    args: &[Expr],
    i: usize,
    default: f64,
) -> Result<f64, ErrorKind> {
    match args.get(i) {
        None | Some(Expr::Omitted) => Ok(default),
        Some(arg) => {
            let operand = e.expr(arg);
            let operand = e.plain(&operand);
            e.number(&[operand], 0)
        }
    }
}

fn offset(e: &mut Eval<'_, '_>, args: &[Expr]) -> Outcome {
    let area = match e.expr(&args[0]) {
        Operand::Area(area) => area,
        Operand::Value(Value::Error(e)) => return Err(e),
        _ => return Err(ErrorKind::Value),
    };
    let down = number_of(e, args, 1, 0.0)?.trunc();
    let right = number_of(e, args, 2, 0.0)?.trunc();
    let side = |x: f64| if x.abs() < 1.0 && x != 0.0 { x.signum() } else { x.trunc() };
    let height = side(number_of(e, args, 3, area.rows() as f64)?);
    let width = side(number_of(e, args, 4, area.cols() as f64)?);
    if height == 0.0 || width == 0.0 {
        return Err(ErrorKind::Ref);
    }
    let span = |start: f64, length: f64, size: u32| {
        let (a, b) = if length > 0.0 {
            (start, start + length - 1.0)
        } else {
            (start + length + 1.0, start)
        };
        (a >= 0.0 && b < f64::from(size)).then_some((a as u32, b as u32))
    };
    let rows = span(f64::from(area.top) + down, height, MAX_ROWS).ok_or(ErrorKind::Ref)?;
    let cols = span(f64::from(area.left) + right, width, MAX_COLS).ok_or(ErrorKind::Ref)?;
    let sheet = area.sheet;
    Ok(Operand::Area(Area { sheet, top: rows.0, left: cols.0, bottom: rows.1, right: cols.1 }))
}

fn indirect(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let text = e.text(args, 0)?;
    let text = text.trim().trim_start_matches('=');
    let at = e.at;
    if e.bool_or(args, 1, true)? {
        return e.find_reference(text, at).ok_or(ErrorKind::Ref);
    }
    let (sheet, cells) = match text.rsplit_once('!') {
        Some((sheet, cells)) => {
            let name = sheet.trim_matches('\'').replace("''", "'");
            (e.model.book.find_sheet(&name).ok_or(ErrorKind::Ref)?, cells)
        }
        None => (at.sheet, text),
    };
    let (a, b) = cells.split_once(':').unwrap_or((cells, cells));
    let corner = |t: &str| find_r1c1(t, (at.row, at.col)).ok_or(ErrorKind::Ref);
    let ((r1, c1), (r2, c2)) = (corner(a)?, corner(b)?);
    Ok(Operand::Area(Area {
        sheet,
        top: r1.min(r2),
        left: c1.min(c2),
        bottom: r1.max(r2),
        right: c1.max(c2),
    }))
}

/// Reads `R2C3` or `R[-1]C` as seen from a cell.
fn find_r1c1(text: &str, own: (u32, u32)) -> Option<(u32, u32)> {
    let text = text.trim().to_uppercase();
    let (row, col) = text.strip_prefix('R')?.split_once('C')?;
    let axis = |t: &str, own: u32, size: u32| {
        let place = if t.is_empty() {
            i64::from(own)
        } else if let Some(t) = t.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            i64::from(own) + t.parse::<i64>().ok()?
        } else {
            t.parse::<i64>().ok()? - 1
        };
        (0..i64::from(size)).contains(&place).then_some(place as u32)
    };
    Some((axis(row, own.0, MAX_ROWS)?, axis(col, own.1, MAX_COLS)?))
}

fn address(a: &super::Args<'_>) -> Result<Value, ErrorKind> {
    let (row, col) = (a.integer(0)?, a.integer(1)?);
    let kind = if a.has(2) { a.integer(2)? } else { 1 };
    let a1 = if a.has(3) { a.bool_or(3, true)? } else { a.len() <= 3 || a.value(3).is_empty() };
    let inside =
        (1..=i64::from(MAX_ROWS)).contains(&row) && (1..=i64::from(MAX_COLS)).contains(&col);
    if !inside || !(1..=4).contains(&kind) {
        return Err(ErrorKind::Value);
    }
    let (row_fixed, col_fixed) = (kind <= 2, kind == 1 || kind == 3);
    let sign = |fixed: bool| if fixed { "$" } else { "" };
    let place = if a1 {
        format!("{}{}{}{row}", sign(col_fixed), column_name(col as u32 - 1), sign(row_fixed))
    } else {
        let part = |letter: &str, n: i64, fixed: bool| {
            if fixed { format!("{letter}{n}") } else { format!("{letter}[{n}]") }
        };
        format!("{}{}", part("R", row, row_fixed), part("C", col, col_fixed))
    };
    if a.len() < 5 {
        return Ok(place.into());
    }
    let sheet = a.text(4)?;
    let plain =
        sheet.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.' || c == '[' || c == ']')
            && !sheet.starts_with(|c: char| c.is_ascii_digit());
    Ok(if plain || sheet.is_empty() {
        format!("{sheet}!{place}")
    } else {
        format!("'{}'!{place}", sheet.replace('\'', "''"))
    }
    .into())
}

fn sheet(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let id = match args.first() {
        None | Some(Operand::Omitted) => e.at.sheet,
        Some(Operand::Area(area)) => area.sheet,
        Some(Operand::Value(Value::Text(name))) => {
            e.model.book.find_sheet(name).ok_or(ErrorKind::Na)?
        }
        Some(Operand::Value(Value::Error(e))) => return Err(*e),
        Some(_) => return Err(ErrorKind::Na),
    };
    Ok(f64::from(id.0 + 1).into())
}

fn formula_text(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let Operand::Area(area) = &args[0] else { return Err(ErrorKind::Value) };
    let book = e.model.book;
    let cell = book.sheet(area.sheet).find_cell(area.top, area.left).ok_or(ErrorKind::Na)?;
    let Content::Formula(f) = cell.content else { return Err(ErrorKind::Na) };
    let formula = &book.sheet(area.sheet).formulas()[f as usize];
    let text = crate::formula::spell(book, book.template(formula.formula), area.first());
    Ok(if formula.array.is_some() && !formula.dynamic {
        format!("{{={text}}}")
    } else {
        format!("={text}")
    }
    .into())
}
