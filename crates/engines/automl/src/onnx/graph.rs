//! A graph of ONNX while it grows: inputs, constants, nodes and outputs, each with a name.
//!
//! Invariants: names are unique; a node names only what was added before it, so that the order of
//! the nodes is one in which they can be computed; the same calls give the same bytes.

use std::collections::BTreeSet;

use super::proto::Message;

/// The format's version that every runtime since 2022 reads.
const IR_VERSION: i64 = 8;
/// Versions of the two sets of operators that are used.
pub(crate) const OPSET: i64 = 15;
pub(crate) const ML_OPSET: i64 = 3;
const ML_DOMAIN: &str = "ai.onnx.ml";

/// What a tensor holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    Int,
    Text,
    Double,
}

impl Element {
    /// The number that stands for it in the format.
    pub(super) const fn code(self) -> i64 {
        match self {
            Self::Int => 7,
            Self::Text => 8,
            Self::Double => 11,
        }
    }

    /// The name for people, as runtimes write it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Int => "tensor(int64)",
            Self::Text => "tensor(string)",
            Self::Double => "tensor(double)",
        }
    }

    /// What stands for a missing value of an input.
    pub(crate) const fn derive_missing(self) -> &'static str {
        match self {
            Self::Int => "-9223372036854775808",
            Self::Text => "an empty text",
            Self::Double => "NaN",
        }
    }
}

/// What a tensor inside a repeated graph holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Int,
    Bool,
    Double,
}

impl Scalar {
    const fn code(self) -> i64 {
        match self {
            Self::Int => Element::Int.code(),
            Self::Bool => 9,
            Self::Double => Element::Double.code(),
        }
    }
}

