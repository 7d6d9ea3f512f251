//! Comparisons that only one choice goes by become part of it, so that their truth is in no register.
//!
//! Invariant: values have the bits that they had.

use super::lower::{Arg, Node, Values, Way, Work};

/// Puts comparisons into the choices that alone go by them.
pub(super) fn fuse(values: Values) -> Values {
    let Values { inputs, nodes, outputs } = values;
    let uses = count_uses(inputs, &nodes, &outputs);
    let mut fused = Vec::with_capacity(nodes.len());
    // Where each value is now; a comparison stays until its choice comes.
    let mut places: Vec<Arg> = (0..inputs).map(Arg::Value).collect();
    let mut waiting: Vec<Option<Node>> = Vec::with_capacity(nodes.len());
    for (place, node) in nodes.into_iter().enumerate() {
        let Node { way, mut args } = node;
        let test = match (&way, args.first()) {
            (Way::Code(Work::Choose), Some(test)) => find_waiting(*test, inputs, &mut waiting),
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
            Some(_) | None => Node { way, args },
        };
        let is_test = uses[place] == Use::Test && matches!(node.way, Way::Code(Work::Compare(_)));
        places.push(Arg::Value(inputs + fused.len() as u32));
        if is_test {
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
    Other,
}

fn count_uses(inputs: u32, nodes: &[Node], outputs: &[Arg]) -> Vec<Use> {
    let mut uses = vec![Use::None; nodes.len()];
    let mut read = |arg: Arg, is_test: bool| {
        let Arg::Value(value) = arg else { return };
        let Some(place) = value.checked_sub(inputs) else { return };
        let found = &mut uses[place as usize];
        *found = if is_test && *found == Use::None { Use::Test } else { Use::Other };
    };
    for node in nodes {
        let is_choice = matches!(node.way, Way::Code(Work::Choose));
        for (i, arg) in node.args.iter().enumerate() {
            read(*arg, is_choice && i == 0);
        }
    }
    for output in outputs {
        read(*output, false);
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
