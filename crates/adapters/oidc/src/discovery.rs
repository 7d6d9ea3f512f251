//! An issuer's description of itself (OpenID Connect Discovery), kept for a day.

use std::sync::Arc;
use std::time::Duration;

use gantry_ports::{Clock, VouchError};
use gantry_types::Timestamp;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::wire::{Call, Wire, unavailable};

/// Microsoft's issuer for accounts of every tenant and of persons.
pub const MICROSOFT: &str = "https://login.microsoftonline.com/common/v2.0";

/// How long a description is believed.
const KEPT: Duration = Duration::from_hours(24);

/// What an issuer says of itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Description {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    #[serde(default)]
    pub userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Description {
    /// Whether the secret goes into the body instead of the header.
    pub fn wants_secret_in_body(&self) -> bool {
        let known = |methods: &Vec<String>| {
            let has = |name: &str| methods.iter().any(|method| method == name);
            has("client_secret_post") && !has("client_secret_basic")
        };
        self.token_endpoint_auth_methods_supported.as_ref().is_some_and(known)
    }
}

/// Where the description of an issuer comes from.
pub(crate) struct Discovery {
    issuer: String,
    wire: Wire,
    clock: Arc<dyn Clock>,
    kept: Mutex<Option<(Arc<Description>, Timestamp)>>,
}

impl Discovery {
    pub(crate) fn new(issuer: &str, wire: Wire, clock: Arc<dyn Clock>) -> Self {
        Self { issuer: issuer.to_owned(), wire, clock, kept: Mutex::new(None) }
    }

    /// The description, asked for once a day.
    ///
    /// # Errors
    /// [`VouchError::Unavailable`].
    pub(crate) async fn get(&self) -> Result<Arc<Description>, VouchError> {
        let now = self.clock.now();
        let mut kept = self.kept.lock().await;
        if let Some((description, at)) = kept.as_ref()
            && now.since(*at) < KEPT
        {
            return Ok(Arc::clone(description));
        }
        let issuer = self.issuer.trim_end_matches('/');
        let url = format!("{issuer}/.well-known/openid-configuration");
        let reply = self.wire.send(Call::get(url)).await?;
        let description = reply.read::<Description>().filter(|_| reply.is_good());
        let description =
            description.ok_or_else(|| unavailable("its description of itself cannot be read"))?;
        // Microsoft's description of every tenant names none.
        let is_template = self.issuer == MICROSOFT && description.issuer.contains("{tenantid}");
        if description.issuer.trim_end_matches('/') != issuer && !is_template {
            return Err(unavailable("its description of itself is another issuer's"));
        }
        let description = Arc::new(description);
        *kept = Some((Arc::clone(&description), now));
        Ok(description)
    }
}
