//! Looking numbers up in small tables: with AVX-512 the entries of up to eight stand in one register.
//!
//! Invariant: a lane so near to a key that digits decide, or before the first one, is marked.

use super::emit::{Emitter, FIRST};
use super::lower::Arg;
use super::memory::VECTOR;
use super::operands::{
    ADD, ALL, AND, BLEND, Base, How, MULTIPLY, Operand, PERMUTE, Width, XOR, Zmm,
};

/// What makes a small whole number the low bits of a sum.
const WHOLE: f64 = (1u64 << 52) as f64;
/// The share of a key within which digits decide.
const REACH: f64 = 1.05e-14;

impl Emitter {
    /// How many of the keys, which ascend, are not above `x`.
    pub(super) fn count_below(&mut self, keys: &[u64], x: Arg, value: u32) {
        self.watch(x);
        let keys: Vec<f64> = keys.iter().map(|key| f64::from_bits(*key)).collect();
        let x = self.register(x);
        let out = self.file.define(&mut self.asm, value);
        if self.is_for_tables(keys.len()) {
            self.count(&keys, (x, out));
            self.near_neighbours(&keys, (x, out));
        } else {
            let counts: Vec<f64> = (0..keys.len()).map(|place| (place + 1) as f64).collect();
            self.go_by_steps((&keys, &counts), (x, out));
        }
        self.counts.insert(value, keys.len());
        self.vouch(value);
    }

    /// The entry of the last key not above `x`.
    pub(super) fn look_up(&mut self, keys: &[u64], (x, entries): (Arg, &[Arg]), value: u32) {
        self.watch(x);
        let keys: Vec<f64> = keys.iter().map(|key| f64::from_bits(*key)).collect();
        let x = self.register(x);
        let out = self.file.define(&mut self.asm, value);
        match find_table(entries) {
            Some(table) if self.is_for_tables(keys.len()) => {
                self.count(&keys, (x, out));
                self.near_neighbours(&keys, (x, out));
                let (place, table) = (self.place_of(out), self.table(&table));
                self.asm.op(PERMUTE, out, (place, table));
            }
            Some(_) | None => {
                let entries: Vec<f64> = entries.iter().filter_map(find_constant).collect();
                self.go_by_steps((&keys, &entries), (x, out));
            }
        }
        self.vouch(value);
    }

    /// Whether a table of so many keys stands in a register.
    fn is_for_tables(&self, keys: usize) -> bool {
        self.width == Width::Wide && keys < VECTOR
    }

    fn count(&mut self, keys: &[f64], (x, out): (Zmm, Zmm)) {
        self.asm.op(XOR, out, (out, Operand::Register(out)));
        let one = self.constant(1.0);
        for key in keys {
            let key = self.constant(*key);
            self.asm.compare(How::GreaterEqual, (FIRST, ALL), (x, key));
            self.asm.masked(ADD, (out, FIRST), (out, one));
        }
    }

    /// Marks lanes near to the last key that is not above them or to the next one; equal is clear.
    fn near_neighbours(&mut self, keys: &[f64], (x, count): (Zmm, Zmm)) {
        let reach = |key: f64| key.abs() * REACH;
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

    /// Key by key: the entry and the last key that is not above, and from where on the next one is
    /// near. What is before the first key is not behind its reach either; without any, all is.
    fn go_by_steps(&mut self, (keys, entries): (&[f64], &[f64]), (x, out): (Zmm, Zmm)) {
        let [below, start_above, end] = [(); 3].map(|()| self.file.take(&mut self.asm));
        let nothing = self.constant(f64::INFINITY);
        if keys.is_empty() {
            self.asm.load(out, nothing);
            self.asm.load(below, nothing);
            self.asm.load(start_above, nothing);
        }
        let starts = keys.iter().skip(1).map(|key| key - key.abs() * REACH).chain([f64::INFINITY]);
        for (i, ((key, start), entry)) in keys.iter().zip(starts).zip(entries).enumerate() {
            let bound = self.constant(*key);
            if i > 0 {
                self.asm.compare(How::GreaterEqual, (FIRST, ALL), (x, bound));
            }
            for (register, entry) in [(out, *entry), (below, *key), (start_above, start)] {
                let entry = self.constant(entry);
                if i > 0 {
                    self.asm.masked(BLEND, (register, FIRST), (register, entry));
                } else {
                    self.asm.load(register, entry);
                }
            }
        }
        let (magnitude, share) = (self.magnitude(), self.constant(REACH));
        self.asm.op(AND, end, (below, magnitude));
        self.asm.op(MULTIPLY, end, (end, share));
        self.asm.op(ADD, end, (end, Operand::Register(below)));
        self.asm.compare(How::LessEqual, (FIRST, ALL), (x, Operand::Register(end)));
        self.asm.compare(How::NotEqual, (FIRST, FIRST), (x, Operand::Register(below)));
        self.unclear(FIRST);
        self.asm.compare(How::GreaterEqual, (FIRST, ALL), (x, Operand::Register(start_above)));
        self.unclear(FIRST);
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
            let is_wide = self.width == Width::Wide;
            return match find_table(&values[first as usize..first as usize + keys]) {
                Some(table) if is_wide => self.pick_entry(&table, index, value),
                Some(_) | None => self.pick_by_steps(base, (index, values), value),
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

/// Constants by their count from 1 on, if so few.
fn find_table(values: &[Arg]) -> Option<[f64; VECTOR]> {
    let mut table = [0.0; VECTOR];
    if values.len() >= VECTOR {
        return None;
    }
    for (entry, value) in table[1..].iter_mut().zip(values) {
        *entry = find_constant(value)?;
    }
    Some(table)
}

const fn find_constant(arg: &Arg) -> Option<f64> {
    match arg {
        Arg::Constant(x) => Some(*x),
        Arg::Value(_) => None,
    }
}
