//! The loaded workbook: what the file says, and nothing computed. Sheets keep their cells in row
//! order, so that an area is a run of slices.
//!
//! Invariants: cells of a sheet are sorted by (row, column) and unique; every
//! [`Content::Formula`] points into the sheet's list of formulas; a [`FormulaId`] points into the
//! workbook's templates.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::cell::{Area, CellRef, SheetId};
use crate::formula::{Expr, ParseError};
use crate::value::{Text, Value};

/// The number of a formula template; cells that were filled from one formula share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FormulaId(pub u32);

/// Where a cell's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// It was typed in.
    Constant,
    /// The formula with this position among the sheet's formulas.
    Formula(u32),
    /// A part of the array of the formula with this position.
    Spilled(u32),
}

/// One cell as the file holds it.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Row, from 0.
    pub row: u32,
    /// Column, from 0.
    pub col: u32,
    /// Whether the value is typed in or computed.
    pub content: Content,
    /// The value as Excel saved it.
    pub value: Value,
    /// The number of its style, for [`Workbook::format`].
    pub style: u32,
}

/// A cell that has a formula.
#[derive(Debug, Clone)]
pub struct FormulaCell {
    /// Position among the sheet's cells.
    pub cell: u32,
    /// The formula, relative to this cell.
    pub formula: FormulaId,
    /// The area of an array formula or of a spilled array.
    pub array: Option<Area>,
    /// Whether the array grows with its result (a dynamic array).
    pub dynamic: bool,
}

/// A table of a sheet, for structured references.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its whole area with header and totals.
    pub area: Area,
    /// Rows of the header, 0 or 1.
    pub header_rows: u32,
    /// Rows of totals, 0 or 1.
    pub totals_rows: u32,
    /// Names of its columns.
    pub columns: Vec<String>,
}

/// A defined name.
#[derive(Debug, Clone)]
pub struct DefinedName {
    /// The name as written.
    pub name: String,
    /// The sheet that alone knows it, or all.
    pub scope: Option<SheetId>,
    /// What it stands for, relative to the cell that uses it.
    pub expr: Arc<Expr>,
}

/// Excel's settings of circular references.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Iteration {
    /// Whether circular references are iterated at all.
    pub enabled: bool,
    /// The most rounds.
    pub count: u32,
    /// Rounds end when no cell changes by more than this.
    pub delta: f64,
}

impl Default for Iteration {
    fn default() -> Self {
        Self { enabled: false, count: 100, delta: 0.001 }
    }
}

/// A sheet.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Whether the user sees it.
    pub hidden: bool,
    /// Whether it is not the workbook's own, but what the file remembers of another workbook.
    /// Such sheets come after all others, are named `[1]Sheet`, and have no formulas.
    pub external: bool,
    pub(crate) cells: Vec<Cell>,
    pub(crate) row_start: Vec<u32>,
    pub(crate) formulas: Vec<FormulaCell>,
    pub(crate) hidden_rows: Vec<u32>,
    pub(crate) filtered: bool,
}

impl Sheet {
    /// All cells in row order.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// All formulas in row order.
    #[must_use]
    pub fn formulas(&self) -> &[FormulaCell] {
        &self.formulas
    }

    /// The position of a cell among [`Self::cells`].
    #[must_use]
    pub fn find_index(&self, row: u32, col: u32) -> Option<usize> {
        let run = self.row_run(row);
        let slice = &self.cells[run.clone()];
        let guess = col.wrapping_sub(slice.first()?.col) as usize;
        if slice.get(guess).is_some_and(|c| c.col == col) {
            return Some(run.start + guess);
        }
        slice.binary_search_by_key(&col, |c| c.col).ok().map(|i| run.start + i)
    }

    /// The cell at a place, if the file has one.
    #[must_use]
    pub fn find_cell(&self, row: u32, col: u32) -> Option<&Cell> {
        self.find_index(row, col).map(|i| &self.cells[i])
    }

    /// The positions of a row's cells.
    #[must_use]
    pub fn row_run(&self, row: u32) -> Range<usize> {
        let row = row as usize;
        if row + 1 < self.row_start.len() {
            self.row_start[row] as usize..self.row_start[row + 1] as usize
        } else {
            self.cells.len()..self.cells.len()
        }
    }

    /// The positions of the cells of one row of an area.
    #[must_use]
    pub fn area_run(&self, row: u32, area: &Area) -> Range<usize> {
        let run = self.row_run(row);
        let slice = &self.cells[run.clone()];
        let from = slice.partition_point(|c| c.col < area.left);
        let to = slice.partition_point(|c| c.col <= area.right);
        run.start + from..run.start + to
    }

    /// One more than the last row that has a cell.
    #[must_use]
    pub fn row_count(&self) -> u32 {
        self.cells.last().map_or(0, |c| c.row + 1)
    }

    /// One more than the last column that has a cell.
    #[must_use]
    pub fn col_count(&self) -> u32 {
        self.cells.iter().map(|c| c.col + 1).max().unwrap_or(0)
    }

    /// Whether a row is hidden.
    #[must_use]
    pub fn is_row_hidden(&self, row: u32) -> bool {
        self.hidden_rows.binary_search(&row).is_ok()
    }

