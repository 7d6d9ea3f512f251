//! Files beside a workflow, which only the command line can bring.

use crate::check::FlowProblem;
use crate::definition::{FlowDefinition, FlowSource};

/// A problem for each file that a definition still names.
#[must_use]
pub fn check_files(definition: &FlowDefinition) -> Vec<FlowProblem> {
    let mut problems = Vec::new();
    for (place, node) in definition.nodes.iter().enumerate() {
        let own = node.file.as_ref().map(|file| (format!("/nodes/{place}/file"), file));
        let slots = node.inputs.iter().filter_map(|(slot, source)| match source {
            FlowSource::File(file) => Some((format!("/nodes/{place}/inputs/{slot}"), file)),
            FlowSource::Dataset(_) | FlowSource::Artifact(_) => None,
        });
        for (pointer, file) in own.into_iter().chain(slots) {
            let id = &node.id;
            problems.push(FlowProblem {
                pointer,
                node: Some(id.clone()),
                edge: None,
                message: format!(
                    "node `{id}`: `{file}` is a file of another machine; upload it and choose \
                     the dataset"
                ),
            });
        }
    }
    problems
}
