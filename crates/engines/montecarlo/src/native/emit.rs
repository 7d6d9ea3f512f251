//! Code for the values of a program: a vector of draws a round, values in registers from one operation to
//! the next.
//!
//! Invariant: no lane that is not finite stays unmarked. It shows in sums, products and dividends;
//! before anything else could hide it, and where a value leaves the code, it is multiplied by zero
//! and added to a watch, which it spoils.

use std::collections::HashMap;

use super::assembler::{Assembler, Spot};
use super::detours::{Detour, SAVED};
use super::file::{FIRST_CONSTANT, File};
use super::lower::{Arg, Work};
use super::memory::VECTOR;
use super::operands::{
    ADD, ADD_PRODUCT, ALL, AND, Base, DIVIDE, Form, How, LESS, MORE, MULTIPLY, Mask, Operand,
    SUBTRACT, Width, XOR, Zmm,
};

/// Registers that hold no values; that of magnitudes is there with AVX-512 alone.
const MAGNITUDE: Zmm = Zmm(28);
pub(super) const WATCHES: [Zmm; 2] = [Zmm(29), Zmm(30)];
pub(super) const ZERO: Zmm = Zmm(31);
/// Lanes for which the code cannot tell.
pub(super) const UNCLEAR: Mask = Mask(7);
pub(super) const FIRST: Mask = Mask(1);
pub(super) const SECOND: Mask = Mask(2);

/// All bits but the sign.
const MASK_OF_MAGNITUDE: f64 = f64::from_bits(u64::MAX >> 1);

/// The first slot that values may have.
pub(super) const FIRST_VALUE: u32 = SAVED + 32;

/// A step of the code.
pub(super) struct Step<'v> {
    /// Its place among all steps.
    pub(super) at: u32,
    pub(super) work: &'v Work,
    pub(super) args: &'v [Arg],
    /// What it computes.
    pub(super) value: u32,
    /// The column that others read it from.
    pub(super) column: Option<u32>,
    /// Whether some of those are not code.
    pub(super) leaves: bool,
}

/// Makes code, part after part.
pub(super) struct Emitter {
    pub(super) file: File,
    pub(super) asm: Assembler,
    pub(super) width: Width,
    constants: Vec<f64>,
    places: HashMap<u64, i32>,
    /// Values that are finite in every lane that is not marked.
    sound: Vec<bool>,
    /// Values that are finite if this one is.
    within: Vec<[Option<u32>; 2]>,
    /// Values that are counts from 1 to so many in every lane that is not marked.
    pub(super) counts: HashMap<u32, usize>,
    watched: usize,
    pub(super) detours: Vec<Detour>,
    at: u32,
}

impl Emitter {
    pub(super) fn new(values: usize, width: Width) -> Self {
        Self {
            file: File::new(values, width.for_values(), FIRST_VALUE),
            asm: Assembler::new(width),
            width,
            constants: Vec::new(),
            places: HashMap::new(),
            sound: vec![false; values],
            within: vec![[None; 2]; values],
            counts: HashMap::new(),
            watched: 0,
            detours: Vec::new(),
            at: 0,
        }
    }

    /// All constants that the code reads.
    pub(super) fn into_constants(self) -> Vec<f64> {
        self.constants
    }

