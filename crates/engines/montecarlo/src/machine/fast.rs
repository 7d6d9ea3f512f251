//! The loops over lanes that processors run side by side. Each computes a column and says whether
//! all of it may stand.

use gantry_workbook::ErrorKind;
use gantry_workbook::kernels::{fail, finance};

use super::Machine;
use crate::column::WIDTH;
use crate::program::{Instruction, Source};
use crate::semantics;
use crate::ssa::{Comparison, Fusion, Op, Snap};

/// Lanes that a sum over many columns keeps in registers.
const BLOCK: usize = 32;
const SIGN: u64 = 1 << 63;
const EXPONENT_UNIT: u64 = 1 << 52;
/// The most keys that are compared one by one.
const MAX_CHAIN: usize = 32;

/// A number whose top bit says that `x` is infinite or NaN.
#[inline(always)]
fn odd(x: f64) -> u64 {
    (x.to_bits() & !SIGN).wrapping_add(EXPONENT_UNIT)
}

/// As [`odd`], for a condition.
#[inline(always)]
fn flag(condition: bool) -> u64 {
    u64::from(condition) << 63
}

/// Where a lane of a source comes from.
trait Lanes: Copy {
    fn at(self, i: usize) -> f64;
}

impl Lanes for &[f64; WIDTH] {
    #[inline(always)]
    fn at(self, i: usize) -> f64 {
        self[i]
    }
}

impl Lanes for f64 {
    #[inline(always)]
    fn at(self, _: usize) -> f64 {
        self
    }
}

type Out = [f64; WIDTH];

/// Runs `f`, which gives a value and whether it may not stand, over two sources.
#[inline(always)]
fn zip(a: impl Lanes, b: impl Lanes, out: &mut Out, f: impl Fn(f64, f64) -> (f64, u64)) -> bool {
    let mut bad = 0;
    for (i, result) in out.iter_mut().enumerate() {
        let (x, flags) = f(a.at(i), b.at(i));
        *result = x;
        bad |= flags;
    }
    bad & SIGN == 0
}

#[inline(always)]
fn map(a: &Out, out: &mut Out, f: impl Fn(f64) -> (f64, u64)) -> bool {
    let mut bad = 0;
    for i in 0..WIDTH {
        let (x, flags) = f(a[i]);
        out[i] = x;
        bad |= flags;
    }
    bad & SIGN == 0
}

#[inline(always)]
fn zip3(
    (a, b, c): (&Out, &Out, &Out),
    out: &mut Out,
    f: impl Fn(f64, f64, f64) -> (f64, u64),
) -> bool {
    let mut bad = 0;
    for i in 0..WIDTH {
        let (x, flags) = f(a[i], b[i], c[i]);
        out[i] = x;
        bad |= flags;
    }
    bad & SIGN == 0
}

/// Whether a sum might have to become zero: it vanishes against its first operand.
#[inline(always)]
fn vanishes(result: f64, operand: f64) -> u64 {
    flag((result.abs() < operand.abs() * 1e-14) & (result != 0.0))
}

/// A comparison, and whether the numbers are errors or so near that their digits decide.
#[inline(always)]
fn compared(holds: bool, a: f64, b: f64) -> (f64, u64) {
    let difference = a - b;
    let largest = if a.abs() > b.abs() { a.abs() } else { b.abs() };
    let near = (difference.abs() <= 1e-14 * largest) & (a != b);
    (if holds { 1.0 } else { 0.0 }, odd(difference) | flag(near))
}

/// Folds columns lane by lane, block after block, so that sums stay in registers.
#[inline(always)]
fn fold(columns: &[&Out], out: &mut Out, f: impl Fn(f64, f64) -> f64) -> bool {
    let Some((first, others)) = columns.split_first() else { return false };
    let mut bad = 0;
    for start in (0..WIDTH).step_by(BLOCK) {
        let mut sum = [0.0; BLOCK];
        sum.copy_from_slice(&first[start..start + BLOCK]);
        let mut flags = [0u64; BLOCK];
        for i in 0..BLOCK {
            flags[i] = odd(sum[i]);
        }
        for column in others {
            let block = &column[start..start + BLOCK];
            for i in 0..BLOCK {
                sum[i] = f(sum[i], block[i]);
                flags[i] |= odd(block[i]);
            }
        }
        for i in 0..BLOCK {
            bad |= flags[i] | odd(sum[i]);
        }
        out[start..start + BLOCK].copy_from_slice(&sum);
    }
    bad & SIGN == 0
}

