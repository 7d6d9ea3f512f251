//! Runs a column program over 256 draws. The loops over lanes are compiled three times, for
//! AVX-512, AVX2 and any x86-64, and one is chosen when the machine is made; no operation is
//! contracted or reordered, so all give the same bits.
//!
//! Invariant: what a fast loop cannot do for a lane (an error, an infinity, a comparison of nearly
//! equal numbers) is done again for its whole column by [`crate::semantics`].

use gantry_workbook::live::Live;
use gantry_workbook::{Options, Workbook};

use crate::column::{Column, WIDTH};
use crate::lane::Texts;
use crate::program::{Instruction, Program, Source};
use crate::ssa::Op;

mod chain;
mod fast;
mod find;
mod lanes;
mod money;
mod slow;

use slow::Results;

/// The instructions that loops are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// What every x86-64 processor has.
    Baseline,
    /// AVX2.
    Avx2,
    /// AVX-512.
    Avx512,
}

impl Isa {
    /// The widest that this processor has.
    #[must_use]
    pub fn best() -> Self {
        if Self::Avx512.is_here() {
            Self::Avx512
        } else if Self::Avx2.is_here() {
            Self::Avx2
        } else {
            Self::Baseline
        }
    }

    /// Whether this processor has it.
    #[must_use]
    pub fn is_here(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return match self {
            Self::Baseline => true,
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
            Self::Avx512 => {
                std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("avx512dq")
                    && std::arch::is_x86_feature_detected!("avx512vl")
            }
        };
        #[cfg(not(target_arch = "x86_64"))]
        return self == Self::Baseline;
    }

    /// A word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "x86-64",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

/// A program with the memory to run it.
pub struct Machine<'p, 'b> {
    program: &'p Program,
    isa: Isa,
    registers: Vec<Register>,
    /// Copies of the draws, aligned.
    inputs: Vec<Column>,
    constants: Vec<Column>,
    rest: Rest<'b>,
}

/// A column that changes places with another by its pointer.
#[derive(Default)]
struct Register(Box<Column>);

/// What calls and groups need.
struct Rest<'b> {
    live: Option<Live<'b>>,
    now: Option<f64>,
    texts: Texts,
    results: Vec<Results>,
}

impl<'p, 'b> Machine<'p, 'b> {
    /// Makes room for a program; the workbook is opened if the program computes anything draw by
    /// draw, which needs a thread with a large stack.
    #[must_use]
    pub fn new(program: &'p Program, book: &'b Workbook, now: Option<f64>) -> Self {
        let live =
            program.needs_workbook().then(|| Live::new(book, &Options { now, inputs: Vec::new() }));
        let results = program.groups.iter().map(|g| Results::new(g.cells.len())).collect();
        Self {
            program,
            isa: Isa::best(),
            registers: (0..program.registers).map(|_| Register::default()).collect(),
            inputs: vec![Column::default(); program.inputs.len()],
            constants: program.constants.iter().map(|c| Column::splat(*c)).collect(),
            rest: Rest { live, now, texts: program.texts.clone(), results },
        }
    }

    /// Uses narrower loops than the processor has; those that it has not are not used.
    pub fn set_isa(&mut self, isa: Isa) {
        if isa.is_here() {
            self.isa = isa;
        }
    }

    /// Computes the outputs of 256 draws, of which the first `lanes` count: what is computed draw
    /// by draw is computed for those alone.
    pub fn run(&mut self, inputs: &[[f64; WIDTH]], lanes: usize, outputs: &mut [Column]) {
        self.rest.texts.truncate(self.program.texts.len());
        for results in &mut self.rest.results {
            results.done = false;
        }
        for (own, given) in self.inputs.iter_mut().zip(inputs) {
            own.0 = *given;
        }
        let lanes = lanes.min(WIDTH);
        match self.isa {
            Isa::Baseline => self.steps(lanes),
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the processor was asked for these instructions")]
            // SAFETY: `isa` is only ever one that `is_here`.
            Isa::Avx2 => unsafe { self.steps_avx2(lanes) },
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the processor was asked for these instructions")]
            // SAFETY: `isa` is only ever one that `is_here`.
            Isa::Avx512 => unsafe { self.steps_avx512(lanes) },
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 => self.steps(lanes),
        }
        for (output, source) in outputs.iter_mut().zip(&self.program.outputs) {
            output.0 = *self.column(*source);
        }
    }

    /// The values of the outputs of one draw, unpacked.
    #[must_use]
    pub fn value(&self, output: &Column, lane: usize) -> gantry_workbook::Value {
        crate::lane::unpack(output.0[lane], false, &self.rest.texts)
    }

    /// A lane of an output as a number: truth values are 0 and 1, and what is no number is NaN.
    #[must_use]
    pub fn number(&self, lane: f64) -> f64 {
        if lane.is_nan() { crate::lane::lane_to_number(lane, &self.rest.texts) } else { lane }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn steps_avx2(&mut self, lanes: usize) {
        self.steps(lanes);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
    fn steps_avx512(&mut self, lanes: usize) {
        self.steps(lanes);
    }

    #[inline(always)]
    fn steps(&mut self, lanes: usize) {
        let program = self.program;
        // Results are written beside the registers and change places with the target, which may
        // be a source as well.
        let mut out = Register::default();
        for instruction in &program.instructions {
            if !self.fast(instruction, &mut out.0.0) {
                self.slow(instruction, lanes, &mut out.0.0);
            }
            std::mem::swap(&mut self.registers[instruction.target as usize], &mut out);
        }
    }

    #[inline(always)]
    fn column(&self, source: Source) -> &[f64; WIDTH] {
        match source {
            Source::Register(r) => &self.registers[r as usize].0.0,
            Source::Input(i) => &self.inputs[i as usize].0,
            Source::Constant(c) => &self.constants[c as usize].0,
        }
    }

    /// Everything that fast loops do not do.
    #[inline(never)]
    fn slow(&mut self, instruction: &Instruction, lanes: usize, out: &mut [f64; WIDTH]) {
        let sources = &instruction.sources;
        let mut rest = std::mem::replace(
            &mut self.rest,
            Rest { live: None, now: None, texts: Texts::default(), results: Vec::new() },
        );
        let columns: Vec<&[f64; WIDTH]> = sources.iter().map(|s| self.column(*s)).collect();
        match &instruction.op {
            Op::Call { id, at, shapes } => rest.call((*id, *at, shapes), &columns, lanes, out),
            Op::Fallback { group, place } => {
                let context = (self.program, self.inputs.as_slice());
                rest.fall_back(context, (*group, *place), (&columns, lanes), out);
            }
            op => slow::apply(op, &columns, &mut rest.texts, out),
        }
        self.rest = rest;
    }
}
