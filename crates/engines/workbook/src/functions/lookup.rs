//! Look-ups in tables.

use super::search::{find_exact, find_sorted, find_x, get_mode, get_search, key_of, list};
use super::{Function, eager};
use crate::cell::Area;
use crate::eval::{Eval, Operand, Outcome};
use crate::value::{Array, ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    eager("VLOOKUP", (3, 4), "srss", |e, a| table(e, a, true)),
    eager("HLOOKUP", (3, 4), "srss", |e, a| table(e, a, false)),
    eager("LOOKUP", (2, 3), "sa", lookup),
    eager("XLOOKUP", (3, 6), "srrrss", xlookup),
    eager("INDEX", (2, 4), "rsss", index),
];

/// The values of one row or column of a table, without reading the others.
fn line(
    e: &mut Eval<'_, '_>,
    table: &Operand,
    i: usize,
    column: bool,
) -> Result<Vec<Value>, ErrorKind> {
    if let Operand::Area(area) = table {
        let area = e.clip(area);
        let part = if column {
            Area { left: area.left + i as u32, right: area.left + i as u32, ..area }
        } else {
            Area { top: area.top + i as u32, bottom: area.top + i as u32, ..area }
        };
        return Ok(e.area_array(&part)?.values().to_vec());
    }
    let array = e.array_of(table)?;
    Ok(if column {
        (0..array.rows()).map(|r| array.at(r, i).clone()).collect()
    } else {
        (0..array.cols()).map(|c| array.at(i, c).clone()).collect()
    })
}

fn dimensions(e: &mut Eval<'_, '_>, table: &Operand) -> Result<(usize, usize), ErrorKind> {
    Ok(match table {
        Operand::Area(area) => (area.rows(), area.cols()),
        other => {
            let array = e.array_of(other)?;
            (array.rows(), array.cols())
        }
    })
}

/// One element of a table.
fn element(
    e: &mut Eval<'_, '_>,
    table: &Operand,
    row: usize,
    col: usize,
) -> Result<Value, ErrorKind> {
    if let Operand::Area(area) = table {
        let (row, col) = (area.top + row as u32, area.left + col as u32);
        return Ok(e.cell(crate::cell::CellRef::new(area.sheet, row, col)));
    }
    Ok(e.array_of(table)?.at(row, col).clone())
}

fn table(e: &mut Eval<'_, '_>, args: &[Operand], vertical: bool) -> Outcome {
    let key = key_of(e.value(args, 0));
    if matches!(args[1], Operand::Value(Value::Text(_))) {
        return Err(ErrorKind::Value);
    }
    let (rows, cols) = dimensions(e, &args[1])?;
    let nth = e.number(args, 2)?.trunc();
    if nth < 1.0 {
        return Err(ErrorKind::Value);
    }
    if nth > if vertical { cols } else { rows } as f64 {
        return Err(ErrorKind::Ref);
    }
    let keys = line(e, &args[1], 0, vertical)?;
    let sorted = match args.get(3) {
        None => true,
        Some(Operand::Omitted) => false,
        Some(_) => e.bool_or(args, 3, true)?,
    };
    let found = if sorted {
        find_sorted(&key, &keys, false)
    } else {
        find_exact(&key, &keys, (true, false))
    };
    let found = found.ok_or(ErrorKind::Na)?;
    let nth = nth as usize - 1;
    let (row, col) = if vertical { (found, nth) } else { (nth, found) };
    Ok(element(e, &args[1], row, col)?.into())
}

