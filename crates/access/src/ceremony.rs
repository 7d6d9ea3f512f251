//! What begins in a browser, goes on elsewhere and comes back once.
//!
//! Invariants: a ceremony ends in the browser that began it, which a secret proves that only this
//! browser keeps; the store has hashes alone; the verifier and the nonce follow from both secrets,
//! so that nobody who knows one of them knows these.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gantry_ports::StoreError;
use gantry_ports::store::{Ceremony, CeremonyPurpose, Newcomer, StoreExt};
use gantry_ports::vouching::Challenge;
use gantry_types::{Timestamp, UserId};
use sha2::{Digest, Sha256};

use crate::Access;
use crate::error::AccessError;
use crate::secret::{LinkToken, sha256_hex};

/// How long a person may take.
pub(crate) const LIFETIME: Duration = Duration::from_mins(10);
/// The longest path that is gone back to.
const MAX_NEXT: usize = 2_000;

/// The secret that a browser keeps while ceremonies go on; a cookie's value.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserToken(String);

impl BrowserToken {
    /// The one that the browser has, or a new one.
    pub(crate) fn keep_or_generate(kept: Option<&str>) -> Result<Self, AccessError> {
        let is_ours =
            |text: &&str| text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        match kept.filter(is_ours) {
            Some(kept) => Ok(Self(kept.to_owned())),
            None => Ok(Self(LinkToken::generate()?.expose().to_owned())),
        }
    }

    /// The secret, for the cookie and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BrowserToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BrowserToken(…)")
    }
}

/// Something that goes on at a provider now.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The page to which the browser is sent.
    pub url: String,
    /// What the browser keeps.
    pub browser: BrowserToken,
    /// How long it keeps it.
    pub lifetime: Duration,
}

/// What a ceremony is begun for.
pub(crate) struct Wish<'a> {
    pub purpose: CeremonyPurpose,
    pub user_id: Option<UserId>,
    pub next: &'a str,
    pub newcomer: Newcomer,
}

/// A ceremony to be noted.
pub(crate) struct NewCeremony<'a> {
    pub purpose: CeremonyPurpose,
    /// Empty with an authenticator.
    pub provider: &'a str,
    pub user_id: Option<UserId>,
    pub next: &'a str,
    pub newcomer: Newcomer,
    /// The secret that the browser keeps; empty where its session binds it.
    pub browser: &'a str,
}

/// The secrets of a ceremony.
pub(crate) struct Secrets<'a> {
    pub state: &'a str,
    pub browser: &'a str,
}

impl Secrets<'_> {
    fn derive(&self, what: &str) -> String {
        sha256_hex(&format!("gantry {what}, version 1:{}:{}", self.browser, self.state))
    }

    pub fn nonce(&self) -> String {
        self.derive("nonce")
    }

    pub fn verifier(&self) -> String {
        self.derive("verifier")
    }

    fn challenge(&self) -> Challenge {
        Challenge {
            state: self.state.to_owned(),
            nonce: self.nonce(),
            code_challenge: URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier().as_bytes())),
        }
    }
}

impl Access {
    /// Begins a ceremony at a provider; `kept` is what the browser has from an earlier one.
    pub(crate) async fn begin_ceremony(
        &self,
        provider: &str,
        wish: Wish<'_>,
        kept: Option<&str>,
    ) -> Result<Begun, AccessError> {
        let provider = self.get_provider(provider)?;
        let browser = BrowserToken::keep_or_generate(kept)?;
        let state = LinkToken::generate()?;
        let secrets = Secrets { state: state.expose(), browser: browser.expose() };
        let begun = provider.port.begin(&secrets.challenge()).await;
        let url = begun.map_err(|error| provider.refuse(error))?;
        let new = NewCeremony {
            purpose: wish.purpose,
            provider: provider.id.as_str(),
            user_id: wish.user_id,
            next: wish.next,
            newcomer: wish.newcomer,
            browser: browser.expose(),
        };
        self.insert_ceremony(&state, new).await?;
        Ok(Begun { url, browser, lifetime: LIFETIME })
    }

    /// Notes that a ceremony goes on.
    pub(crate) async fn insert_ceremony(
        &self,
        state: &LinkToken,
        new: NewCeremony<'_>,
    ) -> Result<(), AccessError> {
        let ceremony = Ceremony {
            state_sha256: sha256_hex(state.expose()),
            purpose: new.purpose,
            provider: new.provider.to_owned(),
            user_id: new.user_id,
            browser_sha256: sha256_hex(new.browser),
            next: Some(new.next).filter(|next| next.len() <= MAX_NEXT).unwrap_or("").to_owned(),
            newcomer: new.newcomer,
            expires_at: self.clock.now().plus(LIFETIME),
        };
        self.store
            .write(move |tx| {
                let ceremony = ceremony.clone();
                Box::pin(async move { Ok(tx.vouching().insert_ceremony(&ceremony).await?) })
            })
            .await
    }

    /// Takes a ceremony back from the browser that began it, once.
    pub(crate) async fn take_ceremony(
        &self,
        provider: &str,
        secrets: &Secrets<'_>,
        now: Timestamp,
    ) -> Result<Ceremony, AccessError> {
        let state_sha256 = sha256_hex(secrets.state);
        let found = self.store.read().await?.vouching().find_ceremony(&state_sha256).await?;
        let browser_sha256 = sha256_hex(secrets.browser);
        let own = found.filter(|ceremony| {
            ceremony.provider == provider
                && ceremony.browser_sha256 == browser_sha256
                && now < ceremony.expires_at
        });
        let ceremony = own.ok_or(AccessError::CeremonyNotGood)?;
        self.store
            .write(move |tx| {
                let state_sha256 = state_sha256.clone();
                Box::pin(async move {
                    match tx.vouching().use_ceremony(&state_sha256).await {
                        Err(StoreError::NotFound { .. }) => Err(AccessError::CeremonyNotGood),
                        other => Ok(other?),
                    }
                })
            })
            .await?;
        Ok(ceremony)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_the_secrets_needs_both_of_them() {
        let derive = |state, browser| Secrets { state, browser }.challenge();
        let one = derive("state", "browser");
        assert_eq!(one.nonce, derive("state", "browser").nonce);
        for other in [derive("state", "another"), derive("another", "browser")] {
            assert_ne!(one.nonce, other.nonce);
            assert_ne!(one.code_challenge, other.code_challenge);
        }
        let secrets = Secrets { state: "state", browser: "browser" };
        assert_ne!(secrets.nonce(), secrets.verifier());
        assert_eq!(one.code_challenge.len(), 43);
    }

    #[test]
    fn a_browser_keeps_its_secret_and_nothing_else() {
        let first = BrowserToken::keep_or_generate(None).unwrap();
        let kept = BrowserToken::keep_or_generate(Some(first.expose())).unwrap();
        assert_eq!(first, kept);
        for foreign in ["", "short", &"-".repeat(43)] {
            let new = BrowserToken::keep_or_generate(Some(foreign)).unwrap();
            assert_ne!(new.expose(), foreign);
        }
        assert!(!format!("{first:?}").contains(first.expose()));
    }
}
