//! The values between inputs and outputs, each computed once: a graph in which equal computations
//! are one node.
//!
//! Invariant: a node's arguments have smaller numbers than the node.

use std::collections::HashMap;
use std::sync::Arc;

use gantry_workbook::functions::FunctionId;
use gantry_workbook::{CellRef, ErrorKind};

use crate::chain::Links;
use crate::lane::{Kinds, Texts};
use crate::semantics;

/// The number of a node.
pub type NodeId = u32;

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `<=`
    LessEqual,
    /// `>=`
    GreaterEqual,
}

/// Whether a sum is a formula's last step, where a result near zero is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Snap {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// The shape of one argument of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One value; the flag says that it is a truth value kept as 0 or 1.
    One(bool),
    /// Rows and columns of values of any kind.
    Array(u32, u32),
    /// Left out.
    Omitted,
}

/// Search keys of a table, ascending and clearly apart, as bits.
pub type Keys = Arc<[u64]>;

/// What a node computes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Op {
    /// A lane's bits.
    Constant(u64),
    /// An uncertain input.
    Input(u32),
    /// `a + b`
    Add(Snap),
    /// `a - b`
    Subtract(Snap),
    /// `a * b`
    Multiply,
    /// `a / b`
    Divide,
    /// `a ^ b`
    Power,
    /// `a ^ n`, for n of moderate size.
    PowerInteger(i32),
    /// ROUND to so many digits, 0 to 12.
    Round(i32),
    /// `-a`
    Negate,
    /// `a%`
    Percent,
    /// A kernel of one number.
    Kernel1(FunctionId),
    /// A kernel of two numbers.
    Kernel2(FunctionId),
    /// A function of single values that is no kernel.
    Scalar {
        /// The function.
        id: FunctionId,
        /// The arguments that are truth values kept as 0 or 1, a bit for each.
        truths: u32,
        /// Whether dates are counted from 1904.
        date1904: bool,
        /// Whether the result is a truth value, to be kept as 0 or 1.
        is_truth: bool,
    },
    /// Two numbers compared: a truth value.
    Compare(Comparison),
    /// Two values of any kind compared: a truth value.
    CompareAny(Comparison),
    /// A number or truth value turned around.
    Not,
    /// Whether all numbers are not 0.
    And,
    /// Whether some number is not 0.
    Or,
    /// By a number or truth value one of two.
    Select,
    /// The second where the first is an error.
    IfError,
    /// The second where the first is `#N/A`.
    IfNa,
    /// A truth value kept as 0 or 1 as a lane of any kind.
    Box,
    /// A lane of any kind as a number.
    ToNumber,
    /// A lane of any kind as a truth value.
    ToBool,
    /// Empty as 0.
    Settle,
    /// The sum of numbers from left to right.
    Sum,
    /// The least number.
    Min,
    /// The greatest number.
    Max,
    /// NPV: a rate and flows.
    NetPresent,
    /// IRR: flows, and last a guess.
    Rate,
    /// One of the values behind an index, which is cut to a whole number; `base` is the index of
    /// the first. Errors for an index before the first and behind the last.
    Pick {
        /// The index of the first value.
        base: i32,
        /// What an index before the first gives.
        before: ErrorKind,
        /// What an index behind the last gives.
        behind: ErrorKind,
    },
    /// The place, from 1, of the last key not above a number.
    FindBelow(Keys),
    /// The place, from 1, of the key that equals a number.
    FindEqual(Keys),
    /// Texts joined.
    Join,
    /// A function called draw by draw.
    Call {
        /// The function.
        id: FunctionId,
        /// The cell whose formula calls it.
        at: CellRef,
        /// The arguments' shapes.
        shapes: Arc<[Shape]>,
    },
    /// A cell whose formula is computed draw by draw with all that belongs to it.
    Fallback {
        /// The group of cells.
        group: u32,
        /// The cell's place in the group.
        place: u32,
    },
    /// Operations one after the other; made by the last pass alone.
    Chain(Links),
}

impl Op {
    /// What is not a function of its arguments' lanes alone.
    fn needs_workbook(&self) -> bool {
        matches!(self, Self::Call { .. } | Self::Fallback { .. } | Self::Input(_))
    }
}

/// A computed value.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it computes.
    pub op: Op,
    /// From what.
    pub args: Box<[NodeId]>,
    /// What it may be.
    pub kinds: Kinds,
}

/// All values.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    places: HashMap<(Op, Box<[NodeId]>), NodeId>,
}

impl Graph {
    /// A node by its number.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// All nodes, arguments first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The kinds of a node.
    pub fn kinds(&self, id: NodeId) -> Kinds {
        self.node(id).kinds
    }

    /// The lane of a constant.
    pub fn find_constant(&self, id: NodeId) -> Option<f64> {
        if let Op::Constant(bits) = self.node(id).op { Some(f64::from_bits(bits)) } else { None }
    }

    /// Whether a node is an input, which is never an error.
    pub fn is_input(&self, id: NodeId) -> bool {
        matches!(self.node(id).op, Op::Input(_))
    }

    /// A constant lane.
    pub fn constant(&mut self, lane: f64, kinds: Kinds) -> NodeId {
        self.insert(Op::Constant(lane.to_bits()), Box::default(), kinds)
    }

    /// A node, computed now where all its arguments are known.
    pub fn add(&mut self, op: Op, args: &[NodeId], kinds: Kinds, texts: &mut Texts) -> NodeId {
        if !op.needs_workbook() && !args.is_empty() {
            let known: Option<Vec<f64>> = args.iter().map(|a| self.find_constant(*a)).collect();
            if let Some(known) = known {
                let lane = semantics::apply(&op, &known, texts);
                return self.constant(lane, kinds);
            }
        }
        if matches!(op, Op::And)
            && let Some(one) = self.find_only_test(args)
        {
            return one;
        }
        if let (Op::Select, [test, yes, no]) = (&op, args)
            && let Some(test) = self.find_constant(*test)
            && !test.is_nan()
        {
            return if test != 0.0 { *yes } else { *no };
        }
        self.insert(op, args.into(), kinds)
    }

    /// The only one of the tests of an AND that is not surely true, if it is a truth value.
    fn find_only_test(&self, args: &[NodeId]) -> Option<NodeId> {
        let is_true =
            |id: &NodeId| self.find_constant(*id).is_some_and(|x| x.is_finite() && x != 0.0);
        let mut open = args.iter().filter(|a| !is_true(a));
        let one = *open.next()?;
        (open.next().is_none() && self.kinds(one).is_bool()).then_some(one)
    }

    fn insert(&mut self, op: Op, args: Box<[NodeId]>, kinds: Kinds) -> NodeId {
        let key = (op, args);
        if let Some(id) = self.places.get(&key)
            && self.kinds(*id) == kinds
        {
            return *id;
        }
        let id = self.nodes.len() as NodeId;
        self.nodes.push(Node { op: key.0.clone(), args: key.1.clone(), kinds });
        self.places.insert(key, id);
        id
    }
}
