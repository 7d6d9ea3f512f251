//! The beginning of a run: which workflow, which of its results may be used, which data.
//!
//! Invariants: the newest version of a dataset is looked up once and stays the same for the run;
//! a run reads nothing that is kept from the person who asked for it, or from the one who wrote the
//! revision that is run: otherwise who changes a workflow would read through those who run it.

use std::collections::BTreeSet;

use gantry_access::find_sight;
use gantry_catalog::CatalogError;
use gantry_engine_api::{EngineError, InputRef};
use gantry_ports::StoreError;
use gantry_ports::store::{FlowRun, Onlooker, StoreExt};
use gantry_types::{DatasetId, JobId, OrganizationId, WorkflowId};
use serde_json::json;

use crate::check::{FlowProblem, check, migrate};
use crate::definition::{FlowDefinition, FlowSource};
use crate::graph::Graph;
use crate::progress::{FlowState, NodeState};
use crate::run_flow::{FlowParams, MOST_TOLD, RunFlow};
use crate::wave::derive_store_error;

/// What a run runs.
struct Found {
    definition: FlowDefinition,
    /// The workflow and its revision, unless the definition came with the job.
    kept: Option<(WorkflowId, u32)>,
    /// Who must see what it reads: who asked for the run, and who wrote the revision.
    readers: Vec<Onlooker>,
}

impl RunFlow {
    /// The state before the first node: what is run, and the data that it names.
    ///
    /// # Errors
    /// `Params` for a workflow that is gone or cannot run, `Transient` when the store fails.
    pub(crate) async fn begin(
        &self,
        owner: OrganizationId,
        params: FlowParams,
        job_id: JobId,
    ) -> Result<FlowState, EngineError> {
        let onlooker = self.find_onlooker(owner, job_id).await?;
        let Found { definition, kept, readers } = self.find_definition(onlooker, &params).await?;
        let definition = migrate(definition, &self.known).map_err(|problem| refuse(&[problem]))?;
        let problems = check(&definition, &self.known);
        if !problems.is_empty() {
            return Err(refuse(&problems));
        }
        let run = FlowRun {
            job_id,
            organization_id: owner,
            workflow_id: kept.map(|(id, _)| id),
            revision: kept.map(|(_, revision)| revision),
            definition: json!(definition),
            created_at: self.clock.now(),
        };
        let kept = self.store.write::<(), StoreError, _>(move |tx| {
            let run = run.clone();
            Box::pin(async move { tx.flows().insert_flow_run(&run).await })
        });
        kept.await.map_err(derive_store_error)?;
        let graph = Graph::of(&definition);
        let named: BTreeSet<String> = if params.rerun.iter().any(|id| id == "*") {
            definition.nodes.iter().map(|node| node.id.clone()).collect()
        } else {
            params.rerun.into_iter().collect()
        };
        let mut state = FlowState::new(definition, graph.derive_below(&named));
        self.find_data(&readers, &mut state).await?;
        Ok(state)
    }

    /// A run reads what the person may read who asked for it.
    async fn find_onlooker(
        &self,
        owner: OrganizationId,
        job_id: JobId,
    ) -> Result<Onlooker, EngineError> {
        let look =
            async { self.store.read().await?.sharing().find_sight_of_job(owner, job_id).await };
        let found = look.await.map_err(derive_store_error)?;
        let sight =
            found.ok_or_else(|| EngineError::bug("The store does not know the job that runs."))?;
        Ok(Onlooker { organization_id: owner, sight })
    }

