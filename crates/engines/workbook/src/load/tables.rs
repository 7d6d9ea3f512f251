//! Tables, for structured references.

use std::io::BufRead;

use super::limits::LoadError;
use super::xml::{Xml, attribute, unescape_hex};
use crate::book::Table;
use crate::cell::{SheetId, find_area};

/// The table of a part; nothing when its area cannot be read.
pub(super) fn read_table(
    xml: &mut Xml<&mut dyn BufRead>,
    sheet: SheetId,
) -> Result<Option<Table>, LoadError> {
    let mut table = None;
    while let Some(tag) = xml.next_start()? {
        let get = |key| attribute(&tag, key).unwrap_or_default();
        match tag.name.as_str() {
            "table" => {
                table = find_area(sheet, get("ref")).map(|area| Table {
                    name: get("displayName").to_owned(),
                    area,
                    header_rows: get("headerRowCount").parse().unwrap_or(1),
                    totals_rows: get("totalsRowCount").parse().unwrap_or(0),
                    columns: Vec::new(),
                });
            }
            "tableColumn" => {
                if let Some(table) = &mut table {
                    table.columns.push(unescape_hex(get("name")));
                }
            }
            _ => {}
        }
    }
    Ok(table)
}
