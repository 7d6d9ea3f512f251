//! What an expression yields while it is compiled: as the evaluator's operands, with nodes for
//! values.

use std::sync::Arc;

use gantry_workbook::Area;

use crate::ssa::NodeId;

/// A rectangle of nodes, row by row; never without an element.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid {
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) nodes: Vec<NodeId>,
}

impl Grid {
    /// The element that a broadcast reads; nothing beyond a longer side.
    pub(super) fn broadcast(&self, row: usize, col: usize) -> Option<NodeId> {
        let r = if self.rows == 1 { 0 } else { row };
        let c = if self.cols == 1 { 0 } else { col };
        (r < self.rows && c < self.cols).then(|| self.nodes[r * self.cols + c])
    }
}

/// A result on its way.
#[derive(Debug, Clone)]
pub(super) enum Symbol {
    /// One value.
    One(NodeId),
    /// An array.
    Grid(Arc<Grid>),
    /// A reference.
    Area(Area),
    /// References.
    Areas(Arc<[Area]>),
    /// An argument that was left out.
    Omitted,
}

impl From<NodeId> for Symbol {
    fn from(node: NodeId) -> Self {
        Self::One(node)
    }
}

impl From<Grid> for Symbol {
    fn from(grid: Grid) -> Self {
        match grid.nodes.as_slice() {
            [one] => Self::One(*one),
            _ => Self::Grid(Arc::new(grid)),
        }
    }
}
