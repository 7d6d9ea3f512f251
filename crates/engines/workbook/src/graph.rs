//! Which cells a formula reads, and an order in which every formula stands behind those that it
//! reads. What OFFSET and INDIRECT reach is known only while computing; the model computes such
//! cells when they are read.

use std::collections::HashSet;

use crate::book::{Content, Workbook};
use crate::cell::{Area, CellRef, SheetId};
use crate::formula::Expr;

/// A formula by its sheet and its position among the sheet's formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FormulaAt {
    /// The sheet.
    pub sheet: SheetId,
    /// Position among the sheet's formulas.
    pub index: u32,
}

/// The deepest chain of names that stand for names.
const MAX_NAMES: u32 = 16;

/// The areas that a formula reads as written, through defined names too.
#[must_use]
pub fn precedents(book: &Workbook, expr: &Expr, at: CellRef) -> Vec<Area> {
    let mut areas = Vec::new();
    collect(book, expr, (at, 0), &mut areas);
    areas
}

fn collect(book: &Workbook, expr: &Expr, (at, depth): (CellRef, u32), areas: &mut Vec<Area>) {
    expr.visit(&mut |e| match e {
        Expr::Area(area) => areas.extend(area.resolve_all(at)),
        Expr::Name(name) | Expr::Invoke(name, _) if depth < MAX_NAMES => {
            if let Some(name) = book.find_name(at.sheet, name) {
                collect(book, &name.expr, (at, depth + 1), areas);
            }
        }
        _ => {}
    });
}

/// An order of all formulas: what a formula reads comes before it, but for circles.
#[must_use]
pub fn derive_order(book: &Workbook) -> Vec<FormulaAt> {
    let mut sorter = Sorter {
        book,
        seen: book.sheets().iter().map(|s| vec![false; s.formulas().len()]).collect(),
        ranges: HashSet::new(),
        order: Vec::with_capacity(book.formula_count()),
    };
    for (s, sheet) in book.sheets().iter().enumerate() {
        for index in 0..sheet.formulas().len() {
            sorter.place(FormulaAt { sheet: SheetId(s as u32), index: index as u32 });
        }
    }
    sorter.order
}

struct Sorter<'b> {
    book: &'b Workbook,
    seen: Vec<Vec<bool>>,
    /// Large areas that were walked whole.
    ranges: HashSet<Area>,
    order: Vec<FormulaAt>,
}

/// A formula whose precedents are being placed.
struct Frame {
    formula: FormulaAt,
    waiting: Vec<FormulaAt>,
}

impl Sorter<'_> {
    /// Depth first with an own stack, as chains are as long as sheets.
    fn place(&mut self, start: FormulaAt) {
        if !self.enter(start) {
            return;
        }
        let mut stack = vec![self.frame(start)];
        while let Some(top) = stack.last_mut() {
            match top.waiting.pop() {
                Some(next) => {
                    if self.enter(next) {
                        let frame = self.frame(next);
                        stack.push(frame);
                    }
                }
                None => {
                    self.order.push(top.formula);
                    stack.pop();
                }
            }
        }
    }

    fn enter(&mut self, formula: FormulaAt) -> bool {
        let seen = &mut self.seen[formula.sheet.index()][formula.index as usize];
        !std::mem::replace(seen, true)
    }

    fn frame(&mut self, formula: FormulaAt) -> Frame {
        let sheet = self.book.sheet(formula.sheet);
        let cell = &sheet.formulas()[formula.index as usize];
        let at = self.book.place(formula.sheet, &sheet.cells()[cell.cell as usize]);
        let mut waiting = Vec::new();
        for area in precedents(self.book, self.book.template(cell.formula), at) {
            self.wait_for(&area, &mut waiting);
        }
        waiting.reverse();
        Frame { formula, waiting }
    }

    fn wait_for(&mut self, area: &Area, waiting: &mut Vec<FormulaAt>) {
        let Some(sheet) = self.book.sheets().get(area.sheet.index()) else { return };
        if sheet.formulas().is_empty() || (!area.is_cell() && !self.ranges.insert(*area)) {
            return;
        }
        for row in area.top..sheet.row_count().min(area.bottom.saturating_add(1)) {
            for cell in &sheet.cells()[sheet.area_run(row, area)] {
                if let Content::Formula(index) | Content::Spilled(index) = cell.content
                    && !self.seen[area.sheet.index()][index as usize]
                {
                    waiting.push(FormulaAt { sheet: area.sheet, index });
                }
            }
        }
    }
}
