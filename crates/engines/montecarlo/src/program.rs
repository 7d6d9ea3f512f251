//! A column program: instructions over registers, inputs and constants, in an order in which every
//! value stands before its use, with as few registers as the order allows.
//!
//! Invariant: a register keeps its value until the last use, and may be the target of the
//! instruction that is the last use.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use gantry_workbook::CellRef;
use gantry_workbook::graph::FormulaAt;

use crate::lane::Texts;
use crate::machine::Isa;
use crate::native::Native;
use crate::ssa::{Graph, Node, NodeId, Op};

mod fuse;

use fuse::{Step, fuse};

/// Where an instruction reads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Source {
    /// A register.
    Register(u32),
    /// An input's column.
    Input(u32),
    /// One of the program's constants.
    Constant(u32),
}

/// One step.
#[derive(Debug, Clone)]
pub struct Instruction {
    /// What is computed.
    pub op: Op,
    /// Into which register.
    pub target: u32,
    /// From what.
    pub sources: Box<[Source]>,
}

/// What a formula that is computed draw by draw must find in the workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reads {
    /// The values of these cells, which are the instruction's sources.
    Cells(Vec<CellRef>),
    /// The inputs; what it reads is computed when it is read.
    OnDemand,
    /// The inputs; the whole workbook is computed, circles included.
    Everything,
}

/// A formula that is computed draw by draw.
#[derive(Debug, Clone)]
pub struct Group {
    /// The formula.
    pub formula: FormulaAt,
    /// Its cell, or those of its array.
    pub cells: Vec<CellRef>,
    /// What it must find.
    pub reads: Reads,
}

/// A column program.
#[derive(Debug, Clone)]
pub struct Program {
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) registers: usize,
    pub(crate) constants: Vec<f64>,
    pub(crate) outputs: Vec<Source>,
    pub(crate) groups: Vec<Group>,
    pub(crate) texts: Texts,
    /// For every input its cell, if it has one.
    pub(crate) inputs: Vec<Option<CellRef>>,
    /// The program as machine code by sets of instructions, made when it is first asked for.
    native: [OnceLock<Option<Arc<Native>>>; 3],
}

impl Program {
    /// Number of inputs.
    #[must_use]
    pub fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// Number of outputs.
    #[must_use]
    pub fn output_count(&self) -> usize {
        self.outputs.len()
    }

    /// Number of instructions.
    #[must_use]
    pub fn instruction_count(&self) -> usize {
        self.instructions.len()
    }

    /// Number of registers, each a column of 256 numbers.
    #[must_use]
    pub fn register_count(&self) -> usize {
        self.registers
    }

    /// Whether some formulas are computed draw by draw in the workbook.
    #[must_use]
    pub fn needs_workbook(&self) -> bool {
        !self.groups.is_empty() || self.instructions.iter().any(|i| matches!(i.op, Op::Call { .. }))
    }

    /// Puts the nodes that outputs need in order and gives them registers.
    pub(crate) fn assemble(
        graph: &Graph,
        outputs: &[NodeId],
        (groups, texts): (Vec<Group>, Texts),
        inputs: Vec<Option<CellRef>>,
    ) -> Self {
        let steps = fuse(graph, &order(graph, outputs), outputs);
        let mut assembly = Assembly::new(&steps, outputs);
        let instructions = steps.iter().enumerate().map(|(i, step)| assembly.place(graph, i, step));
        let instructions = instructions.collect();
        let outputs = outputs.iter().map(|o| assembly.source(graph, *o)).collect();
        Self {
            instructions,
            registers: assembly.registers,
            constants: assembly.constants,
            outputs,
            groups,
            texts,
            inputs,
            native: Default::default(),
        }
    }

    /// The program as machine code for a set of instructions, where there can be any.
    pub(crate) fn find_native(&self, isa: Isa) -> Option<&Native> {
        let make = || Native::find(self, isa).map(Arc::new);
        self.native[isa as usize].get_or_init(make).as_deref()
    }
}

fn is_computed(node: &Node) -> bool {
    !matches!(node.op, Op::Constant(_) | Op::Input(_))
}

/// The computed nodes that outputs need: depth first, so that values are used soon.
fn order(graph: &Graph, outputs: &[NodeId]) -> Vec<NodeId> {
    let mut state = vec![false; graph.nodes().len()];
    let mut list = Vec::new();
    for output in outputs {
        let mut stack = vec![(*output, 0usize)];
        while let Some((id, next)) = stack.pop() {
            let node = graph.node(id);
            if !is_computed(node) || (next == 0 && std::mem::replace(&mut state[id as usize], true))
            {
                continue;
            }
            match node.args.get(next) {
                Some(arg) => {
                    stack.push((id, next + 1));
                    if !state[*arg as usize] {
                        stack.push((*arg, 0));
                    }
                }
                None => list.push(id),
            }
        }
    }
    list
}

/// Registers by linear scan: one is free again behind the last use of its value.
struct Assembly {
    last_use: HashMap<NodeId, usize>,
    placed: HashMap<NodeId, u32>,
    free: Vec<u32>,
    registers: usize,
    constants: Vec<f64>,
    constant_places: HashMap<u64, u32>,
}

impl Assembly {
    fn new(steps: &[Step], outputs: &[NodeId]) -> Self {
        let mut last_use = HashMap::new();
        for (i, step) in steps.iter().enumerate() {
            for arg in &step.args {
                last_use.insert(*arg, i);
            }
        }
        for output in outputs {
            last_use.insert(*output, usize::MAX);
        }
        Self {
            last_use,
            placed: HashMap::new(),
            free: Vec::new(),
            registers: 0,
            constants: Vec::new(),
            constant_places: HashMap::new(),
        }
    }

    fn place(&mut self, graph: &Graph, at: usize, step: &Step) -> Instruction {
        let sources = step.args.iter().map(|a| self.source(graph, *a)).collect();
        let mut ending: Vec<NodeId> = step.args.clone();
        ending.sort_unstable();
        ending.dedup();
        for arg in ending {
            if self.last_use.get(&arg) == Some(&at)
                && let Some(register) = self.placed.get(&arg)
            {
                self.free.push(*register);
            }
        }
        let target = self.free.pop().unwrap_or_else(|| {
            self.registers += 1;
            self.registers as u32 - 1
        });
        self.placed.insert(step.id, target);
        Instruction { op: step.op.clone(), target, sources }
    }

    fn source(&mut self, graph: &Graph, id: NodeId) -> Source {
        match graph.node(id).op {
            Op::Input(place) => Source::Input(place),
            Op::Constant(bits) => {
                let constants = &mut self.constants;
                let place = self.constant_places.entry(bits).or_insert_with(|| {
                    constants.push(f64::from_bits(bits));
                    constants.len() as u32 - 1
                });
                Source::Constant(*place)
            }
            _ => Source::Register(self.placed.get(&id).copied().unwrap_or_default()),
        }
    }
}
