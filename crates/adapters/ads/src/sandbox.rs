//! Ads that are none: signed here, with a key of this process, and believed by the same path as real
//! ones.

use async_trait::async_trait;
use gantry_ports::SandboxAds;
use gantry_ports::rewards::{RawReward, RewardVerifier, UnverifiedReward, VerifiedReward};
use gantry_types::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::AdsSetupError;
use crate::callback::Callback;

const KEY_ID: u64 = 1;
const UNIT: &str = "0";

/// Shows ads that are none, and believes its own callbacks.
pub struct AdSandbox {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl AdSandbox {
    /// Makes a key that lives as long as this process.
    ///
    /// # Errors
    /// [`AdsSetupError::NoKey`].
    pub fn open() -> Result<Self, AdsSetupError> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random);
        let document = document.map_err(|_| AdsSetupError::NoKey)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random);
        Ok(Self { pair: pair.map_err(|_| AdsSetupError::NoKey)?, random })
    }
}

impl SandboxAds for AdSandbox {
    fn tell_watched(&self, custom_data: &str, at: Timestamp) -> Result<String, String> {
        let is_plain = custom_data.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        if !is_plain {
            return Err("the session has a name that would have to be escaped".to_owned());
        }
        let mut number = [0; 16];
        self.random.fill(&mut number).map_err(|_| "there is no randomness")?;
        let signed = format!(
            "ad_network=sandbox&ad_unit={UNIT}&custom_data={custom_data}&reward_amount=1\
             &reward_item=Credits&timestamp={}&transaction_id={}",
            at.as_micros().div_euclid(1_000),
            hex::encode(number)
        );
        let signature = self.pair.sign(&self.random, signed.as_bytes());
        let signature = signature.map_err(|_| "it cannot be signed")?;
        let signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
        Ok(format!("{signed}&signature={signature}&key_id={KEY_ID}"))
    }
}

#[async_trait]
impl RewardVerifier for AdSandbox {
    fn id(&self) -> &'static str {
        "sandbox"
    }

    fn unit(&self) -> &str {
        ""
    }

    async fn verify(&self, raw: RawReward<'_>) -> Result<VerifiedReward, UnverifiedReward> {
        let callback = Callback::parse(raw.query)?;
        if callback.key_id != KEY_ID {
            return Err(UnverifiedReward::UnknownKey);
        }
        callback.verify(self.pair.public_key().as_ref(), raw.received_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn its_own_callbacks_are_believed_to_the_byte() {
        let (sandbox, other) = (AdSandbox::open().unwrap(), AdSandbox::open().unwrap());
        let at = Timestamp::from_micros(1_790_000_000_123_000);
        let query = sandbox.tell_watched("session-1", at).unwrap();
        let raw = RawReward { query: &query, received_at: at };
        let reward = sandbox.verify(raw).await.unwrap();
        assert_eq!((reward.custom_data.as_str(), reward.watched_at), ("session-1", at));
        assert_eq!(other.verify(raw).await, Err(UnverifiedReward::Signature));
        let forged = query.replace("session-1", "session-2");
        let raw = RawReward { query: &forged, received_at: at };
        assert_eq!(sandbox.verify(raw).await, Err(UnverifiedReward::Signature));
        assert!(sandbox.tell_watched("a&b", at).is_err());
    }
}
