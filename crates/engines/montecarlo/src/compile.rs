//! From a workbook to a column program: only the formulas between uncertain inputs and outputs are
//! compiled; everything else is the constant that the recalculation gives.
//!
//! The compiler is the evaluator of the workbook with nodes instead of values: the same rules of
//! references, arrays and arguments, so that a node's lane is the value that the evaluator gives.
//! A formula for which this cannot be done (a reference that depends on chance, a LAMBDA, a circle)
//! is computed draw by draw by the evaluator itself, and the report says why.

use std::collections::HashMap;

use gantry_workbook::graph::FormulaAt;
use gantry_workbook::live::{Live, STACK};
use gantry_workbook::{CellRef, Content, Expr, Options, SheetId, Text, Value, Workbook};

use crate::lane::{Kinds, Texts, kinds_of, pack};
use crate::program::{Group, Program};
use crate::ssa::{Graph, NodeId, Op};

mod call;
mod conditions;
mod expr;
mod formula;
mod listed;
mod lists;
mod logic;
mod power;
mod slice;
mod symbol;
mod tables;
mod trend;

pub use listed::{count_functions, is_in_columns};
use slice::Slice;
use symbol::Symbol;

/// What a simulation asks of a workbook.
pub struct Request<'a> {
    /// Cells that draws are put into; what stands in them is ignored.
    pub inputs: &'a [CellRef],
    /// What is asked for.
    pub outputs: &'a [OutputAt],
    /// The serial number of now; without it, formulas that ask for the time keep their values.
    pub now: Option<f64>,
    /// Whether a function that Excel does not know, in lower case, is an uncertain input.
    pub is_chance: &'a dyn Fn(&str) -> bool,
}

/// Something that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum OutputAt {
    /// A cell.
    Cell(CellRef),
    /// A formula that stands in no cell, as seen from the first cell of the first sheet.
    Formula(Box<Expr>),
}

/// An uncertain input that the workbook itself names.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The cell whose formula holds it.
    pub cell: CellRef,
    /// What it is.
    pub chance: Chance,
}

/// How a formula asks for chance.
#[derive(Debug, Clone, PartialEq)]
pub enum Chance {
    /// `RAND()`: evenly between 0 and 1.
    Uniform,
    /// A value that the caller knows how to read.
    Values(Vec<Value>),
    /// A function of an add-in, such as `RiskNormal(100,10)`.
    Function(Text, Vec<Chance>),
}

/// A formula that is computed draw by draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// Its cell.
    pub cell: CellRef,
    /// Why.
    pub reason: Reason,
}

/// Why a formula is not computed in columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// OFFSET, INDIRECT or an operator of references with arguments that depend on chance.
    #[error("what it refers to depends on chance")]
    Reference,
    /// A function that has no column form.
    #[error("{0} has no column form")]
    Function(&'static str),
    /// LAMBDA, or a function that we do not know.
    #[error("it calls a function value")]
    Lambda,
    /// It reads itself, directly or by others.
    #[error("it is part of a circular reference")]
    Circular,
    /// Too many cells.
    #[error("it reads too many cells that depend on chance")]
    Large,
    /// Its shape depends on chance.
    #[error("the shape of an array depends on chance")]
    Shape,
    /// A function of chance with arguments that are uncertain themselves.
    #[error("a distribution's parameters are uncertain themselves")]
    Chance,
}

/// A workbook that cannot be simulated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// A cell that the file does not have.
    #[error("the input {0} is a cell without content; type a value into it and save the file")]
    NoCell(String),
    /// An input within an array.
    #[error("the input {0} is part of an array formula; name a cell with a value of its own")]
    Array(String),
    /// A distribution in a formula that must be computed draw by draw.
    #[error(
        "{0} holds a distribution and is not computed in columns because {1}; put the \
         distribution into a cell of its own"
    )]
    Chance(String, Reason),
    /// The machine gives no thread.
    #[error("no thread to compile in: {0}; try again when the machine is less busy")]
    Thread(String),
}

