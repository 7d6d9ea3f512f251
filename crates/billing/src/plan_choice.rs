//! The paid plan that somebody chooses when they register.
//!
//! Invariant: a choice gives nothing; it is a wish that is remembered until it is bought or let go.

use gantry_access::{Actor, Permission, require};
use gantry_ports::store::{PlanChoice, StoreExt};
use gantry_rules::plan::Interval;
use serde_json::json;

use crate::Billing;
use crate::edition::{EditionPlan, Sale};
use crate::error::BillingError;
use crate::offers::list;

impl Billing {
    /// What somebody means to buy who asks for a plan; `None` for one that costs nothing, which
    /// there is nothing to be done for. Without an interval it is a month, where there is a price
    /// for one.
    ///
    /// # Errors
    /// [`BillingError::NotOffered`] for a plan that is not for everybody to choose,
    /// [`BillingError::NotForSale`] for an interval without a price.
    pub fn choose_plan(
        &self,
        slug: &str,
        interval: Option<Interval>,
    ) -> Result<Option<PlanChoice>, BillingError> {
        let is_open = |plan: &&EditionPlan| plan.sale == Sale::Open;
        let open = || self.edition.plans.iter().filter(is_open);
        let plan =
            open().find(|plan| plan.slug == slug).ok_or_else(|| BillingError::NotOffered {
                what: "plan",
                slug: slug.chars().take(64).collect(),
                known: list(open().map(|plan| plan.slug.as_str())),
            })?;
        let price = plan.terms.price;
        let interval = match (price.month, price.year, interval) {
            (None, None, _) => return Ok(None),
            (Some(_), _, None | Some(Interval::Month)) => Interval::Month,
            (_, Some(_), Some(Interval::Year)) | (None, Some(_), None) => Interval::Year,
            (Some(_), None, Some(wanted @ Interval::Year))
            | (None, Some(_), Some(wanted @ Interval::Month)) => {
                let reason = format!("the plan `{slug}` has no price for each {}", wanted.as_str());
                return Err(BillingError::NotForSale { reason });
            }
        };
        Ok(Some(PlanChoice { plan: plan.slug.clone(), interval }))
    }

    /// Lets go of the plan that was chosen when the actor's organization was made.
    ///
    /// # Errors
    /// [`BillingError::Access`] without the permission, [`BillingError::Store`].
    pub async fn dismiss_plan_choice(&self, actor: &Actor) -> Result<(), BillingError> {
        require(actor, Permission::ManageBilling)?;
        let organization_id = actor.organization_id;
        let (actor, now) = (actor.clone(), self.clock.now());
        self.store
            .write(move |tx| {
                let actor = actor.clone();
                Box::pin(async move {
                    tx.access().lock_organization(organization_id).await?;
                    let before = tx.accounts().find_plan_choice(organization_id).await?;
                    let Some(before) = before else { return Ok(()) };
                    tx.accounts().delete_plan_choice(organization_id).await?;
                    let subject = format!("organization {organization_id}");
                    let details = json!({ "before": before, "after": null });
                    let entry = actor.audit_entry("plan_choice.dismiss", &subject, details, now);
                    Ok::<(), BillingError>(tx.audit().append(&entry).await?)
                })
            })
            .await
    }
}
