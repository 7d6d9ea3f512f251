//! How often an actor's plan lets it call.

use gantry_types::OrganizationId;

use crate::Access;
use crate::error::AccessError;

/// A rate of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRate {
    /// Requests per minute in the long run.
    pub per_minute: u32,
    /// Requests above that rate that may come at once.
    pub burst: u32,
}

impl Access {
    /// The rate that the organization's plan allows.
    ///
    /// # Errors
    /// [`AccessError::NotFound`] when the organization is gone, [`AccessError::Store`].
    pub async fn get_request_rate(
        &self,
        organization_id: OrganizationId,
    ) -> Result<RequestRate, AccessError> {
        let snapshot = self.store.read().await?;
        let organization = snapshot
            .access()
            .find_organization(organization_id)
            .await?
            .ok_or(AccessError::NotFound { what: "organization" })?;
        let plan = snapshot
            .accounts()
            .find_plan(organization.plan_id)
            .await?
            .ok_or(AccessError::NotFound { what: "plan" })?;
        Ok(RequestRate {
            per_minute: plan.terms.requests_per_minute,
            burst: plan.terms.request_burst,
        })
    }
}
