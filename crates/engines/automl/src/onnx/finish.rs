//! What is done with the predictions of the members, as nodes of a graph: a second layer, and
//! curves that calibrate probabilities.

use gantry_learn::calibration::{Curve, EDGE};

use super::graph::{Attribute, Graph};
use super::learner::{add_complement, add_learner};
use crate::error::AutomlError;
use crate::model::{Finish, FittedLearner, Stack};

/// Adds a second layer over the predictions of members.
pub(super) fn add_stack(
    graph: &mut Graph,
    stack: &Stack,
    members: &[String],
) -> Result<String, AutomlError> {
    let is_classes = matches!(stack.learner(), FittedLearner::Logistic(_));
    let mut features = Vec::with_capacity(members.len());
    let center = graph.doubles(&[1], &[stack.center]);
    let scale = graph.doubles(&[1], &[stack.scale]);
    for member in members {
        if is_classes {
            // All classes but the first.
            let [from, to, axis] = [1, i64::MAX, 1].map(|bound| graph.ints(&[1], &[bound]));
            let rest = graph.node("Slice", &[member, &from, &to, &axis], &[]);
            features.push(add_logit(graph, &rest));
        } else {
            let moved = graph.node("Sub", &[member, &center], &[]);
            features.push(graph.node("Div", &[&moved, &scale], &[]));
        }
    }
    let names: Vec<&str> = features.iter().map(String::as_str).collect();
    let together = graph.node("Concat", &names, &[("axis", Attribute::Int(1))]);
    let found = add_learner(graph, stack.learner(), &together)?;
    if is_classes {
        return Ok(found);
    }
    let scaled = graph.node("Mul", &[&found, &scale], &[]);
    Ok(graph.node("Add", &[&scaled, &center], &[]))
}

fn add_logit(graph: &mut Graph, p: &str) -> String {
    let [low, high] = [EDGE, 1.0 - EDGE].map(|edge| graph.doubles(&[], &[edge]));
    let inside = graph.node("Clip", &[p, &low, &high], &[]);
    let one = graph.doubles(&[1], &[1.0]);
    let rest = graph.node("Sub", &[&one, &inside], &[]);
    let odds = graph.node("Div", &[&inside, &rest], &[]);
    graph.node("Log", &[&odds], &[])
}

/// Adds the calibration, if there is one, and returns the name of the predictions.
pub(super) fn add_calibration(graph: &mut Graph, finish: &Finish, predictions: &str) -> String {
    let Some(calibration) = &finish.calibration else { return predictions.to_owned() };
    if let [only] = calibration.curves() {
        let second = add_column(graph, predictions, 1);
        let mapped = add_curve(graph, only, &second);
        return add_complement(graph, &mapped);
    }
    let mapped: Vec<String> = (0_i64..)
        .zip(calibration.curves())
        .map(|(class, curve)| {
            let column = add_column(graph, predictions, class);
            add_curve(graph, curve, &column)
        })
        .collect();
    let names: Vec<&str> = mapped.iter().map(String::as_str).collect();
    let together = graph.node("Concat", &names, &[("axis", Attribute::Int(1))]);
    let axes = graph.ints(&[1], &[1]);
    let sum = graph.node("ReduceSum", &[&together, &axes], &[("keepdims", Attribute::Int(1))]);
    let least = graph.doubles(&[1], &[f64::MIN_POSITIVE]);
    let sum = graph.node("Max", &[&sum, &least], &[]);
    graph.node("Div", &[&together, &sum], &[])
}

/// One column of probabilities, rows × 1.
fn add_column(graph: &mut Graph, predictions: &str, class: i64) -> String {
    let place = graph.ints(&[1], &[class]);
    graph.node("Gather", &[predictions, &place], &[("axis", Attribute::Int(1))])
}

fn add_curve(graph: &mut Graph, curve: &Curve, p: &str) -> String {
    match curve {
        Curve::Sigmoid { slope, offset } => {
            let logit = add_logit(graph, p);
            let slope = graph.doubles(&[1], &[*slope]);
            let offset = graph.doubles(&[1], &[*offset]);
            let scaled = graph.node("Mul", &[&logit, &slope], &[]);
            let moved = graph.node("Add", &[&scaled, &offset], &[]);
            graph.node("Sigmoid", &[&moved], &[])
        }
        Curve::Steps { from, to } => add_steps(graph, (from, to), p),
    }
}

/// Straight lines between points: the first height, and what every stretch adds up to `p`.
fn add_steps(graph: &mut Graph, (from, to): (&[f64], &[f64]), p: &str) -> String {
    let Some(first) = to.first() else { return p.to_owned() };
    let stretches = from.windows(2).zip(to.windows(2));
    let (mut starts, mut widths, mut slopes) = (Vec::new(), Vec::new(), Vec::new());
    for (x, y) in stretches {
        if let ([x0, x1], [y0, y1]) = (x, y) {
            starts.push(*x0);
            widths.push(x1 - x0);
            slopes.push((y1 - y0) / (x1 - x0));
        }
    }
    let height = graph.doubles(&[1], &[*first]);
    let none = graph.doubles(&[1], &[0.0]);
    if starts.is_empty() {
        let flat = graph.node("Mul", &[p, &none], &[]);
        return graph.node("Add", &[&flat, &height], &[]);
    }
    let count = starts.len() as i64;
    let starts = graph.doubles(&[1, count], &starts);
    let widths = graph.doubles(&[1, count], &widths);
    let slopes = graph.doubles(&[count, 1], &slopes);
    let along = graph.node("Sub", &[p, &starts], &[]);
    let above = graph.node("Max", &[&along, &none], &[]);
    let inside = graph.node("Min", &[&above, &widths], &[]);
    let risen = graph.node("MatMul", &[&inside, &slopes], &[]);
    graph.node("Add", &[&risen, &height], &[])
}
