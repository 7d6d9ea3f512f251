//! The first rows of a file with the kinds of its columns, without reading the rest.

use std::io::{Read, Seek};
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::derive_shown_row;
use crate::error::TableError;
use crate::frame::ColumnKind;
use crate::read::{ReadOptions, ReadWarning, Record, Scan, Sniff, Source, scan_rows};

/// Rows that kinds are decided from, at least.
const DECISIVE_ROWS: u64 = 1_000;

/// The first rows of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// What the file is.
    pub file: Sniff,
    /// The columns, with kinds as the first 1,000 rows (or all rows shown) suggest them.
    pub columns: Vec<PreviewColumn>,
    /// The rows, one list of cells each, `null` where missing; long cells are cut.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether the file has more rows.
    pub more: bool,
    /// What the reader decided or repaired.
    pub warnings: Vec<ReadWarning>,
}

/// A column of a preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewColumn {
    /// Name, unique in the table.
    pub name: String,
    /// What the column seems to be.
    pub kind: ColumnKind,
}

/// Reads the first `limit` rows.
///
/// # Errors
/// Any [`TableError`] about the part of the file that is read.
pub fn preview<R: Read + Seek>(
    mut reader: R,
    options: &ReadOptions,
    limit: usize,
) -> Result<Preview, TableError> {
    let mut go_on = |_| ControlFlow::Continue(());
    // One more than is shown, because the row that tells of more rows is read as well.
    let decisive = DECISIVE_ROWS.max(limit as u64 + 1);
    let Scan { sniff, columns, warnings, .. } =
        scan_rows(&mut reader, options, decisive, &mut go_on)?;
    let mut source = Source::open(&mut reader, &sniff, options)?;
    let mut record = Record::default();
    let mut rows = Vec::new();
    let mut more = false;
    while source.read(&mut record, &mut go_on)? {
        if rows.len() == limit {
            more = true;
            break;
        }
        rows.push(derive_shown_row(&record, columns.len(), options));
    }
    let columns = columns
        .into_iter()
        .map(|plan| PreviewColumn { name: plan.spec.name, kind: plan.spec.kind })
        .collect();
    Ok(Preview { file: sniff, columns, rows, more, warnings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn the_first_rows_and_no_more() {
        let text = "a,b\n1,x\n,y\n3,z\n";
        let found = preview(Cursor::new(text), &ReadOptions::default(), 2).unwrap();
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(found.rows, [vec![some("1"), some("x")], vec![None, some("y")]]);
        assert!(found.more);
        assert_eq!(found.columns[0].kind, ColumnKind::Integer);
        let all = preview(Cursor::new(text), &ReadOptions::default(), 3).unwrap();
        assert!(!all.more);
    }
}
