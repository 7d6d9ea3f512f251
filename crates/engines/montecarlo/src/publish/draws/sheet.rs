//! Draws as a workbook of one sheet, written row by row to a file, so that memory does not grow with
//! them.

use std::io::Write;
use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

/// Columns of a sheet.
pub(super) const COLUMNS: usize = 1 << 14;

/// A workbook that grows.
pub(super) struct DrawsSheet {
    book: Workbook,
    next: u32,
}

impl DrawsSheet {
    /// A sheet with heads; rows go to a file in `folder` until the workbook is saved.
    pub(super) fn new(names: &[String], folder: &Path) -> Result<Self, XlsxError> {
        let mut book = Workbook::new();
        // The same draws are the same file, whenever it is made.
        let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
        book.set_properties(&DocProperties::new().set_creation_datetime(&created));
        book.set_tempdir(folder)?;
        let bold = Format::new().set_bold();
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name("Draws")?;
        for (column, name) in (0..).zip(names) {
            sheet.write_with_format(0, column, name.as_str(), &bold)?;
        }
        Ok(Self { book, next: 1 })
    }

    /// Adds rows; what is no number stays empty.
    pub(super) fn write(&mut self, columns: &[&[f64]]) -> Result<(), XlsxError> {
        let sheet = self.book.worksheet_from_index(0)?;
        let rows = columns.iter().map(|column| column.len()).min().unwrap_or(0);
        for row in 0..rows {
            for (place, column) in (0..).zip(columns) {
                if column[row].is_finite() {
                    sheet.write(self.next, place, column[row])?;
                }
            }
            self.next += 1;
        }
        Ok(())
    }

    /// Writes the workbook.
    pub(super) fn save(mut self, writer: impl Write + Send) -> Result<(), XlsxError> {
        self.book.save_to_writer(writer)
    }
}

#[cfg(test)]
mod tests {
    use gantry_workbook::{Limits, SheetId, Value, load};

    use super::*;

    #[test]
    fn rows_of_several_groups_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["a".to_owned(), "Summary!B1".to_owned()];
        let mut sheet = DrawsSheet::new(&names, folder.path()).unwrap();
        sheet.write(&[&[1.5, 0.1 + 0.2], &[f64::NAN, -3e-300]]).unwrap();
        sheet.write(&[&[7.0], &[8.0]]).unwrap();
        let mut bytes = Vec::new();
        sheet.save(&mut bytes).unwrap();
        let book = load(std::io::Cursor::new(bytes), &Limits::default()).unwrap();
        let value = |row, column| {
            let cell = book.sheet(SheetId(0)).find_cell(row, column)?;
            Some(cell.value.clone())
        };
        assert_eq!(value(0, 1), Some(Value::text("Summary!B1")));
        assert_eq!(value(2, 0), Some(Value::Number(0.1 + 0.2)));
        assert_eq!(value(2, 1), Some(Value::Number(-3e-300)));
        assert_eq!((value(1, 1), value(3, 1)), (None, Some(Value::Number(8.0))));
    }
}
