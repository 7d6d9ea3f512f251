//! Which cells depend on chance, and which of those the outputs need.
//!
//! Invariant: a formula is certain only if nothing that it can read depends on chance; what OFFSET
//! and INDIRECT reach is found by computing them where their arguments are certain.

use std::collections::HashSet;

use gantry_workbook::functions;
use gantry_workbook::graph::{FormulaAt, precedents};
use gantry_workbook::live::Yield;
use gantry_workbook::{Area, CellRef, Content, Expr, SheetId, Workbook};

use super::{Compiler, OutputAt};

/// The most passes over a workbook with computed references.
const PASSES: usize = 50;
/// The deepest chain of names that stand for names.
const MAX_NAMES: u32 = 16;

/// Which cells depend on chance.
pub(super) struct Slice {
    cells: Vec<Vec<bool>>,
    rows: Vec<Vec<bool>>,
}

impl Slice {
    pub(super) fn new(book: &Workbook) -> Self {
        Self {
            cells: book.sheets().iter().map(|s| vec![false; s.cells().len()]).collect(),
            rows: book.sheets().iter().map(|s| vec![false; s.row_count() as usize]).collect(),
        }
    }

    fn mark(&mut self, sheet: SheetId, cell: usize, row: u32) -> bool {
        self.rows[sheet.index()][row as usize] = true;
        !std::mem::replace(&mut self.cells[sheet.index()][cell], true)
    }

    pub(super) fn is_uncertain_cell(&self, book: &Workbook, cell: CellRef) -> bool {
        self.reads_uncertain(book, &Area::of(cell))
    }

    /// Whether an area holds a cell that depends on chance.
    pub(super) fn reads_uncertain(&self, book: &Workbook, area: &Area) -> bool {
        let Some(sheet) = book.sheets().get(area.sheet.index()) else { return false };
        let rows = &self.rows[area.sheet.index()];
        let end = (rows.len() as u32).min(area.bottom.saturating_add(1));
        (area.top..end).filter(|row| rows[*row as usize]).any(|row| {
            let run = sheet.area_run(row, area);
            self.cells[area.sheet.index()][run].iter().any(|u| *u)
        })
    }
}

