//! Machine code of x86-64 with AVX-512, as far as column programs need it: instructions on vectors of
//! eight numbers, masks, and the few others that a loop takes. For AVX2, `vex.rs` has them.
//!
//! Invariant: a base register is none whose low bits ask for an index byte (not rsp, not r12).

use super::operands::{
    ALL, Base, COMPARE, Form, How, LOAD, Mask, Operand, RANGE, ROOT, SPREAD, STORE, TEST, TO_WHOLE,
    Width, Zmm,
};

/// A place in the code that is jumped to or from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot(usize);

/// Code as it grows.
#[derive(Debug)]
pub(super) struct Assembler {
    bytes: Vec<u8>,
    width: Width,
}

impl Assembler {
    pub(super) fn new(width: Width) -> Self {
        Self { bytes: Vec::new(), width }
    }

    /// Whether vectors are those of AVX2.
    pub(super) fn is_narrow(&self) -> bool {
        self.width == Width::Narrow
    }

    /// The code.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Where the next instruction will stand.
    pub(super) fn here(&self) -> Spot {
        Spot(self.bytes.len())
    }

    /// Instructions without operands of ours.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// `target = form(a, b)`.
    pub(super) fn op(&mut self, form: Form, target: Zmm, (a, b): (Zmm, Operand)) {
        if self.is_narrow() {
            return self.narrow_op(form, target, (a, b));
        }
        self.masked(form, (target, ALL), (a, b));
    }

    /// As [`Self::op`], where the mask says so; elsewhere the target stays, or for [`BLEND`] is `a`.
    pub(super) fn masked(
        &mut self,
        form: Form,
        (target, mask): (Zmm, Mask),
        (a, b): (Zmm, Operand),
    ) {
        if self.is_narrow() {
            return self.narrow_masked(form, (target, mask), (a, b));
        }
        self.vector(form, (target.0, a.0, b), (mask, false));
    }

    /// Copies or loads a vector.
    pub(super) fn load(&mut self, target: Zmm, from: Operand) {
        match from {
            Operand::Register(same) if same == target => {}
            Operand::Register(_) | Operand::Memory(..) => self.load_by(LOAD, target, from),
            Operand::Spread(base, at) => {
                let form = if self.is_narrow() { LOAD } else { SPREAD };
                self.load_by(form, target, Operand::Memory(base, at));
            }
        }
    }

    fn load_by(&mut self, form: Form, target: Zmm, from: Operand) {
        if self.is_narrow() {
            return self.narrow_load(form, target, from);
        }
        self.vector(form, (target.0, 0, from), (ALL, false));
    }

    /// Loads a vector where the mask says so, and zero elsewhere.
    pub(super) fn load_or_zero(&mut self, (target, mask): (Zmm, Mask), (base, at): (Base, i32)) {
        if self.is_narrow() {
            return self.narrow_load_or_zero((target, mask), (base, at));
        }
        self.vector(SPREAD, (target.0, 0, Operand::Memory(base, at)), (mask, true));
    }

    /// Stores a vector.
    pub(super) fn store(&mut self, from: Zmm, (base, at): (Base, i32)) {
        if self.is_narrow() {
            return self.narrow_store(from, (base, at));
        }
        self.vector(STORE, (from.0, 0, Operand::Memory(base, at)), (ALL, false));
    }

    /// `target` is where `a` and `b` compare so, among those of a mask.
    pub(super) fn compare(
        &mut self,
        how: How,
        (target, among): (Mask, Mask),
        (a, b): (Zmm, Operand),
    ) {
        if self.is_narrow() {
            return self.narrow_compare(how, (target, among), (a, b));
        }
        self.vector(COMPARE, (target.0, a.0, b), (among, false));
        self.bytes.push(how as u8);
    }

    /// `target` is where the bits of `a` are not all zero, among those of a mask.
    pub(super) fn test(&mut self, (target, among): (Mask, Mask), a: Zmm) {
        if self.is_narrow() {
            return self.narrow_test((target, among), a);
        }
        self.vector(TEST, (target.0, a.0, Operand::Register(a)), (among, false));
    }

    /// The square root of each.
    pub(super) fn root(&mut self, target: Zmm, from: Zmm) {
        self.load_by(ROOT, target, Operand::Register(from));
    }

