//! Whether a workflow can run, said before anything runs.
//!
//! Invariants: pure; every problem names its node or edge; a definition without problems fails
//! only for what no one can know beforehand, such as what is in the data.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use gantry_engine_api::{AnyOperation, InputKind, InputMeta, InputSlot, OperationSpec};
use serde_json::Value;

use crate::definition::{
    FlowDefinition, FlowEdge, FlowNode, FlowSource, OutputKind, derive_output_kind,
};
use crate::graph::Graph;
use crate::run_flow::RUN_OPERATION;

const MOST_NODES: usize = 100;
const MOST_EDGES: usize = 1_000;
const LONGEST_ID: usize = 64;

/// Something that keeps a workflow from running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowProblem {
    /// JSON pointer (RFC 6901) into the definition.
    pub pointer: String,
    /// The node, if it is about one.
    pub node: Option<String>,
    /// The edge's place in the list, from 0, if it is about one.
    pub edge: Option<usize>,
    /// Cause and next step.
    pub message: String,
}

type WithSpec = (OperationSpec, Arc<dyn AnyOperation>);

/// The operations that nodes may name.
#[derive(Clone, Default)]
pub struct KnownOperations {
    operations: Arc<BTreeMap<String, WithSpec>>,
}

impl KnownOperations {
    /// Those of a registry, without the one that runs workflows.
    #[must_use]
    pub fn new(operations: BTreeMap<String, Arc<dyn AnyOperation>>) -> Self {
        let with_spec = operations
            .into_iter()
            .filter(|(id, _)| id != RUN_OPERATION)
            .map(|(id, operation)| (id, (operation.spec(), operation)));
        Self { operations: Arc::new(with_spec.collect()) }
    }

    /// What an operation says about itself.
    #[must_use]
    pub fn find_spec(&self, id: &str) -> Option<&OperationSpec> {
        self.operations.get(id).map(|(spec, _)| spec)
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Arc<dyn AnyOperation>> {
        self.operations.get(id).map(|(_, operation)| operation)
    }
}

/// What is wrong with a definition; empty for one that can run.
#[must_use]
pub fn check(definition: &FlowDefinition, known: &KnownOperations) -> Vec<FlowProblem> {
    let mut checking = Checking { definition, known, problems: Vec::new() };
    checking.check_size();
    for (place, node) in definition.nodes.iter().enumerate() {
        checking.check_node(place, node);
    }
    for (place, edge) in definition.edges.iter().enumerate() {
        checking.check_edge(place, edge);
    }
    checking.check_slots();
    checking.check_reach();
    checking.problems
}

struct Checking<'a> {
    definition: &'a FlowDefinition,
    known: &'a KnownOperations,
    problems: Vec<FlowProblem>,
}

