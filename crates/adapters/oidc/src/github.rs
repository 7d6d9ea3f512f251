//! GitHub, which gives no statement: what it says of a person is asked over its own connection.
//!
//! Invariant: the subject is the account's number, as names there are given to others again.

use std::fmt;

use async_trait::async_trait;
use gantry_ports::vouching::{AddressProof, Challenge, Redemption, Vouched, VouchedAddress};
use gantry_ports::{IdentityProvider, VouchError};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::OidcSetupError;
use crate::form::{encode, with_query};
use crate::wire::{Call, Wire, is_private, refused, unavailable};

/// Where people sign in.
pub const GITHUB: &str = "https://github.com";
/// Where programs ask.
pub const GITHUB_API: &str = "https://api.github.com";

const SCOPES: &str = "read:user user:email";

/// How GitHub is asked.
#[derive(Clone, PartialEq, Eq)]
pub struct GitHubSettings {
    /// Our name there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: String,
    /// Where browsers come back to, exactly as it is registered there.
    pub redirect_uri: String,
    /// Where people sign in.
    pub site: String,
    /// Where programs ask.
    pub api: String,
}

impl fmt::Debug for GitHubSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("GitHubSettings").field("site", &self.site).finish_non_exhaustive()
    }
}

/// An answer to the exchange; errors come with status 200 too.
#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Account {
    id: u64,
    login: String,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

/// GitHub.
pub struct GitHub {
    settings: GitHubSettings,
    wire: Wire,
}

impl GitHub {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// [`OidcSetupError`].
    pub fn new(settings: GitHubSettings) -> Result<Self, OidcSetupError> {
        for (name, value) in
            [("client_id", &settings.client_id), ("client_secret", &settings.client_secret)]
        {
            if value.trim().is_empty() {
                return Err(OidcSetupError::Missing { name });
            }
        }
        for url in [&settings.site, &settings.api] {
            if !is_private(url) {
                return Err(OidcSetupError::Open { url: url.clone() });
            }
        }
        Ok(Self { settings, wire: Wire::new() })
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str, token: &str) -> Result<T, VouchError> {
        let call = Call::get(format!("{}{path}", self.settings.api.trim_end_matches('/')))
            .header("authorization", format!("Bearer {token}"))
            .header("x-github-api-version", "2022-11-28");
        let reply = self.wire.send(call).await?;
        let body = reply.read().filter(|_| reply.is_good());
        body.ok_or_else(|| unavailable(format!("{path} is answered by {}", reply.status)))
    }
}

#[async_trait]
impl IdentityProvider for GitHub {
    async fn begin(&self, challenge: &Challenge) -> Result<String, VouchError> {
        let page = format!("{}/login/oauth/authorize", self.settings.site.trim_end_matches('/'));
        Ok(with_query(
            &page,
            &[
                ("client_id", &self.settings.client_id),
                ("redirect_uri", &self.settings.redirect_uri),
                ("scope", SCOPES),
                ("state", &challenge.state),
                ("code_challenge", &challenge.code_challenge),
                ("code_challenge_method", "S256"),
            ],
        ))
    }

    async fn redeem(&self, redemption: &Redemption) -> Result<Vouched, VouchError> {
        let fields = encode(&[
            ("client_id", &self.settings.client_id),
            ("client_secret", &self.settings.client_secret),
            ("code", &redemption.code),
            ("redirect_uri", &self.settings.redirect_uri),
            ("code_verifier", &redemption.verifier),
        ]);
        let site = self.settings.site.trim_end_matches('/');
        let reply =
            self.wire.send(Call::form(format!("{site}/login/oauth/access_token"), fields)).await?;
        if reply.status >= 500 {
            return Err(unavailable(format!("the exchange is answered by {}", reply.status)));
        }
        let token = reply.read::<Token>().and_then(|token| token.access_token);
        let token = token.ok_or_else(|| refused("it does not take the code"))?;
        let account: Account = self.ask("/user", &token).await?;
        let addresses: Vec<Address> = self.ask("/user/emails", &token).await?;
        let primary = addresses.into_iter().find(|address| address.primary);
        Ok(Vouched {
            subject: account.id.to_string(),
            address: primary.map(|address| VouchedAddress {
                email: address.email,
                proof: if address.verified { AddressProof::Proven } else { AddressProof::Unproven },
            }),
            name: account.name.filter(|name| !name.trim().is_empty()).or(Some(account.login)),
        })
    }
}
