//! Small workbooks for tests.

use std::path::{Path, PathBuf};

use rust_xlsxwriter::{Formula, Workbook};

/// Cells by address, as a number, as text, or as a formula behind `=`.
pub type Cells<'a> = &'a [(&'a str, &'a str)];

/// Writes a workbook of named sheets.
pub fn write(folder: &Path, sheets: &[(&str, Cells<'_>)]) -> PathBuf {
    let mut book = Workbook::new();
    for (name, cells) in sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(*name).unwrap();
        for (place, content) in *cells {
            let (row, col) = gantry_workbook::cell::find_position(place).unwrap();
            let col = u16::try_from(col).unwrap();
            match (content.strip_prefix('='), content.parse::<f64>()) {
                (Some(_), _) => sheet.write_formula(row, col, Formula::new(*content)).unwrap(),
                (None, Ok(x)) => sheet.write_number(row, col, x).unwrap(),
                (None, Err(_)) => sheet.write_string(row, col, *content).unwrap(),
            };
        }
    }
    let path = folder.join("model.xlsx");
    book.save(&path).unwrap();
    path
}

/// A project of three years.
pub fn project(folder: &Path) -> PathBuf {
    write(
        folder,
        &[
            (
                "Inputs",
                &[
                    ("A1", "Price"),
                    ("B1", "100"),
                    ("A2", "Volume"),
                    ("B2", "1000"),
                    ("A3", "Cost"),
                    ("B3", "60000"),
                ],
            ),
            (
                "Summary",
                &[
                    ("A1", "Profit"),
                    ("B1", "=Inputs!B1*Inputs!B2-Inputs!B3"),
                    ("A2", "Loss"),
                    ("B2", "=IF(B1<0,\"loss\",\"gain\")"),
                    ("A3", "Three years"),
                    ("B3", "=NPV(0.1,B1,B1,B1)"),
                ],
            ),
        ],
    )
}
