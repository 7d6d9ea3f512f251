//! What becomes of a node that waits for nothing any more: an earlier result, a job, or a
//! failure in words.
//!
//! Invariant: a node is held against the same limits of the plan as the same job alone.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use gantry_engine_api::{
    ChildJob, EngineError, Estimate, GpuAllowed, InputKind, InputRef, OperationSpec,
};
use gantry_ports::StoreError;
use gantry_ports::store::Onlooker;
use gantry_rules::admission::check_job_limits;
use gantry_rules::plan::{Included, PlanTerms};
use gantry_rules::submission::Needs;
use gantry_types::{JobId, MeterId, OrganizationId};

use crate::check::find_filled;
use crate::progress::{FlowState, Output};
use crate::result_key::derive_result_key;
use crate::run_flow::RunFlow;

/// A node that is to be run.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) node: String,
    pub(crate) key: String,
    pub(crate) child: ChildJob,
    pub(crate) units: BTreeMap<MeterId, u64>,
}

/// What becomes of a node.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// An earlier result is used.
    Reused { key: String, job_id: JobId, outputs: Vec<Output> },
    /// It is to be run.
    Runs(Box<Candidate>),
    /// It cannot be run.
    Failed(String),
}

impl RunFlow {
    /// Looks at a node whose inputs are all there.
    ///
    /// # Errors
    /// `Transient` when the store does not answer.
    pub(crate) async fn prepare(
        &self,
        (owner, run): (OrganizationId, JobId),
        state: &FlowState,
        id: &str,
    ) -> Result<Prepared, EngineError> {
        let node = state.definition.find_node(id);
        let operation = node.and_then(|node| node.operation.as_deref());
        let found =
            operation.and_then(|id| Some((self.known.find_spec(id)?, self.known.find(id)?)));
        let (Some(node), Some((spec, operation))) = (node, found) else {
            return Ok(Prepared::Failed("Its operation is not installed any more.".to_owned()));
        };
        let inputs = match self.gather(state, id, spec) {
            Ok(inputs) => inputs,
            Err(words) => return Ok(Prepared::Failed(format!("An input is missing: {words}."))),
        };
        let metas = match self.catalog.resolve_inputs(Onlooker::house(owner), &inputs).await {
            Ok(resolved) => resolved.into_iter().map(|input| input.meta).collect::<Vec<_>>(),
            Err(gantry_catalog::CatalogError::NotFound { what }) => {
                return Ok(Prepared::Failed(format!("The {what} that it reads is gone.")));
            }
            Err(error) => return Err(EngineError::transient(format!("{error}."))),
        };
        let key = derive_result_key((&spec.id, spec.version), &node.params, &metas);
        if !state.fresh.contains(id)
            && let Some((job_id, outputs)) = self.find_result((owner, run), &key).await?
        {
            return Ok(Prepared::Reused { key, job_id, outputs });
        }
        let ask = || operation.estimate(&node.params, &metas);
        let estimate = match catch_unwind(AssertUnwindSafe(ask)) {
            Ok(Ok(estimate)) => estimate,
            Ok(Err(error)) => return Ok(Prepared::Failed(derive_param_words(&error))),
            Err(_) => {
                return Ok(Prepared::Failed(format!("The estimate of `{}` panicked.", spec.id)));
            }
        };
        if let Err(words) = self.check_plan(owner, &estimate).await? {
            return Ok(Prepared::Failed(words));
        }
        let child = ChildJob {
            operation: spec.id.clone(),
            params: node.params.clone(),
            inputs,
            inherits: Vec::new(),
            max_credits: estimate.max_credits,
        };
        let candidate = Candidate { node: id.to_owned(), key, child, units: estimate.meters };
        Ok(Prepared::Runs(Box::new(candidate)))
    }

    /// What fills the slots of a node.
    fn gather(
        &self,
        state: &FlowState,
        id: &str,
        spec: &OperationSpec,
    ) -> Result<Vec<(String, InputRef)>, String> {
        let mut inputs: BTreeMap<String, InputRef> =
            state.fixed.get(id).cloned().unwrap_or_default();
        for edge in &state.definition.edges {
            let Some((node, slot)) = find_filled(&state.definition, &self.known, edge) else {
                continue;
            };
            if node != id {
                continue;
            }
            let kind = spec.inputs.iter().find(|known| known.name == slot).map(|slot| slot.kind);
            let source = edge.source();
            let kind = kind.unwrap_or(InputKind::File);
            let found = state.find_output(&source.node, source.name.as_deref(), kind)?;
            inputs.insert(slot, found);
        }
        Ok(inputs.into_iter().collect())
    }

    async fn find_result(
        &self,
        (owner, run): (OrganizationId, JobId),
        key: &str,
    ) -> Result<Option<(JobId, Vec<Output>)>, EngineError> {
        let look = async {
            let snapshot = self.store.read().await?;
            let Some(job_id) = snapshot.flows().find_reusable(owner, key, run).await? else {
                return Ok(None);
            };
            let artifacts = snapshot.catalog().list_artifacts(owner, job_id).await?;
            Ok::<_, StoreError>(Some((job_id, artifacts.into_iter().map(Output::from).collect())))
        };
        look.await.map_err(derive_store_error)
    }

    async fn check_plan(
        &self,
        owner: OrganizationId,
        estimate: &Estimate,
    ) -> Result<Result<(), String>, EngineError> {
        let look = async {
            let now = self.clock.now();
            let snapshot = self.store.read().await?;
            let account = snapshot.accounts().get_account(owner, now).await?;
            Ok::<_, StoreError>(account.derive_terms(now))
        };
        let terms = look.await.map_err(derive_store_error)?;
        let refused = check_job_limits(&terms, &derive_needs(estimate, &terms));
        Ok(refused.map_err(|refusal| format!("The plan does not allow it: {refusal}.")))
    }
}

pub(crate) fn derive_store_error(error: StoreError) -> EngineError {
    EngineError::transient(format!("The store did not answer: {error}."))
}

fn derive_param_words(error: &gantry_engine_api::ParamError) -> String {
    match error.pointer.as_str() {
        "" => format!("{}.", error.message),
        pointer => format!("Parameter {pointer}: {}.", error.message),
    }
}

fn derive_needs(estimate: &Estimate, terms: &PlanTerms) -> Needs {
    let gpu = match terms.gpu {
        Included::Yes => GpuAllowed::Yes,
        Included::No => GpuAllowed::No,
    };
    Needs {
        meters: estimate.meters.clone(),
        max_credits: estimate.max_credits,
        memory_bytes: estimate.memory_bytes,
        threads: estimate.threads,
        device: estimate.device.queue(gpu),
    }
}
