//! A whole pipeline as one ONNX file, which programs without Gantry can run.
//!
//! The file takes one input a column, named after it, of shape rows × 1: numbers as doubles (NaN
//! where missing), labels as texts (empty where missing), dates as microseconds since 1970 in UTC
//! (the smallest 64-bit number where missing). It gives `label` and `probabilities` for classes,
//! `prediction` for numbers.
//!
//! Invariants: only operators of `ai.onnx` 15 and `ai.onnx.ml` 3 are used; the same model gives
//! the same bytes; predictions equal those of the pipeline within the precision of single floats.

mod features;
mod finish;
mod graph;
mod joint;
mod learner;
mod neighbors;
mod proto;
mod svm;
mod trees;

use crate::error::AutomlError;
use crate::model::{Ensemble, Member};
use crate::model_file::ModelHeader;
use crate::preprocess::Fitted;
use graph::{Attribute, Graph};
pub(crate) use graph::{Element, ML_OPSET, OPSET};

/// Messages of Protocol Buffers end below 2 GiB.
const MAX_BYTES: usize = 2_000_000_000;

/// An input or output of the file.
pub(crate) struct OnnxValue {
    pub(crate) name: String,
    pub(crate) element: Element,
    /// Columns; none for a plain list of rows.
    pub(crate) width: Option<i64>,
}

/// A model in the format, with what it takes and gives.
pub(crate) struct OnnxFile {
    pub(crate) bytes: Vec<u8>,
    pub(crate) inputs: Vec<OnnxValue>,
    pub(crate) outputs: Vec<OnnxValue>,
}

/// Writes an ensemble that reads the columns of the header.
pub(crate) fn derive_onnx(
    header: &ModelHeader,
    ensemble: &Ensemble,
) -> Result<OnnxFile, AutomlError> {
    let Some(first) = ensemble.preprocessors.first() else {
        return Err(AutomlError::inconsistent("The model has no preprocessing."));
    };
    let mut fitted = header.columns.iter().zip(first.fitted());
    if let Some((column, _)) = fitted.find(|(_, fitted)| matches!(fitted, Fitted::Text(_))) {
        return Err(AutomlError::OnnxUnsupported { column: column.name.clone() });
    }
    let mut graph = Graph::default();
    let inputs: Vec<OnnxValue> = header
        .columns
        .iter()
        .zip(first.fitted())
        .map(|(column, fitted)| OnnxValue {
            name: column.name.clone(),
            element: features::derive_element(fitted),
            width: Some(1),
        })
        .collect();
    inputs.iter().for_each(|input| graph.input(&input.name, input.element));
    let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
    let mean = add_members(&mut graph, ensemble, &names)?;
    let finished = finish::add_calibration(&mut graph, &ensemble.finish, &mean);
    let outputs = add_outputs(&mut graph, header, (&finished, &ensemble.finish.decision));
    let facts = [
        ("task", header.task.as_str().to_owned()),
        ("target", header.target.name.clone()),
        ("algorithm", derive_name(ensemble).to_owned()),
    ];
    let bytes = graph.finish("pipeline", &facts);
    if bytes.len() > MAX_BYTES {
        return Err(AutomlError::OnnxTooLarge { bytes: bytes.len() });
    }
    Ok(OnnxFile { bytes, inputs, outputs })
}

fn derive_name(ensemble: &Ensemble) -> &'static str {
    match ensemble.members.as_slice() {
        [only] => only.algorithm.as_str(),
        _ => "ensemble",
    }
}

/// The weighted mean of all fits of all members, or what a second layer makes of them.
fn add_members(
    graph: &mut Graph,
    ensemble: &Ensemble,
    inputs: &[&str],
) -> Result<String, AutomlError> {
    let features: Vec<String> = ensemble
        .preprocessors
        .iter()
        .map(|preprocessor| features::add_features(graph, preprocessor, inputs))
        .collect();
    let mut parts: Vec<String> = Vec::new();
    for member in &ensemble.members {
        let weight = if ensemble.stack.is_some() { 1.0 } else { member.weight };
        parts.push(add_member(graph, member, (weight, &features))?);
    }
    if let Some(stack) = &ensemble.stack {
        return finish::add_stack(graph, stack, &parts);
    }
    let whole = parts.into_iter().reduce(|a, b| graph.node("Add", &[&a, &b], &[]));
    whole.ok_or_else(|| AutomlError::inconsistent("The model has no learner."))
}

/// The mean of the fits of a member, times its weight.
fn add_member(
    graph: &mut Graph,
    member: &Member,
    (weight, features): (f64, &[String]),
) -> Result<String, AutomlError> {
    let share = weight / member.fits.len().max(1) as f64;
    let mut sum: Option<String> = None;
    for fit in &member.fits {
        let read = features.get(fit.preprocessor).map(String::as_str).unwrap_or_default();
        let mut part = learner::add_learner(graph, fit.learner.load()?.as_ref(), read)?;
        if share != 1.0 {
            let share = graph.doubles(&[1], &[share]);
            part = graph.node("Mul", &[&part, &share], &[]);
        }
        sum = Some(match sum {
            Some(before) => graph.node("Add", &[&before, &part], &[]),
            None => part,
        });
    }
    sum.ok_or_else(|| AutomlError::inconsistent("A member has no learner."))
}

/// `decision` has a weight for each class, or none.
fn add_outputs(
    graph: &mut Graph,
    header: &ModelHeader,
    (predictions, decision): (&str, &[f64]),
) -> Vec<OnnxValue> {
    let width = header.classes.len() as i64;
    let mut values = Vec::new();
    if header.task.is_classification() {
        let name = graph.reserve("label");
        let axis = ("axis", Attribute::Int(1));
        let weighed = if decision.is_empty() {
            predictions.to_owned()
        } else {
            let weights = graph.doubles(&[1, width], decision);
            graph.node("Mul", &[predictions, &weights], &[])
        };
        let place = graph.node("ArgMax", &[&weighed], &[axis, ("keepdims", Attribute::Int(0))]);
        let labels = graph.texts(&header.classes);
        graph.node_to("Gather", &[&labels, &place], &[("axis", Attribute::Int(0))], &name);
        values.push(OnnxValue { name, element: Element::Text, width: None });
        let name = graph.reserve("probabilities");
        values.push(OnnxValue { name, element: Element::Double, width: Some(width) });
    } else {
        let name = graph.reserve("prediction");
        values.push(OnnxValue { name, element: Element::Double, width: Some(1) });
    }
    if let Some(last) = values.last() {
        graph.node_to("Identity", &[predictions], &[], &last.name);
    }
    values.iter().for_each(|value| graph.output(&value.name, value.element, value.width));
    values
}
