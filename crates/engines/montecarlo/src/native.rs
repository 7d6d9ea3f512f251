//! A column program as machine code, where the processor has AVX-512 or AVX2 and the system lets a
//! process run what it made: values stay in registers and the first cache where the machine's loops carry
//! every one of them through memory. The code holds what is computed alike in every lane; what is left
//! (searches, text, cells of the workbook) the machine computes between two parts of it.
//!
//! Invariant: code gives the bits of the machine's loops, or says of a chunk that it cannot tell; then
//! the machine computes the whole chunk.

mod assembler;
mod detours;
mod emit;
mod file;
mod fuse;
mod lookups;
mod lower;
#[cfg(all(target_arch = "x86_64", unix))]
mod memory;
#[cfg(not(all(target_arch = "x86_64", unix)))]
#[path = "native/memory_elsewhere.rs"]
mod memory;
mod operands;
mod parts;
mod schedule;
#[cfg(test)]
mod tests;
mod vex;
mod works;

use crate::column::{Column, WIDTH};
use crate::machine::Isa;
use crate::program::{Instruction, Program, Source};
use emit::{Emitter, Step};
use file::{FIRST_CONSTANT, FIRST_SLOT};
use lower::{Arg, Values, Way, lower};
use memory::{Code, Desk, VECTOR};
use operands::Width;
use parts::{Level, Order, order};

/// Code for fewer values is not worth the change between it and the machine.
const LEAST_VALUES: usize = 8;
/// The most values: their code is a few megabytes.
const MOST_VALUES: usize = 200_000;
/// Values whose code stays in the first cache together.
const PART_VALUES: usize = 800;
/// Draws that go through one code after the other: what the next code reads is still in a near cache.
const STRIP: usize = 64;
/// The most columns, 16 megabytes of them.
const MOST_COLUMNS: u32 = 8192;
/// The most parts.
const MOST_LEVELS: usize = 1000;

/// A program as code and steps.
#[derive(Debug)]
pub(crate) struct Native {
    parts: Vec<Part>,
    columns: usize,
    slots: usize,
    constants: Vec<Line>,
    outputs: Vec<Source>,
    width: Width,
}

/// Constants, so that no vector of them lies in two lines of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f64; VECTOR]);

impl Line {
    /// All of some constants.
    fn all_of(constants: &[f64]) -> Vec<Self> {
        let lines = constants.chunks(VECTOR).map(|chunk| {
            let mut line = [0.0; VECTOR];
            line[..chunk.len()].copy_from_slice(chunk);
            Self(line)
        });
        lines.collect()
    }
}

/// What is done one after the other.
#[derive(Debug)]
pub(crate) enum Part {
    /// Code between two steps, run by [`Native::run`].
    Code(Routine),
    /// A step of the machine, which reads and writes columns as inputs.
    Step(Instruction),
}

/// Codes of which each reads what those before it computed.
#[derive(Debug)]
pub(crate) struct Routine(Vec<Code>);

impl Native {
    /// The code of a program for a set of instructions; nothing where there is none for it, where it
    /// would not pay, or where the system does not allow it.
    pub(crate) fn find(program: &Program, isa: Isa) -> Option<Self> {
        let width = match isa {
            Isa::Baseline => return None,
            Isa::Avx2 => Width::Narrow,
            Isa::Avx512 => Width::Wide,
        };
        let values = lower(program);
        let coded = values.nodes.iter().filter(|node| matches!(node.way, Way::Code(_))).count();
        if !(LEAST_VALUES..=MOST_VALUES).contains(&coded) {
            return None;
        }
        let order = order(&values, PART_VALUES);
        if order.count > MOST_COLUMNS || order.levels.len() > MOST_LEVELS {
            return None;
        }
        let mut maker = Maker::new((program, width), &values, &order);
        let mut parts = Vec::new();
        for level in &order.levels {
            if !level.code.is_empty() {
                let code = Code::new(&maker.code(level))?;
                match parts.last_mut() {
                    Some(Part::Code(Routine(codes))) => codes.push(code),
                    Some(Part::Step(_)) | None => parts.push(Part::Code(Routine(vec![code]))),
                }
            }
            for node in &level.steps {
                parts.push(Part::Step(maker.find_step(*node)?));
            }
        }
        let outputs = values.outputs.iter().map(|output| maker.find_source(*output));
        let outputs = outputs.collect::<Option<_>>()?;
        let slots = maker.emitter.file.slots() as usize;
        let constants = Line::all_of(&maker.emitter.into_constants());
        Some(Self { parts, columns: order.count as usize, slots, constants, outputs, width })
    }

