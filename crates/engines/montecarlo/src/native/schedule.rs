//! The order in which code computes the values of a level: a value that would wait for its arguments
//! lets later ones go first, so that the processor, which looks a few hundred instructions ahead,
//! always finds some that it can begin.
//!
//! Invariant: a value comes after its arguments, and none is lost; of values that are ready the first
//! one goes first, so that few of them wait in registers.

use std::collections::VecDeque;

use super::lower::{Values, Way, Work};
use super::parts::find_node;

/// Values among which one is chosen: with more, results would wait for long in memory.
const AHEAD: usize = 256;

/// How long a value takes until others can read it, and how long it keeps the processor from the next
/// one, in cycles.
#[derive(Clone, Copy)]
struct Pace {
    latency: u32,
    cost: u32,
}

/// What operations take on processors with vectors of eight numbers, roughly.
const fn pace(work: &Work) -> Pace {
    let (latency, cost) = match work {
        Work::Add | Work::Subtract | Work::Multiply | Work::Least | Work::Greatest => (6, 1),
        Work::AddSnapped | Work::SubtractSnapped => (6, 2),
        Work::Negate | Work::Magnitude => (3, 1),
        Work::Divide | Work::DivideByAny => (24, 3),
        Work::Root => (40, 5),
        Work::Not | Work::Compare(_) | Work::All | Work::Any => (18, 3),
        Work::Choose => (12, 2),
        Work::ChooseBy(_) => (18, 3),
        Work::Round(_) => (75, 6),
        Work::CountBelow(_) | Work::Pick(_) | Work::LookUp(_) => (40, 10),
        Work::Require => (0, 1),
    };
    Pace { latency, cost }
}

/// Puts levels in order, one after the other.
pub(super) struct Scheduler<'v> {
    values: &'v Values,
    /// When nodes can be read; none for those of the level that are still to come.
    ready: Vec<Option<u32>>,
    now: u32,
}

impl<'v> Scheduler<'v> {
    pub(super) fn new(values: &'v Values) -> Self {
        Self { values, ready: vec![Some(0); values.nodes.len()], now: 0 }
    }

    /// The nodes of a level in a better order; those of others count as computed.
    pub(super) fn order(&mut self, code: &[usize]) -> Vec<usize> {
        self.mark(code, None);
        self.now = 0;
        let mut waiting: VecDeque<usize> = code.iter().copied().collect();
        let mut ordered = Vec::with_capacity(code.len());
        while let Some((place, start)) = self.choose(&waiting) {
            ordered.extend(waiting.remove(place).inspect(|node| self.begin(*node, start)));
        }
        self.mark(code, Some(0));
        ordered
    }

    fn mark(&mut self, code: &[usize], ready: Option<u32>) {
        code.iter().for_each(|node| self.ready[*node] = ready);
    }

    /// When the last argument of a node can be read; nothing if one is still to come.
    fn find_start(&self, node: usize) -> Option<u32> {
        let mut start = 0;
        for before in self.values.nodes[node].args.iter().filter_map(|a| find_node(self.values, *a))
        {
            start = start.max(self.ready[before]?);
        }
        Some(start)
    }

    /// Of nodes, the place of the first one that can begin, else of the one that can soonest.
    fn choose(&self, waiting: &VecDeque<usize>) -> Option<(usize, u32)> {
        let mut soonest: Option<(usize, u32)> = None;
        for (place, node) in waiting.iter().take(AHEAD).enumerate() {
            let Some(start) = self.find_start(*node) else { continue };
            if start <= self.now {
                return Some((place, self.now));
            }
            if soonest.is_none_or(|(_, found)| start < found) {
                soonest = Some((place, start));
            }
        }
        soonest
    }

    fn begin(&mut self, node: usize, start: u32) {
        let Pace { latency, cost } = match &self.values.nodes[node].way {
            Way::Code(work) => pace(work),
            Way::Step(_) => Pace { latency: 0, cost: 0 },
        };
        self.now = start.saturating_add(cost);
        self.ready[node] = Some(self.now.saturating_add(latency));
    }
}

#[cfg(test)]
mod tests {
    use super::super::lower::{Arg, Node};
    use super::*;

    #[test]
    fn a_value_that_waits_lets_others_go_first() {
        let node = |work: Work, args: &[u32]| Node {
            way: Way::Code(work),
            args: args.iter().map(|a| Arg::Value(*a)).collect(),
        };
        // One input; 1 = 0 / 0, 2 = 1 + 0, 3 = 0 * 0, 4 = 3 + 0, 5 = 2 + 4.
        let nodes = vec![
            node(Work::Divide, &[0, 0]),
            node(Work::Add, &[1, 0]),
            node(Work::Multiply, &[0, 0]),
            node(Work::Add, &[3, 0]),
            node(Work::Add, &[2, 4]),
        ];
        let values = Values { inputs: 1, nodes, outputs: vec![Arg::Value(5)] };
        let mut scheduler = Scheduler::new(&values);
        assert_eq!(scheduler.order(&[0, 1, 2, 3, 4]), [0, 2, 3, 1, 4]);
        assert_eq!(scheduler.order(&[1, 4]), [1, 4], "what others compute is there");
    }

    #[test]
    fn a_long_level_keeps_every_value_behind_its_arguments() {
        let nodes = (0..1000_u32).map(|n| Node {
            way: Way::Code(if n % 7 == 0 { Work::Divide } else { Work::Multiply }),
            args: vec![Arg::Value(n / 2), Arg::Value(n - n % 3)],
        });
        let values = Values { inputs: 1, nodes: nodes.collect(), outputs: Vec::new() };
        let order = Scheduler::new(&values).order(&(0..1000).collect::<Vec<_>>());
        let mut place = vec![0; 1000];
        for (at, node) in order.iter().enumerate() {
            place[*node] = at + 1;
        }
        assert!(place.iter().all(|at| *at > 0), "none is lost");
        for (n, node) in values.nodes.iter().enumerate() {
            let before = node.args.iter().filter_map(|arg| find_node(&values, *arg));
            assert!(before.into_iter().all(|b| place[b] < place[n]), "{n}");
        }
    }
}
