//! What an organization's plan says at the door: how often it may call, and what it includes.

use std::collections::BTreeSet;

use gantry_ports::store::ReadTx;
use gantry_rules::overrides::derive_terms;
use gantry_rules::plan::{Feature, PlanTerms};
use gantry_types::{MeterId, OrganizationId};

use crate::Access;
use crate::actor::Actor;
use crate::error::AccessError;

/// A rate of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRate {
    /// Requests per minute in the long run.
    pub per_minute: u32,
    /// Requests above that rate that may come at once.
    pub burst: u32,
}

impl RequestRate {
    /// Whether it holds anybody up: a plan that states no rate has the largest number.
    #[must_use]
    pub const fn is_limited(self) -> bool {
        self.per_minute < u32::MAX
    }
}

/// Whether requests with API keys are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallCount {
    /// The plan limits them.
    Limited,
    /// It does not.
    Unlimited,
}

/// What an organization may at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrance {
    /// How often the organization may call.
    pub rate: RequestRate,
    /// What of the platform it may use.
    pub features: BTreeSet<Feature>,
    /// Whether its calls with keys are counted.
    pub calls: CallCount,
}

impl Entrance {
    fn of(terms: PlanTerms) -> Self {
        let limit = terms.meters.get(&MeterId::api_calls()).copied().unwrap_or_default();
        let is_limited = limit.per_period.is_some() || limit.per_day.is_some();
        Self {
            rate: RequestRate { per_minute: terms.requests_per_minute, burst: terms.request_burst },
            features: terms.features,
            calls: if is_limited { CallCount::Limited } else { CallCount::Unlimited },
        }
    }

    /// Stops an organization whose plan lacks a feature.
    ///
    /// # Errors
    /// [`AccessError::NotInPlan`].
    pub fn require(&self, feature: Feature) -> Result<(), AccessError> {
        if self.features.contains(&feature) {
            Ok(())
        } else {
            Err(AccessError::NotInPlan { feature })
        }
    }
}

/// Stops an actor whose organization's plan lacks a feature.
///
/// # Errors
/// [`AccessError::NotInPlan`], [`AccessError::NotFound`] when the organization is gone,
/// [`AccessError::Store`].
pub async fn require_feature(
    snapshot: &dyn ReadTx,
    actor: &Actor,
    feature: Feature,
) -> Result<(), AccessError> {
    // No account has a feature of its own.
    Entrance::of(read_plan(snapshot, actor.organization_id).await?).require(feature)
}

async fn read_plan(
    snapshot: &dyn ReadTx,
    organization_id: OrganizationId,
) -> Result<PlanTerms, AccessError> {
    let organization = snapshot.access().find_organization(organization_id).await?;
    let organization = organization.ok_or(AccessError::NotFound { what: "organization" })?;
    let plan = snapshot.accounts().find_plan(organization.plan_id).await?;
    Ok(plan.ok_or(AccessError::NotFound { what: "plan" })?.terms)
}

impl Access {
    /// What the organization may of requests.
    ///
    /// # Errors
    /// [`AccessError::NotFound`] when the organization is gone, [`AccessError::Store`].
    pub async fn get_entrance(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Entrance, AccessError> {
        let snapshot = self.store.read().await?;
        let plan = read_plan(snapshot.as_ref(), organization_id).await?;
        let own = snapshot.accounts().list_overrides(organization_id).await?;
        let own = own.iter().map(|record| &record.own);
        Ok(Entrance::of(derive_terms(&plan, own, self.clock.now())))
    }
}