    /// The code of some steps.
    pub(super) fn part(&mut self, steps: &[Step<'_>]) -> Vec<u8> {
        let uses = steps.iter().flat_map(|step| {
            step.args.iter().filter_map(move |arg| match arg {
                Arg::Value(value) => Some((*value, step.at)),
                Arg::Constant(_) => None,
            })
        });
        let uses: Vec<(u32, u32)> = uses.collect();
        self.file.begin(uses.into_iter());
        self.enter();
        let top = self.asm.here();
        for step in steps {
            self.step(step);
        }
        self.leave(top);
        std::mem::replace(&mut self.asm, Assembler::new(self.width)).into_bytes()
    }

    fn enter(&mut self) {
        // push rbx, rbp, r12, r14, r15; rbx = rdi, rbp = rsi, r15 = rdx, r12 = rcx, r14 = r8
        self.asm.raw(&[0x53, 0x55, 0x41, 0x54, 0x41, 0x56, 0x41, 0x57]);
        self.asm.raw(&[0x48, 0x89, 0xFB, 0x48, 0x89, 0xF5, 0x49, 0x89, 0xD7]);
        self.asm.raw(&[0x49, 0x89, 0xCC, 0x4D, 0x89, 0xC6]);
        for register in [ZERO, WATCHES[0], WATCHES[1]] {
            self.asm.op(XOR, register, (register, Operand::Register(register)));
        }
        if self.width == Width::Wide {
            let magnitude = self.constant(MASK_OF_MAGNITUDE);
            self.asm.load(MAGNITUDE, magnitude);
        }
        self.asm.mask_clear(UNCLEAR);
    }

    fn leave(&mut self, top: Spot) {
        // rbx += the bytes of a vector; r12 -= 1
        let bytes = (self.width.lanes() * size_of::<f64>()) as u8;
        self.asm.raw(&[0x48, 0x83, 0xC3, bytes, 0x49, 0xFF, 0xCC]);
        let again = self.asm.jump_if_not_zero();
        self.asm.lead(again, top);
        for watch in WATCHES {
            self.asm.compare(How::Unordered, (FIRST, ALL), (watch, Operand::Register(watch)));
            self.unclear(FIRST);
        }
        self.asm.mask_to_eax(UNCLEAR);
        // vzeroupper; pop r15, r14, r12, rbp, rbx; ret
        self.asm.raw(&[0xC5, 0xF8, 0x77]);
        self.asm.raw(&[0x41, 0x5F, 0x41, 0x5E, 0x41, 0x5C, 0x5D, 0x5B, 0xC3]);
        self.detours();
    }

    fn step(&mut self, step: &Step<'_>) {
        self.at = step.at;
        self.compute(step);
        if let Some(column) = step.column {
            if step.leaves {
                self.watch(Arg::Value(step.value));
            }
            self.file.store(&mut self.asm, (step.value, column));
        }
        let values = step.args.iter().filter_map(|arg| match arg {
            Arg::Value(value) => Some(*value),
            Arg::Constant(_) => None,
        });
        let own = (!matches!(step.work, Work::Require)).then_some(step.value);
        self.file.end(step.at, values.chain(own));
    }

    fn compute(&mut self, step: &Step<'_>) {
        let (args, value) = (step.args, step.value);
        match (step.work, args) {
            (Work::Add, [a, b]) => self.commuting(ADD, (*a, *b), value),
            (Work::Multiply, [a, b]) => self.commuting(MULTIPLY, (*a, *b), value),
            (Work::Subtract, [a, b]) => self.two(SUBTRACT, (*a, *b), value),
            (Work::Divide, [a, b]) => {
                self.watch(*b);
                self.two(DIVIDE, (*a, *b), value);
            }
            (Work::DivideByAny, [a, b]) => self.two(DIVIDE, (*a, *b), value),
            (Work::AddSnapped, [a, b]) => self.snapped(ADD, (*a, *b), value),
            (Work::SubtractSnapped, [a, b]) => self.snapped(SUBTRACT, (*a, *b), value),
            // Of equal ones the first: the instruction takes its second.
            (Work::Least, [a, b]) => self.watched_two(LESS, (*b, *a), value),
            (Work::Greatest, [a, b]) => self.watched_two(MORE, (*b, *a), value),
            (Work::Negate, [a]) => {
                let sign = self.constant(-0.0);
                let a = self.register(*a);
                let out = self.file.define(&mut self.asm, value);
                self.asm.op(XOR, out, (a, sign));
            }
            (Work::Magnitude, [a]) => self.two(AND, (*a, Arg::Constant(MASK_OF_MAGNITUDE)), value),
            (Work::Root, [a]) => {
                let a = self.register(*a);
                let out = self.file.define(&mut self.asm, value);
                self.asm.root(out, a);
            }
            (Work::Round(digits), [a]) => self.round(*digits, *a, value),
            (Work::CountBelow(keys), [x]) => self.count_below(keys, *x, value),
            (Work::Pick(base), [index, values @ ..]) => self.pick(*base, (*index, values), value),
            (Work::LookUp(keys), [x, entries @ ..]) => self.look_up(keys, (*x, entries), value),
            (Work::Require, args) => args.iter().for_each(|arg| self.watch(*arg)),
            (work, args) => self.decide((work, args), value),
        }
        self.within[value as usize] = within(step.work, args);
    }

    /// What makes truth values, or goes by them.
    fn decide(&mut self, (work, args): (&Work, &[Arg]), value: u32) {
        match (work, args) {
            (Work::Not, [a]) => {
                self.watch(*a);
                let a = self.register(*a);
                self.asm.compare(How::Equal, (FIRST, ALL), (a, Operand::Register(ZERO)));
                self.truth(value);
            }
            (Work::Compare(how), [a, b]) => self.compare(*how, (*a, *b), value),
            (Work::All, args) => self.all(args, value),
            (Work::Any, args) => self.any(args, value),
            (Work::Choose, [test, yes, no]) => {
                self.watch(*test);
                let test = self.register(*test);
                let zero = Operand::Register(ZERO);
                self.asm.compare(How::NotEqual, (FIRST, ALL), (test, zero));
                self.blend((*yes, *no), value);
            }
            (Work::ChooseBy(how), [a, b, yes, no]) => {
                self.choose_by(*how, (*a, *b), (*yes, *no), value);
            }
            // Every operation has the arguments that lowering gave it; another lane is not vouched for.
            (_, _) => {
                self.asm.compare(How::Equal, (FIRST, ALL), (ZERO, Operand::Register(ZERO)));
                self.unclear(FIRST);
            }
        }
    }

    pub(super) fn constant(&mut self, x: f64) -> Operand {
        if let Some(place) = self.places.get(&x.to_bits()) {
            return Operand::Spread(Base::Constants, *place);
        }
        let place = self.append(&[x; VECTOR][..self.width.copies()]);
        self.places.insert(x.to_bits(), place);
        Operand::Spread(Base::Constants, place)
    }

    /// All bits but the sign.
    pub(super) fn magnitude(&mut self) -> Operand {
        match self.width {
            Width::Narrow => self.constant(MASK_OF_MAGNITUDE),
            Width::Wide => Operand::Register(MAGNITUDE),
        }
    }

    /// Constants side by side: where the first one stands.
    pub(super) fn append(&mut self, all: &[f64]) -> i32 {
        let place = FIRST_CONSTANT + (self.constants.len() * size_of::<f64>()) as i32;
        self.constants.extend(all);
        place
    }

    pub(super) fn operand(&mut self, arg: Arg) -> Operand {
        match arg {
            Arg::Constant(x) => self.constant(x),
            Arg::Value(value) => self.file.operand(&mut self.asm, (value, self.at)),
        }
    }

    pub(super) fn register(&mut self, arg: Arg) -> Zmm {
        match arg {
            Arg::Constant(x) => {
                let (register, from) = (self.file.take(&mut self.asm), self.constant(x));
                self.asm.load(register, from);
                register
            }
            Arg::Value(value) => self.file.register(&mut self.asm, value),
        }
    }

    /// Spoils a watch in lanes where a value is not finite.
    pub(super) fn watch(&mut self, arg: Arg) {
        if self.is_sound(arg) {
            return;
        }
        let x = self.operand(arg);
        self.spoil(x);
        self.vouch_for(arg);
    }

    /// Spoils a watch where an operand is not finite.
    pub(super) fn spoil(&mut self, x: Operand) {
        self.watched += 1;
        self.asm.op(ADD_PRODUCT, WATCHES[self.watched % 2], (ZERO, x));
    }

    /// Whether lanes in which it is not finite are marked.
    pub(super) fn is_sound(&self, arg: Arg) -> bool {
        match arg {
            Arg::Constant(_) => true,
            Arg::Value(value) => self.sound[value as usize],
        }
    }

    /// Says that lanes in which a value is not finite are marked.
    pub(super) fn vouch_for(&mut self, arg: Arg) {
        if let Arg::Value(value) = arg {
            self.vouch(value);
        }
    }

    /// As [`Self::vouch_for`].
    pub(super) fn vouch(&mut self, value: u32) {
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            if !std::mem::replace(&mut self.sound[value as usize], true) {
                open.extend(self.within[value as usize].iter().flatten());
            }
        }
    }

