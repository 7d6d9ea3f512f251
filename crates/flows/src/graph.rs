//! The order of nodes, and what stands in its way.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::FlowDefinition;

/// Which node reads from which; edges with an unknown end are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Graph {
    /// The nodes that each node reads from.
    pub(crate) above: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Draws the edges of a definition.
    pub(crate) fn of(definition: &FlowDefinition) -> Self {
        let mut above: BTreeMap<String, BTreeSet<String>> =
            definition.nodes.iter().map(|node| (node.id.clone(), BTreeSet::new())).collect();
        for edge in &definition.edges {
            let (from, to) = (edge.source().node, edge.target().node);
            if above.contains_key(&from)
                && let Some(sources) = above.get_mut(&to)
            {
                sources.insert(from);
            }
        }
        Self { above }
    }

    /// Nodes that can never run, because they wait for themselves or for one that does.
    pub(crate) fn find_stuck(&self) -> BTreeSet<String> {
        let mut stuck: BTreeSet<String> = self.above.keys().cloned().collect();
        loop {
            let free = |id: &&String| {
                self.above
                    .get(*id)
                    .is_none_or(|sources| sources.iter().all(|source| !stuck.contains(source)))
            };
            let done: Vec<String> = stuck.iter().filter(free).cloned().collect();
            if done.is_empty() {
                return stuck;
            }
            stuck.retain(|id| !done.contains(id));
        }
    }

    /// A circle among stuck nodes, each of which feeds the next and the last the first.
    pub(crate) fn find_cycle(&self, stuck: &BTreeSet<String>) -> Vec<String> {
        let Some(first) = stuck.first() else { return Vec::new() };
        let mut path = vec![first.clone()];
        loop {
            let Some(last) = path.last() else { return Vec::new() };
            let sources = self.above.get(last);
            let next = sources.and_then(|of| of.iter().find(|source| stuck.contains(*source)));
            let Some(next) = next else { return Vec::new() };
            if let Some(start) = path.iter().position(|id| id == next) {
                let mut cycle = path.split_off(start);
                // The path was walked against the edges.
                cycle.reverse();
                return cycle;
            }
            path.push(next.clone());
        }
    }

    /// `ids` and every node that reads from one of them, at whatever distance.
    pub(crate) fn derive_below(&self, ids: &BTreeSet<String>) -> BTreeSet<String> {
        let mut below = ids.clone();
        loop {
            let reads = |sources: &BTreeSet<String>| sources.iter().any(|id| below.contains(id));
            let more: Vec<String> = self
                .above
                .iter()
                .filter(|(id, sources)| !below.contains(*id) && reads(sources))
                .map(|(id, _)| id.clone())
                .collect();
            if more.is_empty() {
                return below;
            }
            below.extend(more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{FlowEdge, FlowNode};

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let node = |id: &str| FlowNode { id: id.into(), ..FlowNode::default() };
        let edge = |(from, to): &(&str, &str)| FlowEdge { from: (*from).into(), to: (*to).into() };
        Graph::of(&FlowDefinition {
            nodes: ["a", "b", "c", "d"].map(node).into(),
            edges: edges.iter().map(edge).collect(),
            ..FlowDefinition::default()
        })
    }

    #[test]
    fn a_circle_is_found_with_what_waits_behind_it() {
        let graph = graph(&[("a", "b.x"), ("b", "c.x"), ("c", "b.y"), ("c", "d.x")]);
        let stuck = graph.find_stuck();
        assert_eq!(stuck, ["b", "c", "d"].map(String::from).into());
        let mut cycle = graph.find_cycle(&stuck);
        cycle.sort();
        assert_eq!(cycle, ["b", "c"]);
    }

    #[test]
    fn what_can_run_is_not_stuck() {
        let graph = graph(&[("a", "b.x"), ("b", "c.x"), ("a", "c.y"), ("zz", "d.x")]);
        assert!(graph.find_stuck().is_empty());
        let below = graph.derive_below(&["b".to_owned()].into());
        assert_eq!(below, ["b", "c"].map(String::from).into());
    }
}