/// A sum: a bad operand shows in the result, so that only that is looked at.
#[inline(always)]
fn sum(columns: &[&Out], out: &mut Out) -> bool {
    let Some((first, others)) = columns.split_first() else { return false };
    let mut bad = 0;
    for start in (0..WIDTH).step_by(BLOCK) {
        let mut sum = [0.0; BLOCK];
        sum.copy_from_slice(&first[start..start + BLOCK]);
        for column in others {
            let block = &column[start..start + BLOCK];
            for i in 0..BLOCK {
                sum[i] += block[i];
            }
        }
        for x in &sum {
            bad |= odd(*x);
        }
        out[start..start + BLOCK].copy_from_slice(&sum);
    }
    bad & SIGN == 0
}

/// The net present value of flows: the factor grows from period to period.
#[inline(always)]
fn net_present(rate: &Out, flows: &[&Out], out: &mut Out) -> bool {
    let mut bad = 0;
    for start in (0..WIDTH).step_by(BLOCK) {
        let rate = &rate[start..start + BLOCK];
        let (mut total, mut factor) = ([0.0; BLOCK], [1.0; BLOCK]);
        for flow in flows {
            let flow = &flow[start..start + BLOCK];
            for i in 0..BLOCK {
                factor[i] *= 1.0 + rate[i];
                total[i] += flow[i] / factor[i];
            }
        }
        for i in 0..BLOCK {
            bad |= odd(total[i]) | odd(rate[i]) | flag(rate[i] == -1.0);
        }
        out[start..start + BLOCK].copy_from_slice(&total);
    }
    bad & SIGN == 0
}

/// The rate of return of flows, by Newton's method for a block of lanes at once; a lane that has
/// arrived keeps its rate, and one that does not arrive soon is searched for alone.
#[inline(always)]
fn rate_of_return(flows: &[&Out], guess: &Out, out: &mut Out) {
    const ROUNDS: usize = 10;
    for start in (0..WIDTH).step_by(BLOCK) {
        let mut rate = [0.0; BLOCK];
        rate.copy_from_slice(&guess[start..start + BLOCK]);
        let mut arrived = [0u64; BLOCK];
        let mut lost = lost_before(flows, &rate, start);
        for _ in 0..ROUNDS {
            let (value, slope) = value_and_slope(flows, &rate, start);
            let mut all = SIGN;
            for i in 0..BLOCK {
                let next = finance::newton_step(rate[i], (value[i], slope[i]));
                let here = flag(finance::has_arrived(rate[i], next));
                let gone = odd(next) | flag(next <= -1.0);
                lost[i] |= if arrived[i] == 0 { gone } else { 0 };
                rate[i] = if arrived[i] == 0 { next } else { rate[i] };
                arrived[i] |= here;
                all &= arrived[i] | lost[i];
            }
            if all & SIGN != 0 {
                break;
            }
        }
        for i in 0..BLOCK {
            let settled = arrived[i] & !lost[i] & SIGN != 0;
            out[start + i] = if settled { rate[i] } else { alone(flows, guess, start + i) };
        }
    }
}

/// Lanes that the search must not begin with: errors, flows of one sign, a guess of -1 or less.
#[inline(always)]
fn lost_before(flows: &[&Out], rate: &[f64; BLOCK], start: usize) -> [u64; BLOCK] {
    let (mut above, mut below, mut bad) = ([0u64; BLOCK], [0u64; BLOCK], [0u64; BLOCK]);
    for flow in flows {
        let flow = &flow[start..start + BLOCK];
        for i in 0..BLOCK {
            above[i] |= flag(flow[i] > 0.0);
            below[i] |= flag(flow[i] < 0.0);
            bad[i] |= odd(flow[i]);
        }
    }
    for i in 0..BLOCK {
        bad[i] |= !(above[i] & below[i]) | flag(rate[i] <= -1.0) | odd(rate[i]);
    }
    bad
}

