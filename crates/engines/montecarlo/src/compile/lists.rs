//! Functions of many numbers: the numbers are listed as the evaluator would list them, as long as
//! it is certain which cells hold numbers.

use std::sync::Arc;

use gantry_workbook::{Area, CellRef, Value};

use super::expr::MAX_CELLS;
use super::symbol::Grid;
use super::{Compiler, Reason, Symbol};
use crate::lane::Kinds;
use crate::ssa::{NodeId, Op};

/// What a node of a range is to a function of numbers.
enum Counts {
    Number,
    Not,
    PerDraw,
}

fn counts(kinds: Kinds) -> Counts {
    if kinds.is_number() {
        Counts::Number
    } else if !kinds.may_be(Kinds::NUMBER)
        && kinds != Kinds::NONE
        && kinds.within(Kinds::BOOL.or(Kinds::TEXT).or(Kinds::EMPTY))
    {
        Counts::Not
    } else {
        Counts::PerDraw
    }
}

impl Compiler<'_> {
    /// The numbers of arguments as SUM sees them; nothing where a cell may be a number in one draw
    /// and text in another.
    fn numbers(&mut self, operands: &[Symbol]) -> Result<Option<Vec<NodeId>>, Reason> {
        let mut list = Vec::new();
        for operand in operands {
            if !self.list_numbers(operand, &mut list)? {
                return Ok(None);
            }
        }
        Ok(Some(list))
    }

    fn list_numbers(&mut self, operand: &Symbol, list: &mut Vec<NodeId>) -> Result<bool, Reason> {
        match operand {
            Symbol::One(node) => list.push(self.number(*node)),
            Symbol::Omitted => list.push(self.constant(&Value::Number(0.0))),
            Symbol::Grid(grid) => {
                for node in &grid.nodes {
                    if !self.list_referred(*node, list) {
                        return Ok(false);
                    }
                }
            }
            Symbol::Area(area) => return self.list_area(area, list),
            Symbol::Areas(areas) => {
                for area in areas.iter() {
                    if !self.list_area(area, list)? {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    fn list_area(&mut self, area: &Area, list: &mut Vec<NodeId>) -> Result<bool, Reason> {
        let Some(sheet) = self.book.sheets().get(area.sheet.index()) else { return Ok(true) };
        for row in area.top..sheet.row_count().min(area.bottom.saturating_add(1)) {
            for index in sheet.area_run(row, area) {
                let cell = CellRef::new(area.sheet, row, sheet.cells()[index].col);
                let node = self.cell(cell)?;
                if !self.list_referred(node, list) {
                    return Ok(false);
                }
                if list.len() > MAX_CELLS {
                    return Err(Reason::Large);
                }
            }
        }
        Ok(true)
    }

    pub(super) fn list_referred(&self, node: NodeId, list: &mut Vec<NodeId>) -> bool {
        // Truth values in ranges do not count, whatever they are; an error among them would.
        let kinds = self.graph.kinds(node);
        let known = self.graph.find_constant(node).is_some();
        match counts(kinds) {
            Counts::Number => list.push(node),
            Counts::Not if known => {}
            Counts::Not | Counts::PerDraw => return false,
        }
        true
    }

    pub(super) fn total(&mut self, operands: &[Symbol], op: &Op) -> Result<Option<Symbol>, Reason> {
        let Some(list) = self.numbers(operands)?.filter(|l| !l.is_empty()) else {
            return Ok(None);
        };
        Ok(Some(self.add(op.clone(), &list, Kinds::NUMBER).into()))
    }

    pub(super) fn average(&mut self, operands: &[Symbol]) -> Result<Option<Symbol>, Reason> {
        let Some(list) = self.numbers(operands)?.filter(|l| !l.is_empty()) else {
            return Ok(None);
        };
        let count = self.constant(&Value::Number(list.len() as f64));
        let sum = self.add(Op::Sum, &list, Kinds::NUMBER);
        Ok(Some(self.add(Op::Divide, &[sum, count], Kinds::NUMBER).into()))
    }

    pub(super) fn truths(
        &mut self,
        operands: &[Symbol],
        op: &Op,
    ) -> Result<Option<Symbol>, Reason> {
        let mut list = Vec::new();
        for operand in operands {
            let (nodes, referred) = match operand {
                Symbol::One(node) => (vec![*node], false),
                Symbol::Omitted => (vec![self.constant(&Value::Bool(false))], false),
                other => (self.grid_of(other)?.nodes.clone(), true),
            };
            for node in nodes {
                let kinds = self.graph.kinds(node);
                if kinds.is_number() || kinds.is_bool() {
                    list.push(node);
                } else if !(referred
                    && kinds.within(Kinds::TEXT.or(Kinds::EMPTY))
                    && self.graph.find_constant(node).is_some())
                {
                    return Ok(None);
                }
            }
        }
        if list.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.add(op.clone(), &list, Kinds::BOOL).into()))
    }

    pub(super) fn net_present(&mut self, operands: &[Symbol]) -> Result<Option<Symbol>, Reason> {
        let [Symbol::One(rate), flows @ ..] = operands else { return Ok(None) };
        let Some(list) = self.numbers(flows)? else { return Ok(None) };
        let mut args = vec![self.number(*rate)];
        args.extend(list);
        Ok(Some(self.add(Op::NetPresent, &args, Kinds::NUMBER).into()))
    }

    pub(super) fn rate_of_return(&mut self, operands: &[Symbol]) -> Result<Option<Symbol>, Reason> {
        let Some(mut args) = self.numbers(&operands[..1])? else { return Ok(None) };
        let guess = match operands.get(1) {
            Some(Symbol::One(guess)) => self.number(*guess),
            None | Some(Symbol::Omitted) => self.constant(&Value::Number(0.1)),
            Some(_) => return Ok(None),
        };
        args.push(guess);
        Ok(Some(self.add(Op::Rate, &args, Kinds::NUMBER).into()))
    }

    /// SUMPRODUCT: all shapes must be one; what is no number counts as 0.
    pub(super) fn sum_product(&mut self, operands: &[Symbol]) -> Result<Option<Symbol>, Reason> {
        let mut grids: Vec<Arc<Grid>> = Vec::with_capacity(operands.len());
        for operand in operands {
            if matches!(operand, Symbol::Areas(_)) {
                return Ok(None);
            }
            grids.push(self.grid_of(operand)?);
        }
        let shape = (grids[0].rows, grids[0].cols);
        if grids.iter().any(|g| (g.rows, g.cols) != shape) {
            return Ok(None);
        }
        for grid in &grids {
            for node in &grid.nodes {
                let kinds = self.graph.kinds(*node);
                let known = self.graph.find_constant(*node).is_some();
                if matches!(counts(kinds), Counts::PerDraw) || (!kinds.is_number() && !known) {
                    return Ok(None);
                }
            }
        }
        let mut products = Vec::with_capacity(grids[0].nodes.len());
        for i in 0..grids[0].nodes.len() {
            products.push(self.product(&grids, i));
        }
        Ok(Some(self.add(Op::Sum, &products, Kinds::NUMBER).into()))
    }

    fn product(&mut self, grids: &[Arc<Grid>], i: usize) -> NodeId {
        let mut product = None;
        for grid in grids {
            let node = grid.nodes[i];
            let node = if self.graph.kinds(node).is_number() {
                node
            } else {
                self.constant(&Value::Number(0.0))
            };
            product = Some(match product {
                None => node,
                Some(so_far) => self.add(Op::Multiply, &[so_far, node], Kinds::NUMBER),
            });
        }
        product.unwrap_or_else(|| self.constant(&Value::Number(0.0)))
    }
}
