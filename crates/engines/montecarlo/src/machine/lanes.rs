//! Loops over lanes that compilers turn into vector instructions, and the flags by which they say
//! that a lane is not what it should be.

use crate::column::WIDTH;

/// Lanes that are worked on at a time where values should stay in registers or the first cache.
pub(super) const BLOCK: usize = 64;
/// Blocks of a column.
pub(super) const BLOCKS: usize = WIDTH / BLOCK;
/// The bit of a flag that counts.
pub(super) const SIGN: u64 = 1 << 63;
const EXPONENT_UNIT: u64 = 1 << 52;

/// The lanes of a column.
pub(super) type Lane = [f64; WIDTH];
/// Some of the lanes of a column.
pub(super) type Block = [f64; BLOCK];

/// A number whose top bit says that `x` is infinite or NaN.
#[inline(always)]
pub(super) fn odd(x: f64) -> u64 {
    (x.to_bits() & !SIGN).wrapping_add(EXPONENT_UNIT)
}

/// As [`odd`], for a condition.
#[inline(always)]
pub(super) fn flag(condition: bool) -> u64 {
    u64::from(condition) << 63
}

/// A condition as a truth value.
#[inline(always)]
pub(super) fn truth(condition: bool) -> f64 {
    if condition { 1.0 } else { 0.0 }
}

/// The blocks of a column.
#[inline(always)]
pub(super) fn blocks(column: &Lane) -> &[Block] {
    column.as_chunks().0
}

/// An operand in a block: the same number everywhere, or a column.
#[derive(Clone, Copy)]
pub(super) enum Operand<'a> {
    Number(f64),
    Column(&'a Lane),
}

/// Where a lane of an operand comes from.
pub(super) trait Lanes: Copy {
    fn at(self, i: usize) -> f64;
}

impl Lanes for &Block {
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

/// Compiles an expression for an operand that is a number, and for one that is a block.
macro_rules! with_lanes {
    ($operand:expr, $block:expr, $x:ident => $body:expr) => {
        match $operand {
            Operand::Number($x) => $body,
            Operand::Column(column) => {
                let $x = &blocks(column)[$block];
                $body
            }
        }
    };
}
pub(super) use with_lanes;

/// Runs `f`, which gives a value and whether it may not stand, over a column.
#[inline(always)]
pub(super) fn map(a: &Lane, out: &mut Lane, f: impl Fn(f64) -> (f64, u64)) -> bool {
    let mut bad = 0;
    for i in 0..WIDTH {
        let (x, flags) = f(a[i]);
        out[i] = x;
        bad |= flags;
    }
    bad & SIGN == 0
}

/// Folds columns lane by lane, block after block.
#[inline(always)]
pub(super) fn fold(columns: &[&Lane], out: &mut Lane, f: impl Fn(f64, f64) -> f64) -> bool {
    let Some((first, others)) = columns.split_first() else { return false };
    let mut bad = 0;
    for (k, out) in out.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
        *out = blocks(first)[k];
        for x in out.iter() {
            bad |= odd(*x);
        }
        for column in others {
            let block = &blocks(column)[k];
            for i in 0..BLOCK {
                bad |= odd(block[i]);
                out[i] = f(out[i], block[i]);
            }
        }
    }
    bad & SIGN == 0
}

/// A sum: a bad operand shows in the result, so that only that is looked at.
#[inline(always)]
pub(super) fn sum(columns: &[&Lane], out: &mut Lane) -> bool {
    const NARROW: usize = 32;
    let Some((first, others)) = columns.split_first() else { return false };
    let mut bad = 0;
    for (k, out) in out.as_chunks_mut::<NARROW>().0.iter_mut().enumerate() {
        let mut sum = first.as_chunks::<NARROW>().0[k];
        for column in others {
            let block = &column.as_chunks::<NARROW>().0[k];
            for i in 0..NARROW {
                sum[i] += block[i];
            }
        }
        for x in &sum {
            bad |= odd(*x);
        }
        *out = sum;
    }
    bad & SIGN == 0
}

/// ROUND of a lane, in the order of [`gantry_workbook::kernels::rounding::round`].
#[inline(always)]
pub(super) fn round(x: f64, scale: f64) -> (f64, u64) {
    let y = x * scale;
    let magnitude = y.abs();
    let least = if magnitude > 1.0 { magnitude } else { 1.0 };
    let noise = least * 4.5e-16;
    let noise = if noise < 0.05 { noise } else { 0.05 };
    let up = (magnitude + 0.5 + noise).floor();
    ((up.copysign(y) + 0.0) / scale, odd(y) | flag(magnitude > 9e15))
}

/// A comparison, and whether the numbers are errors or so near that their digits decide.
#[inline(always)]
pub(super) fn compared(holds: bool, a: f64, b: f64) -> (f64, u64) {
    let difference = a - b;
    let largest = if a.abs() > b.abs() { a.abs() } else { b.abs() };
    let near = (difference.abs() <= 1e-14 * largest) & (a != b);
    (truth(holds), odd(difference) | flag(near))
}
