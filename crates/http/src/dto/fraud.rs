//! What was decided about claims, and what fraud came from.

use gantry_ports::store::{FraudBlock, FraudEvent, FraudReview, Order, ReviewOutcome};
use gantry_rules::fraud::{BlockKind, FraudScore, Signal, Verdict};
use gantry_types::{AdSessionId, FraudBlockId, FraudEventId, OrganizationId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Something that spoke against a claim.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignalBody {
    /// Its name, such as `vpn`.
    pub name: &'static str,
    /// What it adds to the score.
    pub weight: f64,
}

impl From<Signal> for SignalBody {
    fn from(signal: Signal) -> Self {
        let weight = FraudScore::from_thousandths(signal.weight()).fraction();
        Self { name: signal.as_str(), weight }
    }
}

/// What somebody found who looked at a decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct FraudReviewBody {
    /// `cleared` or `confirmed`.
    pub outcome: &'static str,
    /// Who looked.
    #[schema(value_type = Option<Uuid>)]
    pub reviewer_id: Option<UserId>,
    /// Why.
    pub note: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl From<FraudReview> for FraudReviewBody {
    fn from(review: FraudReview) -> Self {
        Self {
            outcome: review.outcome.as_str(),
            reviewer_id: review.reviewer_id,
            note: review.note,
            at: review.at,
        }
    }
}

/// What was decided about a claim, and on what grounds.
#[derive(Debug, Serialize, ToSchema)]
pub struct FraudEventBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: FraudEventId,
    /// The ad.
    #[schema(value_type = Uuid)]
    pub session_id: AdSessionId,
    /// Who was to get the credits.
    #[schema(value_type = Uuid)]
    pub organization_id: OrganizationId,
    /// Who claimed them.
    #[schema(value_type = Uuid)]
    pub user_id: UserId,
    /// `allow`, `flag` or `block`.
    pub verdict: &'static str,
    /// From 0 to 1.
    pub score: f64,
    /// What spoke against it.
    pub signals: Vec<SignalBody>,
    /// How many credits it was about.
    pub credits: i64,
    /// Whether they were given.
    pub given: bool,
    /// The network address, or its network of 64 bits.
    pub address: String,
    /// The digest of the device's fingerprint.
    pub device: Option<String>,
    /// How the program named itself.
    pub user_agent: String,
    /// What could not be found out.
    pub note: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What somebody found who looked at it.
    pub review: Option<FraudReviewBody>,
}

impl From<FraudEvent> for FraudEventBody {
    fn from(event: FraudEvent) -> Self {
        Self {
            id: event.id,
            session_id: event.session_id,
            organization_id: event.organization_id,
            user_id: event.user_id,
            verdict: event.verdict.as_str(),
            score: event.score.fraction(),
            signals: event.signals.into_iter().map(Into::into).collect(),
            credits: event.credits.get(),
            given: event.lot_id.is_some(),
            address: event.address,
            device: event.device,
            user_agent: event.user_agent,
            note: event.note,
            at: event.at,
            review: event.review.map(Into::into),
        }
    }
}

/// Which decisions are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FraudEventParams {
    /// `allow`, `flag` or `block`.
    #[param(value_type = Option<String>)]
    pub verdict: Option<Verdict>,
    /// Of this organization.
    #[param(value_type = Option<String>)]
    pub account: Option<OrganizationId>,
    /// Only flagged and blocked ones that nobody has looked at.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    pub open: bool,
    /// At most so many items: 1 to 200, 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `newest_first` (if not given) or `oldest_first`.
    #[param(value_type = Option<crate::dto::ListOrder>)]
    pub order: Option<Order>,
}

/// What an administrator found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FraudReviewRequest {
    /// `cleared`: credits that were held back are given. `confirmed`: credits that were given are
    /// taken back.
    #[schema(value_type = String)]
    pub outcome: ReviewOutcome,
    /// Why: up to 500 characters.
    #[serde(default)]
    pub note: String,
    /// What of a confirmed fraud goes on the list: `device`, `network`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub block: Vec<BlockKind>,
}

/// Something that fraud came from.
#[derive(Debug, Serialize, ToSchema)]
pub struct FraudBlockBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: FraudBlockId,
    /// `device` or `network`.
    pub kind: &'static str,
    /// A fingerprint's digest, or a network.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Who put it on the list.
    #[schema(value_type = Option<Uuid>)]
    pub created_by: Option<UserId>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<FraudBlock> for FraudBlockBody {
    fn from(block: FraudBlock) -> Self {
        Self {
            id: block.id,
            kind: block.kind.as_str(),
            value: block.value,
            reason: block.reason,
            created_by: block.created_by,
            created_at: block.created_at,
        }
    }
}

/// Something for the list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FraudBlockRequest {
    /// `device` or `network`.
    #[schema(value_type = String)]
    pub kind: BlockKind,
    /// The digest of a fraud event's device, or a network such as `192.0.2.0/24`.
    pub value: String,
    /// Why: 1 to 200 characters.
    pub reason: String,
}
