//! Operations that take more than one instruction.
//!
//! Invariant: the same operations in the same order as the machine's fast loops, so that lanes have
//! the same bits; lanes whose digits decide are marked or looked at.

use super::detours::Detour;
use super::emit::{Emitter, FIRST, SECOND, ZERO};
use super::lower::Arg;
use super::operands::{
    ADD, ALL, AND, BLEND, DIVIDE, Form, How, LESS, MORE, MULTIPLY, OR, Operand, SUBTRACT, Width,
    Zmm,
};
use crate::ssa::Comparison;

impl Emitter {
    /// A sum that is a formula's last step: where it vanishes against the left operand, its digits
    /// decide. Zero may vanish as well: that is looked at again where the jump leads.
    pub(super) fn snapped(&mut self, form: Form, (a, b): (Arg, Arg), value: u32) {
        let (left, b) = (self.register(a), self.operand(b));
        let out = self.file.define(&mut self.asm, value);
        self.asm.op(form, out, (left, b));
        let bound = self.file.take(&mut self.asm);
        let share = self.constant(1e-14);
        if self.width == Width::Wide {
            let nearer = self.file.take(&mut self.asm);
            self.asm.op(MULTIPLY, bound, (left, share));
            self.asm.nearer_to_zero(nearer, (out, Operand::Register(bound)));
            let bound = Operand::Register(bound);
            self.asm.compare(How::NotEqual, (FIRST, ALL), (nearer, bound));
        } else {
            let (size, magnitude) = (self.file.take(&mut self.asm), self.magnitude());
            self.asm.op(AND, bound, (left, magnitude));
            self.asm.op(MULTIPLY, bound, (bound, share));
            self.asm.op(AND, size, (out, magnitude));
            self.asm.compare(How::Less, (FIRST, ALL), (size, Operand::Register(bound)));
        }
        let from = self.asm.jump_if_any(FIRST);
        let back = self.asm.here();
        self.detours.push(Detour { from, back, left, result: out });
    }

    /// A truth value: where the first mask is.
    pub(super) fn truth(&mut self, value: u32) {
        let Operand::Spread(base, at) = self.constant(1.0) else { return };
        let out = self.file.define(&mut self.asm, value);
        self.asm.load_or_zero((out, FIRST), (base, at));
        self.vouch(value);
    }

    pub(super) fn compare(&mut self, how: Comparison, pair: (Arg, Arg), value: u32) {
        self.compare_to_mask(how, pair);
        self.truth(value);
    }

    /// One of two values where a comparison holds, else the other.
    pub(super) fn choose_by(
        &mut self,
        how: Comparison,
        pair: (Arg, Arg),
        (yes, no): (Arg, Arg),
        value: u32,
    ) {
        self.compare_to_mask(how, pair);
        self.file.release_but(&[]);
        self.blend((yes, no), value);
    }

    /// Where the first mask is, one value, else the other.
    pub(super) fn blend(&mut self, (yes, no): (Arg, Arg), value: u32) {
        let held = self.register(no);
        let other = self.operand(yes);
        let out = self.file.define(&mut self.asm, value);
        self.asm.masked(BLEND, (out, FIRST), (held, other));
        if self.is_sound(yes) && self.is_sound(no) {
            self.vouch(value);
        }
    }

    /// The first mask is where two values compare so.
    fn compare_to_mask(&mut self, how: Comparison, (a, b): (Arg, Arg)) {
        let how = match how {
            Comparison::Equal => How::Equal,
            Comparison::NotEqual => How::NotEqual,
            Comparison::Less => How::Less,
            Comparison::Greater => How::Greater,
            Comparison::LessEqual => How::LessEqual,
            Comparison::GreaterEqual => How::GreaterEqual,
        };
        let is_zero = |arg| matches!(arg, Arg::Constant(x) if x == 0.0);
        if is_zero(a) || is_zero(b) {
            // Nothing but zero is near to zero.
            self.watch(a);
            self.watch(b);
            let (a, b) = (self.register(a), self.operand(b));
            return self.asm.compare(how, (FIRST, ALL), (a, b));
        }
        let (left, right) = (self.register(a), self.operand(b));
        let apart = self.file.take(&mut self.asm);
        self.asm.op(SUBTRACT, apart, (left, right));
        if !(self.is_sound(a) && self.is_sound(b)) {
            self.spoil(Operand::Register(apart));
            self.vouch_for(a);
            self.vouch_for(b);
        }
        self.near((a, left), b, apart);
        self.asm.test((SECOND, SECOND), apart);
        self.unclear(SECOND);
        self.asm.compare(how, (FIRST, ALL), (left, right));
    }

