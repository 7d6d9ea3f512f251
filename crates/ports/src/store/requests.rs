//! Requests that may be repeated without doubling what they do.
//!
//! Invariants: a key is kept for 24 hours; who holds a request acts alone; who held it for too long
//! and was followed by another ends nothing; what was answered is answered again.

use async_trait::async_trait;
use gantry_rules::submission::IdempotencyKey;
use gantry_types::{OrganizationId, Timestamp};
use serde_json::Value;

use super::error::StoreError;

/// A request that may come again.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptRequest {
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Its key.
    pub key: IdempotencyKey,
    /// What is to be done, so that a repetition does the same and nothing else.
    pub began: Value,
    /// What was answered, once it is done.
    pub answer: Option<Value>,
    /// When it came first.
    pub created_at: Timestamp,
    /// Until when somebody is doing it.
    pub held_until: Timestamp,
}

/// Somebody's turn at a request. Whose turn it is tells its end: it is had when an earlier turn is
/// over, so that of two turns the later one ends later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHold {
    /// Whose the request is.
    pub organization_id: OrganizationId,
    /// Its key.
    pub key: IdempotencyKey,
    /// Until when others leave it alone.
    pub until: Timestamp,
}

impl KeptRequest {
    /// The turn that ends when this says.
    #[must_use]
    pub fn derive_hold(&self) -> RequestHold {
        RequestHold {
            organization_id: self.organization_id,
            key: self.key.clone(),
            until: self.held_until,
        }
    }
}

/// Looks up requests that may come again.
#[async_trait]
pub trait ReadRequests: Send + Sync {
    /// What is kept under the key at `now`, whatever its body was.
    async fn find_request(
        &self,
        organization_id: OrganizationId,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<KeptRequest>, StoreError>;
}

/// Keeps requests.
#[async_trait]
pub trait WriteRequests: ReadRequests {
    /// Keeps a request; `false` when there is one under its key already.
    async fn keep_request(&self, request: &KeptRequest) -> Result<bool, StoreError>;
    /// Holds a request that is not answered, and that nobody holds at `now`, until its
    /// `held_until`; `false` when it cannot be had.
    async fn hold_request(&self, request: &KeptRequest, now: Timestamp)
    -> Result<bool, StoreError>;
    /// Notes the answer; `false`, and nothing is noted, when it is another's turn meanwhile, or was.
    /// What is not kept any more is answered all the same.
    async fn answer_request(&self, hold: &RequestHold, answer: &Value) -> Result<bool, StoreError>;
    /// Lets others do a request that is not answered, unless it is another's turn.
    async fn free_request(&self, hold: &RequestHold) -> Result<(), StoreError>;
    /// Forgets a request that is not answered, because it was refused, unless it is another's turn.
    async fn forget_request(&self, hold: &RequestHold) -> Result<(), StoreError>;
}
