//! Small workbooks made of formulas.

use std::collections::HashMap;
use std::io::{Cursor, Write};

use gantry_workbook::{Limits, Options, SheetId, Value, load, recalculate};

const MAIN: &str = r#"<workbook><sheets><sheet name="Sheet1" sheetId="1" id="rId1"/></sheets>
<calcPr iterate="1" iterateCount="100" iterateDelta="0.0001"/></workbook>"#;
const RELS: &str = r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const ROOT: &str = r#"<Relationships><Relationship Id="r" Type="x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;

/// The value of one formula.
pub fn computed(formula: &str) -> Value {
    build(&[("Z99", &format!("={formula}"))])["Z99"].clone()
}

/// The values of cells given as numbers, or as formulas behind `=`.
pub fn build(cells: &[(&str, &str)]) -> HashMap<String, Value> {
    let mut sheet = String::from("<worksheet><sheetData>");
    for (place, content) in cells {
        let escaped = content.replace('&', "&amp;").replace('<', "&lt;");
        let inner = match escaped.strip_prefix('=') {
            // An array formula of one cell computes in array mode where the test needs it.
            Some(formula) if place.starts_with("E3") => {
                format!("<f t=\"array\" ref=\"{place}\">{formula}</f>")
            }
            Some(formula) => format!("<f>{formula}</f>"),
            None => format!("<v>{escaped}</v>"),
        };
        sheet.push_str(&format!("<c r=\"{place}\">{inner}</c>"));
    }
    sheet.push_str("</sheetData></worksheet>");
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in [
        ("_rels/.rels", ROOT),
        ("xl/workbook.xml", MAIN),
        ("xl/_rels/workbook.xml.rels", RELS),
        ("xl/worksheets/sheet1.xml", sheet.as_str()),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let book = load(zip.finish().unwrap(), &Limits::default()).unwrap();
    let result = recalculate(&book, &Options::default()).unwrap();
    let sheet = book.sheet(SheetId(0));
    let values = result.sheet(SheetId(0));
    sheet
        .cells()
        .iter()
        .zip(values)
        .map(|(cell, value)| (book.place(SheetId(0), cell).to_string(), value.clone()))
        .collect()
}
