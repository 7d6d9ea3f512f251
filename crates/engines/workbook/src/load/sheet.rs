//! The cells of one sheet.

use std::collections::HashMap;
use std::io::BufRead;

use super::limits::{Limits, LoadError};
use super::names::is_set;
use super::xml::{Item, Tag, Xml, attribute, unescape_hex};
use super::{FormulaParser, Lookup};
use crate::book::{Cell, Content, FormulaCell, FormulaId, Sheet};
use crate::cell::{CellRef, MAX_COLS, MAX_ROWS, SheetId, find_area, find_position};
use crate::value::{ErrorKind, Text, Value};

pub(super) struct SheetReader<'a> {
    pub id: SheetId,
    pub sheet: &'a mut Sheet,
    pub strings: &'a [Text],
    pub lookup: Lookup<'a>,
    pub parser: &'a mut FormulaParser,
    /// Shared formulas by their number.
    pub shared: HashMap<u32, FormulaId>,
    pub budget: u64,
    pub limits: &'a Limits,
}

/// A cell while its element is read.
#[derive(Default)]
struct Raw {
    kind: String,
    value: Option<String>,
    inline: Option<String>,
    formula: Option<(Tag, String)>,
    dynamic: bool,
    /// Whether the value has more to it than `v` says: newer errors are saved as `#VALUE!`.
    rich: bool,
}

impl SheetReader<'_> {
    pub(super) fn read(&mut self, xml: &mut Xml<&mut dyn BufRead>) -> Result<(), LoadError> {
        let mut next = (0u32, 0u32);
        while let Some(tag) = xml.next_start()? {
            match tag.name.as_str() {
                "row" => {
                    let row = attribute(&tag, "r").and_then(|r| r.parse::<u32>().ok());
                    let row = row.map_or(next.0, |r| r.saturating_sub(1));
                    if is_set(&tag, "hidden") {
                        self.sheet.hidden_rows.push(row);
                    }
                    next = (row, 0);
                    if tag.empty {
                        next.0 += 1;
                    }
                }
                "c" => {
                    let place = attribute(&tag, "r").and_then(find_position).unwrap_or(next);
                    if place.0 >= MAX_ROWS || place.1 >= MAX_COLS {
                        return Err(xml.corrupt("a cell lies outside of the sheet"));
                    }
                    next = (place.0, place.1 + 1);
                    self.cell(xml, &tag, place)?;
                }
                "filterColumn" => self.sheet.filtered = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn cell(
        &mut self,
        xml: &mut Xml<&mut dyn BufRead>,
        tag: &Tag,
        (row, col): (u32, u32),
    ) -> Result<(), LoadError> {
        let style = attribute(tag, "s").and_then(|s| s.parse().ok()).unwrap_or(0);
        if tag.empty {
            return Ok(());
        }
        let raw = read_raw(xml, tag)?;
        let value = self.value(xml, &raw)?;
        if raw.formula.is_none() && value.is_empty() {
            return Ok(());
        }
        if self.sheet.cells.len() as u64 >= self.budget {
            return Err(LoadError::TooLarge { what: "cells", limit: self.limits.cells });
        }
        let content = match &raw.formula {
            Some((f, text)) => self.formula(f, text, (row, col), raw.dynamic),
            None => Content::Constant,
        };
        self.sheet.cells.push(Cell { row, col, content, value, style });
        Ok(())
    }

    fn value(&self, xml: &Xml<&mut dyn BufRead>, raw: &Raw) -> Result<Value, LoadError> {
        if let Some(text) = &raw.inline {
            return Ok(Value::text(text));
        }
        let Some(v) = &raw.value else { return Ok(Value::Empty) };
        Ok(match raw.kind.as_str() {
            "s" => {
                let text = v.trim().parse::<usize>().ok().and_then(|i| self.strings.get(i));
                Value::Text(text.cloned().ok_or_else(|| xml.corrupt("a text is missing"))?)
            }
            "str" => Value::text(unescape_hex(v)),
            "b" => Value::Bool(v.trim() == "1" || v.trim() == "true"),
            "e" if raw.rich && v.trim() == "#VALUE!" => Value::Error(ErrorKind::Calc),
            "e" => Value::Error(ErrorKind::from_text(v.trim()).unwrap_or(ErrorKind::Value)),
            "d" => Value::text(v),
            _ if v.trim().is_empty() => Value::Empty,
            _ => {
                let number = v.trim().parse::<f64>();
                Value::number(number.map_err(|_| xml.corrupt("a number cannot be read"))?)
            }
        })
    }

    fn formula(&mut self, tag: &Tag, text: &str, (row, col): (u32, u32), dynamic: bool) -> Content {
        let at = CellRef::new(self.id, row, col);
        let kind = attribute(tag, "t").unwrap_or_default();
        let group = attribute(tag, "si").and_then(|s| s.parse::<u32>().ok());
        let formula = match group.filter(|_| kind == "shared" && text.is_empty()) {
            Some(group) => self.shared.get(&group).copied(),
            None if text.is_empty() => None,
            None => Some(self.parser.template(text, at, &self.lookup)),
        };
        let Some(formula) = formula else { return Content::Constant };
        if let Some(group) = group.filter(|_| kind == "shared") {
            self.shared.insert(group, formula);
        }
        let area = attribute(tag, "ref").and_then(|r| find_area(self.id, r));
        let array = area.filter(|a| kind == "array" && a.first() == at);
        let cell = self.sheet.cells.len() as u32;
        self.sheet.formulas.push(FormulaCell { cell, formula, array, dynamic });
        Content::Formula(self.sheet.formulas.len() as u32 - 1)
    }
}

fn read_raw(xml: &mut Xml<&mut dyn BufRead>, tag: &Tag) -> Result<Raw, LoadError> {
    let kind = attribute(tag, "t").unwrap_or("n").to_owned();
    let mut raw = Raw { kind, ..Raw::default() };
    raw.dynamic = attribute(tag, "cm").is_some();
    raw.rich = attribute(tag, "vm").is_some();
    while let Some(item) = xml.next()? {
        match item {
            Item::Start(inner) => match inner.name.as_str() {
                "v" => raw.value = Some(xml.text(&inner)?),
                "f" => {
                    let text = xml.text(&inner)?;
                    raw.formula = Some((inner, text));
                }
                "is" => raw.inline = Some(xml.rich_text(&inner)?),
                _ => {
                    xml.text(&inner)?;
                }
            },
            Item::End => break,
            Item::Text(_) => {}
        }
    }
    Ok(raw)
}