impl Checking<'_> {
    fn refuse_node(&mut self, place: usize, below: &str, message: impl AsRef<str>) {
        let id = self.definition.nodes.get(place).map(|node| node.id.clone()).unwrap_or_default();
        self.problems.push(FlowProblem {
            pointer: format!("/nodes/{place}{below}"),
            message: format!("node `{id}`: {}", message.as_ref()),
            node: Some(id),
            edge: None,
        });
    }

    fn refuse_edge(&mut self, place: usize, edge: &FlowEdge, message: impl AsRef<str>) {
        self.problems.push(FlowProblem {
            pointer: format!("/edges/{place}"),
            message: format!("edge `{}` to `{}`: {}", edge.from, edge.to, message.as_ref()),
            node: None,
            edge: Some(place),
        });
    }

    fn check_size(&mut self) {
        let (nodes, edges) = (self.definition.nodes.len(), self.definition.edges.len());
        let message = if nodes == 0 {
            "a workflow needs a node; add an operation".to_owned()
        } else if nodes > MOST_NODES {
            format!("a workflow may have {MOST_NODES} nodes, and this one has {nodes}")
        } else if edges > MOST_EDGES {
            format!("a workflow may have {MOST_EDGES} edges, and this one has {edges}")
        } else if self.definition.nodes.iter().all(|node| node.operation.is_none()) {
            "nothing is done in this workflow; add an operation".to_owned()
        } else {
            return;
        };
        let pointer = "/nodes".to_owned();
        self.problems.push(FlowProblem { pointer, node: None, edge: None, message });
    }

    fn check_node(&mut self, place: usize, node: &FlowNode) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !(1..=LONGEST_ID).contains(&node.id.len()) || !node.id.chars().all(allowed) {
            let rule = "its name needs 1 to 64 letters, digits, `_` or `-`";
            self.refuse_node(place, "/id", rule);
        }
        let earlier = self.definition.nodes.iter().take(place);
        if earlier.into_iter().any(|other| other.id == node.id) {
            self.refuse_node(place, "/id", "another node has this name; give it its own");
        }
        let kinds = [
            node.operation.is_some(),
            node.dataset.is_some(),
            node.artifact.is_some(),
            node.file.is_some(),
        ];
        match kinds.into_iter().filter(|given| *given).count() {
            0 => self.refuse_node(place, "", "it is nothing yet; choose an operation or a dataset"),
            1 => {}
            _ => self.refuse_node(place, "", "it is several things; keep one of them"),
        }
        match &node.operation {
            Some(operation) => self.check_operation(place, node, operation),
            None if !node.params.is_null() || !node.inputs.is_empty() => {
                self.refuse_node(place, "", "data has no parameters and no inputs; remove them");
            }
            None => {}
        }
    }

    fn check_operation(&mut self, place: usize, node: &FlowNode, id: &str) {
        if id == RUN_OPERATION {
            let words = "a workflow cannot be a node of another; copy its nodes instead";
            return self.refuse_node(place, "/operation", words);
        }
        let known = self.known;
        let (Some(spec), Some(operation)) = (known.find_spec(id), known.find(id)) else {
            let words = format!("there is no operation `{id}`; choose one that is installed");
            return self.refuse_node(place, "/operation", words);
        };
        for slot in node.inputs.keys() {
            if !spec.inputs.iter().any(|known| &known.name == slot) {
                let words = format!("`{id}` has no input `{slot}`; {}", list_slots(spec));
                self.refuse_node(place, &format!("/inputs/{slot}"), words);
            }
        }
        let missing = find_missing(&spec.params_schema, &node.params);
        for name in &missing {
            let words = format!("the parameter `{name}` is missing; give it a value");
            self.refuse_node(place, &format!("/params/{name}"), words);
        }
        if missing.is_empty()
            && let Some((pointer, words)) = refuse_params(spec, operation.as_ref(), node)
        {
            self.refuse_node(place, &format!("/params{pointer}"), words);
        }
    }

    fn check_edge(&mut self, place: usize, edge: &FlowEdge) {
        let (source, target) = (edge.source(), edge.target());
        let find = |id: &str| self.definition.nodes.iter().find(|node| node.id == id).cloned();
        let (from, to) = (find(&source.node), find(&target.node));
        for (id, found) in [(&source.node, &from), (&target.node, &to)] {
            if found.is_none() {
                self.refuse_edge(place, edge, format!("there is no node `{id}`"));
            }
        }
        let (Some(from), Some(to)) = (from, to) else { return };
        if from.operation.is_none() && source.name.is_some() {
            let words = format!("`{}` is data and has no outputs to choose from", from.id);
            self.refuse_edge(place, edge, words);
        }
        let Some(operation) = &to.operation else {
            let words = format!("`{}` is data and reads nothing; turn the edge round", to.id);
            return self.refuse_edge(place, edge, words);
        };
        // An unknown operation was refused with its node.
        let Some(spec) = self.known.find_spec(operation) else { return };
        let slot = match find_slot(spec, target.name.as_deref()) {
            Ok(slot) => slot.clone(),
            Err(words) => return self.refuse_edge(place, edge, words),
        };
        let offered = derive_offer(&from, source.name.as_deref());
        if let Some(words) = refuse_kind(offered, &slot) {
            self.refuse_edge(place, edge, words);
        }
    }

    /// Each input is filled once, and each that must be filled is.
    fn check_slots(&mut self) {
        let mut filled: BTreeSet<(String, String)> = BTreeSet::new();
        for node in &self.definition.nodes {
            filled.extend(node.inputs.keys().map(|slot| (node.id.clone(), slot.clone())));
        }
        let definition = self.definition;
        for (place, edge) in definition.edges.iter().enumerate() {
            let Some((node, slot)) = find_filled(definition, self.known, edge) else { continue };
            if !filled.insert((node, slot.clone())) {
                let words = format!("`{slot}` is filled already; remove one of the two");
                self.refuse_edge(place, edge, words);
            }
        }
        for (place, node) in definition.nodes.iter().enumerate() {
            let spec = node.operation.as_deref().and_then(|id| self.known.find_spec(id));
            for slot in spec.map(|spec| spec.inputs.clone()).unwrap_or_default() {
                if slot.required && !filled.contains(&(node.id.clone(), slot.name.clone())) {
                    let words = format!(
                        "nothing fills its input `{}` ({}); draw an edge to `{}.{}`",
                        slot.name, slot.title, node.id, slot.name
                    );
                    self.refuse_node(place, &format!("/inputs/{}", slot.name), words);
                }
            }
        }
    }

    /// Everything is reached: no circle, nothing behind one, no data that nobody reads.
    fn check_reach(&mut self) {
        let definition = self.definition;
        let graph = Graph::of(definition);
        let stuck = graph.find_stuck();
        let cycle = graph.find_cycle(&stuck);
        if !cycle.is_empty() {
            let path = cycle.iter().chain(cycle.first()).map(String::as_str).collect::<Vec<_>>();
            let closing = |edge: &&FlowEdge| {
                cycle.contains(&edge.source().node) && cycle.contains(&edge.target().node)
            };
            if let Some((place, edge)) =
                definition.edges.iter().enumerate().rfind(|(_, edge)| closing(edge))
            {
                let words = format!("it closes the circle {}; remove an edge", path.join(" → "));
                self.refuse_edge(place, edge, words);
            }
        }
        for (place, node) in definition.nodes.iter().enumerate() {
            if stuck.contains(&node.id) && !cycle.contains(&node.id) {
                let words = "it can never be reached, because it waits for a circle";
                self.refuse_node(place, "", words);
            }
            let is_read = || graph.above.values().any(|sources| sources.contains(&node.id));
            if node.operation.is_none() && node.source().is_some() && !is_read() {
                let words = "no node reads it; draw an edge from it, or remove it";
                self.refuse_node(place, "", words);
            }
        }
    }
}

