//! What jobs cost over all organizations, as administrators see it, and what the language models
//! cost that they asked.

use std::collections::BTreeMap;

use gantry_access::{Actor, Permission, require};
use gantry_ports::store::{CostSums, ModelSums};
use gantry_rules::period::Period;
use gantry_types::Timestamp;

use crate::Billing;
use crate::error::BillingError;

/// What jobs cost in a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostsView {
    /// From when on.
    pub from: Timestamp,
    /// Until before when.
    pub to: Timestamp,
    /// By operation, by name.
    pub operations: BTreeMap<String, CostSums>,
    /// By the start of the day in UTC; days without a job are left out.
    pub days: BTreeMap<Timestamp, CostSums>,
    /// All together.
    pub total: CostSums,
    /// What was asked of language models in the span, by model, and what it cost the operator.
    pub models: Vec<ModelSums>,
}

impl Billing {
    /// What jobs cost that ended from `from` until before `to`. Jobs of those who were erased are
    /// gone.
    ///
    /// # Errors
    /// [`BillingError::Access`] for anybody but administrators, [`BillingError::Store`].
    pub async fn costs(
        &self,
        actor: &Actor,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<CostsView, BillingError> {
        require(actor, Permission::Administer)?;
        let snapshot = self.store.read().await?;
        let found = snapshot.jobs().list_job_costs(from, to).await?;
        let mut view = CostsView {
            from,
            to,
            operations: BTreeMap::new(),
            days: BTreeMap::new(),
            total: CostSums::default(),
            models: self.sum_models(Period { start: from, end: to }, None).await?,
        };
        for costs in found {
            let of_operation = view.operations.entry(costs.operation).or_default();
            *of_operation = of_operation.plus(costs.sums);
            let of_day = view.days.entry(costs.day).or_default();
            *of_day = of_day.plus(costs.sums);
            view.total = view.total.plus(costs.sums);
        }
        Ok(view)
    }
}