impl Compiler<'_> {
    /// Marks inputs, formulas with chance, and all that reads them.
    pub(super) fn mark_uncertain(&mut self) {
        let book = self.book;
        for cell in self.inputs.keys() {
            let index = book.sheet(cell.sheet).find_index(cell.row, cell.col);
            if let Some(index) = index {
                self.slice.mark(cell.sheet, index, cell.row);
            }
        }
        let order = gantry_workbook::graph::derive_order(book);
        for _ in 0..PASSES {
            let mut changed = false;
            for at in &order {
                changed |= self.mark_formula(*at);
            }
            // A formula that stands behind all that it reads is settled in one pass; circles and
            // computed references are not in that order.
            if !changed || (!self.live.is_circular() && !self.has_computed_references()) {
                break;
            }
        }
    }

    fn has_computed_references(&self) -> bool {
        (0..self.book.template_count()).any(|id| {
            self.book.template(gantry_workbook::FormulaId(id as u32)).any(is_computed_reference)
        })
    }

    fn mark_formula(&mut self, at: FormulaAt) -> bool {
        let (place, formula) = self.formula_cell(at);
        let sheet = self.book.sheet(at.sheet);
        if self.inputs.contains_key(&place)
            || self.slice.cells[at.sheet.index()][formula.cell as usize]
        {
            return false;
        }
        let expr = std::sync::Arc::clone(self.book.template(formula.formula));
        self.enter(place, formula.array.is_some());
        let chance = self.has_chance(&expr, 0);
        if !chance && (!self.live.computes(at) || self.is_certain(&expr)) {
            return false;
        }
        let area = formula.array.unwrap_or(Area::of(place));
        let mut changed = self.slice.mark(at.sheet, formula.cell as usize, place.row);
        for row in area.top..=area.bottom.min(sheet.row_count().saturating_sub(1)) {
            for index in sheet.area_run(row, &area) {
                let own =
                    matches!(sheet.cells()[index].content, Content::Spilled(f) if f == at.index);
                if own {
                    changed |= self.slice.mark(at.sheet, index, row);
                }
            }
        }
        changed
    }

    /// Whether a formula asks for chance itself.
    pub(super) fn has_chance(&self, expr: &Expr, depth: u32) -> bool {
        expr.any(|e| match e {
            Expr::Call(id, _) => {
                matches!(functions::get(*id).name, "RAND" | "RANDBETWEEN" | "RANDARRAY")
            }
            Expr::Invoke(name, _) if self.chance.contains(name) => true,
            Expr::Name(name) | Expr::Invoke(name, _) if depth < MAX_NAMES => self
                .book
                .find_name(self.at.sheet, name)
                .is_some_and(|n| self.has_chance(&n.expr, depth + 1)),
            _ => false,
        })
    }

    /// Whether an expression in the present cell yields the same in every draw.
    pub(super) fn is_certain(&mut self, expr: &Expr) -> bool {
        self.certain(expr, 0)
    }

    fn certain(&mut self, expr: &Expr, depth: u32) -> bool {
        let at = self.at;
        match expr {
            Expr::Number(_)
            | Expr::Text(_)
            | Expr::Bool(_)
            | Expr::Error(_)
            | Expr::Omitted
            | Expr::External(_) => true,
            Expr::Area(area) => {
                area.resolve_all(at).all(|a| !self.slice.reads_uncertain(self.book, &a))
            }
            Expr::Name(name) => self.is_certain_name(name, depth),
            Expr::Unary(_, a) => self.certain(a, depth),
            Expr::Binary(_, a, b) => self.certain(a, depth) && self.certain(b, depth),
            Expr::Call(id, args) => {
                let name = functions::get(*id).name;
                if matches!(name, "RAND" | "RANDBETWEEN" | "RANDARRAY") {
                    return false;
                }
                args.iter().all(|a| self.certain(a, depth))
                    && (!matches!(name, "OFFSET" | "INDIRECT") || self.reaches_certain(expr))
            }
            Expr::Invoke(name, args) => {
                !self.chance.contains(name)
                    && self.is_certain_name(name, depth)
                    && args.iter().all(|a| self.certain(a, depth))
            }
            Expr::Apply(f, args) => {
                self.certain(f, depth) && args.iter().all(|a| self.certain(a, depth))
            }
            Expr::Array(_, _, items) => items.iter().all(|a| self.certain(a, depth)),
        }
    }

    fn is_certain_name(&mut self, name: &str, depth: u32) -> bool {
        if self.scope.iter().any(|(n, _)| n.as_ref() == name) || depth >= MAX_NAMES {
            return false;
        }
        match self.book.find_name(self.at.sheet, name) {
            Some(defined) => {
                let expr = std::sync::Arc::clone(&defined.expr);
                self.certain(&expr, depth + 1)
            }
            None => true,
        }
    }

    /// Whether a computed reference reaches only cells that do not depend on chance.
    fn reaches_certain(&mut self, expr: &Expr) -> bool {
        if !self.scope.is_empty() {
            return false;
        }
        match self.live.evaluate(expr, self.at, self.array) {
            Yield::Areas(areas) => areas.iter().all(|a| !self.slice.reads_uncertain(self.book, a)),
            Yield::Value(_) | Yield::Array(_) | Yield::Function | Yield::Omitted => true,
        }
    }

    /// The uncertain formulas that outputs need, in an order of computation.
    pub(super) fn find_needed(&mut self, outputs: &[OutputAt]) -> Vec<FormulaAt> {
        let mut wanted: HashSet<FormulaAt> = HashSet::new();
        let mut open: Vec<Area> = Vec::new();
        let mut walked: HashSet<Area> = HashSet::new();
        for output in outputs {
            match output {
                OutputAt::Cell(cell) => open.push(Area::of(*cell)),
                OutputAt::Formula(expr) => {
                    let at = CellRef::new(SheetId(0), 0, 0);
                    open.extend(precedents(self.book, expr, at));
                }
            }
        }
        let mut everything = false;
        while let Some(area) = open.pop() {
            if !walked.insert(area) {
                continue;
            }
            for at in self.uncertain_formulas(&area) {
                if wanted.insert(at) {
                    let (place, formula) = self.formula_cell(at);
                    let expr = self.book.template(formula.formula);
                    everything |= expr.any(is_computed_reference);
                    open.extend(precedents(self.book, expr, place));
                }
            }
        }
        let order = gantry_workbook::graph::derive_order(self.book);
        if everything {
            // What is reached is known only while computing; everything may be needed.
            return order.into_iter().filter(|at| self.is_uncertain_formula(*at)).collect();
        }
        order.into_iter().filter(|at| wanted.contains(at)).collect()
    }

    fn is_uncertain_formula(&self, at: FormulaAt) -> bool {
        let (place, formula) = self.formula_cell(at);
        self.slice.cells[at.sheet.index()][formula.cell as usize]
            && !self.inputs.contains_key(&place)
    }

    fn uncertain_formulas(&self, area: &Area) -> Vec<FormulaAt> {
        let Some(sheet) = self.book.sheets().get(area.sheet.index()) else { return Vec::new() };
        let mut found = Vec::new();
        for row in area.top..sheet.row_count().min(area.bottom.saturating_add(1)) {
            for index in sheet.area_run(row, area) {
                if let Content::Formula(f) | Content::Spilled(f) = sheet.cells()[index].content {
                    let at = FormulaAt { sheet: area.sheet, index: f };
                    if self.is_uncertain_formula(at) {
                        found.push(at);
                    }
                }
            }
        }
        found
    }
}

/// Whether a part of a formula refers to what is known only while computing.
pub(super) fn is_computed_reference(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(id, _) if matches!(functions::get(*id).name, "OFFSET" | "INDIRECT"))
}