    /// Sorts the cells and builds the index; called once by the loader.
    pub(crate) fn seal(&mut self) {
        if !self.cells.is_sorted_by_key(|c| (c.row, c.col)) {
            self.sort_cells();
        }
        let rows = self.cells.last().map_or(0, |c| c.row as usize + 1);
        self.row_start = Vec::with_capacity(rows + 1);
        for (i, cell) in self.cells.iter().enumerate() {
            while self.row_start.len() <= cell.row as usize {
                self.row_start.push(i as u32);
            }
        }
        self.row_start.push(self.cells.len() as u32);
        self.hidden_rows.sort_unstable();
        self.mark_spilled();
    }

    fn sort_cells(&mut self) {
        self.cells.sort_by_key(|c| (c.row, c.col));
        self.cells.dedup_by_key(|c| (c.row, c.col));
        let place: Vec<(u32, usize)> = self
            .cells
            .iter()
            .enumerate()
            .filter_map(|(i, c)| match c.content {
                Content::Formula(f) => Some((f, i)),
                Content::Constant | Content::Spilled(_) => None,
            })
            .collect();
        let mut formulas = Vec::with_capacity(place.len());
        for (f, i) in place {
            let mut formula = self.formulas[f as usize].clone();
            formula.cell = i as u32;
            self.cells[i].content = Content::Formula(formulas.len() as u32);
            formulas.push(formula);
        }
        self.formulas = formulas;
    }

    fn mark_spilled(&mut self) {
        for f in 0..self.formulas.len() {
            let Some(area) = self.formulas[f].array else { continue };
            for row in area.top..=area.bottom.min(self.row_count()) {
                for i in self.area_run(row, &area) {
                    if self.cells[i].content == Content::Constant {
                        self.cells[i].content = Content::Spilled(f as u32);
                    }
                }
            }
        }
    }
}

/// What the loader noticed that a user should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Cause and next step, in words.
    pub text: String,
}

/// A loaded workbook.
#[derive(Debug, Clone, Default)]
pub struct Workbook {
    pub(crate) sheets: Vec<Sheet>,
    pub(crate) templates: Vec<Arc<Expr>>,
    pub(crate) names: HashMap<String, Vec<DefinedName>>,
    pub(crate) tables: Vec<Table>,
    pub(crate) sheet_ids: HashMap<String, SheetId>,
    pub(crate) formats: Vec<Text>,
    /// Days count from 1904 instead of 1900.
    pub date1904: bool,
    /// How circular references are treated.
    pub iteration: Iteration,
    /// What the loader noticed.
    pub warnings: Vec<Warning>,
}

impl Workbook {
    /// The sheets in the order of their tabs.
    #[must_use]
    pub fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    /// A sheet by its position.
    #[must_use]
    pub fn sheet(&self, id: SheetId) -> &Sheet {
        &self.sheets[id.index()]
    }

    /// Number of the workbook's own sheets, which come first.
    #[must_use]
    pub fn own_sheet_count(&self) -> usize {
        self.sheets.iter().filter(|sheet| !sheet.external).count()
    }

    /// A sheet by its name, in any case of letters.
    #[must_use]
    pub fn find_sheet(&self, name: &str) -> Option<SheetId> {
        self.sheet_ids.get(&name.to_lowercase()).copied()
    }

    /// A formula template.
    #[must_use]
    pub fn template(&self, id: FormulaId) -> &Arc<Expr> {
        &self.templates[id.0 as usize]
    }

    /// Number of formula templates; their ids are below it.
    #[must_use]
    pub fn template_count(&self) -> usize {
        self.templates.len()
    }

    /// A defined name as a sheet sees it: its own before the workbook's.
    #[must_use]
    pub fn find_name(&self, sheet: SheetId, name: &str) -> Option<&DefinedName> {
        let all = self.names.get(&name.to_lowercase())?;
        all.iter()
            .find(|n| n.scope == Some(sheet))
            .or_else(|| all.iter().find(|n| n.scope.is_none()))
    }

    /// The number format of a style, such as `0.00%`.
    #[must_use]
    pub fn format(&self, style: u32) -> &str {
        self.formats.get(style as usize).map_or("General", |f| f)
    }

    /// The tables of all sheets.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The place of a cell.
    #[must_use]
    pub fn place(&self, sheet: SheetId, cell: &Cell) -> CellRef {
        CellRef::new(sheet, cell.row, cell.col)
    }

    /// The formula of a cell, if it has one.
    #[must_use]
    pub fn find_formula(&self, at: CellRef) -> Option<FormulaId> {
        let sheet = self.sheets.get(at.sheet.index())?;
        match sheet.find_cell(at.row, at.col)?.content {
            Content::Formula(f) => Some(sheet.formulas[f as usize].formula),
            Content::Constant | Content::Spilled(_) => None,
        }
    }

    /// Reads a formula, without `=` before it, as it would stand in a cell.
    ///
    /// # Errors
    /// [`ParseError`] for text that is no formula.
    pub fn parse(&self, text: &str, at: CellRef) -> Result<Expr, ParseError> {
        crate::formula::parse(text, at, &crate::load::Lookup { book: self })
    }

    /// Number of cells that have a formula.
    #[must_use]
    pub fn formula_count(&self) -> usize {
        self.sheets.iter().map(|s| s.formulas.len()).sum()
    }

    /// `Sheet!A1` of a cell, quoted where the name needs it.
    #[must_use]
    pub fn spell(&self, cell: CellRef) -> String {
        let name = &self.sheet(cell.sheet).name;
        if name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            format!("{name}!{cell}")
        } else {
            format!("'{}'!{cell}", name.replace('\'', "''"))
        }
    }
}
