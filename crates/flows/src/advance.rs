//! One step of a run: what the children left, which nodes run next, and what they hold.
//!
//! Invariant: a node is only forked when its credits and units are held; what is refused fails
//! alone.

use gantry_engine_api::{ChildOutcome, EngineError, JobContext, LogLevel};
use gantry_ports::StoreError;
use gantry_ports::store::{JobFilter, Order, PageRequest, StoreExt};
use gantry_types::{Credits, EngineErrorKind, JobId, JobState, OrganizationId};
use serde_json::json;

use crate::graph::Graph;
use crate::node_units::{Use, release, reserve};
use crate::progress::{FlowState, NodeState, Output};
use crate::run_flow::RunFlow;
use crate::wave::{Candidate, Prepared, derive_store_error};

impl RunFlow {
    /// Notes what became of the children.
    ///
    /// # Errors
    /// `Transient` when the store fails, here and below.
    pub(crate) async fn take_in(
        &self,
        owner: OrganizationId,
        state: &mut FlowState,
        children: &[ChildOutcome],
    ) -> Result<(), EngineError> {
        let started: Vec<(String, NodeState)> =
            state.nodes.iter().map(|(id, state)| (id.clone(), state.clone())).collect();
        for (id, node) in started {
            let NodeState::Started { ordinal, key, reserved } = node else { continue };
            let Some(child) = children.iter().find(|child| child.ordinal == ordinal) else {
                continue;
            };
            let succeeded = child.state == JobState::Succeeded;
            if let Some(reserved) = &reserved {
                let used = if succeeded { Use::All } else { Use::None };
                release(self.store.as_ref(), owner, (reserved, used)).await?;
            }
            let after = if succeeded {
                let outputs = self.list_outputs(owner, child.job_id).await?;
                NodeState::Done { ordinal: Some(ordinal), key, job_id: child.job_id, outputs }
            } else {
                NodeState::Failed { ordinal: Some(ordinal), message: derive_child_words(child) }
            };
            state.nodes.insert(id, after);
        }
        Ok(())
    }

    async fn list_outputs(
        &self,
        owner: OrganizationId,
        job_id: JobId,
    ) -> Result<Vec<Output>, EngineError> {
        let look = async { self.store.read().await?.catalog().list_artifacts(owner, job_id).await };
        let artifacts = look.await.map_err(derive_store_error)?;
        Ok(artifacts.into_iter().map(Output::from).collect())
    }

    /// Looks at every node that waits for nothing; earlier results make further ones ready.
    pub(crate) async fn derive_wave(
        &self,
        (owner, run): (OrganizationId, JobId),
        state: &mut FlowState,
        graph: &Graph,
    ) -> Result<Vec<Candidate>, EngineError> {
        let mut wave: Vec<Candidate> = Vec::new();
        loop {
            state.skip(graph);
            let mut ready = state.list_ready(graph);
            ready.retain(|id| !wave.iter().any(|candidate| &candidate.node == id));
            if ready.is_empty() {
                return Ok(wave);
            }
            for id in ready {
                let after = match self.prepare((owner, run), state, &id).await? {
                    Prepared::Runs(candidate) => {
                        wave.push(*candidate);
                        continue;
                    }
                    Prepared::Reused { key, job_id, outputs } => {
                        NodeState::Done { ordinal: None, key, job_id, outputs }
                    }
                    Prepared::Failed(message) => NodeState::Failed { ordinal: None, message },
                };
                state.nodes.insert(id, after);
            }
        }
    }

    /// Reserves units and credits for a wave; what the plan or the balance refuses fails.
    pub(crate) async fn hold(
        &self,
        owner: OrganizationId,
        state: &mut FlowState,
        (wave, context): (Vec<Candidate>, &JobContext),
    ) -> Result<Vec<Candidate>, EngineError> {
        let wave = self.raise(owner, state, (wave, context)).await?;
        let mut held = Vec::with_capacity(wave.len());
        for candidate in wave {
            let now = self.clock.now();
            let id = candidate.node.clone();
            match reserve(self.store.as_ref(), owner, &candidate.units, now).await? {
                Ok(reserved) => {
                    let (ordinal, key) = (state.started, candidate.key.clone());
                    state.started += 1;
                    state.nodes.insert(id, NodeState::Started { ordinal, key, reserved });
                    held.push(candidate);
                }
                Err(message) => {
                    state.nodes.insert(id, NodeState::Failed { ordinal: None, message });
                }
            }
        }
        Ok(held)
    }

