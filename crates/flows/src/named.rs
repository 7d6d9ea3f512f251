//! What `flow.run` names in its parameters: a kept workflow, or the data of a definition.
//!
//! Invariant: every source that a run would look up is told here, so that it is looked up before a
//! run is kept for later.

use gantry_jobs::{Named, NamedThings, ScheduledInput};
use serde_json::Value;

use crate::definition::{FlowDefinition, FlowNode, FlowSource};
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

fn list_sources(definition: &FlowDefinition) -> Vec<ScheduledInput> {
    let of_nodes = definition.nodes.iter().filter_map(FlowNode::source);
    let of_slots = definition.nodes.iter().flat_map(|node| node.inputs.values().cloned());
    of_nodes.chain(of_slots).filter_map(|source| derive_input(&source)).collect()
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
    fn a_kept_workflow_is_named_by_its_identifier() {
        let id = WorkflowId::generate();
        let params = json!({ "workflow": id.to_string(), "revision": 4 });
        let named = Named::Workflow { id, revision: Some(4) };
        assert_eq!(FlowThings.read_params(&params), named);
        assert_eq!(FlowThings.read_params(&json!({ "workflow": 1 })), Named::Data(Vec::new()));
    }
}
