//! Where things stand in a workbook: cells, areas, and their A1 spelling. Rows and columns count
//! from 0 here; only the spelling counts from 1.

use std::fmt;

/// Rows of a sheet.
pub const MAX_ROWS: u32 = 1_048_576;
/// Columns of a sheet.
pub const MAX_COLS: u32 = 16_384;

/// The position of a sheet among the workbook's tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SheetId(pub u32);

impl SheetId {
    /// The position as an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One cell of one sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellRef {
    /// The sheet.
    pub sheet: SheetId,
    /// The row, from 0.
    pub row: u32,
    /// The column, from 0.
    pub col: u32,
}

impl CellRef {
    /// A cell by sheet, row and column, from 0.
    #[must_use]
    pub fn new(sheet: SheetId, row: u32, col: u32) -> Self {
        Self { sheet, row, col }
    }
}

impl fmt::Display for CellRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", column_name(self.col), self.row + 1)
    }
}

/// A rectangle of cells of one sheet; both corners belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Area {
    /// The sheet.
    pub sheet: SheetId,
    /// First row.
    pub top: u32,
    /// First column.
    pub left: u32,
    /// Last row.
    pub bottom: u32,
    /// Last column.
    pub right: u32,
}

impl Area {
    /// The area of one cell.
    #[must_use]
    pub fn of(cell: CellRef) -> Self {
        let CellRef { sheet, row, col } = cell;
        Self { sheet, top: row, left: col, bottom: row, right: col }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        (self.bottom - self.top) as usize + 1
    }

    /// Number of columns.
    #[must_use]
    pub fn cols(&self) -> usize {
        (self.right - self.left) as usize + 1
    }

    /// Whether it is one cell.
    #[must_use]
    pub fn is_cell(&self) -> bool {
        self.top == self.bottom && self.left == self.right
    }

    /// The upper left cell.
    #[must_use]
    pub fn first(&self) -> CellRef {
        CellRef::new(self.sheet, self.top, self.left)
    }

    /// Whether a cell lies inside.
    #[must_use]
    pub fn contains(&self, cell: CellRef) -> bool {
        self.sheet == cell.sheet
            && (self.top..=self.bottom).contains(&cell.row)
            && (self.left..=self.right).contains(&cell.col)
    }

    /// What two areas share.
    #[must_use]
    pub fn find_intersection(&self, other: &Self) -> Option<Self> {
        let shared = Self {
            sheet: self.sheet,
            top: self.top.max(other.top),
            left: self.left.max(other.left),
            bottom: self.bottom.min(other.bottom),
            right: self.right.min(other.right),
        };
        let meets =
            self.sheet == other.sheet && shared.top <= shared.bottom && shared.left <= shared.right;
        meets.then_some(shared)
    }

    /// The smallest area that holds both; of two sheets, the first's.
    #[must_use]
    pub fn hull(&self, other: &Self) -> Self {
        Self {
            sheet: self.sheet,
            top: self.top.min(other.top),
            left: self.left.min(other.left),
            bottom: self.bottom.max(other.bottom),
            right: self.right.max(other.right),
        }
    }
}

/// The letters of a column: 0 is `A`, 26 is `AA`.
#[must_use]
pub fn column_name(col: u32) -> String {
    let mut letters = Vec::new();
    let mut n = col + 1;
    while n > 0 {
        letters.push(b'A' + ((n - 1) % 26) as u8);
        n = (n - 1) / 26;
    }
    letters.iter().rev().map(|b| char::from(*b)).collect()
}

/// Reads `B7` or `$B$7` as (row, column) from 0.
#[must_use]
pub fn find_position(text: &str) -> Option<(u32, u32)> {
    let text = text.as_bytes();
    let mut at = usize::from(text.first() == Some(&b'$'));
    let mut col = 0u32;
    let letters = at;
    while at < text.len() && text[at].is_ascii_alphabetic() && at - letters < 4 {
        col = col * 26 + u32::from(text[at].to_ascii_uppercase() - b'A') + 1;
        at += 1;
    }
    if at == letters {
        return None;
    }
    at += usize::from(text.get(at) == Some(&b'$'));
    let digits = std::str::from_utf8(&text[at..]).ok()?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let row: u32 = digits.parse().ok()?;
    let fits = (1..=MAX_ROWS).contains(&row) && (1..=MAX_COLS).contains(&col);
    fits.then(|| (row - 1, col - 1))
}

/// Reads `B7:C9` or `B7` as an area of a sheet.
#[must_use]
pub fn find_area(sheet: SheetId, text: &str) -> Option<Area> {
    let (a, b) = text.split_once(':').unwrap_or((text, text));
    let ((r1, c1), (r2, c2)) = (find_position(a)?, find_position(b)?);
    Some(Area { sheet, top: r1.min(r2), left: c1.min(c2), bottom: r1.max(r2), right: c1.max(c2) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_and_reads_addresses() {
        assert_eq!(column_name(0), "A");
        assert_eq!(column_name(25), "Z");
        assert_eq!(column_name(26), "AA");
        assert_eq!(column_name(MAX_COLS - 1), "XFD");
        assert_eq!(find_position("$AB$12"), Some((11, 27)));
        assert_eq!(find_position("XFE1"), None);
        assert_eq!(find_position("A0"), None);
        assert_eq!(find_position("A1048577"), None);
        let area = find_area(SheetId(0), "C9:B7").unwrap();
        assert_eq!((area.top, area.left, area.rows(), area.cols()), (6, 1, 3, 2));
    }
}
