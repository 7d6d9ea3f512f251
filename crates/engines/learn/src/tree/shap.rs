//! Shapley values of one tree's prediction, exact for the tree's own view of the data: where a
//! column is unknown, both branches count by the rows that took them (Lundberg et al., "From local
//! explanations to global understanding with explainable AI for trees", 2020, algorithm 2).
//!
//! Invariant: the contributions of a row and the tree's mean sum to what the tree predicts.

use super::{LEAF, Trees};

/// Weight that an empty leaf counts as, so that its branch is never divided by nothing.
const LEAST_WEIGHT: f64 = 1e-6;

/// Weight of the rows of every node.
pub(crate) struct Covers(Vec<f64>);

/// A column on the way from the root, with how much of the row's known and unknown values pass.
#[derive(Clone, Copy)]
struct Step {
    feature: usize,
    unknown: f64,
    known: f64,
    /// Share of the subsets of columns of each size that lead here.
    share: f64,
}

/// A node still to be visited.
struct Open {
    node: u32,
    path: Vec<Step>,
    next: Step,
}

impl Trees {
    pub(crate) fn covers(&self) -> Covers {
        let mut covers = vec![0.0; self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate().rev() {
            covers[at] = if node.feature == LEAF {
                f64::from(self.weights[node.target as usize]).max(LEAST_WEIGHT)
            } else {
                let (left, _) = self.decide(*node, 0, 0);
                covers[left as usize] + covers[left as usize + 1]
            };
        }
        Covers(covers)
    }

    /// Adds the mean leaf values of a tree over the rows of the fit.
    pub(crate) fn add_mean(&self, tree: usize, covers: &Covers, out: &mut [f64]) {
        let root = self.roots[tree] as usize;
        let end = self.roots.get(tree + 1).map_or(self.nodes.len(), |next| *next as usize);
        for at in (root..end).filter(|at| self.nodes[*at].feature == LEAF) {
            let share = covers.0[at] / covers.0[root];
            let values = self.leaf_values(self.nodes[at].target);
            out.iter_mut().zip(values).for_each(|(slot, v)| *slot += share * f64::from(*v));
        }
    }

    fn leaf_values(&self, leaf: u32) -> &[f32] {
        &self.values[leaf as usize * self.width..][..self.width]
    }

    /// Adds the contributions of a row's columns to one tree's prediction; `out` is columns ×
    /// leaf values, row-major.
    pub(crate) fn add_contributions(
        &self,
        tree: usize,
        covers: &Covers,
        (bins, missing): (&[u16], &[u16]),
        out: &mut [f64],
    ) {
        let root = Step { feature: usize::MAX, unknown: 1.0, known: 1.0, share: 1.0 };
        let mut open = vec![Open { node: self.roots[tree], path: Vec::new(), next: root }];
        while let Some(Open { node: at, mut path, next }) = open.pop() {
            extend(&mut path, next);
            let node = self.nodes[at as usize];
            if node.feature == LEAF {
                self.add_leaf(node.target, &path, out);
                continue;
            }
            let feature = usize::from(node.feature);
            let (left, goes_left) = self.decide(node, bins[feature], missing[feature]);
            let mut known = (1.0, 1.0);
            if let Some(place) = path.iter().position(|step| step.feature == feature) {
                known = (path[place].unknown, path[place].known);
                unwind(&mut path, place);
            }
            for (child, passes) in [(left, goes_left), (left + 1, !goes_left)] {
                let share = covers.0[child as usize] / covers.0[at as usize];
                let next = Step {
                    feature,
                    unknown: known.0 * share,
                    known: if passes { known.1 } else { 0.0 },
                    share: 0.0,
                };
                open.push(Open { node: child, path: path.clone(), next });
            }
        }
    }

    fn add_leaf(&self, leaf: u32, path: &[Step], out: &mut [f64]) {
        let values = self.leaf_values(leaf);
        for (place, step) in path.iter().enumerate().skip(1) {
            let share = unwound_sum(path, place) * (step.known - step.unknown);
            let slots = &mut out[step.feature * self.width..][..self.width];
            slots.iter_mut().zip(values).for_each(|(slot, v)| *slot += share * f64::from(*v));
        }
    }
}

/// Adds a column to the path.
fn extend(path: &mut Vec<Step>, next: Step) {
    let depth = path.len();
    path.push(Step { share: if depth == 0 { 1.0 } else { 0.0 }, ..next });
    for i in (0..depth).rev() {
        let share = path[i].share / (depth + 1) as f64;
        path[i + 1].share += next.known * share * (i + 1) as f64;
        path[i].share = next.unknown * share * (depth - i) as f64;
    }
}

/// Takes a column out of the path as if it had never been added.
fn unwind(path: &mut Vec<Step>, place: usize) {
    let Some(depth) = path.len().checked_sub(1) else { return };
    let Step { unknown, known, .. } = path[place];
    let mut carried = path[depth].share;
    for i in (0..depth).rev() {
        if known != 0.0 {
            let before = path[i].share;
            path[i].share = carried * (depth + 1) as f64 / ((i + 1) as f64 * known);
            carried = before - path[i].share * unknown * (depth - i) as f64 / (depth + 1) as f64;
        } else {
            path[i].share = path[i].share * (depth + 1) as f64 / (unknown * (depth - i) as f64);
        }
    }
    for i in place..depth {
        let after = path[i + 1];
        path[i] = Step { share: path[i].share, ..after };
    }
    path.pop();
}

/// Sum of the shares that [`unwind`] would leave.
fn unwound_sum(path: &[Step], place: usize) -> f64 {
    let Some(depth) = path.len().checked_sub(1) else { return 0.0 };
    let Step { unknown, known, .. } = path[place];
    let mut carried = path[depth].share;
    let mut sum = 0.0;
    for i in (0..depth).rev() {
        if known != 0.0 {
            let share = carried / ((i + 1) as f64 * known);
            sum += share;
            carried = path[i].share - share * unknown * (depth - i) as f64;
        } else {
            sum += path[i].share / (unknown * (depth - i) as f64);
        }
    }
    sum * (depth + 1) as f64
}
