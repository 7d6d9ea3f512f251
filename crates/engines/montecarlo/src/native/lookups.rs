//! Looking numbers up in small tables: with AVX-512 the entries of up to eight stand in one register.
//!
//! Invariant: a lane so near to a key that digits decide, or before the first one, is marked.

use super::emit::{Emitter, FIRST, MAGNITUDE, SECOND, ZERO};
use super::lower::Arg;
use super::memory::VECTOR;
use super::operands::{
    ADD, ALL, AND, BLEND, Base, How, Operand, PERMUTE, SUBTRACT, Width, XOR, Zmm,
};

/// What makes a small whole number the low bits of a sum.
const WHOLE: f64 = (1u64 << 52) as f64;

impl Emitter {
    /// How many of the keys, which ascend, are not above `x`.
    pub(super) fn count_below(&mut self, keys: &[u64], x: Arg, value: u32) {
        self.watch(x);
        let keys: Vec<f64> = keys.iter().map(|key| f64::from_bits(*key)).collect();
        let x = self.register(x);
        let out = self.file.define(&mut self.asm, value);
        self.asm.op(XOR, out, (out, Operand::Register(out)));
        if self.width == Width::Wide && keys.len() < VECTOR {
            self.count(&keys, (x, out));
            self.near_neighbours(&keys, (x, out));
            self.counts.insert(value, keys.len());
        } else {
            self.count_and_compare(&keys, (x, out));
            self.asm.compare(How::Equal, (FIRST, ALL), (out, Operand::Register(ZERO)));
            self.unclear(FIRST);
        }
        self.vouch(value);
    }

    fn count(&mut self, keys: &[f64], (x, out): (Zmm, Zmm)) {
        let one = self.constant(1.0);
        for key in keys {
            let key = self.constant(*key);
            self.asm.compare(How::GreaterEqual, (FIRST, ALL), (x, key));
            self.asm.masked(ADD, (out, FIRST), (out, one));
        }
    }

    /// Marks lanes near to the last key that is not above them or to the next one; equal is clear.
    fn near_neighbours(&mut self, keys: &[f64], (x, count): (Zmm, Zmm)) {
        let reach = |key: f64| key.abs() * 1.05e-14;
        // Before the first key everything is near.
        let mut below = [f64::INFINITY; VECTOR];
        let mut end_below = [f64::INFINITY; VECTOR];
        let mut start_above = [f64::INFINITY; VECTOR];
        for (i, key) in keys.iter().enumerate() {
            below[i + 1] = *key;
            end_below[i + 1] = key + reach(*key);
            start_above[i] = key - reach(*key);
        }
        let tables = [below, end_below, start_above].map(|table| self.table(&table));
        let place = self.place_of(count);
        let neighbour = self.file.take(&mut self.asm);
        let [below, end_below, start_above] = tables;
        self.asm.op(PERMUTE, neighbour, (place, end_below));
        self.asm.compare(How::LessEqual, (FIRST, ALL), (x, Operand::Register(neighbour)));
        self.asm.op(PERMUTE, neighbour, (place, below));
        self.asm.compare(How::NotEqual, (FIRST, FIRST), (x, Operand::Register(neighbour)));
        self.unclear(FIRST);
        self.asm.op(PERMUTE, neighbour, (place, start_above));
        self.asm.compare(How::GreaterEqual, (FIRST, ALL), (x, Operand::Register(neighbour)));
        self.unclear(FIRST);
    }

    /// Key by key.
    fn count_and_compare(&mut self, keys: &[f64], (x, out): (Zmm, Zmm)) {
        let near = self.file.take(&mut self.asm);
        let one = self.constant(1.0);
        for key in keys {
            let (reach, key) = (self.constant(key.abs() * 1.001e-14), self.constant(*key));
            self.asm.compare(How::GreaterEqual, (FIRST, ALL), (x, key));
            self.asm.masked(ADD, (out, FIRST), (out, one));
            self.asm.op(SUBTRACT, near, (x, key));
            self.asm.op(AND, near, (near, Operand::Register(MAGNITUDE)));
            self.asm.compare(How::LessEqual, (SECOND, ALL), (near, reach));
            self.asm.test((SECOND, SECOND), near);
            self.unclear(SECOND);
        }
    }

    /// One of some values by an index that is cut to a whole number.
    pub(super) fn pick(&mut self, base: i32, (index, values): (Arg, &[Arg]), value: u32) {
        let count = match index {
            Arg::Value(index) => self.counts.get(&index).copied(),
            Arg::Constant(_) => None,
        };
        // A count is 1 or more, as far as it is clear.
        let first = 1 - base.min(1);
        let is_within = |keys: usize| base <= 1 && first as usize + keys <= values.len();
        if let Some(keys) = count.filter(|keys| is_within(*keys)) {
            return match find_table(&values[first as usize..first as usize + keys]) {
                Some(table) => self.pick_entry(&table, index, value),
                None => self.pick_by_steps(base, (index, values), value),
            };
        }
        self.watch(index);
        // An index is cut towards zero: only one above -1 is cut to 0.
        let start = f64::from(base);
        let (how, least) = if base == 0 { (How::LessEqual, -1.0) } else { (How::Less, start) };
        let (least, end) = (self.constant(least), self.constant(start + values.len() as f64));
        let held = self.register(index);
        self.asm.compare(how, (FIRST, ALL), (held, least));
        self.unclear(FIRST);
        self.asm.compare(How::GreaterEqual, (FIRST, ALL), (held, end));
        self.unclear(FIRST);
        self.pick_by_steps(base, (index, values), value);
    }

    /// The entry that a count stands for.
    fn pick_entry(&mut self, table: &[f64; VECTOR], index: Arg, value: u32) {
        let count = self.register(index);
        let place = self.place_of(count);
        let table = self.table(table);
        let out = self.file.define(&mut self.asm, value);
        self.asm.op(PERMUTE, out, (place, table));
        self.vouch(value);
    }

    /// Value after value, as long as the index reaches it.
    fn pick_by_steps(&mut self, base: i32, (index, values): (Arg, &[Arg]), value: u32) {
        let index = self.register(index);
        let out = self.file.define(&mut self.asm, value);
        for (nth, arg) in values.iter().enumerate() {
            let x = self.operand(*arg);
            if nth == 0 {
                self.asm.load(out, x);
                continue;
            }
            let from = self.constant(f64::from(base) + nth as f64);
            self.asm.compare(How::GreaterEqual, (FIRST, ALL), (index, from));
            self.asm.masked(BLEND, (out, FIRST), (out, x));
            self.file.release_but(&[index, out]);
        }
        if values.iter().all(|x| self.is_sound(*x)) {
            self.vouch(value);
        }
    }

    /// A register whose low bits are a count.
    fn place_of(&mut self, count: Zmm) -> Zmm {
        let place = self.file.take(&mut self.asm);
        let whole = self.constant(WHOLE);
        self.asm.op(ADD, place, (count, whole));
        place
    }

    /// Eight constants side by side.
    fn table(&mut self, entries: &[f64; VECTOR]) -> Operand {
        let at = self.append(entries);
        Operand::Memory(Base::Constants, at)
    }
}

/// Constants by their count from 1 on.
fn find_table(values: &[Arg]) -> Option<[f64; VECTOR]> {
    let mut table = [0.0; VECTOR];
    for (entry, value) in table[1..].iter_mut().zip(values) {
        let Arg::Constant(x) = value else { return None };
        *entry = *x;
    }
    Some(table)
}
