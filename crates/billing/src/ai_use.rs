//! What jobs asked of language models, and what it cost.
//!
//! Invariant: what tells of an organization is asked for by its own members or by administrators;
//! amounts of an edition's earlier currencies are told apart by model, and left out of a job's cost.

use gantry_access::{Actor, Permission, require};
use gantry_ports::store::{AskFilter, AskSums, JobRecord, ModelSums};
use gantry_rules::period::Period;
use gantry_types::{Currency, JobId, OrganizationId};

use crate::Billing;
use crate::error::BillingError;

/// What a job asked, its parts included where it is the root of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AiCost {
    /// The sums.
    pub sums: AskSums,
    /// The currency of the cost.
    pub currency: Currency,
}

impl Billing {
    /// What jobs of the actor's organization asked, in the order of `jobs`; `None` for those that
    /// asked nothing.
    ///
    /// # Errors
    /// [`BillingError::Access`] without the permission, [`BillingError::Store`].
    pub async fn ai_costs(
        &self,
        actor: &Actor,
        jobs: &[JobRecord],
    ) -> Result<Vec<Option<AiCost>>, BillingError> {
        require(actor, Permission::ReadJobs)?;
        // What never ran asked nothing, which spares a submission the question.
        let began = jobs.iter().filter(|job| job.attempt.get() > 0);
        let mut roots: Vec<JobId> = began.map(|job| job.root_id).collect();
        roots.sort_unstable();
        roots.dedup();
        if roots.is_empty() {
            return Ok(vec![None; jobs.len()]);
        }
        let snapshot = self.store.read().await?;
        let found = snapshot.asks().sum_asks_of_trees(actor.organization_id, &roots).await?;
        let currency = self.edition.currency;
        let cost_of = |job: &JobRecord| {
            let is_root = job.root_id == job.id;
            found
                .iter()
                .filter(|asks| asks.currency == currency)
                .filter(|asks| asks.job_id == job.id || is_root && asks.root_id == job.id)
                .map(|asks| asks.sums)
                .reduce(AskSums::plus)
                .map(|sums| AiCost { sums, currency })
        };
        Ok(jobs.iter().map(cost_of).collect())
    }

    /// What was asked in a span of time, by model.
    pub(crate) async fn sum_models(
        &self,
        span: Period,
        organization_id: Option<OrganizationId>,
    ) -> Result<Vec<ModelSums>, BillingError> {
        let filter = AskFilter { from: span.start, to: span.end, organization_id };
        Ok(self.store.read().await?.asks().sum_asks(&filter).await?)
    }
}