    /// What is done one after the other.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Columns of inputs and of values that steps and outputs read.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Where the outputs stand: columns as inputs, and constants of the program.
    pub(crate) fn outputs(&self) -> &[Source] {
        &self.outputs
    }

    /// Room for values that find no register, one for each thread.
    pub(crate) fn slots(&self) -> Vec<Column> {
        vec![Column::default(); (self.slots * VECTOR).div_ceil(WIDTH)]
    }

    /// Computes a part, and says whether all its lanes may stand.
    #[expect(unsafe_code, reason = "code that this module made")]
    pub(crate) fn run(&self, part: &Routine, columns: &mut [Column], slots: &mut [Column]) -> bool {
        if columns.len() < self.columns || slots.len() * WIDTH < self.slots * VECTOR {
            return false;
        }
        let base = columns.as_mut_ptr().cast::<f64>();
        let slots = slots.as_mut_ptr().cast::<f64>().wrapping_byte_offset(-FIRST_SLOT as isize);
        let constants = self.constants.as_ptr().cast::<f64>();
        let constants = constants.wrapping_byte_offset(-FIRST_CONSTANT as isize);
        let vectors = (STRIP / self.width.lanes()) as u64;
        (0..WIDTH).step_by(STRIP).all(|first| {
            let desk = Desk { columns: base.wrapping_add(first), constants, slots, vectors };
            // SAFETY: the code counts to columns, slots and constants of this program alone, all of
            // which are there, and goes through the vectors of a strip of one column.
            part.0.iter().all(|code| unsafe { code.run(&desk) })
        })
    }
}

/// Makes the parts of a program.
struct Maker<'v> {
    program: &'v Program,
    values: &'v Values,
    order: &'v Order,
    emitter: Emitter,
}

impl<'v> Maker<'v> {
    fn new((program, width): (&'v Program, Width), values: &'v Values, order: &'v Order) -> Self {
        let mut emitter = Emitter::new(order.columns.len(), width);
        let steps = order.levels.iter().flat_map(|level| &level.steps);
        let steps = steps.map(|node| values.inputs + *node as u32);
        for value in (0..values.inputs).chain(steps) {
            if let Some(column) = order.columns[value as usize] {
                emitter.file.settle(value, column);
            }
        }
        Self { program, values, order, emitter }
    }

    fn code(&mut self, level: &Level) -> Vec<u8> {
        let steps = level.code.iter().enumerate().filter_map(|(at, place)| {
            let node = &self.values.nodes[*place];
            let Way::Code(work) = &node.way else { return None };
            let value = self.values.inputs + *place as u32;
            let column = self.order.columns[value as usize];
            let leaves = self.order.leaves[*place];
            Some(Step { at: at as u32, work, args: &node.args, value, column, leaves })
        });
        let steps: Vec<Step<'_>> = steps.collect();
        self.emitter.part(&steps)
    }

    fn find_step(&self, place: usize) -> Option<Instruction> {
        let node = &self.values.nodes[place];
        let Way::Step(op) = &node.way else { return None };
        let target = self.order.columns[self.values.inputs as usize + place]?;
        let sources = node.args.iter().map(|arg| self.find_source(*arg)).collect::<Option<_>>()?;
        Some(Instruction { op: op.clone(), target, sources })
    }

    fn find_source(&self, arg: Arg) -> Option<Source> {
        match arg {
            Arg::Value(value) => self.order.columns[value as usize].map(Source::Input),
            Arg::Constant(x) => {
                let mut all = self.program.constants.iter();
                let place = all.position(|c| c.to_bits() == x.to_bits())?;
                Some(Source::Constant(place as u32))
            }
        }
    }
}
