//! Gaps filled from similar rows, as a graph that is repeated for each row.
//!
//! Invariant: distances are added up column by column, as [`gantry_learn::impute`] does, so that
//! the same rows are the nearest.

use gantry_learn::impute::NeighborsImputer;

use super::graph::{Attribute, Graph, Scalar};
use super::learner::DOUBLE;
use crate::preprocess::Preprocessor;

/// Farther than every row.
const BEYOND: f64 = 1e300;

/// For each column that other columns fill, its numbers without gaps, rows × 1.
pub(super) fn add_filled(
    graph: &mut Graph,
    preprocessor: &Preprocessor,
    inputs: &[&str],
) -> Vec<Option<String>> {
    let mut filled = vec![None; inputs.len()];
    let Some(joint) = preprocessor.find_joint() else { return filled };
    let names: Vec<&str> =
        joint.columns().iter().filter_map(|at| inputs.get(*at).copied()).collect();
    let together = graph.node("Concat", &names, &[("axis", Attribute::Int(1))]);
    let scales = graph.doubles(&[1, joint.scales().len() as i64], joint.scales());
    let scaled = graph.node("Div", &[&together, &scales], &[]);
    let whole = add_each_row(graph, joint.imputer(), &scaled);
    let whole = graph.node("Mul", &[&whole, &scales], &[]);
    for (place, column) in joint.columns().iter().zip(0_i64..) {
        if let Some(slot) = filled.get_mut(*place) {
            let at = graph.ints(&[1], &[column]);
            *slot = Some(graph.node("Gather", &[&whole, &at], &[("axis", Attribute::Int(1))]));
        }
    }
    filled
}

fn add_each_row(graph: &mut Graph, imputer: &NeighborsImputer, scaled: &str) -> String {
    let known = Known::add(graph, imputer);
    let point = graph.reserve("row");
    let body = graph.body(&[(&point, Scalar::Double)], &[Scalar::Double], |graph| {
        let gap = graph.node("IsNaN", &[&point], &[]);
        let distances = known.add_distances(graph, (&point, &gap));
        let fills: Vec<String> = (0..imputer.rows().len())
            .map(|column| known.add_fill(graph, imputer, (column, &distances)))
            .collect();
        let names: Vec<&str> = fills.iter().map(String::as_str).collect();
        let fills = graph.node("Concat", &names, &[("axis", Attribute::Int(0))]);
        vec![graph.node("Where", &[&gap, &fills, &point], &[])]
    });
    let attributes = [("num_scan_inputs", Attribute::Int(1)), ("body", Attribute::Body(&body))];
    graph.node("Scan", &[scaled], &attributes)
}

/// The rows that fill gaps, columns × rows.
struct Known {
    columns: usize,
    rows: usize,
    /// 0 where one is missing.
    values: String,
    /// 1 where there is one.
    presence: String,
    zero: String,
    one: String,
    beyond: String,
}

impl Known {
    fn add(graph: &mut Graph, imputer: &NeighborsImputer) -> Self {
        let (columns, rows) =
            (imputer.rows().len(), imputer.rows().first().map_or(0, |column| column.len()));
        let all = || imputer.rows().iter().flatten();
        let values: Vec<f64> = all().map(|value| value.unwrap_or_default()).collect();
        let presence: Vec<f64> = all().map(|value| f64::from(u8::from(value.is_some()))).collect();
        let shape = [columns as i64, rows as i64];
        Self {
            columns,
            rows,
            values: graph.doubles(&shape, &values),
            presence: graph.doubles(&shape, &presence),
            zero: graph.doubles(&[1], &[0.0]),
            one: graph.doubles(&[1], &[1.0]),
            beyond: graph.doubles(&[1], &[BEYOND]),
        }
    }

    /// Squared distances, scaled up for columns that are not shared.
    fn add_distances(&self, graph: &mut Graph, (point, gap): (&str, &str)) -> String {
        let upright = graph.ints(&[2], &[-1, 1]);
        let center = graph.node("Where", &[gap, &self.zero, point], &[]);
        let center = graph.node("Reshape", &[&center, &upright], &[]);
        let has = graph.node("Not", &[gap], &[]);
        let has = graph.node("Cast", &[&has], &[("to", DOUBLE)]);
        let has = graph.node("Reshape", &[&has, &upright], &[]);
        let shared = graph.node("Mul", &[&self.presence, &has], &[]);
        let apart = graph.node("Sub", &[&self.values, &center], &[]);
        let squares = graph.node("Mul", &[&apart, &apart], &[]);
        let squares = graph.node("Mul", &[&squares, &shared], &[]);
        let sum = self.add_whole(graph, &squares);
        let shared = self.add_whole(graph, &shared);
        let width = graph.doubles(&[1], &[self.columns as f64]);
        let scaled = graph.node("Mul", &[&sum, &width], &[]);
        let divisor = graph.node("Max", &[&shared, &self.one], &[]);
        let scaled = graph.node("Div", &[&scaled, &divisor], &[]);
        let meets = graph.node("Greater", &[&shared, &self.zero], &[]);
        graph.node("Where", &[&meets, &scaled, &self.beyond], &[])
    }

    /// The sum over the columns, one after the other.
    fn add_whole(&self, graph: &mut Graph, values: &str) -> String {
        let axis = graph.ints(&[], &[0]);
        let grown = graph.node("CumSum", &[values, &axis], &[]);
        let last = graph.ints(&[], &[self.columns as i64 - 1]);
        graph.node("Gather", &[&grown, &last], &[])
    }

    /// What fills a gap of one column, a list of one number.
    fn add_fill(
        &self,
        graph: &mut Graph,
        imputer: &NeighborsImputer,
        (column, distances): (usize, &str),
    ) -> String {
        let mean = imputer.means().get(column).copied().unwrap_or_default();
        let mean = graph.doubles(&[1], &[mean]);
        let place = graph.ints(&[], &[column as i64]);
        let values = graph.node("Gather", &[&self.values, &place], &[]);
        let presence = graph.node("Gather", &[&self.presence, &place], &[]);
        let has = graph.node("Greater", &[&presence, &self.zero], &[]);
        let apart = graph.node("Where", &[&has, distances, &self.beyond], &[]);
        let count = graph.ints(&[1], &[imputer.count().min(self.rows) as i64]);
        let [near, at] = ["near", "place"].map(|name| graph.reserve(name));
        let attributes = [("largest", Attribute::Int(0)), ("sorted", Attribute::Int(1))];
        graph.node_to_all("TopK", &[&apart, &count], &attributes, &[&near, &at]);
        let is_near = graph.node("Less", &[&near, &self.beyond], &[]);
        let counts = graph.node("Cast", &[&is_near], &[("to", DOUBLE)]);
        let chosen = graph.node("Gather", &[&values, &at], &[]);
        let chosen = graph.node("Mul", &[&chosen, &counts], &[]);
        let sum = graph.node("ReduceSum", &[&chosen], &[]);
        let total = graph.node("ReduceSum", &[&counts], &[]);
        let divisor = graph.node("Max", &[&total, &self.one], &[]);
        let share = graph.node("Div", &[&sum, &divisor], &[]);
        let told = graph.node("Greater", &[&total, &self.zero], &[]);
        graph.node("Where", &[&told, &share, &mean], &[])
    }
}
