//! What is refused about ads.

use std::time::Duration;

use gantry_access::AccessError;
use gantry_ports::StoreError;
use gantry_ports::rewards::UnverifiedReward;
use gantry_rules::rewards::RewardRefusal;

/// A use-case of ads did not take place.
#[derive(Debug, thiserror::Error)]
pub enum RewardsError {
    /// The actor may not do it.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// No ads are shown here.
    #[error("no credits are earned by ads here")]
    NotOffered,
    /// It is not there, or not theirs.
    #[error("there is no such {what}")]
    NotFound {
        /// The kind of thing.
        what: &'static str,
    },
    /// A limit is reached.
    #[error("the next ad can be watched at {}", refusal.until)]
    Limited {
        /// Which limit, and what is left.
        refusal: RewardRefusal,
        /// How long that is from now.
        retry_after: Duration,
    },
    /// Too many ads were asked for and not watched.
    #[error("{open} ads wait to be watched")]
    TooManyOpen {
        /// How many.
        open: u32,
        /// Until the first of them ends.
        retry_after: Duration,
    },
    /// The ad was not watched in time.
    #[error("the ad was not watched in time")]
    Ended,
    /// A value is none.
    #[error("{message}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// Why.
        message: String,
    },
    /// The state does not allow it.
    #[error("{reason}")]
    Conflict {
        /// Why.
        reason: String,
    },
    /// A callback is not believed.
    #[error(transparent)]
    Unverified(#[from] UnverifiedReward),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
