//! What limits refused, as administrators see it.

use gantry_access::{Actor, Permission, require};
use gantry_ports::store::{QuotaEvent, QuotaEventFilter};
use gantry_rules::period::Period;
use gantry_types::OrganizationId;

use crate::Billing;
use crate::error::BillingError;

/// Lines of one answer.
const MOST_EVENTS: u32 = 1_000;

impl Billing {
    /// What limits refused or kept as blocked on whole days, of one organization or of all of
    /// them; the newest days first, at most a thousand lines.
    ///
    /// # Errors
    /// [`BillingError::Access`] for anybody but administrators, [`BillingError::Store`].
    pub async fn quota_events(
        &self,
        actor: &Actor,
        organization_id: Option<OrganizationId>,
        span: Period,
    ) -> Result<Vec<QuotaEvent>, BillingError> {
        require(actor, Permission::Administer)?;
        let (from, to) = (span.start, span.end);
        let filter = QuotaEventFilter { from, to, organization_id, limit: MOST_EVENTS };
        Ok(self.store.read().await?.usage().list_quota_events(&filter).await?)
    }
}