/// The node and slot that an edge fills, where both are known.
pub(crate) fn find_filled(
    definition: &FlowDefinition,
    known: &KnownOperations,
    edge: &FlowEdge,
) -> Option<(String, String)> {
    let target = edge.target();
    let node = definition.find_node(&target.node)?;
    let spec = known.find_spec(node.operation.as_deref()?)?;
    let slot = find_slot(spec, target.name.as_deref()).ok()?;
    Some((target.node, slot.name.clone()))
}

fn find_slot<'s>(spec: &'s OperationSpec, name: Option<&str>) -> Result<&'s InputSlot, String> {
    let found = match (name, spec.inputs.as_slice()) {
        (Some(name), slots) => slots.iter().find(|slot| slot.name == name),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    found.ok_or_else(|| match name {
        Some(name) => format!("`{}` has no input `{name}`; {}", spec.id, list_slots(spec)),
        None => format!("name the input of `{}`; {}", spec.id, list_slots(spec)),
    })
}

fn list_slots(spec: &OperationSpec) -> String {
    let names: Vec<String> = spec.inputs.iter().map(|slot| format!("`{}`", slot.name)).collect();
    if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) }
}

fn derive_offer(from: &FlowNode, output: Option<&str>) -> OutputKind {
    match (from.source(), output) {
        (Some(FlowSource::Dataset(_)), _) => OutputKind::Table,
        (Some(FlowSource::Artifact(_) | FlowSource::File(_)), _) | (None, None) => {
            OutputKind::Unknown
        }
        (None, Some(name)) => derive_output_kind(name),
    }
}

