//! What is sold, and which plan would allow what another one refused.

use gantry_rules::plan::{Plan, PlanPrice};
use gantry_rules::refusal::Refusal;

use crate::Billing;
use crate::edition::{EditionPlan, Sale};
use crate::error::BillingError;
use crate::import_plan::PlanDraft;

/// A plan that would have allowed what was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// Its name for programs.
    pub slug: String,
    /// Its name for people.
    pub title: String,
    /// What it costs; nothing stated when it has to be asked for.
    pub price: PlanPrice,
}

impl Upgrade {
    fn to(plan: &EditionPlan) -> Self {
        Self { slug: plan.slug.clone(), title: plan.title.clone(), price: plan.terms.price }
    }
}

impl Billing {
    /// Brings the edition's plans into the store: what changed becomes a new version.
    ///
    /// # Errors
    /// [`BillingError::Store`].
    pub async fn import_edition(&self) -> Result<Vec<Plan>, BillingError> {
        let mut plans = Vec::with_capacity(self.edition.plans.len());
        for plan in &self.edition.plans {
            let draft = PlanDraft {
                slug: plan.slug.clone(),
                title: plan.title.clone(),
                terms: plan.terms.clone(),
            };
            plans.push(self.import_plan(&draft).await?);
        }
        Ok(plans)
    }

    /// The smallest plan of the edition that would have allowed it.
    #[must_use]
    pub fn find_upgrade(&self, refusal: &Refusal) -> Option<Upgrade> {
        let lifts = |plan: &&EditionPlan| refusal.is_lifted_by(&plan.terms);
        self.edition.plans.iter().find(lifts).map(Upgrade::to)
    }

    /// The smallest plan of the edition that lets more requests in than so many a minute.
    #[must_use]
    pub fn find_faster(&self, requests_per_minute: u32) -> Option<Upgrade> {
        let is_faster = |plan: &&EditionPlan| plan.terms.requests_per_minute > requests_per_minute;
        self.edition.plans.iter().find(is_faster).map(Upgrade::to)
    }

    /// A plan of the edition that people may choose.
    pub(crate) fn get_plan_for_sale(&self, slug: &str) -> Result<&EditionPlan, BillingError> {
        let plan = self.edition.find_plan(slug).ok_or_else(|| BillingError::NotOffered {
            what: "plan",
            slug: slug.chars().take(64).collect(),
            known: list(self.edition.plans.iter().map(|plan| plan.slug.as_str())),
        })?;
        match plan.sale {
            Sale::Open => Ok(plan),
            Sale::OnRequest => Err(BillingError::NotForSale {
                reason: format!("the plan `{slug}` is agreed on with the operator; ask for it"),
            }),
        }
    }
}

pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
