//! Comparisons that only one choice goes by become part of it, so that their truth is in no register;
//! so do the places of keys where one constant for each of them is picked.
//!
//! Invariant: values have the bits that they had.

use super::lower::{Arg, Node, Values, Way, Work};

/// Puts comparisons and places of keys into the choices that alone go by them.
pub(super) fn fuse(values: Values) -> Values {
    let Values { inputs, nodes, outputs } = values;
    let uses = count_uses(inputs, &nodes, &outputs);
    let mut fused = Vec::with_capacity(nodes.len());
    // Where each value is now; what a choice goes by stays until the choice comes.
    let mut places: Vec<Arg> = (0..inputs).map(Arg::Value).collect();
    let mut waiting: Vec<Option<Node>> = Vec::with_capacity(nodes.len());
    for (place, node) in nodes.into_iter().enumerate() {
        let Node { way, mut args } = node;
        let test = match (&way, args.first()) {
            (Way::Code(Work::Choose | Work::Pick(_)), Some(test)) => {
                find_waiting(*test, inputs, &mut waiting)
            }
            _ => None,
        };
        for arg in &mut args {
            *arg = moved(*arg, &places);
        }
        let node = match test {
            Some(Node { way: Way::Code(Work::Compare(how)), args: pair }) => Node {
                way: Way::Code(Work::ChooseBy(how)),
                args: [pair.as_slice(), &args[1..]].concat(),
            },
            Some(Node { way: Way::Code(Work::CountBelow(keys)), args: sought }) => {
                let entries = find_entries(&way, &args, keys.len()).unwrap_or_default();
                let args = [sought.as_slice(), entries].concat();
                Node { way: Way::Code(Work::LookUp(keys)), args }
            }
            Some(_) | None => Node { way, args },
        };
        let waits = match node.way {
            Way::Code(Work::Compare(_)) => uses[place] == Use::Test,
            Way::Code(Work::CountBelow(_)) => uses[place] == Use::Place,
            Way::Code(_) | Way::Step(_) => false,
        };
        places.push(Arg::Value(inputs + fused.len() as u32));
        if waits {
            waiting.push(Some(node));
        } else {
            fused.push(node);
            waiting.push(None);
        }
    }
    let outputs = outputs.into_iter().map(|output| moved(output, &places)).collect();
    Values { inputs, nodes: fused, outputs }
}

/// What a node is read by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    None,
    /// One choice, as its test.
    Test,
    /// One choice among constants, as the place of a key that each of them has.
    Place,
    Other,
}

/// The constants of a choice by the places of so many keys.
fn find_entries<'a>(way: &Way, args: &'a [Arg], keys: usize) -> Option<&'a [Arg]> {
    let Way::Code(Work::Pick(base @ (0 | 1))) = way else { return None };
    // Behind the index; a place is 1 or more.
    let first = if *base == 0 { 2 } else { 1 };
    let entries = args.get(first..first + keys)?;
    entries.iter().all(|entry| matches!(entry, Arg::Constant(_))).then_some(entries)
}

fn count_uses(inputs: u32, nodes: &[Node], outputs: &[Arg]) -> Vec<Use> {
    let mut uses = vec![Use::None; nodes.len()];
    let find_place = |arg: Arg| match arg {
        Arg::Value(value) => value.checked_sub(inputs).map(|place| place as usize),
        Arg::Constant(_) => None,
    };
    let mut read = |arg: Arg, how: Use| {
        let Some(place) = find_place(arg) else { return };
        let found = &mut uses[place];
        *found = if *found == Use::None { how } else { Use::Other };
    };
    for node in nodes {
        let counted = node.args.first().and_then(|index| find_place(*index)).map(|p| &nodes[p].way);
        let first = match (&node.way, counted) {
            (Way::Code(Work::Choose), _) => Use::Test,
            (way, Some(Way::Code(Work::CountBelow(keys))))
                if find_entries(way, &node.args, keys.len()).is_some() =>
            {
                Use::Place
            }
            _ => Use::Other,
        };
        for (i, arg) in node.args.iter().enumerate() {
            read(*arg, if i == 0 { first } else { Use::Other });
        }
    }
    for output in outputs {
        read(*output, Use::Other);
    }
    uses
}

/// The comparison that waits under a value.
fn find_waiting(arg: Arg, inputs: u32, waiting: &mut [Option<Node>]) -> Option<Node> {
    let Arg::Value(value) = arg else { return None };
    waiting.get_mut(value.checked_sub(inputs)? as usize)?.take()
}

fn moved(arg: Arg, places: &[Arg]) -> Arg {
    match arg {
        Arg::Constant(_) => arg,
        Arg::Value(value) => places[value as usize],
    }
}
