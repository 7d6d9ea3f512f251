//! How far a run of a workflow is: the state that its checkpoint carries, and what may run next.
//!
//! Invariants: pure; a node that a failed one feeds is skipped, everything else goes on; what is
//! done stays done.

use std::collections::{BTreeMap, BTreeSet};

use gantry_engine_api::{Checkpoint, EngineError, InputKind, InputRef};
use gantry_ports::store::{Artifact, FlowNode as NodeRow, NodePhase};
use gantry_types::{AllowanceId, JobId, MeterId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::definition::{FlowDefinition, is_role};
use crate::graph::Graph;

const CHECKPOINT_VERSION: u32 = 1;

/// A file that a node left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Output {
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) input: InputRef,
}

impl From<Artifact> for Output {
    fn from(artifact: Artifact) -> Self {
        let input = InputRef::Artifact { id: artifact.id };
        Self { name: artifact.name, role: artifact.role, input }
    }
}

/// Units that a node reserved of the plan's meters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reserved {
    pub(crate) allowance_id: AllowanceId,
    pub(crate) units: BTreeMap<MeterId, u64>,
}

/// Where a node stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum NodeState {
    /// Something that it reads is not there yet.
    Waiting,
    /// It is data.
    Data { input: InputRef },
    /// Its job was made.
    Started { ordinal: u32, key: String, reserved: Option<Reserved> },
    /// Its job succeeded; `ordinal` is missing where the result is an earlier run's.
    Done { ordinal: Option<u32>, key: String, job_id: JobId, outputs: Vec<Output> },
    /// It could not be started, or its job did not succeed.
    Failed { ordinal: Option<u32>, message: String },
    /// It reads from one that failed or was skipped.
    Skipped { because: String },
}

/// A run between two attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FlowState {
    pub(crate) definition: FlowDefinition,
    pub(crate) nodes: BTreeMap<String, NodeState>,
    /// What fills slots without an edge, by node and slot.
    pub(crate) fixed: BTreeMap<String, BTreeMap<String, InputRef>>,
    /// Nodes whose earlier results are not used.
    pub(crate) fresh: BTreeSet<String>,
    /// Children that were forked until now.
    pub(crate) started: u32,
}

impl FlowState {
    /// A run before its first node.
    pub(crate) fn new(definition: FlowDefinition, fresh: BTreeSet<String>) -> Self {
        let waiting = |node: &crate::FlowNode| (node.id.clone(), NodeState::Waiting);
        let nodes = definition.nodes.iter().map(waiting).collect();
        Self { definition, nodes, fixed: BTreeMap::new(), fresh, started: 0 }
    }

    pub(crate) fn read(checkpoint: &Checkpoint) -> Result<Self, EngineError> {
        if checkpoint.version != CHECKPOINT_VERSION {
            let version = checkpoint.version;
            return Err(EngineError::bug(format!("A checkpoint has the version {version}.")));
        }
        serde_json::from_value(checkpoint.state.clone())
            .map_err(|error| EngineError::bug(format!("A checkpoint cannot be read: {error}.")))
    }

    pub(crate) fn write(&self) -> Checkpoint {
        Checkpoint { version: CHECKPOINT_VERSION, state: json!(self) }
    }

    /// Skips what waits for something that will never come.
    pub(crate) fn skip(&mut self, graph: &Graph) {
        loop {
            let mut skipped = Vec::new();
            for (id, state) in &self.nodes {
                let sources = graph.above.get(id).into_iter().flatten();
                let lost = |source: &&String| {
                    matches!(
                        self.nodes.get(*source),
                        Some(NodeState::Failed { .. } | NodeState::Skipped { .. })
                    )
                };
                if *state == NodeState::Waiting
                    && let Some(because) = sources.into_iter().find(lost)
                {
                    skipped.push((id.clone(), because.clone()));
                }
            }
            if skipped.is_empty() {
                return;
            }
            for (id, because) in skipped {
                self.nodes.insert(id, NodeState::Skipped { because });
            }
        }
    }

    /// Nodes that wait for nothing any more, in the order of the definition.
    pub(crate) fn list_ready(&self, graph: &Graph) -> Vec<String> {
        let is_there = |id: &String| {
            matches!(self.nodes.get(id), Some(NodeState::Data { .. } | NodeState::Done { .. }))
        };
        let is_ready = |id: &String| {
            self.nodes.get(id) == Some(&NodeState::Waiting)
                && graph.above.get(id).into_iter().flatten().all(is_there)
        };
        let ids = self.definition.nodes.iter().map(|node| node.id.clone());
        ids.filter(is_ready).collect()
    }

