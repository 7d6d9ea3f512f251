//! Ads that are watched for credits, what their provider told, what was decided, and what fraud came
//! from.
//!
//! Invariants: a session is decided once; a callback's transaction is noted once; what was decided
//! stays, and a review is added to it.

use async_trait::async_trait;
use gantry_rules::fraud::{BlockKind, FraudScore, Signal, Verdict};
use gantry_types::{
    AdCallbackId, AdSessionId, Credits, FraudBlockId, FraudEventId, LotId, OrganizationId,
    Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::page::{Page, PageRequest};

/// What an app told of an ad. It proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdProgress {
    /// It was asked for.
    Asked,
    /// It is there.
    Loaded,
    /// It was watched to its end.
    Watched,
    /// It could not be shown.
    Failed,
}

impl AdProgress {
    /// The word in the store and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Loaded => "loaded",
            Self::Watched => "watched",
            Self::Failed => "failed",
        }
    }
}

/// An ad that somebody watches for credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdSession {
    /// The identifier; the app gives it the ad along.
    pub id: AdSessionId,
    /// Who gets the credits.
    pub organization_id: OrganizationId,
    /// Who watches.
    pub user_id: UserId,
    /// Who shows it.
    pub provider: String,
    /// What the app told of it.
    pub progress: AdProgress,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Until when it may be watched.
    pub expires_at: Timestamp,
    /// When it was over, as its provider told.
    pub watched_at: Option<Timestamp>,
    /// When its claim was decided.
    pub decided_at: Option<Timestamp>,
}

/// Where a callback stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackOutcome {
    /// It is its provider's, and told of a session.
    Applied,
    /// It is its provider's, and of no session here.
    Ignored,
    /// It could not be decided yet.
    Pending,
    /// It is not believed.
    Refused,
}

/// What a provider of ads told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdCallback {
    /// The identifier.
    pub id: AdCallbackId,
    /// The provider.
    pub provider: String,
    /// SHA-256 of the query, in lower-case hexadecimal; unique.
    pub query_sha256: String,
    /// The query that was signed.
    pub query: String,
    /// The provider's name for what it tells of, once that is believed; unique per provider.
    pub transaction_ref: Option<String>,
    /// Where it stands.
    pub outcome: CallbackOutcome,
    /// Why, in words.
    pub note: String,
    /// When it came.
    pub received_at: Timestamp,
}

/// What somebody found who looked at a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewOutcome {
    /// It was no fraud.
    Cleared,
    /// It was.
    Confirmed,
}

impl ReviewOutcome {
    /// The word in the store and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cleared => "cleared",
            Self::Confirmed => "confirmed",
        }
    }
}

/// A look at a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FraudReview {
    /// What was found.
    pub outcome: ReviewOutcome,
    /// Who looked.
    pub reviewer_id: Option<UserId>,
    /// Why, in words.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// What was decided about a claim, and on what grounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FraudEvent {
    /// The identifier.
    pub id: FraudEventId,
    /// The ad.
    pub session_id: AdSessionId,
    /// Who was to get the credits.
    pub organization_id: OrganizationId,
    /// Who claimed them.
    pub user_id: UserId,
    /// What was decided.
    pub verdict: Verdict,
    /// The score.
    pub score: FraudScore,
    /// What spoke against it.
    pub signals: Vec<Signal>,
    /// How many credits it was about.
    pub credits: Credits,
    /// The lot in which they were given.
    pub lot_id: Option<LotId>,
    /// The network address: IPv4, or a network of 64 bits.
    pub address: String,
    /// The digest of the device's fingerprint.
    pub device: Option<String>,
    /// How the program named itself.
    pub user_agent: String,
    /// What could not be found out, in words; empty when nothing.
    pub note: String,
    /// When.
    pub at: Timestamp,
    /// What somebody found who looked at it.
    pub review: Option<FraudReview>,
}

/// Something that fraud came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FraudBlock {
    /// The identifier.
    pub id: FraudBlockId,
    /// What it is.
    pub kind: BlockKind,
    /// A fingerprint's digest, or a network such as `192.0.2.0/24`; unique per kind.
    pub value: String,
    /// Why, in words.
    pub reason: String,
    /// Who put it on the list.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
}

/// Whose claims are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimSource {
    /// A person's.
    Person(UserId),
    /// A network address'.
    Address(String),
    /// A device's.
    Device(String),
}

/// Which decisions are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FraudEventFilter {
    /// Of this verdict.
    pub verdict: Option<Verdict>,
    /// Of this organization.
    pub organization_id: Option<OrganizationId>,
    /// Only flagged and blocked ones that nobody has looked at.
    pub open_only: bool,
}

