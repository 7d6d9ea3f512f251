//! The values of all cells while a workbook is computed. A cell that is read before its turn is
//! computed at once; a cell that is read while it is being computed closes a circle.

use crate::book::{Content, Sheet, Workbook};
use crate::cell::{Area, CellRef, SheetId};
use crate::eval::{Eval, Operand};
use crate::formula::{BinaryOp, Expr};
use crate::functions;
use crate::value::{Array, ErrorKind, Value};

/// How far the computation of a formula is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    Computing,
    Done,
}

/// The deepest chain of cells that are computed out of turn; one that is deeper reads the value
/// that Excel saved.
const MAX_CHAIN: u32 = 400;

#[derive(Clone)]
pub(crate) struct Model<'b> {
    pub(crate) book: &'b Workbook,
    values: Vec<Vec<Value>>,
    state: Vec<Vec<State>>,
    extent: (u32, u32),
    chain: u32,
    /// Whether a circle was met.
    pub(crate) circular: bool,
    /// The serial of now, for the functions that ask for it.
    pub(crate) now: f64,
}

impl<'b> Model<'b> {
    /// A model whose formulas are all still to be computed.
    pub(crate) fn new(book: &'b Workbook, now: f64) -> Self {
        let values = book.sheets.iter().map(|s| s.cells.iter().map(|c| c.value.clone()).collect());
        let state = book.sheets.iter().map(|s| vec![State::Pending; s.formulas.len()]);
        let rows = book.sheets.iter().map(Sheet::row_count).max();
        let cols = book.sheets.iter().map(Sheet::col_count).max();
        Self {
            book,
            values: values.collect(),
            state: state.collect(),
            extent: (rows.unwrap_or(0), cols.unwrap_or(0)),
            chain: 0,
            circular: false,
            now,
        }
    }

    /// Rows and columns that sheets use.
    pub(crate) fn extent(&self) -> (u32, u32) {
        self.extent
    }

    /// The value of a cell by its position, as far as it is computed.
    pub(crate) fn value(&self, sheet: SheetId, index: usize) -> &Value {
        &self.values[sheet.index()][index]
    }

    /// Sets a cell that has no formula, or keeps a formula's value from being computed.
    pub(crate) fn set(&mut self, sheet: SheetId, index: usize, value: Value) {
        if let Content::Formula(f) = self.book.sheet(sheet).cells[index].content {
            self.state[sheet.index()][f as usize] = State::Done;
        }
        self.values[sheet.index()][index] = value;
    }

    /// Computes a formula unless it was computed already.
    pub(crate) fn compute_pending(&mut self, sheet: SheetId, formula: usize) {
        if self.state[sheet.index()][formula] == State::Pending {
            self.compute(sheet, formula);
        }
    }

    /// Lets a formula be computed again when it is read.
    pub(crate) fn forget(&mut self, sheet: SheetId, formula: usize) {
        self.state[sheet.index()][formula] = State::Pending;
    }

    /// Makes sure that the formula behind a cell is computed.
    fn ensure(&mut self, sheet: SheetId, index: usize) {
        let (Content::Formula(f) | Content::Spilled(f)) =
            self.book.sheet(sheet).cells[index].content
        else {
            return;
        };
        match self.state[sheet.index()][f as usize] {
            State::Done => {}
            State::Pending => self.compute(sheet, f as usize),
            State::Computing => {
                if !self.circular && !self.book.iteration.enabled {
                    self.values[sheet.index()][index] = Value::Number(0.0);
                }
                self.circular = true;
            }
        }
    }

    /// The value of a cell.
    pub(crate) fn read(&mut self, cell: CellRef) -> Value {
        let Some(sheet) = self.book.sheets.get(cell.sheet.index()) else {
            return Value::Error(ErrorKind::Ref);
        };
        let Some(index) = sheet.find_index(cell.row, cell.col) else { return Value::Empty };
        self.ensure(cell.sheet, index);
        self.values[cell.sheet.index()][index].clone()
    }

