//! Files that are no workbook are refused in words; a small one is read as Excel saved it.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::io::{Cursor, Write};

use gantry_workbook::{Content, Limits, LoadError, SheetId, Value, Workbook, load};

const MAIN: &str = r#"<workbook><workbookPr date1904="1"/><sheets><sheet name="One" sheetId="1" id="rId1"/></sheets>
<definedNames><definedName name="rate">One!$A$1</definedName></definedNames>
<calcPr iterate="1" iterateCount="7" iterateDelta="0.5"/></workbook>"#;
const RELS: &str = r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const ROOT: &str = r#"<Relationships><Relationship Id="r" Type="x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;

fn pack(sheet: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in [
        ("_rels/.rels", ROOT),
        ("xl/workbook.xml", MAIN),
        ("xl/_rels/workbook.xml.rels", RELS),
        ("xl/worksheets/sheet1.xml", sheet),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn read(sheet: &str, limits: &Limits) -> Result<Workbook, LoadError> {
    load(Cursor::new(pack(sheet)), limits)
}

#[test]
fn a_small_workbook_is_read() {
    let sheet = r#"<worksheet><sheetData><row r="1"><c r="A1"><v>2</v></c>
      <c r="B1" t="str"><f>A1&amp;"&lt;x"</f><v>2&lt;x</v></c></row>
      <row r="2"><c r="A2"><f t="shared" ref="A2:A3" si="0">A1+rate</f><v>4</v></c></row>
      <row r="3"><c r="A3"><f t="shared" si="0"/><v>6</v></c><c r="B3" t="inlineStr"><is><t>hi</t></is></c></row>
    </sheetData></worksheet>"#;
    let book = read(sheet, &Limits::default()).unwrap();
    assert!(book.date1904 && book.iteration.enabled);
    assert_eq!((book.iteration.count, book.iteration.delta), (7, 0.5));
    let one = book.sheet(book.find_sheet("one").unwrap());
    assert_eq!(one.find_cell(0, 1).unwrap().value, Value::text("2<x"));
    assert_eq!(one.find_cell(2, 1).unwrap().value, Value::text("hi"));
    let templates: Vec<_> = one.formulas().iter().map(|f| f.formula).collect();
    assert_eq!(templates[1], templates[2], "filled cells share one template");
    assert_eq!(one.find_cell(2, 0).unwrap().content, Content::Formula(2));
    assert!(book.find_name(SheetId(0), "RATE").is_some());
}

#[test]
fn limits_are_held() {
    let cells: String =
        (1..=20).map(|r| format!("<row r=\"{r}\"><c r=\"A{r}\"><v>1</v></c></row>")).collect();
    let sheet = format!("<worksheet><sheetData>{cells}</sheetData></worksheet>");
    let error = read(&sheet, &Limits { cells: 10, ..Limits::default() }).unwrap_err();
    assert!(matches!(error, LoadError::TooLarge { what: "cells", limit: 10 }), "{error}");
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    let error = read(&deep, &Limits::default()).unwrap_err();
    assert!(matches!(error, LoadError::TooLarge { what: "nested elements", .. }), "{error}");
    let bomb = format!("<a>{}</a>", " ".repeat(8 << 20));
    let error = read(&bomb, &Limits { ratio: 10, ..Limits::default() }).unwrap_err();
    assert!(matches!(error, LoadError::TooLarge { what: "unpacked bytes", .. }), "{error}");
}

#[test]
fn other_files_are_refused_in_words() {
    let limits = Limits::default();
    let try_load = |bytes: Vec<u8>| load(Cursor::new(bytes), &limits).unwrap_err();
    assert!(matches!(try_load(b"name,age\n".to_vec()), LoadError::NotAWorkbook));
    let mut old = vec![0xD0, 0xCF, 0x11, 0xE0];
    old.resize(2048, 0);
    assert!(matches!(try_load(old.clone()), LoadError::LegacyXls));
    old.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert!(matches!(try_load(old), LoadError::Encrypted));
    let whole = pack("<worksheet><sheetData/></worksheet>");
    assert!(matches!(try_load(whole[..whole.len() / 2].to_vec()), LoadError::Corrupt { .. }));
    let broken = read("<worksheet><sheetData><row>", &limits).unwrap_err();
    assert!(broken.to_string().contains("xl/worksheets/sheet1.xml"), "{broken}");
}
