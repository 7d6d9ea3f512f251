//! Cells of other workbooks have the values that the file remembers of them.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::io::{Cursor, Write};

use gantry_workbook::{Limits, LoadError, Options, Value, Workbook, compare, load, recalculate};

const ROOT: &str = r#"<Relationships><Relationship Id="r" Type="x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const MAIN: &str = r#"<workbook><sheets><sheet name="One" sheetId="1" id="rId1"/></sheets>
<externalReferences><externalReference id="rId9"/></externalReferences></workbook>"#;
const RELS: &str = r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="rId9" Type="x/externalLink" Target="externalLinks/externalLink1.xml"/></Relationships>"#;
const LINK: &str = r#"<externalLink><externalBook><sheetNames><sheetName val="Last year's"/><sheetName val="Gone"/></sheetNames>
<sheetDataSet><sheetData sheetId="0"><row r="2"><cell r="B2"><v>20</v></cell><cell r="C2" t="str"><v>north</v></cell></row>
<row r="3"><cell r="B3"><v>22</v></cell></row></sheetData><sheetData sheetId="1" refreshError="1"/></sheetDataSet></externalBook></externalLink>"#;
const SHEET: &str = r#"<worksheet><sheetData><row r="1">
<c r="A1"><f>SUM('[1]Last year''s'!$B$2:$B$9)+'[1]Last year''s'!B2</f><v>62</v></c>
<c r="B1" t="str"><f>'[1]Last year''s'!C2&amp;SHEETS()</f><v>north1</v></c>
<c r="C1"><f>[1]Gone!A1</f><v>7</v></c>
<c r="D1"><f>C1+1</f><v>8</v></c></row></sheetData></worksheet>"#;

fn read(limits: &Limits) -> Result<Workbook, LoadError> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("_rels/.rels", ROOT),
        ("xl/workbook.xml", MAIN),
        ("xl/_rels/workbook.xml.rels", RELS),
        ("xl/worksheets/sheet1.xml", SHEET),
        ("xl/externalLinks/externalLink1.xml", LINK),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    load(Cursor::new(zip.finish().unwrap().into_inner()), limits)
}

#[test]
fn formulas_are_computed_with_what_the_file_remembers() {
    let book = read(&Limits::default()).unwrap();
    assert_eq!(book.own_sheet_count(), 1);
    let remembered = book.sheet(book.find_sheet("[1]Last year's").unwrap());
    assert!(remembered.external && remembered.formulas().is_empty());
    assert!(book.find_sheet("[1]Gone").is_none());
    let result = recalculate(&book, &Options::default()).unwrap();
    let comparison = compare(&book, &result);
    assert!(comparison.differences.is_empty(), "{:?}", comparison.differences);
    // The sheet that could not be read stays out, and what reads it keeps its value.
    assert_eq!((comparison.equal, comparison.skipped.values().sum::<usize>()), (3, 1));
    let one = book.find_sheet("One").unwrap();
    assert_eq!(result.sheet(one)[0], Value::number(62.0));
}

#[test]
fn remembered_cells_count_towards_the_limit() {
    let error = read(&Limits { cells: 2, ..Limits::default() }).unwrap_err();
    assert!(matches!(error, LoadError::TooLarge { what: "cells", limit: 2 }), "{error}");
}