    /// The greatest whole number not above each.
    pub(super) fn floor(&mut self, target: Zmm, from: Zmm) {
        if self.is_narrow() {
            return self.narrow_floor(target, from);
        }
        self.vector(TO_WHOLE, (target.0, 0, Operand::Register(from)), (ALL, false));
        self.bytes.push(0x09);
    }

    /// That of two which has the lesser magnitude, with its sign; AVX2 has no such instruction.
    pub(super) fn nearer_to_zero(&mut self, target: Zmm, (a, b): (Zmm, Operand)) {
        self.vector(RANGE, (target.0, a.0, b), (ALL, false));
        self.bytes.push(0x06);
    }

    /// `target = a | b` of masks.
    pub(super) fn mask_or(&mut self, target: Mask, (a, b): (Mask, Mask)) {
        if self.is_narrow() {
            return self.narrow_mask_or(target, (a, b));
        }
        self.bytes.extend([0xC5, 0x85 | ((!a.0 & 15) << 3), 0x45, modes(target.0, b.0)]);
    }

    /// Makes a mask empty.
    pub(super) fn mask_clear(&mut self, target: Mask) {
        if self.is_narrow() {
            return self.narrow_mask_clear(target);
        }
        let byte = 0x85 | ((!target.0 & 15) << 3);
        self.bytes.extend([0xC5, byte, 0x47, modes(target.0, target.0)]);
    }

    /// `eax` is a mask.
    pub(super) fn mask_to_eax(&mut self, from: Mask) {
        if self.is_narrow() {
            return self.narrow_mask_to_eax(from);
        }
        self.bytes.extend([0xC5, 0xF9, 0x93, modes(0, from.0)]);
    }

    /// A mask is `eax`; where masks are vectors, it was kept with those.
    pub(super) fn mask_from_eax(&mut self, target: Mask) {
        if self.is_narrow() {
            return;
        }
        self.bytes.extend([0xC5, 0xF9, 0x92, modes(target.0, 0)]);
    }

    /// Jumps if a mask is not empty; where to is said later.
    pub(super) fn jump_if_any(&mut self, mask: Mask) -> Spot {
        self.look(mask);
        self.jump_if_not_zero()
    }

    /// Jumps if a mask is empty; where to is said later.
    pub(super) fn jump_if_none(&mut self, mask: Mask) -> Spot {
        self.look(mask);
        self.bytes.extend([0x0F, 0x84]);
        self.distance()
    }

    /// Counts whether a mask is empty.
    fn look(&mut self, mask: Mask) {
        if self.is_narrow() {
            return self.narrow_look(mask);
        }
        self.bytes.extend([0xC5, 0xF9, 0x98, modes(mask.0, mask.0)]);
    }

    /// Jumps if the last count is not zero.
    pub(super) fn jump_if_not_zero(&mut self) -> Spot {
        self.bytes.extend([0x0F, 0x85]);
        self.distance()
    }

    /// Jumps.
    pub(super) fn jump(&mut self) -> Spot {
        self.bytes.push(0xE9);
        self.distance()
    }

    /// Calls a part of the code.
    pub(super) fn call(&mut self) -> Spot {
        self.bytes.push(0xE8);
        self.distance()
    }

    fn distance(&mut self) -> Spot {
        let spot = self.here();
        self.bytes.extend([0; 4]);
        spot
    }

    /// Says where a jump or call goes.
    pub(super) fn lead(&mut self, from: Spot, to: Spot) {
        let distance = to.0 as i64 - (from.0 as i64 + 4);
        if let Some(place) = self.bytes.get_mut(from.0..from.0 + 4) {
            place.copy_from_slice(&(distance as i32).to_le_bytes());
        }
    }

