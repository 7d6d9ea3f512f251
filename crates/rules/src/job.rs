//! The part of a job's row that decisions read.

use gantry_types::{Attempt, Credits, JobId, JobState, OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::account::Hold;
use crate::submission::Accounting;

/// Whether somebody asked a job to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelRequest {
    /// Nobody did.
    None,
    /// Somebody did; the engine stops at its next check.
    Requested,
}

/// A job as decisions see it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobFactsheet {
    /// The job.
    pub id: JobId,
    /// Who owns it.
    pub organization_id: OrganizationId,
    /// The root of its tree; itself for a root.
    pub root_id: JobId,
    /// Its parent, for a child.
    pub parent_id: Option<JobId>,
    /// Where it stands.
    pub state: JobState,
    /// The number of its last claim.
    pub attempt: Attempt,
    /// Retries used up by errors of kind `Transient`.
    pub retries: u32,
    /// Deaths of its host.
    pub host_deaths: u32,
    /// Whether it counts.
    pub accounting: Accounting,
    /// The most that it may cost.
    pub max_credits: Credits,
    /// What it holds; children hold nothing of their own.
    pub hold: Hold,
    /// Credits that settled children have spent out of the root's hold.
    pub spent_by_children: Credits,
    /// Children that have not settled.
    pub pending_children: u32,
    /// Whether it is to stop.
    pub cancel: CancelRequest,
    /// Until when its worker holds it.
    pub lease_until: Option<Timestamp>,
}

/// How a job counts against its account's plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Not at all: a child, a platform operation, or a job that ended.
    None,
    /// It waits for its first run and counts against the length of the queue.
    Queue,
    /// It was claimed and did not end; it counts as running, waiting for children or for a
    /// retry included.
    Running,
}

impl JobFactsheet {
    /// How the job counts.
    #[must_use]
    pub fn derive_slot(&self) -> Slot {
        if self.parent_id.is_some()
            || self.accounting == Accounting::Platform
            || self.state.is_final()
        {
            Slot::None
        } else if self.attempt == Attempt::NONE {
            Slot::Queue
        } else {
            Slot::Running
        }
    }

    /// What the job and its future children may still cost.
    #[must_use]
    pub fn derive_budget(&self) -> Credits {
        Credits::new(self.max_credits.get().saturating_sub(self.spent_by_children.get()).max(0))
    }
}
