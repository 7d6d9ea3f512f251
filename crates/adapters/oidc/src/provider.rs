//! Any provider of OpenID Connect, found by discovery: the authorization code flow with PKCE.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gantry_ports::vouching::{AddressProof, Challenge, Redemption, Vouched};
use gantry_ports::{Clock, IdentityProvider, VouchError};
use gantry_types::Timestamp;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::OidcSetupError;
use crate::claims::{Claims, Expected, PersonClaims};
use crate::form::{encode, escape, with_query};
use crate::jws::Jws;
use crate::keys::KeySource;
use crate::wire::{Call, Wire, is_private, refused, unavailable};

/// Google's issuer.
pub const GOOGLE: &str = "https://accounts.google.com";
/// Microsoft's issuer for accounts of every tenant and of persons.
pub const MICROSOFT: &str = "https://login.microsoftonline.com/common/v2.0";

/// How long a provider's description of itself is believed.
const KEPT: Duration = Duration::from_hours(24);
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

/// A provider's description of itself (OpenID Connect Discovery).
#[derive(Debug, Deserialize)]
struct Description {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Description {
    /// Whether the secret goes into the body instead of the header.
    fn wants_secret_in_body(&self) -> bool {
        let known = |methods: &Vec<String>| {
            let has = |name: &str| methods.iter().any(|method| method == name);
            has("client_secret_post") && !has("client_secret_basic")
        };
        self.token_endpoint_auth_methods_supported.as_ref().is_some_and(known)
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
    described: Mutex<Option<(Arc<Description>, Timestamp)>>,
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
        let keys = KeySource::new(wire.clone(), Arc::clone(&clock));
        Ok(Self { settings, wire, clock, described: Mutex::new(None), keys })
    }

    async fn describe(&self) -> Result<Arc<Description>, VouchError> {
        let now = self.clock.now();
        let mut described = self.described.lock().await;
        if let Some((description, at)) = described.as_ref()
            && now.since(*at) < KEPT
        {
            return Ok(Arc::clone(description));
        }
        let issuer = self.settings.issuer.trim_end_matches('/');
        let url = format!("{issuer}/.well-known/openid-configuration");
        let reply = self.wire.send(Call::get(url)).await?;
        let description = reply.read::<Description>().filter(|_| reply.is_good());
        let description =
            description.ok_or_else(|| unavailable("its description of itself cannot be read"))?;
        // Microsoft's description of every tenant names none.
        let is_template =
            self.settings.issuer == MICROSOFT && description.issuer.contains("{tenantid}");
        if description.issuer.trim_end_matches('/') != issuer && !is_template {
            return Err(unavailable("its description of itself is another issuer's"));
        }
        let description = Arc::new(description);
        *described = Some((Arc::clone(&description), now));
        Ok(description)
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
        let description = self.describe().await?;
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
        let description = self.describe().await?;
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
