//! Which vector register holds which value: the value that is used furthest away makes room, into a
//! slot if it stands nowhere else.
//!
//! Invariant: a value that is still used is in a register or has a home; registers that the
//! instruction at hand works with are never taken away.

use super::assembler::Assembler;
use super::memory::VECTOR;
use super::operands::{Base, Operand, Zmm};
use crate::column::Column;

/// A value that is used again within so many steps is worth a register.
const SOON: u32 = 24;
/// Bytes of a vector.
const VECTOR_BYTES: i32 = (VECTOR * size_of::<f64>()) as i32;
/// Bytes of a column.
const COLUMN_BYTES: i32 = size_of::<Column>() as i32;
/// The first slot, in bytes from the base: so that most addresses are short.
pub(super) const FIRST_SLOT: i32 = -128 * VECTOR_BYTES;
/// The first constant, in bytes from the base.
pub(super) const FIRST_CONSTANT: i32 = -128 * size_of::<f64>() as i32;

/// Where a value stands in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Home {
    None,
    Column(u32),
    Slot(u32),
}

/// The registers, and the memory behind them.
pub(super) struct File {
    /// For each register that values may be in, the value.
    holders: Vec<Option<u32>>,
    /// A bit for each register that must stay.
    pinned: u32,
    homes: Vec<Home>,
    registers: Vec<Option<Zmm>>,
    /// The places where each value is used, the next one last.
    uses: Vec<Vec<u32>>,
    free_slots: Vec<u32>,
    slots: u32,
}

/// The address of a slot.
pub(super) fn slot(number: u32) -> (Base, i32) {
    (Base::Slots, FIRST_SLOT + number as i32 * VECTOR_BYTES)
}

fn column(number: u32) -> (Base, i32) {
    (Base::Columns, number as i32 * COLUMN_BYTES)
}

impl File {
    /// For so many values and registers, with slots from a number on.
    pub(super) fn new(values: usize, registers: usize, first_slot: u32) -> Self {
        Self {
            holders: vec![None; registers],
            pinned: 0,
            homes: vec![Home::None; values],
            registers: vec![None; values],
            uses: vec![Vec::new(); values],
            free_slots: Vec::new(),
            slots: first_slot,
        }
    }

    /// Slots that were taken.
    pub(super) fn slots(&self) -> u32 {
        self.slots
    }

    /// Says that a value stands in a column.
    pub(super) fn settle(&mut self, value: u32, place: u32) {
        self.homes[value as usize] = Home::Column(place);
    }

    /// Begins a part of the code: its uses, first one first.
    pub(super) fn begin(&mut self, uses: impl DoubleEndedIterator<Item = (u32, u32)>) {
        self.uses.iter_mut().for_each(Vec::clear);
        for (value, at) in uses.rev() {
            self.uses[value as usize].push(at);
        }
        self.holders.fill(None);
        self.registers.fill(None);
        self.pinned = 0;
    }

    /// The register of a value.
    pub(super) fn register(&mut self, asm: &mut Assembler, value: u32) -> Zmm {
        if let Some(found) = self.registers[value as usize] {
            self.pin(found);
            return found;
        }
        let register = self.take(asm);
        if let Some((base, at)) = self.find_home(value) {
            asm.load(register, Operand::Memory(base, at));
        }
        self.hold(register, value);
        register
    }

    /// A value where it stands; what is used again soon is loaded.
    pub(super) fn operand(&mut self, asm: &mut Assembler, (value, at): (u32, u32)) -> Operand {
        let again = self.uses[value as usize].iter().rev().find(|place| **place > at);
        let is_soon = again.is_some_and(|place| *place - at <= SOON);
        match self.find_home(value) {
            Some((base, offset)) if self.registers[value as usize].is_none() && !is_soon => {
                Operand::Memory(base, offset)
            }
            Some(_) | None => Operand::Register(self.register(asm, value)),
        }
    }

    /// Whether a value is in a register.
    pub(super) fn is_held(&self, value: u32) -> bool {
        self.registers[value as usize].is_some()
    }

    /// A register for a new value.
    pub(super) fn define(&mut self, asm: &mut Assembler, value: u32) -> Zmm {
        let register = self.take(asm);
        self.hold(register, value);
        register
    }

    /// A register until the end of the step.
    pub(super) fn take(&mut self, asm: &mut Assembler) -> Zmm {
        let is_free = |r: &usize| self.holders[*r].is_none() && self.pinned >> r & 1 == 0;
        let free = (0..self.holders.len()).find(is_free);
        let register = Zmm(free.unwrap_or_else(|| self.evict(asm)) as u8);
        self.pin(register);
        register
    }

    /// Lets go of what the step at hand does not need any more.
    pub(super) fn release_but(&mut self, kept: &[Zmm]) {
        self.pinned = 0;
        kept.iter().for_each(|register| self.pin(*register));
    }

    /// Stores a value that others read from its column.
    pub(super) fn store(&mut self, asm: &mut Assembler, (value, place): (u32, u32)) {
        self.settle(value, place);
        if let Some(register) = self.registers[value as usize] {
            asm.store(register, column(place));
        }
    }

    /// Ends a step: what is not used any more leaves.
    pub(super) fn end(&mut self, at: u32, values: impl Iterator<Item = u32>) {
        for value in values {
            let uses = &mut self.uses[value as usize];
            while uses.last().is_some_and(|place| *place <= at) {
                uses.pop();
            }
            if uses.is_empty() {
                self.leave(value);
            }
        }
        self.pinned = 0;
    }

    fn leave(&mut self, value: u32) {
        if let Some(register) = self.registers[value as usize].take() {
            self.holders[usize::from(register.0)] = None;
        }
        if let Home::Slot(slot) = self.homes[value as usize] {
            self.homes[value as usize] = Home::None;
            self.free_slots.push(slot);
        }
    }

    fn pin(&mut self, register: Zmm) {
        self.pinned |= 1 << register.0;
    }

    fn hold(&mut self, register: Zmm, value: u32) {
        self.holders[usize::from(register.0)] = Some(value);
        self.registers[value as usize] = Some(register);
    }

    fn find_home(&self, value: u32) -> Option<(Base, i32)> {
        match self.homes[value as usize] {
            Home::None => None,
            Home::Column(place) => Some(column(place)),
            Home::Slot(place) => Some(slot(place)),
        }
    }

    /// Empties the register whose value is used last.
    fn evict(&mut self, asm: &mut Assembler) -> usize {
        let next = |r: &usize| {
            let value = self.holders[*r].map(|v| self.uses[v as usize].last().copied());
            value.flatten().unwrap_or(u32::MAX)
        };
        let open = (0..self.holders.len()).filter(|r| self.pinned >> r & 1 == 0);
        let register = open.max_by_key(next).unwrap_or(0);
        let Some(value) = self.holders[register].take() else { return register };
        self.registers[value as usize] = None;
        if self.homes[value as usize] == Home::None {
            let place = self.free_slots.pop().unwrap_or_else(|| {
                self.slots += 1;
                self.slots - 1
            });
            self.homes[value as usize] = Home::Slot(place);
            asm.store(Zmm(register as u8), slot(place));
        }
        register
    }
}