    pub(super) fn unclear(&mut self, mask: Mask) {
        self.asm.mask_or(UNCLEAR, (UNCLEAR, mask));
    }

    fn two(&mut self, form: Form, (a, b): (Arg, Arg), value: u32) {
        let (a, b) = (self.register(a), self.operand(b));
        let out = self.file.define(&mut self.asm, value);
        self.asm.op(form, out, (a, b));
    }

    /// An operation whose second operand is better the one that is in no register.
    fn commuting(&mut self, form: Form, (a, b): (Arg, Arg), value: u32) {
        let is_held = |arg: Arg| match arg {
            Arg::Constant(_) => false,
            Arg::Value(value) => self.file.is_held(value),
        };
        let pair = if !is_held(a) && is_held(b) { (b, a) } else { (a, b) };
        self.two(form, pair, value);
    }

    fn watched_two(&mut self, form: Form, (a, b): (Arg, Arg), value: u32) {
        self.watch(a);
        self.watch(b);
        self.two(form, (a, b), value);
        self.vouch(value);
    }
}

/// The arguments in which what is not finite shows in the result.
fn within(work: &Work, args: &[Arg]) -> [Option<u32>; 2] {
    let value = |arg: &Arg| match arg {
        Arg::Constant(_) => None,
        Arg::Value(value) => Some(*value),
    };
    match (work, args) {
        (
            Work::Add | Work::Subtract | Work::Multiply | Work::AddSnapped | Work::SubtractSnapped,
            [a, b],
        ) => [value(a), value(b)],
        (Work::Divide | Work::DivideByAny, [a, _]) => [value(a), None],
        (Work::Negate | Work::Magnitude, [a, ..]) => [value(a), None],
        (_, _) => [None; 2],
    }
}
