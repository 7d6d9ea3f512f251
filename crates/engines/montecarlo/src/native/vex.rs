//! The same instructions for AVX2: four numbers a vector, sixteen registers, and masks that are vectors
//! as well.
//!
//! Invariant: instructions here give the lanes that those of AVX-512 give.

use super::assembler::Assembler;
use super::operands::{
    ADD_PRODUCT, AND, BLEND, Base, COMPARE, Form, How, MORE, Mask, OR, Operand, SPREAD, STORE,
    TO_WHOLE, XOR, Zmm,
};

/// Where constants are loaded to that an instruction cannot spread by itself.
const SPREADING: Zmm = Zmm(14);
/// What an instruction of AVX-512 would not have to keep.
const BETWEEN: Zmm = Zmm(15);
/// The emitter's register of magnitudes and of zeros.
const MAGNITUDE: Zmm = Zmm(28);
const ZERO: Zmm = Zmm(31);
const CHOOSE: Form = Form(3, 0x4B, false);
const TEST_SIGNS: Form = Form(2, 0x0F, false);
const SIGNS: Form = Form(1, 0x50, false);

/// Registers of AVX-512 that are the emitter's own have other numbers here.
const fn numbered(zmm: Zmm) -> u8 {
    match zmm.0 {
        own @ 0..=15 => own,
        28 => 8,
        29 | 30 => 9,
        _ => 10,
    }
}

/// The register of a mask.
const fn vector_of(mask: Mask) -> Zmm {
    match mask.0 {
        1 => Zmm(11),
        2 => Zmm(12),
        _ => Zmm(13),
    }
}

impl Assembler {
    /// `target = form(a, b)`.
    pub(super) fn narrow_op(&mut self, form: Form, target: Zmm, (a, b): (Zmm, Operand)) {
        let b = self.spread(b);
        self.vex(form, (numbered(target), numbered(a), b));
    }

    pub(super) fn narrow_masked(
        &mut self,
        form: Form,
        (target, mask): (Zmm, Mask),
        (a, b): (Zmm, Operand),
    ) {
        if form == BLEND {
            return self.choose((target, mask), (a, b));
        }
        self.narrow_op(form, BETWEEN, (a, b));
        self.choose((target, mask), (target, Operand::Register(BETWEEN)));
    }

    /// The second where the mask says so, else the first.
    fn choose(&mut self, (target, mask): (Zmm, Mask), (a, b): (Zmm, Operand)) {
        let b = self.spread(b);
        self.vex(CHOOSE, (numbered(target), numbered(a), b));
        self.raw(&[vector_of(mask).0 << 4]);
    }

    pub(super) fn narrow_load(&mut self, form: Form, target: Zmm, from: Operand) {
        self.vex(form, (numbered(target), 0, from));
    }

    pub(super) fn narrow_load_or_zero(&mut self, (target, mask): (Zmm, Mask), at: (Base, i32)) {
        self.narrow_load(SPREAD, target, Operand::Memory(at.0, at.1));
        self.narrow_op(AND, target, (target, Operand::Register(vector_of(mask))));
    }

    pub(super) fn narrow_store(&mut self, from: Zmm, (base, at): (Base, i32)) {
        self.vex(STORE, (numbered(from), 0, Operand::Memory(base, at)));
    }

    pub(super) fn narrow_compare(
        &mut self,
        how: How,
        (target, among): (Mask, Mask),
        (a, b): (Zmm, Operand),
    ) {
        let target = vector_of(target);
        let b = self.spread(b);
        if among.0 == 0 {
            self.vex(COMPARE, (target.0, numbered(a), b));
            return self.raw(&[how as u8]);
        }
        self.vex(COMPARE, (BETWEEN.0, numbered(a), b));
        self.raw(&[how as u8]);
        let among = vector_of(among);
        self.narrow_op(AND, target, (BETWEEN, Operand::Register(among)));
    }

    pub(super) fn narrow_test(&mut self, masks: (Mask, Mask), a: Zmm) {
        self.narrow_compare(How::NotEqual, masks, (a, Operand::Register(ZERO)));
    }

    pub(super) fn narrow_floor(&mut self, target: Zmm, from: Zmm) {
        self.vex(TO_WHOLE, (numbered(target), 0, Operand::Register(from)));
        self.raw(&[0x09]);
    }

