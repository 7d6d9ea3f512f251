//! The part of a job's row that decisions read.

use gantry_types::{Attempt, Credits, JobId, JobState, OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::account::Hold;
use crate::submission::{Accounting, ChildSubmission, Needs, Submission};

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
    /// A root job as it is submitted, holding nothing yet.
    #[must_use]
    pub fn root(submission: &Submission, state: JobState) -> Self {
        Self {
            id: submission.job_id,
            organization_id: submission.organization_id,
            root_id: submission.job_id,
            parent_id: None,
            state,
            attempt: Attempt::NONE,
            retries: 0,
            host_deaths: 0,
            accounting: submission.accounting,
            max_credits: derive_maximum(submission.accounting, &submission.needs),
            hold: Hold::default(),
            spent_by_children: Credits::ZERO,
            pending_children: 0,
            cancel: CancelRequest::None,
            lease_until: None,
        }
    }

    /// A child as its parent forks it.
    #[must_use]
    pub fn child(&self, child: &ChildSubmission) -> Self {
        Self {
            id: child.job_id,
            organization_id: self.organization_id,
            root_id: self.root_id,
            parent_id: Some(self.id),
            state: JobState::Queued,
            attempt: Attempt::NONE,
            retries: 0,
            host_deaths: 0,
            accounting: self.accounting,
            max_credits: derive_maximum(self.accounting, &child.needs),
            hold: Hold::default(),
            spent_by_children: Credits::ZERO,
            pending_children: 0,
            cancel: CancelRequest::None,
            lease_until: None,
        }
    }

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

/// A platform operation costs nothing, whatever it says that it needs.
fn derive_maximum(accounting: Accounting, needs: &Needs) -> Credits {
    match accounting {
        Accounting::Metered => needs.max_credits.max(Credits::ZERO),
        Accounting::Platform => Credits::ZERO,
    }
}
