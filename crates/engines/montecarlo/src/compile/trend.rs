//! The straight line through points: TREND at one place, of one variable.
//!
//! Invariant: the operations of the workbook's least squares, in their order.

use gantry_workbook::{Value, functions};

use super::symbol::Grid;
use super::{Compiler, Reason, Symbol};
use crate::lane::Kinds;
use crate::ssa::{Comparison, NodeId, Op, Snap};

impl Compiler<'_> {
    /// TRANSPOSE.
    pub(super) fn transposed(&mut self, operands: &[Symbol]) -> Result<Option<Symbol>, Reason> {
        let grid = self.grid_of(&operands[0])?;
        let (rows, cols) = (grid.cols, grid.rows);
        let nodes = (0..rows * cols).map(|i| grid.nodes[i % cols * rows + i / cols]).collect();
        Ok(Some(Grid { rows, cols, nodes }.into()))
    }

    /// TREND with known values of both sides, at one place, with a constant.
    pub(super) fn trend(&mut self, operands: &[Symbol]) -> Result<Option<Symbol>, Reason> {
        let [y, x, at] = operands else { return Ok(None) };
        if operands.iter().any(|operand| matches!(operand, Symbol::Omitted)) {
            return Ok(None);
        }
        let (y, x, at) = (self.grid_of(y)?, self.grid_of(x)?, self.grid_of(at)?);
        let mut all = y.nodes.iter().chain(&x.nodes).chain(&at.nodes);
        let all_numbers = all.all(|node| self.graph.kinds(*node).is_number());
        let [at] = at.nodes.as_slice() else { return Ok(None) };
        if (y.rows, y.cols) != (x.rows, x.cols) || !all_numbers {
            return Ok(None);
        }
        Ok(Some(self.straight_line(&y.nodes, &x.nodes, *at)?.into()))
    }

    fn straight_line(&mut self, y: &[NodeId], x: &[NodeId], at: NodeId) -> Result<NodeId, Reason> {
        let root = Op::Kernel1(functions::find("SQRT").ok_or(Reason::Function("TREND"))?);
        let (mean_x, mean_y) = (self.mean(x), self.mean(y));
        let from_mean = |c: &mut Self, all: &[NodeId], mean: NodeId| {
            let mut apart = Vec::with_capacity(all.len());
            for node in all {
                apart.push(c.add(Op::Subtract(Snap::No), &[*node, mean], Kinds::NUMBER));
            }
            apart
        };
        let (apart_x, apart_y) = (from_mean(self, x, mean_x), from_mean(self, y, mean_y));
        let length = self.dot(&apart_x, &apart_x);
        let length = self.add(root.clone(), &[length], Kinds::NUMBER);
        // A variable that does not vary explains nothing.
        let size = self.dot(x, x);
        let size = self.add(root, &[size], Kinds::NUMBER);
        let [least, share, zero, one] =
            [1e-300, 1e-10, 0.0, 1.0].map(|x| self.constant(&Value::Number(x)));
        let size = self.add(Op::Max, &[size, least], Kinds::NUMBER);
        let bound = self.add(Op::Multiply, &[share, size], Kinds::NUMBER);
        let varies = self.add(Op::Compare(Comparison::Greater), &[length, bound], Kinds::BOOL);
        let length = self.add(Op::Select, &[varies, length, one], Kinds::NUMBER);
        let mut along = Vec::with_capacity(apart_x.len());
        for node in apart_x {
            along.push(self.add(Op::Divide, &[node, length], Kinds::NUMBER));
        }
        let share = self.dot(&along, &apart_y);
        let slope = self.add(Op::Divide, &[share, length], Kinds::NUMBER);
        let slope = self.add(Op::Select, &[varies, slope, zero], Kinds::NUMBER);
        let at_mean = self.add(Op::Multiply, &[slope, mean_x], Kinds::NUMBER);
        let constant = self.add(Op::Subtract(Snap::No), &[mean_y, at_mean], Kinds::NUMBER);
        let rise = self.add(Op::Multiply, &[slope, at], Kinds::NUMBER);
        Ok(self.add(Op::Add(Snap::No), &[constant, rise], Kinds::NUMBER))
    }

    fn mean(&mut self, all: &[NodeId]) -> NodeId {
        let sum = self.add(Op::Sum, all, Kinds::NUMBER);
        let count = self.constant(&Value::Number(all.len() as f64));
        self.add(Op::Divide, &[sum, count], Kinds::NUMBER)
    }

    fn dot(&mut self, a: &[NodeId], b: &[NodeId]) -> NodeId {
        let mut products = Vec::with_capacity(a.len());
        for (a, b) in a.iter().zip(b) {
            products.push(self.add(Op::Multiply, &[*a, *b], Kinds::NUMBER));
        }
        self.add(Op::Sum, &products, Kinds::NUMBER)
    }
}