    async fn raise(
        &self,
        owner: OrganizationId,
        state: &mut FlowState,
        (wave, context): (Vec<Candidate>, &JobContext),
    ) -> Result<Vec<Candidate>, EngineError> {
        let costs = wave.iter().map(|candidate| candidate.child.max_credits.get());
        let needed = costs.fold(0_i64, i64::saturating_add);
        if needed == 0 {
            return Ok(wave);
        }
        let to = self.derive_hold(owner, context.job_id(), needed).await?;
        match context.raise_hold(to).await {
            Ok(()) => Ok(wave),
            Err(error) if error.kind == EngineErrorKind::Resource => {
                let (free, dear) = wave
                    .into_iter()
                    .partition(|candidate| candidate.child.max_credits <= Credits::ZERO);
                let dear: Vec<Candidate> = dear;
                for candidate in dear {
                    let message = error.message.clone();
                    let failed = NodeState::Failed { ordinal: None, message };
                    state.nodes.insert(candidate.node, failed);
                }
                Ok(free)
            }
            Err(error) => Err(error),
        }
    }

    /// The hold of the root with which `needed` more credits are left of this job.
    async fn derive_hold(
        &self,
        owner: OrganizationId,
        id: JobId,
        needed: i64,
    ) -> Result<Credits, EngineError> {
        let look = async {
            let snapshot = self.store.read().await?;
            let job = snapshot.jobs().find_job(owner, id).await?;
            let job = job.ok_or(StoreError::NotFound { what: "job" })?;
            let root = snapshot.jobs().find_job(owner, job.root_id).await?;
            let root = root.ok_or(StoreError::NotFound { what: "job" })?;
            let filter = JobFilter { parent_id: Some(id), ..JobFilter::default() };
            let page = PageRequest { after: None, limit: 200, order: Order::OldestFirst };
            let children = snapshot.jobs().list_jobs(owner, &filter, &page).await?.items;
            let spent: i64 = children.iter().map(|child| child.cost.get()).sum();
            let left = job.max_credits.get().saturating_sub(spent).max(0);
            let more = needed.saturating_sub(left).max(0);
            Ok::<_, StoreError>(Credits::new(root.max_credits.get().saturating_add(more)))
        };
        look.await.map_err(derive_store_error)
    }

    /// Keeps how far each node is, and tells who watches.
    pub(crate) async fn tell(
        &self,
        owner: OrganizationId,
        state: &FlowState,
        (wave, context): (&[Candidate], &JobContext),
    ) -> Result<(), EngineError> {
        let rows = state.rows();
        let phases: Vec<_> = rows.iter().map(|row| json!([row.node, row.phase])).collect();
        let job_id = context.job_id();
        let kept = self.store.write::<(), StoreError, _>(move |tx| {
            let rows = rows.clone();
            Box::pin(async move { tx.flows().put_flow_nodes(owner, job_id, &rows).await })
        });
        kept.await.map_err(derive_store_error)?;
        context.publish_partial("nodes", json!(phases));
        let (ended, all) = state.count();
        context.progress(ended as f64 / all.max(1) as f64);
        let names: Vec<&str> = wave.iter().map(|candidate| candidate.node.as_str()).collect();
        if let Some(first) = names.first() {
            let name = match names.len() {
                1 => (*first).to_owned(),
                more => format!("{first} and {} more", more - 1),
            };
            let place = u32::try_from(ended + 1).unwrap_or(u32::MAX);
            context.stage(name, place, u32::try_from(all).unwrap_or(u32::MAX));
            context.log(LogLevel::Info, format!("Runs {}.", names.join(", ")));
        }
        Ok(())
    }
}

fn derive_child_words(child: &ChildOutcome) -> String {
    match (&child.error, child.state) {
        (Some(error), _) => error.message.clone(),
        (None, state) => format!("Its job is {state}."),
    }
}
