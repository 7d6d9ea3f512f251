//! Hints that something changed.
//!
//! Invariant: the store is the truth and the bus only a hint; a lost or doubled hint changes
//! nothing but latency. Hints are published after the commit that they tell of.

use gantry_types::{JobId, OrganizationId, UserId};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

/// What may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "hint", rename_all = "snake_case")]
pub enum Hint {
    /// A job may be ready to be claimed.
    JobsReady,
    /// A job has new events.
    Job {
        /// The job.
        id: JobId,
        /// Its owner.
        organization_id: OrganizationId,
    },
    /// A running job is to stop.
    Cancel {
        /// The job.
        id: JobId,
    },
    /// An account's stream of state changes grew.
    Account {
        /// The account.
        organization_id: OrganizationId,
    },
    /// A user's sessions, keys, roles or status changed: what was known of them is forgotten.
    Identity {
        /// The user.
        user_id: UserId,
    },
    /// Hints may have been lost on their way: read the store.
    Missed,
}

/// Carries hints to whoever listens, on this machine or on others.
pub trait Bus: Send + Sync {
    /// Hands out a hint without waiting.
    fn publish(&self, hint: Hint);

    /// Listens from now on. A listener that lags is told so by `Lagged` and reads the store.
    fn subscribe(&self) -> broadcast::Receiver<Hint>;
}
