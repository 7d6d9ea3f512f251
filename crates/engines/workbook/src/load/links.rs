//! What the file remembers of other workbooks: the values of the cells that its formulas read,
//! as they were when Excel last saw them. Excel shows formulas computed with these.

use std::io::BufRead;

use super::limits::{Limits, LoadError};
use super::names::is_set;
use super::xml::{Tag, Xml, attribute, unescape_hex};
use crate::book::{Cell, Content, Sheet};
use crate::cell::{MAX_COLS, MAX_ROWS, find_position};
use crate::value::{ErrorKind, Value};

/// The remembered sheets of one other workbook, with the names that it gives them. Sheets of which
/// Excel kept nothing, or could not read, are left out: formulas that read them keep their values.
pub(super) fn read_link(
    xml: &mut Xml<&mut dyn BufRead>,
    limits: &Limits,
) -> Result<Vec<Sheet>, LoadError> {
    let (mut names, mut sheets) = (Vec::new(), Vec::<Sheet>::new());
    let (mut known, mut count) = (false, 0_u64);
    while let Some(tag) = xml.next_start()? {
        match tag.name.as_str() {
            "sheetName" => names.push(attribute(&tag, "val").unwrap_or_default().to_owned()),
            "sheetData" => {
                let index = attribute(&tag, "sheetId").and_then(|id| id.parse::<usize>().ok());
                let name = index.and_then(|index| names.get(index));
                known = name.is_some() && !is_set(&tag, "refreshError");
                if let Some(name) = name.filter(|_| known) {
                    let name = name.clone();
                    sheets.push(Sheet { name, hidden: true, external: true, ..Sheet::default() });
                }
            }
            "cell" => {
                let cell = read_cell(xml, &tag)?;
                if let (Some(cell), Some(sheet), true) = (cell, sheets.last_mut(), known) {
                    count += 1;
                    if count > limits.cells {
                        return Err(LoadError::TooLarge { what: "cells", limit: limits.cells });
                    }
                    sheet.cells.push(cell);
                }
            }
            _ => {}
        }
    }
    Ok(sheets)
}

/// A remembered cell; nothing where it is empty or lies outside of a sheet.
fn read_cell(xml: &mut Xml<&mut dyn BufRead>, tag: &Tag) -> Result<Option<Cell>, LoadError> {
    let place = attribute(tag, "r").and_then(find_position);
    let kind = attribute(tag, "t").unwrap_or("n").to_owned();
    if tag.empty {
        return Ok(None);
    }
    let text = xml.text(tag)?;
    let Some((row, col)) = place.filter(|(row, col)| *row < MAX_ROWS && *col < MAX_COLS) else {
        return Ok(None);
    };
    let value = match kind.as_str() {
        "str" => Value::text(unescape_hex(&text)),
        "b" => Value::Bool(matches!(text.trim(), "1" | "true")),
        "e" => Value::Error(ErrorKind::from_text(text.trim()).unwrap_or(ErrorKind::Value)),
        _ if text.trim().is_empty() => return Ok(None),
        _ => {
            Value::number(text.trim().parse().map_err(|_| xml.corrupt("a number cannot be read"))?)
        }
    };
    Ok(Some(Cell { row, col, content: Content::Constant, value, style: 0 }))
}