    /// The second mask is where two numbers are so near that their digits decide: then either is as
    /// good a measure as the larger one.
    fn near(&mut self, (a, left): (Arg, Zmm), b: Arg, apart: Zmm) {
        const SHARE: f64 = 1.001e-14;
        let is_wide = self.width == Width::Wide;
        let nearer = if is_wide { self.file.take(&mut self.asm) } else { apart };
        let bound = match (a, b) {
            (Arg::Constant(x), _) | (_, Arg::Constant(x)) if is_wide => self.constant(x * SHARE),
            (Arg::Constant(x), _) | (_, Arg::Constant(x)) => self.constant(x.abs() * SHARE),
            (Arg::Value(_), Arg::Value(_)) => {
                let (bound, share) = (self.file.take(&mut self.asm), self.constant(SHARE));
                self.asm.op(MULTIPLY, bound, (left, share));
                if !is_wide {
                    let magnitude = self.magnitude();
                    self.asm.op(AND, bound, (bound, magnitude));
                }
                Operand::Register(bound)
            }
        };
        if is_wide {
            self.asm.nearer_to_zero(nearer, (apart, bound));
            self.asm.compare(How::NotEqual, (SECOND, ALL), (nearer, bound));
        } else {
            let magnitude = self.magnitude();
            self.asm.op(AND, apart, (apart, magnitude));
            self.asm.compare(How::LessEqual, (SECOND, ALL), (apart, bound));
        }
    }

    pub(super) fn all(&mut self, args: &[Arg], value: u32) {
        for (i, arg) in args.iter().enumerate() {
            self.watch(*arg);
            let x = self.register(*arg);
            let among = if i == 0 { ALL } else { FIRST };
            self.asm.compare(How::NotEqual, (FIRST, among), (x, Operand::Register(ZERO)));
            self.file.release_but(&[]);
        }
        self.truth(value);
    }

    pub(super) fn any(&mut self, args: &[Arg], value: u32) {
        for (i, arg) in args.iter().enumerate() {
            self.watch(*arg);
            let x = self.register(*arg);
            let mask = if i == 0 { FIRST } else { SECOND };
            self.asm.compare(How::NotEqual, (mask, ALL), (x, Operand::Register(ZERO)));
            if i > 0 {
                self.asm.mask_or(FIRST, (FIRST, SECOND));
            }
            self.file.release_but(&[]);
        }
        self.truth(value);
    }

    /// ROUND, in the order of [`gantry_workbook::kernels::rounding::round`].
    pub(super) fn round(&mut self, digits: i32, a: Arg, value: u32) {
        let scale = self.constant(10f64.powi(digits));
        let [one, noise, most_noise, half] = [1.0, 4.5e-16, 0.05, 0.5].map(|x| self.constant(x));
        let (sign, limit) = (self.constant(-0.0), self.constant(9e15));
        let x = self.register(a);
        let out = self.file.define(&mut self.asm, value);
        let [y, size, near] = [(); 3].map(|()| self.file.take(&mut self.asm));
        self.asm.op(MULTIPLY, y, (x, scale));
        if !self.is_sound(a) {
            self.spoil(Operand::Register(y));
            self.vouch_for(a);
        }
        let magnitude = self.magnitude();
        self.asm.op(AND, size, (y, magnitude));
        let limited = self.limit_noise(near, (size, one), (noise, most_noise));
        let asm = &mut self.asm;
        asm.op(ADD, out, (size, half));
        asm.op(ADD, out, (out, Operand::Register(limited)));
        asm.floor(out, out);
        asm.op(AND, y, (y, sign));
        asm.op(OR, out, (out, Operand::Register(y)));
        asm.op(ADD, out, (out, Operand::Register(ZERO)));
        asm.op(DIVIDE, out, (out, scale));
        self.asm.compare(How::Greater, (FIRST, ALL), (size, limit));
        self.unclear(FIRST);
        self.vouch(value);
    }

    /// `least(most, max(size, 1) * noise)`.
    fn limit_noise(
        &mut self,
        near: Zmm,
        (size, one): (Zmm, Operand),
        (noise, most): (Operand, Operand),
    ) -> Zmm {
        self.asm.op(MORE, near, (size, one));
        self.asm.op(MULTIPLY, near, (near, noise));
        self.asm.op(LESS, near, (near, most));
        near
    }
}