/// A value of an attribute.
pub(super) enum Attribute<'a> {
    Body(&'a Body),
    Int(i64),
    Ints(&'a [i64]),
    Text(&'a str),
    Texts(&'a [&'a str]),
    Doubles(&'a [f64]),
}

/// A graph inside a node, which is computed again and again.
pub(super) struct Body(Message);

#[derive(Default)]
pub(super) struct Graph {
    names: BTreeSet<String>,
    parts: Message,
    constants: Message,
    ends: Message,
    made: usize,
}

// Numbers of fields in onnx.proto.
const MODEL_GRAPH: u64 = 7;
const GRAPH_NODE: u64 = 1;
const GRAPH_NAME: u64 = 2;
const GRAPH_CONSTANT: u64 = 5;
const GRAPH_INPUT: u64 = 11;
const GRAPH_OUTPUT: u64 = 12;

impl Graph {
    /// A name for an output that is still free: the wanted one, or one with a number behind it.
    pub(super) fn reserve(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 2;
        while !self.names.insert(name.clone()) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        name
    }

    fn fresh(&mut self) -> String {
        self.made += 1;
        let name = format!("t{}", self.made);
        self.reserve(&name)
    }

    /// Declares one input of rows × 1.
    pub(super) fn input(&mut self, name: &str, element: Element) {
        self.names.insert(name.to_owned());
        self.ends.message(GRAPH_INPUT, &describe_value(name, element, Some(1)));
    }

    /// Declares an output of rows × `width`, or of rows alone.
    pub(super) fn output(&mut self, name: &str, element: Element, width: Option<i64>) {
        self.ends.message(GRAPH_OUTPUT, &describe_value(name, element, width));
    }

    pub(super) fn doubles(&mut self, shape: &[i64], values: &[f64]) -> String {
        let name = self.fresh();
        self.constants.message(GRAPH_CONSTANT, &write_doubles(&name, shape, values));
        name
    }

    pub(super) fn ints(&mut self, shape: &[i64], values: &[i64]) -> String {
        let name = self.fresh();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let mut tensor = begin_tensor(&name, shape, Element::Int);
        tensor.raw(9, &bytes);
        self.constants.message(GRAPH_CONSTANT, &tensor);
        name
    }

    pub(super) fn texts(&mut self, values: &[String]) -> String {
        let name = self.fresh();
        let mut tensor = begin_tensor(&name, &[values.len() as i64], Element::Text);
        values.iter().for_each(|value| tensor.text(6, value));
        self.constants.message(GRAPH_CONSTANT, &tensor);
        name
    }

    /// A graph that a node repeats: `build` adds its nodes and gives the names of its outputs.
    /// It may read whatever was added before; its constants belong to the whole file.
    pub(super) fn body(
        &mut self,
        inputs: &[(&str, Scalar)],
        outputs: &[Scalar],
        build: impl FnOnce(&mut Self) -> Vec<String>,
    ) -> Body {
        let outer = (std::mem::take(&mut self.parts), std::mem::take(&mut self.ends));
        for (name, scalar) in inputs {
            self.ends.message(GRAPH_INPUT, &describe_any(name, *scalar));
        }
        for (name, scalar) in build(self).iter().zip(outputs) {
            self.ends.message(GRAPH_OUTPUT, &describe_any(name, *scalar));
        }
        let (mut body, ends) = (std::mem::take(&mut self.parts), std::mem::take(&mut self.ends));
        (self.parts, self.ends) = outer;
        let name = self.fresh();
        body.text(GRAPH_NAME, &name);
        body.append(&ends);
        Body(body)
    }

    /// Adds a node with one output, and returns the output's name.
    pub(super) fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
    ) -> String {
        let output = self.fresh();
        self.node_to(operator, inputs, attributes, &output);
        output
    }

    /// Adds a node whose output has a name that was reserved.
    pub(super) fn node_to(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
        output: &str,
    ) {
        self.node_to_all(operator, inputs, attributes, &[output]);
    }

    /// Adds a node with several outputs, whose names were reserved.
    pub(super) fn node_to_all(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
        outputs: &[&str],
    ) {
        let mut node = Message::default();
        inputs.iter().for_each(|input| node.text(1, input));
        outputs.iter().for_each(|output| node.text(2, output));
        self.made += 1;
        node.text(3, &format!("n{}", self.made));
        node.text(4, operator);
        for (name, value) in attributes {
            node.message(5, &write_attribute(name, value));
        }
        if matches!(operator, "LabelEncoder" | "TreeEnsembleRegressor") {
            node.text(7, ML_DOMAIN);
        }
        self.parts.message(GRAPH_NODE, &node);
    }

    /// The whole file. `facts` are kept with the model as pairs of texts.
    pub(super) fn finish(self, name: &str, facts: &[(&str, String)]) -> Vec<u8> {
        let mut graph = self.parts;
        graph.text(GRAPH_NAME, name);
        let mut bytes = graph.into_bytes();
        bytes.extend(self.constants.into_bytes());
        bytes.extend(self.ends.into_bytes());
        let mut model = Message::default();
        model.int(1, IR_VERSION);
        model.text(2, "gantry");
        for (domain, version) in [("", OPSET), (ML_DOMAIN, ML_OPSET)] {
            let mut import = Message::default();
            import.text(1, domain);
            import.int(2, version);
            model.message(8, &import);
        }
        for (key, value) in facts {
            let mut pair = Message::default();
            pair.text(1, key);
            pair.text(2, value);
            model.message(14, &pair);
        }
        model.raw(MODEL_GRAPH, &bytes);
        model.into_bytes()
    }
}

fn describe_value(name: &str, element: Element, width: Option<i64>) -> Message {
    let mut rows = Message::default();
    rows.text(2, "rows");
    let mut shape = Message::default();
    shape.message(1, &rows);
    if let Some(width) = width {
        let mut columns = Message::default();
        columns.int(1, width);
        shape.message(1, &columns);
    }
    let mut tensor = Message::default();
    tensor.int(1, element.code());
    tensor.message(2, &shape);
    let mut kind = Message::default();
    kind.message(1, &tensor);
    let mut value = Message::default();
    value.text(1, name);
    value.message(2, &kind);
    value
}

/// An input or output of a graph inside a node; doubles are of any shape.
fn describe_any(name: &str, scalar: Scalar) -> Message {
    let mut tensor = Message::default();
    tensor.int(1, scalar.code());
    if scalar != Scalar::Double {
        // Counters and conditions are single values, which runtimes want to be told.
        tensor.message(2, &Message::default());
    }
    let mut kind = Message::default();
    kind.message(1, &tensor);
    let mut value = Message::default();
    value.text(1, name);
    value.message(2, &kind);
    value
}

fn begin_tensor(name: &str, shape: &[i64], element: Element) -> Message {
    let mut tensor = Message::default();
    tensor.ints(1, shape);
    tensor.int(2, element.code());
    tensor.text(8, name);
    tensor
}

fn write_doubles(name: &str, shape: &[i64], values: &[f64]) -> Message {
    let mut tensor = begin_tensor(name, shape, Element::Double);
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor.raw(9, &bytes);
    tensor
}

fn write_attribute(name: &str, value: &Attribute<'_>) -> Message {
    let mut attribute = Message::default();
    attribute.text(1, name);
    let kind = match value {
        Attribute::Body(body) => {
            attribute.message(6, &body.0);
            5
        }
        Attribute::Int(value) => {
            attribute.int(3, *value);
            2
        }
        Attribute::Text(text) => {
            attribute.text(4, text);
            3
        }
        Attribute::Doubles(values) => {
            attribute.message(5, &write_doubles(name, &[values.len() as i64], values));
            4
        }
        Attribute::Ints(values) => {
            attribute.ints(8, values);
            7
        }
        Attribute::Texts(texts) => {
            texts.iter().for_each(|text| attribute.text(9, text));
            8
        }
    };
    attribute.int(20, kind);
    attribute
}
