//! What `flow.run` names in its parameters: a kept workflow, or the data of a definition.
//!
//! Invariant: every source that a run would look up is told here, so that it is looked up before a
//! run is kept for later.

use gantry_jobs::{Named, NamedThings, ScheduledInput};
use serde_json::Value;

use crate::definition::{FlowDefinition, FlowSource};
use crate::run_flow::FlowParams;

/// Reads parameters and definitions for the house of jobs.
pub(crate) struct FlowThings;

impl NamedThings for FlowThings {
    fn read_params(&self, params: &Value) -> Named {
        let Ok(params) = serde_json::from_value::<FlowParams>(params.clone()) else {
            return Named::Data(Vec::new());
        };
        // As a run reads them: a definition goes before a workflow.
        if let Some(definition) = params.definition {
            return Named::Data(list_sources(&definition));
        }
        match params.workflow.and_then(|id| id.parse().ok()) {
            Some(id) => Named::Workflow { id, revision: params.revision },
            None => Named::Data(Vec::new()),
        }
    }

    fn list_data(&self, definition: &Value) -> Vec<ScheduledInput> {
        serde_json::from_value::<FlowDefinition>(definition.clone())
            .map_or_else(|_| Vec::new(), |definition| list_sources(&definition))
    }
}

/// The data that a definition names, each with its node, which `before` does not name in any
/// version.
pub(crate) fn list_new_data<'a>(
    definition: &'a FlowDefinition,
    before: &FlowDefinition,
) -> Vec<(&'a str, ScheduledInput)> {
    let known = list_sources(before);
    let mut named = list_of_nodes(definition);
    named.retain(|(_, input)| !known.iter().any(|known| is_same_thing(*known, *input)));
    named
}

fn list_sources(definition: &FlowDefinition) -> Vec<ScheduledInput> {
    list_of_nodes(definition).into_iter().map(|(_, input)| input).collect()
}

fn list_of_nodes(definition: &FlowDefinition) -> Vec<(&str, ScheduledInput)> {
    let mut named = Vec::new();
    for node in &definition.nodes {
        let sources = node.source().into_iter().chain(node.inputs.values().cloned());
        let inputs = sources.filter_map(|source| derive_input(&source));
        named.extend(inputs.map(|input| (node.id.as_str(), input)));
    }
    named
}

/// Whether both name one dataset or one file; a dataset is kept from somebody with all versions.
fn is_same_thing(one: ScheduledInput, other: ScheduledInput) -> bool {
    match (one, other) {
        (ScheduledInput::Dataset { id, .. }, ScheduledInput::Dataset { id: other, .. }) => {
            id == other
        }
        (ScheduledInput::Artifact { id }, ScheduledInput::Artifact { id: other }) => id == other,
        (ScheduledInput::Dataset { .. }, ScheduledInput::Artifact { .. })
        | (ScheduledInput::Artifact { .. }, ScheduledInput::Dataset { .. }) => false,
    }
}

/// Files of another machine are of no installation.
const fn derive_input(source: &FlowSource) -> Option<ScheduledInput> {
    match source {
        FlowSource::Artifact(artifact) => Some(ScheduledInput::Artifact { id: artifact.id }),
        FlowSource::Dataset(dataset) => {
            Some(ScheduledInput::Dataset { id: dataset.id, version: dataset.version })
        }
        FlowSource::File(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use gantry_types::{ArtifactId, DatasetId, WorkflowId};
    use serde_json::json;

    use super::*;

    #[test]
    fn nodes_and_slots_name_data() {
        let (dataset, artifact) = (DatasetId::generate(), ArtifactId::generate());
        let definition = json!({ "nodes": [
            { "id": "people", "dataset": { "id": dataset, "version": 2 } },
            { "id": "more", "file": "more.csv" },
            { "id": "score", "operation": "test.doors",
              "inputs": { "model": { "artifact": { "id": artifact } } } },
        ] });
        let named = vec![
            ScheduledInput::Dataset { id: dataset, version: Some(2) },
            ScheduledInput::Artifact { id: artifact },
        ];
        assert_eq!(FlowThings.list_data(&definition), named);
        let inline = json!({ "definition": definition });
        assert_eq!(FlowThings.read_params(&inline), Named::Data(named));
    }

    #[test]
    fn what_was_named_before_is_not_new() {
        let [old, new] = [DatasetId::generate(), DatasetId::generate()];
        let file = ArtifactId::generate();
        let read = |nodes: Value| {
            serde_json::from_value::<FlowDefinition>(json!({ "nodes": nodes })).unwrap()
        };
        let before = read(json!([{ "id": "people", "dataset": { "id": old, "version": 2 } }]));
        let after = read(json!([
            { "id": "all", "dataset": { "id": old } },
            { "id": "more", "dataset": { "id": new } },
            { "id": "score", "operation": "test.doors",
              "inputs": { "model": { "artifact": { "id": file } } } },
        ]));
        let named = vec![
            ("more", ScheduledInput::Dataset { id: new, version: None }),
            ("score", ScheduledInput::Artifact { id: file }),
        ];
        assert_eq!(list_new_data(&after, &before), named);
        assert_eq!(list_new_data(&after, &after), vec![]);
        assert_eq!(list_new_data(&after, &FlowDefinition::default()).len(), 3);
    }

    #[test]
    fn a_kept_workflow_is_named_by_its_identifier() {
        let id = WorkflowId::generate();
        let params = json!({ "workflow": id.to_string(), "revision": 4 });
        let named = Named::Workflow { id, revision: Some(4) };
        assert_eq!(FlowThings.read_params(&params), named);
        assert_eq!(FlowThings.read_params(&json!({ "workflow": 1 })), Named::Data(Vec::new()));
    }
}