/// A workbook as a program.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The program.
    pub program: Program,
    /// Uncertain inputs that the workbook itself names, after those of the request.
    pub found: Vec<Found>,
    /// Formulas between inputs and outputs.
    pub formulas: usize,
    /// Of these, the ones that are computed draw by draw.
    pub scalar: Vec<Scalar>,
    /// Functions that columns call draw by draw, with how often they stand in the program.
    pub called: Vec<(&'static str, usize)>,
    /// The outputs at the values that stand in the file.
    pub base: Vec<Value>,
}

/// Compiles what lies between inputs and outputs.
///
/// # Errors
/// [`CompileError`].
pub fn compile(book: &Workbook, request: &Request<'_>) -> Result<Compiled, CompileError> {
    check_inputs(book, request.inputs)?;
    // What crosses to the thread must not hold the caller's closure.
    let names = chance_names(book, request.is_chance);
    let (inputs, outputs, now) = (request.inputs, request.outputs, request.now);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("compile".into()).stack_size(STACK);
        let handle = thread
            .spawn_scoped(scope, || {
                let live = Live::new(book, &Options { now, inputs: Vec::new() });
                Compiler::new(book, live, (inputs, names)).program(outputs)
            })
            .map_err(|e| CompileError::Thread(e.to_string()))?;
        handle.join().map_err(|_| CompileError::Thread("a formula could not be compiled".into()))?
    })
}

/// The functions of the workbook that are uncertain inputs.
fn chance_names(book: &Workbook, is_chance: &dyn Fn(&str) -> bool) -> Vec<Text> {
    let mut names: Vec<Text> = Vec::new();
    for id in 0..book.template_count() {
        book.template(gantry_workbook::FormulaId(id as u32)).visit(&mut |e| {
            if let Expr::Invoke(name, _) = e
                && !names.contains(name)
                && is_chance(name)
            {
                names.push(name.clone());
            }
        });
    }
    names
}

fn check_inputs(book: &Workbook, inputs: &[CellRef]) -> Result<(), CompileError> {
    for cell in inputs {
        let sheet = book.sheets().get(cell.sheet.index());
        let found = sheet.and_then(|s| s.find_cell(cell.row, cell.col));
        match found.map(|c| c.content) {
            None => return Err(CompileError::NoCell(spell(book, *cell))),
            Some(Content::Spilled(_)) => return Err(CompileError::Array(spell(book, *cell))),
            Some(Content::Constant | Content::Formula(_)) => {}
        }
    }
    Ok(())
}

fn spell(book: &Workbook, cell: CellRef) -> String {
    if cell.sheet.index() < book.sheets().len() { book.spell(cell) } else { cell.to_string() }
}

/// The state of a compilation. The formula that is being compiled is in `at`, `array` and `scope`.
struct Compiler<'b> {
    book: &'b Workbook,
    live: Live<'b>,
    slice: Slice,
    chance: Vec<Text>,
    graph: Graph,
    texts: Texts,
    inputs: HashMap<CellRef, u32>,
    cells: HashMap<CellRef, NodeId>,
    found: Vec<Found>,
    groups: Vec<Group>,
    scalar: Vec<Scalar>,
    at: CellRef,
    array: bool,
    scope: Vec<(Text, Symbol)>,
    depth: u32,
}

impl<'b> Compiler<'b> {
    fn new(book: &'b Workbook, live: Live<'b>, (inputs, chance): (&[CellRef], Vec<Text>)) -> Self {
        let map = inputs.iter().enumerate().map(|(i, cell)| (*cell, i as u32)).collect();
        Self {
            book,
            live,
            slice: Slice::new(book),
            chance,
            graph: Graph::default(),
            texts: Texts::default(),
            inputs: map,
            cells: HashMap::new(),
            found: Vec::new(),
            groups: Vec::new(),
            scalar: Vec::new(),
            at: CellRef::new(SheetId(0), 0, 0),
            array: false,
            scope: Vec::new(),
            depth: 0,
        }
    }

