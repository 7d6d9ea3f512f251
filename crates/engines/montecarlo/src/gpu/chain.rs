//! Chains as statements on one variable.

use std::fmt::Write;

use super::emit::{Emitter, compare, round, two};
use crate::chain::{Act, Link, Side};

/// Declares the value of a chain, link by link.
pub(super) fn emit(emitter: &mut Emitter<'_>, at: usize, links: &[Link], s: &[String]) {
    let Some((first, mut rest)) = s.split_first() else { return emitter.value(at, "0.0") };
    emitter.value(at, first);
    let carried = format!("v{at}");
    for link in links {
        let (own, later) = rest.split_at(link.act.operands().min(rest.len()));
        rest = later;
        let value = spell(*link, &carried, own);
        let _ = writeln!(emitter.body, "{carried} = {value};");
    }
}

/// A link on the carried value `c`.
fn spell(link: Link, c: &str, own: &[String]) -> String {
    let arg = |i: usize| own.get(i).map_or("0.0", String::as_str);
    let (x, y) = (arg(0), arg(1));
    let (a, b) = if link.side == Side::Left { (c, x) } else { (x, c) };
    match link.act {
        Act::Add(snap) => two("add", snap, a, b),
        Act::Subtract(snap) => two("subtract", snap, a, b),
        Act::Multiply => format!("multiply({a}, {b})"),
        Act::Divide => format!("divide({a}, {b})"),
        Act::Least => format!("least({a}, {b})"),
        Act::Greatest => format!("greatest({a}, {b})"),
        Act::Compare(how) => compare(how, a, b),
        Act::AddProduct(snap) => two("add", snap, c, &format!("multiply({x}, {y})")),
        Act::SubtractProduct(snap) => two("subtract", snap, c, &format!("multiply({x}, {y})")),
        Act::Select => format!("chosen({c}, {x}, {y})"),
        Act::Yes => format!("chosen({x}, {c}, {y})"),
        Act::No => format!("chosen({x}, {y}, {c})"),
        Act::Negate => format!("negate({c})"),
        Act::Not => format!("inverted({c})"),
        Act::Percent => format!("percent({c})"),
        Act::Round(digits) => round("round_half", c, digits),
    }
}
