//! The order of a program's values: parts of code with the machine's steps between them, as few
//! parts as the steps allow.
//!
//! Invariant: a part reads values of its own and of parts and steps before it.

use super::lower::{Arg, Values, Way};
use super::schedule::Scheduler;

/// Values that are computed together: by code, then by steps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Level {
    /// Numbers of nodes.
    pub(super) code: Vec<usize>,
    /// Numbers of nodes.
    pub(super) steps: Vec<usize>,
}

/// Levels, and the column of each value that is read elsewhere than in its part.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) levels: Vec<Level>,
    /// By value: inputs, then nodes.
    pub(super) columns: Vec<Option<u32>>,
    /// By node, whether it is an output or read by a step.
    pub(super) leaves: Vec<bool>,
    /// Columns of all, inputs included.
    pub(super) count: u32,
}

fn is_step(values: &Values, node: usize) -> bool {
    matches!(values.nodes[node].way, Way::Step(_))
}

/// The node behind an argument.
pub(super) fn find_node(values: &Values, arg: Arg) -> Option<usize> {
    match arg {
        Arg::Constant(_) => None,
        Arg::Value(value) => value.checked_sub(values.inputs).map(|node| node as usize),
    }
}

/// Puts values in order; no part of code has more than so many values, so that the code of a part
/// stays in the first cache while it goes through the draws.
pub(super) fn order(values: &Values, most: usize) -> Order {
    let mut levels = find_levels(values);
    let mut scheduler = Scheduler::new(values);
    for level in &mut levels {
        level.code = scheduler.order(&level.code);
    }
    let levels = cut(levels, most);
    let mut part_of = vec![0; values.nodes.len()];
    for (part, level) in levels.iter().enumerate() {
        for node in level.code.iter().chain(&level.steps) {
            part_of[*node] = part;
        }
    }
    let mut is_read = vec![false; values.nodes.len()];
    let mut leaves = vec![false; values.nodes.len()];
    for (place, node) in values.nodes.iter().enumerate() {
        let own_step = is_step(values, place);
        for before in node.args.iter().filter_map(|arg| find_node(values, *arg)) {
            is_read[before] |= own_step || part_of[before] != part_of[place];
            leaves[before] |= own_step;
        }
        is_read[place] |= own_step;
    }
    for output in &values.outputs {
        if let Some(node) = find_node(values, *output) {
            is_read[node] = true;
            leaves[node] = true;
        }
    }
    let mut count = values.inputs;
    let mut columns: Vec<Option<u32>> = (0..values.inputs).map(Some).collect();
    columns.extend(is_read.iter().map(|is_read| {
        is_read.then(|| {
            count += 1;
            count - 1
        })
    }));
    Order { levels, columns, leaves, count }
}

/// Values by the number of steps that must be done before.
fn find_levels(values: &Values) -> Vec<Level> {
    let mut level_of = Vec::with_capacity(values.nodes.len());
    let mut levels: Vec<Level> = Vec::new();
    for (place, node) in values.nodes.iter().enumerate() {
        let before = node.args.iter().filter_map(|arg| find_node(values, *arg));
        let level = before.map(|b| level_of[b] + usize::from(is_step(values, b))).max();
        let level = level.unwrap_or(0);
        level_of.push(level);
        if levels.len() <= level {
            levels.resize(level + 1, Level::default());
        }
        let Level { code, steps } = &mut levels[level];
        if is_step(values, place) { steps.push(place) } else { code.push(place) }
    }
    levels
}

/// Cuts the code of levels into parts.
fn cut(levels: Vec<Level>, most: usize) -> Vec<Level> {
    let mut parts = Vec::new();
    for Level { code, steps } in levels {
        let pieces = code.chunks(most.max(1));
        parts.extend(pieces.map(|piece| Level { code: piece.to_vec(), steps: Vec::new() }));
        if !steps.is_empty() {
            parts.push(Level { code: Vec::new(), steps });
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::lower::{Node, Work};
    use super::*;
    use crate::ssa::Op;

    #[test]
    fn steps_stand_between_the_parts_that_need_them_to() {
        let code = |args: &[u32]| Node {
            way: Way::Code(Work::Add),
            args: args.iter().map(|a| Arg::Value(*a)).collect(),
        };
        let step = |arg| Node { way: Way::Step(Op::Rate), args: vec![Arg::Value(arg)] };
        // Two inputs; 2 = 0 + 1, 3 = step of 2, 4 = 3 + 2, 5 = 2 + 1, 6 = 5 + 5.
        let nodes = vec![code(&[0, 1]), step(2), code(&[3, 2]), code(&[2, 1]), code(&[5, 5])];
        let outputs = vec![Arg::Value(4), Arg::Value(6), Arg::Constant(1.0)];
        let values = Values { inputs: 2, nodes, outputs };
        let whole = order(&values, 100);
        let code = |code: &[usize]| Level { code: code.to_vec(), steps: vec![] };
        let step = Level { code: vec![], steps: vec![1] };
        assert_eq!(whole.levels, [code(&[0, 3, 4]), step.clone(), code(&[2])]);
        let columns = [Some(0), Some(1), Some(2), Some(3), Some(4), None, Some(5)];
        assert_eq!((whole.columns.as_slice(), whole.count), (&columns[..], 6));
        let pieces = order(&values, 2);
        assert_eq!(pieces.levels, [code(&[0, 3]), code(&[4]), step, code(&[2])]);
        assert_eq!((pieces.columns[5], pieces.count), (Some(5), 7));
    }
}
