//! Any provider of OpenID Connect, found by discovery: the authorization code flow with PKCE.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gantry_ports::vouching::{AddressProof, Challenge, Redemption, Vouched};
use gantry_ports::{Clock, IdentityProvider, VouchError};
use serde::Deserialize;

use crate::OidcSetupError;
use crate::claims::{Claims, Expected, PersonClaims};
use crate::discovery::{Description, Discovery};
use crate::form::{encode, escape, with_query};
use crate::jws::Jws;
use crate::keys::KeySource;
use crate::wire::{Call, Wire, is_private, refused, unavailable};

/// Google's issuer.
pub const GOOGLE: &str = "https://accounts.google.com";
const SCOPES: &str = "openid email profile";

/// Whether the provider's addresses count as proven where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressTrust {
    /// The provider is the installation's own directory: they do.
    Own,
    /// They do where it says so.
    AsTold,
}

/// How a provider is asked.
#[derive(Clone, PartialEq, Eq)]
pub struct OidcSettings {
    /// Who it is; its description stands below this address.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: String,
    /// Where browsers come back to, exactly as it is registered there.
    pub redirect_uri: String,
    /// Whether its addresses count as proven.
    pub trust: AddressTrust,
}

impl fmt::Debug for OidcSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OidcSettings").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default)]
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    person: PersonClaims,
}

/// A provider of OpenID Connect.
pub struct Oidc {
    settings: OidcSettings,
    wire: Wire,
    clock: Arc<dyn Clock>,
    discovery: Discovery,
    keys: KeySource,
}

impl Oidc {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// [`OidcSetupError`].
    pub fn new(settings: OidcSettings, clock: Arc<dyn Clock>) -> Result<Self, OidcSetupError> {
        for (name, value) in [
            ("issuer", &settings.issuer),
            ("client_id", &settings.client_id),
            ("client_secret", &settings.client_secret),
        ] {
            if value.trim().is_empty() {
                return Err(OidcSetupError::Missing { name });
            }
        }
        if !is_private(&settings.issuer) {
            return Err(OidcSetupError::Open { url: settings.issuer });
        }
        let wire = Wire::new();
        let discovery = Discovery::new(&settings.issuer, wire.clone(), Arc::clone(&clock));
        let keys = KeySource::new(wire.clone(), Arc::clone(&clock));
        Ok(Self { settings, wire, clock, discovery, keys })
    }

    async fn exchange(
        &self,
        description: &Description,
        redemption: &Redemption,
    ) -> Result<Tokens, VouchError> {
        let OidcSettings { client_id, client_secret, redirect_uri, .. } = &self.settings;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", redemption.code.as_str()),
            ("redirect_uri", redirect_uri),
            ("code_verifier", redemption.verifier.as_str()),
            ("client_id", client_id),
        ];
        let in_body = description.wants_secret_in_body();
        if in_body {
            fields.push(("client_secret", client_secret));
        }
        let mut call = Call::form(&description.token_endpoint, encode(&fields));
        if !in_body {
            // RFC 6749, 2.3.1: both are encoded as in a form first.
            let pair = format!("{}:{}", escape(client_id), escape(client_secret));
            call = call.header("authorization", format!("Basic {}", STANDARD.encode(pair)));
        }
        let reply = self.wire.send(call).await?;
        match reply.status {
            200 => reply.read().ok_or_else(|| refused("it gives no statement")),
            400..=499 => Err(refused("it does not take the code")),
            status => Err(unavailable(format!("the exchange of the code is answered by {status}"))),
        }
    }

    /// What the provider tells of the person apart from its statement.
    async fn ask_more(
        &self,
        description: &Description,
        (access_token, subject): (Option<&str>, &str),
    ) -> Result<Option<PersonClaims>, VouchError> {
        let (Some(url), Some(token)) = (&description.userinfo_endpoint, access_token) else {
            return Ok(None);
        };
        let call = Call::get(url).header("authorization", format!("Bearer {token}"));
        let reply = self.wire.send(call).await?;
        let info = reply.read::<UserInfo>().filter(|_| reply.is_good());
        // OpenID Connect Core, 5.3.2: it may have been exchanged for somebody else's.
        match info {
            Some(info) if info.sub == subject => Ok(Some(info.person)),
            Some(_) => Err(refused("it tells of somebody else")),
            None => Ok(None),
        }
    }
}

#[async_trait]
impl IdentityProvider for Oidc {
    async fn begin(&self, challenge: &Challenge) -> Result<String, VouchError> {
        let description = self.discovery.get().await?;
        if !is_private(&description.authorization_endpoint) {
            return Err(unavailable("its page is not reached over TLS"));
        }
        Ok(with_query(
            &description.authorization_endpoint,
            &[
                ("response_type", "code"),
                ("client_id", &self.settings.client_id),
                ("redirect_uri", &self.settings.redirect_uri),
                ("scope", SCOPES),
                ("state", &challenge.state),
                ("nonce", &challenge.nonce),
                ("code_challenge", &challenge.code_challenge),
                ("code_challenge_method", "S256"),
            ],
        ))
    }

    async fn redeem(&self, redemption: &Redemption) -> Result<Vouched, VouchError> {
        let description = self.discovery.get().await?;
        let tokens = self.exchange(&description, redemption).await?;
        let jws = Jws::parse(&tokens.id_token).map_err(|error| refused(error.to_string()))?;
        self.keys.verify(&description.jwks_uri, &jws).await?;
        let claims = Claims::read(jws.payload())?;
        claims.require(&Expected {
            issuer: &description.issuer,
            client_id: &self.settings.client_id,
            nonce: &redemption.nonce,
            now: self.clock.now(),
        })?;
        let more = if claims.lacks_address() {
            let whom = (tokens.access_token.as_deref(), claims.subject());
            self.ask_more(&description, whom).await?
        } else {
            None
        };
        let mut vouched = claims.vouch(more);
        if let (AddressTrust::Own, Some(address)) = (self.settings.trust, &mut vouched.address) {
            address.proof = AddressProof::Proven;
        }
        Ok(vouched)
    }
}
