//! Programs act for a person by a token of another issuer.
//!
//! Invariants: a token opens the account to which its owner's identity there belongs, and never one
//! that has the same address; it manages neither the account nor the installation; it makes an
//! account only where the installation is set up.

use std::sync::Arc;

use gantry_ports::store::LinkedIdentity;
use gantry_ports::vouching::{AddressProof, Vouched};
use gantry_ports::{TokenIssuer, VouchError};
use gantry_types::Scope;

use crate::Access;
use crate::actor::{Actor, Via};
use crate::allowed_networks::AllowedNetworks;
use crate::authenticate::get_member;
use crate::email::{parse_email, parse_name};
use crate::error::AccessError;
use crate::federated_sign_in::VouchedPerson;
use crate::providers::ProviderId;
use crate::recent::Recognition;
use crate::sign_in::{Client, first_organization};

/// Whether the first token of somebody makes their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provision {
    /// It does, with an address that is proven.
    Yes,
    /// It is refused.
    No,
}

/// Another issuer, whose tokens are taken.
#[derive(Clone)]
pub struct Issuer {
    /// Its name in the store, which never changes.
    pub id: ProviderId,
    /// What is asked.
    pub port: Arc<dyn TokenIssuer>,
    /// Whether it makes accounts.
    pub provision: Provision,
}

impl Issuer {
    /// Apart from the names of those who sign people in.
    fn key(&self) -> String {
        format!("issuer:{}", self.id.as_str())
    }
}

impl Access {
    /// Whether a text may be a token of another issuer.
    pub(crate) fn is_foreign_token(&self, text: &str) -> bool {
        self.issuers.iter().any(|issuer| issuer.port.recognises(text))
    }

    /// Whom a token of another issuer stands for.
    pub(crate) async fn recognise_token(
        &self,
        token: &str,
        client: &Client,
    ) -> Result<Recognition, AccessError> {
        let issuer = self.issuers.iter().find(|issuer| issuer.port.recognises(token));
        let issuer = issuer.ok_or(AccessError::NotSignedIn)?;
        let shown = issuer.port.check(token).await.map_err(|error| refuse(issuer, error))?;
        let identity = self.find_or_provision(issuer, &shown.vouched, client).await?;
        let snapshot = self.store.read().await?;
        let access = snapshot.access();
        let user = access.find_user(identity.user_id).await?.ok_or(AccessError::NotSignedIn)?;
        let organization_id = first_organization(access, &user).await?;
        let organization_id = organization_id.ok_or(AccessError::NotSignedIn)?;
        let (user, role) = get_member(access, (user.id, organization_id), self.clock.now()).await?;
        let networks = snapshot.identity().list_allowed_networks(organization_id).await?;
        let may = |scope: &Scope| match scope {
            Scope::Read | Scope::Run | Scope::Data => true,
            Scope::Account | Scope::Admin => false,
        };
        let actor = Actor {
            user_id: Some(user.id),
            organization_id,
            role,
            scopes: self.scopes_of(&user).into_iter().filter(may).collect(),
            administrator: false,
            via: Via::Token,
            ip: String::new(),
        };
        Ok(Recognition {
            actor,
            holder: Some(user.id),
            ends_at: Some(shown.ends_at),
            idle: None,
            last_used_at: None,
            networks: AllowedNetworks::parse(&networks)?,
        })
    }

    async fn find_or_provision(
        &self,
        issuer: &Issuer,
        vouched: &Vouched,
        client: &Client,
    ) -> Result<LinkedIdentity, AccessError> {
        let key = issuer.key();
        let find = async || -> Result<Option<LinkedIdentity>, AccessError> {
            let snapshot = self.store.read().await?;
            Ok(snapshot.vouching().find_identity(&key, &vouched.subject).await?)
        };
        let missing = || AccessError::NotProvisioned { issuer: issuer.id.as_str().to_owned() };
        if let Some(identity) = find().await? {
            return Ok(identity);
        }
        let address = vouched.address.as_ref().filter(|address| match address.proof {
            AddressProof::Proven => true,
            AddressProof::Unproven => false,
        });
        let email = match (issuer.provision, address) {
            (Provision::Yes, Some(address)) => {
                parse_email(&address.email).map_err(|_| missing())?
            }
            (Provision::Yes, None) | (Provision::No, _) => return Err(missing()),
        };
        // The first account is the administrator's, whoever else comes first.
        if self.is_setup_required().await? {
            return Err(AccessError::SetupRequired);
        }
        self.require_signups().await?;
        let local = email.split('@').next().unwrap_or(&email).to_owned();
        let name = vouched.name.as_deref().and_then(|name| parse_name(name).ok()).unwrap_or(local);
        let person =
            VouchedPerson { provider: key.clone(), subject: vouched.subject.clone(), email, name };
        match self.insert_vouched_user(person, client).await {
            // Perhaps another request of the same person, a moment earlier.
            Ok(_) | Err(AccessError::EmailTaken) => find().await?.ok_or_else(missing),
            Err(error) => Err(error),
        }
    }
}

/// The reason of a failure that passes is for the log.
fn refuse(issuer: &Issuer, error: VouchError) -> AccessError {
    let provider = issuer.id.as_str().to_owned();
    match error {
        VouchError::Refused { reason } => AccessError::TokenRefused { reason },
        VouchError::Unavailable { reason } => {
            tracing::warn!(issuer = provider, reason, "an issuer does not answer");
            AccessError::ProviderUnavailable { provider }
        }
    }
}
