//! Plans from the edition into the store.
//!
//! Invariant: a changed plan is a new version, and one alone however many servers bring it at once;
//! the versions that customers bought stay.

use gantry_ports::StoreError;
use gantry_ports::store::StoreExt;
use gantry_rules::plan::{Plan, PlanTerms};
use gantry_types::PlanId;

use crate::Billing;
use crate::error::BillingError;

/// A plan as the edition states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanDraft {
    /// The name in the edition, such as `free`.
    pub slug: String,
    /// The name for people.
    pub title: String,
    /// What it allows.
    pub terms: PlanTerms,
}

/// How often other servers may be faster with a version of the same plan.
const MOST_OVERTAKEN: u32 = 20;

impl Billing {
    /// Makes the newest version of a plan equal to the edition's, and answers it.
    ///
    /// # Errors
    /// [`BillingError::Store`].
    pub async fn import_plan(&self, draft: &PlanDraft) -> Result<Plan, BillingError> {
        for _ in 0..MOST_OVERTAKEN {
            match self.bring_plan(draft).await {
                // Another server was faster; what it brought may be the same.
                Err(StoreError::AlreadyExists { .. }) => {}
                other => return Ok(other?),
            }
        }
        Ok(self.bring_plan(draft).await?)
    }

    async fn bring_plan(&self, draft: &PlanDraft) -> Result<Plan, StoreError> {
        let draft = draft.clone();
        self.store
            .write(move |tx| {
                let draft = draft.clone();
                Box::pin(async move {
                    let newest = tx.accounts().find_plan_by_slug(&draft.slug).await?;
                    let version = match newest {
                        Some(plan) if plan.terms == draft.terms && plan.title == draft.title => {
                            return Ok(plan);
                        }
                        Some(plan) => plan.version + 1,
                        None => 1,
                    };
                    let plan = Plan {
                        id: PlanId::generate(),
                        slug: draft.slug,
                        version,
                        title: draft.title,
                        terms: draft.terms,
                    };
                    tx.accounts().insert_plan(&plan).await?;
                    Ok::<Plan, StoreError>(plan)
                })
            })
            .await
    }
}
