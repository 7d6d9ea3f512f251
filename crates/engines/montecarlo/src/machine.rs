//! Runs a column program over 256 draws. The loops over lanes are compiled three times, for
//! AVX-512, AVX2 and any x86-64, and one is chosen when the machine is made; no operation is
//! contracted or reordered, so all give the same bits. Where the processor has AVX-512 or AVX2, most
//! of a program is machine code of its own, and the loops compute what it leaves.
//!
//! Invariant: what a fast loop cannot do for a lane (an error, an infinity, a comparison of nearly
//! equal numbers) is done again for its whole column by [`crate::semantics`].

use gantry_workbook::live::Live;
use gantry_workbook::{Options, Workbook};

use crate::column::{Column, WIDTH};
use crate::lane::Texts;
use crate::native::{Native, Part};
use crate::program::{Instruction, Program, Source};
use crate::ssa::Op;

mod chain;
mod fast;
mod find;
mod lanes;
mod money;
mod rates;
mod slow;

use slow::Results;

/// After so many chunks in a row that its code cannot tell of, a machine does without.
const MOST_MISSES: u32 = 4;

/// The instructions that loops are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// What every x86-64 processor has.
    Baseline,
    /// AVX2, and FMA, which comes with it.
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
            Self::Avx2 => {
                std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("fma")
            }
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
    /// The draws; behind them the columns of machine code.
    inputs: Vec<Column>,
    /// Where the outputs of the last run stand.
    outputs: &'p [Source],
    constants: Vec<Column>,
    native: Option<&'p Native>,
    slots: Vec<Column>,
    misses: u32,
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
        let mut machine = Self {
            program,
            isa: Isa::Baseline,
            registers: (0..program.registers).map(|_| Register::default()).collect(),
            inputs: vec![Column::default(); program.inputs.len()],
            outputs: &program.outputs,
            native: None,
            slots: Vec::new(),
            misses: 0,
            constants: program.constants.iter().map(|c| Column::splat(*c)).collect(),
            rest: Rest { live, now, texts: program.texts.clone(), results },
        };
        machine.set_isa(Isa::best());
        machine
    }

    /// Computes as on a processor that has no more than these instructions; those that this one has not
    /// are not used.
    pub fn set_isa(&mut self, isa: Isa) {
        if isa.is_here() {
            self.isa = isa;
            self.native = self.program.find_native(isa);
            self.misses = 0;
            let columns = self.native.map_or(self.program.inputs.len(), Native::columns);
            self.inputs.resize(columns, Column::default());
            self.slots = self.native.map(Native::slots).unwrap_or_default();
        }
    }

    /// Computes without machine code of the program's own.
    pub fn set_loops_alone(&mut self) {
        self.native = None;
    }

    /// Whether the last results are of the program's own machine code.
    #[must_use]
    pub const fn ran_native(&self) -> bool {
        self.native.is_some() && self.misses == 0
    }

    /// The columns that the draws are written into before [`Self::compute`], in the order of the
    /// program's inputs.
    pub fn inputs_mut(&mut self) -> &mut [Column] {
        &mut self.inputs[..self.program.inputs.len()]
    }

    /// Computes 256 draws, of which the first `lanes` count: what is computed draw by draw is
    /// computed for those alone.
    pub fn compute(&mut self, lanes: usize) {
        let lanes = lanes.min(WIDTH);
        let native = self.native;
        self.outputs = match native {
            Some(native) if self.run_native(native, lanes) => native.outputs(),
            Some(_) | None => {
                self.reset();
                self.steps(lanes);
                &self.program.outputs
            }
        };
    }

    /// An output of the draws computed last.
    #[must_use]
    pub fn output(&self, index: usize) -> &[f64; WIDTH] {
        self.column(self.outputs[index])
    }

    /// Computes draws that stand elsewhere, and copies the outputs: what a test or a few draws need.
    pub fn run(&mut self, inputs: &[[f64; WIDTH]], lanes: usize, outputs: &mut [Column]) {
        for (own, given) in self.inputs_mut().iter_mut().zip(inputs) {
            own.0 = *given;
        }
        self.compute(lanes);
        for (index, output) in outputs.iter_mut().enumerate() {
            output.0 = *self.output(index);
        }
    }

    /// Forgets what was computed draw by draw.
    fn reset(&mut self) {
        self.rest.texts.truncate(self.program.texts.len());
        for results in &mut self.rest.results {
            results.done = false;
        }
    }

    /// Counts a chunk that the code could not tell of.
    const fn miss(&mut self) {
        self.misses += 1;
        if self.misses >= MOST_MISSES {
            self.native = None;
        }
    }

    /// Runs the program's own code, and says whether its results may stand.
    fn run_native(&mut self, native: &Native, lanes: usize) -> bool {
        self.reset();
        let mut out = Register::default();
        for part in native.parts() {
            match part {
                Part::Code(code) => {
                    if !native.run(code, &mut self.inputs, &mut self.slots) {
                        self.miss();
                        return false;
                    }
                }
                Part::Step(step) => {
                    self.step(step, lanes, &mut out.0.0);
                    self.inputs[step.target as usize].0 = out.0.0;
                }
            }
        }
        self.misses = 0;
        true
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

    fn steps(&mut self, lanes: usize) {
        let program = self.program;
        // Results are written beside the registers and change places with the target, which may
        // be a source as well.
        let mut out = Register::default();
        for instruction in &program.instructions {
            self.step(instruction, lanes, &mut out.0.0);
            std::mem::swap(&mut self.registers[instruction.target as usize], &mut out);
        }
    }

    fn step(&mut self, step: &Instruction, lanes: usize, out: &mut [f64; WIDTH]) {
        let stands = match self.isa {
            Isa::Baseline => self.fast(step, out),
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the processor was asked for these instructions")]
            // SAFETY: `isa` is only ever one that `is_here`.
            Isa::Avx2 => unsafe { self.fast_avx2(step, out) },
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the processor was asked for these instructions")]
            // SAFETY: `isa` is only ever one that `is_here`.
            Isa::Avx512 => unsafe { self.fast_avx512(step, out) },
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 => self.fast(step, out),
        };
        if !stands {
            self.slow(step, lanes, out);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn fast_avx2(&self, step: &Instruction, out: &mut [f64; WIDTH]) -> bool {
        self.fast(step, out)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
    fn fast_avx512(&self, step: &Instruction, out: &mut [f64; WIDTH]) -> bool {
        self.fast(step, out)
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
