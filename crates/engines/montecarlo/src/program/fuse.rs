//! Joins operations into chains: a value that is used once is carried to where it is used.
//!
//! Invariant: an operation moves only behind its arguments, to the place of its only use.

use std::collections::HashMap;

use crate::chain::{Act, Link, MAX_LINKS, Side, derive_links};
use crate::ssa::{Graph, NodeId, Op, Snap};

/// A node in its place in the order.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) id: NodeId,
    pub(super) op: Op,
    pub(super) args: Vec<NodeId>,
}

/// The steps of a program in order.
pub(super) fn fuse(graph: &Graph, order: &[NodeId], outputs: &[NodeId]) -> Vec<Step> {
    let mut uses: HashMap<NodeId, usize> = HashMap::new();
    for arg in order.iter().flat_map(|id| &graph.node(*id).args).chain(outputs) {
        *uses.entry(*arg).or_default() += 1;
    }
    let mut fusion = Fusion { graph, uses, open: HashMap::new() };
    let mut steps: Vec<Option<Step>> = Vec::with_capacity(order.len());
    for id in order {
        let place = steps.len();
        let step = fusion.step(*id, &mut steps);
        if matches!(step.op, Op::Chain(_)) && fusion.uses.get(id) == Some(&1) {
            fusion.open.insert(*id, place);
        }
        steps.push(Some(step));
    }
    steps.into_iter().flatten().collect()
}

struct Fusion<'g> {
    graph: &'g Graph,
    uses: HashMap<NodeId, usize>,
    /// Chains whose value is used once, and that is still to come.
    open: HashMap<NodeId, usize>,
}

impl Fusion<'_> {
    fn step(&mut self, id: NodeId, steps: &mut [Option<Step>]) -> Step {
        let node = self.graph.node(id);
        let links = derive_links(&node.op, node.args.len());
        let Some((place, link)) = self.choose(&links, &node.args, steps) else {
            return Step { id, op: node.op.clone(), args: node.args.to_vec() };
        };
        let carried = node.args[place];
        let mut others = node.args.to_vec();
        others.remove(place);
        let (mut chain, mut args) = self.take(carried, steps).unwrap_or((vec![], vec![carried]));
        let link = self.with_product(link, &mut others, steps);
        chain.push(link);
        args.extend(others);
        Step { id, op: Op::Chain(chain.into()), args }
    }

    /// The argument that ends the longest chain; else the first that is no constant.
    fn choose(
        &self,
        links: &[(usize, Link)],
        args: &[NodeId],
        steps: &[Option<Step>],
    ) -> Option<(usize, Link)> {
        let length = |place: usize| self.length(args[place], steps);
        let longest = links.iter().copied().filter(|(place, _)| length(*place) > 0);
        // Of equally long ones the first.
        longest.rev().max_by_key(|(place, _)| length(*place)).or_else(|| {
            let known = |place: usize| self.graph.find_constant(args[place]).is_some();
            links.iter().copied().find(|(place, _)| !known(*place))
        })
    }

    /// The links of a chain that can go on.
    fn length(&self, id: NodeId, steps: &[Option<Step>]) -> usize {
        let step = self.open.get(&id).and_then(|place| steps[*place].as_ref());
        match step.map(|s| &s.op) {
            Some(Op::Chain(links)) if links.len() < MAX_LINKS => links.len(),
            _ => 0,
        }
    }

    fn take(&mut self, id: NodeId, steps: &mut [Option<Step>]) -> Option<(Vec<Link>, Vec<NodeId>)> {
        if self.length(id, steps) == 0 {
            return None;
        }
        let step = self.open.remove(&id).and_then(|place| steps[place].take())?;
        let Op::Chain(links) = step.op else { return None };
        Some((links.to_vec(), step.args))
    }

    /// The same link with the factors of a product in place of the product.
    fn with_product(
        &mut self,
        link: Link,
        others: &mut Vec<NodeId>,
        steps: &mut [Option<Step>],
    ) -> Link {
        let act = match (link.act, link.side) {
            (Act::Add(snap), Side::Left) => Act::AddProduct(snap),
            (Act::Add(Snap::No), Side::Right) => Act::AddProduct(Snap::No),
            (Act::Subtract(snap), Side::Left) => Act::SubtractProduct(snap),
            _ => return link,
        };
        let [other] = others.as_slice() else { return link };
        let place = self.open.get(other).copied();
        let is_product = |step: &Step| matches!(&step.op, Op::Chain(links) if matches!(links.as_ref(), [Link { act: Act::Multiply, .. }]));
        let Some(place) = place.filter(|p| steps[*p].as_ref().is_some_and(is_product)) else {
            return link;
        };
        self.open.remove(other);
        if let Some(product) = steps[place].take() {
            *others = product.args;
        }
        Link { act, side: Side::Left }
    }
}
