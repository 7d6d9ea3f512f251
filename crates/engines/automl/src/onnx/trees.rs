//! Trees as one node of the operator `TreeEnsembleRegressor`.
//!
//! A decision by codes becomes a chain of tests for equality whose hits share one subtree, which
//! is how runtimes know sets.

use gantry_learn::{TreeNode, TreesView};

use super::graph::{Attribute, Graph};

/// How the leaves of all trees become an output.
#[derive(Clone, Copy)]
pub(super) enum Fold {
    Mean,
    /// Trees serve so many outputs in turn.
    Sum {
        outputs: usize,
    },
}

const EQUAL: &str = "BRANCH_EQ";
const UP_TO: &str = "BRANCH_LEQ";
const LEAF: &str = "LEAF";

/// The lists that describe all nodes of all trees.
#[derive(Default)]
struct Nodes {
    trees: Vec<i64>,
    ids: Vec<i64>,
    features: Vec<i64>,
    limits: Vec<f64>,
    modes: Vec<&'static str>,
    hits: Vec<i64>,
    misses: Vec<i64>,
    missing_hits: Vec<i64>,
}

#[derive(Default)]
struct Targets {
    trees: Vec<i64>,
    ids: Vec<i64>,
    outputs: Vec<i64>,
    weights: Vec<f64>,
}

/// A test of one value.
struct Test {
    feature: usize,
    mode: &'static str,
    limit: f64,
    missing_hits: bool,
}

impl Nodes {
    fn push(&mut self, tree: i64, id: i64, test: &Test, (hit, miss): (i64, i64)) {
        self.trees.push(tree);
        self.ids.push(id);
        self.features.push(test.feature as i64);
        self.limits.push(test.limit);
        self.modes.push(test.mode);
        self.hits.push(hit);
        self.misses.push(miss);
        self.missing_hits.push(i64::from(test.missing_hits));
    }
}

/// Adds the trees; the output is rows × outputs, of single precision.
pub(super) fn add_trees(
    graph: &mut Graph,
    view: &TreesView<'_>,
    fold: Fold,
    features: &str,
) -> String {
    let (mut nodes, mut targets) = (Nodes::default(), Targets::default());
    for tree in 0..view.count() {
        let first_output = match fold {
            Fold::Mean => 0,
            Fold::Sum { outputs } => tree % outputs.max(1),
        };
        write_tree(&view.nodes(tree), (tree as i64, first_output), &mut nodes, &mut targets);
    }
    let (outputs, aggregate) = match fold {
        Fold::Mean => (view.width(), "AVERAGE"),
        Fold::Sum { outputs } => (outputs, "SUM"),
    };
    let attributes = [
        ("n_targets", Attribute::Int(outputs as i64)),
        ("aggregate_function", Attribute::Text(aggregate)),
        ("post_transform", Attribute::Text("NONE")),
        ("nodes_treeids", Attribute::Ints(&nodes.trees)),
        ("nodes_nodeids", Attribute::Ints(&nodes.ids)),
        ("nodes_featureids", Attribute::Ints(&nodes.features)),
        ("nodes_values_as_tensor", Attribute::Doubles(&nodes.limits)),
        ("nodes_modes", Attribute::Texts(&nodes.modes)),
        ("nodes_truenodeids", Attribute::Ints(&nodes.hits)),
        ("nodes_falsenodeids", Attribute::Ints(&nodes.misses)),
        ("nodes_missing_value_tracks_true", Attribute::Ints(&nodes.missing_hits)),
        ("target_treeids", Attribute::Ints(&targets.trees)),
        ("target_nodeids", Attribute::Ints(&targets.ids)),
        ("target_ids", Attribute::Ints(&targets.outputs)),
        ("target_weights_as_tensor", Attribute::Doubles(&targets.weights)),
    ];
    graph.node("TreeEnsembleRegressor", &[features], &attributes)
}

fn write_tree(
    tree: &[TreeNode<'_>],
    (number, first_output): (i64, usize),
    nodes: &mut Nodes,
    targets: &mut Targets,
) {
    let ids = derive_ids(tree);
    let id_of = |place: usize| ids.get(place).copied().unwrap_or_default();
    for (node, id) in tree.iter().zip(&ids) {
        let id = *id;
        match node {
            TreeNode::Leaf { values } => {
                let test = Test { feature: 0, mode: LEAF, limit: 0.0, missing_hits: false };
                nodes.push(number, id, &test, (0, 0));
                for (value, output) in values.iter().zip(first_output..) {
                    targets.trees.push(number);
                    targets.ids.push(id);
                    targets.outputs.push(output as i64);
                    targets.weights.push(f64::from(*value));
                }
            }
            TreeNode::Limit { feature, limit, missing_left, left } => {
                let limit = limit.min(f64::MAX);
                let missing_hits = *missing_left;
                let test = Test { feature: *feature, mode: UP_TO, limit, missing_hits };
                nodes.push(number, id, &test, (id_of(*left), id_of(left + 1)));
            }
            TreeNode::Codes { feature, codes, inside_left, left } => {
                let sides = (id_of(*left), id_of(left + 1));
                let (inside, outside) = if *inside_left { sides } else { (sides.1, sides.0) };
                let mut test =
                    Test { feature: *feature, mode: EQUAL, limit: 0.0, missing_hits: false };
                for (place, code) in codes.iter().enumerate() {
                    test.limit = f64::from(*code) + 1.0;
                    let at = id + place as i64;
                    let next = if place + 1 == codes.len() { outside } else { at + 1 };
                    nodes.push(number, at, &test, (inside, next));
                }
                if codes.is_empty() {
                    // No value is below this: everything goes to the other side.
                    let test = Test { mode: UP_TO, limit: -1.0, ..test };
                    nodes.push(number, id, &test, (inside, outside));
                }
            }
        }
    }
}

/// The first of the numbers that each node takes.
fn derive_ids(tree: &[TreeNode<'_>]) -> Vec<i64> {
    let mut next = 0;
    let take = |node: &TreeNode<'_>| {
        let first = next;
        next += match node {
            TreeNode::Leaf { .. } | TreeNode::Limit { .. } => 1,
            TreeNode::Codes { codes, .. } => codes.len().max(1) as i64,
        };
        first
    };
    tree.iter().map(take).collect()
}