    fn program(mut self, outputs: &[OutputAt]) -> Result<Compiled, CompileError> {
        self.mark_uncertain();
        let needed = self.find_needed(outputs);
        let formulas = needed.len();
        for at in needed {
            self.formula(at)?;
        }
        let mut results = Vec::with_capacity(outputs.len());
        let mut base = Vec::with_capacity(outputs.len());
        for output in outputs {
            let (node, value) = self.output(output)?;
            results.push(self.boxed(node));
            base.push(value);
        }
        let called = self.count_calls(&results);
        let mut cells = vec![None; self.inputs.len() + self.found.len()];
        for (cell, place) in &self.inputs {
            cells[*place as usize] = Some(*cell);
        }
        let program = Program::assemble(&self.graph, &results, (self.groups, self.texts), cells);
        Ok(Compiled { program, found: self.found, formulas, scalar: self.scalar, called, base })
    }

    /// The node of an output, and its value in the file as it stands.
    fn output(&mut self, output: &OutputAt) -> Result<(NodeId, Value), CompileError> {
        match output {
            OutputAt::Cell(cell) => {
                let value = self.live.read(*cell);
                let node = self
                    .cell(*cell)
                    .map_err(|reason| CompileError::Chance(spell(self.book, *cell), reason))?;
                Ok((node, value))
            }
            OutputAt::Formula(expr) => {
                self.enter(CellRef::new(SheetId(0), 0, 0), false);
                let place = self.at;
                let node = self
                    .whole(expr)
                    .and_then(|s| self.single(&s))
                    .map_err(|reason| CompileError::Chance("an output's formula".into(), reason))?;
                let value = match self.live.evaluate(expr, place, false) {
                    gantry_workbook::live::Yield::Value(value) => value,
                    gantry_workbook::live::Yield::Areas(areas) => {
                        areas.first().map_or(Value::Empty, |a| self.live.read(a.first()))
                    }
                    _ => Value::Empty,
                };
                Ok((node, value))
            }
        }
    }

    /// Functions that are called draw by draw, among what outputs need.
    fn count_calls(&self, outputs: &[NodeId]) -> Vec<(&'static str, usize)> {
        let mut counts: HashMap<&'static str, usize> = HashMap::new();
        let mut seen = vec![false; self.graph.nodes().len()];
        let mut open = outputs.to_vec();
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut seen[id as usize], true) {
                continue;
            }
            let node = self.graph.node(id);
            if let Op::Call { id, .. } = &node.op {
                *counts.entry(gantry_workbook::functions::get(*id).name).or_default() += 1;
            }
            open.extend_from_slice(&node.args);
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_unstable();
        counts
    }

    /// Begins with another formula.
    fn enter(&mut self, at: CellRef, array: bool) {
        self.at = at;
        self.array = array;
        self.scope.clear();
        self.depth = 0;
    }

    /// A value that is known.
    fn constant(&mut self, value: &Value) -> NodeId {
        let lane = match value {
            Value::Bool(b) => f64::from(u8::from(*b)),
            other => pack(other, &mut self.texts),
        };
        self.graph.constant(lane, kinds_of(value))
    }

    fn add(&mut self, op: Op, args: &[NodeId], kinds: Kinds) -> NodeId {
        self.graph.add(op, args, kinds, &mut self.texts)
    }

    /// A new input that a formula asks for.
    fn chance(&mut self, chance: Chance) -> NodeId {
        let place = (self.inputs.len() + self.found.len()) as u32;
        self.found.push(Found { cell: self.at, chance });
        self.add(Op::Input(place), &[], Kinds::NUMBER)
    }

    /// The node of a cell.
    fn cell(&mut self, cell: CellRef) -> Result<NodeId, Reason> {
        if let Some(place) = self.inputs.get(&cell) {
            return Ok(self.add(Op::Input(*place), &[], Kinds::NUMBER));
        }
        if let Some(node) = self.cells.get(&cell) {
            return Ok(*node);
        }
        if self.slice.is_uncertain_cell(self.book, cell) {
            // A formula that is read before its turn reads the reader.
            return Err(Reason::Circular);
        }
        let value = self.live.read(cell);
        Ok(self.constant(&value))
    }

    fn formula_cell(&self, at: FormulaAt) -> (CellRef, &'b gantry_workbook::FormulaCell) {
        let book = self.book;
        let sheet = book.sheet(at.sheet);
        let formula = &sheet.formulas()[at.index as usize];
        (book.place(at.sheet, &sheet.cells()[formula.cell as usize]), formula)
    }
}