fn lookup(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let key = key_of(e.value(args, 0));
    let (rows, cols) = dimensions(e, &args[1])?;
    // The key runs along the longer side of a table.
    let vertical = rows >= cols;
    let keys = line(e, &args[1], 0, vertical)?;
    let found = find_sorted(&key, &keys, false).ok_or(ErrorKind::Na)?;
    match args.get(2) {
        None if vertical => Ok(element(e, &args[1], found, cols - 1)?.into()),
        None => Ok(element(e, &args[1], rows - 1, found)?.into()),
        Some(results) => {
            let (rows, cols) = dimensions(e, results)?;
            if let Operand::Area(area) = results {
                // A result vector is read on beyond its end.
                let (row, col) = if rows >= cols && cols == 1 { (found, 0) } else { (0, found) };
                let cell = crate::cell::CellRef::new(
                    area.sheet,
                    area.top + row as u32,
                    area.left + col as u32,
                );
                return Ok(e.cell(cell).into());
            }
            let array = e.array_of(results)?;
            let values = list(&array)?;
            Ok(values.get(found).cloned().ok_or(ErrorKind::Na)?.into())
        }
    }
}

fn xlookup(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    // An empty key finds an empty cell here, unlike in the older look-ups.
    let key = e.value(args, 0);
    let keys = e.array_of(&args[1])?;
    let values = list(&keys).map_err(|_| ErrorKind::Value)?;
    let mode = get_mode(e.integer_or(args, 4, 0)?)?;
    let search = get_search(e.integer_or(args, 5, 1)?, mode)?;
    let (rows, cols) = dimensions(e, &args[2])?;
    let vertical = keys.cols() == 1 && (keys.rows() > 1 || rows == 1);
    let (key_rows, key_cols) = dimensions(e, &args[1])?;
    if (if vertical { rows } else { cols }) != (if vertical { key_rows } else { key_cols }) {
        return Err(ErrorKind::Value);
    }
    match find_x(&key, values, mode, search)? {
        Some(i) => slice(e, &args[2], if vertical { (i + 1, 0) } else { (0, i + 1) }),
        None => match args.get(3) {
            None | Some(Operand::Omitted) => Err(ErrorKind::Na),
            Some(other) => Ok(other.clone()),
        },
    }
}

/// A row, a column or an element of a table; numbers count from 1, and 0 means all.
pub(super) fn slice(e: &mut Eval<'_, '_>, table: &Operand, (row, col): (usize, usize)) -> Outcome {
    let (rows, cols) = dimensions(e, table)?;
    if row > rows || col > cols {
        return Err(ErrorKind::Ref);
    }
    if let Operand::Area(area) = table {
        let run = |first: u32, last: u32, nth: usize| {
            if nth == 0 { (first, last) } else { (first + nth as u32 - 1, first + nth as u32 - 1) }
        };
        let (top, bottom) = run(area.top, area.bottom, row);
        let (left, right) = run(area.left, area.right, col);
        return Ok(Operand::Area(Area { sheet: area.sheet, top, left, bottom, right }));
    }
    let array = e.array_of(table)?;
    let pick = |n: usize, i: usize| if n == 0 { i } else { n - 1 };
    let height = if row == 0 { rows } else { 1 };
    let width = if col == 0 { cols } else { 1 };
    Ok(Array::build(height, width, |r, c| array.at(pick(row, r), pick(col, c)).clone())?.into())
}

fn index(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let table = match &args[0] {
        Operand::Areas(areas) => {
            let nth = e.integer_or(args, 3, 1)?;
            let area = usize::try_from(nth - 1).ok().and_then(|i| areas.get(i));
            Operand::Area(*area.ok_or(ErrorKind::Ref)?)
        }
        Operand::Value(Value::Error(e)) => return Err(*e),
        other => {
            if e.integer_or(args, 3, 1)? != 1 {
                return Err(ErrorKind::Ref);
            }
            other.clone()
        }
    };
    let (rows, cols) = dimensions(e, &table)?;
    let (mut row, mut col) = (e.number(args, 1)?.trunc(), e.number(args, 2)?.trunc());
    if args.len() == 2 && rows == 1 {
        (row, col) = (0.0, row);
        if cols == 1 && col > 1.0 {
            return Err(ErrorKind::Ref);
        }
    }
    if row < 0.0 || col < 0.0 {
        return Err(ErrorKind::Value);
    }
    let result = slice(e, &table, (row as usize, col as usize))?;
    Ok(match result {
        // One cell's reference stays one, for `A1:INDEX(…)`.
        Operand::Value(Value::Empty) => 0.0.into(),
        other => other,
    })
}
