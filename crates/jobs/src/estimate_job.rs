//! What a job would need and cost, said before it is submitted.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gantry_access::{Actor, Permission, require};
use gantry_engine_api::{
    Estimate, GpuAllowed, InputKind, InputMeta, InputRef, InputSlot, ParamError, media_type_of,
};
use gantry_rules::admission::admit;
use gantry_rules::plan::{Included, PlanTerms};
use gantry_rules::refusal::Refusal;
use gantry_rules::submission::{Accounting, Needs, OnRefusal, Submission};
use gantry_types::JobId;
use serde_json::Value;

use crate::Jobs;
use crate::error::JobsError;

/// Whether a submission would be admitted now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admissibility {
    /// It would.
    Admissible,
    /// It would not.
    Refused(Refusal),
}

/// An estimate with the plan's answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEstimate {
    /// What the job would need at most.
    pub estimate: Estimate,
    /// Whether it would be admitted now.
    pub admissibility: Admissibility,
    /// The share, in percent, of its unused credits that cancelling it would keep now.
    pub penalty_percent: u8,
}

impl Jobs {
    /// What a job would need and cost. Nothing is held.
    ///
    /// # Errors
    /// [`JobsError::UnknownOperation`], [`JobsError::Params`], [`JobsError::Catalog`].
    pub async fn estimate(
        &self,
        actor: &Actor,
        operation: &str,
        params: &Value,
        inputs: &[(String, InputRef)],
    ) -> Result<JobEstimate, JobsError> {
        require(actor, Permission::ReadJobs)?;
        self.require_visible(operation)?;
        let metas = self.describe_inputs(actor, operation, inputs).await?;
        let estimate = self.estimate_operation(operation, params, &metas)?;
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let account = snapshot.accounts().get_account(actor.organization_id, now).await?;
        let terms = account.derive_terms(now);
        let lots = snapshot.accounts().list_lots(actor.organization_id).await?;
        let submission = Submission {
            job_id: JobId::generate(),
            organization_id: actor.organization_id,
            submitted_by: actor.user_id,
            operation: operation.to_owned(),
            operation_version: 0,
            params: Value::Null,
            inputs: Value::Null,
            seed: 0,
            label: None,
            needs: derive_needs(&estimate, derive_gpu_allowed(&terms)),
            submitted_at: now,
            accounting: Accounting::Metered,
            start_at: None,
            on_refusal: OnRefusal::Refuse,
            idempotency: None,
            origin: None,
        };
        let state = gantry_rules::account::AccountState {
            organization_id: actor.organization_id,
            terms,
            quota_anchor: account.quota_anchor,
            running_roots: account.running_roots,
            queued_roots: account.queued_roots,
            lots,
            meters: account.meters,
        };
        let admissibility = match admit(&state, &submission, now) {
            Ok(_) => Admissibility::Admissible,
            Err(refusal) => Admissibility::Refused(refusal),
        };
        let terms = state.terms.cancellation;
        let penalty_percent = account.cancellations.derive_percent(terms, now);
        Ok(JobEstimate { estimate, admissibility, penalty_percent })
    }

    pub(crate) fn require_visible(&self, operation: &str) -> Result<u32, JobsError> {
        let spec = self.registry.find_spec(operation);
        spec.map(|spec| spec.version).ok_or_else(|| self.unknown_operation(operation))
    }

    /// Parameters that `version` wrote, as the installed operation reads them.
    pub(crate) fn migrate_params(
        &self,
        operation: &str,
        version: u32,
        params: Value,
    ) -> Result<Value, JobsError> {
        let engine = self
            .registry
            .find_operation(operation)
            .ok_or_else(|| self.unknown_operation(operation))?;
        Ok(engine.migrate(version, params)?)
    }

    pub(crate) fn unknown_operation(&self, operation: &str) -> JobsError {
        let nearest = self.registry.find_nearest(operation);
        JobsError::UnknownOperation {
            operation: operation.chars().take(100).collect(),
            hint: nearest.map_or_else(String::new, |id| format!("; did you mean `{id}`?")),
        }
    }

    pub(crate) async fn describe_inputs(
        &self,
        actor: &Actor,
        operation: &str,
        inputs: &[(String, InputRef)],
    ) -> Result<Vec<InputMeta>, JobsError> {
        if let Some(spec) = self.registry.find_spec(operation) {
            for (slot, _) in inputs {
                if !spec.inputs.iter().any(|known| &known.name == slot) {
                    let known: Vec<_> = spec.inputs.iter().map(|slot| slot.name.as_str()).collect();
                    return Err(JobsError::Params(ParamError::new(
                        format!("/inputs/{slot}"),
                        format!(
                            "there is no input `{slot}`; expected one of: {}",
                            known.join(", ")
                        ),
                    )));
                }
            }
        }
        let resolved = self.catalog.resolve_inputs(actor.onlooker(), inputs).await?;
        let metas: Vec<_> = resolved.into_iter().map(|input| input.meta).collect();
        if let Some(spec) = self.registry.find_spec(operation) {
            require_tables(&spec.inputs, &metas)?;
        }
        Ok(metas)
    }

    /// Asks the operation for its estimate; a panic in it is an error of the engine.
    pub(crate) fn estimate_operation(
        &self,
        operation: &str,
        params: &Value,
        inputs: &[InputMeta],
    ) -> Result<Estimate, JobsError> {
        let engine = self
            .registry
            .find_operation(operation)
            .ok_or_else(|| self.unknown_operation(operation))?;
        match catch_unwind(AssertUnwindSafe(|| engine.estimate(params, inputs))) {
            Ok(estimate) => Ok(estimate?),
            Err(_) => Err(JobsError::Broken {
                reason: format!("the estimate of `{operation}` panicked; its author should know"),
            }),
        }
    }
}

/// Workbooks are uploaded for operations that read them whole; a table is something else.
fn require_tables(slots: &[InputSlot], metas: &[InputMeta]) -> Result<(), JobsError> {
    let takes_table = |meta: &InputMeta| {
        slots.iter().any(|slot| slot.name == meta.slot && slot.kind == InputKind::Table)
    };
    let workbook = media_type_of("book.xlsx");
    let wrong = metas.iter().find(|meta| meta.media_type == workbook && takes_table(meta));
    wrong.map_or(Ok(()), |meta| {
        Err(JobsError::Params(ParamError::new(
            format!("/inputs/{}", meta.slot),
            format!(
                "`{}` is a workbook, and the input `{}` takes a table: save its sheet as CSV \
                 (UTF-8) and upload that",
                meta.name, meta.slot
            ),
        )))
    })
}

/// Whether a plan includes graphics processors.
pub(crate) const fn derive_gpu_allowed(terms: &PlanTerms) -> GpuAllowed {
    match terms.gpu {
        Included::Yes => GpuAllowed::Yes,
        Included::No => GpuAllowed::No,
    }
}

/// The resources of an estimate: which queue, and the hold.
pub(crate) fn derive_needs(estimate: &Estimate, gpu_allowed: GpuAllowed) -> Needs {
    Needs {
        meters: estimate.meters.clone(),
        max_credits: estimate.max_credits,
        memory_bytes: estimate.memory_bytes,
        threads: estimate.threads,
        device: estimate.device.queue(gpu_allowed),
    }
}