/// [`finance::value_and_slope`] for a block of lanes.
#[inline(always)]
fn value_and_slope(
    flows: &[&Out],
    rate: &[f64; BLOCK],
    start: usize,
) -> ([f64; BLOCK], [f64; BLOCK]) {
    let mut discount = [0.0; BLOCK];
    for i in 0..BLOCK {
        discount[i] = 1.0 / (1.0 + rate[i]);
    }
    let (mut factor, mut value, mut slope) = ([1.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
    for (period, flow) in flows.iter().enumerate() {
        let flow = &flow[start..start + BLOCK];
        let period = period as f64;
        for i in 0..BLOCK {
            let term = flow[i] * factor[i];
            value[i] += term;
            slope[i] += period * term;
            factor[i] *= discount[i];
        }
    }
    (value, slope)
}

/// One lane of a rate of return.
#[inline(never)]
fn alone(flows: &[&Out], guess: &Out, lane: usize) -> f64 {
    let mut args: Vec<f64> = flows.iter().map(|f| f[lane]).collect();
    args.push(guess[lane]);
    semantics::rate(&args)
}

/// ROUND, in the order of [`gantry_workbook::kernels::rounding::round`].
#[inline(always)]
fn round(a: &Out, digits: i32, out: &mut Out) -> bool {
    let scale = 10f64.powi(digits);
    map(a, out, |x| {
        let y = x * scale;
        let magnitude = y.abs();
        let least = if magnitude > 1.0 { magnitude } else { 1.0 };
        let noise = least * 4.5e-16;
        let noise = if noise < 0.05 { noise } else { 0.05 };
        let up = (magnitude + 0.5 + noise).floor();
        let rounded = up.copysign(y) + 0.0;
        (rounded / scale, odd(y) | flag(magnitude > 9e15))
    })
}

/// The place of the last key not above a number: how many keys are not above it.
#[inline(always)]
fn find_below(keys: &[u64], x: &Out, out: &mut Out) -> bool {
    let missing = fail(ErrorKind::Na);
    let mut bad = 0;
    let mut counts = [0.0; WIDTH];
    for key in keys {
        let key = f64::from_bits(*key);
        for i in 0..WIDTH {
            let (holds, flags) = compared(x[i] >= key, x[i], key);
            counts[i] += holds;
            bad |= flags;
        }
    }
    for i in 0..WIDTH {
        out[i] = if counts[i] == 0.0 { missing } else { counts[i] };
    }
    bad & SIGN == 0
}

/// A whole power by repeated squaring, in the order of [`kernels::power_integer`].
#[inline(always)]
fn power_integer(a: &Out, n: i32, out: &mut Out) -> bool {
    match n {
        0 => map(a, out, |x| (1.0, odd(x) | flag(x == 0.0))),
        2 => map(a, out, |x| (x * x, odd(x * x))),
        _ => {
            let mut square = *a;
            let mut result = [1.0; WIDTH];
            let mut rest = n.unsigned_abs();
            while rest > 0 {
                if rest & 1 == 1 {
                    for i in 0..WIDTH {
                        result[i] *= square[i];
                    }
                }
                rest >>= 1;
                if rest > 0 {
                    for x in &mut square {
                        *x *= *x;
                    }
                }
            }
            if n < 0 {
                map(&result, out, |x| (1.0 / x, odd(1.0 / x)))
            } else {
                map(&result, out, |x| (x, odd(x)))
            }
        }
    }
}

impl Machine<'_, '_> {
    /// Computes a column, and says whether it may stand; what has no fast loop may not.
    #[inline(always)]
    pub(super) fn fast(&self, step: &Instruction, inputs: &[[f64; WIDTH]], out: &mut Out) -> bool {
        let sources = &step.sources;
        let column = |i: usize| self.column(inputs, sources[i]);
        match &step.op {
            Op::Add(Snap::No) => self.two(step, inputs, out, |a, b| (a + b, odd(a + b))),
            Op::Add(Snap::Yes) => {
                self.two(step, inputs, out, |a, b| (a + b, odd(a + b) | vanishes(a + b, a)))
            }
            Op::Subtract(Snap::No) => self.two(step, inputs, out, |a, b| (a - b, odd(a - b))),
            Op::Subtract(Snap::Yes) => {
                self.two(step, inputs, out, |a, b| (a - b, odd(a - b) | vanishes(a - b, a)))
            }
            Op::Multiply => self.two(step, inputs, out, |a, b| (a * b, odd(a * b))),
            Op::Divide => self.two(step, inputs, out, |a, b| (a / b, odd(a / b))),
            Op::PowerInteger(n) => power_integer(column(0), *n, out),
            Op::Round(digits) => round(column(0), *digits, out),
            Op::Negate => map(column(0), out, |a| (-a, odd(a))),
            Op::Percent => map(column(0), out, |a| (a / 100.0, odd(a))),
            Op::Compare(how) => self.compare(*how, step, inputs, out),
            Op::Not => map(column(0), out, |a| (if a == 0.0 { 1.0 } else { 0.0 }, odd(a))),
            Op::And => {
                fold(
                    &self.all(step, inputs),
                    out,
                    |a, b| {
                        if (a != 0.0) & (b != 0.0) { 1.0 } else { 0.0 }
                    },
                ) && truths(out)
            }
            Op::Or => {
                fold(
                    &self.all(step, inputs),
                    out,
                    |a, b| {
                        if (a != 0.0) | (b != 0.0) { 1.0 } else { 0.0 }
                    },
                ) && truths(out)
            }
            Op::Select => {
                let columns = (column(0), column(1), column(2));
                zip3(columns, out, |test, a, b| (if test != 0.0 { a } else { b }, odd(test)))
            }
            Op::ToNumber => map(column(0), out, |a| (a, odd(a))),
            Op::Settle => map(column(0), out, |a| (a, odd(a))),
            Op::IfError => zip(column(0), column(1), out, |a, _| (a, odd(a))),
            Op::Sum => sum(&self.all(step, inputs), out),
            Op::Min => fold(&self.all(step, inputs), out, f64::min),
            Op::Max => fold(&self.all(step, inputs), out, f64::max),
            Op::NetPresent => {
                let all = self.all(step, inputs);
                net_present(column(0), &all[1..], out)
            }
            Op::Rate => match self.all(step, inputs).as_slice() {
                [flows @ .., guess] => {
                    rate_of_return(flows, guess, out);
                    true
                }
                [] => false,
            },
            Op::FindBelow(keys) if keys.len() <= MAX_CHAIN => find_below(keys, column(0), out),
            Op::Pick { base, .. } => self.pick(step, inputs, *base, out),
            Op::Fused(fusion, snap) => {
                let columns = (column(0), column(1), column(2));
                fused(*fusion, *snap, columns, out)
            }
            _ => false,
        }
    }

    #[inline(always)]
    fn all<'a>(&'a self, step: &Instruction, inputs: &'a [[f64; WIDTH]]) -> Vec<&'a Out> {
        step.sources.iter().map(|s| self.column(inputs, *s)).collect()
    }

    /// An operation of two sources, of which one may be a constant.
    #[inline(always)]
    fn two(
        &self,
        step: &Instruction,
        inputs: &[[f64; WIDTH]],
        out: &mut Out,
        f: impl Fn(f64, f64) -> (f64, u64),
    ) -> bool {
        let constant = |c: u32| self.program.constants[c as usize];
        match (step.sources[0], step.sources[1]) {
            (Source::Constant(a), b) => zip(constant(a), self.column(inputs, b), out, f),
            (a, Source::Constant(b)) => zip(self.column(inputs, a), constant(b), out, f),
            (a, b) => zip(self.column(inputs, a), self.column(inputs, b), out, f),
        }
    }

    #[inline(always)]
    fn compare(
        &self,
        how: Comparison,
        step: &Instruction,
        inputs: &[[f64; WIDTH]],
        out: &mut Out,
    ) -> bool {
        match how {
            Comparison::Equal => self.two(step, inputs, out, |a, b| compared(a == b, a, b)),
            Comparison::NotEqual => self.two(step, inputs, out, |a, b| compared(a != b, a, b)),
            Comparison::Less => self.two(step, inputs, out, |a, b| compared(a < b, a, b)),
            Comparison::Greater => self.two(step, inputs, out, |a, b| compared(a > b, a, b)),
            Comparison::LessEqual => self.two(step, inputs, out, |a, b| compared(a <= b, a, b)),
            Comparison::GreaterEqual => self.two(step, inputs, out, |a, b| compared(a >= b, a, b)),
        }
    }

    /// A value by an index that is surely among the values.
    #[inline(always)]
    fn pick(&self, step: &Instruction, inputs: &[[f64; WIDTH]], base: i32, out: &mut Out) -> bool {
        let index = self.column(inputs, step.sources[0]);
        let values = &step.sources[1..];
        for i in 0..WIDTH {
            let place = index[i].trunc() - f64::from(base);
            if !(place >= 0.0 && place < values.len() as f64) {
                return false;
            }
            out[i] = match values[place as usize] {
                Source::Constant(c) => self.program.constants[c as usize],
                other => self.column(inputs, other)[i],
            };
        }
        true
    }
}

/// One operand alone is not yet a truth value.
#[inline(always)]
fn truths(out: &mut Out) -> bool {
    for x in out.iter_mut() {
        *x = if *x != 0.0 { 1.0 } else { 0.0 };
    }
    true
}

#[inline(always)]
fn fused(fusion: Fusion, snap: Snap, columns: (&Out, &Out, &Out), out: &mut Out) -> bool {
    match (fusion, snap) {
        (Fusion::ProductPlus, Snap::No) => {
            zip3(columns, out, |a, b, c| (a * b + c, odd(a * b + c)))
        }
        (Fusion::ProductPlus, Snap::Yes) => zip3(columns, out, |a, b, c| {
            let (p, x) = (a * b, a * b + c);
            (x, odd(x) | vanishes(x, p))
        }),
        (Fusion::PlusProduct, Snap::No) => {
            zip3(columns, out, |a, b, c| (c + a * b, odd(c + a * b)))
        }
        (Fusion::PlusProduct, Snap::Yes) => zip3(columns, out, |a, b, c| {
            let x = c + a * b;
            (x, odd(x) | vanishes(x, c))
        }),
        (Fusion::ProductMinus, Snap::No) => {
            zip3(columns, out, |a, b, c| (a * b - c, odd(a * b - c)))
        }
        (Fusion::ProductMinus, Snap::Yes) => zip3(columns, out, |a, b, c| {
            let (p, x) = (a * b, a * b - c);
            (x, odd(x) | vanishes(x, p))
        }),
        (Fusion::MinusProduct, Snap::No) => {
            zip3(columns, out, |a, b, c| (c - a * b, odd(c - a * b)))
        }
        (Fusion::MinusProduct, Snap::Yes) => zip3(columns, out, |a, b, c| {
            let x = c - a * b;
            (x, odd(x) | vanishes(x, c))
        }),
    }
}

#[cfg(test)]
mod tests {
    use gantry_workbook::kernels;

    use super::*;

    #[test]
    fn whole_powers_have_the_bits_of_the_kernel() {
        let a = std::array::from_fn(|i| 0.3 + i as f64 * 0.01);
        for n in [-7, -2, -1, 1, 2, 3, 10, 31, 64] {
            let mut out = [0.0; WIDTH];
            assert!(power_integer(&a, n, &mut out));
            for i in 0..WIDTH {
                assert_eq!(out[i].to_bits(), kernels::power(a[i], f64::from(n)).to_bits());
            }
        }
    }
}
