//! Tokens of another issuer, which programs show instead of a key.
//!
//! Invariant: a token counts only for the audience that the settings name, so that one which was
//! given to another service opens nothing here.

use std::sync::Arc;

use async_trait::async_trait;
use gantry_ports::vouching::{AddressProof, Shown, TokenIssuer, Vouched, VouchedAddress};
use gantry_ports::{Clock, VouchError};
use gantry_types::Timestamp;
use serde_json::{Map, Value};

use crate::OidcSetupError;
use crate::claims::{Times, is_subject, says_yes};
use crate::discovery::Discovery;
use crate::jws::Jws;
use crate::keys::KeySource;
use crate::provider::AddressTrust;
use crate::wire::{Wire, is_private, refused};

/// Whose tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BearerSettings {
    /// Who issues them.
    pub issuer: String,
    /// For whom they must be.
    pub audience: String,
    /// Where its keys are; found by discovery if not given.
    pub jwks_url: Option<String>,
    /// Which claim is the person's address.
    pub email_claim: String,
    /// Whether its addresses count as proven.
    pub trust: AddressTrust,
}

/// An issuer whose tokens are taken.
pub struct Bearer {
    settings: BearerSettings,
    clock: Arc<dyn Clock>,
    discovery: Discovery,
    keys: KeySource,
}

impl Bearer {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// [`OidcSetupError`].
    pub fn new(settings: BearerSettings, clock: Arc<dyn Clock>) -> Result<Self, OidcSetupError> {
        for (name, value) in [("issuer", &settings.issuer), ("audience", &settings.audience)] {
            if value.trim().is_empty() {
                return Err(OidcSetupError::Missing { name });
            }
        }
        for url in std::iter::once(&settings.issuer).chain(&settings.jwks_url) {
            if !is_private(url) {
                return Err(OidcSetupError::Open { url: url.clone() });
            }
        }
        let wire = Wire::new();
        let discovery = Discovery::new(&settings.issuer, wire.clone(), Arc::clone(&clock));
        let keys = KeySource::new(wire, Arc::clone(&clock));
        Ok(Self { settings, clock, discovery, keys })
    }

    fn require(&self, claims: &Map<String, Value>) -> Result<Timestamp, VouchError> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(self.settings.issuer.as_str()) {
            return Err(refused("the token comes from another issuer"));
        }
        let audience = self.settings.audience.as_str();
        let is_for_us = match claims.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(audience)),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
                false
            }
        };
        if !is_for_us {
            return Err(refused("the token is for somebody else"));
        }
        Times::read(claims)?.require(self.clock.now())
    }

    fn derive_address(&self, claims: &Map<String, Value>) -> Option<VouchedAddress> {
        let email = claims.get(&self.settings.email_claim)?.as_str()?.to_owned();
        let is_proven = match self.settings.trust {
            AddressTrust::Own => true,
            AddressTrust::AsTold => says_yes(claims.get("email_verified")),
        };
        let proof = if is_proven { AddressProof::Proven } else { AddressProof::Unproven };
        Some(VouchedAddress { email, proof })
    }
}

#[async_trait]
impl TokenIssuer for Bearer {
    fn recognises(&self, token: &str) -> bool {
        let claims = Jws::parse(token).ok();
        let claims = claims.and_then(|jws| serde_json::from_slice::<Value>(jws.payload()).ok());
        claims.is_some_and(|claims| claims["iss"] == self.settings.issuer.as_str())
    }

    async fn check(&self, token: &str) -> Result<Shown, VouchError> {
        let jws = Jws::parse(token).map_err(|error| refused(error.to_string()))?;
        let url = match &self.settings.jwks_url {
            Some(url) => url.clone(),
            None => self.discovery.get().await?.jwks_uri.clone(),
        };
        self.keys.verify(&url, &jws).await?;
        let claims: Map<String, Value> = serde_json::from_slice(jws.payload())
            .map_err(|_| refused("the token lacks what it must say"))?;
        let ends_at = self.require(&claims)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let subject = text("sub").filter(|subject| is_subject(subject));
        let subject = subject.ok_or_else(|| refused("the token names nobody"))?;
        let address = self.derive_address(&claims);
        Ok(Shown { vouched: Vouched { subject, address, name: text("name") }, ends_at })
    }
}