/// Looks up ads and decisions.
#[async_trait]
pub trait ReadRewards: Send + Sync {
    /// A person's session.
    async fn find_ad_session(
        &self,
        organization_id: OrganizationId,
        user_id: UserId,
        id: AdSessionId,
    ) -> Result<Option<AdSession>, StoreError>;
    /// When the oldest of a person's sessions ends that may still be watched, and how many there are.
    async fn count_open_ad_sessions(
        &self,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<(u32, Option<Timestamp>), StoreError>;
    /// How many claims of a source were decided since `since`.
    async fn count_claims(&self, source: &ClaimSource, since: Timestamp)
    -> Result<u32, StoreError>;
    /// How many persons but this one claimed from a source since `since`.
    async fn count_other_persons(
        &self,
        source: &ClaimSource,
        user_id: UserId,
        since: Timestamp,
    ) -> Result<u32, StoreError>;
    /// When a person's last claim was decided.
    async fn find_last_claim(&self, user_id: UserId) -> Result<Option<Timestamp>, StoreError>;
    /// A person's claims that were flagged or blocked, and that nobody has cleared.
    async fn count_fraud_flags(&self, user_id: UserId) -> Result<u32, StoreError>;
    /// What was decided about a session.
    async fn find_decision(&self, id: AdSessionId) -> Result<Option<FraudEvent>, StoreError>;
    /// A decision of any organization.
    async fn find_fraud_event(&self, id: FraudEventId) -> Result<Option<FraudEvent>, StoreError>;
    /// Decisions of all organizations.
    async fn list_fraud_events(
        &self,
        filter: &FraudEventFilter,
        page: &PageRequest<FraudEventId>,
    ) -> Result<Page<FraudEvent, FraudEventId>, StoreError>;
    /// The list of what fraud came from.
    async fn list_fraud_blocks(
        &self,
        page: &PageRequest<FraudBlockId>,
    ) -> Result<Page<FraudBlock, FraudBlockId>, StoreError>;
    /// Which of a device and some networks are on the list.
    async fn find_blocked(
        &self,
        device: Option<&str>,
        networks: &[String],
    ) -> Result<Vec<BlockKind>, StoreError>;
    /// Callbacks that could not be decided yet, oldest first, at most `limit`.
    async fn list_pending_callbacks(&self, limit: u32) -> Result<Vec<AdCallback>, StoreError>;
    /// How many there are.
    async fn count_pending_callbacks(&self) -> Result<u64, StoreError>;
}

/// Changes ads and decisions.
#[async_trait]
pub trait WriteRewards: ReadRewards {
    /// Makes whoever else claims from the same source wait until this transaction ends: the person
    /// comes first, then the address, then the device; see [`super::Tx`] for when.
    async fn lock_claims(&self, source: &ClaimSource) -> Result<(), StoreError>;
    /// Adds a session.
    async fn insert_ad_session(&self, session: &AdSession) -> Result<(), StoreError>;
    /// Notes what an app told; [`StoreError::NotFound`] when the session is not theirs.
    async fn set_ad_progress(
        &self,
        session: (OrganizationId, UserId, AdSessionId),
        progress: AdProgress,
    ) -> Result<(), StoreError>;
    /// Notes that an ad was watched; `false` when there is no such session, or that was known.
    async fn note_watched(&self, id: AdSessionId, at: Timestamp) -> Result<bool, StoreError>;
    /// Notes that a claim was decided; [`StoreError::NotFound`] when it was before.
    async fn note_decided(&self, id: AdSessionId, at: Timestamp) -> Result<(), StoreError>;
    /// Adds a callback; [`StoreError::AlreadyExists`] when the query or the transaction is known.
    async fn insert_callback(&self, callback: &AdCallback) -> Result<(), StoreError>;
    /// Notes what became of a callback that was pending; [`StoreError::AlreadyExists`] when its
    /// transaction is known, [`StoreError::NotFound`] when it is pending no more.
    async fn settle_callback(
        &self,
        id: AdCallbackId,
        transaction_ref: Option<&str>,
        outcome: (CallbackOutcome, &str),
    ) -> Result<(), StoreError>;
    /// Adds a decision.
    async fn insert_fraud_event(&self, event: &FraudEvent) -> Result<(), StoreError>;
    /// Adds what somebody found, and the lot in which credits were given after all;
    /// [`StoreError::NotFound`] when somebody looked before.
    async fn set_fraud_review(
        &self,
        id: FraudEventId,
        review: &FraudReview,
        lot_id: Option<LotId>,
    ) -> Result<(), StoreError>;
    /// Adds to the list; [`StoreError::AlreadyExists`] when it is there.
    async fn insert_fraud_block(&self, block: &FraudBlock) -> Result<(), StoreError>;
    /// Takes off the list, and answers what it was; [`StoreError::NotFound`] when it is not there.
    async fn delete_fraud_block(&self, id: FraudBlockId) -> Result<FraudBlock, StoreError>;
    /// Removes sessions and callbacks from before `rows_before`, and decisions from before
    /// `events_before` that nobody has to look at; answers how many rows.
    async fn purge_rewards(
        &self,
        rows_before: Timestamp,
        events_before: Timestamp,
    ) -> Result<u64, StoreError>;
}
