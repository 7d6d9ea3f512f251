//! AdMob's server-side verification of rewarded ads.

use std::sync::Arc;

use async_trait::async_trait;
use gantry_ports::Clock;
use gantry_ports::rewards::{RawReward, RewardVerifier, UnverifiedReward, VerifiedReward};

use crate::AdsSetupError;
use crate::callback::Callback;
use crate::keys::KeySource;
use crate::wire::is_private;

/// Where AdMob publishes its keys.
pub const ADMOB_KEYS: &str = "https://www.gstatic.com/admob/reward/verifier-keys.json";

/// What it takes to believe AdMob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdMobSettings {
    /// The app's ad units, such as `ca-app-pub-0000000000000000/1111111111`; apps show the first.
    pub units: Vec<String>,
    /// Where the keys are.
    pub key_url: String,
}

/// AdMob.
pub struct AdMob {
    units: Vec<String>,
    keys: KeySource,
}

/// Callbacks name a unit by its number alone.
fn number_of(unit: &str) -> &str {
    unit.rsplit('/').next().unwrap_or(unit)
}

impl AdMob {
    /// Believes callbacks for these units.
    ///
    /// # Errors
    /// [`AdsSetupError`] without units, and for keys that would come in the clear.
    pub fn new(settings: AdMobSettings, clock: Arc<dyn Clock>) -> Result<Self, AdsSetupError> {
        if settings.units.iter().all(|unit| number_of(unit).is_empty()) {
            return Err(AdsSetupError::Missing { name: "units" });
        }
        if !is_private(&settings.key_url) {
            return Err(AdsSetupError::Open { url: settings.key_url });
        }
        Ok(Self { units: settings.units, keys: KeySource::new(settings.key_url, clock) })
    }
}

#[async_trait]
impl RewardVerifier for AdMob {
    fn id(&self) -> &'static str {
        "admob"
    }

    fn unit(&self) -> &str {
        self.units.first().map_or("", String::as_str)
    }

    async fn verify(&self, raw: RawReward<'_>) -> Result<VerifiedReward, UnverifiedReward> {
        let callback = Callback::parse(raw.query)?;
        let point = self.keys.find(callback.key_id).await?;
        let reward = callback.verify(&point, raw.received_at)?;
        if self.units.iter().any(|unit| number_of(unit) == reward.unit) {
            Ok(reward)
        } else {
            Err(UnverifiedReward::OtherUnit)
        }
    }
}
