//! Credits for watching ads, and what keeps frauds away from them.
//!
//! Invariants: an ad gives credits at most once, and only after its provider said, by a signature,
//! that it was watched; limits, score, credits and the record of the decision are one transaction;
//! every decision keeps what it was based on; what could not be found out speaks against nobody.

mod block;
mod callback;
mod claim;
mod decide;
mod error;
mod place;
mod purge;
mod review;
mod session;
mod status;

pub use block::NewBlock;
pub use callback::CallbackReceived;
pub use claim::{Claimed, NewClaim};
pub use error::RewardsError;
pub use review::Finding;
pub use session::BegunAd;
pub use status::RewardStatus;

use std::sync::Arc;

use gantry_access::{AccessError, Actor, Permission, require};
use gantry_ports::{Clock, NetworkIntelligence, RewardVerifier, SandboxAds, Store};
use gantry_rules::rewards::RewardTerms;
use gantry_types::UserId;

/// Who shows the ads, and who knows networks.
#[derive(Clone)]
pub struct AdDesk {
    /// Says whether ads were watched.
    pub verifier: Arc<dyn RewardVerifier>,
    /// Shows ads that are none, where nobody shows real ones.
    pub sandbox: Option<Arc<dyn SandboxAds>>,
    /// Knows networks.
    pub networks: Arc<dyn NetworkIntelligence>,
}

/// The use-cases of ads. Clones share everything.
#[derive(Clone)]
pub struct Rewards {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    terms: Option<RewardTerms>,
    desk: Option<AdDesk>,
}

impl Rewards {
    /// Gives what `terms` say; nothing without them.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, terms: Option<RewardTerms>) -> Self {
        Self { store, clock, terms, desk: None }
    }

    /// The same with somebody who shows ads.
    #[must_use]
    pub fn with_desk(self, desk: AdDesk) -> Self {
        Self { desk: Some(desk), ..self }
    }

    fn require_offer(&self) -> Result<(&RewardTerms, &AdDesk), RewardsError> {
        self.terms.as_ref().zip(self.desk.as_ref()).ok_or(RewardsError::NotOffered)
    }
}

/// The person behind an actor who has a permission; the installation itself watches no ads.
fn require_person(actor: &Actor, permission: Permission) -> Result<UserId, RewardsError> {
    require(actor, permission)?;
    actor.user_id.ok_or(RewardsError::Access(AccessError::Forbidden { permission }))
}
