//! Chains over the lanes of a block: every link reads the value of the one before from the first
//! cache.
//!
//! Invariant: what is not finite stays so through sums, products and dividends; it is looked for
//! before any other link could hide it, and at the end.

use gantry_workbook::kernels;

use super::lanes::{
    BLOCK, BLOCKS, Block, Lane, Lanes, Operand, SIGN, blocks, compared, flag, odd, round, truth,
    with_lanes,
};
use crate::chain::{Act, Link, Side};
use crate::ssa::{Comparison, Snap};

/// A block that no vector instruction reads across two lines of the cache.
#[repr(align(64))]
struct Aligned(Block);

/// Computes a chain, and says whether all of it may stand.
#[inline(always)]
pub(super) fn run(links: &[Link], first: &Lane, operands: &[Operand<'_>], out: &mut Lane) -> bool {
    let (mut one, mut other) = (Aligned([0.0; BLOCK]), Aligned([0.0; BLOCK]));
    let (mut here, mut there) = (&mut one.0, &mut other.0);
    let mut bad = 0;
    for k in 0..BLOCKS {
        let out = &mut out.as_chunks_mut::<BLOCK>().0[k];
        let mut rest = operands;
        for (i, link) in links.iter().enumerate() {
            let (own, later) = rest.split_at(link.act.operands().min(rest.len()));
            rest = later;
            let from = if i == 0 { &blocks(first)[k] } else { &*here };
            if i + 1 == links.len() {
                bad |= step(*link, from, (own, k), out);
            } else {
                bad |= step(*link, from, (own, k), there);
                std::mem::swap(&mut here, &mut there);
            }
        }
        if links.last().is_some_and(|last| !vouches(last.act)) {
            bad |= any_odd(out);
        }
    }
    bad & SIGN == 0
}

/// Whether a link says itself that its result may not stand.
const fn vouches(act: Act) -> bool {
    match act {
        Act::Least
        | Act::Greatest
        | Act::Compare(_)
        | Act::Select
        | Act::Yes
        | Act::No
        | Act::Not
        | Act::Round(_) => true,
        Act::Add(_)
        | Act::Subtract(_)
        | Act::Multiply
        | Act::Divide
        | Act::AddProduct(_)
        | Act::SubtractProduct(_)
        | Act::Negate
        | Act::Percent => false,
    }
}

#[inline(always)]
fn step(link: Link, a: &Block, (own, k): (&[Operand<'_>], usize), out: &mut Block) -> u64 {
    match own {
        [] => alone(link.act, a, out),
        [x] => with_lanes!(*x, k, x => with_one(link, a, x, out)),
        [x, y, ..] => {
            with_lanes!(*x, k, x => with_lanes!(*y, k, y => with_two(link.act, a, (x, y), out)))
        }
    }
}

#[inline(always)]
fn any_odd(a: &Block) -> u64 {
    a.iter().fold(0, |bad, x| bad | odd(*x))
}

#[inline(always)]
fn map(a: &Block, out: &mut Block, f: impl Fn(f64) -> f64) -> u64 {
    for i in 0..BLOCK {
        out[i] = f(a[i]);
    }
    0
}

#[inline(always)]
fn map_checked(a: &Block, out: &mut Block, f: impl Fn(f64) -> (f64, u64)) -> u64 {
    let mut bad = 0;
    for i in 0..BLOCK {
        let (x, flags) = f(a[i]);
        out[i] = x;
        bad |= flags;
    }
    bad
}

#[inline(always)]
fn zip(a: &Block, b: impl Lanes, out: &mut Block, f: impl Fn(f64, f64) -> f64) -> u64 {
    for i in 0..BLOCK {
        out[i] = f(a[i], b.at(i));
    }
    0
}

#[inline(always)]
fn zip_checked(
    a: &Block,
    b: impl Lanes,
    out: &mut Block,
    f: impl Fn(f64, f64) -> (f64, u64),
) -> u64 {
    let mut bad = 0;
    for i in 0..BLOCK {
        let (x, flags) = f(a[i], b.at(i));
        out[i] = x;
        bad |= flags;
    }
    bad
}

/// A sum that is a formula's last step: what vanishes against the left operand is looked at lane
/// by lane.
#[inline(always)]
fn snapped(left: impl Lanes, out: &mut Block, f: impl Fn(usize) -> f64) -> u64 {
    let mut near = 0;
    for (i, out) in out.iter_mut().enumerate() {
        let x = f(i);
        *out = x;
        near |= flag((x.abs() < left.at(i).abs() * 1e-14) & (x != 0.0));
    }
    if near & SIGN != 0 {
        for (i, x) in out.iter_mut().enumerate() {
            *x = kernels::snap(*x, left.at(i));
        }
    }
    0
}

#[inline(always)]
fn alone(act: Act, a: &Block, out: &mut Block) -> u64 {
    match act {
        Act::Negate => map(a, out, |a| -a),
        Act::Percent => map(a, out, |a| a / 100.0),
        Act::Not => map_checked(a, out, |a| (truth(a == 0.0), odd(a))),
        Act::Round(digits) => {
            let scale = 10f64.powi(digits);
            map_checked(a, out, |a| round(a, scale))
        }
        Act::Add(_)
        | Act::Subtract(_)
        | Act::Multiply
        | Act::Divide
        | Act::Least
        | Act::Greatest
        | Act::Compare(_)
        | Act::AddProduct(_)
        | Act::SubtractProduct(_)
        | Act::Select
        | Act::Yes
        | Act::No => SIGN,
    }
}

#[inline(always)]
fn with_one(link: Link, a: &Block, x: impl Lanes, out: &mut Block) -> u64 {
    let is_left = link.side == Side::Left;
    match link.act {
        Act::Add(Snap::No) => zip(a, x, out, |a, x| a + x),
        Act::Add(Snap::Yes) if is_left => snapped(a, out, |i| a[i] + x.at(i)),
        Act::Add(Snap::Yes) => snapped(x, out, |i| x.at(i) + a[i]),
        Act::Subtract(Snap::No) if is_left => zip(a, x, out, |a, x| a - x),
        Act::Subtract(Snap::No) => zip(a, x, out, |a, x| x - a),
        Act::Subtract(Snap::Yes) if is_left => snapped(a, out, |i| a[i] - x.at(i)),
        Act::Subtract(Snap::Yes) => snapped(x, out, |i| x.at(i) - a[i]),
        Act::Multiply => zip(a, x, out, |a, x| a * x),
        Act::Divide if is_left => zip(a, x, out, |a, x| a / x),
        Act::Divide => zip_checked(a, x, out, |a, x| (x / a, odd(a))),
        Act::Least if is_left => {
            zip_checked(a, x, out, |a, x| (kernels::least(a, x), odd(a) | odd(x)))
        }
        Act::Least => zip_checked(a, x, out, |a, x| (kernels::least(x, a), odd(a) | odd(x))),
        Act::Greatest if is_left => {
            zip_checked(a, x, out, |a, x| (kernels::greatest(a, x), odd(a) | odd(x)))
        }
        Act::Greatest => zip_checked(a, x, out, |a, x| (kernels::greatest(x, a), odd(a) | odd(x))),
        Act::Compare(how) => compare(turned(how, is_left), a, x, out),
        Act::AddProduct(_)
        | Act::SubtractProduct(_)
        | Act::Select
        | Act::Yes
        | Act::No
        | Act::Negate
        | Act::Not
        | Act::Percent
        | Act::Round(_) => SIGN,
    }
}

/// The comparison with its operands in the other order.
const fn turned(how: Comparison, is_left: bool) -> Comparison {
    match how {
        _ if is_left => how,
        Comparison::Equal | Comparison::NotEqual => how,
        Comparison::Less => Comparison::Greater,
        Comparison::Greater => Comparison::Less,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::GreaterEqual => Comparison::LessEqual,
    }
}

#[inline(always)]
fn compare(how: Comparison, a: &Block, x: impl Lanes, out: &mut Block) -> u64 {
    match how {
        Comparison::Equal => zip_checked(a, x, out, |a, x| compared(a == x, a, x)),
        Comparison::NotEqual => zip_checked(a, x, out, |a, x| compared(a != x, a, x)),
        Comparison::Less => zip_checked(a, x, out, |a, x| compared(a < x, a, x)),
        Comparison::Greater => zip_checked(a, x, out, |a, x| compared(a > x, a, x)),
        Comparison::LessEqual => zip_checked(a, x, out, |a, x| compared(a <= x, a, x)),
        Comparison::GreaterEqual => zip_checked(a, x, out, |a, x| compared(a >= x, a, x)),
    }
}

/// The carried value where a test is passed, another elsewhere; only what is taken must be sound.
#[inline(always)]
fn chosen(
    a: &Block,
    (test, other): (impl Lanes, impl Lanes),
    out: &mut Block,
    passes: impl Fn(f64) -> bool,
) -> u64 {
    let mut bad = 0;
    for i in 0..BLOCK {
        let (test, own) = (test.at(i), odd(a[i]));
        let is_taken = passes(test);
        out[i] = if is_taken { a[i] } else { other.at(i) };
        bad |= odd(test) | if is_taken { own } else { 0 };
    }
    bad
}

#[inline(always)]
fn with_two(act: Act, a: &Block, (x, y): (impl Lanes, impl Lanes), out: &mut Block) -> u64 {
    let mut bad = 0;
    match act {
        Act::AddProduct(Snap::No) => {
            for i in 0..BLOCK {
                out[i] = a[i] + x.at(i) * y.at(i);
            }
        }
        Act::SubtractProduct(Snap::No) => {
            for i in 0..BLOCK {
                out[i] = a[i] - x.at(i) * y.at(i);
            }
        }
        Act::AddProduct(Snap::Yes) => bad |= snapped(a, out, |i| a[i] + x.at(i) * y.at(i)),
        Act::SubtractProduct(Snap::Yes) => bad |= snapped(a, out, |i| a[i] - x.at(i) * y.at(i)),
        Act::Select => {
            for i in 0..BLOCK {
                out[i] = if a[i] != 0.0 { x.at(i) } else { y.at(i) };
                bad |= odd(a[i]);
            }
        }
        Act::Yes => bad = chosen(a, (x, y), out, |test| test != 0.0),
        Act::No => bad = chosen(a, (x, y), out, |test| test == 0.0),
        Act::Add(_)
        | Act::Subtract(_)
        | Act::Multiply
        | Act::Divide
        | Act::Least
        | Act::Greatest
        | Act::Compare(_)
        | Act::Negate
        | Act::Not
        | Act::Percent
        | Act::Round(_) => bad = SIGN,
    }
    bad
}