fn refuse_kind(offered: OutputKind, slot: &InputSlot) -> Option<String> {
    let (is, takes) = match (offered, slot.kind) {
        (OutputKind::Unknown, _)
        | (_, InputKind::File)
        | (OutputKind::Table, InputKind::Table)
        | (OutputKind::Model, InputKind::Model) => return None,
        (OutputKind::Table, InputKind::Model) => ("a table", "a model"),
        (OutputKind::Model, InputKind::Table) => ("a model", "a table"),
        (OutputKind::Other, InputKind::Table) => ("no table", "a table"),
        (OutputKind::Other, InputKind::Model) => ("no model", "a model"),
    };
    Some(format!("the output is {is}, and `{}` takes {takes}", slot.name))
}

/// Names of parameters that the schema requires and that are not there.
fn find_missing(schema: &Value, params: &Value) -> Vec<String> {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let names = required.filter_map(Value::as_str);
    names.filter(|name| params.get(name).is_none_or(Value::is_null)).map(str::to_owned).collect()
}

/// What the operation itself says of its parameters, on inputs of which nothing is known.
fn refuse_params(
    spec: &OperationSpec,
    operation: &dyn AnyOperation,
    node: &FlowNode,
) -> Option<(String, String)> {
    let metas: Vec<InputMeta> = spec.inputs.iter().map(derive_unknown_input).collect();
    match catch_unwind(AssertUnwindSafe(|| operation.estimate(&node.params, &metas))) {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some((error.pointer, error.message)),
        Err(_) => Some((String::new(), format!("the estimate of `{}` panicked", spec.id))),
    }
}

fn derive_unknown_input(slot: &InputSlot) -> InputMeta {
    InputMeta {
        slot: slot.name.clone(),
        name: slot.name.clone(),
        media_type: "application/octet-stream".to_owned(),
        bytes: 1,
        sha256: String::new(),
        rows: None,
        columns: Vec::new(),
    }
}

/// A definition whose parameters are rewritten for the versions that are installed.
///
/// # Errors
/// [`FlowProblem`] for parameters that are too old or too new.
pub(crate) fn migrate(
    mut definition: FlowDefinition,
    known: &KnownOperations,
) -> Result<FlowDefinition, FlowProblem> {
    for (place, node) in definition.nodes.iter_mut().enumerate() {
        let Some(id) = node.operation.clone() else { continue };
        let (Some(operation), Some(version)) = (known.find(&id), definition.versions.get(&id))
        else {
            continue;
        };
        let params = std::mem::take(&mut node.params);
        node.params = operation.migrate(*version, params).map_err(|error| FlowProblem {
            pointer: format!("/nodes/{place}/params{}", error.pointer),
            node: Some(node.id.clone()),
            edge: None,
            message: format!("node `{}`: {}", node.id, error.message),
        })?;
    }
    definition.versions = note_versions(&definition, known);
    Ok(definition)
}

/// The installed version of each operation that a definition names.
pub(crate) fn note_versions(
    definition: &FlowDefinition,
    known: &KnownOperations,
) -> BTreeMap<String, u32> {
    let ids = definition.nodes.iter().filter_map(|node| node.operation.as_deref());
    let specs = ids.filter_map(|id| known.find_spec(id));
    specs.map(|spec| (spec.id.clone(), spec.version)).collect()
}
