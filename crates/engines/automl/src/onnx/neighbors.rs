//! Nearest neighbours as a graph that is repeated for each row.
//!
//! Invariant: distances are added up in the order of [`gantry_learn`], so that rows that are
//! equally far there are equally far here, and the earlier one wins in both.

use gantry_learn::Matrix;
use gantry_learn::neighbors::{NeighborsView, Vote};

use super::graph::{Attribute, Graph, Scalar};
use super::learner::DOUBLE;

/// Columns whose squared distances are added up before they join the sum.
const TOGETHER: usize = 4;

/// Probabilities, rows × classes.
pub(super) fn add_classifier(
    graph: &mut Graph,
    (view, classes): (&NeighborsView<'_>, usize),
    features: &str,
) -> String {
    add_each_row(graph, view, features, |graph, votes, targets| {
        let codes: Vec<f64> = (0..classes).map(|class| class as f64).collect();
        let codes = graph.doubles(&[1, classes as i64], &codes);
        let column = add_shape(graph, targets, &[-1, 1]);
        let is_class = graph.node("Equal", &[&column, &codes], &[]);
        let is_class = graph.node("Cast", &[&is_class], &[("to", DOUBLE)]);
        let row = add_shape(graph, votes, &[1, -1]);
        let sums = graph.node("MatMul", &[&row, &is_class], &[]);
        let sums = add_shape(graph, &sums, &[classes as i64]);
        let even = graph.doubles(&[1], &[1.0 / classes as f64]);
        add_share(graph, (&sums, votes), &even)
    })
}

/// Predictions, rows × 1.
pub(super) fn add_regressor(graph: &mut Graph, view: &NeighborsView<'_>, features: &str) -> String {
    add_each_row(graph, view, features, |graph, votes, targets| {
        let products = graph.node("Mul", &[votes, targets], &[]);
        let sum = graph.node("ReduceSum", &[&products], &[]);
        let plain = graph.node("ReduceMean", &[targets], &[]);
        add_share(graph, (&sum, votes), &plain)
    })
}

/// Sums divided by the sum of the votes; `otherwise` where no neighbour has a vote.
fn add_share(graph: &mut Graph, (sums, votes): (&str, &str), otherwise: &str) -> String {
    let axes = graph.ints(&[1], &[0]);
    let total = graph.node("ReduceSum", &[votes, &axes], &[]);
    let none = graph.doubles(&[1], &[0.0]);
    let is_told = graph.node("Greater", &[&total, &none], &[]);
    let one = graph.doubles(&[1], &[1.0]);
    let divisor = graph.node("Where", &[&is_told, &total, &one], &[]);
    let share = graph.node("Div", &[sums, &divisor], &[]);
    graph.node("Where", &[&is_told, &share, otherwise], &[])
}

/// Repeats for each row what `conclude` makes of the votes and the targets of the nearest.
fn add_each_row(
    graph: &mut Graph,
    view: &NeighborsView<'_>,
    features: &str,
    conclude: impl FnOnce(&mut Graph, &str, &str) -> String,
) -> String {
    let groups = Groups::add(graph, view.x);
    let point = graph.reserve("point");
    let body = graph.body(&[(&point, Scalar::Double)], &[Scalar::Double], |graph| {
        let distances = groups.add_distances(graph, &point);
        let nearest = [graph.reserve("near"), graph.reserve("place")];
        let count = graph.ints(&[1], &[view.params.count as i64]);
        let attributes = [("largest", Attribute::Int(0)), ("sorted", Attribute::Int(1))];
        let [near, place] = [&*nearest[0], &*nearest[1]];
        graph.node_to_all("TopK", &[&distances, &count], &attributes, &[near, place]);
        let rows = view.targets.len() as i64;
        let [targets, weights] = [view.targets, view.weights].map(|values| {
            let values = graph.doubles(&[rows], values);
            graph.node("Gather", &[&values, place], &[])
        });
        let votes = match view.params.vote {
            Vote::Uniform => weights,
            Vote::Distance => {
                let closeness = add_closeness(graph, near);
                graph.node("Mul", &[&closeness, &weights], &[])
            }
        };
        vec![conclude(graph, &votes, &targets)]
    });
    let attributes = [("num_scan_inputs", Attribute::Int(1)), ("body", Attribute::Body(&body))];
    graph.node("Scan", &[features], &attributes)
}

/// The inverse of distances, or 1 for each that is 0 and 0 for the others if there are any.
fn add_closeness(graph: &mut Graph, squares: &str) -> String {
    let none = graph.doubles(&[1], &[0.0]);
    let is_here = graph.node("Equal", &[squares, &none], &[]);
    let here = graph.node("Cast", &[&is_here], &[("to", DOUBLE)]);
    let most = graph.node("ReduceMax", &[&here], &[]);
    let touches = graph.node("Greater", &[&most, &none], &[]);
    let one = graph.doubles(&[1], &[1.0]);
    let above = graph.node("Where", &[&is_here, &one, squares], &[]);
    let root = graph.node("Sqrt", &[&above], &[]);
    let inverse = graph.node("Div", &[&one, &root], &[]);
    graph.node("Where", &[&touches, &here, &inverse], &[])
}

fn add_shape(graph: &mut Graph, value: &str, shape: &[i64]) -> String {
    let shape = graph.ints(&[shape.len() as i64], shape);
    graph.node("Reshape", &[value, &shape], &[])
}

/// The rows as groups of columns, transposed: the first columns of all groups, the second ones, and
/// so on. What is left of the columns makes a group each, filled with a column of zeros.
struct Groups {
    count: usize,
    /// Place of the columns in a row that has a zero behind its end, and their values.
    parts: Vec<(String, String)>,
    zero: String,
}

impl Groups {
    fn add(graph: &mut Graph, x: &Matrix) -> Self {
        let width = x.width();
        let whole = width / TOGETHER * TOGETHER;
        let mut groups: Vec<Vec<usize>> =
            (0..whole).step_by(TOGETHER).map(|at| (at..at + TOGETHER).collect()).collect();
        groups.extend((whole..width).map(|column| {
            let mut group = vec![width; TOGETHER];
            group[0] = column;
            group
        }));
        let count = groups.len();
        let parts = (0..TOGETHER)
            .map(|at| {
                let columns: Vec<usize> = groups.iter().map(|group| group[at]).collect();
                let mut values = Vec::with_capacity(count * x.rows());
                for column in &columns {
                    match x.columns().get(*column) {
                        Some(column) => values.extend_from_slice(column.values()),
                        None => values.extend(std::iter::repeat_n(0.0, x.rows())),
                    }
                }
                let places: Vec<i64> = columns.iter().map(|column| *column as i64).collect();
                let places = graph.ints(&[count as i64], &places);
                (places, graph.doubles(&[count as i64, x.rows() as i64], &values))
            })
            .collect();
        Self { count, parts, zero: graph.doubles(&[1], &[0.0]) }
    }

    /// Squared distances of a row to all rows.
    fn add_distances(&self, graph: &mut Graph, point: &str) -> String {
        let longer = graph.node("Concat", &[point, &self.zero], &[("axis", Attribute::Int(0))]);
        let squares: Vec<String> = self
            .parts
            .iter()
            .map(|(places, values)| {
                let centers = graph.node("Gather", &[&longer, places], &[]);
                let centers = add_shape(graph, &centers, &[-1, 1]);
                let apart = graph.node("Sub", &[values, &centers], &[]);
                graph.node("Mul", &[&apart, &apart], &[])
            })
            .collect();
        let pairs: Vec<String> = squares
            .chunks(2)
            .map(|pair| {
                let names: Vec<&str> = pair.iter().map(String::as_str).collect();
                graph.node("Add", &names, &[])
            })
            .collect();
        let names: Vec<&str> = pairs.iter().map(String::as_str).collect();
        let sums = graph.node("Add", &names, &[]);
        let axis = graph.ints(&[], &[0]);
        // Sums that grow from group to group keep the order; the last one is whole.
        let grown = graph.node("CumSum", &[&sums, &axis], &[]);
        let last = graph.ints(&[], &[self.count as i64 - 1]);
        graph.node("Gather", &[&grown, &last], &[])
    }
}
