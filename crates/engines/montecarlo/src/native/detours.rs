//! What the loop leaves for: sums that vanish against their left operands, of which the machine's
//! kernel says what they come to.
//!
//! Invariant: behind a detour all registers are as before, but for that of the sum.

use super::assembler::Spot;
use super::emit::{Emitter, FIRST, UNCLEAR};
use super::file::slot;
use super::operands::{Operand, Zmm};

/// Slots of the call that snaps: the left operands, the results, and all registers.
const LEFT: u32 = 0;
const RESULT: u32 = 1;
pub(super) const SAVED: u32 = 2;

/// What is called in rare cases, behind the loop.
pub(super) struct Detour {
    pub(super) from: Spot,
    pub(super) back: Spot,
    pub(super) left: Zmm,
    pub(super) result: Zmm,
}

impl Emitter {
    /// What the loop jumps to where a sum vanishes against its left operand.
    pub(super) fn detours(&mut self) {
        let detours = std::mem::take(&mut self.detours);
        if detours.is_empty() {
            return;
        }
        let shared = self.asm.here();
        self.call_with_all_saved();
        for Detour { from, back, left, result } in detours {
            let here = self.asm.here();
            self.asm.lead(from, here);
            self.asm.test((FIRST, FIRST), result);
            let none = self.asm.jump_if_none(FIRST);
            self.asm.lead(none, back);
            self.asm.store(left, slot(LEFT));
            self.asm.store(result, slot(RESULT));
            let call = self.asm.call();
            self.asm.lead(call, shared);
            self.load_slot(result, RESULT);
            let jump = self.asm.jump();
            self.asm.lead(jump, back);
        }
    }

    /// Calls what r14 points to, and keeps all vectors and the mask.
    fn call_with_all_saved(&mut self) {
        for register in 0..self.width.registers() {
            self.asm.store(Zmm(register), slot(SAVED + u32::from(register)));
        }
        self.asm.mask_to_eax(UNCLEAR);
        // push rax; rdi and rsi are the slots; vzeroupper; call r14; pop rax
        self.asm.raw(&[0x50]);
        self.address(0xBF, RESULT);
        self.address(0xB7, LEFT);
        self.asm.raw(&[0xC5, 0xF8, 0x77, 0x41, 0xFF, 0xD6, 0x58]);
        self.asm.mask_from_eax(UNCLEAR);
        for register in 0..self.width.registers() {
            self.load_slot(Zmm(register), SAVED + u32::from(register));
        }
        self.asm.raw(&[0xC3]);
    }

    /// `lea` of a slot into the register that the byte names.
    fn address(&mut self, modes: u8, number: u32) {
        let (_, at) = slot(number);
        self.asm.raw(&[0x49, 0x8D, modes]);
        self.asm.raw(&at.to_le_bytes());
    }

    fn load_slot(&mut self, register: Zmm, number: u32) {
        let (base, at) = slot(number);
        self.asm.load(register, Operand::Memory(base, at));
    }
}