    async fn find_definition(
        &self,
        onlooker: Onlooker,
        params: &FlowParams,
    ) -> Result<Found, EngineError> {
        let id = match (&params.definition, &params.workflow) {
            (Some(definition), _) => {
                let definition = definition.clone();
                return Ok(Found { definition, kept: None, readers: vec![onlooker] });
            }
            (None, id) => id.as_deref().unwrap_or_default(),
        };
        let id: WorkflowId =
            id.parse().map_err(|_| EngineError::params("The workflow is no identifier."))?;
        let look = async {
            let snapshot = self.store.read_as(onlooker.sight).await?;
            let owner = onlooker.organization_id;
            let number = match params.revision {
                Some(number) => Some(number),
                None => {
                    let found = snapshot.flows().find_workflow(owner, id).await?;
                    found.map(|workflow| workflow.revision)
                }
            };
            let Some(number) = number else { return Ok(None) };
            let Some(kept) = snapshot.flows().find_revision(owner, id, number).await? else {
                return Ok(None);
            };
            let sight = find_sight(snapshot.as_ref(), owner, kept.created_by).await?;
            Ok::<_, StoreError>(Some((kept, sight)))
        };
        let found = look.await.map_err(derive_store_error)?;
        let (revision, sight) = found.ok_or_else(|| {
            EngineError::params("The workflow or this revision of it is gone.")
                .with_next_step("Choose a workflow that is there.")
        })?;
        let definition = serde_json::from_value(revision.definition)
            .map_err(|error| EngineError::bug(format!("A workflow cannot be read: {error}.")))?;
        let author = Onlooker { organization_id: onlooker.organization_id, sight };
        let kept = Some((id, revision.revision));
        Ok(Found { definition, kept, readers: vec![onlooker, author] })
    }

    /// Finds the data that nodes are or name; the newest version of a dataset stays the same for
    /// the whole run.
    async fn find_data(
        &self,
        readers: &[Onlooker],
        state: &mut FlowState,
    ) -> Result<(), EngineError> {
        for node in state.definition.nodes.clone() {
            if let Some(source) = node.source() {
                let found = match self.find_source(readers, &source).await? {
                    Ok(input) => NodeState::Data { input },
                    Err(message) => NodeState::Failed { ordinal: None, message },
                };
                state.nodes.insert(node.id.clone(), found);
            }
            for (slot, source) in &node.inputs {
                match self.find_source(readers, source).await? {
                    Ok(input) => {
                        let slots = state.fixed.entry(node.id.clone()).or_default();
                        slots.insert(slot.clone(), input);
                    }
                    Err(message) => {
                        let failed = NodeState::Failed { ordinal: None, message };
                        state.nodes.insert(node.id.clone(), failed);
                    }
                }
            }
        }
        Ok(())
    }

    async fn find_source(
        &self,
        readers: &[Onlooker],
        source: &FlowSource,
    ) -> Result<Result<InputRef, String>, EngineError> {
        let input = match source {
            FlowSource::Artifact(artifact) => InputRef::Artifact { id: artifact.id },
            FlowSource::Dataset(dataset) => {
                let version = match dataset.version {
                    Some(version) => Some(version),
                    None => self.find_newest(readers, dataset.id).await?,
                };
                let Some(version) = version else {
                    return Ok(Err(derive_gone_words("dataset")));
                };
                InputRef::Dataset { id: dataset.id, version }
            }
            FlowSource::File(path) => {
                return Ok(Err(format!("`{path}` is a file of another machine; upload it first.")));
            }
        };
        let inputs = [("data".to_owned(), input)];
        for reader in readers {
            match self.catalog.resolve_inputs(*reader, &inputs).await {
                Ok(_) => {}
                Err(CatalogError::NotFound { what }) => {
                    return Ok(Err(derive_gone_words(what)));
                }
                Err(error) => return Err(EngineError::transient(format!("{error}."))),
            }
        }
        Ok(Ok(input))
    }

    /// The newest version of a dataset that the readers see.
    async fn find_newest(
        &self,
        readers: &[Onlooker],
        id: DatasetId,
    ) -> Result<Option<u32>, EngineError> {
        let mut newest = None;
        for reader in readers {
            let look = async {
                let snapshot = self.store.read_as(reader.sight).await?;
                snapshot.catalog().find_dataset(reader.organization_id, id).await
            };
            let Some(found) = look.await.map_err(derive_store_error)? else {
                return Ok(None);
            };
            newest = newest.or(Some(found.latest.version));
        }
        Ok(newest)
    }
}

/// What somebody does not see is gone for them; whoever asked may see it all the same.
fn derive_gone_words(what: &str) -> String {
    format!(
        "The {what} that it names is gone, or is not for who asked for the run or who saved the \
         workflow last."
    )
}

fn refuse(problems: &[FlowProblem]) -> EngineError {
    let told: Vec<&str> =
        problems.iter().take(MOST_TOLD).map(|problem| problem.message.as_str()).collect();
    let rest = match problems.len().saturating_sub(MOST_TOLD) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    EngineError::params(format!("The workflow cannot run: {}{rest}.", told.join("; ")))
        .with_next_step("Mend the workflow and run it again.")
}
