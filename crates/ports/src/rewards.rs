//! Those who show ads and say that somebody watched one, and those who know networks.
//!
//! Contract: [`RewardVerifier::verify`] says whether a callback is the provider's, to the byte; what
//! cannot be decided now is [`UnverifiedReward::Unavailable`] and may be asked again later with the
//! same bytes and the same time of arrival. [`NetworkIntelligence::look_up`] always answers, within a
//! few seconds: what it does not know speaks against nobody, and it says why it does not know.

use std::net::IpAddr;

use async_trait::async_trait;
use gantry_rules::fraud::NetworkMark;
use gantry_types::Timestamp;

/// A callback as it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawReward<'a> {
    /// The query of the request, as it was sent.
    pub query: &'a str,
    /// When.
    pub received_at: Timestamp,
}

/// An ad was watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedReward {
    /// The provider's name for it; unique.
    pub transaction_ref: String,
    /// What the app gave the ad along: the session.
    pub custom_data: String,
    /// The provider's place for ads.
    pub unit: String,
    /// When it was over, by the provider's clock.
    pub watched_at: Timestamp,
}

/// A callback is not believed, or not yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnverifiedReward {
    /// It is not one.
    #[error("the callback cannot be read: {reason}")]
    Unreadable {
        /// Why.
        reason: String,
    },
    /// The provider publishes no such key.
    #[error("the callback is signed by a key that its provider does not publish")]
    UnknownKey,
    /// Its signature is wrong.
    #[error("the signature of the callback is wrong")]
    Signature,
    /// It is of another time.
    #[error("the callback is too old, or of the future")]
    OtherTime,
    /// It is for an ad of somebody else.
    #[error("the callback is for an ad unit that is not this installation's")]
    OtherUnit,
    /// Its provider's keys cannot be had now.
    #[error("the keys of the provider cannot be had: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
}

/// Says whether ads were watched.
#[async_trait]
pub trait RewardVerifier: Send + Sync {
    /// The name of the provider, such as `admob`.
    fn id(&self) -> &'static str;
    /// The place for ads that apps show; empty when there is none to name.
    fn unit(&self) -> &str;
    /// Whether a callback is the provider's.
    ///
    /// # Errors
    /// [`UnverifiedReward`].
    async fn verify(&self, raw: RawReward<'_>) -> Result<VerifiedReward, UnverifiedReward>;
}

/// Shows ads that are none, so that everything can be tried.
pub trait SandboxAds: Send + Sync {
    /// The callback for an ad that somebody watched until `at`: its query.
    ///
    /// # Errors
    /// Why it cannot be signed, in words.
    fn tell_watched(&self, custom_data: &str, at: Timestamp) -> Result<String, String>;
}

/// What is known of a network address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkReport {
    /// What it is known for.
    pub marks: Vec<NetworkMark>,
    /// Why nothing, or not everything, is known.
    pub unknown: Option<String>,
}

/// Knows networks.
#[async_trait]
pub trait NetworkIntelligence: Send + Sync {
    /// What is known of an address.
    async fn look_up(&self, address: IpAddr) -> NetworkReport;
}
