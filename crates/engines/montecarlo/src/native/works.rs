//! Operations that take more than one instruction.
//!
//! Invariant: the same operations in the same order as the machine's fast loops, so that lanes have
//! the same bits; lanes whose digits decide are marked or looked at.

use super::emit::{Detour, Emitter, FIRST, MAGNITUDE, SECOND, WATCHES, ZERO};
use super::lower::Arg;
use super::operands::{
    ADD, ADD_PRODUCT, ALL, AND, BLEND, DIVIDE, Form, How, LESS, MORE, MULTIPLY, OR, Operand,
    SUBTRACT, XOR, Zmm,
};
use crate::ssa::Comparison;

impl Emitter {
    /// A sum that is a formula's last step: where it vanishes against the left operand, its digits
    /// decide.
    pub(super) fn snapped(&mut self, form: Form, (a, b): (Arg, Arg), value: u32) {
        let (left, b) = (self.register(a), self.operand(b));
        let out = self.file.define(&mut self.asm, value);
        self.asm.op(form, out, (left, b));
        let (bound, size) = (self.file.take(&mut self.asm), self.file.take(&mut self.asm));
        let share = self.constant(1e-14);
        self.asm.op(AND, bound, (left, Operand::Register(MAGNITUDE)));
        self.asm.op(MULTIPLY, bound, (bound, share));
        self.asm.op(AND, size, (out, Operand::Register(MAGNITUDE)));
        self.asm.compare(How::Less, (FIRST, ALL), (size, Operand::Register(bound)));
        self.asm.test((FIRST, FIRST), size);
        let from = self.asm.jump_if_any(FIRST);
        let back = self.asm.here();
        self.detours.push(Detour { from, back, left, result: out });
    }

    /// A truth value: where the first mask is.
    pub(super) fn truth(&mut self, value: u32) {
        let Operand::Spread(base, at) = self.constant(1.0) else { return };
        let out = self.file.define(&mut self.asm, value);
        self.asm.load_or_zero((out, FIRST), (base, at));
    }

    pub(super) fn compare(&mut self, how: Comparison, (a, b): (Arg, Arg), value: u32) {
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
            self.asm.compare(how, (FIRST, ALL), (a, b));
            return self.truth(value);
        }
        let (a, b) = (self.register(a), self.operand(b));
        let (apart, largest) = (self.file.take(&mut self.asm), self.file.take(&mut self.asm));
        let share = self.constant(1e-14);
        self.asm.op(SUBTRACT, apart, (a, b));
        self.asm.op(ADD_PRODUCT, WATCHES[0], (ZERO, Operand::Register(apart)));
        self.asm.greater_magnitude(largest, (a, b));
        self.asm.op(MULTIPLY, largest, (largest, share));
        self.asm.op(AND, apart, (apart, Operand::Register(MAGNITUDE)));
        self.asm.compare(How::LessEqual, (SECOND, ALL), (apart, Operand::Register(largest)));
        self.asm.test((SECOND, SECOND), apart);
        self.unclear(SECOND);
        self.asm.compare(how, (FIRST, ALL), (a, b));
        self.truth(value);
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
        let a = self.register(a);
        let out = self.file.define(&mut self.asm, value);
        let [y, size, near] = [(); 3].map(|()| self.file.take(&mut self.asm));
        let asm = &mut self.asm;
        asm.op(MULTIPLY, y, (a, scale));
        asm.op(ADD_PRODUCT, WATCHES[0], (ZERO, Operand::Register(y)));
        asm.op(AND, size, (y, Operand::Register(MAGNITUDE)));
        let limited = self.limit_noise(near, (size, one), (noise, most_noise));
        let asm = &mut self.asm;
        asm.op(ADD, out, (size, half));
        asm.op(ADD, out, (out, Operand::Register(limited)));
        asm.floor(out, out);
        asm.op(AND, y, (y, sign));
        asm.op(OR, out, (out, Operand::Register(y)));
        asm.op(ADD, out, (out, Operand::Register(ZERO)));
        asm.op(DIVIDE, out, (out, scale));
        let bound = self.file.take(&mut self.asm);
        self.asm.load(bound, limit);
        self.asm.compare(How::Greater, (FIRST, ALL), (size, Operand::Register(bound)));
        self.unclear(FIRST);
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

    pub(super) fn count_below(&mut self, keys: &[u64], x: Arg, value: u32) {
        self.watch(x);
        let x = self.register(x);
        let out = self.file.define(&mut self.asm, value);
        let near = self.file.take(&mut self.asm);
        let one = self.constant(1.0);
        self.asm.op(XOR, out, (out, Operand::Register(out)));
        for key in keys {
            let key = f64::from_bits(*key);
            let (reach, key) = (self.constant(key.abs() * 1.001e-14), self.constant(key));
            self.asm.compare(How::GreaterEqual, (FIRST, ALL), (x, key));
            self.asm.masked(ADD, (out, FIRST), (out, one));
            self.asm.op(SUBTRACT, near, (x, key));
            self.asm.op(AND, near, (near, Operand::Register(MAGNITUDE)));
            self.asm.compare(How::LessEqual, (SECOND, ALL), (near, reach));
            self.asm.test((SECOND, SECOND), near);
            self.unclear(SECOND);
        }
        self.asm.compare(How::Equal, (FIRST, ALL), (out, Operand::Register(ZERO)));
        self.unclear(FIRST);
    }

    pub(super) fn pick(&mut self, base: i32, (index, values): (Arg, &[Arg]), value: u32) {
        self.watch(index);
        let base = f64::from(base);
        // An index is cut towards zero: only one above -1 is cut to 0.
        let (how, least) = if base == 0.0 { (How::LessEqual, -1.0) } else { (How::Less, base) };
        let (least, end) = (self.constant(least), self.constant(base + values.len() as f64));
        let index = self.register(index);
        self.asm.compare(how, (FIRST, ALL), (index, least));
        self.unclear(FIRST);
        self.asm.compare(How::GreaterEqual, (FIRST, ALL), (index, end));
        self.unclear(FIRST);
        let out = self.file.define(&mut self.asm, value);
        for (nth, arg) in values.iter().enumerate() {
            let x = self.operand(*arg);
            if nth == 0 {
                self.asm.load(out, x);
                continue;
            }
            let from = self.constant(base + nth as f64);
            self.asm.compare(How::GreaterEqual, (FIRST, ALL), (index, from));
            self.asm.masked(BLEND, (out, FIRST), (out, x));
            self.file.release_but(&[index, out]);
        }
    }
}
