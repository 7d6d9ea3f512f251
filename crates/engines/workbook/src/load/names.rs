//! The workbook's outline: its sheets, defined names and settings of calculation.

use std::io::BufRead;

use super::limits::{Limits, LoadError};
use super::xml::{Tag, Xml, attribute};
use crate::book::Iteration;
use crate::cell::SheetId;

/// A defined name as written.
#[derive(Debug)]
pub(super) struct RawName {
    pub name: String,
    pub scope: Option<SheetId>,
    pub text: String,
}

#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Name, relation and whether it is hidden.
    pub sheets: Vec<(String, String, bool)>,
    pub names: Vec<RawName>,
    /// Relations of other workbooks, in the order in which formulas number them from 1.
    pub links: Vec<String>,
    pub date1904: bool,
    pub iteration: Iteration,
}

/// Whether an attribute says yes.
pub(super) fn is_set(tag: &Tag, name: &str) -> bool {
    attribute(tag, name).is_some_and(|v| v == "1" || v == "true")
}

pub(super) fn read_outline(
    xml: &mut Xml<&mut dyn BufRead>,
    _: &Limits,
) -> Result<Outline, LoadError> {
    let mut outline = Outline::default();
    while let Some(tag) = xml.next_start()? {
        let get = |key| attribute(&tag, key).unwrap_or_default().to_owned();
        match tag.name.as_str() {
            "workbookPr" => outline.date1904 = is_set(&tag, "date1904"),
            "sheet" => {
                let hidden = attribute(&tag, "state").is_some_and(|s| s != "visible");
                outline.sheets.push((get("name"), get("id"), hidden));
            }
            "externalReference" => outline.links.push(get("id")),
            "definedName" => {
                let scope = get("localSheetId").parse().ok().map(SheetId);
                let name = get("name");
                let text = xml.text(&tag)?;
                outline.names.push(RawName { name, scope, text });
            }
            "calcPr" => {
                let default = Iteration::default();
                outline.iteration = Iteration {
                    enabled: is_set(&tag, "iterate"),
                    count: get("iterateCount").parse().unwrap_or(default.count).min(32_767),
                    delta: get("iterateDelta").parse().unwrap_or(default.delta),
                };
            }
            _ => {}
        }
    }
    let sheets = outline.sheets.len() as u32;
    outline.names.retain(|n| n.scope.is_none_or(|s| s.0 < sheets));
    Ok(outline)
}