    /// Shows all cells of an area that the file has, row by row.
    pub(crate) fn for_each(&mut self, area: &Area, visit: &mut dyn FnMut((u32, u32), &Value)) {
        let book = self.book;
        let Some(sheet) = book.sheets.get(area.sheet.index()) else { return };
        let rows = sheet.row_count();
        for row in area.top..rows.min(area.bottom.saturating_add(1)) {
            let run = sheet.area_run(row, area);
            if !sheet.formulas.is_empty() {
                for index in run.clone() {
                    self.ensure(area.sheet, index);
                }
            }
            for index in run {
                let value = &self.values[area.sheet.index()][index];
                if !value.is_empty() {
                    visit((row, sheet.cells[index].col), value);
                }
            }
        }
    }

    /// The values of an area without rows that are hidden (by a filter, or by hand too when
    /// `all_hidden`), and without cells that are subtotals themselves when `skip_subtotals`.
    pub(crate) fn visible_values(
        &mut self,
        area: &Area,
        (all_hidden, skip_subtotals): (bool, bool),
    ) -> Vec<Value> {
        let book = self.book;
        let Some(sheet) = book.sheets.get(area.sheet.index()) else { return Vec::new() };
        let mut values = Vec::new();
        self.for_each(area, &mut |(row, col), value| {
            let hidden = sheet.is_row_hidden(row) && (all_hidden || sheet.filtered);
            if hidden || (skip_subtotals && is_subtotal(book, sheet, (row, col))) {
                return;
            }
            values.push(value.clone());
        });
        values
    }

    /// Computes a formula, and its whole array if it has one.
    pub(crate) fn compute(&mut self, sheet: SheetId, formula: usize) {
        if self.chain >= MAX_CHAIN {
            return;
        }
        let book = self.book;
        let cell = &book.sheet(sheet).formulas[formula];
        let own = cell.cell as usize;
        let place = book.place(sheet, &book.sheet(sheet).cells[own]);
        let expr = book.template(cell.formula);
        self.state[sheet.index()][formula] = State::Computing;
        self.chain += 1;
        let mut eval = Eval::new(self, place, cell.array.is_some());
        let result = eval.formula(expr);
        match cell.array {
            None => {
                let value = eval.single(&result);
                self.values[sheet.index()][own] = settled(value);
            }
            Some(area) => {
                let array =
                    eval.array_of(&result).unwrap_or_else(|e| Array::single(e.into()).into());
                self.spread(&area, &array, cell.dynamic);
            }
        }
        self.chain -= 1;
        self.state[sheet.index()][formula] = State::Done;
    }

    /// Writes an array into the cells of its area.
    fn spread(&mut self, area: &Area, array: &Array, dynamic: bool) {
        let sheet = self.book.sheet(area.sheet);
        for row in area.top..=area.bottom.min(sheet.row_count()) {
            for index in sheet.area_run(row, area) {
                let (r, c) =
                    ((row - area.top) as usize, (sheet.cells[index].col - area.left) as usize);
                let outside = r >= array.rows() || c >= array.cols();
                let value = if outside && dynamic { Value::Empty } else { array.broadcast(r, c) };
                self.values[area.sheet.index()][index] =
                    if outside && dynamic { Value::Empty } else { settled(value) };
            }
        }
    }

    /// All values, sheet by sheet and cell by cell.
    pub(crate) fn into_values(self) -> Vec<Vec<Value>> {
        self.values
    }
}

/// Whether a cell's formula is a subtotal or an aggregate, which others do not count again.
fn is_subtotal(book: &Workbook, sheet: &Sheet, (row, col): (u32, u32)) -> bool {
    let Some(Content::Formula(f)) = sheet.find_cell(row, col).map(|c| c.content) else {
        return false;
    };
    book.template(sheet.formulas[f as usize].formula).any(|e| match e {
        Expr::Call(id, _) => matches!(functions::get(*id).name, "SUBTOTAL" | "AGGREGATE"),
        _ => false,
    })
}

/// What a formula leaves in its cell: never empty.
fn settled(value: Value) -> Value {
    if value.is_empty() { Value::Number(0.0) } else { value }
}

impl Eval<'_, '_> {
    /// A whole formula. A difference that is zero but for rounding is zero when the subtraction
    /// is the formula's last step.
    fn formula(&mut self, expr: &Expr) -> Operand {
        match expr {
            Expr::Binary(op @ (BinaryOp::Add | BinaryOp::Subtract), a, b) => {
                let (a, b) = (self.expr(a), self.expr(b));
                self.binary_snapped(*op, &a, &b)
            }
            other => self.expr(other),
        }
    }
}
