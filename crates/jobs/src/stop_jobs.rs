//! Every job of an organization stops, because the organization goes.

use gantry_access::Actor;
use gantry_ports::store::{JobFilter, Order, PageRequest};
use gantry_types::{JobState, OrganizationId};

use crate::Jobs;
use crate::error::JobsError;

/// Jobs that are asked to stop at once.
const BATCH: u32 = 100;

impl Jobs {
    /// Asks every job of an organization that has not ended to stop; answers whether none is left.
    ///
    /// # Errors
    /// [`JobsError::Hot`], [`JobsError::Store`].
    pub async fn stop_jobs(&self, organization_id: OrganizationId) -> Result<bool, JobsError> {
        let actor = Actor::system(organization_id);
        let states = JobState::ALL.iter().copied().filter(|state| !state.is_final()).collect();
        let filter = JobFilter { states, include_platform: true, ..JobFilter::default() };
        let mut after = None;
        loop {
            let page = PageRequest { after, limit: BATCH, order: Order::OldestFirst };
            let found = self.list_jobs(&actor, &filter, &page).await?;
            for job in &found.items {
                self.cancel_job(&actor, job.id).await?;
            }
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        let page = PageRequest { after: None, limit: 1, order: Order::OldestFirst };
        Ok(self.list_jobs(&actor, &filter, &page).await?.items.is_empty())
    }
}
