//! Who else signs people in here, by the settings.
//!
//! Invariant: what cannot work is refused at the start, with the setting that is wrong.

use std::sync::Arc;

use gantry_access::{Issuer, Provider, ProviderId, Provision};
use gantry_oidc::{
    AddressTrust, Bearer, BearerSettings, GITHUB, GITHUB_API, GOOGLE, GitHub, GitHubSettings,
    MICROSOFT, Oidc, OidcSettings, OidcSetupError,
};
use gantry_ports::{Clock, IdentityProvider};

use crate::config::{Config, ProviderConfig, ProviderKind};
use crate::failure::Failure;

/// The providers of the settings.
///
/// # Errors
/// A usage failure that names the setting that is missing or wrong.
pub fn open(config: &Config, clock: &Arc<dyn Clock>) -> Result<Vec<Provider>, Failure> {
    let settings = &config.auth.providers;
    if settings.is_empty() {
        return Ok(Vec::new());
    }
    let site = require_public_url(config)?;
    let mut providers: Vec<Provider> = Vec::new();
    for one in settings {
        let id: ProviderId = one
            .id
            .parse()
            .map_err(|error| Failure::usage(format!("`auth.providers.id`: {error}")))?;
        if providers.iter().any(|known| known.id == id) {
            return Err(Failure::usage(format!(
                "`auth.providers` has two with the id `{}`",
                one.id
            )));
        }
        let redirect_uri = format!("{site}/api/v1/auth/providers/{}/callback", one.id);
        let port = open_one(one, redirect_uri, clock).map_err(|error| {
            Failure::usage(format!("`auth.providers`, the one with the id `{}`: {error}", one.id))
        })?;
        providers.push(Provider { id, label: one.label.clone(), port });
    }
    Ok(providers)
}

/// The issuers of the settings.
///
/// # Errors
/// A usage failure that names the setting that is missing or wrong.
pub fn open_issuers(config: &Config, clock: &Arc<dyn Clock>) -> Result<Vec<Issuer>, Failure> {
    let mut issuers: Vec<Issuer> = Vec::new();
    for one in &config.auth.issuers {
        let wrong = |error: String| {
            Failure::usage(format!("`auth.issuers`, the one with the id `{}`: {error}", one.id))
        };
        let id: ProviderId = one.id.parse().map_err(|error| wrong(format!("{error}")))?;
        if issuers.iter().any(|known| known.id == id) {
            return Err(wrong("there are two".to_owned()));
        }
        let settings = BearerSettings {
            issuer: one.issuer.clone(),
            audience: one.audience.clone(),
            jwks_url: one.jwks_url.clone(),
            email_claim: one.email_claim.clone(),
            trust: derive_trust(one.trust_addresses),
        };
        let port = Bearer::new(settings, Arc::clone(clock)).map_err(|e| wrong(e.to_string()))?;
        let provision = if one.provision { Provision::Yes } else { Provision::No };
        issuers.push(Issuer { id, port: Arc::new(port), provision });
    }
    Ok(issuers)
}

const fn derive_trust(trusted: bool) -> AddressTrust {
    if trusted { AddressTrust::Own } else { AddressTrust::AsTold }
}

fn open_one(
    config: &ProviderConfig,
    redirect_uri: String,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn IdentityProvider>, OidcSetupError> {
    let usual = match config.kind {
        ProviderKind::Github => return open_github(config, redirect_uri),
        ProviderKind::Google => GOOGLE,
        ProviderKind::Microsoft => MICROSOFT,
        ProviderKind::Oidc => "",
    };
    let settings = OidcSettings {
        issuer: config.issuer.clone().unwrap_or_else(|| usual.to_owned()),
        client_id: config.client_id.clone(),
        client_secret: config.client_secret.expose().to_owned(),
        redirect_uri,
        trust: derive_trust(config.trust_addresses),
    };
    Ok(Arc::new(Oidc::new(settings, Arc::clone(clock))?))
}

fn open_github(
    config: &ProviderConfig,
    redirect_uri: String,
) -> Result<Arc<dyn IdentityProvider>, OidcSetupError> {
    let settings = GitHubSettings {
        client_id: config.client_id.clone(),
        client_secret: config.client_secret.expose().to_owned(),
        redirect_uri,
        site: GITHUB.to_owned(),
        api: GITHUB_API.to_owned(),
    };
    Ok(Arc::new(GitHub::new(settings)?))
}

/// Providers send browsers back to an address in full, which is registered with them.
fn require_public_url(config: &Config) -> Result<String, Failure> {
    let url = config.server.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(url.to_owned());
    }
    Err(Failure::usage(
        "`server.public_url` is missing, and nobody could come back from signing in elsewhere",
    )
    .with_next("set it to the address of this site, such as https://gantry.example"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use crate::system_clock::SystemClock;

    fn google() -> ProviderConfig {
        ProviderConfig {
            id: "google".to_owned(),
            label: "Google".to_owned(),
            kind: ProviderKind::Google,
            issuer: None,
            client_id: "us".to_owned(),
            client_secret: Secret::new("hunter2"),
            trust_addresses: false,
        }
    }

    fn try_open(providers: Vec<ProviderConfig>) -> Result<Vec<Provider>, String> {
        let mut config = Config::default();
        config.server.public_url = Some("https://gantry.example/".to_owned());
        config.auth.providers = providers;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        open(&config, &clock).map_err(|failure| failure.cause)
    }

    #[test]
    fn what_cannot_work_is_named_and_no_secret_is_told() {
        let github =
            ProviderConfig { id: "github".to_owned(), kind: ProviderKind::Github, ..google() };
        assert_eq!(try_open(vec![google(), github]).unwrap().len(), 2);
        for (wrong, part) in [
            (ProviderConfig { id: "Go ogle".to_owned(), ..google() }, "`auth.providers.id`"),
            (ProviderConfig { kind: ProviderKind::Oidc, ..google() }, "`issuer` is missing"),
            (
                ProviderConfig { issuer: Some("http://login.example".to_owned()), ..google() },
                "https://",
            ),
            (ProviderConfig { client_secret: Secret::new(" "), ..google() }, "`client_secret`"),
        ] {
            let refusal = try_open(vec![wrong]).unwrap_err();
            assert!(refusal.contains(part), "{refusal}");
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
        assert!(try_open(vec![google(), google()]).unwrap_err().contains("two with the id"));
        let mut config = Config::default();
        config.auth.providers = vec![google()];
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        assert!(open(&config, &clock).unwrap_err().cause.contains("`server.public_url`"));
    }
}
