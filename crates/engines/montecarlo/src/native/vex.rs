//! The same instructions for AVX2: four numbers a vector, sixteen registers, and masks that are vectors
//! as well. Unclear lanes need no register of their own: a mask that is set is not a number, so that it
//! spoils a watch.
//!
//! Invariant: instructions here give the lanes that those of AVX-512 give. One that needs a register
//! between takes that of the mask which it does not write, so that it holds nothing any more.

use super::assembler::Assembler;
use super::operands::{
    ADD_PRODUCT, AND, BLEND, Base, COMPARE, Form, How, Mask, OR, Operand, STORE, TO_WHOLE, XOR, Zmm,
};

/// The registers of the first and the second mask.
const MASKS: [Zmm; 2] = [Zmm(14), Zmm(15)];
/// The emitter's watch and its register of zeros.
const WATCH: Zmm = Zmm(29);
const ZERO: Zmm = Zmm(31);
const CHOOSE: Form = Form(3, 0x4B, false);
const TEST_SIGNS: Form = Form(2, 0x0F, false);
const SIGNS: Form = Form(1, 0x50, false);

/// Registers of AVX-512 that are the emitter's own have other numbers here.
const fn numbered(zmm: Zmm) -> u8 {
    match zmm.0 {
        own @ 0..=15 => own,
        29 | 30 => 12,
        _ => 13,
    }
}

/// The register of a mask.
const fn vector_of(mask: Mask) -> Zmm {
    match mask.0 {
        1 => MASKS[0],
        2 => MASKS[1],
        _ => WATCH,
    }
}

/// The register of the other mask than one of the first two.
const fn other_than(mask: Mask) -> Zmm {
    match mask.0 {
        2 => MASKS[0],
        _ => MASKS[1],
    }
}

impl Assembler {
    /// `target = form(a, b)`.
    pub(super) fn narrow_op(&mut self, form: Form, target: Zmm, (a, b): (Zmm, Operand)) {
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
        let between = other_than(mask);
        self.narrow_op(form, between, (a, b));
        self.choose((target, mask), (target, Operand::Register(between)));
    }

    /// The second where the mask says so, else the first.
    fn choose(&mut self, (target, mask): (Zmm, Mask), (a, b): (Zmm, Operand)) {
        self.vex(CHOOSE, (numbered(target), numbered(a), b));
        self.raw(&[numbered(vector_of(mask)) << 4]);
    }

    pub(super) fn narrow_load(&mut self, form: Form, target: Zmm, from: Operand) {
        self.vex(form, (numbered(target), 0, from));
    }

    pub(super) fn narrow_load_or_zero(&mut self, (target, mask): (Zmm, Mask), at: (Base, i32)) {
        self.narrow_op(AND, target, (vector_of(mask), Operand::Spread(at.0, at.1)));
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
        let found = if among.0 == 0 { vector_of(target) } else { other_than(among) };
        self.vex(COMPARE, (numbered(found), numbered(a), b));
        self.raw(&[how as u8]);
        if among.0 != 0 {
            let among = Operand::Register(vector_of(among));
            self.narrow_op(AND, vector_of(target), (found, among));
        }
    }

    pub(super) fn narrow_test(&mut self, masks: (Mask, Mask), a: Zmm) {
        self.narrow_compare(How::NotEqual, masks, (a, Operand::Register(ZERO)));
    }

    pub(super) fn narrow_floor(&mut self, target: Zmm, from: Zmm) {
        self.vex(TO_WHOLE, (numbered(target), 0, Operand::Register(from)));
        self.raw(&[0x09]);
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
        self.vex(TEST_SIGNS, (numbered(mask), 0, Operand::Register(mask)));
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
        // The commonest instructions have a shorter form.
        if map == 1 && rm < 8 && wide_lanes == 0 {
            self.raw(&[0xC5, (first & 0x80) | second, opcode]);
        } else {
            self.raw(&[0xC4, first, second, opcode]);
        }
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
        asm.op(ADD, z(1), (ZERO, Operand::Register(z(11))));
        asm.op(DIVIDE, z(9), (z(3), Operand::Memory(Base::Slots, -64)));
        asm.load(z(6), Operand::Spread(Base::Constants, 8));
        asm.op(ADD, z(6), (z(2), Operand::Spread(Base::Constants, 32)));
        asm.store(z(11), (Base::Slots, -8192));
        asm.narrow_load(LOAD, z(11), Operand::Memory(Base::Slots, -8192));
        asm.masked(BLEND, (z(7), Mask(1)), (z(8), Operand::Register(z(9))));
        asm.floor(z(10), z(11));
        asm.op(ADD_PRODUCT, z(9), (z(10), Operand::Register(z(0))));
        asm.jump_if_any(Mask(1));
        asm.mask_to_eax(Mask(7));
        asm.load_or_zero((z(5), Mask(2)), (Base::Constants, 32));
        asm.compare(How::Less, (Mask(1), Mask(1)), (z(3), Operand::Register(z(4))));
        asm.mask_or(Mask(7), (Mask(7), Mask(2)));
        assert_eq!(hex::encode(asm.into_bytes()), EXPECTED.concat());
    }

    /// By the GNU assembler.
    const EXPECTED: [&str; 14] = [
        "c4c11558cb",
        "c441655e4fc0",
        "c5fd287508",
        "c5ed587520",
        "c4417d299f00e0ffff",
        "c4417d289f00e0ffff",
        "c4c33d4bf9e0",
        "c4437d09d309",
        "c462adb8c8",
        "c4427d0ff60f8500000000",
        "c4c17d50c4",
        "c585546d20",
        "c565c2fc01c4410554f6",
        "c4411d56e7",
    ];
}