    /// What a node offers to a slot.
    ///
    /// # Errors
    /// In words, when it left no such file or several.
    pub(crate) fn find_output(
        &self,
        node: &str,
        name: Option<&str>,
        kind: InputKind,
    ) -> Result<InputRef, String> {
        let outputs = match self.nodes.get(node) {
            Some(NodeState::Data { input }) => return Ok(*input),
            Some(NodeState::Done { outputs, .. }) => outputs,
            Some(
                NodeState::Waiting
                | NodeState::Started { .. }
                | NodeState::Failed { .. }
                | NodeState::Skipped { .. },
            )
            | None => return Err(format!("`{node}` has left nothing yet")),
        };
        let role = match (name, kind) {
            (Some(name), _) => name,
            (None, InputKind::Table) => "table",
            (None, InputKind::Model) => "model",
            (None, InputKind::File) => "",
        };
        let wanted = |output: &&Output| match role {
            "" => true,
            role if is_role(role) => output.role == role,
            name => output.name == name,
        };
        let mut found = outputs.iter().filter(wanted);
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only.input),
            (None, _) => Err(format!("`{node}` left no `{role}`; {}", list(outputs))),
            (Some(_), Some(_)) => Err(format!(
                "`{node}` left several files that could be meant: name one of them in the edge, \
                 as in `{node}.name`; {}",
                list(outputs)
            )),
        }
    }

    /// The nodes as the store keeps them, in the order of the definition.
    pub(crate) fn rows(&self) -> Vec<NodeRow> {
        let ids = self.definition.nodes.iter().map(|node| &node.id);
        ids.filter_map(|id| self.nodes.get(id).map(|state| derive_row(id, state))).collect()
    }

    /// Operations that have ended, one way or the other, and all of them.
    pub(crate) fn count(&self) -> (usize, usize) {
        let operations =
            self.nodes.values().filter(|state| !matches!(state, NodeState::Data { .. }));
        let (mut ended, mut all) = (0, 0);
        for state in operations {
            all += 1;
            match state {
                NodeState::Waiting | NodeState::Started { .. } | NodeState::Data { .. } => {}
                NodeState::Done { .. } | NodeState::Failed { .. } | NodeState::Skipped { .. } => {
                    ended += 1;
                }
            }
        }
        (ended, all)
    }
}

fn list(outputs: &[Output]) -> String {
    if outputs.is_empty() {
        return "it left no files".to_owned();
    }
    let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
    format!("it left {}", names.join(", "))
}

fn derive_row(id: &str, state: &NodeState) -> NodeRow {
    let row = |phase| NodeRow {
        node: id.to_owned(),
        phase,
        key: None,
        ordinal: None,
        job_id: None,
        message: None,
    };
    match state {
        NodeState::Waiting => row(NodePhase::Waiting),
        NodeState::Data { .. } => row(NodePhase::Ready),
        NodeState::Started { ordinal, key, .. } => {
            NodeRow { ordinal: Some(*ordinal), key: Some(key.clone()), ..row(NodePhase::Started) }
        }
        NodeState::Done { ordinal: Some(ordinal), key, .. } => {
            NodeRow { ordinal: Some(*ordinal), key: Some(key.clone()), ..row(NodePhase::Started) }
        }
        NodeState::Done { ordinal: None, key, job_id, .. } => {
            NodeRow { job_id: Some(*job_id), key: Some(key.clone()), ..row(NodePhase::Reused) }
        }
        NodeState::Failed { ordinal, message } => {
            NodeRow { ordinal: *ordinal, message: Some(message.clone()), ..row(NodePhase::Failed) }
        }
        NodeState::Skipped { because } => NodeRow {
            message: Some(format!("`{because}`, which it reads, did not succeed.")),
            ..row(NodePhase::Skipped)
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{FlowEdge, FlowNode};
    use gantry_types::ArtifactId;

    fn state() -> (FlowState, Graph) {
        let node = |id: &str| FlowNode { id: id.into(), ..FlowNode::default() };
        let edge = |from: &str, to: &str| FlowEdge { from: from.into(), to: to.into() };
        let definition = FlowDefinition {
            nodes: ["a", "b", "c", "d"].map(node).into(),
            edges: vec![edge("a", "b.x"), edge("b", "c.x")],
            ..FlowDefinition::default()
        };
        let graph = Graph::of(&definition);
        (FlowState::new(definition, BTreeSet::new()), graph)
    }

    fn done(names: &[(&str, &str)]) -> NodeState {
        let output = |(name, role): &(&str, &str)| Output {
            name: (*name).into(),
            role: (*role).into(),
            input: InputRef::Artifact { id: ArtifactId::generate() },
        };
        let outputs = names.iter().map(output).collect();
        NodeState::Done { ordinal: Some(0), key: "k".into(), job_id: JobId::generate(), outputs }
    }

    #[test]
    fn a_failure_skips_what_reads_from_it_and_nothing_else() {
        let (mut state, graph) = state();
        assert_eq!(state.list_ready(&graph), ["a", "d"]);
        let failed = NodeState::Failed { ordinal: Some(0), message: "no".into() };
        state.nodes.insert("a".into(), failed);
        state.skip(&graph);
        assert_eq!(state.nodes["c"], NodeState::Skipped { because: "b".into() });
        assert_eq!(state.list_ready(&graph), ["d"]);
        assert_eq!(state.count(), (3, 4));
        let read = FlowState::read(&state.write()).unwrap();
        assert_eq!(read, state);
    }

    #[test]
    fn an_output_is_found_by_role_by_name_or_by_what_the_slot_takes() {
        let (mut state, _) = state();
        let files = [("m.bin", "model"), ("a.csv", "table"), ("b.csv", "table")];
        state.nodes.insert("a".into(), done(&files));
        assert!(state.find_output("a", None, InputKind::Model).is_ok());
        assert!(state.find_output("a", Some("b.csv"), InputKind::Table).is_ok());
        let several = state.find_output("a", None, InputKind::Table).unwrap_err();
        assert!(several.contains("a.csv, b.csv"), "{several}");
        let none = state.find_output("a", Some("chart"), InputKind::File).unwrap_err();
        assert!(none.contains("no `chart`"), "{none}");
    }
}
