//! What a workflow says: nodes that are data or operations, and edges from outputs to inputs.
//!
//! Invariant: a definition is only read here; whether it can run is decided in `check`.

use std::collections::BTreeMap;

use gantry_engine_api::media_type_of;
use gantry_types::{ArtifactId, DatasetId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A workflow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowDefinition {
    /// What is done, and what it is done with: 1 to 100 nodes.
    pub nodes: Vec<FlowNode>,
    /// What feeds what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<FlowEdge>,
    /// The version of each operation's parameters at the time of writing; filled in by the
    /// server when it is left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<String, u32>,
}

/// A node: a dataset, a file that a job made, or an operation. Exactly one of `dataset`,
/// `artifact`, `file` and `operation` is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowNode {
    /// The name that edges use: 1 to 64 letters, digits, `_` and `-`.
    pub id: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The operation, such as `automl.train`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The operation's parameters.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub params: Value,
    /// Inputs of the operation that no edge fills, by slot.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, FlowSource>,
    /// The node is this dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetSource>,
    /// The node is this file of an earlier job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<ArtifactSource>,
    /// The node is this file beside the workflow's; for `gantry workflow run` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A dataset that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatasetSource {
    /// The dataset.
    #[schemars(with = "String")]
    pub id: DatasetId,
    /// The version; the newest at each run if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

/// A file of an earlier job that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArtifactSource {
    /// The artifact.
    #[schemars(with = "String")]
    pub id: ArtifactId,
}

/// Something that is there before the workflow runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowSource {
    /// A dataset.
    Dataset(DatasetSource),
    /// A file of an earlier job.
    Artifact(ArtifactSource),
    /// A file beside the workflow's; for `gantry workflow run` alone.
    File(String),
}

/// An edge: one output feeds one input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowEdge {
    /// A node, or `node.output`: `table`, `model`, `chart`, `report`, `file`, or the name of a
    /// file that the node's job leaves. Without an output, what the input takes.
    pub from: String,
    /// `node.input`; a node alone where its operation has one input.
    pub to: String,
}

/// One end of an edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The node.
    pub node: String,
    /// The output or input, if it is named.
    pub name: Option<String>,
}

impl Port {
    /// Reads `node` or `node.port`; names of files may have further dots.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.split_once('.') {
            Some((node, name)) => Self { node: node.to_owned(), name: Some(name.to_owned()) },
            None => Self { node: text.to_owned(), name: None },
        }
    }
}

impl FlowEdge {
    /// Where it comes from.
    #[must_use]
    pub fn source(&self) -> Port {
        Port::parse(&self.from)
    }

    /// Where it leads.
    #[must_use]
    pub fn target(&self) -> Port {
        Port::parse(&self.to)
    }
}

impl FlowNode {
    /// What the node is, unless it is an operation.
    #[must_use]
    pub fn source(&self) -> Option<FlowSource> {
        let dataset = self.dataset.map(FlowSource::Dataset);
        let artifact = || self.artifact.map(FlowSource::Artifact);
        let file = || self.file.clone().map(FlowSource::File);
        dataset.or_else(artifact).or_else(file)
    }
}

impl FlowDefinition {
    /// A node by its name.
    #[must_use]
    pub fn find_node(&self, id: &str) -> Option<&FlowNode> {
        self.nodes.iter().find(|node| node.id == id)
    }
}

/// What kind of thing an output is, as far as it is known before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputKind {
    /// A table.
    Table,
    /// A model.
    Model,
    /// A chart, a page or another file.
    Other,
    /// Only the run will tell.
    Unknown,
}

/// What a named output of an operation is.
pub(crate) fn derive_output_kind(name: &str) -> OutputKind {
    match name {
        "table" => OutputKind::Table,
        "model" => OutputKind::Model,
        "chart" | "report" | "file" => OutputKind::Other,
        file => match media_type_of(file) {
            "text/csv" | "text/tab-separated-values" | "application/x-ndjson" => OutputKind::Table,
            "text/html" | "image/svg+xml" | "image/png" => OutputKind::Other,
            _ => OutputKind::Unknown,
        },
    }
}

/// Whether the name of an output stands for all files of a role.
pub(crate) fn is_role(name: &str) -> bool {
    matches!(name, "table" | "model" | "chart" | "report" | "file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_split_at_its_first_dot() {
        let port = Port::parse("train.model.gantry");
        assert_eq!((port.node.as_str(), port.name.as_deref()), ("train", Some("model.gantry")));
        assert_eq!(Port::parse("people").name, None);
    }

    #[test]
    fn a_definition_is_read_as_it_is_documented() {
        let text = r#"{"nodes": [
            {"id": "people", "file": "people.csv"},
            {"id": "train", "operation": "automl.train", "params": {"target": "age"}},
            {"id": "score", "operation": "automl.predict",
             "inputs": {"data": {"file": "more.csv"}}}],
            "edges": [{"from": "people", "to": "train.data"},
                      {"from": "train.model", "to": "score.model"}]}"#;
        let read: FlowDefinition = serde_json::from_str(text).unwrap();
        assert_eq!(read.nodes[0].source(), Some(FlowSource::File("people.csv".into())));
        assert_eq!(read.edges[1].source().name.as_deref(), Some("model"));
        assert!(serde_json::from_str::<FlowDefinition>(r#"{"nodes": [], "nods": 1}"#).is_err());
    }
}