    pub(super) fn narrow_greater_magnitude(&mut self, target: Zmm, (a, b): (Zmm, Operand)) {
        self.narrow_op(AND, BETWEEN, (MAGNITUDE, b));
        self.narrow_op(AND, target, (a, Operand::Register(MAGNITUDE)));
        self.narrow_op(MORE, target, (target, Operand::Register(BETWEEN)));
    }

    pub(super) fn narrow_mask_or(&mut self, target: Mask, (a, b): (Mask, Mask)) {
        let b = Operand::Register(vector_of(b));
        self.narrow_op(OR, vector_of(target), (vector_of(a), b));
    }

    pub(super) fn narrow_mask_clear(&mut self, target: Mask) {
        let target = vector_of(target);
        self.narrow_op(XOR, target, (target, Operand::Register(target)));
    }

    /// `eax` is the signs of a mask's lanes.
    pub(super) fn narrow_mask_to_eax(&mut self, from: Mask) {
        self.vex(SIGNS, (0, 0, Operand::Register(vector_of(from))));
    }

    pub(super) fn narrow_look(&mut self, mask: Mask) {
        let mask = vector_of(mask);
        self.vex(TEST_SIGNS, (mask.0, 0, Operand::Register(mask)));
    }

    /// An operand that an instruction can take.
    fn spread(&mut self, operand: Operand) -> Operand {
        match operand {
            Operand::Register(_) | Operand::Memory(..) => operand,
            Operand::Spread(base, at) => {
                self.vex(SPREAD, (SPREADING.0, 0, Operand::Memory(base, at)));
                Operand::Register(SPREADING)
            }
        }
    }

    fn vex(&mut self, form: Form, (reg, a, b): (u8, u8, Operand)) {
        let Form(map, opcode, _) = form;
        let rm = match b {
            Operand::Register(zmm) => numbered(zmm),
            Operand::Memory(base, _) | Operand::Spread(base, _) => base.number(),
        };
        // The bits that extend a register's number are kept inverted.
        let first = ((reg >> 3 ^ 1) << 7) | 0x40 | ((rm >> 3 ^ 1) << 5) | map;
        let wide_lanes = u8::from(form == ADD_PRODUCT) << 7;
        let second = wide_lanes | ((!a & 15) << 3) | 0x05;
        self.raw(&[0xC4, first, second, opcode]);
        match b {
            Operand::Register(_) => self.raw(&[0xC0 | ((reg & 7) << 3) | (rm & 7)]),
            Operand::Memory(base, at) | Operand::Spread(base, at) => {
                self.memory(reg, (base, at), 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::operands::{ADD, DIVIDE, LOAD, Width};
    use super::*;

    #[test]
    fn instructions_are_those_of_an_assembler() {
        let mut asm = Assembler::new(Width::Narrow);
        let z = Zmm;
        asm.op(ADD, z(1), (ZERO, Operand::Register(z(12))));
        asm.op(DIVIDE, z(9), (z(3), Operand::Memory(Base::Slots, -64)));
        asm.load(z(6), Operand::Spread(Base::Constants, 8));
        asm.store(z(11), (Base::Slots, -8192));
        asm.narrow_load(LOAD, z(11), Operand::Memory(Base::Slots, -8192));
        asm.masked(BLEND, (z(7), Mask(1)), (z(8), Operand::Register(z(9))));
        asm.floor(z(10), z(11));
        asm.op(ADD_PRODUCT, z(9), (z(10), Operand::Register(z(0))));
        asm.jump_if_any(Mask(1));
        asm.mask_to_eax(Mask(7));
        asm.op(AND, BETWEEN, (MAGNITUDE, Operand::Register(z(14))));
        assert_eq!(hex::encode(asm.into_bytes()), EXPECTED.concat());
    }

    /// By the GNU assembler.
    const EXPECTED: [&str; 11] = [
        "c4c12d58cc",
        "c441655e4fc0",
        "c4e27d197508",
        "c4417d299f00e0ffff",
        "c4417d289f00e0ffff",
        "c4c33d4bf9b0",
        "c4437d09d309",
        "c462adb8c8",
        "c4427d0fdb0f8500000000",
        "c4c17d50c5",
        "c4413d54fe",
    ];
}
