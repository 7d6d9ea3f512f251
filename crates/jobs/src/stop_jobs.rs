//! Every job of an organization stops, because the organization goes or its owner is banned.

use gantry_access::Actor;
use gantry_ports::store::{HotError, JobFilter, Order, PageRequest};
use gantry_types::{JobState, OrganizationId};
use tracing::Instrument;

use crate::Jobs;
use crate::error::JobsError;

/// Jobs, or organizations, that are looked at at once.
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
                match self.cancel_job(&actor, job.id).await {
                    // It may have ended since it was listed.
                    Ok(_) | Err(JobsError::Hot(HotError::WrongState { .. })) => {}
                    Err(error) => return Err(error),
                }
            }
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        let page = PageRequest { after: None, limit: 1, order: Order::OldestFirst };
        Ok(self.list_jobs(&actor, &filter, &page).await?.items.is_empty())
    }

    /// Asks the jobs of organizations all of whose owners are banned to stop, should some have been
    /// submitted meanwhile, or a server have ended between a ban and this. Answers how many
    /// organizations there were.
    ///
    /// # Errors
    /// As [`Jobs::stop_jobs`].
    pub async fn stop_halted(&self) -> Result<usize, JobsError> {
        let snapshot = self.store.read().await?;
        let halted = snapshot.people().list_halted(BATCH).await?;
        drop(snapshot);
        for organization_id in &halted {
            self.stop_jobs(*organization_id).await?;
        }
        Ok(halted.len())
    }

    /// Asks every job of some organizations to stop, whether or not the caller waits for it.
    ///
    /// # Errors
    /// As [`Jobs::stop_jobs`].
    pub async fn halt_organizations(
        &self,
        organizations: Vec<OrganizationId>,
    ) -> Result<(), JobsError> {
        let jobs = self.clone();
        let halt = async move {
            for organization_id in organizations {
                jobs.stop_jobs(organization_id).await?;
            }
            Ok::<(), JobsError>(())
        };
        // A task of its own, so that a client that hangs up cannot stop it half-way.
        tokio::spawn(halt.in_current_span()).await.unwrap_or_else(|join| {
            let reason = format!("stopping jobs ended unexpectedly: {join}");
            Err(JobsError::Broken { reason })
        })
    }
}
