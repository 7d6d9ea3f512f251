//! What a value is.

use super::{Function, any, eager, lazy};
use crate::book::Content;
use crate::cell::column_name;
use crate::coerce::to_number;
use crate::eval::{Eval, Operand, Outcome};
use crate::value::{ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    any("ISBLANK", (1, 1), |a| Ok(a.value(0).is_empty().into())),
    any("ISNUMBER", (1, 1), |a| Ok(matches!(a.value(0), Value::Number(_)).into())),
    any("ISTEXT", (1, 1), |a| Ok(matches!(a.value(0), Value::Text(_)).into())),
    any("ISNONTEXT", (1, 1), |a| Ok((!matches!(a.value(0), Value::Text(_))).into())),
    any("ISLOGICAL", (1, 1), |a| Ok(matches!(a.value(0), Value::Bool(_)).into())),
    any("ISERROR", (1, 1), |a| Ok(a.value(0).find_error().is_some().into())),
    any("ISERR", (1, 1), |a| {
        Ok(a.value(0).find_error().is_some_and(|e| e != ErrorKind::Na).into())
    }),
    any("ISNA", (1, 1), |a| Ok((a.value(0).find_error() == Some(ErrorKind::Na)).into())),
    any("ISEVEN", (1, 1), |a| parity(a.value(0), 0.0)),
    any("ISODD", (1, 1), |a| parity(a.value(0), 1.0)),
    any("NA", (0, 0), |_| Err(ErrorKind::Na)),
    any("ERROR.TYPE", (1, 1), |a| {
        let error = a.value(0).find_error().ok_or(ErrorKind::Na)?;
        Ok(f64::from(error.number()).into())
    }),
    any("N", (1, 1), |a| match a.value(0) {
        Value::Number(x) => Ok((*x).into()),
        Value::Bool(b) => Ok(f64::from(u8::from(*b)).into()),
        Value::Error(e) => Err(*e),
        Value::Empty | Value::Text(_) => Ok(0.0.into()),
    }),
    any("T", (1, 1), |a| match a.value(0) {
        Value::Text(t) => Ok(Value::Text(t.clone())),
        Value::Error(e) => Err(*e),
        Value::Empty | Value::Number(_) | Value::Bool(_) => Ok("".into()),
    }),
    eager("TYPE", (1, 1), "r", |e, a| {
        let many = matches!(&a[0], Operand::Array(_))
            || matches!(&a[0], Operand::Area(area) if !area.is_cell());
        if many {
            return Ok(64.0.into());
        }
        if matches!(a[0], Operand::Lambda(_)) {
            return Ok(128.0.into());
        }
        Ok(match e.value(a, 0) {
            Value::Empty | Value::Number(_) => 1.0,
            Value::Text(_) => 2.0,
            Value::Bool(_) => 4.0,
            Value::Error(_) => 16.0,
        }
        .into())
    }),
    eager("ISREF", (1, 1), "r", |_, a| Ok(a[0].is_reference().into())),
    eager("ISFORMULA", (1, 1), "r", is_formula),
    eager("CELL", (1, 2), "sr", cell),
    eager("INFO", (1, 1), "s", |e, a| match e.text(a, 0)?.to_lowercase().as_str() {
        "release" => Ok(String::from("16.0").into()),
        "system" => Ok(String::from("pcdos").into()),
        "recalc" => Ok(String::from("Automatic").into()),
        "numfile" => Ok((e.model.book.own_sheet_count() as f64).into()),
        _ => Err(ErrorKind::Value),
    }),
    lazy("ISOMITTED", (1, 1), |e, a| Ok(e.expr(&a[0]).is_omitted().into())),
];

fn parity(value: &Value, wanted: f64) -> Result<Value, ErrorKind> {
    if matches!(value, Value::Bool(_)) {
        return Err(ErrorKind::Value);
    }
    Ok((to_number(value)?.trunc().abs() % 2.0 == wanted).into())
}

fn is_formula(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let Operand::Area(area) = &args[0] else { return Err(ErrorKind::Value) };
    let cell = e.model.book.sheet(area.sheet).find_cell(area.top, area.left);
    Ok(cell.is_some_and(|c| matches!(c.content, Content::Formula(_))).into())
}

fn cell(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let kind = e.text(args, 0)?.to_lowercase();
    let at = match args.get(1) {
        Some(Operand::Area(area)) => area.first(),
        None | Some(Operand::Omitted) => e.at,
        Some(_) => return Err(ErrorKind::Value),
    };
    let book = e.model.book;
    let found = book.sheet(at.sheet).find_cell(at.row, at.col);
    Ok(match kind.as_str() {
        "row" => f64::from(at.row + 1).into(),
        "col" => f64::from(at.col + 1).into(),
        "address" => format!("${}${}", column_name(at.col), at.row + 1).into(),
        "contents" => match e.cell(at) {
            Value::Empty => 0.0.into(),
            other => other.into(),
        },
        "type" => String::from(match e.cell(at) {
            Value::Empty => "b",
            Value::Text(_) => "l",
            Value::Number(_) | Value::Bool(_) | Value::Error(_) => "v",
        })
        .into(),
        "format" => {
            let format = found.map_or("General", |c| book.format(c.style));
            super::number_format::cell_format(format).into()
        }
        "color" => {
            f64::from(u8::from(found.is_some_and(|c| book.format(c.style).contains("[Red]"))))
                .into()
        }
        "parentheses" => {
            f64::from(u8::from(found.is_some_and(|c| book.format(c.style).contains('(')))).into()
        }
        "prefix" => String::new().into(),
        "protect" => 1.0.into(),
        _ => return Err(ErrorKind::Value),
    })
}
