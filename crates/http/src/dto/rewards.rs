//! Credits for watching ads.

use gantry_ports::store::AdProgress;
use gantry_rewards::{BegunAd, RewardStatus};
use gantry_types::{AdSessionId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What can be earned by ads now.
#[derive(Debug, Serialize, ToSchema)]
pub struct RewardsBody {
    /// Who shows the ads: `admob` in apps, `sandbox` on this site.
    pub provider: &'static str,
    /// The provider's place for ads; `null` in the sandbox.
    pub unit: Option<String>,
    /// Credits for each ad.
    pub credits: i64,
    /// Ads on one day in UTC.
    pub per_day: u32,
    /// Ads that are left today.
    pub remaining: u32,
    /// When the day ends.
    #[schema(value_type = String, format = DateTime)]
    pub resets_at: Timestamp,
    /// From when the next ad may be watched.
    #[schema(value_type = String, format = DateTime)]
    pub next_at: Timestamp,
    /// Seconds until then.
    pub wait_s: u64,
    /// What keeps it from being watched now: `cooldown`, `person_per_hour` and its like.
    pub limit: Option<&'static str>,
}

impl From<RewardStatus> for RewardsBody {
    fn from(status: RewardStatus) -> Self {
        let wait = status.next_at.since(status.now);
        Self {
            provider: status.provider,
            unit: Some(status.unit).filter(|unit| !unit.is_empty()),
            credits: status.credits.get(),
            per_day: status.per_day,
            remaining: status.remaining,
            resets_at: status.resets_at,
            next_at: status.next_at,
            wait_s: wait.as_secs() + u64::from(wait.subsec_nanos() > 0),
            limit: status.limit.map(|limit| limit.as_str()),
        }
    }
}

/// An ad that may be watched.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdSessionBody {
    /// The session.
    #[schema(value_type = Uuid)]
    pub id: AdSessionId,
    /// What the app gives the ad along, so that its provider tells of this session.
    pub custom_data: String,
    /// Who shows the ad.
    pub provider: String,
    /// The provider's place for ads; `null` in the sandbox.
    pub unit: Option<String>,
    /// Until when it may be watched.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Ads that are left today, this one included.
    pub remaining: u32,
}

impl From<BegunAd> for AdSessionBody {
    fn from(begun: BegunAd) -> Self {
        Self {
            id: begun.session.id,
            custom_data: begun.session.id.to_string(),
            provider: begun.session.provider,
            unit: Some(begun.unit).filter(|unit| !unit.is_empty()),
            expires_at: begun.session.expires_at,
            remaining: begun.remaining,
        }
    }
}

/// What an app tells of an ad.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdEventWord {
    /// It is there.
    Loaded,
    /// It was watched to its end.
    Watched,
    /// It could not be shown.
    Failed,
}

impl From<AdEventWord> for AdProgress {
    fn from(word: AdEventWord) -> Self {
        match word {
            AdEventWord::Loaded => Self::Loaded,
            AdEventWord::Watched => Self::Watched,
            AdEventWord::Failed => Self::Failed,
        }
    }
}

/// What an app tells of an ad.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdEventRequest {
    /// What happened. It proves nothing; the provider's callback does.
    pub event: AdEventWord,
}

/// A claim of the credits of an ad.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimRequest {
    /// The ad.
    #[schema(value_type = Uuid)]
    pub session_id: AdSessionId,
    /// By what the device can be told from others: 8 to 1,024 bytes, of which a digest is kept.
    #[serde(default)]
    pub fingerprint: Option<String>,
}

/// What became of a claim.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimBody {
    /// `given`, or `pending` while the provider has not told of the ad.
    pub status: &'static str,
    /// Credits that were given.
    pub credits: i64,
    /// Whether somebody looks at it.
    pub under_review: bool,
    /// When to claim again, in seconds, while it is pending.
    pub retry_after_s: Option<u64>,
    /// What can be earned now, once it was decided.
    pub rewards: Option<RewardsBody>,
}

/// What became of a provider's callback.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallbackBody {
    /// `applied`, `ignored`, `known`, or `kept` until it can be checked.
    pub outcome: &'static str,
}
