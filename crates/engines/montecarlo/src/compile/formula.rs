//! One formula: its cells' nodes, or the group that is computed draw by draw.

use gantry_workbook::graph::{FormulaAt, precedents};
use gantry_workbook::{Area, BinaryOp, CellRef, ErrorKind, Expr, Value};

use super::slice::is_computed_reference;
use super::symbol::Grid;
use super::{CompileError, Compiler, Reason, Scalar, Symbol, spell};
use crate::lane::Kinds;
use crate::program::{Group, Reads};
use crate::ssa::{NodeId, Op, Snap};

impl Compiler<'_> {
    /// Compiles the formula of a cell, and gives its cells their nodes.
    pub(super) fn formula(&mut self, at: FormulaAt) -> Result<(), CompileError> {
        let (place, cell) = self.formula_cell(at);
        let (array, dynamic) = (cell.array, cell.dynamic);
        let expr = std::sync::Arc::clone(self.book.template(cell.formula));
        self.enter(place, array.is_some());
        let compiled = self.whole(&expr).and_then(|result| match array {
            None => {
                let node = self.single(&result)?;
                Ok(vec![(place, self.settled(node))])
            }
            Some(area) => {
                let grid = self.grid_of(&result)?;
                Ok(self.spread(&area, &grid, dynamic))
            }
        });
        match compiled {
            Ok(nodes) => self.cells.extend(nodes),
            Err(reason) => self.fall_back(at, &expr, reason)?,
        }
        Ok(())
    }

    /// A whole formula: a sum that is its last step snaps to zero.
    pub(super) fn whole(&mut self, expr: &Expr) -> Result<Symbol, Reason> {
        match expr {
            Expr::Binary(op @ (BinaryOp::Add | BinaryOp::Subtract), a, b)
                if !self.is_certain(expr) =>
            {
                let (a, b) = (self.expr(a)?, self.expr(b)?);
                let op =
                    if *op == BinaryOp::Add { Op::Add(Snap::Yes) } else { Op::Subtract(Snap::Yes) };
                self.arithmetic(&op, &a, &b)
            }
            other => self.expr(other),
        }
    }

    /// What a formula leaves in its cell: never empty.
    pub(super) fn settled(&mut self, node: NodeId) -> NodeId {
        let kinds = self.graph.kinds(node);
        if !kinds.may_be(Kinds::EMPTY) {
            return node;
        }
        self.add(Op::Settle, &[node], kinds.without(Kinds::EMPTY).or(Kinds::NUMBER))
    }

    /// The nodes of the cells of an array's area.
    fn spread(&mut self, area: &Area, grid: &Grid, dynamic: bool) -> Vec<(CellRef, NodeId)> {
        let cells = self.cells_of(area);
        let mut nodes = Vec::with_capacity(cells.len());
        for cell in cells {
            let (r, c) = ((cell.row - area.top) as usize, (cell.col - area.left) as usize);
            let node = if dynamic && (r >= grid.rows || c >= grid.cols) {
                self.constant(&Value::Empty)
            } else {
                match grid.broadcast(r, c) {
                    Some(node) => self.settled(node),
                    None => self.constant(&Value::Error(ErrorKind::Na)),
                }
            };
            nodes.push((cell, node));
        }
        nodes
    }

    /// The cells of an area that the file has.
    fn cells_of(&self, area: &Area) -> Vec<CellRef> {
        let sheet = self.book.sheet(area.sheet);
        let mut cells = Vec::new();
        for row in area.top..sheet.row_count().min(area.bottom.saturating_add(1)) {
            for index in sheet.area_run(row, area) {
                cells.push(CellRef::new(area.sheet, row, sheet.cells()[index].col));
            }
        }
        cells
    }

    /// Lets the evaluator compute a formula, draw by draw.
    fn fall_back(
        &mut self,
        at: FormulaAt,
        expr: &Expr,
        reason: Reason,
    ) -> Result<(), CompileError> {
        let (place, cell) = self.formula_cell(at);
        if self.has_chance(expr, 0) {
            return Err(CompileError::Chance(spell(self.book, place), reason));
        }
        self.scalar.push(Scalar { cell: place, reason });
        let (reads, args) = self.reads_of(expr, reason);
        let cells = cell.array.map_or_else(|| vec![place], |area| self.cells_of(&area));
        let group = self.groups.len() as u32;
        self.groups.push(Group { formula: at, cells: cells.clone(), reads });
        for (i, cell) in cells.into_iter().enumerate() {
            let op = Op::Fallback { group, place: i as u32 };
            let node = self.add(op, &args, Kinds::ANY.without(Kinds::EMPTY));
            self.cells.insert(cell, node);
        }
        Ok(())
    }

    /// What a formula that is computed draw by draw must find in the workbook, and its nodes.
    fn reads_of(&mut self, expr: &Expr, reason: Reason) -> (Reads, Vec<NodeId>) {
        let at = self.at;
        if reason == Reason::Circular {
            return (Reads::Everything, Vec::new());
        }
        if expr.any(is_computed_reference) {
            return (Reads::OnDemand, Vec::new());
        }
        let (mut cells, mut nodes) = (Vec::new(), Vec::new());
        for area in precedents(self.book, expr, at) {
            for cell in self.cells_of(&self.within(&area)) {
                if !self.slice.is_uncertain_cell(self.book, cell) || cells.contains(&cell) {
                    continue;
                }
                match self.cell(cell) {
                    Ok(node) => {
                        cells.push(cell);
                        let node = self.boxed(node);
                        nodes.push(node);
                    }
                    Err(_) => return (Reads::Everything, Vec::new()),
                }
            }
        }
        (Reads::Cells(cells), nodes)
    }

    /// An area that is surely on a sheet of the workbook.
    fn within(&self, area: &Area) -> Area {
        if area.sheet.index() < self.book.sheets().len() {
            return *area;
        }
        Area { bottom: area.top, right: area.left, ..Area::of(self.at) }
    }
}
