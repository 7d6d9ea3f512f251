//! Chains: operations of which each takes the value of the one before, so that what is between them
//! never leaves the first cache.
//!
//! Invariant: a chain gives the bits of its operations one after the other.

use std::sync::Arc;

use crate::lane::Texts;
use crate::semantics;
use crate::ssa::{Comparison, Op, Snap};

/// The most links of a chain.
pub const MAX_LINKS: usize = 24;

/// The links of a chain; its first argument is the value that the first link takes.
pub type Links = Arc<[Link]>;

/// One operation on the value that a chain carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link {
    /// What is done.
    pub act: Act,
    /// Where the carried value stands.
    pub side: Side,
}

/// The place of the carried value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// It is the left operand, or the only one.
    Left,
    /// It is the right operand.
    Right,
}

/// What a link does with the carried value and its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// A sum.
    Add(Snap),
    /// A difference.
    Subtract(Snap),
    /// A product.
    Multiply,
    /// A quotient.
    Divide,
    /// The lesser of two.
    Least,
    /// The greater of two.
    Greatest,
    /// A comparison.
    Compare(Comparison),
    /// The carried value plus a product of two.
    AddProduct(Snap),
    /// The carried value minus a product of two.
    SubtractProduct(Snap),
    /// The carried value decides which of two.
    Select,
    /// The carried value where the first of two is true, else the second.
    Yes,
    /// The carried value where the first of two is false, else the second.
    No,
    /// The sign turned around.
    Negate,
    /// The truth value turned around.
    Not,
    /// A hundredth.
    Percent,
    /// ROUND to so many digits.
    Round(i32),
}

impl Act {
    /// Operands beside the carried value.
    pub const fn operands(self) -> usize {
        match self {
            Self::Negate | Self::Not | Self::Percent | Self::Round(_) => 0,
            Self::Add(_)
            | Self::Subtract(_)
            | Self::Multiply
            | Self::Divide
            | Self::Least
            | Self::Greatest
            | Self::Compare(_) => 1,
            Self::AddProduct(_)
            | Self::SubtractProduct(_)
            | Self::Select
            | Self::Yes
            | Self::No => 2,
        }
    }

    /// The operation that it is, with the product apart.
    const fn op(self) -> Op {
        match self {
            Self::Add(snap) | Self::AddProduct(snap) => Op::Add(snap),
            Self::Subtract(snap) | Self::SubtractProduct(snap) => Op::Subtract(snap),
            Self::Multiply => Op::Multiply,
            Self::Divide => Op::Divide,
            Self::Least => Op::Min,
            Self::Greatest => Op::Max,
            Self::Compare(how) => Op::Compare(how),
            Self::Select | Self::Yes | Self::No => Op::Select,
            Self::Negate => Op::Negate,
            Self::Not => Op::Not,
            Self::Percent => Op::Percent,
            Self::Round(digits) => Op::Round(digits),
        }
    }
}

/// The places at which an operation may take a carried value, and what it is there.
pub fn derive_links(op: &Op, arguments: usize) -> Vec<(usize, Link)> {
    let left = |act| (0, Link { act, side: Side::Left });
    let both = |act| vec![left(act), (1, Link { act, side: Side::Right })];
    match (op, arguments) {
        (Op::Add(snap), 2) => both(Act::Add(*snap)),
        (Op::Subtract(snap), 2) => both(Act::Subtract(*snap)),
        (Op::Multiply, 2) => both(Act::Multiply),
        (Op::Divide, 2) => both(Act::Divide),
        (Op::Min, 2) => both(Act::Least),
        (Op::Max, 2) => both(Act::Greatest),
        (Op::Compare(how), 2) => both(Act::Compare(*how)),
        (Op::Select, 3) => {
            let at = |place, act| (place, Link { act, side: Side::Left });
            vec![at(0, Act::Select), at(1, Act::Yes), at(2, Act::No)]
        }
        (Op::Negate, 1) => vec![left(Act::Negate)],
        (Op::Not, 1) => vec![left(Act::Not)],
        (Op::Percent, 1) => vec![left(Act::Percent)],
        (Op::Round(digits), 1) => vec![left(Act::Round(*digits))],
        _ => Vec::new(),
    }
}

/// A chain on the lanes of one draw.
pub fn apply(links: &[Link], args: &[f64], texts: &mut Texts) -> f64 {
    let Some((first, mut rest)) = args.split_first() else { return 0.0 };
    let mut carried = *first;
    for link in links {
        let (own, later) = rest.split_at(link.act.operands().min(rest.len()));
        rest = later;
        let op = link.act.op();
        carried = match (link.act, own) {
            (Act::AddProduct(_) | Act::SubtractProduct(_), [_, _]) => {
                let product = semantics::apply(&Op::Multiply, own, texts);
                semantics::apply(&op, &[carried, product], texts)
            }
            (Act::Yes, [test, other]) => semantics::apply(&op, &[*test, carried, *other], texts),
            (Act::No, [test, other]) => semantics::apply(&op, &[*test, *other, carried], texts),
            (_, [a, b]) => semantics::apply(&op, &[carried, *a, *b], texts),
            (_, [a]) if link.side == Side::Right => semantics::apply(&op, &[*a, carried], texts),
            (_, [a]) => semantics::apply(&op, &[carried, *a], texts),
            _ => semantics::apply(&op, &[carried], texts),
        };
    }
    carried
}