    fn vector(&mut self, form: Form, (reg, a, b): (u8, u8, Operand), (mask, zeroed): (Mask, bool)) {
        let Form(map, opcode, is_single) = form;
        let bit = |number: u8, place: u8| (number >> place) & 1;
        let (high, middle, is_spread) = match b {
            Operand::Register(zmm) => (bit(zmm.0, 4), bit(zmm.0, 3), false),
            Operand::Memory(base, _) => (0, bit(base.number(), 3), false),
            Operand::Spread(base, _) => (0, bit(base.number(), 3), true),
        };
        // The bits that extend a register's number are kept inverted.
        let first = ((bit(reg, 3) ^ 1) << 7)
            | ((high ^ 1) << 6)
            | ((middle ^ 1) << 5)
            | ((bit(reg, 4) ^ 1) << 4)
            | map;
        let second = 0x80 | ((!a & 15) << 3) | 0x05;
        let third = (u8::from(zeroed) << 7)
            | 0x40
            | (u8::from(is_spread) << 4)
            | ((bit(a, 4) ^ 1) << 3)
            | mask.0;
        self.bytes.extend([0x62, first, second, third, opcode]);
        match b {
            Operand::Register(zmm) => self.bytes.push(modes(reg, zmm.0)),
            Operand::Memory(base, at) => {
                self.memory(reg, (base, at), if is_single { 8 } else { 64 })
            }
            Operand::Spread(base, at) => self.memory(reg, (base, at), 8),
        }
    }

    /// An address; a distance of few units takes one byte.
    pub(super) fn memory(&mut self, reg: u8, (base, at): (Base, i32), unit: i32) {
        let low = ((reg & 7) << 3) | (base.number() & 7);
        match i8::try_from(at / unit) {
            Ok(units) if at % unit == 0 => self.bytes.extend([0x40 | low, units as u8]),
            _ => {
                self.bytes.push(0x80 | low);
                self.bytes.extend(at.to_le_bytes());
            }
        }
    }
}

/// The byte that names two registers.
const fn modes(reg: u8, rm: u8) -> u8 {
    0xC0 | ((reg & 7) << 3) | (rm & 7)
}

#[cfg(test)]
mod tests {
    use super::super::operands::*;
    use super::*;

    #[test]
    fn instructions_are_those_of_an_assembler() {
        let mut asm = Assembler::new(Width::Wide);
        let z = Zmm;
        asm.op(ADD, z(1), (z(18), Operand::Register(z(27))));
        asm.op(SUBTRACT, z(31), (z(2), Operand::Memory(Base::Columns, 2048)));
        asm.op(DIVIDE, z(9), (z(3), Operand::Memory(Base::Columns, 1 << 20)));
        asm.op(MULTIPLY, z(4), (z(5), Operand::Spread(Base::Constants, -64)));
        asm.store(z(17), (Base::Slots, -8192));
        asm.load(z(6), Operand::Spread(Base::Constants, 8));
        asm.masked(BLEND, (z(7), Mask(1)), (z(8), Operand::Register(z(19))));
        asm.compare(How::Greater, (Mask(2), Mask(1)), (z(20), Operand::Register(z(3))));
        asm.test((Mask(1), Mask(1)), z(21));
        asm.floor(z(10), z(11));
        asm.op(ADD_PRODUCT, z(30), (z(31), Operand::Register(z(0))));
        asm.load_or_zero((z(5), Mask(3)), (Base::Constants, 16));
        asm.mask_or(Mask(7), (Mask(7), Mask(1)));
        asm.mask_clear(Mask(7));
        asm.mask_to_eax(Mask(7));
        asm.mask_from_eax(Mask(7));
        asm.jump_if_any(Mask(1));
        asm.nearer_to_zero(z(12), (z(13), Operand::Register(z(14))));
        asm.op(PERMUTE, z(20), (z(3), Operand::Memory(Base::Constants, 24)));
        asm.jump_if_none(Mask(1));
        assert_eq!(hex::encode(asm.into_bytes()), EXPECTED.concat());
    }

    /// By the GNU assembler.
    const EXPECTED: [&str; 20] = [
        "6291ed4058cb",
        "6261ed485c7b20",
        "6271e5485e8b00001000",
        "62f1d5585965f8",
        "62c1fd48294f80",
        "62f2fd48197501",
        "62b2bd4965fb",
        "62f1dd41c2d30e",
        "62b2d54127cd",
        "6253fd4809d309",
        "62628540b8f0",
        "62f2fdcb196d02",
        "c5c545f9",
        "c5c547ff",
        "c5f993c7",
        "c5f992f8",
        "c5f998c90f8500000000",
        "6253954850e606",
        "62e2e54816a518000000",
        "c5f998c90f8400000000",
    ];
}
